"""The bound of whole patterns from a path over those that matter."""

from types import SimpleNamespace

import numpy as np
import pytest
from seven_points import a_set, seven_points

from exactnorm.certify.balls.cell import uncovered
from exactnorm.certify.balls.dual_bound import dual_bound
from exactnorm.exact.balls import chosen, growing
from exactnorm.exact.balls.barrier import slack
from exactnorm.exact.balls.chosen import chosen_path, likely, whole_path
from exactnorm.exact.balls.growing import Chosen, Path, Sealed
from exactnorm.exact.balls.joint import free, path
from exactnorm.exact.balls.stretched import stretched, stretched_on
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.exact.settings import Settings
from exactnorm.hulls import hull_gaps

UNLIMITED = Deadline(None)
SETTINGS = Settings()


def begun(problem, first, deadline=UNLIMITED, watch=lambda: None):
    """The path over few patterns, and those that it begins with."""
    way = Path(problem, first.upper, Settings(deadline=deadline), watch, free(problem))
    return way, likely(problem, first.neurons(), hull_gaps(problem.points, problem.patterns).low)


@pytest.fixture(scope="module", name="seven")
def _seven():
    return seven_points()


@pytest.mark.parametrize("seed", range(3))
def test_few_patterns_lead_to_the_bound_of_all(seed, monkeypatch):
    monkeypatch.setattr(chosen, "WIDEST", 1)
    monkeypatch.setattr(growing, "MORE", 1)
    problem, first = a_set(seed)
    for every in path(problem, first.upper, UNLIMITED):
        if every.ahead < 2e-3 * first.upper:
            break
    for found in chosen_path(*begun(problem, first), 2e-3):
        proved = dual_bound(problem.points, problem.rho, found.B, found.proofs)
        assert proved == pytest.approx(found.lower, rel=1e-9)
        assert not uncovered([proof.cell for proof in found.proofs], problem.patterns)
        assert found.lower <= every.lower + every.ahead
        assert every.lower <= found.lower + found.ahead
    assert found.ahead <= 2e-3 * first.upper
    assert len(found.of.rows) < 0.9 * len(problem.patterns)


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


def played(least, sealing, late=(), stopped=0, then=None):
    """What a path asks for, and what comes of it.

    Multipliers of all patterns take `sealing` of the 100 seconds that are left, or `then` once some are there; goals in
    `late` are reached late; and the first `stopped` certificates have patterns that stop B.
    """
    steps, stops = [], iter([True] * stopped)

    def down_to(goal, here):
        steps.append(goal)
        return here, goal in late

    def sealed(_):
        steps.append("sealed")
        return True

    def takes(here):
        return 100.0 * (then if here and then is not None else sealing)

    way = SimpleNamespace(
        begun=lambda *_: False,
        deadline=SimpleNamespace(remaining=100.0),
        down_to=down_to,
        sealed=sealed,
        sealing=takes,
        late=lambda here: takes(here) > 50,
        grown=lambda here: steps.append("grown") or here if next(stops, False) else None,
    )
    try:
        for found in chosen_path(way, None, least):
            assert found.of is True
    except OutOfTimeError:
        steps.append("out of time")
    return steps


def test_all_patterns_are_sealed_at_each_goal_and_join_while_some_stop_b():
    assert played(0.05, 0.2) == [0.3, "sealed", 0.1, "sealed", 0.05, "sealed"]
    assert played(0.2, 0.2) == [0.3, "sealed", 0.2, "sealed"]
    assert played(0.2, 0.2, stopped=2) == [0.3, "sealed", "grown", 0.3, "sealed", "grown", 0.3, "sealed", 0.2, "sealed"]
    # Nothing is begun that will come too late, and what is there when it is late is the end.
    assert played(0.2, 1.24) == [0.3, "sealed", 0.2, "sealed"]
    assert played(0.2, 1.26) == [0.3, "out of time"]
    assert played(0.2, 0.6, late=[0.3], stopped=1) == [0.3, "sealed", "out of time"]
    # The first multipliers take long, and the next ones little.
    assert played(0.2, 0.6, late=[0.3], stopped=1, then=0.1) == [0.3, "sealed", "grown", 0.3, "sealed", 0.2, "sealed"]


def within(problem, first, share):
    """A point with so much ahead of a path over few patterns, sealed."""
    way, _ = begun(problem, first)
    gaps = hull_gaps(problem.points, problem.patterns).low
    here, _ = way.down_to(share, way.begun(np.argsort(-gaps)[:20]))
    return way, way.sealed(here)


def test_patterns_that_join_leave_a_point_inside(seven):
    problem, first, _ = seven
    way, here = within(problem, first, 0.1)
    assert here.share < 0.95
    joined = way.grown(here)
    more = joined.rows[len(here.rows) :]
    assert joined.rows[: len(here.rows)].tolist() == here.rows.tolist()
    order = np.argsort(here.others.share)
    tight = here.others.rows[order][: (here.others.share < min(1 + (1 - here.share) / 2, 1.05)).sum()]
    assert sorted(more) == sorted(tight[: len(more)])
    assert len(more) == min(len(tight), max(70, len(here.rows)))
    assert sorted([*joined.rows, *joined.others.rows]) == list(range(len(problem.patterns)))
    assert (joined.at.of.on == problem.patterns[joined.rows, 1:]).all()
    assert np.linalg.eigvalsh(slack(joined.at.of, joined.at.of.sums(joined.at.B), joined.at.at)).min() > 0
    assert np.linalg.eigvalsh(joined.at.moments.X).min() > 0
    # Of B times θ and multipliers times θ², θ² F + (1 − θ²) e_t e_tᵀ is left of F.
    old = here.back((1 - here.share) * first.upper)
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


