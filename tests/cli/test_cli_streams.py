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
    assert "in every row constant: 5" in narrower
    assert "│" in narrower
    assert "│" not in narrowest


def test_in_80_columns_the_named_problems_take_three_lines_each():
    text = printed(report.problems_table(problems.listing()), 80)
    lines = text.rstrip().splitlines()
    assert max(map(len, lines)) <= 80
    for problem in problems.listing():
        start = lines.index(problem.name)
        assert f"points {problem.train.size} · dimension {problem.train.dimension}" in lines[start + 1]
    assert len(lines) <= 3 * len(problems.listing()) + 3


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
