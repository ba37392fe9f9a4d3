"""Isometries that permute points: their number is known from geometry, and each of them is checked on all distances."""

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist
from scipy.stats import ortho_group
from symmetric_sets import ORDERS, lattice, polygon

from exactnorm.symmetry import isometries


def distances_kept(points, permutation):
    D = cdist(points, points)
    return float(np.abs(D[np.ix_(permutation, permutation)] - D).max())


@pytest.mark.parametrize("name", ORDERS)
def test_the_order_is_that_of_geometry(name):
    points, order = ORDERS[name]
    found = isometries(points)
    assert found.complete
    assert found.order == order
    assert found.error == max(distances_kept(points, one) for one in found.permutations)
    assert found.error < 1e-14 * len(points)


def by_brute_force(points):
    D = cdist(points, points)
    tried = (np.array(one) for one in itertools.permutations(range(len(points))))
    return {tuple(one.tolist()) for one in tried if np.abs(D[np.ix_(one, one)] - D).max() < 1e-9}


def generated(permutations, count):
    group, new = {tuple(range(count))}, [tuple(range(count))]
    while new:
        one = new.pop()
        for by in permutations:
            image = tuple(by[list(one)].tolist())
            if image not in group:
                group.add(image)
                new.append(image)
    return group


@pytest.mark.parametrize("seed", range(12))
def test_the_generators_make_the_group_that_brute_force_finds(seed):
    rng = np.random.default_rng(seed)
    every = lattice(3, 3) if seed % 2 else lattice(2, 2, 2)
    points = every[rng.permutation(len(every))[:7]]
    found = isometries(points)
    group = generated(found.permutations, len(points))
    assert group == by_brute_force(points)
    assert len(group) == found.order


@pytest.mark.parametrize("seed", range(5))
def test_turned_moved_scaled_and_mixed_points_have_the_same_group(seed):
    rng = np.random.default_rng(seed)
    for points, order in list(ORDERS.values())[::3]:
        d = points.shape[1] + 2
        inside = np.column_stack([points, np.zeros((len(points), 2))])
        moved = 10 ** rng.uniform(-5, 5) * (inside @ ortho_group.rvs(d, random_state=rng) + rng.uniform(-3, 3, d))
        assert isometries(moved[rng.permutation(len(points))]).order == order


def test_generic_points_have_none():
    rng = np.random.default_rng(0)
    for size, d in [(3, 2), (8, 7), (30, 2), (200, 5)]:
        found = isometries(rng.standard_normal((size, d)))
        assert (found.order, len(found.permutations), found.error) == (1, 0, 0.0)


@pytest.mark.parametrize("size", [1e-7, 1e-9, 1e-11])
def test_points_that_are_symmetric_only_nearly_are_not(size):
    rng = np.random.default_rng(1)
    points = lattice(2, 2, 2)
    assert isometries(points + size * rng.standard_normal(points.shape)).order == 1
    assert isometries(points + size * rng.standard_normal(points.shape), tolerance=20 * size).order == 48
    # Part of the symmetry may be left.
    some = points.copy()
    some[0] -= size
    assert isometries(some).order == 6


def test_a_tolerance_is_a_distance_that_takes_no_two_points_for_each_other():
    for tolerance in (-1e-9, np.nan, 0.25, np.inf):
        with pytest.raises(ValueError, match="quarter of the smallest"):
            isometries(polygon(6), tolerance=tolerance)
    assert isometries(polygon(6), tolerance=0.2).order == 12
    # So near each other, so far out: rounding alone takes them for each other.
    found = isometries(np.array([[1e15, 0.0], [1e15 + 1, 0.0], [1e15, 2.0]]))
    assert (found.order, found.complete) == (1, False)


def test_whoever_watches_can_end_the_search():
    def stop():
        raise TimeoutError

    with pytest.raises(TimeoutError):
        isometries(lattice(3, 3), watch=stop)


def test_a_search_that_is_given_up_says_so_and_has_a_part_of_the_group(monkeypatch):
    monkeypatch.setattr("exactnorm.symmetry.PLACES", 12)
    points = lattice(2, 2, 2, 2)
    found = isometries(points)
    assert not found.complete
    assert 1 <= found.order < 384
    assert all(distances_kept(points, one) < 1e-12 for one in found.permutations)
    assert pdist(points).min() == 1
