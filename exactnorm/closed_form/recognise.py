"""Which closed form applies to given data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.closed_form.collinear import line_direction
from exactnorm.closed_form.one_versus_rest import one_versus_rest
from exactnorm.closed_form.rays import find_rays, rays
from exactnorm.closed_form.triangles import equilateral_triangle
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import TrainingSet

TOLERANCE = 1e-9  # relative to the data's extent: rounding of points given to about ten digits


@dataclass(frozen=True, eq=False)
class Recognition:
    """The closed form that applies to a training set.

    Parameters
    ----------
    name : str
        ``"univariate"``, ``"collinear"``, ``"orthogonal"``, ``"obtuse_simplex"``, ``"rays"``,
        ``"equilateral_triangle"``, ``"one_versus_rest"``, or ``""`` where none applies.
    network : ReLUNetwork or None
        Its network.
    minimal : bool
        Whether the network is proved to have the least cost of all, given that the hypotheses hold exactly.
    centre : int
        Row of the point x_0 where the rays start, −1 where there are no rays.
    tolerance : float
        To which the hypotheses were checked, relative to the extent of the data.
    reasons : dict of str to str
        For each geometry that was tried and does not apply, the hypothesis that failed.
    """

    name: str
    network: ReLUNetwork | None = field(repr=False)
    minimal: bool
    centre: int
    tolerance: float
    reasons: dict[str, str]


def recognise(points: ArrayLike, rho: float) -> Recognition:
    """Find the closed form for a training set: one that is proved minimal if there is one, else one-versus-rest.

    Parameters
    ----------
    points : array_like, shape (N, d)
    rho : float
        Radius of the noise balls.

    Returns
    -------
    Recognition

    Raises
    ------
    ValueError
        If the points are not a training set.
    """
    train = TrainingSet(np.asarray(points), rho)
    reasons: dict[str, str] = {}
    try:
        centre, u, ray, _ = find_rays(train.points)
    except ValueError as failed:
        reasons["rays"] = str(failed)
    else:
        name = _kind_of_rays(train, u, int(ray.max()) + 1 == train.size - 1, reasons)
        return Recognition(name, rays(train.points, rho), True, centre, TOLERANCE, reasons)
    tries: list[tuple[str, Callable[[ArrayLike, float], ReLUNetwork]]] = [
        ("equilateral_triangle", equilateral_triangle),
        ("one_versus_rest", one_versus_rest),
    ]
    for name, form in tries:
        try:
            network = form(train.points, rho)
        except (ValueError, ArithmeticError) as failed:
            reasons[name] = str(failed)
        else:
            # Circumradius R = side/√3; minimality is proved for ρ ≤ R/2.
            minimal = name == "equilateral_triangle" and bool(2 * train.rho <= train.separation / np.sqrt(3))
            if name == "equilateral_triangle" and not minimal:
                reasons[name] = "applies, but is not known to be minimal above rho = R/2, R the circumradius"
            return Recognition(name, network, minimal, -1, TOLERANCE, reasons)
    return Recognition("", None, False, -1, TOLERANCE, reasons)


def _kind_of_rays(train: TrainingSet, u: np.ndarray, one_a_ray: bool, reasons: dict[str, str]) -> str:
    """Name of the most special geometry that rays with unit vectors u are."""
    if train.dimension == 1:
        return "univariate"
    if len(u) <= 2:
        try:
            line_direction(train.points, TOLERANCE)
        except ValueError as failed:
            reasons["collinear"] = str(failed)
        else:
            return "collinear"
    if not one_a_ray:
        reasons["orthogonal"] = reasons["obtuse_simplex"] = "two points are on one ray"
        return "rays"
    gram = u @ u.T
    if float((gram - np.diag(np.diag(gram))).min()) >= -TOLERANCE:
        return "orthogonal"
    reasons["orthogonal"] = f"two rays have an inner product of {float(gram.min()):.6g}"
    if len(u) <= train.dimension and np.linalg.eigvalsh(gram)[0] >= 1e-12:
        return "obtuse_simplex"
    reasons["obtuse_simplex"] = "the points are not affinely independent"
    return "rays"
