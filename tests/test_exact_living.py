"""The bound of living patterns: B and multipliers of all of them at once, by an interior point method."""

from dataclasses import replace
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from exactnorm import InfeasibleProblem, TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import Cells, CertificateError, bound
from exactnorm.certify.balls.cell import cell_rows
from exactnorm.certify.balls.dual_bound import dual_bound, dual_value
from exactnorm.certify.balls.faces import largest_dual_value
from exactnorm.exact.balls import joint, living, loop, solve
from exactnorm.exact.balls.barrier import begun, opposite, shape, slack
from exactnorm.exact.balls.block_program import solved_blocks
from exactnorm.exact.balls.cells import essential_rows, tangent_cells, whole_cells
from exactnorm.exact.balls.chosen import whole_path
from exactnorm.exact.balls.cones import matrix_reach
from exactnorm.exact.balls.eliminated import to_zero
from exactnorm.exact.balls.first import first_bracket
from exactnorm.exact.balls.joint import Joint, _Step, free, path, whole
from exactnorm.exact.balls.living import living_bound, may_be_followed
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.exact.settings import Settings, Solver
from exactnorm.geometry import affine_hull


def a_set(seed):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((rng.integers(3, 7), rng.integers(2, 6)))
    return TrainingSet(points, rng.uniform(0.05, 0.35) * pdist(points).min())


@pytest.mark.parametrize("seed", range(6))
def test_every_point_of_the_path_is_a_proof_as_faces_and_the_certificate_find(seed):
    problem = reduced(a_set(seed))
    for step, point in enumerate(path(problem, 5.0, Deadline(None))):
        exact = largest_dual_value(problem.points, problem.rho, problem.patterns, point.B, 1e-9)
        assert exact < 1 + 1e-12
        assert dual_bound(problem.points, problem.rho, point.B, point.proofs) == pytest.approx(point.lower, rel=1e-9)
        if step == 12:
            break
    assert point.lower > 0


def test_the_path_ends_at_the_value_of_the_program_over_patterns():
    problem = reduced(TrainingSet(np.random.default_rng(5).standard_normal((6, 5)), 0.05))
    points = list(islice(path(problem, 10.0, Deadline(None)), 25))
    blocks = solved_blocks(problem.points, problem.rho, whole_cells(problem.patterns, 5), 10.0, Solver())
    assert points[-1].ahead < 1e-3
    assert points[-1].lower == pytest.approx(10.019412, abs=2e-4)
    assert points[-1].lower < dual_bound(problem.points, problem.rho, blocks.B, blocks.proofs) * (1 + 1e-6)
    # What the path says is ahead is there or less.
    assert all(points[-1].lower < one.lower + one.ahead for one in points[10:-1])


@pytest.mark.parametrize("tangent", [False, True])
def test_a_step_is_newtons(tangent):
    """A small share h of a step straight to 0 leaves 1 − h of every product and of every equation's error."""
    X = np.random.default_rng(1).standard_normal((4, 3))
    X = (X - X[0]) / np.linalg.norm(X - X[0], axis=1).max()
    problem = reduced(TrainingSet(X, 0.2 * pdist(X).min()))
    of = whole(problem)
    if tangent:
        cells = [cell for one in of.cells for cell in tangent_cells(one)]
        rows = [essential_rows(cell, problem.points, problem.rho) for cell in cells]
        chosen = [k for k in range(len(cells)) if len(rows[k]) == 3]
        inside = [inner_point(cells[k], problem) for k in chosen]
        chosen, inside = zip(*[(k, z) for k, z in zip(chosen, inside, strict=True) if z is not None], strict=True)
        cells, rows = [cells[k] for k in chosen], [rows[k] for k in chosen]
        of = shape(cells, rows, np.array(inside), problem.points, problem.rho)
    at = begun(of, problem.points)
    moments = opposite(of, of.zero, at, 1e3 / of.degree)
    T = 0.1 * np.random.default_rng(0).standard_normal((len(X) - 1, problem.rank, problem.rank + 1))
    now = Joint(np.zeros_like(T), of, at, moments, 0.0, 0.0, free(problem))
    for _ in range(2):  # from a B that is not 0
        B, some, more = _Step(now, T, Deadline(None)).taken()
        now = Joint(B, of, some, more, 0.0, 0.0, free(problem))
    step = _Step(now, T, Deadline(None))
    dB, steps = step._solved(step.rest, [to_zero(part.one) for part in step.parts])
    h = 1e-6

    def errors(share):
        at, moments = step._moved(steps, share)
        return equations(of, now.B + share * dB, at, moments, T)

    for before, after in zip(errors(0.0), errors(h), strict=True):
        scale = np.abs(before).max() + 1e-9
        assert (after - before) / h == pytest.approx(-before, abs=1e-3 * scale)


