"""Symmetric points whose averages rounding keeps from interpolating to the last digits."""

import numpy as np
import pytest

from exactnorm import TrainingSet, max_radius, min_norm_denoiser
from exactnorm.exact.balls.finish import interpolating
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.problem import reduced

TOLERANCE = 1e-6


@pytest.mark.parametrize(("share", "seed"), [(0.995, 0), (0.999, 0), (0.999, 5), (0.999, 7), (0.999, 3)])
def test_no_cost_of_a_network_that_misses_its_balls_closes_a_gap(share, seed):
    # Seven points of a lattice that is its own mirror image: rounding kept the average of the first network from
    # interpolating to the last digits, and one that missed by far was taken for the first, "the gap is within tol".
    X = np.array([[2.0, 1], [1, 2], [0, 2], [2, 0], [1, 0], [0, 1], [2, 2]])
    order = np.random.default_rng(seed).permutation(7) if seed else np.arange(7)
    certificate = min_norm_denoiser(X[order], share / 2).certificate
    # Along either axis a ramp across each of the two gaps; next to contact nothing costs less.
    assert certificate.upper == pytest.approx(8 / (1 - share), rel=1e-9)
    assert certificate.gap <= TOLERANCE


def test_what_an_average_misses_by_rounding_does_not_cost_more_than_the_average():
    # Prisms, turned and away from the origin: corrections of what is rounding cost 14431 for 2030, and 3 for 38.
    triangle = np.exp(2j * np.pi * np.arange(3) / 3)
    prism = np.vstack([np.column_stack([triangle.real, triangle.imag, np.full(3, height)]) for height in (0.0, 1.3)])
    rng = np.random.default_rng(4)
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    one = 14 * (prism @ turn)[rng.permutation(6)] + 20
    other = np.array(
        [
            [-3.587381983031346, -27.881828524960294, -6.8333091502939824],
            [-3.627527722534102, -27.918424936782174, -6.8005138216379954],
            [-3.576679550396449, -27.984904630908943, -6.812453960897884],
            [-3.6378228070751626, -27.967881733393135, -6.868305338583325],
            [-3.5976770675724064, -27.931285321571256, -6.901100667239312],
            [-3.5365338108936926, -27.94830821908706, -6.845249289553871],
        ]
    )
    gaps = [min_norm_denoiser(X, share * max_radius(X)[0]).certificate.gap for X, share in ((one, 0.9), (other, 0.999))]
    assert max(gaps) <= TOLERANCE, gaps


def test_a_solver_that_gives_up_at_its_first_step_leaves_no_network_and_no_error():
    X = np.array([[1.0, 2], [2, 0], [1, 1], [2, 1], [0, 1], [0, 0]])
    certificate = min_norm_denoiser(X, 0.45).certificate  # Clarabel: numerical error, and nothing but zeros
    assert certificate.upper == pytest.approx(8 / (1 - 0.9), rel=1e-9)
    assert certificate.gap <= TOLERANCE
    problem = reduced(TrainingSet(X, 0.45))
    nothing = Neurons(problem.gap_kinks, np.zeros((len(problem.gap_kinks), 2)), np.zeros((5, 2, 3)))
    assert interpolating(problem, nothing) is None
    assert interpolating(problem, nothing, lent=True) is None
