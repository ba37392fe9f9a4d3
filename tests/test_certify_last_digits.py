"""Last digits of data swallow neither a loss nor a cost: forgeries of affine networks, and honest affine data.

The truth beside each forgery is what a bump of known height and width costs on a line.
"""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from exactnorm import FiniteProblem, ReLUNetwork, TrainingSet, check_certificate, interpolation_error, min_norm_network
from exactnorm.certify import (
    Certificate,
    CertificateError,
    Multipliers,
    Nothing,
    PenalisedMultipliers,
    Rays,
    Segments,
    bound,
)


def bumped(height, width):
    """Targets on the line x = y but for a bump, far smaller than the last digits of the largest target."""
    inputs = np.array([0.0, width, 2 * width, 1.0, 2.0])[:, None]
    return inputs, inputs[:, 0] + np.array([0.0, height, 0.0, 0.0, 0.0])


LINE = ReLUNetwork(np.zeros((0, 1)), np.zeros((0, 1)), np.zeros(0), [[1.0]], [0.0])


@pytest.mark.parametrize(("height", "width"), [(1e-15, 1e-5), (1e-18, 1e-9), (5e-14, 1e-12)])
def test_a_bump_far_from_a_large_target_costs_what_it_costs(height, width):
    inputs, targets = bumped(height, width)
    problem = FiniteProblem(inputs, targets)
    bump = float(targets[1] - inputs[1, 0]) / width  # the float's own height
    assert bump > 0
    # Slopes bump, −bump and 0 after it: two changes of the slope cost 2 bump and bump, and x = y is at no cost.
    forged = Certificate(0.0, 0.0, 2 * height, Multipliers(np.zeros((5, 1))))
    with pytest.raises(CertificateError, match="supports only"):
        check_certificate(forged, problem, LINE)
    honest = min_norm_network(inputs, targets)
    upper = check_certificate(honest.certificate, problem, honest.network)[1]
    assert 0.9 * bump < upper < 6 * bump


@pytest.mark.parametrize("decay", [1e-30, 1e-20, 1e-3])
def test_a_loss_far_from_a_large_target_is_a_loss(decay):
    inputs, targets = bumped(5e-14, 1e-14)
    problem = FiniteProblem(inputs, targets, weight_decay=decay)
    forged = Certificate(0.0, 0.0, None, PenalisedMultipliers(np.zeros((5, 1)), decay))
    with pytest.raises(CertificateError, match="supports only"):
        check_certificate(forged, problem, LINE)
    loss = float(((LINE(inputs)[:, 0] - targets) ** 2).sum()) / 10
    honest = Certificate(0.0, 1.1 * loss, None, PenalisedMultipliers(np.zeros((5, 1)), decay))
    assert check_certificate(honest, problem, LINE)[1] == pytest.approx(loss, rel=0.05)


@pytest.mark.parametrize(("decay", "far"), [(None, 0.0), (0.1, 0.0), (0.1, 1e5)])
@pytest.mark.parametrize("times", [1, 7])
def test_affine_data_cost_nothing_and_their_certificates_are_supported(decay, times, far):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        inputs = rng.standard_normal((5, 1 + seed)) + far
        targets = inputs @ rng.standard_normal((2, 1 + seed)).T + 0.3
        inputs, targets = np.repeat(inputs, times, axis=0), np.repeat(targets, times, axis=0)
        if decay is not None:  # equal inputs whose targets differ in the last digit
            targets[::2] = np.nextafter(targets[::2], np.inf)
        found = min_norm_network(inputs, targets, weight_decay=decay)
        lower, upper, _ = check_certificate(found.certificate, found.problem, found.network)
        assert lower == 0
        assert upper == 0


