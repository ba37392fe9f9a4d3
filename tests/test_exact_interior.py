"""Where whole patterns come first, by the interior point method, and the loop goes on from there."""

import numpy as np
import pytest

from exactnorm import TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import Cells
from exactnorm.certify.balls.dual_bound import dual_bound
from exactnorm.exact.balls import interior, loop
from exactnorm.exact.balls.first import first_bracket
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.balls.solve import started
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import Settings, Solver
from exactnorm.geometry import affine_hull

SIX = TrainingSet(np.random.default_rng(5).standard_normal((6, 5)), 0.05)
OPTIMUM = 10.0229867
"""From the loop without that start, on which the certificate's faces and multipliers agree."""


@pytest.fixture(scope="module")
def begun():
    settings = Settings(1e-6, Solver(), Deadline(None))
    problem = reduced(SIX)
    best, _ = started(problem, first_bracket(SIX, affine_hull(SIX.points), settings), settings)
    return problem, best, settings


def test_every_bound_of_whole_patterns_is_proved_and_the_last_is_near_the_optimum(begun):
    problem, best, settings = begun
    found = list(interior.interior(problem, best, settings))
    lower = [one.lower for one in found]
    assert sorted(set(lower)) == lower
    assert 0.98 * OPTIMUM < lower[-1] < OPTIMUM
    for one in found:
        assert dual_bound(problem.points, problem.rho, one.B, one.proofs) == pytest.approx(one.lower, rel=1e-9)


def test_a_solve_that_ends_among_whole_patterns_has_their_multipliers(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "climbed", interrupted)
    denoiser = min_norm_denoiser(SIX)
    certificate = denoiser.certificate
    assert isinstance(certificate.evidence, Cells)
    assert 0.98 * OPTIMUM < certificate.lower < OPTIMUM < certificate.upper
    lower, upper, _ = check_certificate(certificate, SIX, denoiser.network)
    assert (lower, upper) == pytest.approx((certificate.lower, certificate.upper), rel=1e-9)


def test_both_starts_end_at_one_optimum(monkeypatch):
    monkeypatch.setattr(loop, "INTERIOR_FROM", 100)
    without = min_norm_denoiser(SIX).certificate
    monkeypatch.undo()
    with_them = min_norm_denoiser(SIX).certificate
    for one in (without, with_them):
        assert one.gap <= 1e-6
        assert one.lower - 1e-7 < OPTIMUM < one.upper + 1e-7
