"""Progress where no line can be overwritten: now and then, without widgets and without control characters."""

import subprocess
import sys
import warnings
from dataclasses import dataclass

import pytest
import rich.console

from exactnorm.exact.progress import fitting, line, reporter


@dataclass(frozen=True)
class Best:
    seconds: float
    lower: float = 1.0
    upper: float = 2.0
    gap: float = 0.5
    rounds: int = 3
    kinks: int = 7
    phase: str = "closing the gap"


def test_without_a_terminal_a_line_is_written_after_10_20_and_40_seconds(capsys):
    with reporter(True) as report:
        for seconds in range(100):
            report(Best(float(seconds)))
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(", ")[-1] for line in err.splitlines()] == ["10 s", "20 s", "40 s", "80 s"]
    assert err.startswith("round 3: [1, 2], gap 5.0e-01, 7 kinks, 10 s\n")


@pytest.mark.parametrize("phase", ["looking for a first network", "enumerating activation patterns: 24310 found"])
def test_the_live_line_fits_80_columns_and_keeps_the_bracket_and_the_time(phase):
    said = line(Best(117.0, lower=4.6515809, upper=5.1704566, phase=phase, kinks=1000))
    assert len(f"{said}, 10000 cells") > 77
    short = fitting(said, 77)
    assert len(short) <= 77
    assert short.startswith(f"{phase}: [4.6515809, 5.1704566]")
    assert short.endswith(", 117 s")
    assert fitting(said, len(said)) == said


def test_a_long_pause_is_followed_by_one_line(capsys):
    with reporter(True) as report:
        for seconds in (9.0, 300.0, 301.0, 319.0, 330.0):
            report(Best(seconds))
    assert [line.split(", ")[-1] for line in capsys.readouterr().err.splitlines()] == ["300 s", "330 s"]


def test_how_long_it_will_take_is_said_once_before_the_first_line(capsys):
    with reporter(True) as report:
        report(Best(1.0, phase="starting: 63 activation patterns; about 20 s"))
        assert not capsys.readouterr().err
        for seconds in range(2, 60):
            report(Best(float(seconds)))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "63 activation patterns; about 20 s"
    assert [line.split(", ")[-1] for line in lines[1:]] == ["10 s", "20 s", "40 s"]


@pytest.mark.filterwarnings("error")
def test_in_a_notebook_no_widget_is_asked_for(monkeypatch, capsys):
    monkeypatch.setattr(rich.console, "_is_jupyter", lambda: True)
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):  # Jupyter's kernel sets them, and rich takes it for a terminal
        monkeypatch.setenv(name, "1")
    with warnings.catch_warnings(record=True) as heard, reporter(True) as report:
        for seconds in range(0, 100, 5):
            report(Best(float(seconds)))
    assert not heard
    assert len(capsys.readouterr().err.splitlines()) == 4


def test_a_command_that_is_soon_done_writes_no_progress_to_a_pipe():
    ended = subprocess.run([sys.executable, "-m", "exactnorm", "solve", "acute"], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
