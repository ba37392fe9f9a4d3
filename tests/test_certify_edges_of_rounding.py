"""Where rounding decides what a network does on its balls: near contact, far from the origin, and at radius 0."""

from fractions import Fraction

import numpy as np
import pytest

from exactnorm import ReLUNetwork, TrainingSet, check_certificate, interpolation_error, min_norm_denoiser
from exactnorm.certify import Certificate, CertificateError, Rays
from exactnorm.certify.balls.constancy import local_slope
from exactnorm.certify.interpolation import MISSED, sure_miss
from exactnorm.certify.rays import rays_lower_bound
from exactnorm.closed_form import rays
from exactnorm.closed_form.certified import certified_form


def test_a_right_angle_to_nine_digits_is_none_where_balls_almost_touch():
    train = TrainingSet([[0, 0], [1, 0], [5e-10, 1.0]], 0.4999999)  # short of 90° by 5e-10
    network = rays(train.points, train.rho)
    error = interpolation_error(network, train.points, train.rho)
    assert error > 1e-3
    assert certified_form(train) is None
    lower = rays_lower_bound(train.points, train.rho, 0)
    forged = Certificate(lower, network.representation_cost, error, Rays((0, 1, 2)))
    with pytest.raises(CertificateError, match="its network misses by"):
        check_certificate(forged, train, network)
    found = min_norm_denoiser(train)
    assert found.certificate.interpolation_error <= 1e-6
    assert check_certificate(found.certificate, train, found.network)[1] == found.certificate.upper


@pytest.mark.parametrize("offset", [0.0, 1e6, 9e8])
def test_errors_that_rounding_hides_are_found_in_rational_arithmetic(offset):
    train = TrainingSet(np.array([[0, 0], [1, 0], [0.4, 0.9]]) + offset, 0.1)
    found = min_norm_denoiser(train)
    network = found.network
    miss = sure_miss(network, train)
    assert miss.below(MISSED * train.separation)
    # By hand and exactly, at the points alone: no more than the error on the whole balls.
    for x in train.points:
        value = [Fraction(one) for one in network.c]
        for a, w, b in zip(network.a, network.w, network.b, strict=True):
            t = sum((Fraction(p) * Fraction(q) for p, q in zip(w, x, strict=True)), Fraction(b))
            value = [v + Fraction(p) * max(t, 0) for v, p in zip(value, a, strict=True)]
        off = [float(v - Fraction(p)) for v, p in zip(value, x, strict=True)]
        assert np.linalg.norm(off) <= miss.error + 1e-14
    check_certificate(found.certificate, train, network)


@pytest.mark.parametrize("rho", [0.0, 1e-12, 1e-9, 1e-5])
@pytest.mark.parametrize("seed", range(3))
def test_denoisers_of_tiny_balls_are_constant_near_the_points(seed, rho):
    train = TrainingSet(np.random.default_rng(seed).standard_normal((5, 2)), rho)
    found = min_norm_denoiser(train)
    assert local_slope(found.network, train) <= 1e-9
    check_certificate(found.certificate, train, found.network)
    tilted = ReLUNetwork(found.network.a, found.network.w, found.network.b, [[0.0, 1e-5], [0, 0]], found.network.c)
    assert local_slope(tilted, train) > 1e-6


def test_neurons_along_a_line_of_points_that_cancel_change_nothing():
    train = TrainingSet([[0, 0], [1, 0], [2, 0], [0.3, 1]], 0.0)
    found = min_norm_denoiser(train)
    assert local_slope(found.network, train) <= 1e-9
    # Their kink runs through three points: with the same sides for both they cancel.
    a = np.vstack([found.network.a, [[1.0, 0.0], [-1.0, 0.0]]])
    w = np.vstack([found.network.w, [[0.0, 1.0], [0.0, 1.0]]])
    both = ReLUNetwork(a, w, np.append(found.network.b, [0.0, 0.0]), found.network.V, found.network.c)
    assert local_slope(both, train) <= 1e-9
