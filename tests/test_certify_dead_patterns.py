"""A pattern that no kink has any more, by a hair, is none: kinks that enter balls for its sake are no network's."""

import itertools
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from exactnorm import ReLUNetwork, TrainingSet, check_certificate, interpolation_error, min_norm_denoiser
from exactnorm.certify import Certificate, CertificateUndecided, Nothing
from exactnorm.geometry import separating_hyperplane
from exactnorm.patterns import kink_patterns

EPS = np.finfo(float).eps
SIX = np.array([[-8, 41], [6, -35], [23, 83], [61, -45], [-81, -40], [3, -149]]) / 64
"""Coordinates of few bits, so that the set may be moved far away as it is."""


@cache
def dying():
    """The radius from which on a pattern of `SIX` is none, the network that has it, and the least cost without it."""
    half = [separating_hyperplane(SIX[on], SIX[~on])[2] for on in kink_patterns(SIX, 0.0)]
    radius = min(half, key=lambda one: abs(one - 0.3818))
    with_it = min_norm_denoiser(SIX, radius * (1 - 1e-15), tol=1e-4)
    # The least cost grows with the radius, here by some 1e-9 of it on the way.
    without = min_norm_denoiser(SIX, radius * (1 + 1e-12), tol=1e-4).certificate.lower * (1 - 1e-8)
    assert with_it.certificate.upper < 0.98 * without
    return radius, with_it.network, without


def supported(network, train):
    """The upper value that is supported; infinite where none is."""
    told = 1.01 * interpolation_error(network, train) + 1e-9 * train.separation
    try:
        return check_certificate(Certificate(0.0, np.inf, told, Nothing()), train, network)[1]
    except CertificateUndecided:
        return np.inf


def in_more_dimensions(network, more, away, along=()):
    """The same network in more dimensions, moved, and ramps of their own in `along`, from 0 to a length, at `rho`."""
    a = [np.append(one, np.zeros(more)) for one in network.a]
    w = [np.append(one, np.zeros(more)) for one in network.w]
    b = [
        float(Fraction(float(b)) - sum(Fraction(float(one)) for one in w) * Fraction(away))
        for w, b in zip(network.w, network.b, strict=True)
    ]
    for i, (length, rho) in enumerate(along):
        e = np.eye(2 + more)[2 + i]
        slope = length / (length - 2 * rho)
        a, w, b = [*a, slope * e, -slope * e], [*w, e, e], [*b, -rho, rho - length]
    return ReLUNetwork(a, w, b, None, np.append(network.c + away, np.zeros(more)))


@pytest.mark.parametrize("digits", [8, 32, 48])
def test_a_pattern_that_is_dead_by_some_roundings_of_the_size_has_no_kinks(digits):
    radius, network, least = dying()
    size = np.linalg.norm(SIX - SIX[0], axis=1).max()
    assert supported(network, TrainingSet(SIX, radius + digits * EPS * size)) >= least


def test_the_number_of_dimensions_gives_it_none_either():
    radius, network, least = dying()
    points = np.column_stack([SIX + 128, np.zeros((6, 998))])
    assert supported(in_more_dimensions(network, 998, 128), TrainingSet(points, radius + 1000 * EPS)) >= least


@pytest.mark.parametrize("power", [10, 20])
def test_nor_do_many_points_far_from_the_origin(power):
    """The set, on all corners of a box beside it: ‖a‖ ‖w‖ is at least what is in the plane, and along each edge."""
    radius, network, least = dying()
    length, rho = 8.0, radius + 40 * EPS * 2.0**power
    corners = np.array(list(itertools.product((0.0, length), repeat=5)))
    points = np.array([np.append(x + 2.0**power, corner) for corner in corners for x in SIX])
    network = in_more_dimensions(network, 5, 2**power, [(length, rho)] * 5)
    edges = 5 * 2 * length / (length - 2 * rho)
    assert network.representation_cost < least + edges - 1
    assert supported(network, TrainingSet(points, rho)) >= least + edges
    # With a little more room the pattern is alive, and its kinks are turned out of the balls.
    roomy = TrainingSet(points, radius * (1 - 1e-3))
    wide = min_norm_denoiser(SIX, radius * (1 - 1e-3) + 40 * EPS * 2.0**power, tol=1e-4).network
    wide = in_more_dimensions(wide, 5, 2**power, [(length, rho)] * 5)
    assert supported(wide, roomy) == pytest.approx(wide.representation_cost, rel=1e-2)
