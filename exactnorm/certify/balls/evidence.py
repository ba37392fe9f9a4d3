"""Records of lower bounds on balls that rest on dual matrices B, and what they support once their conditions hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import CellProof, uncovered
from exactnorm.certify.balls.conditions import sound_axes, sound_proof
from exactnorm.certify.balls.dual_bound import dual_bound, elsewhere, face_bound
from exactnorm.certify.balls.tilts import least_apart
from exactnorm.certify.door import numbers, refuse, whole
from exactnorm.certify.effort import CertificateUndecided, Effort
from exactnorm.geometry import Frame
from exactnorm.patterns import kink_patterns
from exactnorm.training_set import TrainingSet

NEAREST = 1e-8
"""Separation, in units of the size, up to which rounding may hide activation patterns: a tenth of what is solved."""
FARTHEST_OUT = 1e-10
"""The same in units of the coordinates."""
BESIDE = 1e-10
"""By how much less of the gap between two balls a radius may be that counts as the same: a cost feels twice as much."""


@dataclass(frozen=True, eq=False)
class Nothing:
    """No evidence: a lower bound of 0, which every network keeps."""

    kind: ClassVar[str] = "computed"
    statement: ClassVar[str] = "No lower bound was found; every network costs at least 0."

    @property
    def counts(self) -> dict[str, int]:
        """How much the evidence consists of."""
        return {}


@dataclass(frozen=True, eq=False)
class Cells:
    """Dual matrices B, and cells that cover every activation pattern, each with multipliers that bound the dual there.

    Parameters
    ----------
    frame : Frame
        The coordinates that B and the cells are written in: x_0 is the origin, the farthest point has norm 1.
    B : ndarray, shape (N − 1, r, r + 1)
        Dual matrices, one for each ball but the first.
    proofs : tuple of CellProof
        Patterns have s_0 = 0; the constant one is left out.
    """

    frame: Frame = field(repr=False)
    B: Array = field(repr=False)
    proofs: tuple[CellProof, ...] = field(repr=False)
    kind: ClassVar[str] = "computed"
    statement: ClassVar[str] = (
        "The lower bound is a dual bound: matrices B and, for every cell of every activation pattern, multipliers "
        "that bound the dual function there, recomputed in floating point."
    )

    @property
    def counts(self) -> dict[str, int]:
        """How much the evidence consists of."""
        return {"patterns": len({proof.cell.pattern.tobytes() for proof in self.proofs}), "cells": len(self.proofs)}


@dataclass(frozen=True, eq=False)
class Faces:
    """Dual matrices B alone; the maximum of their dual function is found face by face.

    Parameters
    ----------
    frame : Frame
    B : ndarray, shape (N − 1, r, r + 1)
        As for `Cells`.
    patterns : int
        How many activation patterns there are, with s_0 = 0, the constant one left out.
    """

    frame: Frame = field(repr=False)
    B: Array = field(repr=False)
    patterns: int
    kind: ClassVar[str] = "computed"
    statement: ClassVar[str] = (
        "The lower bound is a dual bound: matrices B, and the maximum of their dual function over all kinks, found "
        "in floating point by going through the faces of all activation patterns."
    )

    @property
    def counts(self) -> dict[str, int]:
        """How much the evidence consists of."""
        return {"patterns": self.patterns}


def cells_bound(evidence: Cells, train: TrainingSet, effort: Effort, apart: float = np.inf) -> float:
    """The lower bound that the cells support on these balls.

    Parameters
    ----------
    evidence : Cells
    train : TrainingSet
    effort : Effort
    apart : float
        Hulls of bare points so far apart do not touch, be it less than `least_apart` of the set.

    Raises
    ------
    CertificateError
        If a condition fails.
    CertificateUndecided
        If there is too much to go through.
    """
    if type(evidence.proofs) is not tuple:
        refuse("the cells are not in a tuple")
    points, rho, B, apart = _in_coordinates(evidence.frame, evidence.B, train, apart)
    proofs = tuple(sound_proof(proof, *points.shape) for proof in evidence.proofs)
    if missing := uncovered([proof.cell for proof in proofs], _patterns(points, rho, apart, effort)):
        refuse(missing)
    return (1 - elsewhere(points, rho) / 2) * dual_bound(points, rho, B, proofs, effort)


def faces_bound(
    evidence: Faces, train: TrainingSet, claim: float | None, effort: Effort, apart: float = np.inf
) -> float:
    """The lower bound that B supports on these balls; `apart` and errors as for `cells_bound`.

    Where it is less than `claim`, the search ends as soon as that shows, with a number between the two.
    """
    points, rho, B, apart = _in_coordinates(evidence.frame, evidence.B, train, apart)
    patterns = _patterns(points, rho, apart, effort)
    if not 0 < whole(evidence.patterns, "the number of patterns") <= len(patterns):
        refuse(f"the certificate states {evidence.patterns} patterns, but there are {len(patterns)}")
    sure = 1 - elsewhere(points, rho) / 2
    if not sure > 0:
        return 0.0
    return sure * face_bound(points, rho, B, patterns, None if claim is None else claim / sure, effort)


def _in_coordinates(frame: Any, B: Any, train: TrainingSet, apart: float) -> tuple[Array, float, Array, float]:
    """Points, radius and B in the coordinates of the certificate, once these are the points' own.

    And in their unit how far hulls are apart if they do not touch.
    """
    size_of_set = float(np.linalg.norm(train.points - train.points[0], axis=1).max())
    if not train.separation > max(NEAREST * size_of_set, FARTHEST_OUT * float(np.abs(train.points).max())):
        msg = "two points are so near each other that rounding decides which activation patterns there are"
        raise CertificateUndecided(msg)
    axes, scale = sound_axes(frame, train)
    held = Frame(train.points[0], axes, scale)
    points, rho = held.sharp_coordinates(train.points), _radius(train, held)
    size, r = points.shape
    return points, rho / scale, numbers(B, "B", (size - 1, r, r + 1)), min(apart, least_apart(train)) / scale


def _radius(train: TrainingSet, frame: Frame) -> float:
    """Radius of balls in the hull of the points, for which no network costs more than for theirs.

    Points may lie beside the hull that they have but for rounding, at a distance of δ. A kink that misses their balls
    misses balls of radius √(ρ² − δ²) around their projections, so that the least cost for these is no more. At ρ = 0
    hulls that are no farther apart than rounding touch, whatever they do as they stand.

    Raises
    ------
    CertificateUndecided
        If that is less than a radius that rounding cannot tell from ρ.
    """
    rho = train.rho
    if rho == 0 or frame.rank == min(train.dimension, train.size - 1):
        return rho
    beside = float(frame.distance(train.points).max())
    # What is next to nothing of the gap may be more than so small a radius, of which nothing is left.
    if not (beside < rho and beside**2 <= BESIDE * rho * (train.separation - 2 * rho)):
        msg = (
            f"the points lie in a flat of {frame.rank} dimensions but for rounding, which is too much of so small a "
            "radius to tell what passes between the balls"
        )
        raise CertificateUndecided(msg)
    return float(np.sqrt((rho - beside) * (rho + beside)))


def _patterns(points: Array, rho: float, apart: float, effort: Effort) -> NDArray[np.bool_]:
    return kink_patterns(points, rho, watch=lambda _: effort.check(), apart=apart)
