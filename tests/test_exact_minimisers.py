"""What is said of the minimiser: its size, whether it is the only one, and where the next one begins."""

from dataclasses import replace

import numpy as np
import pytest
from kink_program import dual_matrices, kink_program
from known_optima import KNOWN

from exactnorm import TrainingSet, min_norm_denoiser
from exactnorm.exact.balls.bracket import Bracket
from exactnorm.exact.balls.kinks import Kinks, tangent_kinks
from exactnorm.exact.balls.polish import Neurons, margins, merge_nearby, newton, residual
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.balls.start import first_kinks, moved_kinks, ramps
from exactnorm.exact.balls.tree import shortest_tree
from exactnorm.exact.balls.unique import touching_kinks
from exactnorm.exact.settings import Settings


def test_newton_finds_the_cost_of_the_theorem_from_a_rough_start():
    problem = reduced(TrainingSet([[0, 0], [1, 0], [0, 2]], 0.1))
    kinks = tangent_kinks(np.eye(2), problem.points, problem.rho)
    start = replace(ramps(problem, first_kinks(problem)), kinks=kinks, a=np.zeros((len(kinks), 2)))
    program = kink_program(problem.points, kinks)
    program.problem.solve(solver="CLARABEL")
    rough = replace(start, a=program.a.value + 1e-3, B=dual_matrices(program))
    moved = newton(problem.points, problem.rho, rough, 1e-3, stationary=False)
    assert np.abs(residual(problem.points, moved.kinks, moved.a)).max() < 1e-12


@pytest.mark.parametrize(("name", "neurons"), [("univariate", 4), ("orthogonal", 4), ("obtuse", 4), ("equilateral", 6)])
def test_the_program_finds_two_neurons_a_ramp(name, neurons):
    points, rho, _ = KNOWN[name]
    denoiser = min_norm_denoiser(points, rho, method="program")
    assert denoiser.network.neurons == neurons
    assert denoiser.network.merged().neurons == neurons


def test_a_minimiser_is_called_unique_where_the_dual_touches_at_independent_kinks():
    line = min_norm_denoiser([[0.0], [1.0], [2.5]], 0.1, method="program")
    assert "touches its bound at 4 kinks" in line.status  # the two ends of two ramps


def test_a_dual_that_touches_along_an_arc_says_nothing_of_uniqueness():
    problem = reduced(TrainingSet([[0, 0], [1, 0], [0.4, 0.9]], 0.05))
    B = np.zeros((2, 2, 3))
    B[0, :, :2] = np.eye(2)  # B_s z = w wherever point 1 is on: 1 at every kink
    nothing = Neurons(first_kinks(problem)[:0], np.zeros((0, 2)), B)
    settings = Settings()
    assert touching_kinks(problem, Bracket(1.0, nothing, 1.0, B=B), settings) is None


def test_a_minimiser_is_not_called_unique_where_that_is_not_shown():
    points, rho, _ = KNOWN["equilateral"]
    assert "uniqueness of the minimiser is not shown" in min_norm_denoiser(points, rho, method="program").status
    loose = min_norm_denoiser([[0.0], [1.0], [2.5]], 0.1, method="program", tol=0.5, time_limit=1e-6)
    assert "unique" not in loose.status.replace("uniqueness of the minimiser is not shown", "")


@pytest.mark.parametrize("shape", [(6, 2), (5, 3)])
def test_no_neuron_can_be_left_out(shape):
    points = np.random.default_rng(1).standard_normal(shape)
    denoiser = min_norm_denoiser(points, 0.05, tol=1e-5)
    frame = denoiser.certificate.evidence.frame
    X, rho = frame.coordinates(denoiser.train.points), 0.05 / frame.scale
    w = denoiser.network.w @ frame.axes.T * frame.scale
    a = denoiser.network.a @ frame.axes.T / frame.scale
    b = denoiser.network.b + denoiser.network.w @ frame.origin
    on = (X @ w.T + b[None, :] > rho / 2)[1:]
    moments = np.einsum("nk,ki,kj->knij", on, a, np.column_stack([w, b])).reshape(len(b), -1)
    moments /= np.linalg.norm(moments, axis=1)[:, None]
    # Moments that were dependent could be shifted along the dependence until one weight is 0, at no cost.
    assert np.linalg.svd(moments, compute_uv=False)[-1] > 1e-9
    assert len(b) <= moments.shape[1]


def test_neurons_that_all_cancel_are_left_as_they_are():
    kinks = Kinks(np.array([[1.0], [1.0]]), np.array([-0.5, -0.5]), np.array([[False, True]] * 2))
    start = Neurons(kinks, np.array([[1.0], [-1.0]]), np.zeros((1, 1, 2)))
    assert merge_nearby(shortest_tree(np.array([[0.0], [1.0]]), 0.1), start, 1e-3, 1e-5) is start


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_every_kink_of_a_denoiser_is_moved_to_touch_the_balls_of_a_smaller_radius(sign):
    points = np.random.default_rng(0).standard_normal((6, 3))
    network = min_norm_denoiser(points, 0.05).network
    network = replace(network, w=sign * network.w, b=sign * network.b)
    problem = reduced(TrainingSet(points, 0.03))  # at a larger one there may be no room for a kink
    moved = moved_kinks(problem, network)
    normals = (moved.w @ problem.frame.axes)[None]
    own = (network.w / np.linalg.norm(network.w, axis=1)[:, None])[:, None]
    apart = np.minimum(np.abs(normals - own).max(axis=2), np.abs(normals + own).max(axis=2)).min(axis=1)
    assert (apart < 1e-12).all()
    assert np.abs(margins(problem.points, problem.rho, moved).min(axis=1)).max() < 1e-12


def test_a_denoiser_of_a_nearby_radius_shortens_the_way_and_not_the_answer():
    shares = []
    for seed in range(5):
        points = np.random.default_rng(seed).standard_normal((6, 3))
        near = min_norm_denoiser(points, 0.05)
        rounds: dict[bool, list[Bracket]] = {True: [], False: []}
        solved = {
            warm: min_norm_denoiser(points, 0.06, near=near if warm else None, progress=rounds[warm].append)
            for warm in (True, False)
        }
        assert all(one.certificate.gap <= 1e-6 for one in solved.values())
        assert max(one.certificate.lower for one in solved.values()) <= min(
            one.certificate.upper for one in solved.values()
        )
        # Not fewer rounds: how many there are is for the last one to say, which closes whatever is left.
        gap = {warm: next(one.gap for one in seen if one.rounds == 1) for warm, seen in rounds.items()}
        shares.append(gap[True] / gap[False])
    # Of one set a last digit may say how far the first round comes: 1e-15 more or less made 0.5 a 2.4.
    assert np.median(shares) < 0.8
    with pytest.raises(ValueError, match="same points"):
        min_norm_denoiser(points[::-1], 0.06, near=near)
