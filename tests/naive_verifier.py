"""A second verifier of proofs, written from docs/proof-format.md: fractions alone, and no line of the package."""

import hashlib
import itertools
import math
import struct
from fractions import Fraction as F

from naive_text import load


def dot(u, v):
    return sum((x * y for x, y in zip(u, v, strict=True)), F(0))


def add(u, v, factor=1):
    return [x + factor * y for x, y in zip(u, v, strict=True)]


def root(square, up):
    return F(math.isqrt(square.numerator * 10**160 // square.denominator) + up, 10**80)


def pivots(S):
    """The pivots of S, peeling off squares, or None where S is not semidefinite."""
    S, found = [list(row) for row in S], []
    while S:
        head, S = S[0], S[1:]
        if head[0] < 0 or (head[0] == 0 and any(head)):
            return None
        found.append(head[0])
        S = [add(row[1:], head[1:], -row[0] / head[0] if head[0] else 0) for row in S]
    return found


class Problem:
    def __init__(self, points, rho, proof):
        unit, basis = F(2) ** proof["coordinates"]["unit"], proof["coordinates"]["basis"]
        self.x = [[(F(x) - F(y)) / unit for x, y in zip(row, points[0], strict=True)] for row in points]
        self.N, self.rho, self.r = len(points), F(rho) / unit, len(basis)
        assert len(set(basis)) == len(basis) and all(0 < j < self.N for j in basis), "basis"
        self.d, self.value = [self.x[j] for j in basis], self.vector
        for rows in (self.d, self.x):
            assert sum(map(bool, pivots([[dot(u, v) for v in rows] for u in rows]))) == self.r, "not a basis"

    def vector(self, coefficients):
        return [dot(map(F, coefficients), [d[k] for d in self.d]) for k in range(len(self.x[0]))]


def bound_of_cells(p, low):
    cover(p, low)
    return sum((dot(p.value([row[-1] for row in M]), p.x[n]) for n, M in enumerate(low["B"], 1)), F(0))


def cover(p, low):
    N, B, dead, groups = p.N, low["B"], [], {}
    assert sorted(low["order"]) == list(range(N)) and low["order"][0] == 0 and len(B) == N - 1, "order"
    for clash in low["clashes"]:
        v = [F(0)] * len(p.x[0])
        for sign, side in ((1, clash["on"]), (-1, clash["off"])):
            assert len(dict(side)) == len(side) and sum(F(w) for _, w in side) == 1, "a point twice, or no sum of 1"
            for n, w in side:
                assert F(w) >= 0, "not convex"
                v = add(v, p.x[n], sign * F(w))
        assert dot(v, v) < 4 * p.rho**2 or (p.rho == 0 and not any(v)), "a clash is too far"
        dead.append([set(dict(clash[name])) for name in ("on", "off")])
    for k, cell in enumerate(low["cells"]):
        on = frozenset(cell["on"])
        assert on and 0 not in on and -1 <= cell["ball"] < N and len(cell["cuts"]) <= 200, "pattern of a cell"
        check_cell(p, cell, B, k)
        groups.setdefault((on, cell["ball"]), []).append([tuple(map(F, cut)) for cut in cell["cuts"]])
    for size in range(1, N):
        for some in itertools.combinations(range(1, N), size):
            on, off = set(some), set(range(N)) - set(some)
            whole, *parts = (whole_tree(groups.get((frozenset(on), j), [])) for j in range(-1, N))
            assert whole or all(parts) or any(a <= on and b <= off for a, b in dead), f"pattern {some} is not covered"


def whole_tree(leaves):
    if not leaves or [] in leaves:
        return bool(leaves)
    sides = {leaves[0][0], tuple(-c for c in leaves[0][0])}
    return all(whole_tree([cuts[1:] for cuts in leaves if cuts[0] == side]) for side in sides)


def check_cell(p, cell, B, k):
    """S, entry by entry: the values of the forms on pairs of unit vectors of (θ, b, t), or (θ, t)."""
    r, N, j, zero = p.r, p.N, cell["ball"], [F(0)] * len(p.x[0])
    sign = [1 if n in cell["on"] else -1 for n in range(N)]
    units = [(d, F(0) if j < 0 else -dot(d, p.x[j]), F(0)) for d in p.d]
    units += [(zero, F(1), F(0)), (zero, F(0), F(1))] if j < 0 else [(zero, sign[j] * p.rho, F(1))]
    rows = [[sign[n] * (dot(w, p.x[n]) + b) - p.rho * t for w, b, t in units] for n in range(N)]
    rows += [[dot(p.vector(cut), w) for w, _, _ in units] for cut in cell["cuts"]]
    image, products = [], []  # B_s (w, b) of every unit vector; pairs of forms (g, h) with their factors
    for m, (_, b, _) in enumerate(units):
        z, out = [*(F(int(i == m)) for i in range(r)), b], [F(0)] * len(B[0])
        for n in set(cell["on"]):
            out = add(out, [dot(map(F, row), z) for row in B[n - 1]])
        image.append(p.value(out))
    for multipliers in [row[:2] for row in cell["nu"]], [row[:1] for row in cell["ell"]]:
        assert len(set(map(tuple, multipliers))) == len(multipliers), f"cell {k}: a multiplier twice"
    for n, (*w, t) in cell["ell"]:
        w, t = p.vector(w), F(t)
        assert t >= 0 and dot(w, w) <= t * t, f"cell {k}: ell leaves its cone"
        products.append((1, rows[n], [dot(w, u) + t * s for u, _, s in units]))
    for n, m, value in cell["nu"]:
        assert 0 <= n < m and F(value) >= 0, f"cell {k}: nu"
        products.append((F(value), rows[n], rows[m]))
    S = [[F(0)] * len(units) for _ in units]
    for (a, (wa, _, ta)), (c, (wc, _, tc)) in itertools.product(enumerate(units), repeat=2):
        S[a][c] = ta * tc - dot(image[a], image[c]) - 2 * F(cell["mu"]) * (dot(wa, wc) - ta * tc)
        S[a][c] -= sum(v * (g[a] * h[c] + g[c] * h[a]) for v, g, h in products)
    assert pivots(S), f"cell {k}: S is not semidefinite"


def bound_of_rays(p, low):
    lines, total, centre = [p.vector(ray["direction"]) for ray in low["rays"]], F(0), p.x[low["centre"]]
    assert all(map(any, lines)) and all(dot(u, v) <= 0 for u, v in itertools.combinations(lines, 2)), "acute rays"
    for u, ray in zip(lines, low["rays"], strict=True):
        length, t, chord = dot(u, u), F(0), p.rho * root(dot(u, u), False)
        for n in ray["points"]:
            to = add(p.x[n], centre, -1)
            square = p.rho**2 * length - dot(to, to) * length + dot(to, u) ** 2
            assert square >= 0, "a ball is off its ray"
            half, gap = root(square, False), dot(to, u) - t
            assert gap > chord + half, "balls on a ray touch"
            total += 2 * gap / (gap - chord - half)
            t, chord = dot(to, u), half
    return total


def bound_of_segments(p, low):
    form, total = [[dot(a, c) for c in p.d] for a in p.d], F(0)
    assert len({frozenset(row[:2]) for row in low["segments"]}) == len(low["segments"]), "a segment twice"
    for i, j, weight in low["segments"]:
        weight, e = F(weight), add(p.x[j], p.x[i], -1)
        assert weight >= 0 and dot(e, e) > 4 * p.rho**2, "a segment"
        along, length = [dot(e, d) for d in p.d], root(dot(e, e), True)
        form = [add(row, along, -weight * one) for row, one in zip(form, along, strict=True)]
        total += weight * dot(e, e) * 2 * length / (length - 2 * p.rho)
    assert pivots(form), "segments weigh too much"
    return total


def bound_of_corners(p, low):
    rows, N = low["corners"], len(low["corners"])
    squares = {dot(e, e) for i, j in itertools.combinations(rows, 2) for e in [add(p.x[i], p.x[j], -1)]}
    assert N > 2 and len(set(rows)) == N and len(squares) == 1, "no regular simplex"
    s = root(2 * (N - 1) * p.rho**2 / (N * squares.pop()), False)
    nu = N * (1 - 2 * s)
    for k, m in ((k, N - k) for k in range(1, N // 2 + 1)):
        one, other = (k > 1) * (m**2 - nu**2), (m > 1) * (k**2 - nu**2)
        most, G = max(one, other), max(one * k * (k - 1), other * m * (m - 1), 0)
        T = 2 / (1 - root(k * m * nu**2 / (N * (k * m * N + G)), False))
        holds = most <= 0 or s**2 * (G / most * (T - 2) ** 2 + k * m * T**2 / N) >= F(N - 1, N)
        assert 2 * s < 1 and holds, f"kinks with {k} corners on one side"
    return 2 * (N - 1) / (1 - 2 * s)


def cost_of(p, neurons):
    total, missed = F(0), [[add(x, x, -1) for x in [p.x[0]] * (p.r + 1)] for _ in range(p.N)]
    for k, neuron in enumerate(neurons):
        w, a, b = p.vector(neuron["w"]), p.vector(neuron["a"]), F(neuron["b"])
        for n in range(p.N):
            height = dot(w, p.x[n]) + b
            misses = height**2 >= p.rho**2 * dot(w, w) and (p.rho or height)
            assert misses and (n or height <= 0), f"neuron {k} enters ball {n}, or is on at the first"
            if height > 0:
                for i, factor in enumerate([*map(F, neuron["w"]), b]):
                    missed[n][i] = add(missed[n][i], a, factor)
        total += root(dot(w, w) * dot(a, a), True)
    for n, (*slopes, value) in enumerate(missed):
        assert not any(map(any, slopes)) and value == p.x[n], f"misses ball {n}"
    return total


WAYS = {"cells": bound_of_cells, "rays": bound_of_rays, "segments": bound_of_segments}
WAYS |= {"regular simplex": bound_of_corners, "none": lambda *_: F(0)}


def judge(text, points, rho):
    """("proved" or "refuted", lower, upper, reason)."""
    lower, upper = F(0), None
    try:
        proof = load(text)
        claim = proof["claim"]
        assert (claim["problem"], F(claim["rho"])) == ("noise balls", F(rho)), "another problem"
        assert (proof["points"]["number"], proof["points"]["dimension"]) == (len(points), len(points[0])), "shape"
        packed = b"".join(struct.pack("<d", x + 0.0) for row in points for x in row)
        digest = hashlib.sha256(f"{len(points)} {len(points[0])}\n".encode() + packed).hexdigest()
        assert digest == proof["points"]["sha256"], "other points"
        p = Problem(points, rho, proof)
        lower = max(F(0), WAYS[proof["lower"]["kind"]](p, proof["lower"]))
        assert F(claim["lower"]) <= lower, f"only {float(lower)!r} is shown"
        upper = None if proof["upper"] is None else cost_of(p, proof["upper"]["neurons"])
        assert claim["upper"] is None or (upper is not None and F(claim["upper"]) >= upper), "the network costs more"
    except AssertionError as failed:
        return "refuted", lower, upper, str(failed)
    return "proved", lower, upper, ""
