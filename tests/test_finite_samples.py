"""Noisy samples in place of noise balls: the front door, the certificate, and how the two problems compare."""

from dataclasses import replace
from itertools import pairwise

import cvxpy as cp
import numpy as np
import pytest
from altered import altered

from exactnorm import TrainingSet, check_certificate, load, min_norm_denoiser, save
from exactnorm.certify import CertificateError, PenalisedMultipliers
from exactnorm.exact.balls.kinks import tangent_kinks
from exactnorm.exact.balls.program import kink_program

TRIANGLE = np.array([[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]])


def on_circles(points, rho, count):
    """Samples on the boundary of the balls; those of a count are among those of its multiples."""
    angles = 2 * np.pi * np.arange(count) / count
    return TrainingSet.from_samples(points, points[:, None] + rho * np.column_stack([np.cos(angles), np.sin(angles)]))


def noisy(points, noise, count, seed=0):
    rng = np.random.default_rng(seed)
    return TrainingSet.from_samples(points, points[:, None] + noise * rng.standard_normal((len(points), count, 2)))


def test_more_samples_on_the_balls_cost_more_and_never_more_than_the_balls():
    balls = min_norm_denoiser(TRIANGLE, 0.1).certificate
    costs = []
    for count in (3, 6, 12):
        denoiser = min_norm_denoiser(on_circles(TRIANGLE, 0.1, count))
        assert denoiser.certificate.gap <= 1e-6
        assert denoiser.certificate.interpolation_error <= 1e-12
        assert denoiser.certificate.lower <= balls.upper
        assert denoiser.network.neurons <= 2 * (3 * count - 3)  # conditions that V and c do not take up
        costs.append(denoiser.certificate)
    for fewer, more in pairwise(costs):
        assert fewer.lower <= more.upper
    assert costs[0].upper < 0.99 * costs[-1].lower  # not all the same
    assert costs[-1].upper > 0.95 * balls.lower


def test_on_balls_a_skip_connection_changes_nothing():
    rng = np.random.default_rng(0)
    angles = np.linspace(0, np.pi, 40, endpoint=False)
    for _ in range(3):
        points = rng.standard_normal((4, 2))
        points -= points[0]
        rho = 0.05
        kinks = tangent_kinks(np.column_stack([np.cos(angles), np.sin(angles)]), points, rho)
        program = kink_program(points, kinks)
        without = program.problem.solve(solver="CLARABEL")
        # The same kinks, all balls with any V and c: Σ a wᵀ + V = 0 and Σ a b + c = x_n, summed over the active ones.
        a, V, c = cp.Variable((len(kinks), 2)), cp.Variable((2, 2)), cp.Variable(2)
        on = kinks.pattern.T
        slopes = [a.T @ (row[:, None] * kinks.w) + V == 0 for row in on]
        values = [a.T @ (row * kinks.b) + c == x for row, x in zip(on, points, strict=True)]
        problem = cp.Problem(cp.Minimize(cp.sum(cp.norm(a, axis=1))), slopes + values)
        assert problem.solve(solver="CLARABEL") == pytest.approx(without, rel=1e-6)


def test_on_a_line_samples_cost_what_the_ramps_between_their_clusters_cost():
    points = np.array([[0.0], [1.0], [2.5]])
    train = TrainingSet.from_samples(points, [[[-0.2], [0.1]], [[0.95], [1.0], [1.2]], [[2.3]]])
    denoiser = min_norm_denoiser(train)
    # Ramps from 0.1 to 0.95 and from 1.2 to 2.3; the second may go on beyond the last sample without a kink.
    slopes = 1 / 0.85, 1.5 / 1.1
    assert denoiser.certificate.upper == pytest.approx(2 * slopes[0] + slopes[1], rel=1e-12)
    assert denoiser.certificate.gap <= 1e-12


def test_collinear_points_and_samples_in_the_plane_have_one_output_direction():
    points = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]])
    denoiser = min_norm_denoiser(noisy(points, 0.05, 4))
    assert denoiser.certificate.gap <= 1e-6
    assert denoiser.certificate.evidence.values.shape == (12, 1)
    assert np.linalg.matrix_rank(denoiser.network.a, tol=1e-9) == 1


