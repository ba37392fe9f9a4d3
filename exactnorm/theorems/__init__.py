"""The statements about minimum-norm denoisers and their flows, one a file, each checked by computation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from exactnorm.theorems import (
    a_contraction,
    a_equilateral,
    a_generalises,
    a_obtuse,
    a_orthogonal,
    a_rays,
    a_samples,
    a_subspace,
    a_univariate,
    acute_criterion,
    acute_limit,
    acute_orthocentre,
    b_probability_flow,
    b_score_flow,
    b_simplices,
    equilateral_radius,
    equilateral_rest_points,
    flow_facts,
    obtuse_rest_points,
    open_scalene,
    open_simplices,
    orthogonal_rest_points,
    scale_free,
)
from exactnorm.theorems.check import Check

STATEMENTS: dict[str, Callable[[], Check]] = {
    "A-univariate": a_univariate.check,
    "A-samples": a_samples.check,
    "A-contraction": a_contraction.check,
    "A-generalises": a_generalises.check,
    "A-subspace": a_subspace.check,
    "A-rays": a_rays.check,
    "A-orthogonal": a_orthogonal.check,
    "A-obtuse": a_obtuse.check,
    "A-equilateral": a_equilateral.check,
    "acute-limit-is-4": acute_limit.check,
    "acute-criterion": acute_criterion.check,
    "acute-orthocentre": acute_orthocentre.check,
    "equilateral-radius": equilateral_radius.check,
    "open-scalene": open_scalene.inside,
    "open-vertex": open_scalene.vertex,
    "open-acute-simplices": open_simplices.check,
    "cost-is-scale-free": scale_free.check,
    "B-4.2": orthogonal_rest_points.stable,
    "orthogonal-rest-points": orthogonal_rest_points.every,
    "obtuse-stable-sums": obtuse_rest_points.sums,
    "obtuse-unstable-rest": obtuse_rest_points.others,
    "equilateral-stable": equilateral_rest_points.stable,
    "equilateral-rate": equilateral_rest_points.rate,
    "B-4.3": b_score_flow.nearest,
    "B-4.3-box": b_score_flow.box_first,
    "B-4.3-slide": b_score_flow.slide,
    "B-4.4": b_probability_flow.vertex_or_not,
    "B-4.4-tau": b_probability_flow.threshold,
    "B-App.B": b_simplices.obtuse_limits,
    "B-App.C": b_simplices.equilateral_limits,
    "B-App.C-edge": b_simplices.edge_first,
    "schedules-agree": flow_facts.schedules_agree,
    "endpoint-is-one-denoising-step": flow_facts.one_step,
    "orthogonal-component-decays": flow_facts.orthogonal_decay,
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
