"""Points that lie in a flat but for rounding may pass each other beside it, where balls are smaller than rounding."""

import numpy as np
import pytest

from exactnorm import TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import CertificateUndecided
from exactnorm.certify.balls.evidence import _radius
from exactnorm.geometry import affine_hull


def nearly_flat(off):
    """Seven points, four of them on a line, all up to `off` beside a plane."""
    rng = np.random.default_rng(3)
    points = np.zeros((7, 3))
    points[:4, 0] = np.arange(4)
    points[4:, :2] = 1.2 * rng.standard_normal((3, 2)) + [1.5, 0]
    away = rng.standard_normal(7)
    points[:, 2] = off * away / np.abs(away).max()
    return points


def test_a_bound_in_a_flat_is_none_for_balls_smaller_than_what_points_are_beside_it():
    off = np.array([0, 0, 1e8])
    far = nearly_flat(2e-7) + off
    near = far - off  # without any rounding: the same set, moved
    np.testing.assert_array_equal(near + off, far)
    assert (affine_hull(far).rank, affine_hull(near).rank) == (2, 3)
    rho = 1e-9
    found, less = (min_norm_denoiser(one, rho, tol=5e-5) for one in (far, near))
    upper = check_certificate(less.certificate, less.train, less.network)[1]
    assert found.certificate.lower > upper * (1 + 1e-4)
    with pytest.raises(CertificateUndecided, match="in a flat of 2 dimensions but for rounding"):
        check_certificate(found.certificate, found.train, found.network)
    # Larger balls feel nothing of it.
    found = min_norm_denoiser(far, 0.02, tol=5e-5)
    assert check_certificate(found.certificate, found.train, found.network)[0] > upper


def test_the_radius_in_a_flat_is_that_which_kinks_of_every_tilt_leave():
    train = TrainingSet(nearly_flat(2e-9) + np.array([0, 0, 1e6]), 1e-3)
    frame = affine_hull(train.points)
    beside = frame.distance(train.points).max()
    assert frame.rank == 2
    assert 1e-10 < beside < 1e-9
    tilt = np.arange(1, 2000) * beside / 1000 / train.rho
    left = (train.rho - beside * np.sin(tilt)) / np.cos(tilt)
    assert _radius(train, frame) == pytest.approx(left.min(), rel=1e-15)
    assert _radius(train, frame) <= train.rho
    full = TrainingSet(nearly_flat(1e-3), 1e-9)
    assert _radius(full, affine_hull(full.points)) == 1e-9
    bare = TrainingSet(train.points, 0.0)
    assert _radius(bare, frame) == 0


@pytest.mark.parametrize("rho", [1e-18, 1e-20])
def test_balls_smaller_than_what_points_are_beside_their_flat_leave_it_undecided_and_no_radius_that_is_none(rho):
    axes = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    points = np.array([[0, 0, 0], [1, 0.3, 0], [0.2, 1.1, 0], [1.2, 1.4, 0]]) @ axes.T + 0.1
    frame = affine_hull(points)
    assert frame.rank == 2
    assert 1e-18 < frame.distance(points).max() < 1e-14
    with pytest.raises(CertificateUndecided, match="in a flat of 2 dimensions but for rounding"):
        _radius(TrainingSet(points, rho), frame)


def test_multipliers_of_patterns_with_next_to_no_interior_are_in_their_cones():
    """Balls of 1e-12 of the separation, nearly on a line: rounding had put some multipliers on the wrong side of 0."""
    points = np.array(
        [
            [0.357177734375, -4.291534423828125e-06],
            [-1.056640625, 8.106231689453125e-06],
            [-1.12939453125, -1.3351440429687500e-05],
            [0.655029296875, 6.198883056640625e-06],
        ]
    )
    found = min_norm_denoiser(points, 2.0**-44)
    lower, upper, _ = check_certificate(found.certificate, found.train, found.network)
    assert upper * (1 - 1e-6) <= lower <= upper
