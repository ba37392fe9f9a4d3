"""`min_norm_network` against programs written out here, and against what must stay the same when the data change."""

import cvxpy as cp
import numpy as np
import pytest

from exactnorm import (
    FiniteProblem,
    ReLUNetwork,
    check_certificate,
    load,
    load_network,
    min_norm_denoiser,
    min_norm_network,
    save,
    save_network,
)
from exactnorm.certify.finite import finite_lower_bound
from exactnorm.finite_problem import coordinates


def plain_program(inputs, targets, w, b, *, skip, penalise_bias, constant=True, weight_decay=None):
    """Least objective over networks with the given kinks, written out without any of the package's reductions."""
    z = np.column_stack([w, b])
    norm = np.linalg.norm(z if penalise_bias else w, axis=1)
    features = np.maximum(inputs @ w.T + b, 0) / norm
    q = targets.shape[1]
    a, V, c = cp.Variable((len(z), q)), cp.Variable((inputs.shape[1], q)), cp.Variable((1, q))
    value = features @ a
    if constant:
        value = value + np.ones((len(inputs), 1)) @ c
    if skip:
        value = value + inputs @ V
    cost = cp.sum(cp.norm(a, axis=1))
    if weight_decay is None:
        problem = cp.Problem(cp.Minimize(cost), [value == targets])
    else:
        loss = cp.sum_squares(value - targets) / (2 * len(inputs))
        problem = cp.Problem(cp.Minimize(loss + weight_decay * cost))
    return float(problem.solve(solver="CLARABEL"))


def kinks_through_inputs(inputs, directions):
    """Every kink normal to a direction through an input."""
    w = np.repeat(directions, len(inputs), axis=0)
    return w, -(directions @ inputs.T).ravel()


def circle(count):
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.column_stack([np.cos(angles), np.sin(angles)])


def checked(found, tol=1e-6):
    """The bracket, recomputed from arrays."""
    lower, upper, error = check_certificate(found.certificate, found.problem, found.network)
    assert 0 <= lower <= upper * (1 + 1e-9)
    assert found.certificate.gap <= tol
    if found.problem.weight_decay is None:
        assert error <= 1e-9 * np.ptp(found.problem.targets)
    return lower, upper


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


@pytest.mark.parametrize(("targets", "cost"), [([3.0, 4.0], 5), ([3.0, -4.0], 7)])
def test_without_a_constant_two_orthogonal_inputs_share_a_neuron_or_do_not(targets, cost):
    # (1, 1) and (−1, 1) are orthogonal, of norm √2: one neuron serves both where the signs agree, else each its own.
    problem = {"skip": False, "penalise_bias": True, "constant": False}
    found = checked(min_norm_network([[1.0], [-1.0]], targets, **problem))
    assert found == pytest.approx((cost / np.sqrt(2),) * 2, rel=1e-6)


@pytest.mark.parametrize("weight_decay", [None, 0.02])
@pytest.mark.parametrize("q", [1, 2])
def test_without_a_constant_no_kinks_undercut_the_bracket_and_a_fine_grid_comes_near(q, weight_decay):
    rng = np.random.default_rng(5)
    inputs, targets = rng.standard_normal((5, 2)), 3 + rng.standard_normal((5, q))
    normal = rng.standard_normal((4000, 3))
    problem = {"skip": False, "penalise_bias": True, "constant": False, "weight_decay": weight_decay}
    grid = plain_program(inputs, targets, normal[:, :2], normal[:, 2], **problem)
    found = min_norm_network(inputs, targets, **problem)
    lower, upper = checked(found)
    assert not found.network.c.any()
    assert found.network.V is None
    assert lower <= grid * (1 + 1e-6)
    assert upper <= grid * (1 + 1e-6)
    assert grid <= 1.01 * upper


def test_a_constant_that_the_problem_does_not_have_is_refused():
    problem = {"skip": False, "penalise_bias": True}
    free = min_norm_network([[1.0], [-1.0], [2.0]], [3.0, 4.0, 4.5], **problem)
    assert free.network.c.any()
    without = FiniteProblem(free.problem.inputs, free.problem.targets, **problem, constant=False)
    with pytest.raises(ValueError, match="has a constant"):
        check_certificate(free.certificate, without, free.network)


def test_where_the_targets_are_odd_a_constant_is_of_no_use():
    # (f(y) − f(−y))/2 fits no worse than f and costs no more, and its constant is 0.
    rng = np.random.default_rng(0)
    inputs, targets = rng.standard_normal((4, 2)), rng.standard_normal((4, 1))
    inputs, targets = np.vstack([inputs, -inputs]), np.vstack([targets, -targets])
    costs = [
        checked(min_norm_network(inputs, targets, skip=False, penalise_bias=True, constant=constant, weight_decay=0.02))
        for constant in (True, False)
    ]
    assert costs[0] == pytest.approx(costs[1], rel=3e-6)


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
    # Only the first input has another target; the best kink runs through its two neighbours.
    inputs = [[1.66, -1.19], [0.88, -0.74], [1.03, 0.37], [0.94, -1.31], [0.34, -0.51]]
    checked(min_norm_network(inputs, [1.0, 0, 0, 0, 0], skip=False))


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


