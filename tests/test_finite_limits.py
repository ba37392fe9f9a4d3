"""Many inputs, too many patterns, little time: brackets that stay valid."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest
from finite_programs import checked

from exactnorm import FiniteProblem, ReLUNetwork, check_certificate, min_norm_network
from exactnorm.certify.finite.bounds import finite_lower_bound
from exactnorm.exact.finite import part, solve
from exactnorm.exact.finite.part import least_objective
from exactnorm.finite_problem import coordinates


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


def test_a_time_limit_holds_where_one_look_at_all_faces_takes_longer():
    rng = np.random.default_rng(0)
    start = time.process_time()  # not the wall's: others may be at work on the machine
    found = min_norm_network(rng.standard_normal((60, 3)), rng.standard_normal((60, 2)), time_limit=1)
    assert time.process_time() - start < 1.1 * 1 + 1
    assert 0 < found.certificate.lower < found.certificate.upper < np.inf


@pytest.mark.parametrize("weight_decay", [None, 1e-2])
def test_a_time_limit_holds_where_there_are_hundreds_of_directions_to_look_along(weight_decay):
    # Each takes a hundredth of a second; and what puts the problem into small numbers was done seven times.
    rng = np.random.default_rng(0)
    inputs, targets = rng.standard_normal((700, 450)), rng.standard_normal((700, 2))
    start = time.process_time()
    found = min_norm_network(inputs, targets, weight_decay=weight_decay, time_limit=1.5)
    assert time.process_time() - start < 1.1 * 1.5 + 1
    assert found.certificate.upper < np.inf


ONE_THREAD = """
import numpy as np
from threadpoolctl import threadpool_info
from exactnorm import min_norm_network

inputs, threads = np.random.default_rng(0).standard_normal((60, 40)), []
for name in ("svd", "lstsq"):
    def heard(A, *arguments, original=getattr(np.linalg, name), **named):
        if np.asarray(A).size > 1000:
            threads.extend(one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas")
        return original(A, *arguments, **named)

    setattr(np.linalg, name, heard)
min_norm_network(inputs, inputs[:, :2] ** 2, time_limit=1.0)
print(len(threads) > 3, set(threads))
"""


def test_large_matrices_are_decomposed_by_one_thread():
    """Threads inside BLAS that wait for a processor took eight seconds for what takes one of them two."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", ONE_THREAD], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split(maxsplit=1) == ["True", "{1}\n"]


def interrupted(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("weight_decay", [None, 1e-2])
@pytest.mark.parametrize("where", ["affine_to_last_digits", "too_large", "subset_bracket", "_begun"])
def test_ctrl_c_before_there_is_a_network_leaves_one_that_needs_no_optimisation(monkeypatch, where, weight_decay):
    rng = np.random.default_rng(0)
    inputs, targets = rng.standard_normal((40, 6)), rng.standard_normal((40, 2))
    monkeypatch.setattr(solve, where, interrupted)
    found = min_norm_network(inputs, targets, weight_decay=weight_decay)
    lower, upper, _ = check_certificate(found.certificate, found.problem, found.network)
    assert 0 <= lower < upper < np.inf
    assert found.status.startswith("interrupted")


@pytest.mark.parametrize("weight_decay", [None, 1e-2])
@pytest.mark.parametrize("calls", [0, 1, 5])
def test_ctrl_c_while_networks_along_lines_are_compared_leaves_the_best_so_far(monkeypatch, calls, weight_decay):
    rng = np.random.default_rng(0)
    inputs, targets = rng.standard_normal((40, 6)), rng.standard_normal((40, 2))
    costs, ramps = [], part._ramps

    def watched(*given):
        if len(costs) == calls:
            costs.append(np.inf)
            raise KeyboardInterrupt
        network = ramps(*given)
        costs.append(network.representation_cost)
        return network

    monkeypatch.setattr(part, "_ramps", watched)
    found = min_norm_network(inputs, targets, weight_decay=weight_decay)
    assert found.status.startswith("interrupted")
    if weight_decay is None:
        assert found.certificate.upper <= min(costs) * (1 + 1e-9)
    assert found.certificate.upper < np.inf


def test_a_time_limit_on_a_line_leaves_a_valid_bracket():
    rng = np.random.default_rng(0)
    found = min_norm_network(
        rng.standard_normal((3000, 1)), rng.standard_normal(3000), weight_decay=1e-3, time_limit=1e-3
    )
    lower, upper, _ = check_certificate(found.certificate, found.problem, found.network)
    assert 0 <= lower < upper < np.inf
    assert "stopped before" in found.status


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


def test_nine_dimensions_give_a_network_and_say_that_no_bound_is_shown():
    rng = np.random.default_rng(0)
    found = min_norm_network(rng.standard_normal((40, 9)), rng.standard_normal(40))
    assert found.certificate.lower == 0
    assert found.certificate.gap == 1
    assert "no lower bound" in found.status
    assert found.certificate.interpolation_error <= 1e-9
    check_certificate(found.certificate, found.problem, found.network)


@pytest.mark.parametrize("decay", [1e-6, 1e-3, 1.0])
def test_of_networks_in_the_order_of_their_costs_the_one_with_the_least_objective_is_taken(decay):
    rng = np.random.default_rng(5)
    inputs = rng.standard_normal((40, 3))
    problem = FiniteProblem(inputs, np.maximum(inputs[:, 0], 0), weight_decay=decay)
    # The very ramp, too large or too small by some factor, beside others.
    networks = [ReLUNetwork([[k]], [[1.0, 0, 0]], [0.0], None, [0.0]) for k in (0.5, 0.9, 1.0, 1.1, 3.0)]
    networks += [
        ReLUNetwork(k * rng.standard_normal((5, 1)), rng.standard_normal((5, 3)), rng.standard_normal(5), None, [0.0])
        for k in rng.uniform(0, 1, 20)
    ]
    networks.sort(key=lambda one: one.representation_cost)
    values = [np.mean((one(inputs) - problem.targets) ** 2) / 2 + decay * one.representation_cost for one in networks]
    assert least_objective(problem, networks, decay) is networks[int(np.argmin(values))]


def test_multipliers_of_a_part_of_the_data_bound_the_whole():
    rng = np.random.default_rng(1)
    inputs, targets = rng.standard_normal((9, 2)), rng.standard_normal((9, 2))
    rows = np.lexsort(inputs.T[::-1])[:6]  # the first six in lexicographic order
    part = min_norm_network(inputs[rows], targets[rows])
    whole = FiniteProblem(inputs, targets)
    # Two outputs of rank 2: coordinates of the targets' hulls differ by a rotation or reflection.
    axes = [coordinates(problem).target_frame.axes for problem in (part.problem, whole)]
    multipliers = np.zeros((9, 2))
    multipliers[:6] = part.certificate.evidence.values @ axes[0] @ axes[1].T
    lower = finite_lower_bound(whole, multipliers)
    assert lower == pytest.approx(part.certificate.lower, rel=1e-9)
    assert lower < min_norm_network(inputs, targets).certificate.upper
