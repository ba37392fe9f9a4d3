"""Brackets of generated sets of two to four points, degenerate and extreme, held against exact arithmetic.

    python tests/generated_cases.py [--cases N] [--first K] [--out FILE]

prints, by family, how many cases had a bracket, how many of these a formula to be held against, how many were
refused with a sentence, and every case that went wrong. A case is made from its number alone. Formulas are evaluated
in rational numbers and fifty-digit roots on the floats as they are; where points are only nearly on a line, the
bracket is held against the interval that moving them onto it allows.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from itertools import combinations

import numpy as np

import exactnorm
from exactnorm.exact.balls.nothing import NothingFoundError

FIFTY = Context(prec=50, Emax=10**6, Emin=-(10**6))
ROUNDING = 1e-9
"""Relative: what a bracket that is computed in floating point may be off by."""
LIMIT = 2.0
"""Seconds a case."""
SECOND = 40
"""Of so many cases one is solved by a second solver too."""


# --- the truth -------------------------------------------------------------------------------------------------------


def dot(u, v):
    return sum((x * y for x, y in zip(u, v, strict=True)), Fraction(0))


def root(square):
    with localcontext(FIFTY):
        return (Decimal(square.numerator) / Decimal(square.denominator)).sqrt()


def decimal(number):
    with localcontext(FIFTY):
        return Decimal(number.numerator) / Decimal(number.denominator)


def from_centre(x, centre):
    """The rays from a point, if the others lie on exact one-sided rays with angles of 90° or more; else None."""
    offsets = [[a - b for a, b in zip(row, x[centre], strict=True)] for n, row in enumerate(x) if n != centre]
    rays = []
    for v in offsets:
        for ray in rays:
            inner = dot(v, ray[0])
            if inner > 0 and inner**2 == dot(v, v) * dot(ray[0], ray[0]):
                ray.append(v)
                break
            if inner > 0:
                return None
        else:
            rays.append([v])
    return rays


def formula(points, rho):
    """The least cost where points are one-sided rays exactly, infinite where balls touch; None where they are none."""
    x, radius = [[Fraction(float(c)) for c in row] for row in points], Fraction(float(rho))
    for centre in range(len(x)):
        if (rays := from_centre(x, centre)) is None:
            continue
        with localcontext(FIFTY):
            total, twice = Decimal(0), 2 * decimal(radius)
            for ray in rays:
                at = Decimal(0)
                for length in sorted(root(dot(v, v)) for v in ray):
                    gap, at = length - at, length
                    if not gap > twice:
                        return Decimal("Infinity")
                    total += 2 * gap / (gap - twice)
        return total
    return None


def on_line(t, rho, moved):
    """The interval of the least cost of points that are moved by at most `moved` from those at t on a line.

    A network for one set and the radius ρ ± moved is one for the other at ρ, but for values that are off by `moved`;
    ramps across the gaps make up for these. None where the balls then touch.
    """
    gaps = np.diff(np.sort(t))
    if not gaps.min() > 2 * (rho + moved) * (1 + 1e-9):
        return None
    free = gaps - 2 * (rho + moved)
    more = float((4 * moved / free).sum())
    low = float((2 * gaps / (gaps - 2 * max(rho - moved, 0.0))).sum())
    return low - more, float((2 * gaps / free).sum()) + more


# --- the cases -------------------------------------------------------------------------------------------------------


def spaced(rng, size):
    return np.cumsum(rng.uniform(0.2, 2.0, size)) - rng.uniform(0, 3)


def direction(rng, d):
    u = rng.standard_normal(d)
    return u / np.linalg.norm(u)


def collinear(rng, size):
    if rng.random() < 0.5:
        return spaced(rng, size)[:, None]
    return np.outer(rng.integers(-40, 40, size), rng.integers(-9, 10, int(rng.integers(2, 4)))).astype(float) / 8


def coplanar(rng, size):
    plane = rng.integers(-50, 50, (size, 2)) / 16
    return plane @ rng.integers(-3, 4, (2, 3)) + rng.integers(-5, 5, 3)


def nearly_collinear(rng, size):
    d = int(rng.integers(2, 4))
    off = rng.uniform(-1, 1, (size, d)) * 10.0 ** -rng.integers(6, 15) / np.sqrt(d)
    return np.outer(spaced(rng, size), direction(rng, d)) + off


def nearly_coplanar(rng, size):
    plane = rng.standard_normal((size, 2)) @ np.linalg.qr(rng.standard_normal((3, 2)))[0].T
    return plane + rng.uniform(-1, 1, (size, 3)) * 10.0 ** -rng.integers(6, 15)


def touching(rng, size):
    return rng.standard_normal((size, int(rng.integers(1, 4))))


def tied(rng, size):
    d = int(rng.integers(1, 4))
    grid = np.array(np.meshgrid(*[[0.0, 1.0, 2.0]] * d)).reshape(d, -1).T
    return grid[rng.permutation(len(grid))[: min(size, len(grid))]]


def symmetric(rng, size):
    way = rng.integers(4)
    if way == 0:
        return np.eye(size)
    if way == 1:
        angle = 2 * np.pi * np.arange(size) / size + rng.uniform(0, 6)
        return np.column_stack([np.cos(angle), np.sin(angle)])
    if way == 2:
        return np.vstack([np.zeros(size - 1), np.diag(rng.integers(1, 9, size - 1) / 4.0)])
    half = rng.standard_normal((size // 2, 2))
    return np.vstack([half, -half])


def far_away(rng, size):
    base = [collinear, touching, tied, symmetric][rng.integers(4)](rng, size)
    return base + direction(rng, base.shape[1]) * 10.0 ** rng.uniform(0, 12)


def scaled(rng, size):
    base = [collinear, touching, tied, symmetric][rng.integers(4)](rng, size)
    return base * 10.0 ** rng.uniform(-150, 150)


OFTEN = 10
"""Of so many cases one need not have a formula: a program takes thirty times as long."""
FAMILIES = (
    collinear, coplanar, nearly_collinear, nearly_coplanar, touching, tied, symmetric, far_away, scaled
)  # fmt: skip


def distances(points):
    size = float(np.abs(points - points[0]).max()) or 1.0
    return size * np.array([np.linalg.norm((a - b) / size) for a, b in combinations(points, 2)])


def case(number):
    """Family, points and radius of a case."""
    rng = np.random.default_rng([14, number])
    family = FAMILIES[number % len(FAMILIES)]
    any_set = number // len(FAMILIES) % OFTEN == 0
    for _ in range(20):
        points = family(rng, int(rng.choice([2, 3, 3, 3, 3, 4])))
        if any_set or formula(points, 0.0) is not None:
            break
    nearest = float(distances(points).min())
    if family is touching:
        share = 0.5 * (1 - 10.0 ** -rng.uniform(1, 15))
    else:
        share = [0.0, 0.02, 0.1, 0.3, rng.uniform(0, 0.55)][rng.integers(5)]
    return family.__name__, points, share * nearest


# --- the verdict -----------------------------------------------------------------------------------------------------


def judged(number):
    """Family, what became of the case, and what is wrong if anything is."""
    family, points, rho = case(number)
    found = solved(points, rho, "CLARABEL")
    if isinstance(found, str):
        return family, found, "" if found.startswith("refused") else found
    lower, upper, gap = found
    if not 0 <= lower <= upper * (1 + 1e-12):
        return family, "WRONG", f"lower {lower!r} is above upper {upper!r}"
    said = "bracket" if gap <= 1e-3 else "wide"
    if (truth := interval(family, points, rho)) is not None:
        if not (lower <= truth[1] * (1 + ROUNDING) and upper >= truth[0] * (1 - ROUNDING)):
            return family, "WRONG", f"[{lower!r}, {upper!r}] does not meet [{truth[0]!r}, {truth[1]!r}]"
        said += " with a formula"
    if number // len(FAMILIES) % SECOND == 0:
        other = solved(points, rho, "SCS")
        if isinstance(other, str):
            return family, f"second solver: {other}", "" if other.startswith("refused") else other
        if not max(lower, other[0]) <= min(upper, other[1]) * (1 + ROUNDING):
            return family, "WRONG", f"[{lower!r}, {upper!r}] and, by SCS, {other}"
        said += ", two solvers"
    return family, said, ""


def interval(family, points, rho):
    """The truth, as far as it is known."""
    exact = formula(points, rho)
    if exact is not None:
        return float(exact), float(exact)
    if family == "nearly_collinear":
        offsets = points - points.mean(axis=0)
        axis = np.linalg.svd(offsets, full_matrices=False)[2][0]
        t = offsets @ axis
        moved = float(np.linalg.norm(offsets - np.outer(t, axis), axis=1).max()) + 1e-15 * float(np.abs(points).max())
        return on_line(t, rho, moved)
    return None


def solved(points, rho, solver):
    """The bracket, or in words why there is none; words that begin with "refused" are a clear error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = exactnorm.min_norm_denoiser(points, rho, tol=1e-3, time_limit=LIMIT, solver=solver)
        except (ValueError, NothingFoundError) as refusal:  # the second where time was too short, with a sentence
            return "refused" if len(str(refusal)) > 20 else f"WRONG: an error that says nothing: {refusal!r}"
        except Exception as failed:  # whatever else comes out is a defect
            return f"WRONG: {type(failed).__name__}: {failed}"
    certificate = found.certificate
    return certificate.lower, certificate.upper, certificate.gap


