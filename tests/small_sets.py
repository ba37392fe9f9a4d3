"""Random small sets of eight families with a radius, each made from its number alone."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial.distance import pdist
from symmetric_sets import cross_polytope, lattice, polygon, prism

from exactnorm import TrainingSet, max_radius
from exactnorm.exact.balls.first import first_bracket
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.settings import Settings
from exactnorm.geometry import affine_hull


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
