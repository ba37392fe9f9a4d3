"""What is printed can be read: in narrow terminals, in other encodings, and with streams that are closed."""

import io
import json
import subprocess
import sys
from contextlib import suppress

import pytest
from rich.console import Console

from exactnorm import problems, report
from exactnorm.cli import main
from exactnorm.cli.streams import say
from exactnorm.tables import TextTable, stacked


def printed(renderable, width):
    console = Console(width=width, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


ROWS = tuple(
    (f"name{n}", str(n), "5", f"{(n + 1) / 7:.6g}", f"{(n + 1) / 9:.6g}", f"two words and {n} more of them")
    for n in range(4)
)
HEADINGS = ("name", "count", "constant", "share low", "share high", "what it says")


@pytest.mark.parametrize("width", [120, 80, 60, 45, 34])
def test_a_table_keeps_every_number_whole_at_any_width(width):
    text = printed(report.grid(TextTable(HEADINGS, ROWS), "A table", right=HEADINGS[1:5]), width)
    assert max(map(len, text.splitlines())) <= width
    words = text.replace("│", " ").replace("┃", " ").split()
    for row in ROWS:
        assert row[0] in words
        assert row[1] in words
        # Ends of an interval may be left out, all of them, which is said.
        assert (row[3] in words) == ("left out here: share low, share high" not in " ".join(words))
    # A word is never broken.
    assert {"two", "words", "more"} <= set(words)


def test_columns_go_in_order_and_what_goes_is_said():
    table = report.grid(TextTable(HEADINGS, ROWS), "A table")
    wide, narrower, narrowest = (printed(table, width) for width in (120, 75, 34))
    assert "in every row" not in wide
    assert "'constant' is 5 in every row" in narrower
    assert "│" in narrower
    assert "│" not in narrowest


def test_in_80_columns_the_named_problems_take_three_lines_each():
    text = printed(report.problems_table(problems.listing()), 80)
    lines = text.rstrip().splitlines()
    assert max(map(len, lines)) <= 80
    for problem in problems.listing():
        start = lines.index(problem.name)
        assert f"points {problem.train.size} · dimension {problem.train.dimension}" in lines[start + 1]
    words = next(n for n, line in enumerate(lines) if line.startswith("optimum: the least cost"))
    assert words <= 3 * len(problems.listing()) + 3
    explained = " ".join(lines[words:])
    for word in ("infeasible: there is none", "source: how", "One-sided rays are", "R is the radius"):
        assert word in explained


def test_text_prints_as_a_table_and_its_repr_is_a_line():
    table = stacked(problems.listing()[:3])
    lines = str(table).splitlines()
    assert lines[0].split() == ["name", "points", "dimension", "rho", "optimum", "source"]
    assert [line.split()[0] for line in lines[2:]] == ["univariate", "orthogonal", "obtuse"]
    assert lines[0].index("source") == lines[2].index("proved")
    assert repr(table) == "TextTable(3 rows of name, points, dimension, rho, optimum, source)"
    problem = problems.acute()
    assert str(problem) == problem.table().text()
    assert "\n" not in repr(problem)
    assert len(repr(problem)) < 300


def test_a_block_is_named_by_the_columns_that_tell_rows_apart():
    words = (f"{n} of many words and more of them" for n in range(8))
    rows = tuple((kind, n, next(words), next(words)) for kind in ("score", "probability") for n in "25")
    lines = printed(report.grid(TextTable(("flow", "points", "what", "else"), rows), "A table"), 40).splitlines()
    named = [line.strip() for line in lines if not line.startswith("  ")][1:]
    assert named == [f"flow {kind} · points {n}" for kind in ("score", "probability") for n in "25"]
    assert sum("points" in line for line in lines) == 4


def test_of_a_long_table_the_first_rows_are_shown_and_that_is_said():
    rows = tuple((f"name{n}", "same", str(n)) for n in range(100))
    table = TextTable(("name", "constant", "count"), rows)
    for width in (80, 22):
        lines = printed(report.grid(table, "A table", most=40), width).splitlines()
        text = " ".join(" ".join(lines).split())
        assert "name39" in text
        assert "name40" not in text
        assert "the first 40 of 100 rows; --json and --out have all of them" in text
    assert "rows;" not in printed(report.grid(table, "A table", most=100), 80)


def test_a_sign_that_is_the_same_in_every_row_is_told_with_what_it_stands_between():
    rows = tuple((f"name{n}", f"{n}.123456789", "<=", f"{n}.123456789", "word " * 9) for n in range(3))
    text = printed(report.grid(TextTable(("name", "computed", "", "claimed", "what"), rows), "A table"), 66)
    assert "in every row: computed <= claimed" in text


def test_messages_on_a_terminal_break_between_words(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    message = "two mistakes:\n  " + "many words " * 9 + "\n  a-long-file-name-that-has-no-blank-in-it-at-all.csv"
    say(message)
    lines = terminal.getvalue().splitlines()
    assert max(map(len, lines[:-1])) <= 40
    assert all(line.startswith("  ") for line in lines[1:])
    assert " ".join(lines).split() == message.split()


def test_messages_in_a_pipe_keep_their_lines(capsys):
    say("word " * 40)
    assert capsys.readouterr().err == "word " * 40 + "\n"


COMMANDS = [("problems",), ("problems", "--json"), ("theorems", "A-rays"), ("solve", "--help"), ("flow", "--help")]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_letter_is_printed_in_any_encoding(command, encoding, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    with suppress(SystemExit):  # --help leaves so
        assert main(list(command)) == 0
    sys.stdout.flush()
    text = raw.getvalue().decode(encoding)
    assert text
    assert "?" not in text
    if "--json" in command:
        assert {record["source"] for record in json.loads(text)} == {problem.source for problem in problems.listing()}


def test_a_closed_stdout_is_said_and_a_closed_stderr_keeps_messages_out_of_the_result():
    run = [sys.executable, "-m", "exactnorm"]
    closed = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *run, "problems"], capture_output=True, text=True, check=False
    )
    assert (closed.returncode, closed.stdout) == (2, "")
    assert closed.stderr == "exactnorm: standard output is closed: there is nowhere to print to\n"
    # A message to a stderr that is closed would go to stdout, which Python takes in its place.
    code = "from exactnorm.cli.streams import prepare, say, show_json; prepare(); say('message'); show_json([1])"
    mute = subprocess.run(
        ["sh", "-c", '"$@" 2>&-', "sh", sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (mute.returncode, mute.stderr, json.loads(mute.stdout)) == (0, "", [1])
