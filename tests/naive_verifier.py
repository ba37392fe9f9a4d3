"""A second verifier, from docs/proof-format.md alone: python tests/naive_verifier.py PROOF.json POINTS.csv RHO."""

import hashlib
import itertools
import json
import math
import struct
import sys
from fractions import Fraction as F

sys.set_int_max_str_digits(100_000)


class Refuted(Exception): ...


def need(condition, message):
    if not condition:
        raise Refuted(message)


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


def rank(rows):
    return len([pivot for pivot in pivots([[dot(u, v) for v in rows] for u in rows]) if pivot])


class Problem:
    def __init__(self, points, rho, proof):
        unit, basis = F(2) ** proof["coordinates"]["unit"], proof["coordinates"]["basis"]
        self.x = [[(F(x) - F(y)) / unit for x, y in zip(row, points[0], strict=True)] for row in points]
        self.N, self.rho, self.r = len(points), F(rho) / unit, len(basis)
        need(basis and len(set(basis)) == len(basis) and all(0 < j < self.N for j in basis), "basis")
        self.d = [self.x[j] for j in basis]
        need(rank(self.d) == len(basis) == rank(self.x), "not a basis")

    def vector(self, coefficients):
        return [dot(map(F, coefficients), column) for column in zip(*self.d, strict=True)]


def bound_of_cells(p, low):
    N, B = p.N, low["B"]
    need(sorted(low["order"]) == list(range(N)) and low["order"][0] == 0 and len(B) == N - 1, "order")
    dead = []
    for clash in low["clashes"]:
        v = [F(0)] * len(p.x[0])
        for sign, side in ((1, clash["on"]), (-1, clash["off"])):
            need(len(dict(side)) == len(side) and sum(F(w) for _, w in side) == 1, "a point twice, or no sum of 1")
            for n, w in side:
                need(F(w) >= 0, "not convex")
                v = add(v, p.x[n], sign * F(w))
        need(dot(v, v) < 4 * p.rho**2 or (p.rho == 0 and not any(v)), "a clash is too far")
        dead.append([set(dict(clash[name])) for name in ("on", "off")])
    groups = {}
    for k, cell in enumerate(low["cells"]):
        on = frozenset(cell["on"])
        need(on and 0 not in on and -1 <= cell["ball"] < N and len(cell["cuts"]) <= 200, "pattern of a cell")
        check_cell(p, cell, B, k)
        groups.setdefault((on, cell["ball"]), []).append([tuple(map(F, cut)) for cut in cell["cuts"]])
    for size in range(1, N):
        for some in itertools.combinations(range(1, N), size):
            on, off = set(some), set(range(N)) - set(some)
            excluded = any(a <= on and b <= off for a, b in dead)
            whole, *parts = (whole_tree(groups.get((frozenset(on), j), [])) for j in range(-1, N))
            need(excluded or whole or all(parts), f"pattern {some} is not covered")
    return sum((dot(p.vector([row[-1] for row in M]), p.x[n]) for n, M in enumerate(B, 1)), F(0))


def whole_tree(leaves):
    if not leaves or [] in leaves:
        return bool(leaves)
    first = leaves[0][0]
    other = tuple(-c for c in first)
    return all(whole_tree([cuts[1:] for cuts in leaves if cuts[0] == side]) for side in (first, other))


def check_cell(p, cell, B, k):
    """S, entry by entry: the values of the forms on pairs of unit vectors of (θ, b, t), or (θ, t)."""
    r, N, j, zero = p.r, p.N, cell["ball"], [F(0)] * len(p.x[0])
    sign = [1 if n in cell["on"] else -1 for n in range(N)]
    units = [(d, F(0) if j < 0 else -dot(d, p.x[j]), F(0)) for d in p.d]
    units += [(zero, F(1), F(0)), (zero, F(0), F(1))] if j < 0 else [(zero, sign[j] * p.rho, F(1))]
    rows = [[sign[n] * (dot(w, p.x[n]) + b) - p.rho * t for w, b, t in units] for n in range(N)]
    rows += [[dot(p.vector(cut), w) for w, _, _ in units] for cut in cell["cuts"]]
    image = []  # B_s (w, b) of every unit vector
    for m, (_, b, _) in enumerate(units):
        z, out = [*(F(int(i == m)) for i in range(r)), b], [F(0)] * r
        for n in set(cell["on"]):
            out = add(out, [dot(map(F, row), z) for row in B[n - 1]])
        image.append(p.vector(out))
    products = []  # sym(g hᵀ) with their factors
    for n, (*w, t) in cell["ell"]:
        w, t = p.vector(w), F(t)
        need(t >= 0 and dot(w, w) <= t * t, f"cell {k}: ell leaves its cone")
        products.append((1, rows[n], [dot(w, u) + t * s for u, _, s in units]))
    for n, m, value in cell["nu"]:
        need(0 <= n < m and F(value) >= 0, f"cell {k}: nu")
        products.append((F(value), rows[n], rows[m]))
    S = [[F(0)] * len(units) for _ in units]
    for (a, (wa, _, ta)), (c, (wc, _, tc)) in itertools.product(enumerate(units), repeat=2):
        S[a][c] = ta * tc - dot(image[a], image[c]) - 2 * F(cell["mu"]) * (dot(wa, wc) - ta * tc)
        S[a][c] -= sum(v * (g[a] * h[c] + g[c] * h[a]) for v, g, h in products)
    need(pivots(S), f"cell {k}: S is not semidefinite")


