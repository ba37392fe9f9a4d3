"""Every kind of misuse is told of together with all other misuse of the same command line, and nothing is computed."""

import pytest

from exactnorm.cli.main import COMMANDS, parser

PARSERS = next(action for action in parser()._actions if action.choices).choices
pytestmark = pytest.mark.usefixtures("folder")
REQUIRED = [(name, a) for name, p in PARSERS.items() for a in p._actions if a.required and a.nargs is None]
VALUED = [(name, a) for name, p in PARSERS.items() for a in p._actions if a.option_strings and a.nargs is None]
FLAGS = [
    (name, a) for name, p in PARSERS.items() for a in p._actions if a.nargs == 0 and a.dest not in ("help", "debug")
]
COMPLETE = {
    "solve": ["acute"],
    "check": ["nowhere.npz"],
    "verify": ["nowhere.json", "--points", "acute"],
    "flow": ["acute", "--flow", "score"],
    "compare": ["nowhere.npz", "no.npz"],
    "explore": ["acute"],
    "experiment": ["width"],
    "completion": ["bash"],
}
"""Words that leave nothing out."""


def named(pairs):
    return [f"{name} {action.option_strings[-1] if action.option_strings else action.dest}" for name, action in pairs]


def told(answer):
    """The sentences of an answer that tells of several mistakes, or of one."""
    status, out, err = answer
    assert (status, out) == (2, "")
    assert "Traceback" not in err
    assert "usage:" not in err
    return err


def test_there_is_something_required_valued_and_without_value_to_try():
    assert {name for name, _ in REQUIRED} == {"solve", "check", "verify", "flow", "compare", "experiment", "completion"}
    assert len(VALUED) > 40
    assert len(FLAGS) > 10


@pytest.mark.parametrize(("name", "missing"), REQUIRED, ids=named(REQUIRED))
def test_what_is_missing_is_told_with_an_unknown_option(run, name, missing):
    err = told(run(name, "--nonsense"))
    assert "--nonsense: there is no such option" in err
    assert "mistakes:" in err
    shown = missing.option_strings[0] if missing.option_strings else missing.metavar or missing.dest.upper()
    assert f"give {shown}: " in err


@pytest.mark.parametrize(("name", "option"), VALUED, ids=named(VALUED))
def test_an_option_without_its_value_is_told_with_an_unknown_option(run, name, option):
    err = told(run(name, *COMPLETE.get(name, []), option.option_strings[0], "--nonsense"))
    assert f"{option.option_strings[0]} needs a value" in err
    assert "--nonsense: there is no such option" in err
    # Files that are nowhere are missing as well; nothing else is wrong, and one mistake is not told of as another.
    missing = {"check": 1, "verify": 1, "compare": 2}.get(name, 0)
    assert err.startswith(f"exactnorm {name}: {2 + missing} mistakes:")


@pytest.mark.parametrize(("name", "option"), FLAGS, ids=named(FLAGS))
def test_a_value_that_an_option_does_not_take_is_told_with_an_unknown_option(run, name, option):
    given = f"{option.option_strings[0]}=yes"
    err = told(run(name, *COMPLETE.get(name, []), given, "--nonsense"))
    assert f"{given}: {option.option_strings[0]} takes no value" in err
    assert "--nonsense: there is no such option" in err


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_option_alone_is_a_sentence(run, name):
    assert "--nonsense: there is no such option" in told(run(name, *COMPLETE.get(name, []), "--nonsense"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["flow", "--starts", "x"], ["give DATA: ", "give --flow: ", "--starts x: that is no number"]),
        (["flow", "acute", "--flow", "euler", "--alpha"], ["--flow euler: give one of score", "--alpha needs a value"]),
        (["flow", "--plot", "picture.xyz", "--horizon", "-1"], ["give DATA", "give --flow", ".png", "--horizon -1"]),
        (["flow", "nowhere.csv", "--rho", "1"], ["give --flow: ", "there is no file 'nowhere.csv'"]),
        (["solve", "--s", "3", "--tol", "-1"], ["--s: that may be --sigma, --samples", "give DATA", "--tol -1"]),
        (
            ["solve", "--samples-file", "--weight-decay", "0"],
            ["give DATA", "--samples-file needs a value", "--weight-decay 0"],
        ),
        (["verify", "nowhere.json", "--rho", "x"], ["give --points", "--rho x: that is no number", "'nowhere.json'"]),
        (["check", "a.npz", "--rho", "x", "--points", "b.csv"], ["'a.npz'", "--rho x", "'b.csv'"]),
        (["experiment", "nothing", "--seed", "x"], ["NAME nothing: give one of", "--seed x: that is no number"]),
        (["completion", "tcsh", "--x"], ["SHELL tcsh: give one of bash, zsh, fish", "--x: there is no"]),
        (["theorems", "nothing", "--x"], ["no statement is called 'nothing'", "--x: there is no"]),
        (["explore", "no.csv", "--port", "x", "--export", "a.txt"], ["'no.csv'", "--port x", "ends in .html"]),
        (["solve", "no.csv", "--rho", "x", "--tol", "-1"], ["--rho x: that", "--tol -1", "there is no file 'no.csv'"]),
        (["solve", "no.csv", "--rho", "-1"], ["--rho=-1 is negative", "there is no file 'no.csv'"]),
        (
            ["flow", "no.csv", "--flow", "score", "--sigma", "nan", "--samples", "1"],
            ["--sigma=nan is not", "--samples 1", "'no.csv'"],
        ),
        (["explore", "no.csv", "--rho", "-1"], ["there is no file 'no.csv'", "--rho=-1 is negative"]),
        (
            ["flow", "acute", "--flow", "probability", "--alpha", "-1", "--T", "-1", "--schedule", "f(t)"],
            ["--alpha -1", "--T -1: the time", "'f(t)' is not known"],
        ),
        (
            ["flow", "acute", "--flow", "probability", "--alpha", "-1", "--T", "nan", "--schedule", "t"],
            ["--alpha -1", "--T=nan is not finite"],
        ),
        (
            ["experiment", "large-rays", "--set", "x=1", "--set", "y", "--solver", "CLARABEL"],
            ["--set x=1: give", "--set y: give", "--solver CLARABEL: large-rays solves nothing"],
        ),
        (["demo", "--out", "no/a.png", "--x"], ["there is no directory 'no'", "--x: there is no"]),
    ],
)
def test_misuse_of_several_kinds_is_told_of_at_once(run, words, said):
    err = told(run(*words))
    assert all(part in err for part in said), err
    assert err.startswith(f"exactnorm {words[0]}: {len(said)} mistakes:\n")


def test_options_may_still_be_shortened_and_help_is_what_it_was(run):
    err = told(run("flow", "acute", "--flow", "score", "--horiz", "3", "--rho"))
    assert err == "exactnorm flow: --rho needs a value, R\n"
    assert run("flow", "--horiz", "3", "--help")[1] == run("flow", "--help")[1]
