"""A second verifier of proofs, written from docs/proof-format.md: fractions alone, and no line of the package."""

import hashlib
import itertools
import json
import math
import re
import struct
import sys
from fractions import Fraction as F

import naive_simplex

sys.set_int_max_str_digits(100_000)
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+|/[1-9][0-9]*)?")
WORDS = {"format", "problem", "kind", "sha256", "samples sha256", "targets sha256"}


def load(text):
    assert text.isascii(), "beyond ASCII"
    return json.loads(text, object_pairs_hook=once)


def once(pairs):
    assert len(dict(pairs)) == len(pairs), "a name twice"
    return {name: value if name in WORDS else number(value) for name, value in pairs}


def number(found):
    if isinstance(found, str):
        assert len(found) <= 40_000 and NUMBER.fullmatch(found), f"{found[:40]!r} is no number"
        return F(found)
    assert found is None or type(found) in (int, list, dict), f"{found!r} does not stand in quotation marks"
    return [number(one) for one in found] if isinstance(found, list) else found


def dot(u, v):
    return sum((x * y for x, y in zip(u, v, strict=True)), F(0))


def add(u, v, factor=1):
    return [x + factor * y for x, y in zip(u, v, strict=True)]


def root(square, up):
    return F(math.isqrt(square.numerator * 10**160 // square.denominator) + up, 10**80)


def pivots(S):
    """The pivots of S, peeling off squares, or None where S is not semidefinite."""
    found = []
    while S:
        head, *S = S
        if head[0] < 0 or (head[0] == 0 and any(head)):
            return None
        found.append(head[0])
        S = [add(row[1:], head[1:], -row[0] / head[0] if head[0] else 0) for row in S]
    return found


def whole_tree(leaves):
    sides = {leaves[0][0], tuple(-c for c in leaves[0][0])} if leaves and () not in leaves else ()
    return bool(leaves) and all(whole_tree([cuts[1:] for cuts in leaves if cuts[0] == side]) for side in sides)


class Problem:
    def __init__(self, points, rho, where):
        unit, basis, self.given = F(2) ** where["unit"], where["basis"], (points, rho, where)
        self.x = [[(F(x) - F(y)) / unit for x, y in zip(row, points[0], strict=True)] for row in points]
        self.N, self.rho, self.r = len(points), F(rho) / unit, len(basis)
        assert len(set(basis)) == len(basis) and all(0 < j < self.N for j in basis), "basis"
        self.d, self.value, self.columns = [self.x[j] for j in basis], self.vector, list(zip(*self.x, strict=True))
        packed = b"".join(struct.pack("<d", x + 0.0) for row in points for x in row)
        self.sha256 = hashlib.sha256(f"{self.N} {len(points[0])}\n".encode() + packed).hexdigest()
        for rows in (self.d, self.x):
            assert sum(map(bool, pivots([[dot(u, v) for v in rows] for u in rows]))) == self.r, "not a basis"

    def vector(self, coefficients):
        return [dot(coefficients, [d[k] for d in self.d]) for k in range(len(self.x[0]))]

    def cells(self, low):
        return sum(dot(self.value([row[-1] for row in M]), self.x[n]) for n, M in enumerate(self.cover(low), 1))

    def cover(self, low):
        N, dead, groups = self.N, [], {}
        assert sorted(low["order"]) == list(range(N)) and low["order"][0] == 0 and len(low["B"]) == N - 1, "order"
        for clash in low["clashes"]:
            on, off = dict(clash["on"]), dict(clash["off"])
            assert (len(on), len(off)) == (len(clash["on"]), len(clash["off"])), "a point twice"
            assert sum(on.values()) == sum(off.values()) == 1 and min(*on.values(), *off.values()) >= 0, "not convex"
            v = [dot(on.values(), [c[n] for n in on]) - dot(off.values(), [c[n] for n in off]) for c in self.columns]
            assert dot(v, v) < 4 * self.rho**2 or (self.rho == 0 and not any(v)), "a clash is too far"
            dead.append((set(on), set(off)))
        for k, cell in enumerate(low["cells"]):
            on = frozenset(cell["on"])
            assert on and 0 not in on and -1 <= cell["ball"] < N and len(cell["cuts"]) <= 200, "pattern of a cell"
            assert pivots(self.slack(cell, low["B"])), f"cell {k}: S is not semidefinite"
            groups.setdefault((on, cell["ball"]), []).append(tuple(map(tuple, cell["cuts"])))
        for on in (frozenset(some) for size in range(1, N) for some in itertools.combinations(range(1, N), size)):
            whole, *parts = (whole_tree(groups.get((on, j), [])) for j in range(-1, N))
            assert whole or all(parts) or any(a <= on and not b & on for a, b in dead), f"{set(on)} is not covered"
        return low["B"]

    def slack(self, cell, B):
        """S, entry by entry: the values of the forms on pairs of unit vectors of (θ, b, t), or (θ, t)."""
        j, zero, sign = cell["ball"], [F(0)] * len(self.x[0]), [1 if n in cell["on"] else -1 for n in range(self.N)]
        units = [(d, F(0) if j < 0 else -dot(d, self.x[j]), F(0)) for d in self.d]
        units += [(zero, F(1), F(0)), (zero, F(0), F(1))] if j < 0 else [(zero, sign[j] * self.rho, F(1))]
        rows = [[sign[n] * (dot(w, x) + b) - self.rho * t for w, b, t in units] for n, x in enumerate(self.x)]
        rows += [[dot(self.vector(cut), w) for w, _, _ in units] for cut in cell["cuts"]]
        summed = [[sum(B[n - 1][i][j] for n in set(cell["on"])) for j in range(self.r + 1)] for i in range(len(B[0]))]
        steps = [[*(F(int(i == m)) for i in range(self.r)), b] for m, (_, b, _) in enumerate(units)]
        image = [self.value([dot(row, step) for row in summed]) for step in steps]  # B_s (w, b) of every unit vector
        keys = [(n, m) for n, m, _ in cell["nu"]] + [n for n, _ in cell["ell"]]
        assert len(set(keys)) == len(keys) and all(0 <= n < m and value >= 0 for n, m, value in cell["nu"]), "nu or ell"
        products = [(value, rows[n], rows[m]) for n, m, value in cell["nu"]]  # pairs of forms, with their factors
        for n, (*w, t) in cell["ell"]:
            w = self.vector(w)
            assert t >= 0 and dot(w, w) <= t * t, "ell leaves its cone"
            products.append((1, rows[n], [dot(w, u) + t * s for u, _, s in units]))
        S = [[F(0)] * len(units) for _ in units]
        for (a, (wa, _, ta)), (c, (wc, _, tc)) in itertools.product(enumerate(units), repeat=2):
            S[a][c] = ta * tc - dot(image[a], image[c]) - 2 * cell["mu"] * (dot(wa, wc) - ta * tc)
            S[a][c] -= sum(v * (g[a] * h[c] + g[c] * h[a]) for v, g, h in products)
        return S

    def rays(self, low):
        lines, total, excess = [self.vector(ray["direction"]) for ray in low["rays"]], F(0), F(0)
        assert all(map(any, lines)) and all(dot(u, v) <= 0 for u, v in itertools.combinations(lines, 2)), "acute rays"
        for u, ray in zip(lines, low["rays"], strict=True):
            square, t, chord, beside = dot(u, u), F(0), self.rho * root(dot(u, u), False), F(0)
            for n in ray["points"]:
                to, reach = add(self.x[n], self.x[low["centre"]], -1), self.rho**2 * square
                height, off = dot(to, u), dot(to, to) * square - dot(to, u) ** 2
                half, aside = (root(reach - off, False), F(0)) if off <= reach else (F(0), root(off, True))
                length = height - t - chord - half
                assert length > 0, "balls on a ray touch"
                total, excess = total + 2 * (height - t) / length, excess + 3 * (beside + aside) / length
                t, chord, beside = height, half, aside
        return total / (1 + excess)

    def segments(self, low):
        form, total = [[dot(a, c) for c in self.d] for a in self.d], F(0)
        assert len({frozenset(row[:2]) for row in low["segments"]}) == len(low["segments"]), "a segment twice"
        for i, j, weight in low["segments"]:
            e = add(self.x[j], self.x[i], -1)
            assert weight >= 0 and dot(e, e) > 4 * self.rho**2, "a segment"
            along, length = [dot(e, d) for d in self.d], root(dot(e, e), True)
            form = [add(row, along, -weight * one) for row, one in zip(form, along, strict=True)]
            total += weight * dot(e, e) * 2 * length / (length - 2 * self.rho)
        assert pivots(form), "segments weigh too much"
        return total

    def part(self, low):
        rows, (points, rho, where) = low["rows"], self.given
        assert len(rows) > 1 and rows == sorted(set(rows)) and rows[0] >= 0 and rows[-1] < self.N, "no part"
        assert low["lower"]["kind"] in ("cells", "segments"), "kind of the part's bound"
        some = Problem([points[n] for n in rows], rho, {**where, "basis": low["basis"]})
        return getattr(some, low["lower"]["kind"])(low["lower"])

    def cost(self, neurons):
        total, missed = F(0), [[[F(0)] * len(self.x[0]) for _ in range(self.r + 1)] for _ in range(self.N)]
        for k, neuron in enumerate(neurons):
            w, a, b = self.vector(neuron["w"]), self.vector(neuron["a"]), neuron["b"]
            for n in range(self.N):
                height = dot(w, self.x[n]) + b
                misses = height**2 >= self.rho**2 * dot(w, w) and (self.rho or height) and (n or height <= 0)
                assert misses, f"neuron {k} enters ball {n}, or is on at the first"
                if height > 0:
                    missed[n] = [add(old, a, factor) for old, factor in zip(missed[n], [*neuron["w"], b], strict=True)]
            total += root(dot(w, w) * dot(a, a), True)
        for n, (*slopes, value) in enumerate(missed):
            assert not any(map(any, slopes)) and value == self.x[n], f"misses ball {n}"
        return total


def judge(text, points, rho):
    """("proved" or "refuted", lower, upper, reason)."""
    lower, upper = F(0), None
    try:
        proof = load(text)
        claim, head, low = proof["claim"], proof["points"], proof["lower"]
        stated = (proof["format"], proof["version"], claim["problem"], claim["rho"])
        assert stated == ("exactnorm proof", 1, "noise balls", F(rho)), "another problem"
        p = Problem(points, rho, proof["coordinates"])
        assert (head["number"], head["dimension"], head["sha256"]) == (p.N, len(points[0]), p.sha256), "other points"
        ways = {"cells": Problem.cells, "rays": Problem.rays, "segments": Problem.segments}
        ways |= {"part": Problem.part, **naive_simplex.WAYS}
        lower = F(0) if low["kind"] == "none" else max(F(0), ways[low["kind"]](p, low))
        assert claim["lower"] <= lower, f"only {float(lower)!r} is shown"
        upper = None if proof["upper"] is None else p.cost(proof["upper"]["neurons"])
        assert claim["upper"] is None or (upper is not None and claim["upper"] >= upper), "the network costs more"
    except AssertionError as failed:
        return "refuted", lower, upper, str(failed)
    return "proved", lower, upper, ""
