"""A check holds only when its numbers say so."""

import math

import numpy as np
import pytest

from exactnorm.closed_form import univariate
from exactnorm.theorems import Check, run
from exactnorm.theorems.zeno2023 import generalises


def make(relation, claimed, computed, expected=True, **bracket):
    return Check("x", "s", "proved", claimed, computed, relation, 1e-6, expected, "d", **bracket)


@pytest.mark.parametrize(
    ("check", "outcome"),
    [
        (make("=", 2.0, 2.0 + 1e-6), "yes"),
        (make("=", 2.0, 2.0 + 3e-6), "no"),
        (make("=", 2.0, 2.0, lower=1.99, upper=2.0), "undecided"),
        (make("=", 2.0, 2.0, lower=5.0, upper=2.0), "undecided"),  # a crossed bracket
        (make("=", 2.0, 1.5, lower=1.4, upper=1.6), "no"),
        (make("=", 2.0, math.inf), "no"),
        (make("=", 2.0, 2.0, lower=-math.inf, upper=2.0), "undecided"),
        (make("<=", 1.0, 1.0), "yes"),
        (make("<", 1.0, 1.0), "no"),
        (make("<", 1.0, 0.5, lower=0.5, upper=1.5), "undecided"),
        (make(">", 1.0, 1.5, lower=0.9, upper=1.5), "undecided"),
        (make(">=", 1.0, 0.5), "no"),
    ],
)
def test_holds_and_refuted_are_what_the_bracket_supports(check, outcome):
    assert (check.holds, check.refuted) == (outcome == "yes", outcome == "no")
    assert check.as_expected is (outcome == "yes")
    assert check.outcome == ("yes" if outcome == "yes" else f"{outcome}: UNEXPECTED")


def test_the_table_reads_as_the_claim_does():
    table = make("<=", claimed=2.0, computed=1.0).table()
    assert table.headings[1:4] == ("computed", "", "claimed")
    assert table.rows[0][1:4] == ("1", "<=", "2")


@pytest.mark.parametrize("relation", ["=", "<=", ">=", "<", ">"])
@pytest.mark.parametrize("place", ["claimed", "computed", "lower", "upper"])
@pytest.mark.parametrize("expected", [True, False, None])
def test_a_failed_computation_is_neither_agreement_nor_an_expected_failure_nor_an_observation(
    relation, place, expected
):
    numbers = {"claimed": 0.0, "computed": 0.0, "lower": 0.0, "upper": 0.0, place: math.nan}
    check = make(relation, **numbers, expected=expected)
    assert (check.holds, check.refuted, check.as_expected) == (False, False, False)
    assert not make(relation, 0.0, math.nan, expected).as_expected


def test_an_expected_failure_has_to_be_shown():
    assert make("=", 2.0, 2.5, expected=False).as_expected
    undecided = make("=", 2.0, 2.0, expected=False, lower=1.9, upper=2.1)
    assert (undecided.as_expected, undecided.outcome) == (False, "undecided: UNEXPECTED")
    assert make("=", 2.0, 2.0, expected=False).outcome == "yes: UNEXPECTED"


def test_what_a_check_cannot_see_is_printed_with_it():
    check = make("=", 2.0, 2.0, unseen=(("rays.rho", "nothing depends on it"),))
    assert "blind to 1 % of rays.rho: nothing depends on it" in check.table().note


def test_unknown_names_are_refused_before_anything_runs():
    with pytest.raises(ValueError, match=r"'no-such'; there are A-"):
        run(["A-generalises", "no-such"])


def test_run_reports_progress_in_the_order_asked_for():
    seen = []
    checks = list(run(["equilateral-rate"], progress=seen.append))
    assert seen == ["equilateral-rate"] == [check.name for check in checks]


def test_the_two_errors_agree_with_simulation():
    rng = np.random.default_rng(0)
    sigma, rho, x = 0.02, 0.06, rng.uniform(generalises.POINTS[0], generalises.POINTS[-1], 200_000)
    y = x + sigma * rng.standard_normal(len(x))
    h = univariate(generalises.POINTS[:, None], rho)(y[:, None])[:, 0]
    minimum_norm, posterior = generalises.errors(sigma, np.ones_like, rho)
    assert minimum_norm == pytest.approx(np.mean((h - x) ** 2), rel=0.03)
    nearest = generalises.POINTS[np.abs(y[:, None] - generalises.POINTS).argmin(axis=1)]
    assert posterior == pytest.approx(np.mean((nearest - x) ** 2), rel=0.1)
