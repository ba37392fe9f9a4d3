"""The closed forms there are: for which geometry, whether proved minimal, and what no denoiser undercuts there.

A new one is a function in a module of its own and a `Form` here; whatever asks for a closed form then finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from numpy.typing import ArrayLike

from exactnorm.certify.balls.simplex import (
    RegularSimplex,
    corners,
    least_cost,
    missing_inequality,
    simplex_lower_bound,
)
from exactnorm.certify.evidence import bound
from exactnorm.certify.rays.evidence import Rays
from exactnorm.closed_form.collinear import collinear, univariate
from exactnorm.closed_form.one_versus_rest import one_versus_rest
from exactnorm.closed_form.rays import find_rays, obtuse_simplex, orthogonal, rays
from exactnorm.closed_form.simplex import regular_simplex
from exactnorm.closed_form.simplex_contact import regular_simplex_near_contact
from exactnorm.closed_form.triangles import equilateral_triangle
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import TrainingSet


@dataclass(frozen=True)
class LeastCost:
    """A proved lower bound on the cost of every denoiser of a training set.

    Parameters
    ----------
    value : float
    evidence : Rays or RegularSimplex
        From which a checker recomputes it; it says which statement proves it.
    """

    value: float
    evidence: Rays | RegularSimplex


@dataclass(frozen=True)
class Form:
    """A closed form: a geometry of the points, and the network for it.

    Parameters
    ----------
    name : str
    geometry : str
        Of which points it is, in words.
    build : callable
        (points, rho) -> ReLUNetwork. Raises ``ValueError`` with the hypothesis that fails, or ``ArithmeticError`` where
        the hypotheses hold to too few digits.
    minimal : callable
        Whether the network is proved to have the least cost for a training set that the form applies to.
    unless_minimal : str
        What is known where it is not.
    lower_bound : callable or None
        A proof of the least cost for a training set, that a checker can recompute from the points; raises
        ``ValueError`` where there is none. None also for special cases of a form that has it.
    special : tuple of Form
        Special cases with a name of their own, the most special first.
    """

    name: str
    geometry: str
    build: Callable[[ArrayLike, float], ReLUNetwork]
    minimal: Callable[[TrainingSet], bool]
    unless_minimal: str = ""
    lower_bound: Callable[[TrainingSet], LeastCost] | None = None
    special: tuple[Form, ...] = ()


def always(_: TrainingSet) -> bool:
    """Minimal wherever the form applies."""
    return True


def never(_: TrainingSet) -> bool:
    """Not known to be minimal anywhere."""
    return False


def small_balls(train: TrainingSet) -> bool:
    """ρ ≤ R/2, R = side/√3 being the circumradius of an equilateral triangle."""
    return bool(2 * train.rho <= train.separation / 3**0.5)


def least_on_rays(train: TrainingSet) -> LeastCost:
    """The sum of 2Δ/(Δ − 2ρ) over the gaps Δ on one-sided rays."""
    centre = find_rays(train.points)[0]
    evidence = Rays((centre, *(n for n in range(train.size) if n != centre)))
    return LeastCost(bound(evidence, train), evidence)


def least_of_simplex(train: TrainingSet) -> LeastCost:
    """N · 2R/(m − 2ρ) for the corners of a regular simplex, at radii for which it is proved."""
    R, off, share = corners(train.points, train.rho)
    if missing_inequality(train.size, share):
        msg = f"one-versus-rest is not minimal at rho={train.rho:g}"
        raise ValueError(msg)
    return LeastCost(least_cost(train.size, R, off, share), RegularSimplex(tuple(range(train.size))))


def least_near_contact(train: TrainingSet) -> LeastCost:
    """The least cost for the corners of a regular simplex at any radius."""
    evidence = RegularSimplex(tuple(range(train.size)))
    return LeastCost(simplex_lower_bound(train.points, train.rho), evidence)


def small_balls_in_simplex(train: TrainingSet) -> bool:
    """Whether the proof for regular simplices covers the radius."""
    try:
        least_of_simplex(train)
    except ValueError:
        return False
    return True


FORMS = (
    Form(
        "rays",
        "points on one-sided rays",
        rays,
        always,
        lower_bound=least_on_rays,
        special=(
            Form("univariate", "numbers", univariate, always),
            Form("collinear", "points on a line", collinear, always),
            Form("orthogonal", "points orthogonal seen from one of them", orthogonal, always),
            Form("obtuse_simplex", "an obtuse simplex", obtuse_simplex, always),
        ),
    ),
    Form(
        "regular_simplex_near_contact",
        "the corners of a regular simplex whose balls nearly fill its height",
        regular_simplex_near_contact,
        always,
        lower_bound=least_near_contact,
    ),
    Form(
        "regular_simplex",
        "the corners of a regular simplex",
        regular_simplex,
        small_balls_in_simplex,
        "applies, but is not known to be minimal at this radius",
        lower_bound=least_of_simplex,
    ),
    Form(
        "equilateral_triangle",
        "an equilateral triangle",
        equilateral_triangle,
        small_balls,
        "applies, but is not known to be minimal above rho = R/2, R the circumradius",
    ),
    Form(
        "one_versus_rest",
        "points each of which stands apart from all others",
        one_versus_rest,
        never,
        "applies to almost any points, and is in general not minimal",
    ),
)
"""In the order in which they are tried."""