def equations(of, B, at, moments, T):
    """What is 0 at the end of the path, written out cell by cell."""
    F, first, second = slack(of, of.sums(B), at), *np.triu_indices(of.G.shape[1], 1)
    asked, mu, nu, ell = T.copy(), [], [], []
    for k in range(len(of)):
        Bs, G, X, E = B[of.on[k]].sum(axis=0), of.G[k], moments.X[k], of.E[k]
        asked[of.on[k]] -= 2 * Bs @ of.T[k] @ X @ of.T[k].T
        mu.append(np.trace(E[:-1] @ X @ E[:-1].T) - E[-1] @ X @ E[-1])
        nu.append(2 * (G @ X @ G.T)[first, second] - moments.nu[k])
        ell.append(2 * G @ X @ E.T - moments.ell[k])
    return (
        asked,
        np.array(mu),
        np.array(nu),
        np.array(ell),
        np.einsum("pij,pji->p", F, moments.X),
        at.nu * moments.nu,
        (at.ell * moments.ell).sum(axis=2),
    )


def inner_point(cell, problem):
    """A kink well inside a tangent cell, in lifted coordinates, by drawing at random; None if none is found."""
    rng = np.random.default_rng(0)
    w = rng.standard_normal((4000, problem.rank))
    z = np.column_stack([0.9 * w / np.linalg.norm(w, axis=1)[:, None], np.ones(len(w))])
    G = cell_rows(cell, problem.points, problem.rho)
    least = np.delete(z @ G.T, cell.ball, axis=1).min(axis=1)
    return z[least.argmax()] if least.max() > 1e-3 else None


def test_a_cell_is_round_in_its_coordinates():
    """The Hessian of the barrier is the identity at the centre, whatever the cell."""
    problem = reduced(TrainingSet(np.random.default_rng(2).standard_normal((5, 4)), 0.2))
    of = whole(problem)
    inside = of.T[:, :-1] - of.E[:, :-1]
    assert np.abs(inside).max() < 1e-9  # w is w, in whichever map
    assert np.linalg.norm(of.G, axis=2) == pytest.approx(1.0)
    assert (of.size < 1 + 1e-9).all()  # Σ g gᵀ/(g·z)² ⪯ I: no row is longer than its value at the centre


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
    problem = reduced(train)
    found = living_bound(problem, first.neurons(), first.upper, settings, [free(problem)])
    supported = bound(found.evidence, train)
    assert found.lower == pytest.approx(supported, rel=1e-9)
    assert found.lower > 0.9 * program.lower
    return supported <= program.upper * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(2))
def test_the_bound_of_living_patterns_is_below_the_optimum(seed):
    assert bracketed(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 200))
def test_the_bound_of_living_patterns_is_below_the_optimum_of_many(seed):
    assert bracketed(seed)


def test_no_step_begins_that_would_take_longer_than_is_left(monkeypatch):
    """By a clock that moves in steps only: 0.3 of 0.5 seconds each."""
    clock = SimpleNamespace(elapsed=0.0, remaining=0.5, check=lambda: None)

    def slow(*_):
        clock.elapsed += 0.3
        clock.remaining -= 0.3
        return SimpleNamespace(lower=1.0)

    monkeypatch.setattr(joint, "stepped", slow)
    with pytest.raises(OutOfTimeError):
        list(path(reduced(a_set(0)), 5.0, clock))
    assert clock.elapsed == 0.3


def test_no_matrix_is_factored_that_would_take_longer_than_is_left(monkeypatch):
    problem = reduced(a_set(0))
    monkeypatch.setattr(joint, "operations", lambda _: 1e-9)  # as if the cells had taken long for next to nothing
    monkeypatch.setattr(joint, "cho_factor", lambda *_, **__: pytest.fail("the matrix was factored"))
    with pytest.raises(OutOfTimeError):
        list(path(problem, 5.0, Deadline(60.0)))


