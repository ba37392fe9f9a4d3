"""What all commands share: help, versions, pipes, and `exactnorm problems`."""

import os
import subprocess
import sys

import pytest
from cli_records import strict

import exactnorm
from exactnorm import problems


def test_problems_lists_every_problem_as_table_and_as_json(run):
    status, out, err = run("problems")
    assert (status, err) == (0, "")
    listing = problems.listing()
    assert all(problem.name in out for problem in listing)
    status, out, _ = run("problems", "--json")
    records = strict(out)
    assert status == 0
    assert [record["name"] for record in records] == [problem.name for problem in listing]
    assert [record["name"] for record in records if not record["feasible"]] == ["infeasible"]


def test_every_command_has_help_with_an_example(run):
    status, out, _ = run("--help")
    assert status == 0
    assert "exit status" in out
    for command in ("solve", "check", "flow", "theorems", "experiment", "problems", "demo", "completion"):
        assert command in out
        status, text, _ = run(command, "--help")
        assert status == 0
        assert f"exactnorm {command}" in text.split("examples:")[1]


def test_python_m_exactnorm_is_the_same_command_and_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m exactnorm problems --json | head -c 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[", "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is a full disk on Linux only")
def test_a_full_disk_is_said_in_one_sentence():
    command = f"{sys.executable} -m exactnorm problems --json > /dev/full"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["exactnorm problems: [Errno 28] No space left on device"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is a full disk on Linux only")
@pytest.mark.parametrize("words", ["--help", "--version", "solve --help"])
def test_help_that_a_full_disk_does_not_take_is_no_success(words):
    command = f"{sys.executable} -m exactnorm {words} > /dev/full"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["exactnorm: [Errno 28] No space left on device"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is a full disk on Linux only")
@pytest.mark.parametrize(
    "words", ["check gone.npz", "verify gone.json --points acute --rho 0.1", "solve gone.csv --rho 1"]
)
def test_a_mistake_that_cannot_be_told_has_its_status_all_the_same(words):
    # 1 would say that a certificate is refuted.
    command = f"{sys.executable} -m exactnorm {words} 2> /dev/full"
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    assert subprocess.run(["bash", "-c", command], env=buffered, check=False).returncode == 2


def test_the_version_is_the_package_s(run):
    assert run("--version")[:2] == (0, f"exactnorm {exactnorm.__version__}\n")
