"""Least networks through or near finitely many points, against grids of kinks and known optima."""

import numpy as np
import pytest
from finite_programs import checked, circle, kinks_through_inputs, plain_program

from exactnorm import min_norm_network
from exactnorm.finite_problem import FiniteProblem, coordinates


@pytest.mark.parametrize("weight_decay", [None, 0.02])
@pytest.mark.parametrize(("skip", "q"), [(True, 1), (True, 2), (False, 2)])
def test_on_a_line_the_optimum_is_that_of_kinks_at_all_inputs(skip, q, weight_decay):
    rng = np.random.default_rng(1)
    inputs, targets = rng.uniform(size=(9, 1)), rng.standard_normal((9, q))
    if weight_decay is not None:
        inputs = np.vstack([inputs, inputs[:3]])  # repeated inputs with other targets
        targets = np.vstack([targets, rng.standard_normal((3, q))])
    w, b = kinks_through_inputs(inputs, np.array([[1.0], [-1.0]]))
    optimum = plain_program(inputs, targets, w, b, skip=skip, penalise_bias=False, weight_decay=weight_decay)
    lower, upper = checked(min_norm_network(inputs, targets, skip=skip, weight_decay=weight_decay))
    assert lower <= optimum * (1 + 1e-6)
    assert upper >= optimum * (1 - 1e-6)


@pytest.mark.parametrize("weight_decay", [None, 0.02])
@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("penalise_bias", [True, False])
def test_in_the_plane_a_fine_grid_of_kinks_comes_near_the_optimum_and_never_below(skip, penalise_bias, weight_decay):
    rng = np.random.default_rng(5)
    inputs, targets = rng.standard_normal((5, 2)), rng.standard_normal((5, 1))
    w, b = kinks_through_inputs(inputs, circle(120))
    if penalise_bias:  # then kinks between inputs may be needed as well
        w, b = np.vstack([w, np.repeat(circle(60), 21, axis=0)]), np.append(b, np.tile(np.linspace(-3, 3, 21), 60))
    grid = plain_program(inputs, targets, w, b, skip=skip, penalise_bias=penalise_bias, weight_decay=weight_decay)
    found = min_norm_network(inputs, targets[:, 0], skip=skip, penalise_bias=penalise_bias, weight_decay=weight_decay)
    lower, upper = checked(found)
    assert lower <= grid * (1 + 1e-6)
    assert upper <= grid * (1 + 1e-6)
    assert grid <= 1.01 * upper


def test_with_inputs_in_three_dimensions_random_kinks_never_undercut_the_bracket():
    rng = np.random.default_rng(2)
    inputs, targets = rng.standard_normal((7, 3)), rng.standard_normal((7, 2))
    lower, upper = checked(min_norm_network(inputs, targets))
    directions = rng.standard_normal((250, 3))
    w, b = kinks_through_inputs(inputs, directions / np.linalg.norm(directions, axis=1)[:, None])
    rough = plain_program(inputs, targets, w, b, skip=True, penalise_bias=False)
    assert lower <= rough * (1 + 1e-6)
    assert upper <= rough * (1 + 1e-6)
    assert rough <= 1.05 * upper


def test_a_kink_through_two_inputs_is_found_once_and_its_twin_does_no_harm():
    # Only the first input has another target: the best network is one neuron whose kink leaves it alone on one side
    # and runs through two of the others, at both of which it is found.
    inputs = np.array([[1.66, -1.19], [0.88, -0.74], [1.03, 0.37], [0.94, -1.31], [0.34, -0.51]])
    found = min_norm_network(inputs, [1.0, 0, 0, 0, 0], skip=False)
    checked(found)
    network = found.network
    assert network.neurons == 1
    height = (inputs @ network.w[0] + network.b[0]) / np.linalg.norm(network.w[0])
    assert np.abs(height[[2, 3]]).max() < 1e-12
    assert height[0] > 0.1 > 0 > max(height[1], height[4])
    # The cost is one over the distance of the first input from the line through the third and the fourth.
    along = inputs[3] - inputs[2]
    off = inputs[0] - inputs[2]
    distance = abs(along[0] * off[1] - along[1] * off[0]) / np.linalg.norm(along)
    assert found.certificate.upper == pytest.approx(1 / distance, rel=1e-12)


def test_inputs_that_nearly_coincide_cost_much_and_are_bracketed_all_the_same():
    rng = np.random.default_rng(11)
    inputs = rng.standard_normal((6, 2))
    inputs = np.vstack([inputs, inputs[:2] + 1e-5 * rng.standard_normal((2, 2))])
    for skip in (True, False):
        _, upper = checked(min_norm_network(inputs, rng.standard_normal((8, 2)), skip=skip))
        assert upper > 1e4


def test_a_hat_costs_the_size_of_its_slope_jump():
    # Slopes 1 and −1: one kink, of cost 2.
    assert checked(min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0])) == pytest.approx((2, 2), rel=1e-12)


@pytest.mark.parametrize("skip", [True, False])
def test_what_the_free_part_can_do_costs_nothing(skip):
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((8, 3))
    targets = np.ones((8, 2)) + (inputs @ rng.standard_normal((3, 2)) if skip else 0)
    found = min_norm_network(inputs, targets, skip=skip)
    assert checked(found) == (0, 0)
    assert found.network.neurons == 0
    fitted = min_norm_network(inputs, targets, skip=skip, weight_decay=1e-6)
    assert checked(fitted) == (0, 0)


