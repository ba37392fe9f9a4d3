"""One-hot rows and other regular simplices: the least cost by theorem, for any number of corners."""

import time
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ortho_group
from simplex_matrices import contact_matrices, simplex_matrices

from exactnorm import TrainingSet, check_certificate, load, min_norm_denoiser, save
from exactnorm.certify import CertificateError, RegularSimplex
from exactnorm.certify.balls.contact import near_contact, only_corners
from exactnorm.certify.balls.faces import largest_dual_value
from exactnorm.certify.balls.simplex import missing_inequality, simplex_lower_bound
from exactnorm.closed_form import regular_simplex_near_contact
from exactnorm.geometry import affine_hull
from exactnorm.patterns import activation_patterns
from exactnorm.proof.verify import verify
from exactnorm.prover import rigorous

MEASURED = {4: 6.5688818, 5: 8.7858284, 6: 11.004575, 7: 13.224335}
"""One-hot rows at ρ = 0.05, by the program over all activation patterns."""


@pytest.mark.parametrize("count", MEASURED)
def test_the_theorem_says_what_the_program_found(count):
    assert simplex_lower_bound(np.eye(count), 0.05) == pytest.approx(MEASURED[count], rel=1e-7)


def test_fifty_one_hot_rows_are_certified_at_once():
    start = time.process_time()
    found = min_norm_denoiser(np.eye(50), 0.05)
    assert time.process_time() - start < 5
    assert found.certificate.gap < 1e-9
    assert found.certificate.kind == "theorem"
    assert check_certificate(found.certificate, TrainingSet(np.eye(50), 0.05), found.network)[2] < 1e-12
    assert found.certificate.upper == pytest.approx(50 * 2 * np.sqrt(49 / 50) / (np.sqrt(50 / 49) - 0.1), rel=1e-12)


def dual(count, share, matrices=simplex_matrices):
    """κ of a theorem's matrices face by face, at ρ = share · height."""
    points = np.eye(count)
    frame = affine_hull(points)
    X = frame.coordinates(points)
    rho = share * np.sqrt(count / (count - 1)) / frame.scale
    patterns = activation_patterns(X, rho)
    patterns = patterns[~patterns[:, 0] & patterns.any(axis=1)]
    return largest_dual_value(X, rho, patterns, matrices(X, rho), 0.5)


@pytest.mark.parametrize(("count", "share"), [(3, 0.2), (4, 0.05), (4, 0.24), (5, 0.1), (5, 0.29), (6, 0.3)])
def test_the_dual_function_is_at_most_1_where_the_inequalities_hold(count, share):
    assert missing_inequality(count, share) == 0
    assert dual(count, share) == pytest.approx(1.0, abs=1e-8)


def end_of_range(count):
    low, high = 0.4, 0.5 - 1e-9
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (low, middle) if missing_inequality(count, middle) else (middle, high)
    return low


@pytest.mark.parametrize("count", [3, 4, 5, 6])
def test_beyond_the_range_the_dual_function_exceeds_1(count):
    end = end_of_range(count)
    assert dual(count, end - 1e-6) == pytest.approx(1.0, abs=1e-8)
    assert dual(count, end + 5e-4) > 1 + 5e-4
    if count == 3:  # brackets on the cost changed sides at 0.66139 R, by the program
        assert 1.5 * end == pytest.approx(0.66139, abs=5e-6)


@pytest.mark.parametrize("share", [1e-4, 0.05, 0.2, 0.25, 0.4, 0.44])
def test_the_inequalities_hold_up_to_nearly_contact(share):
    for count in [3, 4, 5, 10, 33, 100, 1000]:
        assert missing_inequality(count, share) == 0


def test_corners_that_are_off_cost_a_little_and_others_are_refused():
    rng = np.random.default_rng(0)
    exact = 3e3 * np.eye(9) @ ortho_group.rvs(9, random_state=rng) + 7.0
    value = simplex_lower_bound(exact, 150.0)
    best = 9 * 2 * np.sqrt(8 / 9) / (np.sqrt(9 / 8) - 0.1)
    assert best * (1 - 1e-9) < value <= best
    with pytest.raises(ValueError, match="off by"):
        simplex_lower_bound(exact + 1e-3 * rng.standard_normal((9, 9)), 150.0)
    with pytest.raises(ValueError, match="half the height"):
        simplex_lower_bound(np.eye(6), 0.55)


