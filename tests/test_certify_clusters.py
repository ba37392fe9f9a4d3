"""Clusters far apart: what is a thousandth of the set may be all of a cluster, and a certificate is no worse for it."""

import numpy as np
import pytest
from altered import altered
from known_optima import KNOWN

from exactnorm import check_certificate, min_norm_denoiser
from exactnorm.certify import CertificateError
from exactnorm.certify.balls.faces import largest_dual_value
from exactnorm.patterns import kink_patterns

TRIANGLE = np.array([[0, 0], [1, 0], [0.4, 0.8]])


def two_clusters(far):
    return np.vstack([TRIANGLE, [[far, 0.0]], [[far + 1, 0.5]]])


@pytest.mark.parametrize("far", [3e4, 1e6])
def test_an_honest_certificate_of_two_clusters_is_supported_and_a_higher_one_is_not(far):
    found = min_norm_denoiser(two_clusters(far), 0.3)
    stated = found.certificate
    assert stated.certifies(1e-6)  # the upper end is what a network costs: nothing of it comes from the faces
    lower, upper, _ = check_certificate(stated, found.train, found.network)
    assert stated.lower * (1 - 1e-9) <= lower <= upper <= stated.upper * (1 + 1e-9)
    more = stated.upper * (1 + 2e-6)
    with pytest.raises(CertificateError, match="supports only"):
        check_certificate(altered(stated, lower=more, upper=more), found.train, found.network)


@pytest.mark.parametrize("ratio", [1e2, 1e4, 1e6])
@pytest.mark.parametrize("name", ["equilateral", "orthogonal", "obtuse"])
def test_the_dual_function_of_a_cluster_is_as_large_with_others_far_away(name, ratio):
    points, rho, _ = KNOWN[name]
    X = np.array(points, dtype=float)
    found = min_norm_denoiser(X, rho, method="program")
    frame, B = found.certificate.evidence.frame, found.certificate.evidence.B
    own, own_rho = frame.coordinates(X), rho / frame.scale
    alone = largest_dual_value(own, own_rho, kink_patterns(own, own_rho), B, 0.1)
    # Multipliers of 0 for two points far away: they leave out kinks that cut their balls, and add none.
    r = own.shape[1]
    away = np.random.default_rng(3).standard_normal((2, r)) + 3
    every, small = np.vstack([own, ratio * away]) / ratio, own_rho / ratio
    B = np.concatenate([B, np.zeros((2, r, r + 1))])
    B[:, :, -1] *= ratio  # offsets are in the unit of the set
    together = largest_dual_value(every, small, kink_patterns(every, small), B, 0.1)
    assert together == pytest.approx(alone, rel=1e-8)
    # The same seen from one of those: the origin is where B is small, and B far from it.
    moved = (every - every[-1])[::-1]
    B = seen_from_the_last(B, every)
    other = largest_dual_value(moved, small, kink_patterns(moved, small), B, 0.1)
    assert other == pytest.approx(alone, rel=1e-8)


def seen_from_the_last(B, points):
    """The same dual function with the points in the opposite order and the last at the origin.

    With w·x + b = w·(x − t) + b', b' = b + w·t, a matrix [W | β] becomes [W − β tᵀ | β]; that of the first point is
    minus the sum of the others, as a pattern and its complement are the same kink.
    """
    whole = np.concatenate([-B.sum(axis=0)[None], B])
    whole[:, :, :-1] -= whole[:, :, -1:] * points[-1]
    return whole[::-1][1:]
