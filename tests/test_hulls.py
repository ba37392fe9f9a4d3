"""Distances between many pairs of hulls at once, and the patterns that are enumerated with them."""

import itertools

import cvxpy as cp
import numpy as np
import pytest

from exactnorm import patterns, problems
from exactnorm.hulls import hull_gaps
from exactnorm.patterns import TooManyPatternsError, activation_patterns, kink_patterns, telling


def cut_set(seed):
    """Points of order 1, every other time in special position, and ways to cut them in two."""
    rng = np.random.default_rng(seed)
    n, r = rng.integers(3, 10), rng.integers(1, 7)
    X = rng.integers(-2, 3, (n, r)) / 2 if seed % 2 else rng.standard_normal((n, r))
    on = rng.random((4, n)) < 0.4
    on[:2] = X @ rng.standard_normal(r) > 0
    on[:, 0], on[:, -1] = True, False
    return X, on


def distance(ones, zeros):
    """Of the hulls, by an interior point method."""
    x, y = cp.Variable(len(ones), nonneg=True), cp.Variable(len(zeros), nonneg=True)
    program = cp.Problem(cp.Minimize(cp.norm(ones.T @ x - zeros.T @ y)), [cp.sum(x) == 1, cp.sum(y) == 1])
    return program.solve(solver="CLARABEL")


@pytest.mark.parametrize("seed", range(8))
def test_the_distance_of_hulls_is_that_of_a_cone_program(seed):
    X, on = cut_set(seed)
    found = hull_gaps(X, on)
    for k, pattern in enumerate(on):
        expected = distance(X[pattern], X[~pattern])
        assert found.high[k] == pytest.approx(expected, abs=1e-6)
        assert max(found.low[k], 0) == pytest.approx(expected, abs=1e-6)
        # The lower bound holds by itself: the direction does separate the sets by as much.
        heights = X @ found.w[k]
        if np.isfinite(found.low[k]):
            assert heights[pattern].min() - heights[~pattern].max() == pytest.approx(found.low[k], abs=1e-12)


def test_what_is_decided_early_is_decided_rightly():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((12, 4))
    on = np.unique(rng.random((200, 12)) < 0.5, axis=0)
    on = on[on.any(axis=1) & ~on.all(axis=1)]
    exact, early = hull_gaps(X, on), hull_gaps(X, on, wide=0.2, narrow=0.2)
    assert ((early.low >= 0.2) == (exact.low >= 0.2)).all()
    assert ((early.high <= 0.2) == (exact.high <= 0.2)).all()
    assert 0 < (exact.low >= 0.2).sum() < len(on)


def test_living_patterns_of_digits_are_those_of_all_subsets_tried_one_by_one():
    train = problems.digits(7).train
    rho = 0.35 * train.separation
    whole = activation_patterns(train.points, rho)
    living = []
    for bits in itertools.product([False, True], repeat=6):
        on = np.array([False, *bits])
        if not on.any() or distance(train.points[on] / 100, train.points[~on] / 100) > 2 * rho / 100:
            living += [on.tolist(), (~on).tolist()]
    assert 4 < len(living) < 128
    kinks = [on for on in living if any(on) and not on[0]]
    np.testing.assert_array_equal(kink_patterns(train.points, rho), sorted(kinks))
    np.testing.assert_array_equal(whole, np.array(sorted(living)))


@pytest.mark.parametrize(("size", "share", "living"), [(10, 0.4, 36), (12, 0.4, 239), (20, 0.45, 76)])
def test_living_patterns_are_few_where_subsets_are_far_too_many(size, share, living):
    # Counted once by another program, which was none of this package.
    train = problems.digits(size).train
    assert len(activation_patterns(train.points, share * train.separation)) == 2 * (living + 1)


def test_more_patterns_than_admitted_are_found_out_in_a_moment_and_said_in_words():
    points = np.random.default_rng(3).standard_normal((60, 4))
    said = r"more than \d+ activation patterns at rho=0.001.* a larger rho"
    with pytest.raises(TooManyPatternsError, match=said) as caught:
        activation_patterns(points, 0.001)
    assert "max_patterns" not in str(caught.value)


def test_a_small_number_of_admitted_patterns_asks_for_few_directions(monkeypatch):
    asked = []
    monkeypatch.setattr(patterns, "telling", lambda X, rng, count: asked.append(count) or telling(X, rng, count))
    with pytest.raises(TooManyPatternsError, match="more than 2"):
        kink_patterns([[0], [1], [2]], 0.1, max_patterns=1)
    assert 0 < sum(asked) < 10


def test_the_enumeration_tells_how_far_it_is_and_stops_when_told():
    counts = []

    def watch(found):
        counts.append(found)
        if found > 100:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        activation_patterns(np.random.default_rng(0).standard_normal((60, 2)), watch=watch)
    assert counts == sorted(counts)
