"""Finite problems without a constant."""

import numpy as np
import pytest
from finite_programs import checked, plain_program

from exactnorm import FiniteProblem, check_certificate, min_norm_network


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


@pytest.mark.parametrize("weight_decay", [None, 1e-3])
def test_too_many_patterns_without_a_constant(weight_decay):
    rng = np.random.default_rng(0)
    inputs, targets = rng.standard_normal((30, 5)), 3 + rng.standard_normal((30, 2))
    problem = {"skip": False, "penalise_bias": True, "constant": False, "weight_decay": weight_decay}
    found = min_norm_network(inputs, targets, **problem, time_limit=2)
    lower, upper, _ = check_certificate(found.certificate, found.problem, found.network)
    assert 0 < lower < upper < np.inf
    assert not found.network.c.any()
