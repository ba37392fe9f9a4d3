"""Patterns in orbits: isometries that permute the points leave one of each to solve, and take it to the rest.

Some optimal B and some minimiser are as symmetric as the points: averages are no worse, as the problem is
convex. With B_0 = −Σ B_n and b measured at the centre of the points, an isometry g takes B_n to the matrix of point
π(n), g B_n diag(g, 1)ᵀ, and a neuron (a, w, b) to (g a, g w, b). A kink that is then on at x_0 changes sides: a and
B_s z stay what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import Cell, CellProof
from exactnorm.exact.balls.kinks import Kinks
from exactnorm.exact.balls.motions import Motions, Patterns, fixed_by, moved, moved_patterns
from exactnorm.exact.balls.tree import Tree

SAME = 1e-13
"""Entries of (w, b) that differ by less, by rounding, are those of one kink. Were others taken for one, a network that
interpolates would have an average that does not."""


@dataclass(frozen=True, eq=False)
class Orbits:
    """All patterns, those that stand for the others, and how these are got from them.

    Parameters
    ----------
    generators : Motions
    patterns : ndarray of bool, shape (P, N)
        All of them.
    chosen : ndarray of int, shape (Q,)
        Rows of the patterns that stand for their orbits.
    of : ndarray of int, shape (P,)
        For each pattern which of the chosen ones stands for it,
    by : Motions
        P isometries that take that one to it,
    over : ndarray of bool, shape (P,)
        and whether it is turned over then.
    basis : ndarray, shape ((N − 1) r (r + 1), D)
        Orthonormal columns: the invariant multipliers of the edges of the tree.
    around : ndarray, shape (N r (r + 1), D)
        Orthonormal columns: the invariant B_n of all points, b measured at the centre.
    """

    generators: Motions
    patterns: Patterns
    chosen: NDArray[np.intp]
    of: NDArray[np.intp]
    by: Motions
    over: NDArray[np.bool_]
    basis: Array
    around: Array

    def folding(self, patterns: Patterns) -> tuple[NDArray[np.intp], Motions]:
        """Which of some patterns are among all, and isometries that take them to those that stand for them."""
        row = {pattern.tobytes(): k for k, pattern in enumerate(self.patterns)}
        found = np.array([row.get(pattern.tobytes(), -1) for pattern in patterns], dtype=np.intp)
        return np.flatnonzero(found >= 0), self.by[found[found >= 0]].back

    def averaged(self, B: Array) -> Array:
        """The average of dual matrices (N − 1, r, r + 1) over the group: they are worth as much, and κ no larger."""
        centre = self.by.centre
        all_of = np.concatenate([-B.sum(axis=0)[None], B])
        all_of[:, :, :-1] -= all_of[:, :, -1:] * centre
        mean = (self.around @ (self.around.T @ all_of.ravel())).reshape(all_of.shape)
        mean[:, :, :-1] += mean[:, :, -1:] * centre
        return np.asarray(mean[1:])

    def edges(self, coordinates: Array) -> Array:
        """The multipliers of edges whose coordinates in the basis come first, as one vector."""
        return np.asarray(self.basis @ coordinates[: self.basis.shape[1]])

    def matrices(self, tree: Tree) -> Array:
        """The basis as matrices B of the points but the first, ((N − 1) r (r + 1), D)."""
        r = self.by.turn.shape[1]
        return np.array([tree.matrices(E).ravel() for E in self.basis.T.reshape(-1, len(tree.gap), r, r + 1)]).T

    def everywhere(self, proofs: Sequence[CellProof]) -> tuple[CellProof, ...]:
        """Multipliers of cells of the chosen patterns taken to all patterns."""
        row = {self.patterns[k].tobytes(): number for number, k in enumerate(self.chosen)}
        own: list[list[CellProof]] = [[] for _ in self.chosen]
        for proof in proofs:
            own[row[proof.cell.pattern.tobytes()]].append(proof)
        return tuple(
            _moved_proof(proof, self.patterns[k], self.by.permutation[k], self.by.turn[k], bool(self.over[k]))
            for k, number in enumerate(self.of)
            for proof in own[number]
        )

    def images(self, kinks: Kinks, most: int) -> Images | None:
        """All images of kinks; None if they are more than `most`."""
        found: list[_Orbit] = []
        for k in range(len(kinks)):
            most -= len(found[-1].turns) if found else 0
            one = _Orbit(kinks[np.array([k])], self.generators)
            if not one.complete(most):
                return None
            found.append(one)
        r = kinks.w.shape[1]
        stays = np.array([fixed_by(one.loops) @ fixed_by(one.loops).T for one in found]).reshape(-1, r, r)
        every = [kinks[np.zeros(0, dtype=np.intp)], *(one.kinks for one in found)]
        both = Kinks(*(np.concatenate([getattr(one, name) for one in every]) for name in ("w", "b", "pattern")))
        turns = np.concatenate([np.zeros((0, r, r)), *(one.turns for one in found)])
        return Images(both, np.repeat(np.arange(len(kinks)), [len(one.turns) for one in found]), turns, stays)


@dataclass(frozen=True, eq=False)
class Images:
    """All different images of some kinks.

    Parameters
    ----------
    kinks : Kinks
    of : ndarray of int, shape (M,)
        Which kink each is an image of.
    turn : ndarray, shape (M, r, r)
        By which turn.
    stays : ndarray, shape (K, r, r)
        Averages of the turns that take each kink to itself.
    """

    kinks: Kinks
    of: NDArray[np.intp]
    turn: Array
    stays: Array


class _Orbit:
    """The images of one kink, found one after another."""

    def __init__(self, kink: Kinks, generators: Motions) -> None:
        self.generators = generators
        self.new = [(kink, np.eye(kink.w.shape[1]))]
        self.seen: dict[bytes, list[int]] = {kink.pattern[0].tobytes(): [0]}
        self.found, self.turn = [kink], [self.new[0][1]]
        self.loops = np.zeros_like(self.turn[0])

    def complete(self, most: int) -> bool:
        """Whether all were found and are no more than `most`."""
        count = 0
        while self.new:
            kink, turn = self.new.pop(0)
            for g in range(len(self.generators)):
                by = self.generators[np.array([g])]
                image, turned = moved(kink, by), by.turn[0] @ turn
                place = self._place(image, turned)
                self.loops += self.turn[place].T @ turned
                count += 1
            if len(self.found) > most:
                return False
        self.loops /= max(count, 1)
        return True

    def _place(self, kink: Kinks, turn: Array) -> int:
        """Which of the images this is; the last one if it is new."""
        alike = self.seen.setdefault(kink.pattern[0].tobytes(), [])
        for k in alike:
            if np.abs(self.found[k].z - kink.z).max() < SAME:
                return k
        alike.append(len(self.found))
        self.found.append(kink)
        self.turn.append(turn)
        self.new.append((kink, turn))
        return alike[-1]

    @property
    def kinks(self) -> Kinks:
        """The images."""
        return Kinks(*(np.concatenate([getattr(one, name) for one in self.found]) for name in ("w", "b", "pattern")))

    @property
    def turns(self) -> Array:
        """By which turns they are got, (M, r, r)."""
        return np.array(self.turn)


def _moved_proof(
    proof: CellProof, pattern: NDArray[np.bool_], permutation: NDArray[np.intp], turn: Array, over: bool
) -> CellProof:
    """Multipliers of a cell as those of its image: of the same products of rows, and of rows with (w, t)."""
    cell, size = proof.cell, len(pattern)
    turn = -turn if over else turn
    rows = np.concatenate([permutation, np.arange(size, cell.rows)])
    nu = np.zeros_like(proof.nu)
    i, j = np.nonzero(proof.nu)
    nu[np.minimum(rows[i], rows[j]), np.maximum(rows[i], rows[j])] = proof.nu[i, j]
    ell = np.zeros_like(proof.ell)
    ell[rows] = np.column_stack([_turned(proof.ell[:, :-1], turn), proof.ell[:, -1]])
    ball = int(permutation[cell.ball]) if cell.ball >= 0 else -1
    return CellProof(Cell(pattern, ball, _turned(cell.cuts, turn)), proof.mu, nu, ell)


def _turned(vectors: Array, turn: Array) -> Array:
    """Each row turned; of a row and its opposite, wherever they are, to opposite rows to the last digit."""
    return np.asarray((vectors[:, None, :] * turn[None]).sum(axis=2))


def orbits(patterns: Patterns, generators: Motions, basis: Array, around: Array, check: Callable[[], None]) -> Orbits:
    """Put patterns into orbits; an image that is none of the patterns, by rounding, is left out."""
    row = {pattern.tobytes(): k for k, pattern in enumerate(patterns)}
    steps = list(_images(patterns, generators, row, check))
    count, size = patterns.shape
    of = np.full(count, -1, dtype=np.intp)
    permutation = np.tile(np.arange(size), (count, 1))
    turn = np.tile(np.eye(generators.turn.shape[1]), (count, 1, 1))
    over = np.zeros(count, dtype=bool)
    chosen: list[int] = []
    for first in range(count):
        if of[first] >= 0:
            continue
        check()
        of[first] = len(chosen)
        chosen.append(first)
        new = [first]
        while new:
            k = new.pop(0)
            for g, (image, turned) in enumerate(steps):
                if (to := int(image[k])) >= 0 and of[to] < 0:
                    of[to] = of[first]
                    permutation[to] = generators.permutation[g][permutation[k]]
                    turn[to] = generators.turn[g] @ turn[k]
                    over[to] = over[k] ^ turned[k]
                    new.append(to)
    by = Motions(permutation, turn, generators.centre)
    return Orbits(generators, patterns, np.array(chosen, dtype=np.intp), of, by, over, basis, around)


def _images(
    patterns: Patterns, generators: Motions, row: dict[bytes, int], check: Callable[[], None]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.bool_]]]:
    """For each generator the row of each pattern's image, −1 where there is none, and whether it is turned over."""
    for permutation in generators.permutation:
        check()
        images, over = moved_patterns(patterns, permutation)
        yield np.array([row.get(image.tobytes(), -1) for image in images], dtype=np.intp), over