def test_no_more_patterns_join_than_have_place(seven, monkeypatch):
    problem, first, _ = seven
    way, here = within(problem, first, 0.1)
    size = problem.rank + 2
    each = (size * (size + 1) // 2) ** 2
    monkeypatch.setattr(growing, "ENTRIES", each * (len(here.rows) + 3))
    assert len(way.grown(here).rows) == len(here.rows) + 3
    monkeypatch.setattr(growing, "ENTRIES", each * len(here.rows))
    assert way.grown(here) is None


@pytest.mark.parametrize("share", [200.0, 0.1])
def test_what_is_sealed_is_proved_and_says_which_patterns_stop_it(seven, share):
    """Where much is ahead B fits most patterns that do not take part; later some stop it."""
    problem, first, _ = seven
    way, here = within(problem, first, share)
    assert here.each > 0
    rest = np.setdiff1d(np.arange(len(problem.patterns)), here.rows)
    assert here.others.rows.tolist() == rest.tolist()
    whole, alone = Sealed(here), stretched(problem, rest, here.at.B, SETTINGS, 1.1)
    assert here.share == pytest.approx(min(1.0, alone.share.min()), rel=2e-2)
    assert here.share == 1 if share > 1 else here.share < 1
    np.testing.assert_array_equal(whole.B, here.share * here.at.B)
    assert whole.lower == pytest.approx(here.share * here.at.lower, rel=1e-12)
    assert whole.lower + whole.ahead == pytest.approx(here.at.lower + here.at.ahead, rel=1e-12)
    # B times θ goes with multipliers times θ².
    for proof, before in zip(whole.proofs[: len(here.rows)], here.at.proofs, strict=True):
        assert proof.mu == pytest.approx(here.share**2 * before.mu, rel=1e-9)
        np.testing.assert_allclose(proof.nu, here.share**2 * before.nu, rtol=1e-9)
        np.testing.assert_allclose(proof.ell, here.share**2 * before.ell, rtol=1e-9, atol=1e-300)
    assert dual_bound(problem.points, problem.rho, whole.B, whole.proofs) == pytest.approx(whole.lower, rel=1e-9)
    assert not uncovered([proof.cell for proof in whole.proofs], problem.patterns)
    assert (way.grown(here) is None) == (here.share == 1)


def test_where_all_patterns_take_part_nothing_is_left_to_seal(seven):
    problem, first, at = seven
    way, _ = begun(problem, first)
    here = way.sealed(Chosen(np.arange(len(problem.patterns)), at))
    whole = Sealed(here)
    assert here.others is None
    assert way.grown(here) is None
    assert (whole.lower, len(whole.proofs)) == (at.lower, len(problem.patterns))
    assert whole.ahead == pytest.approx(at.ahead, rel=1e-9)


def test_the_point_to_go_back_to_is_the_last_with_so_much_ahead():
    before = tuple(SimpleNamespace(ahead=ahead) for ahead in (5.0, 3.0, 2.0))
    here = Chosen(np.arange(1), SimpleNamespace(ahead=1.0), None, before)
    assert [here.back(ahead).ahead for ahead in (0.5, 1.0, 1.5, 3.0, 3.5, 9.0)] == [1, 1, 2, 3, 5, 5]
    assert Chosen(np.arange(1), here.at).back(9.0).ahead == 1


def test_multipliers_of_all_patterns_are_sought_while_there_is_time_for_them(seven, monkeypatch):
    """By a clock that moves with steps, a second each, and a tenth for the multipliers of a pattern."""
    problem, first, _ = seven
    clock = SimpleNamespace(elapsed=0.0, remaining=24.0, check=lambda: ends())

    def ends():
        if clock.remaining <= 0:
            raise OutOfTimeError

    def slow(steps):
        for at in steps:
            clock.elapsed += 1.0
            clock.remaining -= 1.0
            yield at

    def passing(call, patterns):
        def passed(*given):
            clock.elapsed += 0.1 * patterns(given)
            clock.remaining -= 0.1 * patterns(given)
            return call(*given)

        return passed

    original = growing.continued
    monkeypatch.setattr(growing, "continued", lambda *arguments: slow(original(*arguments)))
    monkeypatch.setattr(growing, "stretched", passing(stretched, lambda given: len(given[1])))
    monkeypatch.setattr(
        growing, "stretched_on", passing(stretched_on, lambda given: (given[0].reaching(given[1]) < 1).sum())
    )
    found = []
    with pytest.raises(OutOfTimeError):
        found.extend(chosen_path(*begun(problem, first, clock), 1e-9))
    assert found[-1].lower > 0.3 * first.upper
    assert dual_bound(problem.points, problem.rho, found[-1].B, found[-1].proofs) == pytest.approx(found[-1].lower)


def test_where_patterns_are_few_all_of_them_take_part(seven, monkeypatch):
    problem, first, _ = seven
    monkeypatch.setattr(chosen, "chosen_path", lambda *_: pytest.fail("some patterns were left out"))
    *_, last = whole_path(problem, first.neurons(), first.upper, SETTINGS, 0.01, free(problem))
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
