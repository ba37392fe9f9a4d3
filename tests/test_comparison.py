"""A trained network is measured against the bracket, over the whole balls, kink by kink, end by end."""

import math

import numpy as np
import pytest

import exactnorm
from exactnorm import ReLUNetwork, TrainingSet, closed_form, compare, min_norm_denoiser, plot, problems


@pytest.fixture(scope="module")
def exact():
    return min_norm_denoiser(problems.univariate().train)


@pytest.fixture(scope="module")
def triangle():
    return min_norm_denoiser(problems.orthogonal().train)


def shrunk(network, factor):
    """The same kinks with smaller outputs: cheaper, and it interpolates nothing."""
    return ReLUNetwork(factor * network.a, network.w, network.b, network.V, network.c)


def test_the_exact_denoiser_is_its_own_equal(triangle):
    found = compare(triangle, triangle)
    assert found.interpolates
    assert found.cost == pytest.approx(triangle.certificate.upper)
    assert np.allclose(found.kink_distance, 0)
    assert (found.cost_elsewhere, found.crossing, found.together) == (0.0, 0, 1.0)
    assert (found.ends.kind == found.exact_ends.kind).all()
    assert found.reading == "The trained network is a minimum-norm denoiser, as far as the bracket tells."


@pytest.mark.parametrize("factor", [0.5, 0.9])
def test_a_cost_below_the_bound_is_said_to_mean_only_that_the_network_does_not_interpolate(exact, factor):
    trained = shrunk(exact.network, factor)
    found = compare(trained, exact)
    assert found.cost == pytest.approx(factor * exact.certificate.upper)
    assert found.cost < exact.certificate.lower
    # The farthest point from 0 is missed most: by its own share.
    assert found.error == pytest.approx((1 - factor) * np.abs(exact.train.points - exact.network.c).max(), rel=1e-6)
    assert "That only means that it does not interpolate" in found.reading
    assert f"by up to {found.error:.2g}" in found.reading


def test_a_network_that_interpolates_at_a_higher_cost_is_told_the_excess(exact):
    net = exact.network
    wasteful = ReLUNetwork(  # two neurons that cancel on the other side of everything
        np.vstack([net.a, [[1.0], [-1.0]]]), np.vstack([net.w, [[1.0], [1.0]]]), np.append(net.b, [-50.0, -51.0]),
        net.V, net.c,
    )  # fmt: skip
    found = compare(wasteful, exact)
    assert found.interpolates
    assert found.cost == pytest.approx(exact.certificate.upper + 2)
    assert found.cost_elsewhere == pytest.approx(2 / found.cost)
    assert found.reading.startswith("The trained network interpolates, and costs 41.60% more than the lower bound")
    assert (found.cost / exact.certificate.lower - 1) == pytest.approx(0.4160, abs=1e-6)


def test_a_network_that_misses_and_costs_more_is_told_both(exact):
    found = compare(shrunk(exact.network, 1.2), exact)
    assert "although less is asked of it" in found.reading
    assert "20.00% more" in found.reading


def test_kinks_are_measured_by_the_distances_of_the_points_from_them(triangle):
    moved = ReLUNetwork(
        triangle.network.a, triangle.network.w, triangle.network.b + 0.03 * np.linalg.norm(triangle.network.w, axis=1),
        triangle.network.V, triangle.network.c,
    )  # fmt: skip
    found = compare(moved, triangle, near=0.05)
    assert np.allclose(found.kink_distance, 0.03)
    assert found.cost_elsewhere == 0
    assert compare(moved, triangle, near=0.02).cost_elsewhere == 1
    # Half of the kinks move into a ball that they touched.
    assert found.crossing == 2
    # The other sign of a neuron is the same kink.
    flipped = ReLUNetwork(moved.a, -moved.w, -moved.b, None, moved.c)
    assert np.allclose(compare(flipped, triangle).kink_distance, 0.03)