@pytest.mark.parametrize("inputs", [[0, 1, 2], [1, 2, 3], [0, 1, 2, 4], [-3, 5, 5.5, 6, 7.25]])
@pytest.mark.parametrize(("slope", "constant"), [(1.0, 0.0), (1.0, 1.0), (-3.0, 0.0)])
def test_a_straight_line_without_a_bypass_costs_its_slope(inputs, slope, constant):
    y = np.array(inputs, dtype=float)[:, None]
    found = min_norm_network(y, slope * y + constant, skip=False)
    assert checked(found) == pytest.approx((abs(slope), abs(slope)), rel=1e-6)
    assert found.network.neurons == 1


def test_small_weight_decay_approaches_the_least_cost_and_large_weight_decay_the_affine_fit():
    rng = np.random.default_rng(3)
    inputs, targets = rng.standard_normal((8, 2)), rng.standard_normal((8, 2))
    _, hard = checked(min_norm_network(inputs, targets))
    shares = []
    for decay in (1e-2, 1e-4, 1e-6):
        lower, upper = checked(min_norm_network(inputs, targets, weight_decay=decay))
        assert upper <= decay * hard * (1 + 1e-6)  # the interpolating network is one of those compared
        shares.append(lower / (decay * hard))
    assert shares == sorted(shares)
    assert shares[-1] > 1 - 1e-4
    affine = np.column_stack([inputs, np.ones(8)])
    off = targets - affine @ np.linalg.lstsq(affine, targets, rcond=None)[0]
    found = min_norm_network(inputs, targets, weight_decay=10.0)
    assert checked(found) == pytest.approx([(off**2).sum() / 16] * 2, rel=1e-12)
    assert found.network.representation_cost == 0


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("weight_decay", [None, 0.01])
def test_the_objective_follows_units_order_place_and_rotation(rank, weight_decay):
    rng = np.random.default_rng(4)
    inputs, targets = rng.standard_normal((7, rank)), rng.standard_normal((7, 2))
    lower, upper = checked(min_norm_network(inputs, targets, weight_decay=weight_decay))
    unit, turn = 1e3, np.linalg.qr(rng.standard_normal((4, rank)))[0].T
    order = rng.permutation(7)
    moved = (unit * inputs @ turn + 5.0)[order]
    # R has the unit of the targets over that of the inputs, λR that of the targets squared.
    decay = None if weight_decay is None else weight_decay * unit * 1e-2
    found = min_norm_network(moved, 1e-2 * targets[order] - 3, weight_decay=decay)
    factor = 1e-2 / unit if weight_decay is None else 1e-4
    again = checked(found)
    assert again[0] <= upper * factor * (1 + 1e-9)
    assert again[1] >= lower * factor * (1 - 1e-9)


@pytest.mark.parametrize("weight_decay", [None, 1e-3])
@pytest.mark.parametrize(("skip", "penalise_bias"), [(True, False), (False, True)])
def test_there_are_no_more_neurons_than_conditions(skip, penalise_bias, weight_decay):
    rng = np.random.default_rng(9)
    inputs, targets = rng.standard_normal((9, 2)), rng.standard_normal((9, 2))
    found = min_norm_network(inputs, targets, skip=skip, penalise_bias=penalise_bias, weight_decay=weight_decay)
    checked(found)
    # Two outputs at nine inputs, less what V and c take up.
    assert 0 < found.network.neurons <= 2 * (9 - 3 if skip else 9 - 1)


def test_collinear_and_lattice_inputs_are_no_special_case():
    grid = np.array([[i, j] for i in range(3) for j in range(3)], float)
    targets = np.random.default_rng(6).standard_normal((9, 2))
    lower, upper = checked(min_norm_network(grid, targets))
    near = grid + 1e-9 * np.random.default_rng(7).standard_normal(grid.shape)
    assert checked(min_norm_network(near, targets)) == pytest.approx((lower, upper), rel=3e-6)


def test_inputs_that_only_rounding_tells_apart_are_one_kink():
    # Neighbouring floats may have equal coordinates along the line; their targets agree here. Which of them have is for
    # the processor to say, and decides nothing.
    targets, equal = [0.0, 1.0, 1.0, 0.0], 0
    for third in np.arange(1, 13) / 10:
        inputs = 1 / 3 * np.array([[0.0], [1.0], [np.nextafter(1.0, 2)], [2.0]]) @ np.array([[1.0, 0.7, third]])
        assert (inputs[1] != inputs[2]).any()
        along = coordinates(FiniteProblem(inputs, targets)).features[:, 0]
        assert len(along) == 4
        equal += len(np.unique(along)) < 4
        found = min_norm_network(inputs, targets)
        assert found.network.neurons == 1
        assert checked(found)[1] == pytest.approx(6 / np.sqrt(1.49 + third**2), rel=1e-9)
    assert equal


def test_scs_and_clarabel_give_overlapping_brackets():
    rng = np.random.default_rng(8)
    inputs, targets = rng.standard_normal((6, 2)), rng.standard_normal((6, 1))
    first = checked(min_norm_network(inputs, targets))
    lower, upper = checked(min_norm_network(inputs, targets, solver="SCS"))
    assert lower <= first[1] * (1 + 1e-9)
    assert upper >= first[0] * (1 - 1e-9)
