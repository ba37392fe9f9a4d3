"""How commands end: exit statuses, Ctrl-C, time limits, tracebacks."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from cli_records import strict
from machine import busy

import exactnorm
from exactnorm.cli import main
from exactnorm.exact.balls.nothing import InterruptedSearch


def test_no_command_at_all_is_bad_input(run):
    status, out, err = run()
    assert (status, out) == (2, "")
    assert "COMMAND" in err


def test_data_that_no_network_interpolates_end_with_exit_status_3_and_the_reason(run):
    for command in (("solve", "infeasible", "--json"), ("flow", "infeasible", "--flow", "score")):
        status, out, err = run(*command)
        assert (status, out) == (3, "")
        assert err.startswith(f"exactnorm {command[0]}: no network maps every ball to its centre at rho=0.46")


def test_ctrl_c_before_there_is_a_bracket_ends_with_130_and_nothing_on_stdout(run, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(exactnorm, "min_norm_denoiser", interrupted)
    status, out, err = run("solve", "acute")
    assert (status, out) == (130, "")
    assert "interrupted" in err


def test_ctrl_c_before_there_is_a_network_says_what_is_known_all_the_same(run, monkeypatch):
    def interrupted(*_, **__):
        raise InterruptedSearch("interrupted: at least 3", 3.0, 0.1)

    monkeypatch.setattr(exactnorm, "min_norm_denoiser", interrupted)
    assert run("solve", "acute") == (130, "", "interrupted: at least 3\n")


def test_a_time_limit_ends_with_a_valid_bracket_and_exit_status_1(run):
    status, out, _ = run("solve", "generic_simplex_8", "--time-limit", 2, "--json")  # it takes ten and more
    record = strict(out)
    assert status == 1
    assert 0 < record["lower"] <= 13.273137
    assert record["upper"] >= 13.273135
    assert record["seconds"] < 30


def test_debug_shows_the_traceback_of_a_mistake():
    with pytest.raises(ValueError, match="no problem is called"):
        main(["--debug", "solve", "nonsense"])
    with pytest.raises(ValueError, match="no problem is called"):
        main(["solve", "nonsense", "--debug"])


def interrupted(command, after, until=20):
    """Send Ctrl-C after some seconds; return (exit status, stdout, stderr, seconds until the end)."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    try:
        out, err = process.communicate(timeout=until * busy())
    finally:
        process.kill()
    return process.returncode, out, err, time.monotonic() - start


@pytest.fixture(scope="module")
def loading():
    """Seconds that it takes to load the command, on this machine as busy as it is."""
    start = time.monotonic()
    subprocess.run([sys.executable, "-m", "exactnorm", "solve", "univariate"], check=True, capture_output=True)
    return time.monotonic() - start


# Python itself takes some hundredths of a second to begin; before that nothing of the package can answer.
@pytest.mark.parametrize("share", [0.3, 0.6, 1.0])
def test_ctrl_c_while_the_command_loads_ends_with_a_sentence_and_130(share, loading):
    command = [sys.executable, "-m", "exactnorm", "solve", "digits10"]
    status, out, err, seconds = interrupted(command, share * loading)
    assert "Traceback" not in err
    assert seconds < 2 * busy()
    if status == 130:
        assert (out, err) == ("", "interrupted: there is no bracket yet\n")
    else:  # a first bracket is there in no time
        assert status == 1
        assert "cost of the network" in out


SWALLOWS = """\
import os, signal, sys

class Compiled:
    def find_spec(self, name, *_):
        if name == {module!r}:
            try:
                os.kill(os.getpid(), signal.SIGINT)
                for _ in range(1000):
                    pass
            except KeyboardInterrupt:
                raise ImportError("initialization failed") from None

sys.meta_path.insert(0, Compiled())
"""