@pytest.fixture(scope="module")
def solved():
    """A set whose faces count as too many to go through, and whose peaks are not followed."""
    points = np.random.default_rng(3).standard_normal((5, 4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(living, "FROM", 3)
        patch.setattr(living, "FACES", 0)
        patch.setattr(loop, "climbed", lambda *_: iter(()))
        return min_norm_denoiser(points, 0.3 * pdist(points).min())


def test_where_faces_are_too_many_the_bracket_rests_on_living_patterns_and_says_how_wide_it_is(solved):
    certificate = solved.certificate
    assert isinstance(certificate.evidence, Cells)
    lower, upper, _ = check_certificate(certificate, solved.train, solved.network)
    assert 0.75 * upper < lower <= upper
    assert f"{100 * certificate.gap:.2g} % wide" in solved.status
    assert "living patterns, each bounded by multipliers" in solved.status
    assert "of the best that whole patterns give" in solved.status


def test_the_bound_of_living_patterns_misses_none(solved):
    evidence = solved.certificate.evidence
    fewer = replace(evidence, proofs=evidence.proofs[1:])
    with pytest.raises(CertificateError, match="not covered"):
        bound(fewer, solved.train)


def test_a_bound_that_is_proved_outlives_an_interruption():
    points = np.random.default_rng(3).standard_normal((5, 4))
    train = TrainingSet(points, 0.3 * pdist(points).min())
    first = first_bracket(train, affine_hull(train.points), Settings())

    def interrupt(lower):
        if lower > 0:
            raise KeyboardInterrupt

    problem = reduced(train)
    found = living_bound(problem, first.neurons(), first.upper, Settings(), [free(problem)], interrupt)
    assert found.lower == pytest.approx(bound(found.evidence, train), rel=1e-9)
    assert found.interrupted


def test_ctrl_c_while_living_patterns_are_bounded_ends_the_solve_with_what_is_proved(monkeypatch):
    points = np.random.default_rng(3).standard_normal((5, 4))
    monkeypatch.setattr(living, "FROM", 3)

    def stopped(*arguments):
        yield next(whole_path(*arguments))
        raise KeyboardInterrupt

    def never(*_):
        pytest.fail("the loop over faces began after Ctrl-C")

    monkeypatch.setattr(living, "whole_path", stopped)
    monkeypatch.setattr(solve, "brackets", never)
    found = min_norm_denoiser(points, 0.3 * pdist(points).min())
    assert "interrupted" in found.status
    assert 0 < found.certificate.lower < found.certificate.upper


def test_the_loop_over_faces_goes_on_from_the_bound_of_living_patterns(monkeypatch):
    points = np.random.default_rng(3).standard_normal((5, 3))
    rho = 0.3 * pdist(points).min()
    plain = min_norm_denoiser(points, rho, tol=1e-3).certificate
    monkeypatch.setattr(living, "FROM", 3)
    begun = []
    original = solve.brackets

    def seen(problem, settings, best, kinks):
        begun.append(best.B)
        return original(problem, settings, best, kinks)

    monkeypatch.setattr(solve, "brackets", seen)
    found = min_norm_denoiser(points, rho, tol=1e-3).certificate
    problem = reduced(TrainingSet(points, rho))
    assert dual_value(problem.points, begun[0]) > 0.9 * plain.lower
    assert found.certifies(1e-3)
    assert found.lower <= plain.upper * (1 + 1e-12)
    assert plain.lower <= found.upper * (1 + 1e-12)


def test_a_matrix_goes_as_far_as_its_determinant_is_not_0():
    rng = np.random.default_rng(4)
    half = rng.standard_normal((40, 5, 5))
    rise, D = half + np.swapaxes(half, 1, 2), rng.standard_normal((40, 3, 5)) * rng.choice([0.0, 0.1, 3.0], (40, 1, 1))
    rise[20:] = half[20:] @ np.swapaxes(half[20:], 1, 2)  # rising, so that D alone ends it, or nothing does
    for fall in (D, None):
        t = matrix_reach(rise, fall)[:, None, None]
        bent = 0.0 if fall is None else np.swapaxes(fall, 1, 2) @ fall
        inside, beyond = (np.linalg.eigvalsh(np.eye(5) + s * rise - s**2 * bent)[:, 0] for s in (t, 1.002 * t))
        assert (inside > 0).all()
        assert ((beyond < 0) | (t[:, 0, 0] > 900)).all()
        assert (t[:, 0, 0] < 900).sum() > 15


def test_peaks_on_too_many_faces_are_not_followed():
    def problem(rank, patterns):
        size = rank + 1
        return SimpleNamespace(points=np.zeros((size, rank)), rank=rank, patterns=np.ones((patterns, size), dtype=bool))

    assert may_be_followed(problem(15, 365))  # sixteen digits at 0.4
    assert not may_be_followed(problem(15, 4177))  # and at 0.3, where that took five GiB
    assert not may_be_followed(problem(29, 10))  # no place for all B


def test_a_point_worth_less_than_nothing_is_no_bound(monkeypatch):
    """B that is stretched on no pattern has no multipliers; the bound is then none, and nothing is raised."""

    def only_one(*_):
        yield SimpleNamespace(lower=-1.0, ahead=5.0)
        raise OutOfTimeError

    monkeypatch.setattr(living, "whole_path", only_one)
    problem, settings = reduced(a_set(0)), Settings()
    assert living_bound(problem, None, 5.0, settings, [free(problem)]) is None
    assert "still rising after 1 steps" in settings.said[0]
