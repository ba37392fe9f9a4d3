"""The bound of whole patterns from a path over those that matter, and B stretched on the others."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from exactnorm import TrainingSet
from exactnorm.certify.balls.cell import uncovered
from exactnorm.certify.balls.dual_bound import dual_bound
from exactnorm.exact.balls import chosen, growing
from exactnorm.exact.balls import stretched as stretched_module
from exactnorm.exact.balls.barrier import Moments, Multipliers, proofs, slack
from exactnorm.exact.balls.cells import whole_cells
from exactnorm.exact.balls.chosen import chosen_path, from_the_first_ball, likely, whole_path
from exactnorm.exact.balls.covering import leaf, priced_leaves
from exactnorm.exact.balls.first import first_bracket
from exactnorm.exact.balls.growing import Chosen, Path
from exactnorm.exact.balls.joint import free, path
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.balls.stretched import stretched
from exactnorm.exact.balls.tracked import Tracked
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.exact.settings import Settings
from exactnorm.geometry import affine_hull
from exactnorm.hulls import hull_gaps

UNLIMITED = Deadline(None)


def begun(problem, first, deadline=UNLIMITED, watch=lambda: None):
    """The path over few patterns, and those that it begins with."""
    gaps = hull_gaps(problem.points, problem.patterns)
    way = Path(problem, from_the_first_ball(problem, gaps.w), first.upper, deadline, watch, free(problem))
    return way, likely(problem, first.neurons(), gaps.low)


def a_set(seed, size=7, share=0.2):
    points = np.random.default_rng(seed).standard_normal((size, size - 1))
    train = TrainingSet(points, share * pdist(points).min())
    return reduced(train), first_bracket(train, affine_hull(points), Settings())


@pytest.fixture(scope="module")
def seven():
    """A problem, a network, and B of the path over all patterns."""
    problem, first = a_set(0)
    return problem, first, next(at for at in path(problem, first.upper, UNLIMITED) if at.ahead < 1e-3 * first.upper)


@pytest.mark.parametrize("factor", [1.0, 1.3])
def test_b_is_stretched_as_far_as_the_program_of_a_cell_says_it_can_be(seven, factor):
    problem, _, at = seven
    rows = np.arange(len(problem.patterns))
    leaves = [leaf(problem, cell, UNLIMITED) for cell in whole_cells(problem.patterns, problem.rank)]
    kappa = factor * np.array([one.kappa for one in priced_leaves(problem, at.B, leaves, 1.0, Settings())])
    found = stretched(problem, rows, factor * at.B, UNLIMITED)
    short = found.share < 1
    assert (found.share * kappa < 1 + 1e-6).sum() >= short.sum()
    assert found.share[short] * kappa[short] == pytest.approx(1, abs=2e-3)
    assert (kappa[~short] < 1 + 1e-6).all()
    assert short.sum() > 3 if factor > 1 else not short.any() or kappa.max() > 0.99


def test_multipliers_of_a_stretched_b_prove_it_and_those_of_a_shrunk_one_that(seven):
    problem, _, at = seven
    found = stretched(problem, np.arange(len(problem.patterns)), 1.2 * at.B, UNLIMITED)
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
        stretched(problem, np.arange(3), at.B, UNLIMITED)


@pytest.mark.parametrize("seed", range(3))
def test_few_patterns_lead_to_the_bound_of_all(seed, monkeypatch):
    monkeypatch.setattr(chosen, "WIDEST", 1)
    monkeypatch.setattr(growing, "MORE", 1)
    problem, first = a_set(seed)
    for every in path(problem, first.upper, UNLIMITED):
        if every.ahead < 2e-3 * first.upper:
            break
    taking_part = []
    original = Path.sealed
    monkeypatch.setattr(
        Path, "sealed", lambda self, here, far: taking_part.append(len(here.rows)) or original(self, here, far)
    )
    for found in chosen_path(*begun(problem, first), 2e-3):
        proved = dual_bound(problem.points, problem.rho, found.B, found.proofs)
        assert proved == pytest.approx(found.lower, rel=1e-9)
        assert not uncovered([proof.cell for proof in found.proofs], problem.patterns)
        assert found.lower <= every.lower + every.ahead
        assert every.lower <= found.lower + found.ahead
    assert found.ahead <= 2e-3 * first.upper
    assert taking_part[-1] < 0.9 * len(problem.patterns)


def test_the_patterns_of_a_network_and_the_widest_are_likely(seven):
    problem, first, _ = seven
    network = first.neurons()
    there = {problem.patterns[row].tobytes() for row in begun(problem, first)[1]}
    heavy = np.linalg.norm(network.a, axis=1) > 0.01 * np.linalg.norm(network.a, axis=1).max()
    assert heavy.sum() >= 10
    assert {pattern.tobytes() for pattern in network.kinks.pattern[heavy]} <= there
    alone = np.eye(7, dtype=bool)[1:]  # a point against all others leaves more room than most
    assert sum(one.tobytes() in there for one in alone) >= 4


def test_a_path_begins_with_heavy_patterns_the_widest_of_all_and_the_widest_at_each_ball(monkeypatch):
    monkeypatch.setattr(chosen, "WIDEST", 1)
    on = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1]], dtype=bool)
    patterns = np.column_stack([np.zeros(7, dtype=bool), on])
    width = np.array([0.1, 0.2, 0.3, 0.6, 0.5, 0.4, -0.1])  # row 3 is the widest, and 4 at the last ball
    problem = SimpleNamespace(patterns=patterns, points=np.zeros((1, 2)))
    weight = np.array([1.0, 1.9e-3, 2.1e-3, 2.0, 1.5])
    pattern = np.vstack([patterns[[0, 1, 5, 3]], np.zeros((1, 4), dtype=bool)])  # the last is none of the problem's
    network = SimpleNamespace(a=weight[:, None] * [0.6, 0.8], kinks=SimpleNamespace(pattern=pattern))
    assert likely(problem, network, width).tolist() == [0, 3, 4, 5]


def played(least, sealing, late=(), stopped=0, quick=False):
    """What a path asks for, and what comes of it: pairs of a step and what it got.

    Multipliers of all patterns take `sealing` of the 100 seconds that are left; goals in `late` are reached late; and
    the first `stopped` certificates have patterns that stop B. If `quick`, they took less than they were expected to.
    """
    steps, stops = [], iter([True] * stopped)

    def down_to(goal, here):
        steps.append(("down to", goal))
        return here, goal in late

    def sealed(here, far):
        steps.append(("sealed", far))
        return "found", SimpleNamespace(rows=None, share=None) if next(stops, False) else None, here

    way = SimpleNamespace(
        begun=lambda _: None,
        deadline=SimpleNamespace(remaining=100.0),
        down_to=down_to,
        sealed=sealed,
        sealing=lambda _: 100.0 * sealing,
        late=lambda _: not quick,
        with_more=lambda *_: steps.append(("more", None)),
    )
    try:
        for found in chosen_path(way, None, least):
            steps.append((found, None))
    except OutOfTimeError:
        steps.append(("out of time", None))
    return [step for step, _ in steps], [value for _, value in steps if value is not None]


def test_multipliers_are_sought_at_the_goal_and_before_it_if_they_take_little_time_or_it_is_late():
    down, seal = ["down to"], ["sealed", "found"]
    assert played(0.01, 0.21) == (3 * down + seal, [0.3, 0.1, 0.01, 1.1])
    assert played(0.2, 0.21) == (2 * down + seal, [0.3, 0.2, 1.1])
    assert played(0.3, 0.21) == (down + seal, [0.3, 1.1])
    assert played(0.01, 0.19) == (2 * down + seal + down + seal, [0.3, 0.1, 1.1, 0.01, 1.1])
    # Patterns that stop B join at the last goal alone.
    assert played(0.01, 0.19, stopped=1) == played(0.01, 0.19)
    assert played(0.01, 0.21, stopped=1)[0] == [*3 * down, *seal, "more", *down, *seal]
    end = ["out of time"]
    assert played(0.01, 1.24, late=[0.3], stopped=1) == (down + seal + end, [0.3, 1.0])
    # Multipliers that took less than they were expected to leave time for more.
    begun = [*down, *seal, "more"]
    assert played(0.01, 0.5, late=[0.3], stopped=1, quick=True)[0] == [*begun, *down, *seal, *2 * down, *seal]
    assert played(0.01, 1.24, late=[0.01]) == (3 * down + seal + end, [0.3, 0.1, 0.01, 1.0])
    assert played(0.01, 1.26, late=[0.3]) == (down + end, [0.3])
    assert played(0.01, 1.26) == (3 * down + end, [0.3, 0.1, 0.01])


def test_patterns_that_join_leave_a_point_inside(seven):
    problem, first, _ = seven
    way, rows = begun(problem, first)
    here = way.begun(rows)
    here, _ = way.down_to(0.5, here)
    others = np.setdiff1d(np.arange(len(problem.patterns)), here.rows)[:20]
    joined = way.with_more(here, others, stretched(problem, others, here.at.B, UNLIMITED).share)
    assert joined.rows.tolist() == [*here.rows, *others]
    assert (joined.at.of.on == problem.patterns[joined.rows, 1:]).all()
    assert np.linalg.eigvalsh(slack(joined.at.of, joined.at.of.sums(joined.at.B), joined.at.at)).min() > 0
    assert np.linalg.eigvalsh(joined.at.moments.X).min() > 0
    # Of B times θ and multipliers times θ², θ² F + (1 − θ²) e_t e_tᵀ is left of F.
    old = here.back((1 - min(1.0, stretched(problem, others, here.at.B, UNLIMITED).share.min())) * first.upper)
    theta = joined.at.B.sum() / old.B.sum()
    assert 0 < theta < 0.95 + 1e-9
    E = old.of.E[:, -1]
    expected = theta**2 * slack(old.of, old.of.sums(old.B), old.at)
    expected += (1 - theta**2) * E[:, :, None] * E[:, None, :]
    whole = slack(joined.at.of, joined.at.of.sums(joined.at.B), joined.at.at)
    np.testing.assert_allclose(whole[: len(old.of)], expected, rtol=1e-9, atol=1e-12)
    # And near enough to the path to go on from: that is what points before are kept for.
    again, _ = way.down_to(1e-3, joined)
    assert again.at.ahead <= 1e-3 * first.upper


@pytest.mark.parametrize("factor", [0.5, 1.2])
def test_what_is_sealed_is_proved_and_says_which_patterns_stop_it(seven, factor):
    """A point of the path of few patterns, its B so large that others stop it, or so small that none does."""
    problem, first, at = seven
    rows = np.arange(20)
    few = stretched(problem, rows, factor * at.B, UNLIMITED)
    least = min(1.0, few.share.min())
    B, own = factor * least * at.B, few.shrunk(least)  # as if this were the point, and 5 of 30 were ahead
    way, _ = begun(problem, first)
    here = Chosen(rows, SimpleNamespace(B=B, at=own, of=few.of, lower=30.0, ahead=5.0, proofs=()))
    others = stretched(problem, np.setdiff1d(np.arange(len(problem.patterns)), rows), B, UNLIMITED, 1.1)
    whole, open_, here = way.sealed(here, 1.1)
    assert here.each > 0
    share = whole.B.sum() / B.sum()
    assert share == pytest.approx(min(1.0, others.share.min()), rel=2e-2)
    assert share == 1 if factor < 1 else share < 1
    assert whole.lower == pytest.approx(share * 30, rel=1e-12)
    assert whole.lower + whole.ahead == pytest.approx(35, rel=1e-12)
    # B times θ goes with multipliers times θ².
    for proof, before in zip(whole.proofs[: len(rows)], proofs(few.of, own), strict=True):
        assert proof.mu == pytest.approx(share**2 * before.mu, rel=1e-9)
        np.testing.assert_allclose(proof.nu, share**2 * before.nu, rtol=1e-9)
        np.testing.assert_allclose(proof.ell, share**2 * before.ell, rtol=1e-9, atol=1e-300)
    value = np.sum(whole.B[:, :, -1] * (problem.points[1:] - problem.points[0]))
    assert dual_bound(problem.points, problem.rho, whole.B, whole.proofs) == pytest.approx(value, rel=1e-9)
    assert not uncovered([proof.cell for proof in whole.proofs], problem.patterns)
    if factor < 1:
        assert open_ is None
    else:
        assert (open_.share < 1.1).all()
        assert (np.diff(open_.share) >= 0).all()
        assert set(others.rows[others.share < 1.05]) <= set(open_.rows) <= set(others.rows[others.share < 1.12])


def test_where_all_patterns_take_part_nothing_is_left_to_seal(seven):
    problem, first, at = seven
    way, _ = begun(problem, first)
    whole, open_, _ = way.sealed(Chosen(np.arange(len(problem.patterns)), at), 1.1)
    assert open_ is None
    assert (whole.lower, whole.ahead, whole.B is at.B) == (at.lower, at.ahead, True)


def test_the_point_to_go_back_to_is_the_last_with_so_much_ahead():
    before = tuple(SimpleNamespace(ahead=ahead) for ahead in (5.0, 3.0, 2.0))
    here = Chosen(np.arange(1), SimpleNamespace(ahead=1.0), before)
    assert [here.back(ahead).ahead for ahead in (0.5, 1.0, 1.5, 3.0, 3.5, 9.0)] == [1, 1, 2, 3, 5, 5]
    assert Chosen(np.arange(1), here.at).back(9.0).ahead == 1


@pytest.mark.parametrize("highest", [1.0 + 0.9e-6, 1.0 + 1.1e-6, 1.5])
def test_the_patterns_that_a_value_above_1_is_found_on_join_highest_first(seven, highest, monkeypatch):
    problem, first, at = seven
    way, _ = begun(problem, first)
    of, value = np.array([7, 3, 9, 7, 5]), np.array([0.95, 2.0, 0.92, highest, 0.97])
    found = Tracked(of, np.ones((5, 7), dtype=bool), np.ones((5, 6)), value)
    monkeypatch.setattr(growing, "followed", lambda *_: found)
    rows = way.broken(Chosen(np.array([0, 3]), at))
    assert rows.tolist() == ([7, 5, 9] if highest > 1 + 1e-6 else [])
    monkeypatch.setattr(growing, "MORE", 0)
    assert way.broken(Chosen(np.array([0, 3]), at)).tolist() == rows.tolist()[:2]


def test_multipliers_of_all_patterns_are_sought_while_there_is_time_for_them(seven, monkeypatch):
    """By a clock that moves in steps only, a second each, of which the path takes all but those for the multipliers."""
    problem, first, _ = seven
    clock = SimpleNamespace(elapsed=0.0, remaining=12.0, check=lambda: None)

    def slow(steps):
        for at in steps:
            clock.elapsed += 1.0
            clock.remaining -= 1.0
            yield at

    original = growing.continued
    monkeypatch.setattr(growing, "continued", lambda *arguments: slow(original(*arguments)))
    found = []
    with pytest.raises(OutOfTimeError):
        found.extend(chosen_path(*begun(problem, first, clock), 1e-9))
    assert clock.remaining > 0
    assert found[-1].lower > 0.3 * first.upper
    assert dual_bound(problem.points, problem.rho, found[-1].B, found[-1].proofs) == pytest.approx(found[-1].lower)


def test_where_patterns_are_few_all_of_them_take_part(seven, monkeypatch):
    problem, first, _ = seven
    monkeypatch.setattr(chosen, "chosen_path", lambda *_: pytest.fail("some patterns were left out"))
    *_, last = whole_path(problem, first.neurons(), first.upper, UNLIMITED, 0.01, free(problem))
    assert last.ahead <= 0.01 * first.upper


def test_no_multipliers_are_sought_that_would_come_too_late(seven, monkeypatch):
    problem, first, _ = seven
    monkeypatch.setattr(Path, "sealing", lambda *_: 100.0)
    monkeypatch.setattr(Path, "sealed", lambda *_: pytest.fail("they were sought"))
    with pytest.raises(OutOfTimeError):
        next(chosen_path(*begun(problem, first, Deadline(60.0)), 0.01))


def test_every_step_is_heard_of(seven):
    problem, first, _ = seven
    heard = []
    list(chosen_path(*begun(problem, first, watch=lambda: heard.append(1)), 0.01))
    assert len(heard) > 10


def test_what_could_not_be_stretched_at_all_has_no_multipliers_of_a_shrunk_b(seven):
    problem, _, at = seven
    found = stretched(problem, np.arange(3), at.B, UNLIMITED)
    lost = replace(found, share=np.array([1.0, 0.0, 1.0]))
    with pytest.raises(np.linalg.LinAlgError, match="no multipliers"):
        lost.shrunk(0.5)
