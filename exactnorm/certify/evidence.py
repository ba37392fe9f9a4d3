"""Every kind of evidence that a lower bound can rest on, and the one verb that they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exactnorm.certify.balls.edges import Segments, segments_bound
from exactnorm.certify.balls.evidence import Cells, Faces, Nothing, cells_bound, faces_bound
from exactnorm.certify.balls.part import Part, part_bound
from exactnorm.certify.balls.simplex import RegularSimplex, simplex_bound
from exactnorm.certify.door import refuse
from exactnorm.certify.effort import Effort
from exactnorm.certify.finite.evidence import Multipliers, PenalisedMultipliers, multipliers_bound, penalised_bound
from exactnorm.certify.rays.evidence import Rays, rays_bound
from exactnorm.finite_problem import FiniteProblem
from exactnorm.training_set import TrainingSet

Evidence = Cells | Faces | Nothing | Part | Rays | RegularSimplex | Segments | Multipliers | PenalisedMultipliers

ON_BALLS: dict[type, Callable[[Any, TrainingSet, float | None, Effort], float]] = {
    Cells: lambda evidence, train, _, effort: cells_bound(evidence, train, effort),
    Faces: faces_bound,
    Nothing: lambda *_: 0.0,
    Part: part_bound,
    Rays: lambda evidence, train, *_: rays_bound(evidence, train),
    RegularSimplex: lambda evidence, train, *_: simplex_bound(evidence, train),
    Segments: lambda evidence, train, *_: segments_bound(evidence, train),
}
ON_SAMPLES: dict[type, Callable[[Any, FiniteProblem, float | None, Effort], float]] = {
    Multipliers: lambda evidence, problem, _, effort: multipliers_bound(evidence, problem, effort),
    PenalisedMultipliers: lambda evidence, problem, _, effort: penalised_bound(evidence, problem, effort),
}


def bound(
    evidence: Evidence,
    problem: TrainingSet | FiniteProblem,
    *,
    claim: float | None = None,
    effort: Effort | None = None,
) -> float:
    """The lower bound on the least cost, or objective, that the evidence supports, up to rounding.

    Parameters
    ----------
    evidence : Evidence
        Exactly one of the records above: a subclass could say what it likes.
    problem : TrainingSet or FiniteProblem
        A training set with balls; one with noisy samples is a finite problem, see `finite_problem`.
    claim : float, optional
        What is to be supported. Where it is not, the answer is some number below it.
    effort : Effort, optional
        What the search may take.

    Raises
    ------
    CertificateError
        If the evidence is not of a kind that there is for the problem, or a condition on it fails.
    CertificateUndecided
        If there is too much to go through.
    """
    effort = Effort() if effort is None else effort
    if isinstance(problem, FiniteProblem):
        return _verb(ON_SAMPLES, evidence, "finite inputs")(evidence, problem, claim, effort)
    return _verb(ON_BALLS, evidence, "noise balls")(evidence, problem, claim, effort)


def _verb(verbs: dict[type, Callable[..., float]], evidence: Any, what: str) -> Callable[..., float]:
    verb = verbs.get(type(evidence))
    if verb is None:
        refuse(f"the evidence is {type(evidence).__name__}, which says nothing of {what}")
    return verb