def test_the_evidence_is_saved_checked_and_refused_for_other_points(tmp_path):
    found = min_norm_denoiser(np.eye(6), 0.1)
    save(tmp_path / "six.npz", found)
    again = load(tmp_path / "six.npz")
    assert again.certificate.evidence.rows == tuple(range(6))
    train = TrainingSet(np.eye(6), 0.1)
    lower = check_certificate(again.certificate, train, again.network)[0]
    assert lower == pytest.approx(found.certificate.upper, rel=1e-9)
    for rows in [(0, 1), (0, 1, 1), (0, 1, 6), [0, 1, 2]]:
        with pytest.raises(CertificateError):
            check_certificate(replace(again.certificate, evidence=RegularSimplex(rows)), train, again.network)
    part = replace(again.certificate, evidence=RegularSimplex((0, 1, 2, 3)))
    with pytest.raises(CertificateError, match="supports only"):
        check_certificate(part, train, again.network)
    bent = np.eye(6)
    bent[0] *= 1.001
    with pytest.raises(CertificateError, match="does not apply"):
        check_certificate(again.certificate, TrainingSet(bent, 0.1), again.network)


def height(count):
    """Of one-hot rows."""
    return np.sqrt(count / (count - 1))


@pytest.mark.parametrize(("count", "share"), [(3, 0.445), (3, 0.49), (4, 0.475), (5, 0.485), (6, 0.49), (7, 0.4999)])
def test_near_contact_the_dual_function_is_at_most_1_and_1_somewhere(count, share):
    assert dual(count, share, contact_matrices) == pytest.approx(1.0, abs=1e-8)


@pytest.mark.parametrize("count", [3, 4, 5, 6, 10, 33, 100])
def test_the_two_theorems_leave_no_radius_between_them(count):
    end = end_of_range(count)
    for share in [*(end + (0.5 - end) * np.linspace(1e-3, 1, 300)[:-1]), 0.5 - 1e-9]:
        assert missing_inequality(count, share)
        near = near_contact(count, share)
        assert near.slope < 2 / (1 - 2 * share)
    # Where one-versus-rest ends, up to the margins of both, the other begins at the same cost.
    begins = end + 1e-4 * (0.5 - end)
    assert near_contact(count, begins).slope == pytest.approx(2 / (1 - 2 * begins), rel=1e-4)


@pytest.mark.parametrize(("count", "share"), [(3, 0.46), (4, 0.475), (5, 0.485)])
def test_near_contact_the_program_finds_the_same(count, share):
    rho = share * height(count)
    theorem = min_norm_denoiser(np.eye(count), rho).certificate
    program = min_norm_denoiser(np.eye(count), rho, method="program").certificate
    assert (theorem.kind, program.kind) == ("theorem", "computed")
    assert program.gap < 1e-6
    assert program.lower <= theorem.upper * (1 + 1e-9)
    assert theorem.lower <= program.upper * (1 + 1e-9)
    assert theorem.upper < 0.99 * count * 2 * np.sqrt((count - 1) / count) / (height(count) - 2 * rho)


@pytest.mark.parametrize(("count", "share"), [(3, 0.47), (12, 0.4985), (40, 0.4999)])
def test_near_contact_any_number_is_certified_wherever_the_points_lie(count, share):
    rng = np.random.default_rng(1)
    points = 20.0 * np.eye(count) @ ortho_group.rvs(count, random_state=rng) + rng.uniform(-5, 5, count)
    points = points[rng.permutation(count)]
    rho = 20.0 * share * height(count)
    found = min_norm_denoiser(points, rho)
    assert found.certificate.kind == "theorem"
    assert found.certificate.gap < 1e-7
    assert found.network.neurons == count**2
    lower, upper, error = check_certificate(found.certificate, TrainingSet(points, rho), found.network)
    assert (upper - lower) / upper < 1e-7
    assert error < 1e-8
    assert upper == pytest.approx((count - 1) * near_contact(count, share).slope, rel=1e-6)


def test_near_contact_what_is_not_near_is_refused():
    assert not only_corners(6, 0.3)
    with pytest.raises(ValueError, match="two corners or more"):
        near_contact(6, 0.3)
    with pytest.raises(ValueError, match="too large"):
        near_contact(6, 0.47)
    with pytest.raises(ValueError, match="off by"):
        regular_simplex_near_contact(np.eye(4) + 0.01 * np.arange(16).reshape(4, 4) ** 0.5, 0.53)
    with pytest.raises(ValueError, match="3 to 100"):
        regular_simplex_near_contact(np.eye(101), 0.5)


def test_near_contact_the_dual_matrices_are_proved_by_cells_in_rational_numbers():
    rho = 0.475 * height(4)
    found = rigorous(min_norm_denoiser(np.eye(4), rho))
    assert found.said == ()
    value = 3 * near_contact(4, 0.475).slope
    assert float(found.lower) < value < float(found.upper)
    assert float(found.upper) - float(found.lower) < 1e-6 * value
    assert verify(found.text, np.eye(4), rho).outcome == "proved"