@pytest.mark.parametrize("module", ["scipy.optimize", "clarabel", "exactnorm.plot"])
def test_ctrl_c_in_a_module_that_makes_another_error_of_it_ends_with_a_sentence_and_130(module, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(SWALLOWS.format(module=module))
    paths = [str(tmp_path), *(path for path in [os.environ.get("PYTHONPATH")] if path)]
    ended = subprocess.run(
        [sys.executable, "-m", "exactnorm", "demo", "--out", str(tmp_path / "demo.png")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "interrupted: there is no bracket yet\n")


def test_who_imports_the_package_keeps_pythons_answer_to_ctrl_c():
    words = "import exactnorm, signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    ended = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == ("True\n", "")


def test_ctrl_c_in_the_loop_ends_with_the_bracket_so_far():
    command = [sys.executable, "-m", "exactnorm", "solve", "digits10", "--json"]
    for after in (4, 12, 36):  # until even a busy machine has loaded the package
        status, out, err, seconds = interrupted(command, after)
        if status != 130:
            break
    assert status == 1
    assert all(", gap " in line for line in err.splitlines())  # progress, now and then
    record = strict(out)
    assert record["status"].startswith("interrupted")
    assert 0 < record["lower"] < record["upper"] < 25
    assert seconds < 2 * busy()


def test_an_estimate_says_how_many_patterns_and_stops(run):
    status, out, err = run("solve", "digits10", "--estimate")
    assert (status, err) == (0, "")
    assert " ".join(out.split()).startswith("511 activation patterns of affine rank 9; a solve to 1e-6 takes about ")
    assert max(map(len, out.splitlines())) <= 80
    status, out, _ = run("solve", "generic_simplex_7", "--estimate", "--json")
    record = strict(out)
    assert status == 0
    assert (record["points"], record["patterns"]) == (7, 63)
    assert record["seconds"] > 0
    assert run("solve", "infeasible", "--estimate")[0] == 3


def test_ctrl_c_while_a_flow_is_still_solving_ends_with_130_and_follows_nothing():
    command = [sys.executable, "-m", "exactnorm", "flow", "digits10", "--flow", "score", "--json"]
    status, out, err, _ = interrupted(command, 4)  # it takes a minute to close this gap
    assert (status, out) == (130, "")
    assert "interrupted" in err
    assert "Traceback" not in err


def test_ctrl_c_during_a_solve_ends_the_checks_of_theorems_with_those_that_are_finished(run, monkeypatch):
    from exactnorm.exact.balls import wider
    from exactnorm.theorems.roads import program

    solved = wider.solve_sturdily
    points = exactnorm.problems.acute().train.points
    calls = []

    def interrupted_at_the_third(*arguments, **options):
        calls.append(arguments)
        found = solved(*arguments, **options)
        return replace(found, status="interrupted; 1 round.") if len(calls) == 3 else found

    monkeypatch.setattr(wider, "solve_sturdily", interrupted_at_the_third)
    assert program(points, 0.1).certificate.gap <= 1e-6
    status, out, err = run("theorems", "A-equilateral", "A-obtuse", "A-rays", "--json")
    assert (status, out, len(calls)) == (130, "", 3)
    assert err == "checking A-equilateral …\ninterrupted: 0 of 3 statements were checked\n"


def test_a_flow_of_an_interrupted_denoiser_is_not_followed_and_one_of_a_wide_bracket_says_how_wide(run, monkeypatch):
    known = exactnorm.min_norm_denoiser([[0, 0], [1, 0], [0.4, 0.9]], 0.1)
    wide = replace(known, certificate=replace(known.certificate, lower=0.36 * known.certificate.upper))
    monkeypatch.setattr(exactnorm, "min_norm_denoiser", lambda *_, **__: replace(wide, status="interrupted; 1 round."))
    status, out, err = run("flow", "acute", "--flow", "score", "--starts", 5, "--json")
    assert (status, out) == (130, "")
    assert err == "interrupted: the denoiser's relative gap is still 6.4e-01, so no flow was followed\n"
    monkeypatch.setattr(exactnorm, "min_norm_denoiser", lambda *_, **__: wide)
    status, out, err = run("flow", "acute", "--flow", "score", "--starts", 5, "--json")
    record = strict(out)
    assert (status, record["complete"], err) == (1, True, "note: the denoiser's relative gap is 6.4e-01\n")
    assert record["gap"] == pytest.approx(0.64, rel=1e-12)


def test_a_path_that_ctrl_c_ended_is_saved_and_not_followed(run, monkeypatch, tmp_path):
    solve, levels = exactnorm.path.min_norm_denoiser, []

    def interrupted_at_the_second(*arguments, **options):
        levels.append(arguments[1])
        found = solve(*arguments, **options)
        return replace(found, status="interrupted; 1 round.") if len(levels) == 2 else found

    monkeypatch.setattr(exactnorm.path, "min_norm_denoiser", interrupted_at_the_second)
    given = ("flow", "acute", "--flow", "probability", "--alpha", 0.1, "--T", 1, "--levels", 3, "--json")
    status, out, err = run(*given, "--out", tmp_path / "path")
    assert (status, out, len(levels)) == (130, "", 2)
    assert "interrupted: there are 2 of 3 denoisers, of a relative gap up to " in err
    assert exactnorm.load(tmp_path / "path").radii.tolist() == levels
