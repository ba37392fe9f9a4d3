"""The same set rotated, shifted, permuted, scaled and embedded has the same bracket."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from exactnorm import check_certificate, load, min_norm_denoiser, problems, save

TRIANGLE = np.array([[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]])
RHO = 0.1


def embedded(points, dimension):
    axes = np.linalg.qr(np.random.default_rng(0).standard_normal((dimension, points.shape[1])))[0]
    return points @ axes.T


CHANGES = {
    "rotated": lambda X: (X @ ortho_group.rvs(2, random_state=3), RHO),
    "shifted": lambda X: (X + np.array([3.0, -7.0]), RHO),
    "far away": lambda X: (X + 1e6, RHO),
    "permuted": lambda X: (X[[2, 0, 1]], RHO),
    "tiny": lambda X: (1e-8 * X, 1e-8 * RHO),
    "huge": lambda X: (1e8 * X, 1e8 * RHO),
    "embedded": lambda X: (embedded(X, 1000), RHO),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_bracket_does_not_depend_on_coordinates(change):
    points, rho = CHANGES[change](TRIANGLE)
    one = min_norm_denoiser(TRIANGLE, RHO).certificate
    other = min_norm_denoiser(points, rho)
    assert other.certificate.gap <= 1e-6
    assert max(one.lower, other.certificate.lower) <= min(one.upper, other.certificate.upper) * (1 + 1e-9)
    assert other.certificate.upper == pytest.approx(one.upper, rel=1e-6)
    check_certificate(other.certificate, other.train, other.network)


def test_the_denoiser_of_a_rotated_set_is_the_rotated_denoiser():
    Q = ortho_group.rvs(2, random_state=3)
    inputs = np.random.default_rng(0).standard_normal((50, 2))
    one = min_norm_denoiser([[0, 0], [1, 0], [0, 2]], RHO, method="program")
    other = min_norm_denoiser(np.array([[0, 0], [1, 0], [0, 2]]) @ Q.T, RHO, method="program")
    # The minimiser is unique for orthogonal data, so the functions agree everywhere.
    np.testing.assert_allclose(other(inputs @ Q.T), one(inputs) @ Q.T, atol=1e-6)


def test_digits_are_interpolated_to_rounding_in_64_dimensions(tmp_path):
    train = problems.digits5().train
    denoiser = min_norm_denoiser(train, tol=1e-4, time_limit=60)
    diameter = max(np.linalg.norm(x - y) for x in train.points for y in train.points)
    assert denoiser.certificate.gap <= 1e-4
    assert denoiser.certificate.interpolation_error <= 1e-9 * diameter
    noisy = train.points[3] + 0.9 * train.rho * np.eye(64)[10]
    np.testing.assert_allclose(denoiser(noisy), train.points[3], atol=1e-9 * diameter)
    file = tmp_path / "digits.npz"
    save(file, denoiser)
    again = load(file)
    assert check_certificate(again.certificate, train, again.network) == check_certificate(
        denoiser.certificate, train, denoiser.network
    )


def test_patterns_of_random_sets_match_brute_force_over_sign_vectors():
    from itertools import product

    from scipy.optimize import linprog

    from exactnorm.patterns import activation_patterns

    for seed in range(6):
        rng = np.random.default_rng(seed)
        points = np.unique(rng.integers(-1, 2, (6, 2)).astype(float), axis=0)
        count = 0
        for bits in product([-1.0, 1.0], repeat=len(points)):
            sign = np.array(bits)[:, None]
            rows = -sign * np.column_stack([points, np.ones(len(points))])
            answer = linprog(np.zeros(3), A_ub=rows, b_ub=-np.ones(len(points)), bounds=[(None, None)] * 3)
            count += answer.status == 0
        assert len(activation_patterns(points)) == count