def test_endpoints_are_compared_start_by_start(triangle):
    identity = ReLUNetwork(np.zeros((1, 2)), np.ones((1, 2)), np.zeros(1), np.eye(2), np.zeros(2))
    starts = [[0.05, 0.02], [0.5, 0.9], [1.0, 2.0]]
    found = compare(identity, triangle, starts=starts)
    # The identity leaves every start where it is.
    assert found.ends.kind.tolist() == ["training point", "interior", "virtual training point"]
    assert found.together == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="starts"):
        compare(identity, triangle, starts=[[math.nan, 0.0]])


def test_a_network_without_neurons_is_compared(exact):
    constant = ReLUNetwork(np.zeros((1, 1)), np.ones((1, 1)), np.zeros(1), None, np.ones(1))
    found = compare(constant, exact)
    assert found.cost == 0
    assert np.isinf(found.kink_distance).all()
    assert "costs less than any network" in found.reading
    assert "0 of" in str(found)


def test_noisy_samples_are_what_a_denoiser_of_samples_is_held_to():
    points = np.array([[0.0], [1.0], [2.5]])
    train = TrainingSet.from_samples(points, points[:, None] + np.array([[-0.05], [0.05]]))
    denoiser = min_norm_denoiser(train)
    assert compare(denoiser, denoiser).interpolates
    ramps = closed_form.univariate(points, 0.2)
    assert compare(ramps, denoiser).error < 1e-12  # wider balls hold the samples
    softer = min_norm_denoiser(train, weight_decay=0.01)
    with pytest.raises(ValueError, match="weight decay"):
        compare(ramps, softer)


def test_the_table_holds_trained_and_exact_side_by_side_and_ends_in_the_reading(triangle):
    found = compare(shrunk(triangle.network, 0.8), triangle)
    text = str(found)
    assert f"{found.cost:.9g}" in text
    assert text.splitlines()[0].split() == ["trained", "exact"]
    assert text.endswith(found.reading)


def test_a_compared_network_is_drawn_with_its_training_set(triangle, exact):
    found = compare(shrunk(triangle.network, 0.8), triangle)
    assert plot.field(found).get_lines()
    assert plot.portrait(found).get_lines()
    drawn = {curve.get_label(): curve for curve in plot.line(compare(shrunk(exact.network, 0.9), exact)).get_lines()}
    y, h = drawn["denoiser h"].get_xydata().T
    assert np.allclose(h, shrunk(exact.network, 0.9)(y[:, None])[:, 0])


def test_what_is_no_denoiser_of_these_points_is_refused(triangle, exact):
    with pytest.raises(ValueError, match="the network maps 1 numbers to 1, and the points have 2"):
        compare(exact, triangle)
    with pytest.raises(TypeError, match="no denoiser"):
        compare("denoiser.npz", triangle)
    for near in (0.0, 0.6, math.nan):
        with pytest.raises(ValueError, match="near"):
            compare(triangle, triangle, near=near)
    assert exactnorm.comparison.Comparison is type(compare(exact, exact))


def test_a_network_alone_is_drawn_with_points_that_are_given(triangle, exact):
    trained = shrunk(triangle.network, 0.8)
    flow = exactnorm.score_flow(trained, [[0.5, 0.9], [0.2, 0.1]], math.inf)
    alone, beside = plot.portrait(trained, flow, train=triangle.train), plot.portrait(compare(trained, triangle), flow)
    assert len(alone.get_lines()) == len(beside.get_lines()) > 5
    for one, other in zip(alone.get_lines(), beside.get_lines(), strict=True):
        assert np.allclose(one.get_xdata(), other.get_xdata())
    assert plot.field(trained, train=triangle.train).get_lines()
    ramp = shrunk(exact.network, 0.9)
    drawn = {curve.get_label(): curve for curve in plot.line(ramp, train=exact.train).get_lines()}
    y, h = drawn["denoiser h"].get_xydata().T
    assert np.allclose(h, ramp(y[:, None])[:, 0])
    for draw in (plot.line, plot.field, plot.portrait):
        with pytest.raises(ValueError, match=r"give train=TrainingSet\(points, rho\)"):
            draw(trained)
        with pytest.raises(TypeError, match=r"read by exactnorm\.load"):
            draw("trained.npz")
