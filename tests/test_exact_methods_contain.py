"""Each newer method alone against the loop with faces alone, on random small sets: no bound above, no network below.

    python tests/test_exact_methods_contain.py [--cases N] [--first K]

prints every set and what is wrong with it if anything is; then on how many sets each method was compared, and the share
by which its bound was above the cost of the loop's network where it was most. A set is made from its number alone.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from symmetric_sets import cross_polytope, lattice, polygon, prism

from exactnorm import TrainingSet, check_certificate, max_radius, min_norm_denoiser
from exactnorm.certify import Faces, Part, Rays, Segments, bound
from exactnorm.exact.balls import chosen, growing, interior, living, loop, solve
from exactnorm.exact.balls.averaged import up_to_symmetry
from exactnorm.exact.balls.chosen import chosen_path, likely
from exactnorm.exact.balls.families import pairs
from exactnorm.exact.balls.first import First, first_bracket, with_rays, with_segments
from exactnorm.exact.balls.growing import Path
from exactnorm.exact.balls.joint import free, path
from exactnorm.exact.balls.living import proved
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.balls.solve import started
from exactnorm.exact.balls.start import first_kinks
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.ramps import solve as ramps_solve
from exactnorm.exact.settings import Settings
from exactnorm.geometry import affine_hull
from exactnorm.hulls import hull_gaps

UNLIMITED = Deadline(None)
TOLERANCE = 1e-6
"""Width of the old bracket, relative."""
ROUNDING = 1e-9
"""Relative: both ends are computed in floating point. The old bracket holds the optimum whatever its width, so that
there is nothing else to allow for."""
MANY = 200
SOME = (*range(3, 20), *range(21, 24), 64)
"""Those of the ordinary suite: twenty seconds."""
ALIKE = 20
"""Steps of a path without a better bound after which it has ended."""


# --- the sets --------------------------------------------------------------------------------------------------------


def generic(rng, size, rank):
    return rng.standard_normal((size, rank))


def anisotropic(rng, size, rank):
    return rng.standard_normal((size, rank)) * 10.0 ** rng.uniform(-1.5, 1.5, rank)


def integers(rng, size, rank):
    return rng.integers(-3, 4, (size, rank)).astype(float)


def sphere(rng, size, rank):
    X = rng.standard_normal((size, rank))
    return X / np.linalg.norm(X, axis=1)[:, None]


def heavy_tailed(rng, size, rank):
    return 3 * rng.standard_normal((size, rank)) ** 3


def near_pair(rng, size, rank):
    X = rng.standard_normal((size, rank))
    X[1] = X[0] + 10.0 ** rng.uniform(-3, -1) * rng.standard_normal(rank)
    return X[rng.permutation(size)]


def simplex(rng, size, _):
    return np.diag(rng.uniform(0.5, 2.0, size)) + 10.0 ** rng.uniform(-3, -0.5) * rng.standard_normal((size, size))


def symmetric(rng, size, rank):
    if rng.random() < 0.5:  # a mirror image
        half = rng.standard_normal((max(2, size // 2), rank))
        mirrored = half * np.where(np.arange(rank) < rng.integers(1, rank + 1), -1.0, 1.0)
        return np.vstack([half, mirrored])
    drawn = (
        polygon(size), np.eye(size), cross_polytope(3), lattice(2, 3), prism(3, rng.uniform(0.3, 2.0)), lattice(2, 2)
    )  # fmt: skip
    return drawn[rng.integers(len(drawn))] * rng.uniform(0.5, 2.0)


FAMILIES = (generic, anisotropic, integers, sphere, heavy_tailed, near_pair, simplex, symmetric)


@dataclass(frozen=True, eq=False)
class Case:
    """A set, and what is written down about it before any method begins."""

    number: int
    family: str
    train: TrainingSet

    @cached_property
    def frame(self):
        return affine_hull(self.train.points)

    @cached_property
    def inside(self):
        """Points and radius in coordinates of the frame."""
        return self.frame.coordinates(self.train.points), self.train.rho / self.frame.scale

    @cached_property
    def first(self):
        return first_bracket(self.train, self.frame, Settings())

    @cached_property
    def problem(self):
        return reduced(self.train)


def case(number: int) -> Case:
    """Points of affine rank two to six, and balls of 0.02 to 0.97 of the largest radius."""
    rng = np.random.default_rng([15, number])
    family = FAMILIES[number % len(FAMILIES)]
    while True:
        size = int(rng.integers(3, 8))
        X = family(rng, size, int(rng.integers(2, min(size - 1, 6) + 1)))
        if 2 <= np.linalg.matrix_rank(X - X[0]) <= 6 and pdist(X).min() > 0:
            break
    return Case(number, family.__name__, TrainingSet(X, rng.uniform(0.02, 0.97) * max_radius(X).lower))


# --- the methods -----------------------------------------------------------------------------------------------------


class Found(NamedTuple):
    """What a method says: no network costs less than `lower`, and one costs `upper`."""

    lower: float
    upper: float = np.inf


def none(*_):
    raise ArithmeticError


@contextmanager
def replaced(*values):
    """Names in modules as they are given: (module, name, value)."""
    with pytest.MonkeyPatch.context() as patch:
        for value in values:
            patch.setattr(*value)
        yield


def by_faces_alone(train):
    """The loop as it was before all others: no interior point method, no symmetry, no multipliers."""
    with replaced(
        (loop, "INTERIOR_FROM", 100),
        (solve, "up_to_symmetry", lambda problem, *_: problem),
        (solve, "with_living", lambda _, first, *__: first),
        (solve, "multipliers", none),
    ):
        found = min_norm_denoiser(train, tol=TOLERANCE, method="program").certificate
    assert isinstance(found.evidence, Faces)
    return found


def bracket_of(found):
    """The bracket as it is stated, and as it is recomputed from its evidence."""
    yield Found(found.certificate.lower, found.certificate.upper)
    yield Found(*check_certificate(found.certificate, found.train, found.network)[:2])


def ramps(of, _):
    """Sums of ramps; none costs less than the class is said to."""
    told = []

    def said(best, found):
        told.append(best)
        return original(best, found)

    original = ramps_solve.said
    with replaced((ramps_solve, "said", said)):
        found = min_norm_denoiser(of.train, method="ramps")
    assert told[-1].living
    assert 0 < told[-1].least <= found.certificate.upper * (1 + ROUNDING)
    yield from bracket_of(found)


def segments(of, _):
    """Segments between points, from the first weights on."""
    nothing = Segments(np.zeros((0, 2), dtype=int), np.zeros(0))
    for better in with_segments(First(of.train, of.frame, None, None, 0.0, nothing), *of.inside, UNLIMITED):
        yield Found(better.lower)
        yield Found(bound(better.evidence, of.train))


def rays(of, _):
    """Points on one-sided rays, where the coordinates of any are exact enough."""
    found = with_rays(First(of.train, of.frame, None, None, 0.0, Rays((0, 1))), *of.inside, Settings())
    if found.lower > 0:
        yield Found(found.lower)
        yield Found(bound(found.evidence, of.train))


def first_networks(of, _):
    """What there is before the program."""
    if of.first.closed is None:
        yield Found(of.first.lower, of.first.upper)
    else:
        yield from bracket_of(of.first.closed)


def followed(of, points):
    """What each point of a path proves, until the bound rises no more; the best one's evidence is checked as well."""
    best, idle = None, 0
    for at in points:
        found, idle = proved(of.problem, at), idle + 1
        yield Found(found.lower)
        if best is None or found.lower > best.lower * (1 + ROUNDING):
            best, idle = found, 0
        if idle > ALIKE:
            break
    yield Found(bound(best.evidence, of.train))