def bent(inputs, targets, skip):
    """The least cost on a line, in rational numbers: slopes change, and without a bypass begin somewhere."""
    y, x = ([Fraction(float(one)) for one in column] for column in (inputs, targets))
    slopes = [(x[k + 1] - x[k]) / (y[k + 1] - y[k]) for k in range(len(y) - 1)]
    changes = [after - before for before, after in itertools.pairwise(slopes)]
    # Neurons that are on to the left of their kink make any first slope from −up to down.
    up, down = sum(max(one, 0) for one in changes), sum(max(-one, 0) for one in changes)
    return float(up + down + (0 if skip else max(0, -slopes[0] - up, slopes[0] - down)))


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("away", [1.0, 1e6])
@pytest.mark.parametrize("apart", [1e-3, 1e-6, 1e-9, 1e-12, 1e-15])
def test_last_digits_are_slopes_between_inputs_that_are_near_each_other(apart, away, skip):
    inputs = np.array([0.0, apart, 2 * apart, 1.0])
    targets = away + np.array([0.0, 40 * np.spacing(away), 0.0, 0.0]) + (inputs if skip else 0.0)
    problem, least = FiniteProblem(inputs[:, None], targets, skip=skip), bent(inputs, targets, skip)
    affine = ReLUNetwork(np.zeros((0, 1)), np.zeros((0, 1)), np.zeros(0), [[1.0]] if skip else None, [away])
    forged = Certificate(0.0, 0.0, 50 * np.spacing(away), Multipliers(np.zeros((4, 1))))
    with pytest.raises(CertificateError, match="supports only"):
        check_certificate(forged, problem, affine)
    found = min_norm_network(inputs[:, None], targets, skip=skip)
    lower, upper, _ = check_certificate(found.certificate, found.problem, found.network)
    assert lower <= least * (1 + 1e-9)
    assert least * (1 - 1e-6) <= upper <= 1.5 * least
    assert np.isclose(lower, least, rtol=0.4) or apart < 1e-14


@pytest.mark.parametrize("thin", [1e-4, 1e-6, 1e-8])
@pytest.mark.parametrize("high", [1.0, 1e6])
def test_an_input_beside_a_slanted_line_lends_no_digits_to_those_on_it(thin, high):
    along = np.arange(1.0, 6.0)
    inputs = np.vstack([np.column_stack([along, along]), [[4.0, 4.0 + thin]]])
    bump = 1e-14 * high / thin  # a few last digits of coordinates times the slope across the line
    targets = np.append(bump * np.array([0.0, 1.0, 0.0, 1.0, 0.0]), high)
    least = bent(along, targets[:5], True) / np.sqrt(2)  # on the line whatever is affine in the plane is affine
    problem, across = FiniteProblem(inputs, targets), high / (inputs[5, 1] - 4.0)
    steep = ReLUNetwork(np.zeros((0, 1)), np.zeros((0, 2)), np.zeros(0), [[-across, across]], [bump / 2])
    forged = Certificate(0.0, 0.0, bump, Multipliers(np.zeros((6, 1))))
    with pytest.raises(CertificateError, match="supports only"):
        check_certificate(forged, problem, steep)
    found = min_norm_network(inputs, targets)
    lower, upper, _ = check_certificate(found.certificate, found.problem, found.network)
    assert 0.9 * least < lower <= least * (1 + 1e-9) <= 1.001 * upper


@pytest.mark.parametrize("thin", [1e-6, 1e-9, 1e-12])
def test_an_input_beside_a_slanted_line_lends_no_digits_to_residuals_on_it(thin):
    along, bump = np.arange(1.0, 6.0), 1e-14 / thin
    inputs = np.vstack([np.column_stack([along, along]), [[4.0, 4.0 + thin]]])
    targets = np.append(bump * np.array([0.0, 1.0, 0.0, 1.0, 0.0]), 1.0)
    # With weight decay that no neuron is worth: the mean of the line's targets is the best affine function on it.
    least = bump**2 * (3 * 0.4**2 + 2 * 0.6**2) / 12
    problem, across = FiniteProblem(inputs, targets, weight_decay=1e3), 1 / (inputs[5, 1] - 4.0)
    steep = ReLUNetwork(np.zeros((0, 1)), np.zeros((0, 2)), np.zeros(0), [[-across, across]], [0.4 * bump])
    forged = Certificate(0.0, 0.0, None, PenalisedMultipliers(np.zeros((6, 1)), 1e3))
    with pytest.raises(CertificateError, match="supports only"):
        check_certificate(forged, problem, steep)
    found = min_norm_network(inputs, targets, weight_decay=1e3)
    lower, upper, _ = check_certificate(found.certificate, found.problem, found.network)
    assert lower <= least * (1 + 1e-9) <= upper * (1 + 2e-9)


