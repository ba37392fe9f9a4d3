"""The bound of living patterns: guesses by climbing, and what semidefinite programs make of them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from exactnorm import InfeasibleProblem, TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import Cells, CertificateError, bound
from exactnorm.certify.balls.faces import largest_dual_value
from exactnorm.exact.balls import central, living
from exactnorm.exact.balls.climb import Climbers, climbed
from exactnorm.exact.balls.first import first_bracket
from exactnorm.exact.balls.living import living_bound
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.balls.start import edge_matrices
from exactnorm.exact.settings import Settings
from exactnorm.geometry import affine_hull
from exactnorm.hulls import hull_gaps


def a_set(seed):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((rng.integers(3, 7), rng.integers(2, 6)))
    return TrainingSet(points, rng.uniform(0.05, 0.35) * pdist(points).min())


@pytest.mark.parametrize("seed", range(6))
def test_climbing_ends_at_kinks_that_miss_all_balls_and_never_above_the_maximum(seed):
    problem = reduced(a_set(seed))
    B = edge_matrices(problem, Settings()) + 0.05 * np.random.default_rng(seed).standard_normal(
        (len(problem.points) - 1, problem.rank, problem.rank + 1)
    )
    gaps = hull_gaps(problem.points, problem.patterns)
    rows = np.arange(len(problem.patterns))
    found = climbed(problem, gaps.w, B, Climbers(rows, gaps.w, -gaps.middle, np.zeros(len(rows))), 60)
    kinks = found.kinks(problem)
    sides = np.where(kinks.pattern, 1.0, -1.0) * (kinks.w @ problem.points.T + kinks.b[:, None])
    assert np.linalg.norm(kinks.w, axis=1) == pytest.approx(1.0)
    assert sides.min() > problem.rho - 1e-9
    each = np.linalg.norm(np.einsum("kn,nij,kj->ki", kinks.pattern[:, 1:] * 1.0, B, kinks.z), axis=1)
    assert found.value == pytest.approx(each)
    exact = largest_dual_value(problem.points, problem.rho, problem.patterns, B, 1e-9)
    assert 0.8 * exact < found.value.max() < exact * (1 + 1e-9)


def shorten(patch):
    """Fewer rounds, starts and kinks: what is proved is proved whatever B is."""
    for room, name, value in (
        (living, "IDLE", 6),
        (living, "CYCLES", 2),
        (central, "STARTS", 40),
        (central, "KINKS", 100),
        (central, "SPREAD", 400),
    ):
        patch.setattr(room, name, value)


@pytest.fixture
def brief(monkeypatch):
    shorten(monkeypatch)


def bracketed(seed):
    """Whether the bound of living patterns is supported, and no higher than the program's network costs."""
    train = a_set(seed)
    try:
        program = min_norm_denoiser(train, method="program", tol=1e-4).certificate
    except InfeasibleProblem:
        return True
    settings = Settings()
    first = first_bracket(train, affine_hull(train.points), settings)
    if first.ramps is None:  # a closed form, or nothing
        return True
    found = living_bound(reduced(train), first.neurons(), settings)
    supported = bound(found.evidence, train)
    assert found.lower == pytest.approx(supported, rel=1e-9)
    assert found.lower > 0.5 * program.lower
    return supported <= program.upper * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.usefixtures("brief")
def test_the_bound_of_living_patterns_is_below_the_optimum(seed):
    assert bracketed(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4, 200))
@pytest.mark.usefixtures("brief")
def test_the_bound_of_living_patterns_is_below_the_optimum_of_many(seed):
    assert bracketed(seed)


@pytest.fixture(scope="module")
def solved():
    """A set whose faces count as too many to go through."""
    points = np.random.default_rng(3).standard_normal((5, 4))
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        patch.setattr(living, "FROM", 3)
        patch.setattr(living, "FACES", 0)
        yield min_norm_denoiser(points, 0.3 * pdist(points).min())


def test_where_faces_are_too_many_the_bracket_rests_on_living_patterns_and_says_how_wide_it_is(solved):
    certificate = solved.certificate
    assert isinstance(certificate.evidence, Cells)
    lower, upper, _ = check_certificate(certificate, solved.train, solved.network)
    assert 0.75 * upper < lower <= upper
    assert f"{100 * certificate.gap:.2g} % wide" in solved.status
    assert "living patterns" in solved.status


def test_the_bound_of_living_patterns_misses_none(solved):
    evidence = solved.certificate.evidence
    fewer = replace(evidence, proofs=evidence.proofs[1:])
    with pytest.raises(CertificateError, match="not covered"):
        bound(fewer, solved.train)


@pytest.mark.usefixtures("brief")
def test_a_bound_that_is_proved_outlives_an_interruption():
    points = np.random.default_rng(3).standard_normal((5, 4))
    train = TrainingSet(points, 0.3 * pdist(points).min())
    first = first_bracket(train, affine_hull(train.points), Settings())

    def interrupt(_):
        raise KeyboardInterrupt

    found = living_bound(reduced(train), first.neurons(), Settings(), interrupt)
    assert found.lower == pytest.approx(bound(found.evidence, train), rel=1e-9)
