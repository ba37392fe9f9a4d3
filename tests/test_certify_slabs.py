"""Slabs between balls are as wide as is said, tell balls apart, and cost no more than is said."""

from fractions import Fraction

import numpy as np
import pytest

from exactnorm import (
    TrainingSet,
)
from exactnorm.certify.balls import slabs as slabs_module
from exactnorm.certify.balls.slabs import basis_of_slabs, seen, slabs_around_each, telling_directions


def touch_both_sides(heights, away, rel=1e-12):
    """The nearest points on either side of every middle plane are so far from it."""
    above = heights > 0
    np.testing.assert_allclose(np.where(above, heights, np.inf).min(axis=0), away, rtol=rel)
    np.testing.assert_allclose(np.where(above, -np.inf, heights).max(axis=0), -away, rtol=rel)


@pytest.mark.parametrize("room", [1, 100, 2**20])
def test_slabs_miss_all_balls_and_their_patterns_tell_them_apart(room, monkeypatch):
    monkeypatch.setattr(slabs_module, "ROOM", room)
    points, rho = np.random.default_rng(7).standard_normal((9, 3)), 0.1
    slabs = basis_of_slabs(points, rho, np.zeros((0, 3)))
    heights = points @ slabs.w.T - slabs.middle
    touch_both_sides(heights, rho + slabs.half)
    assert ((heights.T > 0) ^ (heights.T[:, :1] > 0) == slabs.on).all()
    assert np.linalg.matrix_rank(slabs.on[:, 1:].astype(float)) == 8


@pytest.mark.parametrize("own", [[[0.3, 0.1]], np.zeros((0, 2)), [[0.0, 0.0]]])
def test_between_two_balls_the_slab_is_as_wide_as_their_gap(own):
    points = np.array([[1.0, 2.0], [4.0, -2.0]])
    slabs = basis_of_slabs(points, 0.7, np.array(own))
    assert slabs.on.tolist() == [[False, True]]
    assert slabs.half == pytest.approx([2.5 - 0.7], rel=1e-14)
    assert np.abs(slabs.w) == pytest.approx(np.array([[0.6, 0.8]]), rel=1e-14)
    assert slabs.middle == pytest.approx(slabs.w @ [2.5, 0.0], rel=1e-14)
    assert basis_of_slabs(points, 2.5, np.array(own)) is None


def exact(rows):
    return np.vectorize(Fraction, otypes=[object])(rows)


@pytest.mark.parametrize("seed", range(3))
def test_no_slab_is_wider_than_it_is_in_rational_arithmetic(seed, monkeypatch):
    """Where widths are differences of heights, of balls a thousand units apart and of radius one of their gaps."""
    points = 1e3 * np.random.default_rng(seed).standard_normal((16, 40))
    found = slabs_around_each(points, 1.0, 1e-9)
    height = exact(found.w) @ exact(points.T)
    width = np.array([one[on].min() - one[~on].max() for one, on in zip(height, found.on, strict=True)])
    square = (exact(found.w) ** 2).sum(axis=1)
    half = exact(found.half) + 1
    assert (4 * half**2 * square <= width**2).all()
    assert (half * 2 * (1 + Fraction(1, 10**12)) >= width.astype(float)).all()
    # The same of any directions, between neighbours, by whichever way.
    w = np.random.default_rng(seed).standard_normal((20, 40))
    w /= np.linalg.norm(w, axis=1)[:, None]
    order = np.argsort(w @ points.T, axis=1)
    width = np.diff(np.sort((exact(w) @ exact(points.T)).astype(float), axis=1), axis=1) / 2 - 1
    plain = slabs_module._half_widths(points, 1.0, w, order)
    np.testing.assert_allclose(plain, width, rtol=0, atol=1e-12)
    monkeypatch.setattr(slabs_module, "LARGEST", 0)
    by_heights = slabs_module._half_widths(points, 1.0, w, order)
    assert (by_heights <= width).all()
    np.testing.assert_allclose(by_heights, width, rtol=0, atol=1e-9)


@pytest.mark.parametrize("share", [0.2, 0.9])
@pytest.mark.parametrize("rank", [2, 3, 6])
def test_a_slope_across_a_slab_costs_no_more_than_is_said(rank, share):
    """By kinks through the middle, one tilted by as much as misses all balls and one not, for each direction across."""
    points = np.random.default_rng(rank).standard_normal((8, rank))
    rho = share * TrainingSet(points, 0.0).separation / 2
    slabs = basis_of_slabs(points, rho, np.zeros((0, rank)))
    p, far, across = seen(slabs, points, rho)
    for k, n in enumerate(slabs.w):
        tilt = slabs.half[k] / (2 * far[k])
        directions = np.linalg.svd(n[None])[2][1:]
        for v in (*directions, *-directions):
            height = (points - p[k]) @ (np.cos(tilt) * n + np.sin(tilt) * v)
            assert (np.abs(height) >= rho).all()
            assert ((height > 0) == ((points - p[k]) @ n > 0)).all()
        # Of all slopes of size 1 those the same in every direction cost most.
        cost = np.sqrt(rank - 1) * (1 + np.cos(tilt)) / np.sin(tilt)
        assert cost <= across[k]
        assert across[k] * np.sqrt((rank - 1) / rank) <= 1.08 * cost  # 4.2 for 4, and less at large tilts
    line = seen(basis_of_slabs(points[:, :1], 0.0, np.zeros((0, 1))), points[:, :1], 0.0)
    assert (line[2] == 0).all()