def test_overlapping_noise_is_admissible_with_weight_decay():
    train = noisy(TRIANGLE, 2.0, 5)
    denoiser = min_norm_denoiser(train, weight_decay=0.01)
    certificate = denoiser.certificate
    assert certificate.gap <= 1e-6
    assert certificate.interpolation_error is None
    assert certificate.weight_decay == 0.01
    off = [denoiser(samples) - x for samples, x in zip(train.samples, train.points, strict=True)]
    loss = sum((one**2).sum() for one in off) / (2 * 15)
    assert certificate.upper == pytest.approx(loss + 0.01 * denoiser.network.representation_cost, rel=1e-12)


@pytest.mark.parametrize("weight_decay", [None, 0.002])
def test_altered_certificates_are_rejected(weight_decay):
    train = noisy(TRIANGLE, 0.1, 3)
    denoiser = min_norm_denoiser(train, weight_decay=weight_decay)
    certificate, network = denoiser.certificate, denoiser.network
    check_certificate(certificate, train, network)
    assert network.neurons > 0
    twisted = certificate.evidence.values.copy()
    twisted[2, 0] += 0.3 * np.abs(twisted).max()
    for forged in (
        altered(certificate, values=twisted),
        altered(certificate, values=None),
        altered(certificate, values=twisted[1:]),
        altered(certificate, lower=certificate.lower * 1.001),
        altered(certificate, upper=certificate.upper * 0.999),
        replace(certificate, evidence=PenalisedMultipliers(certificate.evidence.values, 0.04)),
    ):
        with pytest.raises(CertificateError):
            check_certificate(forged, train, network)
    moved = TrainingSet.from_samples(1.1 * train.points, train.samples)
    with pytest.raises(CertificateError):
        check_certificate(certificate, moved, network)


@pytest.mark.parametrize("weight_decay", [None, 0.05])
def test_a_saved_denoiser_comes_back_with_its_samples(tmp_path, weight_decay):
    train = TrainingSet.from_samples(
        TRIANGLE, [TRIANGLE[:1] + 0.1, TRIANGLE[1:2], np.add(TRIANGLE[2:], [[0.0, 0.1], [0.1, 0]])]
    )
    denoiser = min_norm_denoiser(train, weight_decay=weight_decay)
    save(tmp_path / "samples.npz", denoiser)
    back = load(tmp_path / "samples.npz")
    assert [one.tolist() for one in back.train.samples] == [one.tolist() for one in train.samples]
    assert back.certificate.interpolation_error == denoiser.certificate.interpolation_error
    again = check_certificate(back.certificate, back.train, back.network)
    assert again[:2] == pytest.approx((denoiser.certificate.lower, denoiser.certificate.upper), rel=1e-9)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([[[0.0, 0.0]], [[1.0, 0.0]]], "2 arrays for 3 points"),
        ([[[0.0, 0.0]], [[1.0, 0.0]], [[1.0]]], r"samples\[2\] has shape"),
        ([[[0.0, 0.0]], [[1.0, 0.0]], np.zeros((0, 2))], r"samples\[2\] has shape"),
        ([[[0.0, 0.0]], [[1.0, np.inf]], [[0.0, 0.0]]], r"samples\[1\] holds inf"),
    ],
)
def test_bad_samples_are_named(samples, message):
    with pytest.raises(ValueError, match=message):
        TrainingSet.from_samples(TRIANGLE, samples)


def test_problems_that_contradict_themselves_are_refused():
    twice = TrainingSet.from_samples(TRIANGLE, [[[0.0, 0.0]], [[0.5, 0.0]], [[0.0, 0.0]]])
    with pytest.raises(ValueError, match="inputs 0 and 2 are equal but their targets differ"):
        min_norm_denoiser(twice)
    assert min_norm_denoiser(twice, weight_decay=0.1).certificate.gap <= 1e-6
    with pytest.raises(ValueError, match="noise balls"):
        min_norm_denoiser(TRIANGLE, 0.1, weight_decay=0.1)
    with pytest.raises(ValueError, match="leave rho out"):
        TrainingSet(TRIANGLE, 0.1, tuple(TRIANGLE[:, None]))
