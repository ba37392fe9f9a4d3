"""Claims that live on digits that are lost: far from the origin, or beside a first point that is far away."""

import numpy as np
import pytest

from exactnorm import min_norm_network
from exactnorm.certify import CertificateError, check_certificate
from exactnorm.certify.balls.edges import Segments, edges_lower_bound
from exactnorm.certify.balls.evidence import Faces, Nothing
from exactnorm.certify.certificate import Certificate
from exactnorm.certify.finite.bounds import finite_lower_bound
from exactnorm.certify.finite.evidence import Multipliers
from exactnorm.certify.interpolation import sure_miss
from exactnorm.finite_problem import FiniteProblem
from exactnorm.geometry import Frame
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import TrainingSet


def test_segments_far_from_the_first_point_keep_their_directions():
    """Two segments, short and parallel: by their differences from the first point they would be at a right angle."""
    last = 2.0**-53
    short = [(0.2, 42.8), (0.8, 43.4), (8.8, 8.4), (9.4, 9.0)]
    points = np.array([[1.0, 0.5], *([x * last, y * last / 2] for x, y in short)])
    rho = np.linalg.norm(points[2] - points[1]) / 2 * (1 - 1e-3)
    edges, weights = np.array([[1, 2], [3, 4]]), np.ones(2)
    first, last_of_all = edges_lower_bound(points, rho, edges, weights), np.roll(points, -1, axis=0)
    assert first == pytest.approx(edges_lower_bound(last_of_all, rho, edges - 1, weights), rel=1e-9)
    claim = Certificate(2 * first, np.inf, 2.0, Segments(edges, weights))
    nothing = ReLUNetwork(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), None, np.zeros(2))
    with pytest.raises(CertificateError):
        check_certificate(claim, TrainingSet(points, rho), nothing)


@pytest.mark.parametrize(("height", "free", "tilt"), [(4e7, 2e-9, 3.9e-5), (1e6, 1e-12, 0.9e-6), (4e7, 1e-4, 3.9e-5)])
def test_a_frame_that_is_tilted_towards_a_large_coordinate_is_refused(height, free, tilt):
    points = np.array([[0.0, height], [1.0, height]])
    rho = (1 - free) / 2
    frame = Frame(points[0].copy(), np.array([[np.cos(tilt), np.sin(tilt)]]), 1.0)
    seen = float(((points[1] - points[0]) @ frame.axes.T)[0])
    slope = 2 / (seen - 2 * rho)
    B = np.array([[[1 + slope * rho, slope]]])
    nothing = ReLUNetwork(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), None, points[0])
    true = 2 / (1 - 2 * rho)
    lower = true + (slope * seen - true) / 2
    with pytest.raises(CertificateError):
        check_certificate(Certificate(lower, np.inf, 1.0, Faces(frame, B, 1)), TrainingSet(points, rho), nothing)


@pytest.mark.parametrize(("far", "apart"), [(2.0**26, 2.0**-22), (2.0**20, 2.0**-28), (2.0**10, 2.0**-39)])
def test_inputs_far_from_the_origin_that_their_numbers_tell_apart_do_not_count_as_one(far, apart):
    inputs, targets = far + np.array([0, 1, 1 + apart, 2, 3]), np.array([0.0, 1, 1, 2, 0])
    problem = FiniteProblem(inputs[:, None], targets[:, None])
    straight = ReLUNetwork([[-3.0]], [[1.0]], [-(far + 2)], [[1.0]], [-far])
    with pytest.raises(CertificateError):
        check_certificate(Certificate(0.0, 3.0, 2.4e-7, Multipliers(np.zeros((5, 1)))), problem, straight)


@pytest.mark.parametrize("far", [2.0**27, 2.0**28])
def test_a_slope_on_the_balls_is_no_rounding_of_the_points(far):
    rho, slope = 0.0101, 0.9e-6 / 0.0101
    points = far + np.array([[0.0], [1.0]])
    train, gap = TrainingSet(points, rho), 1 - 2 * rho
    a = (1 - 2 * rho * slope) / gap - slope
    b = [-(points[0, 0] + rho), -(points[1, 0] - rho)]
    network = ReLUNetwork([[a], [-a]], np.ones((2, 1)), b, [[slope]], points[0] * (1 - slope))
    upper = network.representation_cost * (1 + 1e-6)
    assert upper < 2 / gap * (1 - 1e-5)
    claim = Certificate(0.0, upper, sure_miss(network, train).error * 1.0001, Nothing())
    with pytest.raises(CertificateError):
        check_certificate(claim, train, network)


@pytest.mark.parametrize(("seed", "power"), [(4, 44), (4, 40)])
def test_inputs_all_but_on_a_line_have_no_lower_bound_above_a_network(seed, power):
    """Affine functions reach any height across the line; multipliers are orthogonal to them to all their digits."""
    rng = np.random.default_rng(seed)
    t = np.sort(np.round(rng.uniform(0, 1, 8) * 2**20) / 2**20)
    k, inputs = rng.integers(-3, 4, 8).astype(float), np.column_stack([t, t])
    inputs[:, 1] += k * 2.0**-power
    bump = rng.integers(-3, 4, 8).astype(float)
    problem = FiniteProblem(inputs, (k + bump)[:, None])
    middle = inputs.mean(axis=1)

    def slopes(share):
        return np.diff(bump + share * k) / np.diff(middle)

    # Along the line, the bump and any share of what goes across it: both are affine together.
    # Kinks are normal to the diagonal, (1, 1)/2 times y being the middle.
    least = min(np.abs(np.diff(slopes(share))).sum() for share in np.linspace(-20, 20, 40001)) / np.sqrt(2)
    found = min_norm_network(inputs, (k + bump)[:, None], time_limit=20)
    assert finite_lower_bound(problem, found.certificate.evidence.values) <= least * (1 + 1e-5)
    assert 0.999 * least < found.certificate.lower <= least * (1 + 1e-5)
