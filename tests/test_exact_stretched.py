"""B stretched on whole patterns: how far, what that proves, and multipliers that are kept for another B."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from seven_points import seven_points

from exactnorm.exact.balls import stretched as stretched_module
from exactnorm.exact.balls.barrier import Moments, Multipliers, slack
from exactnorm.exact.balls.cells import whole_cells
from exactnorm.exact.balls.covering import leaf, priced_leaves
from exactnorm.exact.balls.stretched import stretched, stretched_on
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.exact.settings import Settings

UNLIMITED = Deadline(None)
SETTINGS = Settings()


@pytest.fixture(scope="module", name="seven")
def _seven():
    return seven_points()


@pytest.mark.parametrize("factor", [1.0, 1.3])
def test_b_is_stretched_as_far_as_the_program_of_a_cell_says_it_can_be(seven, factor):
    problem, _, at = seven
    rows = np.arange(len(problem.patterns))
    leaves = [leaf(problem, cell, UNLIMITED) for cell in whole_cells(problem.patterns, problem.rank)]
    kappa = factor * np.array([one.kappa for one in priced_leaves(problem, at.B, leaves, 1.0, Settings())])
    found = stretched(problem, rows, factor * at.B, SETTINGS)
    short = found.share < 1
    assert (found.share * kappa < 1 + 1e-6).sum() >= short.sum()
    assert found.share[short] * kappa[short] == pytest.approx(1, abs=2e-3)
    assert (kappa[~short] < 1 + 1e-6).all()
    assert short.sum() > 3 if factor > 1 else not short.any() or kappa.max() > 0.99


def test_multipliers_of_a_stretched_b_prove_it_and_those_of_a_shrunk_one_that(seven):
    problem, _, at = seven
    found = stretched(problem, np.arange(len(problem.patterns)), 1.2 * at.B, SETTINGS)
    every = 1.2 * found.of.sums(at.B)
    for share, multipliers in ((found.share[:, None, None], found.at), (0.5, found.shrunk(0.5))):
        assert np.linalg.eigvalsh(slack(found.of, share * every, multipliers)).min() > 0
    # Of θ B with θ² of the multipliers, θ² F + (1 − θ²) e_t e_tᵀ is left of F.
    theta, E = (0.5 / found.share)[:, None, None], found.of.E[:, -1]
    expected = theta**2 * slack(found.of, found.share[:, None, None] * every, found.at)
    expected += (1 - theta**2) * E[:, :, None] * E[:, None, :]
    np.testing.assert_allclose(slack(found.of, 0.5 * every, found.shrunk(0.5)), expected, rtol=1e-9, atol=1e-12)


def test_a_step_leads_nowhere_for_the_cells_of_which_any_number_is_none():
    numbers = {"rise": (6,), "ahead": (6,), "mu": (6,), "nu": (6, 3), "ell": (6, 2, 3), "X": (6, 2, 2)}
    for name, shape in numbers.items():
        made = {one: np.ones(size) for one, size in numbers.items()}
        made[name].reshape(6, -1)[2, -1] = np.nan
        at = Multipliers(made["mu"], made["nu"], made["ell"])
        moments = Moments(made["X"], np.ones((6, 3)), np.ones((6, 2, 3)))
        step = SimpleNamespace(rise=made["rise"], ahead=made["ahead"], arrived=(at, moments))
        assert stretched_module._Step.finite.fget(step).tolist() == [True, True, False, True, True, True], shape


@pytest.mark.parametrize("name", ["G", "T", "E"])
def test_a_pattern_without_interior_is_told(seven, name, monkeypatch):
    problem, _, at = seven
    made = stretched_module.whole

    def broken(part):
        of = made(part)
        numbers = getattr(of, name).copy()
        numbers[1, 0, 0] = np.nan
        return replace(of, **{name: numbers})

    monkeypatch.setattr(stretched_module, "whole", broken)
    with pytest.raises(np.linalg.LinAlgError, match="no interior"):
        stretched(problem, np.arange(3), at.B, SETTINGS)


def test_kept_multipliers_are_those_of_another_b_or_a_beginning(seven):
    problem, _, at = seven
    rows = np.arange(len(problem.patterns))
    before = stretched(problem, rows, 0.8 * at.B, SETTINGS, 1.1)
    rng = np.random.default_rng(1)
    B = 0.9 * at.B * (1 + 0.05 * rng.standard_normal(at.B.shape))
    reached, sums = before.reaching(B), before.of.sums(B)
    for factor, inside in ((0.999, True), (1.02, False)):  # the multipliers show B so far and no farther
        theta = (factor * reached)[:, None, None]
        assert ((np.linalg.eigvalsh(slack(before.of, theta * sums, before.at))[:, 0] > 0) == inside).all()
    found, alone = stretched_on(before, B, SETTINGS, 1.1), stretched(problem, rows, B, SETTINGS, 1.1)
    assert 5 < (reached < 1).sum() < len(rows) - 5
    assert found.rows.tolist() == rows.tolist()
    kept = np.flatnonzero(reached >= 1)
    np.testing.assert_array_equal(found.at.nu[kept], before.at.nu[kept])
    np.testing.assert_array_equal(found.share[kept], reached[kept])
    assert np.linalg.eigvalsh(slack(found.of, found.share[:, None, None] * sums, found.at)).min() > 0
    np.testing.assert_allclose(np.minimum(found.share, 1), np.minimum(alone.share, 1), rtol=5e-3)
    assert (alone.share < 1).any()
    assert stretched_on(found, 0 * B, SETTINGS).share.min() > 1e3


def test_patterns_are_shared_out_by_an_executor_in_their_order(seven, monkeypatch):
    problem, _, at = seven
    monkeypatch.setattr(stretched_module, "AT_ONCE", 3)
    monkeypatch.setattr(stretched_module, "TASKS", 5)
    rows = np.arange(len(problem.patterns))[::-1]
    alone = stretched(problem, rows, at.B, SETTINGS)
    asked = []
    with ThreadPoolExecutor(2) as pool:
        executor = SimpleNamespace(submit=lambda *given: asked.append(given) or pool.submit(*given))
        shared = stretched(problem, rows, at.B, Settings(executor=executor))
        assert 5 <= len(asked) <= 6
        assert pickle.loads(pickle.dumps(asked[0])) is not None
        again = stretched_on(alone, 1.2 * at.B, Settings(executor=executor))
        with pytest.raises(OutOfTimeError):
            stretched(problem, rows, at.B, Settings(executor=pool, deadline=Deadline(1e-9)))
    for one, other in ((shared, alone), (again, stretched_on(alone, 1.2 * at.B, SETTINGS))):
        assert one.rows.tolist() == sorted(rows)
        np.testing.assert_array_equal(one.share, other.share)
        np.testing.assert_array_equal(one.at.nu, other.at.nu)


def test_what_could_not_be_stretched_at_all_has_no_multipliers_of_a_shrunk_b(seven):
    problem, _, at = seven
    found = stretched(problem, np.arange(3), at.B, SETTINGS)
    lost = replace(found, share=np.array([1.0, 0.0, 1.0]))
    with pytest.raises(np.linalg.LinAlgError, match="no multipliers"):
        lost.shrunk(0.5)


def test_the_clock_is_looked_at_between_the_steps_of_a_batch(seven):
    """Of thirty points a step of a batch takes most of a second."""
    problem, _, at = seven
    rows, asked = np.arange(10), []

    def check():
        asked.append(1)
        if len(asked) > 2:  # before the batch, and before its first step
            raise OutOfTimeError

    before = stretched(problem, rows, at.B, SETTINGS, 1.1)
    for call in (lambda on: stretched(problem, rows, at.B, on), lambda on: stretched_on(before, 2 * at.B, on)):
        asked.clear()
        with pytest.raises(OutOfTimeError):
            call(Settings(deadline=SimpleNamespace(check=check)))
        assert len(asked) == 3


def test_a_step_that_foretells_less_than_nothing_is_not_the_last(seven, monkeypatch):
    """A step that goes too far may lead below 0; the next ones lead back, and to the end."""
    problem, _, at = seven
    before = stretched(problem, np.arange(1), at.B, SETTINGS)
    plan = iter([(-1.5, -0.03), (2.0, 0.4), (0.3, 1e-9)])

    def step(*given):
        at, moments = given[3:5]
        rise, ahead = (np.array([one]) for one in next(plan))
        return SimpleNamespace(finite=np.ones(1, dtype=bool), rise=rise, ahead=ahead, arrived=(at, moments))

    monkeypatch.setattr(stretched_module, "_Step", step)
    start = before.with_share(np.zeros(1))
    found = stretched_module._going_on(start, at.B, 10.0, 1e-2)
    assert found.share == pytest.approx(0.8)
    assert next(plan, None) is None
