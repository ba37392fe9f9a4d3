"""The process that solves for a window may be killed or hang: it answers all the same, or says why not."""

import os
import signal
import threading
import time
from dataclasses import replace
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest

from exactnorm import problems
from exactnorm.explorer import solver as solving
from exactnorm.explorer.messages import Answer, send
from exactnorm.explorer.solver import Solver
from exactnorm.explorer.view import View, of_problem

pytestmark = pytest.mark.explore

LONG = (View(problems.gaussian(8, 2, 0).train.points, 0.05), None, None)
SHORT = (replace(of_problem("orthogonal"), cloud=4), None, None)


class Ear:
    """Answers as they came."""

    def __init__(self):
        self.heard, self.lock = [], threading.Condition()

    def __call__(self, answer):
        with self.lock:
            self.heard.append(answer)
            self.lock.notify()

    def await_(self, number, *kinds, seconds=100.0):
        """Wait for an answer to a request of one of these kinds."""
        with self.lock:
            found = lambda: any(a.number == number and a.kind in kinds for a in self.heard)  # noqa: E731
            assert self.lock.wait_for(found, seconds), [(a.number, a.kind) for a in self.heard]


@pytest.fixture
def ear():
    return Ear()


@pytest.fixture
def solver(ear):
    one = Solver(ear)
    yield one
    one.close()


def gone(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_process_that_is_killed_over_a_request_is_replaced_and_the_request_answered(solver, ear):
    first = solver.ask("picture", LONG)
    ear.await_(first, "picture")  # formulas; the program is under way
    killed = solver.process
    os.kill(killed, signal.SIGSTOP)  # so that it cannot be done before it is killed
    asked = solver.ask("picture", SHORT)
    os.kill(killed, signal.SIGKILL)
    ear.await_(asked, "done")
    assert solver.process != killed
    assert gone(killed)


def test_a_request_over_which_every_process_ends_is_given_up_in_words_and_the_next_one_is_answered(solver, ear):
    asked = solver.ask("picture", LONG)
    seen = set()
    end = time.monotonic() + 100
    while not any(a.kind == "failed" for a in ear.heard):
        assert time.monotonic() < end
        if (process := solver.process) is not None and process not in seen:
            seen.add(process)
            os.kill(process, signal.SIGKILL)
        time.sleep(0.01)
    assert len(seen) == solving.ENDS
    (failed,) = [a for a in ear.heard if a.kind == "failed"]
    assert failed.number == asked
    assert "ended twice" in failed.content
    again = solver.ask("picture", SHORT)
    ear.await_(again, "done")


def test_a_process_that_hangs_holds_nobody_up_and_is_replaced(solver, ear, monkeypatch):
    monkeypatch.setattr(solving, "GRACE", 0.3)
    ear.await_(solver.ask("picture", SHORT), "done")
    hanging = solver.process
    os.kill(hanging, signal.SIGSTOP)
    large = np.zeros(2**18)  # 2 MB: far more than a pipe holds
    begun = time.process_time()
    for _ in range(20):
        asked = solver.ask("picture", (*SHORT[:2], large))
    assert time.process_time() - begun < 1.0
    asked = solver.ask("picture", SHORT)
    ear.await_(asked, "done")
    assert solver.process != hanging
    assert gone(hanging)


def test_a_process_that_hangs_while_it_starts_is_replaced(solver, ear, monkeypatch):
    monkeypatch.setattr(solving, "GRACE", 0.2)
    monkeypatch.setattr(solving, "START", 0.0)
    asked = solver.ask("picture", SHORT)
    hanging = solver.process
    os.kill(hanging, signal.SIGSTOP)
    end = time.monotonic() + 100
    while solver.process == hanging:
        assert time.monotonic() < end
        time.sleep(0.01)
    monkeypatch.setattr(solving, "START", 120.0)
    ear.await_(asked, "done")
    assert gone(hanging)


def test_what_a_process_still_says_after_it_was_replaced_is_not_heard(solver, ear):
    asked = solver.ask("picture", SHORT)
    said = BytesIO()
    send(said, Answer(asked, "done", None))
    said.seek(0)
    solver._read(SimpleNamespace(stdout=said))  # of a process that is not the one that is asked
    assert ear.heard == []
    ear.await_(asked, "done")
    assert any(answer.kind == "picture" for answer in ear.heard)


def test_a_window_that_is_closed_ends_a_process_that_hangs_and_starts_no_other(solver):
    solver.ask("picture", SHORT)
    process = solver.process
    os.kill(process, signal.SIGSTOP)
    solver.close()
    assert gone(process)
    solver.ask("picture", SHORT)
    assert solver.process is None


def test_a_worker_narrows_the_bracket_answers_the_newest_only_and_ends_without_orphans(solver, ear):
    old = solver.ask("picture", LONG)
    ear.await_(old, "picture")
    new = solver.ask("picture", (replace(of_problem("acute"), cloud=4), None, None))
    ear.await_(new, "done")
    process = solver.process
    solver.close()
    assert gone(process)
    assert all(answer.kind != "done" for answer in ear.heard if answer.number == old)
    brackets = [answer.content for answer in ear.heard if (answer.number, answer.kind) == (new, "bracket")]
    lower, upper = [one[0] for one in brackets], [one[1] for one in brackets]
    assert lower == sorted(lower)
    assert upper == sorted(upper, reverse=True)
    last = [answer.content for answer in ear.heard if (answer.number, answer.kind) == (new, "picture")][-1]
    low, high = problems.acute().interval
    assert last.known.standing == "computed"
    assert last.known.lower <= high
    assert last.known.upper == pytest.approx(high, rel=1e-6)
    assert last.known.upper - last.known.lower < 1e-6 * last.known.upper
    assert len(last.ways.endpoints) == 4
    assert low <= last.known.upper
