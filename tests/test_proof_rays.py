"""Proofs by rays for points that are on them up to rounding, or are not: what is shown holds for the floats given."""

from decimal import Context, Decimal, localcontext
from fractions import Fraction

import naive_verifier
import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from forging import rays, whole

import exactnorm
from exactnorm.proof.bounds import ray_bound
from exactnorm.proof.problem import balls
from exactnorm.proof.rationals import exact
from exactnorm.proof.verify import verify
from exactnorm.prover import rigorous


def turned_rays(seed):
    """Points on half axes of a turned frame in R^2 to R^5, and on two obtuse rays in its first plane."""
    rng = np.random.default_rng(seed)
    d = 2 + seed % 4
    angle = rng.uniform(1.7, 3.0)
    slanted = np.array([np.cos(angle), np.sin(angle)])
    axes = [*np.eye(d)[2:], *(-np.eye(d)[2:] if seed % 2 else []), np.eye(d)[0], np.pad(slanted, (0, d - 2))]
    rows = [t * u for u in axes for t in np.cumsum(rng.uniform(0.3, 2, rng.integers(1, 3)))]
    turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
    return np.vstack([np.zeros(d), *rows]) @ turn.T + rng.uniform(-2, 2, d)


@pytest.mark.parametrize("rho", [0.0, 1e-14, 0.03])
@pytest.mark.parametrize("seed", range(8))
def test_rays_by_rounding_are_proved_as_nearly_as_their_floats_allow(seed, rho):
    points = turned_rays(seed)
    denoiser = exactnorm.min_norm_denoiser(points, rho=rho)
    found = rigorous(denoiser)
    assert [sentence[:45] for sentence in found.said] == ["these floats are one-sided rays up to roundin"]
    ours = verify(found.text, points, rho)
    outcome, lower, upper, why = naive_verifier.judge(found.text, points.tolist(), rho)
    assert (ours.outcome, outcome) == ("proved", "proved"), (ours.reasons, why)
    assert abs(float(ours.lower) - float(lower)) <= 1e-15 * float(lower)
    assert abs(float(ours.upper) - float(upper)) <= 1e-15 * float(upper)
    # Points are off by some 1e-16 of a set of size 4, whose gaps are 0.2 at least, counted six times at most for each.
    assert found.gap <= 1e-11
    if rho == 0:
        assert abs(float(found.lower) / (2 * (len(points) - 1)) - 1) <= 1e-11


def beside(seed, off):
    """Points beside two orthogonal rays from the first: two beside each."""
    rng = np.random.default_rng(seed)
    on = [[0, 0, 0], [1, 0, 0], [1.9, 0, 0], [0, 0.8, 0], [0, 2, 0]]
    return np.array(on) + np.vstack([np.zeros(3), off * rng.uniform(-1, 1, (4, 3))])


def axes(points):
    """The first two axes in the basis of points 1 and 3, exactly."""
    (a, b), (c, d) = ([Fraction(float(x)) for x in points[n] - points[0]] for n in (1, 3))
    return [[str(x / (a * d - b * c)) for x in row] for row in ([d, -b], [-c, a])]


@pytest.mark.parametrize("rho", [0.0, 0.01])
@pytest.mark.parametrize("off", [0.3, 0.1, 0.01])
def test_what_is_shown_of_points_beside_their_rays_is_below_the_cost_of_a_network(off, rho):
    points = beside(int(100 * off), off)[:, :2]
    text = whole(points, rho, rays(*zip(axes(points), ([1, 2], [3, 4]), strict=True)), "0", basis=[1, 3])
    verdict = verify(text, points, rho)
    outcome, lower, *_ = naive_verifier.judge(text, points.tolist(), rho)
    assert verdict.outcome == outcome == "proved"
    assert abs(float(verdict.lower) - float(lower)) <= 1e-15 * float(lower)
    assert 0 < float(verdict.lower) <= exactnorm.min_norm_denoiser(points, rho=rho, tol=1e-3).certificate.upper