@pytest.mark.parametrize("offset", [0.0, 1e5])
def test_slabs_around_each_ball_miss_all_and_have_one_ball_beyond(offset):
    points, rho = np.random.default_rng(3).standard_normal((40, 120)) + offset, 0.2
    slabs = slabs_around_each(points, rho, 0.1)
    middle = points.mean(axis=0)  # digits of an offset are lost in a product with it
    heights = (points - middle) @ slabs.w.T - (slabs.middle - slabs.w @ middle)
    touch_both_sides(heights, rho + slabs.half, 1e-9)
    narrowest = slabs.half.min()
    assert slabs_around_each(points, rho, narrowest * (1 - 1e-9)) is not None
    assert slabs_around_each(points, rho, narrowest * (1 + 1e-9)) is None
    assert (heights.T > 0).sum(axis=1).tolist() == [1] * 39
    assert ((heights.T > 0) == slabs.on).all()
    assert slabs_around_each(np.vstack([points, points.mean(axis=0)]), rho, 1e-9) is None  # a ball in the middle


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_how_far_balls_reach_from_a_slab_is_not_less_than_it_is(offset):
    points, rho = np.random.default_rng(4).standard_normal((7, 3)) + offset, 0.01
    slabs = basis_of_slabs(points, rho, np.zeros((0, 3)))
    p, far, _ = seen(slabs, points, rho)
    exact = np.linalg.norm(points[None] - p[:, None], axis=2).max(axis=1) + rho
    assert (far >= exact * (1 - 1e-15)).all()
    np.testing.assert_allclose(far, exact, rtol=1e-9)


@pytest.mark.parametrize("seed", range(2))
def test_balls_reach_no_farther_from_a_slab_in_rational_arithmetic(seed):
    points = np.random.default_rng(seed).standard_normal((26, 24))
    slabs = basis_of_slabs(points, 0.125, np.zeros((0, 24)))
    p, far, _ = seen(slabs, points, 0.125)
    square = ((exact(points)[None] - exact(p)[:, None]) ** 2).sum(axis=2).max(axis=1)
    assert ((exact(far) - Fraction(1, 8)) ** 2 >= square).all()


def test_of_slabs_that_tell_balls_apart_the_widest_are_taken():
    """Of three, by how far a corner is from the hull of the other two, the two widest."""
    slabs = basis_of_slabs(np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 1.0]]), 0.1, np.zeros((0, 2)))
    assert sorted(map(tuple, slabs.on.tolist())) == [(False, False, True), (False, True, False)]
    assert sorted(slabs.half) == pytest.approx([0.4, 4.9], rel=1e-12)


@pytest.mark.parametrize("narrow", [1.0, 1e-3, 1e-17, 1e-30])
def test_patterns_are_independent_however_narrow_the_slabs_are_that_make_them_so(narrow):
    on = np.array([[1.0, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]])
    width = np.array([1.0, 0.9, 0.6 if narrow > 1e-9 else 0.8, narrow])

    def looked_for(rows):
        found, others = [], np.eye(3)
        for apart in slabs_module.APART:
            chosen, others = slabs_module._independent(rows, width[: len(rows)], others, apart)
            found += chosen.tolist()
        return found, others

    chosen, others = looked_for(on)
    assert np.linalg.matrix_rank(on[chosen]) == len(chosen) == 3
    assert others.size == 0
    few, others = looked_for(on[:3])
    assert len(few) == 2
    assert np.abs(on[:3] @ others).max() < 1e-15
    # Where widths hide nothing the widest are taken, two of the three.
    assert narrow < 1e-9 or sorted(chosen) == [0, 1, 3]


@pytest.mark.parametrize("room", [400, 2**20])
def test_directions_that_tell_balls_apart_are_found_among_any_others(room, monkeypatch):
    monkeypatch.setattr(slabs_module, "ROOM", room)
    points, rho = np.random.default_rng(5).standard_normal((6, 3)), 0.2
    w = np.random.default_rng(6).standard_normal((3000, 3))
    w /= np.linalg.norm(w, axis=1)[:, None]
    kept = telling_directions(points, rho, w)

    def widest(directions):
        """The widest slab of every pattern, by sorting the heights along one direction after another."""
        best = {}
        for one in directions:
            height = points @ one
            order = np.argsort(height)
            for k in range(5):
                on = np.isin(np.arange(6), order[k + 1 :])
                key = tuple(on ^ on[0])
                best[key] = max(best.get(key, 0.0), (height[order[k + 1]] - height[order[k]]) / 2 - rho)
        return {key: width for key, width in best.items() if width > 1e-12}

    assert 5 < len(kept) < 60
    assert widest(kept) == pytest.approx(widest(w), rel=1e-9)


def test_a_basis_of_slabs_has_every_pattern_on_its_side_of_the_slab():
    points, rho = np.random.default_rng(0).standard_normal((150, 2)), 1e-3
    slabs = basis_of_slabs(points, rho, np.zeros((0, 2)))
    assert np.linalg.matrix_rank(slabs.on[:, 1:].astype(float)) == len(slabs.half) == 149
    height = points @ slabs.w.T - slabs.middle
    assert (np.abs(height) >= slabs.half + rho - 1e-12).all()
    beyond = height.T > 0
    np.testing.assert_array_equal(beyond ^ beyond[:, :1], slabs.on)


def test_patterns_that_are_a_basis_but_for_rounding_are_cut_down_with_all_that_belongs_to_them(monkeypatch):
    monkeypatch.setattr(slabs_module, "_invertible", lambda _: False)
    slabs = basis_of_slabs(np.random.default_rng(7).standard_normal((9, 3)), 0.1, np.zeros((0, 3)))
    assert len(slabs.on) == len(slabs.w) == len(slabs.middle) == len(slabs.half) == 7
