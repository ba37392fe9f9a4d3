"""Finite problems: any executor gives an overlapping bracket; limits and interrupts give the best one so far."""

import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context

import numpy as np
import pytest

from exactnorm import TrainingSet, check_certificate, min_norm_denoiser, min_norm_network
from exactnorm.certify import finite_certificate
from exactnorm.exact.deadline import OutOfTimeError
from exactnorm.exact.finite import solve as finite_solve
from exactnorm.exact.finite.group_lasso import FiniteBracket
from exactnorm.exact.progress import line

RNG = np.random.default_rng(4)
INPUTS, TARGETS = RNG.standard_normal((8, 3)), RNG.standard_normal((8, 2))
LARGE = RNG.standard_normal((60, 3)), RNG.standard_normal((60, 2))
"""Some 200,000 faces: one look at all of them takes about eight seconds."""


@pytest.fixture(scope="module")
def pool():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        yield executor


def overlap(first, second):
    return max(first.lower, second.lower) <= min(first.upper, second.upper) * (1 + 1e-9)


@pytest.mark.parametrize("weight_decay", [None, 0.01])
@pytest.mark.parametrize("setting", [{}, {"skip": False, "penalise_bias": True}])
def test_a_process_pool_gives_an_overlapping_bracket_within_the_tolerance(pool, setting, weight_decay):
    alone = min_norm_network(INPUTS, TARGETS, **setting, weight_decay=weight_decay).certificate
    found = min_norm_network(INPUTS, TARGETS, **setting, weight_decay=weight_decay, executor=pool)
    check_certificate(found.certificate, found.problem, found.network)
    assert alone.gap <= 1e-6
    assert found.certificate.gap <= 1e-6
    assert overlap(alone, found.certificate)


def test_noisy_samples_are_shared_out_too(pool):
    class Counting:
        calls = 0

        def submit(self, *arguments):
            self.calls += 1
            return pool.submit(*arguments)

    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]])
    train = TrainingSet.from_samples(points, points[:, None] + 0.1 * RNG.standard_normal((3, 4, 2)))
    executor = Counting()
    shared = min_norm_denoiser(train, executor=executor).certificate
    assert executor.calls > 0
    assert shared.gap <= 1e-6
    assert overlap(min_norm_denoiser(train).certificate, shared)


@pytest.mark.parametrize("weight_decay", [None, 0.01])
def test_progress_sees_every_round_and_the_bracket_narrows(weight_decay):
    seen = []
    found = min_norm_network(INPUTS, TARGETS, weight_decay=weight_decay, progress=seen.append)
    phases = [one.phase.split(":")[0] for one in seen]
    assert phases[:2] == ["looking for a first network", "starting"]
    assert phases[-2:] == ["finishing the network", "recomputing the bracket"]
    assert set(phases[2:-2]) == {"closing the gap"}
    inputs, faces = len(INPUTS), len(INPUTS) ** INPUTS.shape[1]
    assert seen[1].phase.startswith(f"starting: about {faces} faces of activation patterns of {inputs} inputs; closing")
    seen = seen[2:-2]
    assert [one.rounds for one in seen] == list(range(1, len(seen) + 1))
    assert len(seen) > 2
    assert all(later.lower >= earlier.lower for earlier, later in pairwise(seen))
    assert all(later.upper <= earlier.upper for earlier, later in pairwise(seen))
    # In the user's units: what is returned is the last of them, but for rounding and thinning.
    assert found.certificate.lower == pytest.approx(seen[-1].lower, rel=1e-9)
    assert found.certificate.upper == pytest.approx(seen[-1].upper, rel=1e-6)
    assert seen[-1].gap <= 1e-6


def test_the_live_line_speaks_of_the_objective_and_of_no_cells(capsys):
    bracket = FiniteBracket(upper=2.0, lower=1.5, rounds=3, seconds=4.2, kinks=70)
    assert line(bracket) == "round 3: [1.5, 2], gap 2.5e-01, 70 kinks, 4 s"
    min_norm_network(INPUTS[:5], TARGETS[:5], progress=True)
    assert not capsys.readouterr().out


@pytest.mark.parametrize("setting", [{}, {"skip": False, "penalise_bias": True}])
@pytest.mark.parametrize("weight_decay", [None, 0.01])
def test_a_time_limit_is_kept_when_one_look_at_all_faces_takes_longer(setting, weight_decay):
    start = time.process_time()
    found = min_norm_network(*LARGE, **setting, weight_decay=weight_decay, time_limit=0.5)
    # Half a second, two to react, and room for a busy machine; one look takes eight.
    assert time.process_time() - start < 5
    lower, upper, _ = check_certificate(found.certificate, found.problem, found.network)
    assert 0 < lower < upper < np.inf
    assert "time limit" in found.status


def test_an_interrupt_gives_the_best_bracket_so_far():
    seen = []

    def once(bracket):
        if not seen:
            threading.Timer(0.3, signal.raise_signal, (signal.SIGINT,)).start()
        seen.append(bracket)

    inputs, targets = RNG.standard_normal((25, 3)), RNG.standard_normal((25, 2))
    found = min_norm_network(inputs, targets, progress=once)
    assert found.status.startswith("interrupted")
    lower, upper, _ = check_certificate(found.certificate, found.problem, found.network)
    assert lower >= seen[-1].lower * (1 - 1e-9)
    assert upper <= seen[-1].upper * (1 + 1e-9)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OutOfTimeError])
def test_an_interrupt_during_the_recomputation_leaves_what_the_loop_saw(monkeypatch, stop):
    whole = min_norm_network(INPUTS, TARGETS).certificate
    calls, costs, upper = [], [], finite_certificate.finite_upper_bound

    def stopped(*arguments):
        calls.append(arguments)
        raise stop

    def counted(*arguments):
        costs.append(arguments)
        return upper(*arguments)

    monkeypatch.setattr(finite_solve, "finite_lower_bound", stopped)
    monkeypatch.setattr(finite_certificate, "finite_upper_bound", counted)
    found = min_norm_network(INPUTS, TARGETS)
    # What the network costs may take a second, in rational numbers: not twice.
    assert (len(calls), len(costs)) == (1, 1)
    assert found.certificate.lower == pytest.approx(whole.lower, rel=1e-9)
    assert found.certificate.gap <= 1e-6
    check_certificate(found.certificate, found.problem, found.network)


@pytest.mark.parametrize("place", ["first_kinks", "fewest"])
def test_an_interrupt_before_or_after_the_rounds_leaves_a_valid_bracket(monkeypatch, place):
    def stopped(*_):
        raise KeyboardInterrupt

    if place == "fewest":
        monkeypatch.setattr(finite_solve.Master, "thinned", stopped)
    else:
        monkeypatch.setattr(finite_solve, place, stopped)
    found = min_norm_network(INPUTS, TARGETS)
    lower, upper, error = check_certificate(found.certificate, found.problem, found.network)
    assert 0 <= lower < upper < np.inf
    assert error < 1e-9
    assert (found.certificate.gap <= 1e-6) == (place == "fewest")