def bound_of_rays(p, low):
    lines, total, centre = [p.vector(ray["direction"]) for ray in low["rays"]], F(0), p.x[low["centre"]]
    need(all(map(any, lines)) and all(dot(u, v) <= 0 for u, v in itertools.combinations(lines, 2)), "acute rays")
    for u, ray in zip(lines, low["rays"], strict=True):
        length, t, chord = dot(u, u), F(0), p.rho * root(dot(u, u), False)
        for n in ray["points"]:
            to = add(p.x[n], centre, -1)
            square = p.rho**2 * length - dot(to, to) * length + dot(to, u) ** 2
            need(square >= 0, "a ball is off its ray")
            half, gap = root(square, False), dot(to, u) - t
            need(gap > chord + half, "balls on a ray touch")
            total += 2 * gap / (gap - chord - half)
            t, chord = dot(to, u), half
    return total


def bound_of_segments(p, low):
    form, total = [[dot(a, c) for c in p.d] for a in p.d], F(0)
    for i, j, weight in low["segments"]:
        weight, e = F(weight), add(p.x[j], p.x[i], -1)
        need(weight >= 0 and dot(e, e) > 4 * p.rho**2, "a segment")
        along, length = [dot(e, d) for d in p.d], root(dot(e, e), True)
        form = [add(row, along, -weight * one) for row, one in zip(form, along, strict=True)]
        total += weight * dot(e, e) * 2 * length / (length - 2 * p.rho)
    need(pivots(form), "segments weigh too much")
    return total


def cost_of(p, neurons):
    total, missed = F(0), [[add(x, x, -1) for x in [p.x[0]] * (p.r + 1)] for _ in range(p.N)]
    for k, neuron in enumerate(neurons):
        w, a, b = p.vector(neuron["w"]), p.vector(neuron["a"]), F(neuron["b"])
        for n in range(p.N):
            height = dot(w, p.x[n]) + b
            need(height**2 >= p.rho**2 * dot(w, w) and (p.rho or height), f"neuron {k} enters ball {n}")
            need(n or height <= 0, "on at the first ball")
            if height > 0:
                for i, factor in enumerate([*map(F, neuron["w"]), b]):
                    missed[n][i] = add(missed[n][i], a, factor)
        total += root(dot(w, w) * dot(a, a), True)
    for n, (*slopes, value) in enumerate(missed):
        need(not any(map(any, slopes)) and value == p.x[n], f"misses ball {n}")
    return total


def judge(text, points, rho):
    """("proved" or "refuted", lower, upper, reason)."""
    proof = json.loads(text)
    claim, lower, upper = proof["claim"], F(0), None
    try:
        need((proof["format"], proof["version"]) == ("exactnorm proof", 1), "format")
        need(claim["problem"] == "noise balls" and F(claim["rho"]) == F(rho), "another problem")
        need((proof["points"]["number"], proof["points"]["dimension"]) == (len(points), len(points[0])), "shape")
        packed = b"".join(struct.pack("<d", x + 0.0) for row in points for x in row)
        digest = hashlib.sha256(f"{len(points)} {len(points[0])}\n".encode() + packed).hexdigest()
        need(digest == proof["points"]["sha256"], "other points")
        p = Problem(points, rho, proof)
        ways = {"cells": bound_of_cells, "rays": bound_of_rays, "segments": bound_of_segments, "none": lambda *_: F(0)}
        lower = max(F(0), ways[proof["lower"]["kind"]](p, proof["lower"]))
        need(F(claim["lower"]) <= lower, f"only {float(lower)!r} is shown")
        if proof["upper"] is not None:
            upper = cost_of(p, proof["upper"]["neurons"])
        need(claim["upper"] is None or (upper is not None and F(claim["upper"]) >= upper), "the network costs more")
    except Refuted as failed:
        return "refuted", lower, upper, str(failed)
    return "proved", lower, upper, ""


if __name__ == "__main__":
    with open(sys.argv[1], encoding="ascii") as file, open(sys.argv[2], encoding="ascii") as table:
        verdict = judge(file.read(), [[float(x) for x in line.split(",")] for line in table], float(sys.argv[3]))
    sys.stdout.write(f"{verdict[0]}: {float(verdict[1])} {verdict[2] and float(verdict[2])} {verdict[3]}\n")
