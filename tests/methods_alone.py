"""Each way to a bound or a network by itself, of a set of `small_sets`, and the loop with faces alone."""

from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import pytest

from exactnorm import TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import Faces, Part, Rays, Segments, bound
from exactnorm.exact.balls import chosen, growing, interior, living, loop, solve
from exactnorm.exact.balls.averaged import up_to_symmetry
from exactnorm.exact.balls.chosen import chosen_path, likely
from exactnorm.exact.balls.families import pairs
from exactnorm.exact.balls.first import First, with_rays, with_segments
from exactnorm.exact.balls.growing import Path
from exactnorm.exact.balls.joint import free, path
from exactnorm.exact.balls.living import proved
from exactnorm.exact.balls.solve import started
from exactnorm.exact.balls.start import first_kinks
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.ramps import solve as ramps_solve
from exactnorm.exact.settings import Settings
from exactnorm.hulls import hull_gaps

UNLIMITED = Deadline(None)
TOLERANCE = 1e-6
"""Width of the old bracket, relative."""
ROUNDING = 1e-9
"""Relative: both ends are computed in floating point. The old bracket holds the optimum whatever its width, so that
there is nothing else to allow for."""
ALIKE = 20
"""Steps of a path without a better bound after which it has ended."""


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
