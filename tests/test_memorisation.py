"""Memorisation against the number of digits: shares by another road, and what is not exact says so."""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from exactnorm import min_norm_denoiser, plot, problems
from exactnorm.closed_form import orthogonal
from exactnorm.experiments import memorisation, solved
from exactnorm.experiments.memorisation import EXACT, LEAST, NONE, RAMPS, are_sums, falls, is_ramps, unlike
from exactnorm.flow import score_flow
from exactnorm.geometry import affine_hull


def sums_by_hand(X):
    """All sums of two and more of the other points seen from each point."""
    out = []
    for k in range(len(X)):
        others = [n for n in range(len(X)) if n != k]
        chosen = [c for size in range(2, len(X)) for c in combinations(others, size)]
        out += [X[k] + sum(X[n] - X[k] for n in c) for c in chosen]
    return np.array(out)


def test_ends_on_three_digits_are_those_of_an_integrator_sorted_by_hand():
    starts, noise, rho = 60, 1.5, 0.4
    record = memorisation(counts=(3,), starts=starts, rho=rho, noise=noise, seed=1).records()[0]
    assert record["network"] == LEAST
    X = problems.digit_images()[0][:3] / 16
    separation = min(np.linalg.norm(a - b) for a, b in combinations(X, 2))
    assert record["rho"] == pytest.approx(rho * separation, rel=1e-12)
    mean, axes = X.mean(axis=0), affine_hull(X).axes
    size = math.sqrt(((X - mean) ** 2).sum() / 3 / 2)
    draws = np.random.default_rng(np.random.SeedSequence(1).spawn(1)[0]).standard_normal((starts, 2))
    h = min_norm_denoiser(X, rho * separation, tol=1e-4)
    ends = score_flow(h, mean + noise * size * draws @ axes, 60.0, method="ivp", rtol=1e-6).endpoint
    distance = np.linalg.norm(ends[:, None] - np.vstack([X, sums_by_hand(X)]), axis=2)
    at, virtual = distance[:, :3].min(axis=1) < 1e-3, distance[:, 3:].min(axis=1) < 1e-3
    assert 0 < virtual.sum() < at.sum()
    assert (at | virtual).all()
    assert (record["training"], record["virtual"]) == (at.mean(), virtual.mean())
    assert record["training"] + record["virtual"] + record["elsewhere"] == pytest.approx(1)
    assert record["training_low"] < record["training"] < record["training_high"]
    assert record["different"] == len(set(distance.argmin(axis=1)))
    assert (record["status"], record["lower_by"], record["stable"]) == (EXACT, "patterns", 1.0)


def test_two_digits_are_memorised_and_cost_what_the_formula_says():
    table = memorisation(counts=(2,), starts=30, rho=0.4)
    record, ramps = table.records()
    assert (record["network"], ramps["network"]) == (LEAST, RAMPS)
    assert ramps["training"] == record["training"]
    assert record["upper"] == pytest.approx(2 / (1 - 2 * 0.4), rel=1e-9)  # 2L/(L − 2ρ)
    assert record["lower"] == pytest.approx(record["upper"], rel=1e-9)
    assert (record["training"], record["nearest"], record["different"]) == (1.0, 1.0, 2)
    assert (record["lower_by"], record["upper_by"], record["neurons"]) == ("rays", "formula", 2)
    # One closed bracket is no sequence of them.
    assert [s.verdict for s in table.statements] == ["not comparable"] * 2


def test_a_bracket_that_is_not_closed_is_called_that_and_nothing_is_read_from_its_network():
    table = memorisation(counts=(2, 3), starts=8, tol=1e-13, time_limit=20.0)
    assert list(zip(table.column("points"), table.column("network"), strict=True)) == [
        (2, LEAST), (2, RAMPS), (3, RAMPS),
    ]  # fmt: skip
    assert table.column("status")[-1] == "best found"
    assert 1e-13 < table.column("width")[-1] < 1e-4
    assert "The bracket is closed with 2 digits." in table.reading
    assert [s.verdict for s in table.statements] == ["not comparable"] * 2
    assert all("sums of ramps, not shown to be least: " in s.evidence for s in table.statements)


def test_no_flow_hangs_on_what_network_a_program_has_when_its_time_is_over(monkeypatch):
    solve = solved.min_norm_denoiser

    def program_stopped(points, rho, *, method="auto", **how):
        found = solve(points, rho, method="ramps", **how)
        if method == "ramps":
            return found
        other = solve(points, 1.3 * rho, method="ramps", **how)
        better = replace(found.certificate, upper=0.99 * found.certificate.upper)
        return replace(other, train=found.train, certificate=better)

    (alone,) = [r for r in memorisation(counts=(5,), starts=60).records() if r["network"] == RAMPS]
    monkeypatch.setattr(solved, "min_norm_denoiser", program_stopped)
    (stopped,) = memorisation(counts=(5,), starts=60).records()
    bracket = {"lower", "lower_by", "width", "status"}
    assert {k: v for k, v in stopped.items() if k not in bracket} == {
        k: v for k, v in alone.items() if k not in bracket
    }


