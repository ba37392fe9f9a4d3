"""Forgeries by someone who has read what the checker does about rounding, and about sets too large to look at closely.

The truth beside each is a proved formula, or the bracket of a problem whose optimum is no larger.
"""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from exactnorm import FiniteProblem, ReLUNetwork, TrainingSet, check_certificate, min_norm_denoiser, min_norm_network
from exactnorm.certify import Certificate, CertificateError, CertificateUndecided, Faces, Nothing, Rays, Segments, bound
from exactnorm.certify.finite.bounds import finite_lower_bound, projected
from exactnorm.certify.interpolation import EXACT
from exactnorm.finite_problem import coordinates
from exactnorm.geometry import affine_hull
from exactnorm.hulls import hull_gaps
from exactnorm.patterns import kink_patterns


def refused(train, network, cost, error):
    with pytest.raises(CertificateError, match="supports only"):
        check_certificate(Certificate(0.0, cost, error, Nothing()), train, network)


def test_kinks_of_a_pattern_that_a_larger_radius_has_killed_are_worth_nothing():
    points = np.random.default_rng(4).standard_normal((5, 2))
    gaps = hull_gaps(points, kink_patterns(points, 0.0)).high
    last = max(gaps[gaps < 0.98 * TrainingSet(points).separation]) / 2  # the radius at which a pattern dies
    before = min_norm_denoiser(points, last * (1 - 1e-10))
    after = min_norm_denoiser(points, last * (1 + 1e-6))
    # The optimum grows with the radius, and jumps here.
    assert after.certificate.lower > 1.02 * before.certificate.upper
    for share in (1e-11, 1e-10, 1e-9):
        train = TrainingSet(points, last * (1 + share))
        assert len(kink_patterns(points, train.rho)) < len(kink_patterns(points, before.train.rho))
        refused(train, before.network, before.certificate.upper * (1 + 1e-6), 2e-6 * train.separation)


LARGE_SETS = {
    "line": np.cumsum(1 + np.random.default_rng(0).random(101))[:, None],
    "two rays": np.vstack([np.outer(np.arange(51), [1, 0]), np.outer(np.arange(1, 51), [0, 1])]).astype(float),
    "one-hot rows": np.eye(101),
}


@pytest.mark.parametrize("radius", [0.0102, 0.3])
@pytest.mark.parametrize("points", LARGE_SETS.values(), ids=LARGE_SETS.keys())
def test_a_share_of_the_identity_is_priced_for_more_than_a_hundred_points(points, radius):
    rho = radius * TrainingSet(points).separation
    train = TrainingSet(points, rho)
    honest = min_norm_denoiser(train)
    assert check_certificate(honest.certificate, train, honest.network)[1] <= honest.certificate.lower * (1 + 1e-9)
    share, net = 0.99e-6 * train.separation / rho, honest.network
    mixed = ReLUNetwork((1 - share) * net.a, net.w, net.b, share * np.eye(train.dimension), (1 - share) * net.c)
    cheaper = (1 - share) * honest.certificate.upper
    assert cheaper < honest.certificate.lower
    refused(train, mixed, cheaper * (1 + 1e-9), 1e-6 * train.separation)
    # What is supported of the same network is true.
    told = Certificate(0.0, 10 * cheaper, 1e-6 * train.separation, Nothing())
    assert check_certificate(told, train, mixed)[1] >= honest.certificate.lower


def test_a_miss_that_rounding_hides_in_a_network_too_large_for_rational_numbers_is_priced():
    # Pairs of large neurons cancel; between them each small one is lost, by half a unit in the last place.
    neurons, large, rho = EXACT, 32, 0.4
    high = 1e6
    term = 0.49 * np.spacing(high * large / 2)
    lack = neurons * term / 2
    parts = [
        (np.ones(large), np.zeros(large), np.full(large, high)),
        (-np.ones(neurons), np.full(neurons, term), np.full(neurons, 1.01 * rho * term)),
        (-np.ones(large), np.zeros(large), np.full(large, high)),
        (np.array([1.0, -1.0]) * (1 - 2 * lack) / (1 - 2 * rho), np.ones(2), np.array([-rho, rho - 1])),
    ]
    a, w, b = (np.concatenate(one)[:, None] for one in zip(*parts, strict=True))
    train = TrainingSet([[0.0], [1.0]], rho)
    network = ReLUNetwork(a, w, b[:, 0], [[2 * lack]], [0.0])
    cost = network.representation_cost
    assert network.neurons * 2 > EXACT
    assert cost < 2 / (1 - 2 * rho) * (1 - 1e-6)
    with pytest.raises((CertificateError, CertificateUndecided), match=r"supports only|rounding could hide"):
        check_certificate(Certificate(0.0, cost, 1e-6, Nothing()), train, network)


