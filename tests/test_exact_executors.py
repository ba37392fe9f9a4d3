"""Any executor gives an overlapping bracket; limits and interrupts give the best one so far."""

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context

import numpy as np
import pytest
from machine import busy

from exactnorm import TrainingSet, bounds, check_certificate, max_radius, min_norm_denoiser
from exactnorm.exact.deadline import Deadline, OutOfTimeError, interruptible

POINTS = np.random.default_rng(1).standard_normal((6, 2))
SIMPLEX = np.random.default_rng(5).standard_normal((7, 6))


def test_a_process_pool_gives_an_overlapping_bracket_within_the_tolerance():
    alone = min_norm_denoiser(POINTS, 0.05).certificate
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        shared = min_norm_denoiser(POINTS, 0.05, executor=pool).certificate
    assert alone.gap <= 1e-6
    assert shared.gap <= 1e-6
    assert max(alone.lower, shared.lower) <= min(alone.upper, shared.upper) * (1 + 1e-12)


@pytest.mark.slow
def test_a_dask_cluster_gives_an_overlapping_bracket_within_the_tolerance():
    distributed = pytest.importorskip("distributed")
    alone = min_norm_denoiser(POINTS, 0.05).certificate
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        shared = min_norm_denoiser(POINTS, 0.05, executor=client.get_executor()).certificate
    assert shared.gap <= 1e-6
    assert max(alone.lower, shared.lower) <= min(alone.upper, shared.upper) * (1 + 1e-12)


@pytest.mark.slow
def test_a_dask_worker_that_is_killed_in_the_middle_of_a_solve_loses_nothing():
    distributed = pytest.importorskip("distributed")
    alone = min_norm_denoiser(POINTS, 0.05).certificate
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        killed = []

        def heard(best):
            if not killed and best.phase == "closing the gap" and best.rounds == 2:
                killed.append(min(client.run(os.getpid).values()))
                os.kill(killed[0], signal.SIGKILL)

        shared = min_norm_denoiser(POINTS, 0.05, executor=client.get_executor(), progress=heard).certificate
    assert len(killed) == 1
    assert shared.gap <= 1e-6
    assert max(alone.lower, shared.lower) <= min(alone.upper, shared.upper) * (1 + 1e-12)


def test_scs_and_clarabel_give_overlapping_brackets():
    triangle = [[0, 0], [1, 0], [0.4, 0.9]]
    first, second = (min_norm_denoiser(triangle, 0.1, solver=solver, tol=1e-4) for solver in ("CLARABEL", "SCS"))
    for denoiser in (first, second):
        assert denoiser.certificate.gap <= 1e-4
        check_certificate(denoiser.certificate, denoiser.train, denoiser.network)
    assert max(first.certificate.lower, second.certificate.lower) <= min(
        first.certificate.upper, second.certificate.upper
    ) * (1 + 1e-9)


def test_the_bracket_narrows_monotonically_and_progress_sees_every_round():
    seen = []
    denoiser = min_norm_denoiser(POINTS, 0.05, progress=seen.append)
    assert len(seen) > 2
    assert all(later.lower >= earlier.lower for earlier, later in pairwise(seen))
    assert all(later.upper <= earlier.upper for earlier, later in pairwise(seen))
    assert seen[-1].lower <= denoiser.certificate.upper


def test_a_time_limit_gives_a_valid_bracket_in_time(processor_clock):
    start = processor_clock()
    denoiser = min_norm_denoiser(SIMPLEX, 0.05, time_limit=0.4)
    assert processor_clock() - start < 1.1 * 0.4 + 1
    assert "time limit" in denoiser.status
    certificate = denoiser.certificate
    assert not certificate.certifies(1e-6)
    assert 0 < certificate.lower < certificate.upper < 100
    check_certificate(certificate, denoiser.train, denoiser.network)


