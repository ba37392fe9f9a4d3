"""The two roads that most checks compare: the closed form and the convex program."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify import CertifiedDenoiser, check_certificate, interpolation_error
from exactnorm.network import ReLUNetwork
from exactnorm.theorems.check import Check, Standing
from exactnorm.training_set import TrainingSet

Data = tuple[Array, float]
ClosedForm = Callable[[Array, float], ReLUNetwork]
Formula = Callable[[Array, float], float]


def network_cost(form: ClosedForm, points: Array, rho: float) -> float:
    """Cost of the closed form's network; NaN, which agrees with nothing, unless it maps the balls to their centres."""
    network = form(points, rho)
    error = interpolation_error(network, points, rho)
    return network.representation_cost if error <= 1e-9 * float(np.ptp(points, axis=0).max()) else float("nan")


def program(points: Array, rho: float, tol: float = 1e-6) -> CertifiedDenoiser:
    """The convex program's denoiser, without the closed forms that the front door falls back on.

    Ctrl-C ends the whole check: a bracket that is still wide would make it fail, and the next one begin.
    """
    # CVXPY takes a second to load; only those who solve pay for it.
    from exactnorm.exact.balls.wider import solve_sturdily
    from exactnorm.exact.settings import Settings

    denoiser = solve_sturdily(TrainingSet(points, rho), Settings(tol))
    if denoiser.interrupted:
        raise KeyboardInterrupt
    return denoiser


def program_bracket(points: Array, rho: float, tol: float = 1e-6) -> tuple[float, float]:
    """Bracket on the least cost from the convex program, recomputed from its certificate.

    The upper end is infinite unless the network maps the balls to their centres.
    """
    denoiser = program(points, rho, tol)
    lower, upper, error = check_certificate(denoiser.certificate, denoiser.train, denoiser.network)
    assert error is not None  # only weight decay has none
    if denoiser.certificate.kind != "computed":  # a bound by formula, where the program has none as good
        lower = 0.0
    return lower, upper if error <= 1e-7 * float(np.ptp(points, axis=0).max()) else float("inf")


def agreed_cost(formula: Formula, form: ClosedForm, points: Array, rho: float) -> float:
    """Cost by the formula; NaN unless the closed form's network costs as much and maps the balls to their centres."""
    cost = formula(points, rho)
    return cost if abs(network_cost(form, points, rho) - cost) <= 1e-9 * cost else float("nan")


def compare_costs(
    name: str,
    source: str,
    standing: Standing,
    formula: Formula,
    form: ClosedForm,
    sets: Iterable[Data],
    tolerance: float = 2e-6,
) -> Check:
    """Check that a formula's total cost on some training sets is the least by the program, and that of the network."""
    sets = list(sets)
    networks = np.array([network_cost(form, points, rho) for points, rho in sets])
    lows, highs = np.array([program_bracket(points, rho) for points, rho in sets]).T
    # A network that costs more or less than the formula, or is none, widens the bracket until it agrees with nothing.
    lower, upper = float(np.minimum(lows, networks).sum()), float(np.maximum(highs, networks).sum())
    shapes = ", ".join(f"{len(points)} points in R^{points.shape[1]} with rho={rho:.3g}" for points, rho in sets)
    return Check(
        name=name,
        source=source,
        standing=standing,
        claimed=sum(formula(points, rho) for points, rho in sets),
        computed=(lower + upper) / 2,
        relation="=",
        tolerance=tolerance,
        expected=True,
        lower=lower,
        upper=upper,
        detail=f"total cost by the formula, and of the program's brackets and the closed form's networks, on {shapes}",
    )
