"""What the evidence of a certificate on noise balls supports, once every condition on it holds."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial.distance import pdist

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import DEEPEST, Cell, CellProof, uncovered
from exactnorm.certify.balls.dual_bound import dual_bound, face_bound
from exactnorm.certify.balls.edges import edges_lower_bound
from exactnorm.certify.certificate import Certificate
from exactnorm.certify.door import number, numbers, refuse, truths, whole
from exactnorm.certify.effort import CertificateUndecided, Effort
from exactnorm.certify.rays import rays_lower_bound
from exactnorm.geometry import Frame, affine_hull
from exactnorm.patterns import kink_patterns
from exactnorm.training_set import TrainingSet

NEAREST = 1e-8
"""Separation, in units of the size, up to which rounding may hide activation patterns: a tenth of what is solved."""
FARTHEST_OUT = 1e-10
"""The same in units of the coordinates."""


def ball_bound(certificate: Certificate, train: TrainingSet, effort: Effort) -> float:
    """The lower bound that the certificate supports on these balls.

    Raises
    ------
    CertificateError
        If a condition fails.
    CertificateUndecided
        If there is too much to go through.
    """
    if certificate.kind == "theorem":
        if certificate.segments is not None:
            return _segments_bound(certificate.segments, train)
        return _theorem_bound(certificate.rays, train)
    if certificate.frame is None or certificate.B is None:
        if certificate.lower <= 0 and certificate.proofs == ():
            return 0.0
        refuse("a computed certificate needs its frame, B and cells")
    size_of_set = float(np.linalg.norm(train.points - train.points[0], axis=1).max())
    if not train.separation > max(NEAREST * size_of_set, FARTHEST_OUT * float(np.abs(train.points).max())):
        msg = "two points are so near each other that rounding decides which activation patterns there are"
        raise CertificateUndecided(msg)
    axes, scale = _axes(certificate.frame, train)
    points, rho = (train.points - train.points[0]) @ axes.T / scale, train.rho / scale
    size, r = points.shape
    B = numbers(certificate.B, "B", (size - 1, r, r + 1))
    proofs = tuple(_proof(proof, size, r) for proof in certificate.proofs)
    relevant = kink_patterns(points, rho, watch=lambda _: effort.check())
    if certificate.patterns > len(relevant):
        refuse(f"the certificate states {certificate.patterns} patterns, but there are {len(relevant)}")
    if not proofs:
        return face_bound(points, rho, B, relevant, certificate.lower, effort)
    if missing := uncovered([proof.cell for proof in proofs], relevant):
        refuse(missing)
    return dual_bound(points, rho, B, proofs, effort)


def _theorem_bound(rays: tuple[Any, ...], train: TrainingSet) -> float:
    if not 2 <= len(rays) <= train.size:
        refuse(f"a theorem for points on rays needs at least two and at most {train.size} of them")
    rows = [whole(n, "a row of the rays") for n in rays]
    if not all(0 <= n < train.size for n in rows) or len(set(rows)) < len(rows):
        refuse(f"the rays name rows that are not there, or one twice: there are {train.size} points")
    try:
        return rays_lower_bound(train.points[rows], train.rho, 0)
    except np.linalg.LinAlgError:
        raise
    except ValueError as failed:
        refuse(f"the theorem does not apply: {failed}")


def _segments_bound(segments: Any, train: TrainingSet) -> float:
    count = len(segments) if type(segments) is np.ndarray and segments.ndim == 2 else 0
    table = numbers(segments, "the array of segments", (count, 3))
    rows = table[:, :2]
    if not count or not (np.isin(rows, np.arange(train.size)).all() and (rows[:, 0] != rows[:, 1]).all()):
        refuse(f"a segment does not lead from one of the {train.size} points to another")
    try:
        return edges_lower_bound(train.points, train.rho, rows.astype(np.intp), table[:, 2])
    except np.linalg.LinAlgError:
        raise
    except ValueError as failed:
        refuse(f"the segments bound nothing: {failed}")


def _axes(frame: Any, train: TrainingSet) -> tuple[Array, float]:
    """The stored axes, made orthonormal to rounding, and the unit: the points' own but for a rotation."""
    if type(frame) is not Frame:
        refuse(f"the frame is {type(frame).__name__}, not a Frame")
    own = affine_hull(train.points)
    axes = numbers(frame.axes, "the array of axes", own.axes.shape)
    scale = number(frame.scale, "the unit of the frame")
    skew = float(np.abs(axes @ axes.T - np.eye(len(axes))).max())
    origin = frame.origin
    here = type(origin) is np.ndarray and origin.dtype == own.origin.dtype and np.array_equal(origin, own.origin)
    if not (skew <= 1e-12 and here):
        refuse("the frame is not an orthonormal one at the first point")
    if not abs(scale - own.scale) <= 1e-12 * own.scale:
        refuse(f"the frame's unit is {scale!r}; the farthest point is at a distance of {own.scale!r}")
    u, _, vt = np.linalg.svd(axes, full_matrices=False)
    axes = u @ vt
    held = Frame(own.origin, axes, own.scale)
    off = float((held.distance(train.points) - own.distance(train.points)).max())
    if not off <= 1e-12 * (own.scale + float(np.abs(train.points).max())):
        refuse("the frame does not hold the clean points")
    # A tilted frame would draw the points together while the radius stays: no distance may shrink.
    apart = pdist((train.points - own.origin) / own.scale)
    shrunk = apart - pdist((train.points - own.origin) @ axes.T / own.scale)
    if not (shrunk <= 1e-9 * apart + 1e-15).all():
        refuse("the frame does not hold the clean points: their distances are shorter in it")
    return axes, own.scale


def _proof(proof: Any, size: int, r: int) -> CellProof:
    """The same proof, copied, if its arrays fit a cell of `size` balls and its multipliers lie in their cones."""
    if type(proof) is not CellProof or type(proof.cell) is not Cell:
        refuse("a proof is not one of a cell")
    pattern = truths(proof.cell.pattern, "the pattern of a cell", (size,))
    name = f"of pattern {pattern.astype(int).tolist()}"
    if pattern[0] or not pattern.any():
        refuse(f"the cell {name} does not leave the first ball off and turn some other on")
    ball = whole(proof.cell.ball, f"the ball of the cell {name}")
    if not -1 <= ball < size:
        refuse(f"the cell {name} is tangent to ball {ball}, which is not there")
    m = len(proof.cell.cuts) if type(proof.cell.cuts) is np.ndarray and proof.cell.cuts.ndim == 2 else 0
    if m > DEEPEST:
        refuse(f"the cell {name} is cut more than {DEEPEST} times")
    cuts = numbers(proof.cell.cuts, f"the array of cuts {name}", (m, r))
    if not cuts.any(axis=1).all():
        refuse(f"the cell {name} is cut by no hyperplane: a normal is zero")
    rows = size + m
    mu = number(proof.mu, f"mu {name}")
    nu = numbers(proof.nu, f"nu {name}", (rows, rows))
    ell = numbers(proof.ell, f"ell {name}", (rows, r + 1))
    if not abs(mu) <= 1e50 or nu.min(initial=0.0) < 0:
        refuse(f"a multiplier {name} is negative or too large")
    # In units of the largest, so that no square vanishes.
    unit = ell / np.maximum(np.abs(ell).max(axis=1, initial=0.0), 1e-300)[:, None]
    if not (np.linalg.norm(unit[:, :r], axis=1) <= unit[:, r] * (1 + 1e-14)).all():
        refuse(f"a multiplier {name} leaves its cone")
    return CellProof(Cell(pattern, ball, cuts), mu, nu, ell)
