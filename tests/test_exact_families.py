"""Dual matrices made of pairs of points: their algebra, and the bound that whole patterns give to them."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from exactnorm import TrainingSet, check_certificate, min_norm_denoiser, problems
from exactnorm.certify.balls.dual_bound import dual_bound
from exactnorm.certify.balls.faces import largest_dual_value
from exactnorm.exact.balls import living
from exactnorm.exact.balls.eliminated import factored, hessian
from exactnorm.exact.balls.families import Free, pairs
from exactnorm.exact.balls.first import first_bracket
from exactnorm.exact.balls.joint import free, path, targets
from exactnorm.exact.balls.living import ladder, living_bound
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import Settings
from exactnorm.geometry import affine_hull

UNLIMITED = Deadline(None)


def a_problem(seed=0, size=7, rank=6, share=0.2):
    points = np.random.default_rng(seed).standard_normal((size, rank))
    return reduced(TrainingSet(points, share * pdist(points).min()))


def families(problem):
    return [free(problem), pairs(problem.points, problem.rho)]


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(("size", "rank"), [(7, 6), (8, 3), (6, 2)])
def test_gradients_and_forms_in_the_unknowns_are_those_in_b(which, size, rank):
    problem, rng = a_problem(1, size, rank), np.random.default_rng(2)
    family = families(problem)[which]
    maps = np.array([family.change(one) for one in np.eye(family.size)])
    each = rng.standard_normal(maps.shape[1:])
    assert family.gradient(each) == pytest.approx(np.tensordot(maps, each, 3))
    now = [at for at, _ in zip(path(problem, 10.0, UNLIMITED, free(problem)), range(4), strict=False)][-1]
    cells = now.of[np.arange(5)]
    one = factored(cells, cells.sums(now.B), now.at[np.arange(5)], now.moments[np.arange(5)])
    total = family.begun()
    for some in (np.arange(2), np.arange(2, 5)):
        part = now.of[some]
        family.add(total, part.on, factored(part, part.sums(now.B), now.at[some], now.moments[some]))
    sums = cells.sums(np.swapaxes(maps, 0, 1)).reshape(len(cells), family.size, -1)
    expected = sum(one @ h @ one.T for one, h in zip(sums, hessian(one), strict=True))
    assert family.form(total) == pytest.approx(expected, rel=1e-9, abs=1e-9 * np.abs(expected).max())


def test_a_pair_counts_where_a_kink_tells_its_points_apart_and_nowhere_else():
    problem, rng = a_problem(), np.random.default_rng(3)
    family = pairs(problem.points, problem.rho)
    d = rng.standard_normal(family.size)
    B, p = family.change(d), np.einsum("ek,ekr->er", d.reshape(family.along.shape[:2]), family.along)
    X, rho = problem.points, problem.rho
    length = np.linalg.norm(X[family.second] - X[family.first], axis=1)
    for pattern in problem.patterns[:10]:
        z = rng.standard_normal(problem.rank + 1)
        y = X @ z[:-1] + z[-1]
        side = pattern[family.second] * 1.0 - pattern[family.first]
        each = side * (y[family.first] + y[family.second]) / (length - 2 * rho)
        assert np.tensordot(pattern[1:] * 1.0, B, 1) @ z == pytest.approx(p.T @ each)
    u = (X[family.second] - X[family.first]) / length[:, None]
    worth = (2 * (p * u).sum(axis=1) * length / (length - 2 * rho)).sum()
    assert (targets(problem, 1.0) * B).sum() == pytest.approx(worth)


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_of_pairs_is_one_and_nearly_that_of_all_dual_matrices(seed):
    problem = a_problem(seed, share=0.15)
    ends = []
    for family in families(problem):
        *_, last = (at for at in path(problem, 10.0, UNLIMITED, family))
        assert dual_bound(problem.points, problem.rho, last.B, last.proofs) == pytest.approx(last.lower, rel=1e-9)
        assert largest_dual_value(problem.points, problem.rho, problem.patterns, last.B, 1e-9) < 1 + 1e-9
        ends.append(last.lower)
    every, few = ends
    assert 0.9 * every < few < every * (1 + 1e-9)


def test_of_eight_digits_pairs_give_all_but_a_hundredth_of_the_least_cost():
    train = problems.digits(8).train
    train = TrainingSet(train.points, 0.3 * train.separation)
    problem = reduced(train)
    family = pairs(problem.points, problem.rho)
    assert family.size == 140
    at = next(at for at in path(problem, 38.0, UNLIMITED, family) if at.ahead < 0.01)
    assert 0.985 * 38.16 < at.lower < 38.17  # the bracket of the program, docs/beyond.md


def test_pairs_come_first_where_all_dual_matrices_are_many():
    def sizes(points):
        patterns = np.ones((40, len(points)), dtype=bool)
        problem = SimpleNamespace(points=points, rho=0.1, rank=points.shape[1], patterns=patterns)
        return [type(family).__name__ for family in ladder(problem)]

    simplex = np.eye(31)[:, :-1]
    assert sizes(simplex[:12, :11]) == ["Free"]
    assert sizes(simplex[:16, :15]) == ["Pairs", "Free"]
    assert sizes(simplex[:30, :29]) == ["Pairs"]
    assert Free(30, 29).size == 25230


def test_a_solve_that_pairs_bounded_says_so_and_its_certificate_is_supported(monkeypatch):
    points = np.random.default_rng(3).standard_normal((6, 5))
    rho = 0.3 * pdist(points).min()
    monkeypatch.setattr(living, "FROM", 3)
    monkeypatch.setattr(living, "FREE", 10)
    monkeypatch.setattr(living, "ORDER", 100)  # 150 unknowns of all B, 75 of pairs
    monkeypatch.setattr(living, "FACES", 0)
    found = min_norm_denoiser(points, rho, time_limit=20.0)
    assert "pairs of points give on whole patterns" in found.status
    check_certificate(found.certificate, found.train, found.network)
    train, settings = found.train, Settings()
    first = first_bracket(train, affine_hull(points), settings)
    problem = reduced(train)
    bound = living_bound(problem, first.neurons(), first.upper, settings, tuple(ladder(problem)))
    assert 0.9 * found.certificate.upper < bound.lower <= found.certificate.lower * (1 + 1e-6)