@pytest.mark.parametrize("off", [0.5, 0.1, 1e-3])
@pytest.mark.parametrize("seed", range(3))
def test_no_neuron_supplies_more_than_the_excess_allows(seed, off):
    # The functional of the proof itself, on a hundred thousand neurons that are off at the centre.
    points = beside(seed, off)
    problem = balls(points, fmpq(0), affine(points), 0)
    lines, runs = np.eye(3)[:2], ([1, 2], [3, 4])
    rng = np.random.default_rng(seed)
    w = rng.standard_normal((100_000, 3)) * [1, 1, 0.2]
    w[::2] *= [1, 0.05, 1]
    w /= np.linalg.norm(w, axis=1)[:, None]
    near = points[rng.integers(1, 5, len(w))] + off * rng.standard_normal((len(w), 3))
    b = -np.einsum("ki,ki->k", w, near)
    w, b = w[b < 0], b[b < 0]  # the first point is the origin
    height = w @ points.T + b[:, None]
    on, phi = height > 0, np.maximum(height, 0)
    total, excess = np.zeros((len(w), 3)), 0.0
    for u, run in zip(lines, runs, strict=True):
        part, before, z = np.zeros(len(w)), 0, w @ u
        for n in run:
            rise = (phi[:, n] - phi[:, before]) / ((points[n] - points[before]) @ u)
            part += 2 * rise - z * (on[:, n] * 1.0 + on[:, before])
            before = n
        total += part[:, None] * u
        at = [exact(float(x)) for x in points @ u]
        excess += float(ray_bound(problem, 0, fmpq(1), at, run)[1])
    largest = float(np.linalg.norm(total, axis=1).max())
    assert largest <= (1 + excess) * (1 + 1e-12)
    assert largest >= 0.9  # else nothing came near


def affine(points):
    """Rows of a basis."""
    return (1, 3, max((2, 4), key=lambda n: abs(points[n, 2])))


@pytest.mark.parametrize(("claim", "outcome"), [("1.99999999441", "proved"), ("1.99999999442", "refuted")])
def test_a_point_beside_its_ray_costs_as_much_as_it_is_beside(claim, outcome):
    # One gap of length 1, the point 2^-30 beside: 2/(1 + 3·2^-30), and not more.
    points = np.array([[0.0, 0.0], [1.0, 2.0**-30], [0.0, 1.0]])
    text = whole(points, 0.0, rays((["1", str(Fraction(-1, 2**30))], [1])), claim)
    assert verify(text, points, 0.0).outcome == outcome
    assert naive_verifier.judge(text, points.tolist(), 0.0)[0] == outcome


def test_directions_of_a_full_cross_are_orthogonal_exactly():
    points = np.vstack([np.zeros(4), np.eye(4), -np.eye(4)]) @ np.linalg.qr(np.random.default_rng(5).random((4, 4)))[0]
    found = rigorous(exactnorm.min_norm_denoiser(points, rho=0.0))
    directions = [line for line, _ in found.proof.lower.rays]
    assert len(directions) == 8
    problem = balls(points, fmpq(0), found.proof.basis, found.proof.unit)
    products = fmpq_mat([list(one) for one in directions])
    products = products * problem.gamma * products.transpose()
    assert sum(products[i, j] != 0 for i in range(8) for j in range(8)) == 16


def test_roots_in_what_is_excused_are_rounded_to_the_side_that_proves_less():
    # The ray crosses ball 1 with a half chord √(ρ² − δ²), which is no rational number, and passes point 2 by 3ρ.
    points = np.array([[0.0, 0], [1, 0.03125], [2, 0.75], [0, 1]])
    problem = balls(points, exact(0.25), [1, 3], 0)
    line = [fmpq(1), fmpq(-1, 32)]  # along the first axis
    at = [problem.heights[n, 0] * line[0] + problem.heights[n, 1] * line[1] for n in range(4)]
    total, excess = ray_bound(problem, 0, fmpq(1), at, [1, 2])
    with localcontext(Context(prec=100)):
        half = (Decimal("0.0625") - Decimal("0.03125") ** 2).sqrt()
        gaps = [(1, 1 - Decimal("0.25") - half), (1, 1 - half)]
        sum_of_slopes = sum(2 * gap / free for gap, free in gaps)
        excused = 3 * Decimal("0.75") / gaps[1][1]
        assert Decimal(int(total.p)) / Decimal(int(total.q)) <= sum_of_slopes
        assert Decimal(int(excess.p)) / Decimal(int(excess.q)) >= excused
