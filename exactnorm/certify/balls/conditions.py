"""What must hold of the coordinates and the cells of a certificate before they are believed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import DEEPEST, Cell, CellProof
from exactnorm.certify.balls.dual_bound import distances
from exactnorm.certify.door import number, numbers, refuse, truths, whole
from exactnorm.geometry import Frame, affine_hull
from exactnorm.training_set import TrainingSet


def sound_axes(frame: Any, train: TrainingSet) -> tuple[Array, float]:
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
    # A tilted frame would draw the points together while the radius stays: no distance may shrink. In the points' own
    # hull, as sums of thousands of squares are not known to so many digits.
    there, seen = (one.sharp_coordinates(train.points) for one in (own, held))
    # Where balls nearly touch, what little they shrink is much of the gap between them: nothing but rounding may.
    last = 4 * float(np.finfo(float).eps) * (8 + math.sqrt(train.dimension))
    if not all((apart - less <= last * apart + 1e-15).all() for apart, less in distances(there, seen)):
        refuse("the frame does not hold the clean points: their distances are shorter in it")
    return axes, own.scale


def sound_proof(proof: Any, size: int, r: int) -> CellProof:
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
