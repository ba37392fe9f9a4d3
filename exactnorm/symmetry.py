"""The isometries that permute a set of points, by a search that compares distances.

Fix r points that span the space around the centre. An isometry is known once their images are, and images have the same
distances: so they are tried one after another, and what is found is checked on all points. The isometries that leave
the first i of these points where they are make a chain of groups; one search for each place that the next may go to,
and is not taken to by those known already, finds them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import qr
from scipy.spatial.distance import cdist

from exactnorm.arrays import Array
from exactnorm.geometry import affine_hull
from exactnorm.training_set import training_set

SAME = 1e-12
"""Change of a distance, in units of the size of the set, up to which a permutation keeps it."""
ROUNDINGS = 16.0
"""The same in last places of the coordinates, where these are large."""
PLACES = 100_000
"""Places that are tried before the search is given up: a second or so."""


@dataclass(frozen=True, eq=False)
class Isometries:
    """The group of isometries that permute some points.

    Parameters
    ----------
    permutations : ndarray of int, shape (G, N)
        Generators: each maps point n to point ``permutation[n]``. None if the identity is alone.
    order : int
        How many isometries there are; at least so many if the search was given up.
    error : float
        The largest change |D_{πi πj} − D_ij| of a distance by a generator, in the unit of the points.
    complete : bool
        Whether the search came to its end.
    """

    permutations: NDArray[np.intp]
    order: int
    error: float
    complete: bool


def isometries(
    points: ArrayLike, *, tolerance: float | None = None, watch: Callable[[], None] = lambda: None
) -> Isometries:
    """Find the isometries of space that map a set of points to itself.

    Parameters
    ----------
    points : array_like, shape (N, d)
        Distinct points, one a row.
    tolerance : float, optional
        Change of a distance up to which it counts as kept, in the unit of the points. 1e-12 of the farthest point's
        distance from the first if it is left out, or some last places of the coordinates if these are more.
    watch : callable
        Called again and again; what it raises ends the search.

    Raises
    ------
    ValueError
        If the points are not a training set, or `tolerance` is no distance, or not below a quarter of the smallest of
        two points: points that may be taken for each other have no permutations.
    """
    train = training_set(points)
    frame = affine_hull(train.points)
    rounding = ROUNDINGS * float(np.finfo(float).eps) * float(np.abs(train.points).max())
    allowed = max(SAME * frame.scale, rounding) if tolerance is None else float(tolerance)
    if not 0 <= allowed < train.separation / 4:
        if tolerance is None:  # rounding alone takes points for each other
            return Isometries(np.zeros((0, train.size), dtype=np.intp), 1, 0.0, False)
        msg = (
            f"tolerance={tolerance:g} is not between 0 and {train.separation / 4:g}, a quarter of the smallest "
            "distance of two points"
        )
        raise ValueError(msg)
    X = frame.coordinates(train.points)
    found, order, complete = _Search(X - X.mean(axis=0), allowed / frame.scale, watch).group()
    D = cdist(train.points, train.points) if len(found) else np.zeros((0, 0))
    error = max((change(D, one) for one in found), default=0.0)
    return Isometries(found, order, error, complete)


def change(D: Array, permutation: NDArray[np.intp]) -> float:
    """The largest change |D_{πi πj} − D_ij| of a distance by a permutation of the points."""
    return float(np.abs(D[np.ix_(permutation, permutation)] - D).max())


class _GivenUp(Exception):
    """Too many places were tried."""


class _Search:
    """Points around their centre, in units of the size of the set, and the base whose images are sought."""

    def __init__(self, X: Array, tolerance: float, watch: Callable[[], None]) -> None:
        self.X, self.tolerance, self.watch = X, tolerance, watch
        self.D = cdist(X, X)
        self.base = [int(n) for n in qr(X.T, mode="r", pivoting=True, check_finite=False)[1][: X.shape[1]]]
        self.shares = np.linalg.solve(X[self.base].T, X.T).T  # every point as a sum of those of the base
        # Distances from all points and from the centre, sorted, are the same at an image.
        signature = np.column_stack([np.linalg.norm(X, axis=1), np.sort(self.D, axis=1)])
        alike = [np.abs(signature - signature[n]).max(axis=1) <= 2 * tolerance for n in self.base]
        self.alike = np.array(alike)
        self.places = 0

    def group(self) -> tuple[NDArray[np.intp], int, bool]:
        """Generators, how many isometries there are, and whether these are all.

        Found from those that leave most of the base where it is to those that leave none of it.
        """
        found: list[NDArray[np.intp]] = []
        order, complete = 1, True
        try:
            for level in range(len(self.base) - 1, -1, -1):
                order *= self._orbit(level, found)
        except _GivenUp:
            complete = False
        return np.array(found, dtype=np.intp).reshape(len(found), len(self.X)), order, complete

    def _orbit(self, level: int, found: list[NDArray[np.intp]]) -> int:
        """To how many places isometries that leave the base below `level` take the next of it; new ones join them."""
        fixed, moved = self.base[:level], self.base[level]
        orbit, dead = {moved}, set[int]()
        for place in self._candidates(fixed):
            if place in orbit or place in dead:
                continue
            permutation = self._completed([*fixed, place])
            if permutation is None:
                dead |= reached({place}, found)  # an isometry to one of these would make one to this place
            else:
                found.append(permutation)
                orbit = reached(orbit, found)
        return len(orbit)

    def _candidates(self, images: Sequence[int]) -> Iterator[int]:
        """The points where the next of the base may go when those before it go to `images`; itself first."""
        level = len(images)
        self.places += 1
        if self.places > PLACES:
            raise _GivenUp
        self.watch()
        point = self.base[level]
        off = np.abs(self.D[:, list(images)] - self.D[point, self.base[:level]])
        some = np.flatnonzero(self.alike[level] & (off <= self.tolerance).all(axis=1))
        yield from sorted(some.tolist(), key=lambda place: place != point)

    def _completed(self, images: list[int]) -> NDArray[np.intp] | None:
        """A permutation that takes the first of the base to `images`, if there is one."""
        start, ways = len(images), list[Iterator[int]]()
        while True:
            if len(images) == len(self.base):
                if (permutation := self._permutation(images)) is not None:
                    return permutation
            else:
                ways.append(self._candidates(images))
            while ways:
                del images[start + len(ways) - 1 :]
                if (place := next(ways[-1], None)) is not None:
                    images.append(place)
                    break
                ways.pop()
            else:
                return None

    def _permutation(self, images: Sequence[int]) -> NDArray[np.intp] | None:
        """Where all points go when the base goes to `images`, if that permutes them and keeps all distances."""
        permutation = cdist(self.shares @ self.X[list(images)], self.X).argmin(axis=1).astype(np.intp)
        alone = len(np.unique(permutation)) == len(permutation)
        return permutation if alone and change(self.D, permutation) <= self.tolerance else None


def reached(points: set[int], permutations: Sequence[NDArray[np.intp]]) -> set[int]:
    """All points that permutations and their products take some points to."""
    out, new = set(points), list(points)
    while new:
        point = new.pop()
        for permutation in permutations:
            image = int(permutation[point])
            if image not in out:
                out.add(image)
                new.append(image)
    return out
