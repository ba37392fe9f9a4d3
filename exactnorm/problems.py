"""Named training sets: the geometries of the theory, generic ones by seed, and real images, with what is known of them.

The digits are a selection from the *Optical Recognition of Handwritten Digits* data set (E. Alpaydin and C. Kaynak,
1998, UCI Machine Learning Repository, doi:10.24432/C50P49, licence CC BY 4.0); the file says how they were chosen.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exactnorm.arrays import Array
from exactnorm.tables import Tabular, TextTable
from exactnorm.training_set import TrainingSet

# The formula for one-sided rays is Σ 2Δ/(Δ−2ρ) over the gaps Δ (published by Zeno et al., 2023).
RAYS = "proved: one-sided rays"
MEASURED = "measured: computed bracket"


@dataclass(frozen=True, eq=False)
class Problem(Tabular):
    """A training set with a name and what is known of its optimum.

    Parameters
    ----------
    name : str
        The name the command line knows it by; also the name of the function that makes it.
    train : TrainingSet
    optimum : float, (float, float) or None
        Least representation cost: a number where a formula is proved (infinite where no network interpolates the
        balls), an interval (lower, upper) where it was only computed, None where nothing is recorded.
    source : str
        Where the optimum, or the data, come from.
    """

    name: str
    train: TrainingSet
    optimum: float | tuple[float, float] | None
    source: str

    @property
    def interval(self) -> tuple[float, float]:
        """The optimum as an interval (lower, upper); (0, inf) where nothing is recorded."""
        if self.optimum is None:
            return 0.0, math.inf
        return self.optimum if isinstance(self.optimum, tuple) else (self.optimum, self.optimum)

    def table(self) -> TextTable:
        """The data's size and the optimum; `stacked` joins several."""
        train = self.train
        row = (self.name, str(train.size), str(train.dimension), f"{train.rho:.4g}", optimum_text(self), self.source)
        return TextTable(("name", "points", "dimension", "rho", "optimum", "source"), (row,))


def optimum_text(problem: Problem) -> str:
    """The recorded optimum in words."""
    if problem.optimum is None:
        return "not recorded"
    if isinstance(problem.optimum, tuple):
        return f"{problem.optimum[0]:.10g} to {problem.optimum[1]:.10g}"
    return "none: infeasible" if math.isinf(problem.optimum) else f"{problem.optimum:.8g}"


def univariate() -> Problem:
    """Three points on a line."""
    return Problem("univariate", _train([[0.0], [1.0], [2.5]], 0.1), _gaps(0.1, 1, 1.5), RAYS)


def orthogonal() -> Problem:
    """A right triangle, x_0 at the right angle."""
    return Problem("orthogonal", _train([[0, 0], [1, 0], [0, 2]], 0.1), _gaps(0.1, 1, 2), RAYS)


def orthonormal() -> Problem:
    """The origin and five unit vectors in R⁵: an orthogonal set."""
    return Problem("orthonormal", _train(np.vstack([np.zeros(5), np.eye(5)]), 0.05), _gaps(0.05, *[1] * 5), RAYS)


def obtuse() -> Problem:
    """An obtuse triangle, x_0 at the obtuse angle."""
    train = _train([[0.0, 0.0], [1.0, 0.0], [-0.7, 1.0]], 0.1)
    return Problem("obtuse", train, _gaps(0.1, 1, math.hypot(0.7, 1)), RAYS)


def rays() -> Problem:
    """Two one-sided rays with two points each, at an angle of 1.9 radians."""
    u, v = [1.0, 0.0], [math.cos(1.9), math.sin(1.9)]
    points = np.outer([0, 1, 2.2, 0, 0], u) + np.outer([0, 0, 0, 0.8, 2], v)
    return Problem("rays", _train(points, 0.1), _gaps(0.1, 1, 1.2, 0.8, 1.2), RAYS)


def equilateral() -> Problem:
    """An equilateral triangle of circumradius R = 1: optimum 12R/(3R−4ρ) for ρ ≤ R/2 (Zeno et al., 2023)."""
    angles = 2 * np.pi * np.arange(3) / 3
    train = _train(np.column_stack([np.cos(angles), np.sin(angles)]), 0.1)
    source = "proved for rho ≤ R/2"
    return Problem("equilateral", train, 12 / (3 - 4 * 0.1), source)


def acute() -> Problem:
    """A scalene acute triangle: no closed form is known."""
    return Problem("acute", _train(_ACUTE, 0.1), (5.1698748, 5.1698750), MEASURED)


def acute_large_radius() -> Problem:
    """The triangle of `acute` with balls that nearly touch the opposite sides."""
    return Problem("acute_large_radius", _train(_ACUTE, 0.4), (35.897358, 35.897361), MEASURED)


def scalene() -> Problem:
    """Another scalene acute triangle, at a moderate radius."""
    return Problem("scalene", _train([[0, 0], [4, 0], [1, 3]], 0.8), (7.996474, 7.9964742), MEASURED)


def isosceles() -> Problem:
    """An isosceles triangle with little room between its balls."""
    return Problem("isosceles", _train(_ISOSCELES, 0.42), (43.405921, 43.405923), MEASURED)


def infeasible() -> Problem:
    """Disjoint balls that no network interpolates: every line that misses all three leaves balls 0 and 1 together.

    The altitudes from points 0 and 1 are 0.894, less than 2ρ = 0.92, so no line cuts off either ball.
    """
    source = "proved: two altitudes are below 2·rho"
    return Problem("infeasible", _train(_ISOSCELES, 0.46), math.inf, source)