@pytest.mark.parametrize(("size", "dimension"), [(5, 1), (200, 1), (2000, 1), (6, 2), (200, 3), (2000, 3), (40, 60)])
@pytest.mark.parametrize("far", [0.0, 1e4])
@pytest.mark.parametrize("constant", [0.0, 0.3])
def test_last_digits_of_affine_data_cost_nothing_though_some_targets_have_few(size, dimension, far, constant):
    rng = np.random.default_rng(size)
    inputs = rng.standard_normal((size, dimension)) + far
    inputs[size // 2] *= far > 0  # at the origin, where a target of 0 has no digits
    targets = constant + inputs @ rng.standard_normal((dimension, 2))
    found = min_norm_network(inputs, targets)
    assert check_certificate(found.certificate, found.problem, found.network)[:2] == (0, 0)


@pytest.mark.parametrize("dimension", [1, 3])
def test_last_digits_of_a_constant_cost_nothing_without_a_bypass(dimension):
    rng = np.random.default_rng(dimension)
    targets = 1e6 + np.spacing(1e6) * rng.integers(-2, 3, (300, 2))
    found = min_norm_network(rng.standard_normal((300, dimension)), targets, skip=False)
    assert check_certificate(found.certificate, found.problem, found.network)[:2] == (0, 0)


@pytest.mark.parametrize(
    ("ends", "weights"),
    [
        ([[0, 1]] * 7, [1.0] * 7),
        ([[0, 1], [1, 0]], [1.0, 1e-300]),
        ([[0, 1], [1, 0], [0, 2]], [1e50, 1e-50, 1e50]),
    ],
)
def test_a_segment_that_counts_many_times_counts_once(ends, weights):
    train = TrainingSet([[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]], 0.1)
    found = bound(Segments(np.array(ends), np.array(weights)), train)
    once = bound(
        Segments(np.unique(np.sort(ends, axis=1), axis=0), np.ones(len(np.unique(np.sort(ends), axis=0)))), train
    )
    assert found <= once * (1 + 1e-12)
    assert once < 5.16987  # the truth


@pytest.mark.parametrize("short", [1e-10, 9e-10])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_rays_a_hair_below_a_right_angle_bound_a_hair_less(short, share):
    train = TrainingSet([[0.0, 0.0], [1.0, 0.0], [np.sin(short), np.cos(short)]], share / 2)
    found = bound(Rays((0, 1, 2)), train)
    assert 4 / (1 - share) * (1 - 20 * short) < found < 4 / (1 - share) * (1 - short)


@pytest.mark.parametrize("away", [1e6, 1e8])
def test_an_error_is_no_less_than_it_is_because_a_point_is_far_away(away):
    points = np.array([[0.0], [1.0], [away]])
    slope = np.array([1 / 0.8, (away - 1) / (away - 1.2)])
    a, b = np.concatenate([slope, -slope])[:, None], [-0.1, -1.1, -0.9, 0.1 - away]
    network = ReLUNetwork(a, np.ones((4, 1)), b, None, [9e-7])
    train = TrainingSet(points, 0.1)
    error = interpolation_error(network, train)
    assert 8e-7 < error < 1e-6
    check_certificate(Certificate(0.0, np.inf, error, Nothing()), train, network)
    with pytest.raises(CertificateError, match="states an interpolation error of 0"):
        check_certificate(Certificate(0.0, np.inf, 0.0, Nothing()), train, network)
