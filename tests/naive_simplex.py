"""The naive verifier's theorems on corners of regular simplices, written from docs/proof-format.md."""

import itertools
from fractions import Fraction as F

import naive_verifier as nv


def regular(p, low):
    rows, N = low["corners"], len(low["corners"])
    squares = {nv.dot(e, e) for i, j in itertools.combinations(rows, 2) for e in [nv.add(p.x[i], p.x[j], -1)]}
    assert N > 2 and len(set(rows)) == N and len(squares) == 1 and squares != {0}, "no regular simplex"
    return one_versus_rest(N, nv.root(2 * (N - 1) * p.rho**2 / (N * squares.pop()), False)) * (N - 1)


def nearly_regular(p, low):
    rows, N, s, (a, b) = low["corners"], len(low["corners"]), low["share"], low["between"]
    assert N > 2 and len(set(rows)) == N and 0 < a <= b, "no simplex"
    steps = [nv.add(p.x[n], p.x[rows[0]], -1) for n in rows[1:]]
    gram = [[nv.dot(u, v) for v in steps] for u in steps]
    for factor, bound in ((1, a), (-1, b)):
        form = [[factor * (x - (1 + (i == j)) * bound**2) for j, x in enumerate(row)] for i, row in enumerate(gram)]
        assert nv.pivots(form) is not None, "farther from a regular simplex"
    off, g = (b - a) / 2, (a + b) / 2
    assert 0 < s < F(1, 2) and p.rho > off and s**2 * N * g**2 <= (N - 1) * (p.rho - off) ** 2, "share"
    slope = one_versus_rest(N, s) if low["contact"] is None else near_contact(N, s, **low["contact"])
    return slope * (N - 1 - N * off / g)


def one_versus_rest(N, s):
    nu = N * (1 - 2 * s)
    for k, m in ((k, N - k) for k in range(1, N // 2 + 1)):
        one, other = (k > 1) * (m**2 - nu**2), (m > 1) * (k**2 - nu**2)
        most, G = max(one, other), max(one * k * (k - 1), other * m * (m - 1), 0)
        T = 2 / (1 - nv.root(k * m * nu**2 / (N * (k * m * N + G)), False))
        holds = most <= 0 or s**2 * (G / most * (T - 2) ** 2 + k * m * T**2 / N) >= F(N - 1, N)
        assert 2 * s < 1 and holds, f"kinks with {k} corners on one side"
    return 2 / (1 - 2 * s)


def near_contact(N, s, slope, inradius, tilt):
    assert slope > 0 and inradius > 0 and inradius**2 * N * (N - 2) <= 1 and 0 < tilt < 1, "contact"
    assert N == 3 or (2 * s) ** 2 >= F(N - 1, 2 * (N - 2)), "two corners on either side"
    cos, sin = (1 - tilt**2) / (1 + tilt**2), 2 * tilt / (1 + tilt**2)
    assert cos - inradius * sin <= 2 * s and slope * (1 - 2 * s) <= 2, "largest tilt, or height"
    p = 1 - slope * (F(1, N) - s)
    R, side = F(N - 1, N), p / (N - 2)
    assert abs(slope * R - p) >= abs(side), "a bend"
    for b in (s - R * cos, cos / N - s - inradius * sin):
        assert (slope * b + p * cos) ** 2 + (side * sin) ** 2 <= 1, "an end of the largest tilt"
    assert (1 + slope * s) * sin**3 <= slope * inradius * cos * (1 + cos) ** 2, "no fall"
    return slope


WAYS = {"regular simplex": regular, "nearly regular simplex": nearly_regular}