def table(counts):
    """Counts by family and outcome."""
    outcomes = sorted({outcome for _, outcome in counts})
    lines = [f"{'':18}" + "".join(f"{outcome:>34}" for outcome in outcomes)]
    for family in [one.__name__ for one in FAMILIES]:
        lines.append(f"{family:18}" + "".join(f"{counts[family, outcome]:34}" for outcome in outcomes))
    lines.append(f"{'all ' + str(sum(counts.values())):18}" + "".join(
        f"{sum(n for (_, one), n in counts.items() if one == outcome):34}" for outcome in outcomes
    ))  # fmt: skip
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--out", help="a file that is written anew after every thousand cases")
    arguments = parser.parse_args()
    counts, wrong, start = Counter(), [], time.process_time()
    for k in range(arguments.cases):
        number = arguments.first + k
        family, outcome, why = judged(number)
        counts[family, outcome.partition(":")[0] if outcome.startswith("WRONG") else outcome] += 1
        if why:
            wrong.append(f"case {number} ({family}): {why}")
        if k % 1000 == 999 or k == arguments.cases - 1:
            text = table(counts) + "".join(one + "\n" for one in wrong)
            text += f"{k + 1} cases from {arguments.first}, {time.process_time() - start:.0f} processor seconds\n"
            if arguments.out:
                with open(arguments.out, "w", encoding="utf-8") as file:
                    file.write(text)
    sys.stdout.write(text)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
