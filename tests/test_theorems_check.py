"""A check holds only when its numbers say so."""

import math

import numpy as np
import pytest

from exactnorm.closed_form import univariate
from exactnorm.theorems import Check, run
from exactnorm.theorems.zeno2023 import generalises


def make(relation, claimed, computed, **bracket):
    return Check("x", "s", "proved", claimed, computed, relation, 1e-6, True, "d", **bracket)


@pytest.mark.parametrize(
    ("check", "holds"),
    [
        (make("=", 2.0, 2.0 + 1e-6), True),
        (make("=", 2.0, 2.0 + 3e-6), False),
        (make("=", 2.0, 2.0, lower=1.99, upper=2.0), False),
        (make("=", 2.0, math.inf), False),
        (make("=", 2.0, 2.0, lower=-math.inf, upper=2.0), False),
        (make("<=", 1.0, 1.0), True),
        (make("<", 1.0, 1.0), False),
        (make("<", 1.0, 0.5, lower=0.5, upper=1.5), False),
        (make(">", 1.0, 1.5, lower=0.9, upper=1.5), False),
        (make(">=", 1.0, 0.5), False),
    ],
)
def test_holds_is_what_the_bracket_supports(check, holds):
    assert check.holds is holds
    assert check.as_expected is holds


def test_a_failed_computation_is_not_agreement():
    for relation in ("=", "<=", ">=", "<", ">"):
        assert not make(relation, 0.0, float("nan")).holds


def test_unknown_names_are_refused_before_anything_runs():
    with pytest.raises(ValueError, match=r"'no-such'; there are A-"):
        run(["A-generalises", "no-such"])


def test_run_reports_progress_in_the_order_asked_for():
    seen = []
    checks = list(run(["equilateral-rate"], progress=seen.append))
    assert seen == ["equilateral-rate"] == [check.name for check in checks]


def test_the_two_errors_agree_with_simulation():
    rng = np.random.default_rng(0)
    sigma, rho, x = 0.02, 0.06, rng.uniform(0, 1, 200_000)
    y = x + sigma * rng.standard_normal(len(x))
    h = univariate(generalises.POINTS[:, None], rho)(y[:, None])[:, 0]
    minimum_norm, posterior = generalises.errors(sigma, np.ones_like, rho)
    assert minimum_norm == pytest.approx(np.mean((h - x) ** 2), rel=0.03)
    nearest = generalises.POINTS[np.abs(y[:, None] - generalises.POINTS).argmin(axis=1)]
    assert posterior == pytest.approx(np.mean((nearest - x) ** 2), rel=0.1)
