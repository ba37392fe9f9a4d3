"""Naming endpoints: every kind on constructed points, limits of flows, basins, intervals."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from exactnorm.closed_form import equilateral_triangle, obtuse_simplex, orthogonal
from exactnorm.flow import basins, endpoints, score_flow, wilson

BOX = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])


def test_every_kind_is_told_on_an_orthogonal_set():
    where = np.array(
        [[0, 0, 0], [1, 0, 0], [1, 2, 0], [1, 0.7, 0], [0.3, 0.7, 0], [1.2, 0.7, 0], [0.3, 0.7, 0.1], [math.nan, 0, 0]]
    )
    found = endpoints(np.nan_to_num(where[:-1]), BOX)
    assert found.kind.tolist() == [
        "training point", "training point", "virtual training point", "boundary", "interior", "outside", "outside",
    ]  # fmt: skip
    assert found.members == ((0,), (1,), (1, 2), (), (), (), ())
    np.testing.assert_allclose(found.distance, [0, 0, 0, 0, 0.3, 0.2, 0.1], atol=1e-15)
    assert [len(f) for f in found.face] == [0, 0, 0, 1, 0, 0, 0]
    assert found.nearest.tolist()[:2] == [0, 1]
    assert found.memorised.tolist()[:4] == [True, True, False, False]
    assert found.ratio[3] == pytest.approx(0.7 / math.hypot(1, 0.7))


def test_memorised_is_what_is_more_than_three_times_nearer_to_one_point_than_to_the_next():
    found = endpoints([[0.24, 0, 0], [0.26, 0, 0], [0.4, 0, 0]], BOX)
    np.testing.assert_allclose(found.ratio, [24 / 76, 26 / 74, 4 / 6])
    assert found.memorised.tolist() == [True, False, False]


def test_a_sum_of_training_points_of_an_obtuse_simplex_is_virtual():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [-0.2, 1.0]])
    found = endpoints([[0.8, 1.0], [1.0, 0.0], [0.5, 0.5]], points)
    assert found.kind.tolist() == ["virtual training point", "training point", "other"]
    assert found.members == ((1, 2), (1,), ())


def test_score_flow_on_orthogonal_data_ends_on_vertices_and_the_shares_add_up():
    rng = np.random.default_rng(0)
    flow = score_flow(orthogonal(BOX, 0.1), rng.normal(0.5, 1, (200, 3)), math.inf)
    shares = endpoints(flow, BOX).shares()
    assert shares["training point"].count + shares["virtual training point"].count == 200
    assert shares["virtual training point"].count > 20
    assert sum(s.count for s in shares.values()) == 200


def test_wilson_intervals_are_scipys():
    for count, total in ((0, 10), (3, 10), (10, 10), (250, 500)):
        expected = binomtest(count, total).proportion_ci(method="wilson")
        share = wilson(count, total)
        assert (share.low, share.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_basins_of_an_equilateral_triangle_are_three_and_of_one_size():
    points = np.array([[math.cos(a), math.sin(a)] for a in (0.3, 0.3 + 2 * math.pi / 3, 0.3 + 4 * math.pi / 3)])
    x = np.linspace(-1.5, 1.5, 61) + 1e-3  # off the symmetry axes
    grid = np.stack(np.meshgrid(x, x), axis=-1)
    found = basins(equilateral_triangle(points, 0.15), grid)
    assert found.label.shape == (61, 61)
    assert len(found.limits) == 3
    for limit in found.limits:
        assert np.linalg.norm(points - limit, axis=1).min() < 1e-9
    counts = np.bincount(found.label.ravel())
    assert counts.max() < 1.6 * counts.min()


def test_the_stable_sum_of_an_obtuse_simplex_has_a_basin():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [-0.05, 1.0]])
    found = basins(
        obtuse_simplex(points, 0.2), np.stack(np.meshgrid(*[np.linspace(-0.5, 1.5, 21) + 1e-3] * 2), axis=-1)
    )
    kinds = endpoints(found.limits, points, tol=1e-6).kind
    assert "training point" in kinds
    assert len(found.limits) == 4


@pytest.mark.parametrize(
    ("where", "tol", "message"),
    [([[0.0, 0.0]], None, "coordinates"), ([[0.0] * 3], 1.0, "tol"), ([[0.0] * 3], 0.0, "tol")],
)
def test_wrong_input_is_refused(where, tol, message):
    with pytest.raises(ValueError, match=message):
        endpoints(where, BOX, tol)


def test_a_grid_without_points_is_refused():
    with pytest.raises(ValueError, match="no point"):
        basins(orthogonal(BOX, 0.1), np.empty((0, 4, 3)))
