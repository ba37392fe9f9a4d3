"""A time limit holds in every phase, progress names the phase, and nothing is left behind."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse

from exactnorm import DenoiserPath, TrainingSet, check_certificate, min_norm_denoiser, problems
from exactnorm.certify.balls import correction
from exactnorm.exact import deadline
from exactnorm.exact.balls import finish, loop, solve, unique
from exactnorm.exact.balls.covering import multipliers
from exactnorm.exact.balls.finish import finished, thinned, without_dependent
from exactnorm.exact.balls.forecast import forecast, seconds
from exactnorm.exact.balls.kinks import joined
from exactnorm.exact.balls.master import bends
from exactnorm.exact.balls.polish import Neurons
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.balls.start import first_kinks
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.exact.progress import line
from exactnorm.exact.settings import Settings, Solver
from exactnorm.exact.solvers import clarabel
from exactnorm.exact.solvers.cone_program import ConeProgram, ConeSolution, solution

LIMIT = 1.0
LATE = 1.1 * LIMIT + 1
SETS = {
    "100 in the plane": lambda: problems.gaussian(100, 2, seed=0).train,
    "12 rows that are nearly one-hot": lambda: TrainingSet(np.eye(12) + 0.01 * np.triu(np.ones((12, 12))), 0.05),
    "15 digits": lambda: problems.digits(15).train,
    "50 in R^3": lambda: problems.gaussian(50, 3, seed=0).train,
    "300 in R^20": lambda: problems.gaussian(300, 20, seed=0).train,
}


@pytest.mark.parametrize("name", SETS)
def test_a_large_set_is_back_on_time_with_a_finite_bracket(name, processor_clock):
    train = SETS[name]()
    phases = []
    start = processor_clock()
    denoiser = min_norm_denoiser(train, time_limit=LIMIT, progress=lambda best: phases.append((best.phase, best.upper)))
    took = processor_clock() - start
    certificate = denoiser.certificate
    assert 0 < certificate.lower <= certificate.upper < np.inf
    assert certificate.interpolation_error < 1e-9 * np.ptp(train.points)
    if certificate.kind == "theorem":  # the others take longer to check than to find
        check_certificate(certificate, train, denoiser.network)
    assert phases[0][0] == "looking for a first network"
    # A network's cost in two units of length rounds twice.
    assert all(later <= earlier * (1 + 1e-12) for (_, earlier), (_, later) in pairwise(phases))
    assert took < LATE


@pytest.mark.parametrize(("size", "rank"), [(300, 3), (300, 300)])
def test_ctrl_c_in_the_first_second_of_a_large_set_brings_its_network_or_ends_at_once(size, rank, processor_clock):
    train = problems.gaussian(size, rank, seed=0).train
    came = []

    def after(known):
        def hear(best):
            if not came and (best.upper < np.inf) == known:
                came.append(processor_clock())
                signal.raise_signal(signal.SIGINT)

        return hear

    with pytest.raises(KeyboardInterrupt):
        min_norm_denoiser(train, progress=after(known=False))
    assert processor_clock() - came.pop() < 1
    denoiser = min_norm_denoiser(train, progress=after(known=True))
    assert processor_clock() - came.pop() < 2
    certificate = denoiser.certificate
    assert denoiser.status.startswith("interrupted")
    assert 0 < certificate.lower < certificate.upper < np.inf
    assert certificate.interpolation_error < 1e-9 * np.ptp(train.points)


def test_the_clock_of_progress_never_goes_back():
    seen = []
    min_norm_denoiser(problems.plane_5().train, progress=seen.append)
    seconds = [best.seconds for best in seen]
    assert seconds == sorted(seconds)
    assert any(best.phase == "closing the gap" and best.seconds > 0 for best in seen)


@pytest.mark.parametrize("train", [problems.digits(7).train, problems.gaussian(30, 3, seed=0).train])
def test_a_limit_that_loading_the_solvers_uses_up_still_brings_a_network_and_a_bound(train):
    certificate = min_norm_denoiser(train, method="program", time_limit=1e-3).certificate
    assert 0 < certificate.lower < certificate.upper < np.inf
    assert certificate.interpolation_error < 1e-9 * np.ptp(train.points)


def test_progress_names_every_phase_in_turn():
    named = []

    def hear(best):
        word = re.sub(r":.*", "", best.phase)
        if named[-1:] != [word]:
            named.append(word)

    min_norm_denoiser(problems.plane_5().train, progress=hear)
    assert named == [
        "looking for a first network",
        "enumerating activation patterns",
        "starting",
        "closing the gap",
        "looking at uniqueness",
        "finishing the network",
        "computing multipliers",
    ]


def test_the_live_line_says_the_phase_and_the_bracket():
    seen = []
    min_norm_denoiser(problems.acute().train, progress=seen.append)
    assert line(seen[0]).startswith("looking for a first network: [2.5096283, inf], gap inf")
    assert any(line(one).startswith("round ") for one in seen)
    assert any(line(one).startswith("starting: [") for one in seen)


def test_multipliers_uniqueness_and_thinning_give_way_to_the_clock():
    problem = reduced(problems.plane_5().train)
    seen = []
    min_norm_denoiser(problems.plane_5().train, progress=seen.append)
    best = next(one for one in reversed(seen) if one.phase == "computing multipliers")
    over = Settings(deadline=Deadline(0.0))
    with pytest.raises(OutOfTimeError):
        multipliers(problem, best, over)
    assert unique.touching_kinks(problem, best, over) is None
    # A network small enough is thinned all the same: that takes a millisecond.
    double = Neurons(
        joined(best.neurons.kinks, best.neurons.kinks),
        np.vstack([best.neurons.a, best.neurons.a]) / 2,
        best.neurons.B,
    )
    assert len(thinned(problem, double, Deadline(None)).kinks) <= len(best.neurons.kinks)


def test_dependent_neurons_leave_without_a_linear_program_and_at_no_cost():
    rng = np.random.default_rng(0)
    moments = rng.standard_normal((12, 6)) @ rng.standard_normal((6, 15))
    weight = rng.uniform(0.1, 1, 15)
    left = without_dependent(moments, weight, Deadline(None))
    assert (left >= 0).all()
    assert np.count_nonzero(left) == 6
    np.testing.assert_allclose(moments @ left, moments @ weight, atol=1e-10)
    assert left.sum() <= weight.sum() * (1 + 1e-12)


def test_overlapping_solves_in_threads_leave_blas_as_they_found_it():
    # In a process of its own, which has set nothing yet: whoever sets a limit first keeps others from setting theirs.
    program = """if True:
        import threading, time
        import numpy, scipy.linalg
        from threadpoolctl import threadpool_info
        from exactnorm.exact.blas import one_blas_thread

        def threads():
            return max(one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas")

        def solve(k):
            go.wait()
            with one_blas_thread():
                time.sleep(0.05 * (k + 1))  # the first to come is the first to go
                inside.append(threads())

        before, inside, go = threads(), [], threading.Barrier(4)
        several = [threading.Thread(target=solve, args=(k,)) for k in range(4)]
        for one in several:
            one.start()
        for one in several:
            one.join()
        between = threads()
        try:
            with one_blas_thread():
                raise ArithmeticError
        except ArithmeticError:
            print(before, inside, between, threads())
    """
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout == "2 [1, 1, 1, 1] 2 2\n", done.stderr


def test_multipliers_may_take_as_long_as_it_took_to_close_the_gap_and_ten_seconds_at_least(monkeypatch):
    given = []

    def none_at_all(*handed):
        given.append(handed[-1].deadline.remaining)
        raise OutOfTimeError

    monkeypatch.setattr(solve, "multipliers", none_at_all)
    unlimited = min_norm_denoiser(problems.plane_5().train)
    late = Deadline(None, time.monotonic() - 100)  # as if the gap had taken so long to close
    solve.solve_balls(problems.plane_5().train, Settings(deadline=late))
    assert 9 < given[0] <= 10
    assert 100 <= given[1] < 130
    assert unlimited.certificate.certifies(1e-6)
    assert "the multipliers of the cells were not computed to the end" in unlimited.status
    check_certificate(unlimited.certificate, unlimited.train, unlimited.network)


@pytest.mark.parametrize(("module", "name"), [(solve, "multipliers"), (finish, "master")])
def test_ctrl_c_while_the_network_or_its_proof_is_finished_is_told_and_ends_a_path(monkeypatch, module, name):
    # A path went on to its next level: what it had of this one said nothing of Ctrl-C.
    whole, points, came = getattr(module, name), problems.plane_5().train.points, []

    def once(*given):
        if not came:
            came.append(name)
            raise KeyboardInterrupt
        return whole(*given)

    monkeypatch.setattr(module, name, once)
    denoiser = min_norm_denoiser(points, 0.1, method="program")
    assert came
    assert denoiser.interrupted
    assert denoiser.certificate.certifies(1e-6)
    came.clear()
    path = DenoiserPath(points, [0.1, 0.12, 0.14])
    assert path.interrupted
    assert path.radii.tolist() == [0.1]


def test_a_forecast_counts_the_patterns_and_grows_with_them():
    found = forecast(problems.digits(6).train, 1e-6, None)
    assert found.patterns == 31
    assert found.seconds == pytest.approx(seconds(31, 5))
    assert "31 activation patterns of affine rank 5" in found.sentence
    assert seconds(62, 5) > seconds(31, 5)
    assert "no program is solved" in forecast(problems.orthonormal().train, 1e-6, None).sentence
    late = forecast(problems.digits(40).train, 1e-6, 0.2)
    assert late.patterns is None
    assert "not all enumerated within 0.2 s" in late.sentence


def test_a_solver_that_ctrl_c_left_behind_is_waited_for_at_the_end(monkeypatch):
    # Thread.join took it for ended; an interpreter that is torn down under a running solver aborts.
    monkeypatch.setattr(deadline, "GRACE", 0.05)
    for _ in range(5):
        before, release = set(threading.enumerate()), threading.Event()

        def stubborn(_, release=release):
            time.sleep(0.05)
            os.kill(os.getpid(), signal.SIGINT)
            release.wait(20)

        with pytest.raises(KeyboardInterrupt):
            deadline.interruptible(stubborn, Deadline(None))
        left = set(threading.enumerate()) - before
        assert [one.is_alive() and not one.daemon for one in left] == [True]
        release.set()


@pytest.mark.parametrize("size", [5, 40])
def test_networks_are_looked_at_within_the_time_of_the_solve_or_a_while(size, monkeypatch):
    given, looked = [], correction.sides_of_balls

    def recorded(network, train, effort):
        given.append(effort.remaining)
        return looked(network, train, effort)

    monkeypatch.setattr(correction, "sides_of_balls", recorded)
    points = np.random.default_rng(0).standard_normal((size, 4))
    min_norm_denoiser(points, 0.0, time_limit=2)
    assert given
    assert 0 < max(given) <= deadline.A_WHILE
    # Points on a line have a closed form.
    given.clear()
    min_norm_denoiser(np.arange(float(size))[:, None] * np.ones(3), 0.0, time_limit=2)
    assert given
    assert 0 < max(given) <= deadline.A_WHILE


@pytest.mark.usefixtures("processor_clock")
def test_of_many_points_the_look_at_a_network_ends_with_the_clock(monkeypatch):
    # The price of what a network of a thousand points misses takes seconds, and may not take ten of them.
    given = []

    def recorded(network, *told):
        given.append(told[3].remaining)
        return 2 * network.representation_cost

    monkeypatch.setattr("exactnorm.exact.balls.stated.stated_upper", recorded)
    for size in (250, 90):
        min_norm_denoiser(problems.gaussian(size, 3, seed=0).train, time_limit=1.0)
    assert 0.4 < given[0] <= 1.0
    assert given[-1] > 9


def test_a_solver_whose_setting_up_outlasts_the_clock_is_not_called(monkeypatch):
    def called(*_):
        pytest.fail("seconds in which nothing else is done")

    monkeypatch.setattr(clarabel, "answer", called)
    count = 20_000
    A = sparse.csc_matrix(np.ones((3 * count, 10)))
    program = ConeProgram(np.ones(10), A, np.zeros(3 * count), 0, (3,) * count)
    with pytest.raises(OutOfTimeError):
        solution(program, Solver(), Deadline(1.0))
    monkeypatch.setattr(clarabel, "answer", lambda *_: ConeSolution(np.zeros(10), np.zeros(3 * count), "done"))
    assert solution(program, Solver(), Deadline(60.0)).status == "done"


def test_a_round_takes_no_more_peaks_than_are_set_up_in_a_second_and_closes_the_gap_all_the_same(monkeypatch):
    train, most = problems.gaussian(14, 2, seed=1).train, []

    def heard(problem, peaks, B):
        most.append(len(peaks))
        return bends(problem, peaks, B)

    monkeypatch.setattr(loop, "bends", heard)
    whole = min_norm_denoiser(train).certificate
    assert max(most) > 30
    most.clear()
    monkeypatch.setattr(loop, "MOST", 30)
    few = min_norm_denoiser(train).certificate
    assert 0 < max(most) <= 30
    assert max(whole.gap, few.gap) <= 1e-6
    assert max(whole.lower, few.lower) <= min(whole.upper, few.upper)


def test_after_the_limit_a_network_of_many_neurons_is_not_gone_through(processor_clock):
    problem = reduced(problems.gaussian(100, 2, seed=0).train)
    kinks = first_kinks(problem)
    neurons = Neurons(kinks, np.ones((len(kinks), 2)), np.zeros((99, 2, 3)))
    assert len(kinks) > 5000
    start = processor_clock()
    assert len(finished(problem, neurons, None, Settings(deadline=Deadline(0.0))).kinks) == len(kinks)
    assert processor_clock() - start < 0.3  # to compare them takes as long, five times


def test_to_whoever_watches_the_upper_end_never_rises(monkeypatch):
    # The network that is returned may cost more in the tenth digit than the one it was made from.
    monkeypatch.setattr(solve, "stated_upper", lambda network, *_: network.representation_cost * (1 + 5e-10))
    told = []
    min_norm_denoiser(problems.isosceles().train, method="program", progress=told.append)
    assert "computing multipliers" in {one.phase for one in told}
    assert all(later.upper <= earlier.upper for earlier, later in pairwise(told))