def whole_patterns(of, upper):
    """All B on whole patterns."""
    yield from followed(of, path(of.problem, upper, UNLIMITED, free(of.problem)))


def made_of_pairs(of, upper):
    """B of pairs on whole patterns."""
    yield from followed(of, path(of.problem, upper, UNLIMITED, pairs(of.problem.points, of.problem.rho)))


def few_patterns(of, upper):
    """All B on whole patterns that become more: at first those of a network and the widest one of each ball."""
    width = hull_gaps(of.problem.points, of.problem.patterns).low
    network = started(of.problem, of.first, Settings())[0].neurons
    with replaced((chosen, "WIDEST", 0), (growing, "MORE", 1)):
        way = Path(of.problem, upper, Settings(), lambda: None, free(of.problem))
        rows = likely(of.problem, network, width)
        if len(rows) < len(of.problem.patterns):
            yield from followed(of, chosen_path(way, rows, 1e-5))


def part(of, _):
    """Some of the points, at random, solved as a set of their own."""
    rng, size = np.random.default_rng([16, of.number]), of.train.size
    rows = np.sort(rng.permutation(size)[: rng.integers(2, size)])
    alone = min_norm_denoiser(TrainingSet(of.train.points[rows], of.train.rho), method="program").certificate
    yield Found(alone.lower)
    yield Found(bound(Part(tuple(int(n) for n in rows), alone.evidence), of.train))


