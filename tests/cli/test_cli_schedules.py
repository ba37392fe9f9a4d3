"""Schedules as the command line takes them: by name, with constants, by formula, by table."""

import math

import numpy as np
import pytest
from cli_records import strict

from exactnorm.cli.schedules import schedule
from exactnorm.cli.streams import BadInput

FORMULAS = {
    "sqrt(t)": math.sqrt,
    "2*t**1.5 + t/4": lambda t: 2 * t**1.5 + t / 4,
    "t^2": lambda t: t * t,
    "-(1 - exp(+t))": math.expm1,
    "sinh(pi*t)/e": lambda t: math.sinh(math.pi * t) / math.e,
}


@pytest.mark.parametrize(("text", "meant"), FORMULAS.items())
def test_a_formula_is_the_function_that_it_reads_as(text, meant):
    read = schedule(text, "1/(1 + t)", 3.0)
    for t in (0.0, 0.3, 2.0):
        assert read.sigma(t) == pytest.approx(meant(t), rel=1e-14, abs=1e-300)
        assert read.scale(t) == pytest.approx(1 / (1 + t), rel=1e-15)
    assert (read.name, read.last) == (text, 3.0)


REFUSED = [
    "__import__('os').system('true')",
    "t.real",
    "(lambda: t)()",
    "[t]",
    "t if t else 1",
    "sqrt(t, t)",
    "pow(t, 2)",
    "open('x')",
    "1j*t",
    "True*t",
    "'t'",
    "x + 1",
    "t +",
    "t" * 201,
    "vpp",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_formula_is_refused_and_not_run(text):
    with pytest.raises(BadInput, match="a formula is made of t, numbers, pi"):
        schedule(text, None, 1.0)


def test_constants_of_named_schedules():
    beta = 0.2 * 0.7 + (3 - 0.2) * 0.7**2 / 2
    assert schedule("vp(0.2, 3)", None, 1.0).sigma(0.7) == pytest.approx(math.sqrt(math.expm1(beta)), rel=1e-14)
    assert schedule("cosine(0.1)", None, 1.0).sigma(0.0) == 0
    for text in ("vp(a)", "vp(3, 0.2)", "vp(1, 2, 3)", "cosine(-1)"):
        with pytest.raises(BadInput, match=r"write vp\(BETA_MIN, BETA_MAX\) or cosine\(OFFSET\)"):
            schedule(text, None, 1.0)
    with pytest.raises(BadInput, match="--scale goes with a formula"):
        schedule("edm", "1", 1.0)


def test_a_table_is_a_monotone_curve_through_its_rows(folder):
    t = np.linspace(0, 2, 41)
    np.savetxt(folder / "noise.csv", np.column_stack([t, t**2, np.exp(-t)])[1:], delimiter=",")
    read = schedule("noise.csv", None, 9.0)
    assert read.last == 2.0
    for time in (0.0, 0.05, 0.733, 2.0):
        assert read.sigma(time) == pytest.approx(time**2, abs=1e-3)  # cubics through points 0.05 apart
        assert read.scale(time) == pytest.approx(math.exp(-time), abs=1e-3)
    between = np.array([read.sigma(time) for time in np.linspace(0, 2, 997)])
    assert np.all(np.diff(between) > 0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("0,0\n1,2\n2,1\n", "must increase"),
        ("0\n1.5\n", "1 columns; give t, sigma"),
        ("0,0,1,1\n1,2,3,4\n", "4 columns"),
        ("-1,0\n1,2\n", "must increase from row to row, from t = 0"),
        ("0.5,x\n1,2\n", "'x' is not a number"),
    ],
)
def test_a_table_that_is_no_schedule_is_refused(folder, content, sentence):
    (folder / "noise.csv").write_text(content)
    with pytest.raises(BadInput, match=sentence):
        schedule("noise.csv", None, 1.0)


@pytest.mark.usefixtures("folder")
def test_a_missing_table_is_refused():
    with pytest.raises(BadInput, match=r"--schedule noise.csv: No such file"):
        schedule("noise.csv", None, 1.0)


def test_a_formula_that_is_a_named_schedule_gives_the_same_endpoints(run):
    options = ("--flow", "probability", "--alpha", 0.1, "--T", 2, "--starts", 40, "--json")
    records = {s: strict(run("flow", "orthogonal", *options, "--schedule", s)[1]) for s in ("ve", "sqrt(t)", "edm")}
    assert records["sqrt(t)"]["endpoints"] == records["ve"]["endpoints"] != records["edm"]["endpoints"]
    assert records["sqrt(t)"]["schedule"] == "sqrt(t)"


def test_a_formula_may_begin_with_a_minus(run):
    options = ("--flow", "probability", "--alpha", 0.1, "--T", 0.5, "--starts", 5, "--json")
    status, out, _ = run("flow", "orthogonal", *options, "--schedule", "-log(1-t)")
    assert (status, strict(out)["schedule"]) == (0, "-log(1-t)")
    assert strict(out)["sigma_T"] == pytest.approx(math.log(2))
    status, _, err = run("flow", "orthogonal", *options, "--schedule", "-t")
    assert status == 2
    assert "schedule '-t' is not monotone" in err