def test_ten_thousand_inputs_on_a_line():
    t = np.random.default_rng(0).uniform(size=10_000)
    found = min_norm_network(t[:, None], np.abs(t - 0.5))
    # |t − ½| between neighbours of ½ is cut short by a chord; beyond, its slopes are −1 and 1.
    assert checked(found) == pytest.approx((2, 2), rel=1e-9)
    assert found.network.neurons == 2


def test_ten_thousand_inputs_on_a_line_with_weight_decay():
    rng = np.random.default_rng(0)
    t = rng.uniform(size=(10_000, 1))
    found = min_norm_network(t, np.sin(9 * t) + 0.1 * rng.standard_normal(t.shape), weight_decay=1e-3)
    checked(found)
    assert 0 < found.network.neurons < 5000


def test_a_time_limit_leaves_a_valid_bracket():
    rng = np.random.default_rng(0)
    inputs, targets = rng.standard_normal((30, 3)), rng.standard_normal((30, 2))
    found = min_norm_network(inputs, targets, time_limit=0.01)
    lower, upper, _ = check_certificate(found.certificate, found.problem, found.network)
    assert 0 <= lower < upper < np.inf
    assert "time limit" in found.status
    assert "wider than tol" in found.status


def test_a_time_limit_on_a_line_leaves_a_valid_bracket():
    rng = np.random.default_rng(0)
    found = min_norm_network(
        rng.standard_normal((3000, 1)), rng.standard_normal(3000), weight_decay=1e-3, time_limit=1e-3
    )
    lower, upper, _ = check_certificate(found.certificate, found.problem, found.network)
    assert 0 <= lower < upper < np.inf
    assert "stopped before" in found.status


def test_inputs_that_only_rounding_tells_apart_are_one_kink():
    # Far from the origin neighbouring floats may have equal coordinates; their targets agree here.
    inputs = 1 / 3 * np.array([[0.0], [1.0], [np.nextafter(1.0, 2)], [2.0]]) @ np.array([[1.0, 0.7, 0.3]])
    found = min_norm_network(inputs, [0.0, 1.0, 1.0, 0.0])
    assert checked(found)[1] == pytest.approx(6 / np.sqrt(1.58), rel=1e-9)


@pytest.mark.parametrize("weight_decay", [None, 1e-3])
@pytest.mark.parametrize(("size", "rank"), [(300, 3), (20, 5), (2000, 2)])
def test_too_many_patterns_give_a_wide_bracket_that_says_so(size, rank, weight_decay):
    rng = np.random.default_rng(0)
    inputs, targets = rng.standard_normal((size, rank)), rng.standard_normal((size, 2))
    found = min_norm_network(inputs, targets, weight_decay=weight_decay, time_limit=2)
    lower, upper, _ = check_certificate(found.certificate, found.problem, found.network)
    assert 0 < lower < upper < np.inf
    assert "too many activation patterns" in found.status
    assert "wider than tol" in found.status


@pytest.mark.parametrize("weight_decay", [None, 1e-3])
def test_too_many_patterns_without_a_constant(weight_decay):
    rng = np.random.default_rng(0)
    inputs, targets = rng.standard_normal((30, 5)), 3 + rng.standard_normal((30, 2))
    problem = {"skip": False, "penalise_bias": True, "constant": False, "weight_decay": weight_decay}
    found = min_norm_network(inputs, targets, **problem, time_limit=2)
    lower, upper, _ = check_certificate(found.certificate, found.problem, found.network)
    assert 0 < lower < upper < np.inf
    assert not found.network.c.any()


def test_nine_dimensions_give_a_network_and_say_that_no_bound_is_shown():
    rng = np.random.default_rng(0)
    found = min_norm_network(rng.standard_normal((40, 9)), rng.standard_normal(40))
    assert found.certificate.lower == 0
    assert found.certificate.gap == 1
    assert "no lower bound" in found.status
    assert found.certificate.interpolation_error <= 1e-9
    check_certificate(found.certificate, found.problem, found.network)


def test_multipliers_of_a_part_of_the_data_bound_the_whole():
    rng = np.random.default_rng(1)
    inputs, targets = rng.standard_normal((9, 2)), rng.standard_normal((9, 2))
    rows = np.lexsort(inputs.T[::-1])[:6]  # the first six in lexicographic order
    part = min_norm_network(inputs[rows], targets[rows])
    whole = FiniteProblem(inputs, targets)
    # Two outputs of rank 2: coordinates of the targets' hulls differ by a rotation or reflection.
    axes = [coordinates(problem).target_frame.axes for problem in (part.problem, whole)]
    multipliers = np.zeros((9, 2))
    multipliers[:6] = part.certificate.multipliers @ axes[0] @ axes[1].T
    lower = finite_lower_bound(whole, multipliers)
    assert lower == pytest.approx(part.certificate.lower, rel=1e-9)
    assert lower < min_norm_network(inputs, targets).certificate.upper