def climb(of, _):
    """Whole patterns, then the peaks of the dual function, then the loop; in any dimension."""
    with replaced((loop, "INTERIOR_FROM", 2)):
        yield from bracket_of(min_norm_denoiser(of.train, method="program"))


def climb_alone(of, _):
    """The same as where faces are too many to be looked at, and no loop after it."""
    with replaced((living, "FROM", 2), (living, "FACES", 0), (loop, "INTERIOR_FROM", 2), (interior, "MANY", 0)):
        yield from bracket_of(min_norm_denoiser(of.train, method="program"))


def orbits(of, _):
    """One pattern of each orbit, where there is symmetry."""
    if up_to_symmetry(of.problem, first_kinks(of.problem), lambda: None).orbits is not None:
        yield from bracket_of(min_norm_denoiser(of.train, method="program"))


METHODS = (
    ramps, segments, rays, first_networks, whole_patterns, made_of_pairs, few_patterns, part, climb, climb_alone, orbits
)  # fmt: skip


# --- the verdict -----------------------------------------------------------------------------------------------------


def narrowest(found):
    """The highest lower and the lowest upper end."""
    return Found(max(one.lower for one in found), min(one.upper for one in found))


def held(of: Case):
    """The bracket by faces alone, and the bracket of each method that has something to say."""
    old = by_faces_alone(of.train)
    found = {method.__name__: list(method(of, old.upper)) for method in METHODS}
    return old, {name: narrowest(some) for name, some in found.items() if some}


def wrong(old, found) -> list[str]:
    """Every bracket that does not hold the optimum, in words."""
    said = [] if old.certifies(TOLERANCE) else [f"faces alone leave {old}"]
    for name, one in found.items():
        if not (one.lower <= old.upper * (1 + ROUNDING) and one.upper >= old.lower * (1 - ROUNDING)):
            said.append(f"{name}: {tuple(one)!r} does not meet {(old.lower, old.upper)!r}")
    return said


@pytest.mark.parametrize("number", SOME)
def test_each_method_alone_holds_the_optimum_that_faces_alone_find(number):
    assert wrong(*held(case(number))) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [k for k in range(MANY) if k not in SOME])
def test_each_method_alone_holds_the_optimum_of_two_hundred_sets(number):
    assert wrong(*held(case(number))) == []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=MANY)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    above, bad = {method.__name__: [] for method in METHODS}, 0
    for number in range(given.first, given.first + given.cases):
        of, began, found = case(number), time.process_time(), {}
        try:
            old, found = held(of)
            said = wrong(old, found)
        except Exception as failed:  # whatever else comes out is a defect
            said = ["".join(traceback.format_exception(failed))]
        for name, one in found.items():
            above[name].append(((one.lower - old.upper) / old.upper, number))
        bad += bool(said)
        what = f"case {number} ({of.family}, {of.train.size} points of rank {of.frame.rank})"
        sys.stdout.write("\n".join([f"{what}: {time.process_time() - began:.1f} s", *said]) + "\n")
        sys.stdout.flush()
    for name, some in above.items():
        sys.stdout.write(f"{name:15} {len(some):4} {max(some, default=())}\n")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