def test_a_sum_of_ramps_beside_the_least_network_has_its_own_cost_and_flows_and_the_same_bound():
    table = memorisation(counts=(4,), starts=200, rho=0.4)
    least, ramps = table.records()
    assert (least["network"], least["status"], ramps["network"], ramps["status"]) == (
        LEAST, EXACT, RAMPS, "best found",
    )  # fmt: skip
    assert least["lower"] == ramps["lower"]
    assert ramps["upper"] > 1.05 * least["upper"]
    assert ramps["training"] != least["training"]
    assert f"at most, as a share of its cost: 4: {ramps['width']:.1%}" in table.reading


def test_without_a_network_there_is_a_row_that_says_so(monkeypatch):
    solve = solved.min_norm_denoiser

    def lost(points, *given, **named):
        if len(points) == 3:
            msg = "nothing found"
            raise ArithmeticError(msg)
        return solve(points, *given, **named)

    monkeypatch.setattr(solved, "min_norm_denoiser", lost)
    table = memorisation(counts=(2, 3), starts=8)
    assert table.column("status") == [EXACT, EXACT, NONE]
    assert table.column("upper")[-1] is None
    assert len(plot.experiment(table).figure.axes[1].get_lines()[0].get_xdata()) == 1


def test_sums_of_a_simplex_are_found_and_nothing_else_is():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((5, 6))
    sums = sums_by_hand(X)
    others = np.vstack([X, X.mean(axis=0), (X[0] + X[1]) / 2, sums[0] + 1e-3, 2 * X[0] - X[1]])
    assert len(sums) == 5 * (2**4 - 5)
    assert are_sums(np.vstack([sums, others]), X, 1e-6).tolist() == [True] * len(sums) + [False] * len(others)
    assert are_sums(sums, rng.standard_normal((8, 6)), 1e-6) is None


def test_networks_of_parallel_pairs_are_ramps_and_others_are_not():
    triangle = [[0, 0], [1, 0], [0.4, 0.9]]
    assert is_ramps(orthogonal(np.vstack([np.zeros(3), np.eye(3)]), 0.1))
    assert is_ramps(min_norm_denoiser(triangle, 0.4, method="ramps").network)
    best = min_norm_denoiser(triangle, 0.4)
    assert best.certificate.certifies(1e-6)
    assert not is_ramps(best.network)


def test_ends_are_counted_once_each_and_a_share_that_never_changes_does_not_fall():
    Y = np.array([[0.0, 0], [1, 0], [1e-9, 0], [1, 1e-9], [0, 5]])
    assert unlike(Y, 1e-6).tolist() == [[0, 0], [1, 0], [0, 5]]
    assert falls([1.0, 0.5, 0.5])
    assert not falls([1.0, 1.0])
    assert not falls([1.0, 0.2, 0.3])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"counts": (1, 2)}, "from 2 to 100"), ({"counts": (101,)}, "from 2 to 100"), ({"counts": ()}, "counts"),
     ({"starts": 0}, "starts=0"), ({"rho": 0.5}, "below 0.5"), ({"noise": 0.0}, "noise above 0")],
)  # fmt: skip
def test_what_is_no_size_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        memorisation(**wrong)


def test_the_picture_shows_the_table_s_shares_and_brackets():
    table = memorisation(counts=(2, 3), starts=20)
    axes = plot.experiment(table)
    curves = {curve.get_label(): curve.get_xydata() for curve in axes.get_lines()}
    ramps = [record for record in table.records() if record["network"] == RAMPS]
    shares = [[record["points"], record["training"]] for record in ramps]
    assert np.array_equal(curves["at training points"], shares)
    assert axes.figure.axes[0] is axes
    below = axes.figure.axes[1]
    (costs,) = [c.get_xydata() for c in below.get_lines() if c.get_label() == "cost of the sum of ramps"]
    assert np.allclose(costs[:, 1], [record["upper"] / record["points"] for record in ramps])
    diamonds = [c.get_xydata() for c in axes.get_lines() if c.get_marker() == "D"]
    least = [record for record in table.records() if record["network"] == LEAST]
    assert np.array_equal(diamonds[0], [[record["points"], record["training"]] for record in least])
    by_hand = plot.figure().add_axes((0.1, 0.5, 0.8, 0.4))
    assert plot.experiment(table, by_hand) is by_hand
    assert len(by_hand.child_axes) == 1