def test_an_interrupt_gives_the_best_bracket_so_far():
    timer = threading.Timer(0.1, signal.raise_signal, (signal.SIGINT,))
    seen = []

    def once(bracket):
        if bracket.phase == "closing the gap" and seen[-1].phase != "closing the gap":
            timer.start()  # the first of several rounds of tenths of a second
        seen.append(bracket)

    denoiser = min_norm_denoiser(SIMPLEX, 0.05, progress=once)
    assert denoiser.status.startswith("interrupted")
    assert denoiser.certificate.upper <= seen[-1].upper * (1 + 1e-9)


def test_a_call_that_is_given_up_does_not_hold_the_caller():
    start = time.monotonic()
    with pytest.raises(OutOfTimeError):
        interruptible(lambda stop: stop.wait(30), Deadline(0.1))
    assert time.monotonic() - start < 2 * busy()
    with pytest.raises(OutOfTimeError):
        interruptible(lambda _: time.sleep(5), Deadline(0.1))  # one that does not listen
    assert time.monotonic() - start < 4 * busy()


@pytest.mark.parametrize("solver", ["CLARABEL", "SCS"])
def test_an_interpreter_that_gives_up_a_solve_ends_without_a_crash(solver):
    program = f"""if True:
        from exactnorm import problems
        from exactnorm.exact.balls.cells import whole_cells
        from exactnorm.exact.deadline import Deadline, OutOfTimeError
        from exactnorm.exact.balls.problem import reduced
        from exactnorm.exact.balls.block_program import solved_blocks
        from exactnorm.exact.settings import Solver
        problem = reduced(problems.generic_simplex_7().train)
        cells = whole_cells(problem.patterns, problem.rank)
        try:
            solved_blocks(problem.points, problem.rho, cells, 11.6, Solver({solver!r}), Deadline(1.5))
        except OutOfTimeError:
            print("out of time")
    """
    # The interpreter ends once the solver has: some seconds of work.
    limit = 60 * busy()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=limit, check=True)
    assert done.stdout.splitlines()[-1] == "out of time"


def test_a_solve_that_is_given_up_leaves_the_warning_filters_alone():
    before = list(warnings.filters)
    min_norm_denoiser(SIMPLEX, 0.05, time_limit=0.5)
    assert warnings.filters == before
    # The thread that was given up ends some time later, and must not put back anything of its own.
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(60)
    assert warnings.filters == before


def test_too_many_patterns_give_the_cheap_bracket_with_a_sentence():
    points = np.random.default_rng(3).standard_normal((40, 4))
    denoiser = min_norm_denoiser(points, 0.001)
    assert "activation patterns" in denoiser.status
    assert denoiser.certificate.upper < bounds(points, 0.001).upper
    assert denoiser.certificate.lower >= bounds(points, 0.001).lower
    check_certificate(denoiser.certificate, TrainingSet(points, 0.001), denoiser.network)


@pytest.mark.parametrize("seed", range(4))
def test_networks_exist_below_the_largest_radius_and_not_above(seed):
    from exactnorm import InfeasibleProblem

    points = np.random.default_rng(seed).standard_normal((4, 2))
    lower, upper = max_radius(points)
    assert lower < upper < lower * (1 + 1e-9)
    closest = TrainingSet(points, 0).separation / 2
    below = min_norm_denoiser(points, 0.9 * min(lower, closest), method="program", tol=0.5, time_limit=5)
    assert below.certificate.interpolation_error < 1e-9
    if upper * 1.01 < closest:  # above that radius the balls themselves overlap
        with pytest.raises(InfeasibleProblem, match="use rho <"):
            min_norm_denoiser(points, 1.01 * upper)


def test_the_largest_radius_of_a_triangle_is_half_its_second_largest_height():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]])
    lower, upper = max_radius(points)
    heights = sorted([1.0, 2 / np.sqrt(5), 2 / np.sqrt(5)])
    assert lower <= heights[1] / 2 <= upper


def test_too_many_patterns_name_the_radius_that_was_given():
    points = 10 * np.random.default_rng(0).standard_normal((40, 12))
    found = min_norm_denoiser(points, 0.375, time_limit=5)
    assert "at rho=0.375," in found.status
