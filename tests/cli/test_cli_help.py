"""`--help` of every command: lines that fit, and nothing lost by wrapping them."""

import re

import pytest

from exactnorm.cli.help_text import wrapped
from exactnorm.cli.main import parser

COMMANDS = [
    "",
    "solve",
    "check",
    "verify",
    "flow",
    "compare",
    "explore",
    "theorems",
    "experiment",
    "problems",
    "demo",
    "completion",
]


@pytest.mark.parametrize("columns", [80, 200])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_the_terminal(run, monkeypatch, command, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    status, out, err = run(*command.split(), "--help")
    assert (status, err) == (0, "")
    assert max(map(len, out.splitlines())) <= min(columns, 100)


def test_names_of_experiments_are_not_broken_at_their_hyphens(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    words = run("experiment", "--help")[1].replace(",", " ").split()
    assert {"early-stopping", "leave-one-out", "other-denoisers", "trained-networks"} <= set(words)


def test_help_in_a_pipe_has_80_columns(run, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    _, out, _ = run("flow", "--help")
    assert max(map(len, out.splitlines())) <= 80


def test_every_command_is_among_those_tested():
    assert COMMANDS[1:] == list(parser()._subparsers._group_actions[0].choices)


def test_wrapping_keeps_every_word_and_hangs_below_the_second_column(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    text = "examples:\n  exactnorm solve points.csv --rho 0.1 --out denoiser.npz\n\n  .npy   " + "many words " * 9
    lines = wrapped(text).splitlines()
    assert lines[:4] == ["examples:", "  exactnorm solve points.csv --rho 0.1 --out denoiser.npz", "", lines[3]]
    assert all(re.match(r" {9}\w", line) for line in lines[4:])
    assert " ".join(lines).split() == text.split()


def test_the_words_that_the_help_needs_are_explained_in_that_of_the_program(run):
    words = run("--help")[1].split("\nwords:\n")[1].split("\n\n")[0]
    assert re.findall(r"^  (\S+) ", words, re.MULTILINE) == [
        "denoiser",
        "ball",
        "cost",
        "bracket",
        "certificate",
        "flow",
        "problem",
    ]