def regular_simplex() -> Problem:
    """Five unit vectors, a regular simplex of circumradius R and height m: optimum N · 2R/(m − 2ρ)."""
    R, m, rho = math.sqrt(4 / 5), math.sqrt(5 / 4), 0.05
    source = "proved: regular simplices, for rho up to nearly half the height"
    return Problem("regular_simplex", _train(np.eye(5), rho), 5 * 2 * R / (m - 2 * rho), source)


def generic_simplex_6() -> Problem:
    """Six Gaussian points in R⁵, seed 5."""
    return _generic_simplex(6, (10.022986, 10.022987))


def generic_simplex_7() -> Problem:
    """Seven Gaussian points in R⁶, drawn after those of `generic_simplex_6`."""
    return _generic_simplex(7, (11.602601, 11.602604))


def generic_simplex_8() -> Problem:
    """Eight Gaussian points in R⁷, drawn after those of `generic_simplex_7`."""
    return _generic_simplex(8, (13.273129, 13.273137))


def plane_5() -> Problem:
    """Five Gaussian points in the plane, seed 0."""
    return replace(gaussian(5, 2, seed=0), name="plane_5", optimum=(8.565333, 8.565335), source=MEASURED)


def space_6() -> Problem:
    """Six Gaussian points in R³, seed 0."""
    return replace(gaussian(6, 3, seed=0), name="space_6", optimum=(10.463524, 10.463525), source=MEASURED)


def digits5() -> Problem:
    """Handwritten digits 0 to 4, one of each, as points in R⁶⁴."""
    return digits(5)


def digits10() -> Problem:
    """Ten handwritten digits, one of each class, as points in R⁶⁴."""
    return digits(10)


def gaussian(size: int, dimension: int, seed: int, rho: float | None = None) -> Problem:
    """Standard normal points from ``numpy.random.default_rng(seed)``.

    Parameters
    ----------
    size, dimension : int
        Number of points N ≥ 2 and of coordinates d ≥ 1.
    seed : int
    rho : float, optional
        Noise radius; by default a tenth of the largest radius at which the balls are disjoint.
    """
    points = np.random.default_rng(seed).standard_normal((size, dimension))
    if rho is None:
        rho = 0.05 * TrainingSet(points).separation
    source = f"standard normal, default_rng({seed})"
    return Problem(f"gaussian({size}, {dimension}, seed={seed})", TrainingSet(points, rho), None, source)


DIGITS = {5: (8.90822, 8.908221), 8: (15.648595, 15.648603), 10: (20.26853, 20.26948)}
"""Brackets on the optimum for so many digits at rho = 2."""


def digits(size: int, rho: float = 2.0) -> Problem:
    """The first `size` handwritten digits, the classes 0 to 9 in turn.

    Parameters
    ----------
    size : int
        2 to 100.
    rho : float
        Noise radius in grey levels (a pixel has 0 to 16).
    """
    images, _ = digit_images()
    if not 2 <= size <= len(images):
        msg = f"digits of size {size}: choose 2 to {len(images)} images"
        raise ValueError(msg)
    known = DIGITS.get(size) if rho == 2.0 else None
    source = "measured: computed bracket; UCI digits, CC BY 4.0" if known else "UCI optical digits, CC BY 4.0"
    return Problem(f"digits{size}", TrainingSet(images[:size], rho), known, source)


def digit_images() -> tuple[Array, NDArray[np.int64]]:
    """All 100 digits: images (100, 64) with grey levels 0 to 16, the rows of an 8×8 image in turn; classes (100,)."""
    with files("exactnorm").joinpath("data/digits.csv").open(encoding="utf-8") as file:
        table = np.loadtxt(file, delimiter=",")
    return table[:, :-1], table[:, -1].astype(np.int64)


def listing() -> tuple[Problem, ...]:
    """Every named problem, small ones first."""
    return tuple(make() for make in _NAMED)


def named(name: str) -> Problem:
    """The problem of that name; hyphens count as underscores.

    Raises
    ------
    ValueError
        If there is none, with the names there are.

    Examples
    --------
    >>> from exactnorm import problems
    >>> problems.named("orthogonal").optimum
    4.722222222222222
    """
    for make in _NAMED:
        if make.__name__ == name.replace("-", "_"):
            return make()
    msg = f"no problem is called {name!r}; there are {', '.join(make.__name__ for make in _NAMED)}"
    raise ValueError(msg)


_ACUTE = ((0.0, 0.0), (1.0, 0.0), (0.4, 0.9))
_ISOSCELES = ((0.0, 0.0), (1.0, 0.0), (0.5, 1.0))
_NAMED: tuple[Callable[[], Problem], ...] = (
    univariate, orthogonal, obtuse, rays, equilateral, acute, acute_large_radius, scalene, isosceles, infeasible,
    regular_simplex, orthonormal, plane_5, space_6, generic_simplex_6, generic_simplex_7, generic_simplex_8,
    digits5, digits10,
)  # fmt: skip


def _train(points: ArrayLike, rho: float) -> TrainingSet:
    return TrainingSet(np.asarray(points, dtype=np.float64), rho)


def _gaps(rho: float, *gaps: float) -> float:
    """Σ 2Δ/(Δ−2ρ): the optimum on one-sided rays with these gaps."""
    return sum(2 * gap / (gap - 2 * rho) for gap in gaps)


def _generic_simplex(size: int, optimum: tuple[float, float]) -> Problem:
    # One generator gives the sets one after the other, so the larger ones depend on the smaller having been drawn.
    rng = np.random.default_rng(5)
    points = [rng.standard_normal((n, n - 1)) for n in range(6, size + 1)][-1]
    return Problem(f"generic_simplex_{size}", TrainingSet(points, 0.05), optimum, MEASURED)