def test_scs_and_clarabel_give_overlapping_brackets():
    rng = np.random.default_rng(8)
    inputs, targets = rng.standard_normal((6, 2)), rng.standard_normal((6, 1))
    first = checked(min_norm_network(inputs, targets))
    lower, upper = checked(min_norm_network(inputs, targets, solver="SCS"))
    assert lower <= first[1] * (1 + 1e-9)
    assert upper >= first[0] * (1 - 1e-9)


@pytest.mark.parametrize(
    ("inputs", "targets", "options", "message"),
    [
        ([[0.0], [1.0]], [0.0], {}, "as many targets"),
        ([0.0, 1.0], [0.0, 1.0], {}, "give inputs"),
        ([[0.0], [np.nan]], [0.0, 1.0], {}, "must be finite"),
        ([[0.0], [0.0]], [0.0, 1.0], {}, "all 2 inputs are equal"),
        ([[0.0], [1.0], [0.0]], [0.0, 1.0, 2.0], {}, "inputs 0 and 2 are equal"),
        ([[0.0], [1.0]], [0.0, 1.0], {"weight_decay": 0}, "positive"),
        ([[0.0], [1.0]], [0.0, 1.0], {"weight_decay": "much"}, "not a number"),
        ([[0.0], [1.0]], [0.0, 1.0], {"tol": 0}, "between 0 and 1"),
        ([[0.0], [1.0]], [0.0, 1.0], {"time_limit": -1}, "positive number of seconds"),
        ([[0.0], [1.0]], [0.0, 1.0], {"constant": False}, "needs skip=False and penalise_bias=True"),
        ([[0.0], [1.0]], [0.0, 1.0], {"constant": False, "skip": False}, "needs skip=False and penalise_bias=True"),
        ([[0.0, 0], [1.0, 0], [0, 1], [2, 3]], [0.0, 1.0, 1, 1], {"solver": "none"}, "no such solver"),
    ],
)
def test_bad_input_is_named(inputs, targets, options, message):
    with pytest.raises(ValueError, match=message):
        min_norm_network(inputs, targets, **options)


def test_negative_zero_is_zero():
    with pytest.raises(ValueError, match="are equal but"):
        FiniteProblem([[0.0], [-0.0], [1.0]], [0.0, 1.0, 2.0])


def test_networks_may_have_other_numbers_of_inputs_and_outputs():
    network = ReLUNetwork([[1.0], [2.0]], [[1.0, 0, 0], [0, 1, 0]], [0.0, 1.0], [[0.0, 0, 1]], [0.5])
    assert (network.dimension, network.outputs, network.neurons) == (3, 1, 2)
    assert network([1.0, 1.0, 4.0]) == pytest.approx([1 + 4 + 4 + 0.5])
    assert network.jacobian([1.0, 1.0, 4.0]) == pytest.approx(np.array([[1.0, 2.0, 1.0]]))
    assert network.merged()([1.0, 1.0, 4.0]) == pytest.approx([9.5])
    with pytest.raises(ValueError, match="shapes do not fit"):
        ReLUNetwork([[1.0], [2.0]], [[1.0, 0, 0], [0, 1, 0]], [0.0, 1.0], np.eye(3), [0.5])


@pytest.mark.parametrize("weight_decay", [None, 0.02])
@pytest.mark.parametrize(
    "setting", [{}, {"skip": False}, {"penalise_bias": True}, {"skip": False, "penalise_bias": True, "constant": False}]
)
def test_a_saved_network_comes_back_with_its_problem(tmp_path, setting, weight_decay):
    rng = np.random.default_rng(0)
    found = min_norm_network(rng.standard_normal((5, 2)), rng.standard_normal(5), **setting, weight_decay=weight_decay)
    save_network(tmp_path / "found.npz", found)
    back = load_network(tmp_path / "found.npz")
    for name in ("skip", "penalise_bias", "constant", "weight_decay"):
        assert getattr(back.problem, name) == getattr(found.problem, name)
    assert back.status == found.status
    assert back(back.problem.inputs).tolist() == found(found.problem.inputs).tolist()
    assert checked(back) == (found.certificate.lower, found.certificate.upper)


def test_files_of_the_other_kind_and_altered_files_are_refused(tmp_path):
    file = tmp_path / "found.npz"
    save_network(file, min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0]))
    with pytest.raises(ValueError, match="does not hold a denoiser"):
        load(file)
    with np.load(file) as data:
        arrays = dict(data)
    arrays["inputs"] = arrays["inputs"].astype(object)
    np.savez(file, **arrays)
    with pytest.raises(ValueError, match="does not hold a network"):
        load_network(file)
    with pytest.raises(ValueError, match=r"ends in \.npz"):
        save_network(tmp_path / "found.npy", min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0]))
    save(file, min_norm_denoiser([[0.0], [1.0]], 0.1))
    with pytest.raises(ValueError, match="does not hold a network"):
        load_network(file)
