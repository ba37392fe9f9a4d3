"""Dual matrices that isometries leave as they are: a basis of them, found orbit by orbit of the points.

That of one point of an orbit is fixed by the isometries that fix the point, and those of the others follow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from exactnorm.arrays import Array
from exactnorm.exact.balls.motions import Motions, fixed_by
from exactnorm.exact.balls.tree import Tree

DEPENDENT = 1e-9
"""Share of the largest sum that is none."""


def invariant_matrices(generators: Motions) -> Array:
    """Orthonormal B_n (N r (r + 1), D) of all points that the group leaves as they are and that add up to 0.

    b is measured at the centre.
    """
    size, r = generators.permutation.shape[1], generators.turn.shape[1]
    found, seen = [np.zeros((0, size, r, r + 1))], np.zeros(size, dtype=bool)
    for first in range(size):
        if seen[first]:
            continue
        orbit, turn = point_orbit(first, generators)
        seen[orbit] = True
        stays = stabiliser(orbit, turn, generators)
        both = np.einsum("sij,skl->ikjl", stays, stays).reshape(r * r, r * r)  # what M ↦ g M gᵀ do, added up
        slopes, values = fixed_by(both / len(stays)).T, fixed_by(stays.mean(axis=0)).T
        some = np.zeros((len(slopes) + len(values), size, r, r + 1))
        of_slopes, of_values = some[: len(slopes), ..., :-1], some[len(slopes) :, ..., -1]
        of_slopes[:, orbit] = turn @ slopes.reshape(-1, 1, r, r) @ np.swapaxes(turn, 1, 2)
        of_values[:, orbit] = np.einsum("mij,dj->dmi", turn, values)
        found.append(some)
    every = np.concatenate(found)
    every /= np.linalg.norm(every.reshape(len(every), -1), axis=1)[:, None, None, None]
    return every.reshape(len(every), -1).T @ vanishing(every.sum(axis=1).reshape(len(every), -1))


def vanishing(sums: Array) -> Array:
    """Orthonormal combinations, as columns, of rows that add up to 0 in them."""
    Q, R, _ = qr(sums, pivoting=True, check_finite=False)
    rank = int((np.abs(np.diag(R)) > DEPENDENT * np.abs(R).max(initial=0.0)).sum())
    return np.asarray(Q[:, rank:])


def point_orbit(first: int, generators: Motions) -> tuple[NDArray[np.intp], Array]:
    """The points that one is taken to, and for each the turn of an isometry that does it."""
    turns = {first: np.eye(generators.turn.shape[1])}
    new = [first]
    while new:
        point = new.pop(0)
        for permutation, turn in zip(generators.permutation, generators.turn, strict=True):
            image = int(permutation[point])
            if image not in turns:
                turns[image] = turn @ turns[point]
                new.append(image)
    return np.array(list(turns), dtype=np.intp), np.array(list(turns.values()))


def stabiliser(orbit: NDArray[np.intp], turn: Array, generators: Motions) -> Array:
    """Turns (S, r, r) that generate those isometries which fix the first point of an orbit (Schreier's lemma)."""
    place = np.full(generators.permutation.shape[1], -1, dtype=np.intp)
    place[orbit] = np.arange(len(orbit))
    after = place[generators.permutation[:, orbit]]
    loops = np.swapaxes(turn[after], 2, 3) @ generators.turn[:, None] @ turn
    return np.asarray(loops.reshape(-1, *turn.shape[1:]))


def edge_basis(around: Array, centre: Array, tree: Tree) -> Array:
    """The same as multipliers of the edges of a tree, orthonormal again, ((N − 1) r (r + 1), D)."""
    size, r = len(tree.parent) + 1, len(centre)
    B = around.T.reshape(-1, size, r, r + 1)
    slopes = B[:, :, :, :-1] + B[:, :, :, -1:] * centre
    B = np.concatenate([slopes, B[:, :, :, -1:]], axis=3)[:, 1:]
    E = np.array([tree.along(one).ravel() for one in B]).reshape(len(B), -1).T
    return np.asarray(np.linalg.qr(E)[0])
