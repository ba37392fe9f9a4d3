"""Two independent roads, the theorem's formula and the convex program, lead to one denoiser."""

import numpy as np
import pytest

from exactnorm import TrainingSet, check_certificate, load, min_norm_denoiser, save
from exactnorm.certify import CertificateError
from exactnorm.closed_form import collinear, equilateral_triangle, obtuse_simplex, orthogonal, rays, univariate
from exactnorm.theorems.roads import program

GEOMETRIES = {
    "univariate": univariate,
    "collinear": collinear,
    "orthogonal": orthogonal,
    "obtuse": obtuse_simplex,
    "rays": rays,
    "equilateral": equilateral_triangle,
}


def random_set(geometry, seed, most=4):
    """Random points of a geometry, on at most `most` rays, and a radius for which the form is proved minimal."""
    rng = np.random.default_rng([seed, *geometry.encode()])
    if geometry == "equilateral":
        angles = rng.uniform(0, 2) + np.array([0, 2, 4]) * np.pi / 3
        return np.column_stack([np.cos(angles), np.sin(angles)]) + rng.standard_normal(2), rng.uniform(0.02, 0.5)
    if geometry in ("univariate", "collinear"):
        x = np.cumsum(rng.uniform(0.5, 2, rng.integers(2, 6)))[:, None]
        points = x if geometry == "univariate" else x @ rng.standard_normal((1, 3)) / 1.5
    else:
        count = int(rng.integers(2, most + 1))
        units = np.linalg.qr(rng.standard_normal((count, count)))[0]
        if geometry != "orthogonal":
            units[-1] -= rng.uniform(0, 0.8, count - 1) @ units[:-1]
            units[-1] /= np.linalg.norm(units[-1])
        reach = rng.uniform(0.7, 2, count)
        points = np.vstack([np.zeros(count), reach[:, None] * units])
        if geometry == "rays":
            points = np.vstack([points[:4], 2.1 * points[1]])
    points = points[rng.permutation(len(points))]
    return points, rng.uniform(0.02, 0.35) * TrainingSet(points).separation


def compare(geometry, seed, most=4, tight=2e-6):
    points, rho = random_set(geometry, seed, most)
    formula = GEOMETRIES[geometry](points, rho)
    solved = program(points, rho)
    assert solved.certificate.kind == "computed"
    lower, upper, error = check_certificate(solved.certificate, solved.train, solved.network)
    cost = formula.representation_cost
    assert lower <= cost * (1 + 1e-8)
    assert upper >= cost * (1 - 1e-8)
    assert upper - lower <= tight * cost  # else the bracket would agree with anything
    assert error < 1e-9
    return upper - lower <= 2e-6 * cost, points, rho, formula, solved.network


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("seed", range(2))
def test_the_bracket_holds_the_formulas_cost(geometry, seed):
    compare(geometry, seed, most=3)


@pytest.mark.slow
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_the_bracket_holds_the_formulas_cost_on_a_hundred_sets(geometry):
    # A wide bracket that holds the cost says little, so most must be narrow. The program does not reach 1e-6 on every
    # set: in November 2026 95 brackets of 100 were narrow for rays, 97 for obtuse simplices; at most 6e-5 was left.
    narrow = sum(compare(geometry, seed, tight=1e-3)[0] for seed in range(100))
    assert narrow >= 90


@pytest.mark.parametrize("geometry", ["univariate", "collinear"])
def test_on_a_line_the_denoisers_agree_on_and_between_the_balls(geometry):
    _, points, rho, formula, network = compare(geometry, 7)
    along = np.linspace(-0.2, 1.2, 300)[:, None]
    first, last = points[np.argmin(points @ points[0])], points[np.argmax(points @ points[0])]
    Y = first + along * (last - first)
    # Costs within 1e-6 of each other leave room for deviations of its square root.
    np.testing.assert_allclose(network(Y), formula(Y), atol=5e-3 * np.ptp(points))
    assert np.abs(formula(Y) - Y).max() > 0.5 * rho


def test_auto_takes_the_theorem_and_program_does_not():
    points = [[0, 0], [1, 0], [-0.7, 1]]
    closed, program = min_norm_denoiser(points, 0.1), min_norm_denoiser(points, 0.1, method="program")
    assert (closed.certificate.kind, program.certificate.kind) == ("theorem", "computed")
    assert "pairwise at least 90°" in closed.certificate.statement
    assert closed.certificate.gap == pytest.approx(0, abs=1e-14)
    assert min_norm_denoiser([[0, 0], [1, 0], [0.4, 0.9]], 0.1).certificate.kind == "computed"
    with pytest.raises(ValueError, match="'guess' is unknown"):
        min_norm_denoiser(points, 0.1, method="guess")


def test_a_theorem_on_file_is_verified_and_a_false_one_refused(tmp_path):
    closed = min_norm_denoiser([[0, 0], [1, 0], [-0.7, 1]], 0.1)
    save(tmp_path / "closed.npz", closed)
    again = load(tmp_path / "closed.npz")
    lower, upper, error = check_certificate(again.certificate, again.train, again.network)
    assert lower == pytest.approx(4.8919050, rel=1e-7)
    assert upper == pytest.approx(lower)
    assert error < 1e-14
    acute = TrainingSet([[0, 0], [1, 0], [0.4, 0.9]], 0.1)
    with pytest.raises(CertificateError, match="theorem does not apply"):
        check_certificate(again.certificate, acute, again.network)


def test_a_thousand_orthogonal_points_are_certified_at_once():
    rng = np.random.default_rng(0)
    points = np.vstack([np.zeros(1000), np.diag(rng.uniform(1, 2, 1000))])
    denoiser = min_norm_denoiser(points, 0.1)
    lower, upper, error = check_certificate(denoiser.certificate, denoiser.train, denoiser.network)
    assert upper - lower <= 1e-12 * upper
    assert error < 1e-13
