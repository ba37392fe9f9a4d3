"""The statements about minimum-norm denoisers and their flows, one a file, each checked by computation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from exactnorm.theorems.acute import criterion, limit, orthocentre
from exactnorm.theorems.check import Check
from exactnorm.theorems.equilateral import radius
from exactnorm.theorems.equilateral import rest_points as equilateral_rest_points
from exactnorm.theorems.flows import one_step, orthogonal_decay, schedules
from exactnorm.theorems.open import scalene, simplices
from exactnorm.theorems.reductions import scale_free
from exactnorm.theorems.zeno2023 import (
    contraction,
    equilateral,
    generalises,
    obtuse,
    orthogonal,
    rays,
    samples,
    subspace,
    univariate,
)
from exactnorm.theorems.zeno2025 import (
    equilateral_limits,
    obtuse_limits,
    obtuse_rest_points,
    orthogonal_rest_points,
    probability_flow,
    score_flow,
)

STATEMENTS: dict[str, Callable[[], Check]] = {
    "A-univariate": univariate.check,
    "A-samples": samples.check,
    "A-contraction": contraction.check,
    "A-generalises": generalises.check,
    "A-subspace": subspace.check,
    "A-rays": rays.check,
    "A-orthogonal": orthogonal.check,
    "A-obtuse": obtuse.check,
    "A-equilateral": equilateral.check,
    "acute-limit-is-4": limit.check,
    "acute-criterion": criterion.check,
    "acute-orthocentre": orthocentre.check,
    "equilateral-radius": radius.check,
    "open-scalene": scalene.inside,
    "open-vertex": scalene.vertex,
    "open-acute-simplices": simplices.check,
    "cost-is-scale-free": scale_free.check,
    "B-4.2": orthogonal_rest_points.stable,
    "orthogonal-rest-points": orthogonal_rest_points.every,
    "obtuse-stable-sums": obtuse_rest_points.sums,
    "obtuse-unstable-rest": obtuse_rest_points.others,
    "equilateral-stable": equilateral_rest_points.stable,
    "equilateral-rate": equilateral_rest_points.rate,
    "B-4.3": score_flow.nearest,
    "B-4.3-box": score_flow.box_first,
    "B-4.3-slide": score_flow.slide,
    "B-4.4": probability_flow.vertex_or_not,
    "B-4.4-tau": probability_flow.threshold,
    "B-App.B": obtuse_limits.check,
    "B-App.C": equilateral_limits.nearest,
    "B-App.C-edge": equilateral_limits.edge_first,
    "schedules-agree": schedules.check,
    "endpoint-is-one-denoising-step": one_step.check,
    "orthogonal-component-decays": orthogonal_decay.check,
}
"""Every statement by name, in the order of the table."""


def run(names: Iterable[str] | None = None, progress: Callable[[str], None] | None = None) -> Iterator[Check]:
    """Check statements one after the other.

    Parameters
    ----------
    names : iterable of str, optional
        Which, in this order; all of `STATEMENTS` by default.
    progress : callable, optional
        Called with the name of each statement before its computation starts.

    Yields
    ------
    Check

    Raises
    ------
    ValueError
        If there is no statement of a given name; before anything is computed.
    """
    chosen = list(STATEMENTS) if names is None else list(names)
    if unknown := [name for name in chosen if name not in STATEMENTS]:
        msg = f"no statement is called {', '.join(map(repr, unknown))}; there are {', '.join(STATEMENTS)}"
        raise ValueError(msg)
    return _run(chosen, progress)


def _run(names: list[str], progress: Callable[[str], None] | None) -> Iterator[Check]:
    for name in names:
        if progress is not None:
            progress(name)
        yield STATEMENTS[name]()


__all__ = ["STATEMENTS", "Check", "run"]