@pytest.mark.parametrize("seed", [13, 22])
def test_multipliers_of_twins_that_no_flat_tells_apart_gain_nothing(seed):
    # Huge opposite multipliers at two inputs 5e-13 apart make a slope of what their difference is.
    rng = np.random.default_rng(seed)
    inputs, values = rng.standard_normal((6, 2)), rng.standard_normal(6)
    apart = rng.standard_normal(2)
    length = np.linalg.norm(inputs - inputs[0], axis=1).max()
    inputs[5], values[5] = inputs[4] + 5e-13 * length * apart / np.linalg.norm(apart), values[4]
    problem = FiniteProblem(inputs, values)
    data = coordinates(problem)
    twins = np.argsort(np.linalg.norm(data.features - data.input_frame.coordinates(inputs[4]), axis=1))[:2]
    honest = min_norm_network(inputs, values).certificate.evidence.values
    angles = np.linspace(0, 2 * np.pi, 2001)
    w = np.column_stack([np.cos(angles), np.sin(angles)])
    for size in (1e8, 1e9, -1e9):
        multipliers = honest.copy()
        multipliers[twins] += [[size], [-size]]
        L = projected(data, multipliers)
        heights = [np.maximum(w @ (data.features - one).T, 0) for one in data.features]
        attained = max(np.linalg.norm(height @ L, axis=1).max() for height in heights)
        gain = float((L * data.targets).sum())
        found, most = finite_lower_bound(problem, multipliers), data.unit * gain / attained
        assert 0.97 * most <= found <= most * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_bounds_across_a_narrow_gap_are_no_more_than_rational_numbers_allow(seed):
    # What rounding makes of the gap, a share of the bound, is not the forger's to have.
    rng = np.random.default_rng(seed)
    points = 10.0 ** rng.integers(-3, 4) * rng.standard_normal((2, int(rng.integers(2, 5))))
    length = TrainingSet(points).separation
    rho = length / 2 * (1 - 10.0 ** -rng.uniform(8, 11))
    square = sum((Fraction(x) - Fraction(y)) ** 2 for x, y in zip(*points, strict=True))
    with mpmath.workdps(50):
        exact = mpmath.sqrt(mpmath.mpf(square.numerator) / square.denominator)
        truth = 2 * exact / (exact - 2 * mpmath.mpf(rho))
        for evidence in (Rays((0, 1)), Segments(np.array([[0, 1]]), np.ones(1))):
            found = bound(evidence, TrainingSet(points, rho))
            assert found <= truth * (1 + mpmath.mpf(10) ** -14)
            # Nor is more given away than rounding may have made of it.
            assert found >= truth * (1 - 16 * np.finfo(float).eps * length / (length - 2 * rho))


def test_no_pattern_at_all_is_not_how_many_were_gone_through():
    points = np.array([[0, 0], [1, 0], [0.4, 0.9]])
    honest = min_norm_denoiser(points, 0.1)
    evidence = honest.certificate.evidence
    for patterns in (0, -3):
        forged = Certificate(0.0, honest.certificate.upper, 1e-9, Faces(evidence.frame, evidence.B, patterns))
        with pytest.raises(CertificateError, match=f"states {patterns} patterns, but there are 3"):
            check_certificate(forged, honest.train, honest.network)


@pytest.mark.parametrize("turn", [0.0, 0.4, 1.1, 2.5])
@pytest.mark.parametrize("gamma", [1e-9, 1e-10])
def test_of_balls_that_almost_touch_the_largest_dual_value_is_not_lost_in_rounding(gamma, turn):
    """Across the gap the function is the height in its middle over half the gap: a sum of terms as large as that."""
    u, v = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    points = np.array([0 * u, u, 1.5 * v - 0.9 * u])
    train = TrainingSet(points, 0.5 - gamma)
    frame = affine_hull(points)
    P, rho = frame.coordinates(points), train.rho / frame.scale
    length = np.linalg.norm(P[1])
    e, free = P[1] / length, length / 2 - rho
    B = np.zeros((2, 2, 3))
    B[0] = np.column_stack([np.outer(e, e) * length / 2, e]) / free
    evidence = Faces(frame, B, len(kink_patterns(P, rho)))
    # A ramp along u for the pair, and one along v for the third: no more is needed.
    least = 2 * train.separation / (train.separation - 2 * train.rho)
    most = least + 2 * np.linalg.norm(points[2]) / (1.5 - 2 * train.rho)
    sure = 100 * np.finfo(float).eps / gamma
    longer = np.finfo(np.longdouble).eps < 1e-18  # elsewhere less is confirmed
    assert not longer or (1 - sure) * least < bound(evidence, train, claim=(1 - sure) * least)
    assert bound(evidence, train, claim=(1 + sure) * most) < most
