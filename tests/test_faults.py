"""Faults in the middle of the work, one by one: what is left is a bracket that holds, a sentence, or an error."""

import contextlib
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial

import numpy as np
import pytest
from proof_corpus import problem_of, proved, solved
from scipy import sparse

import exactnorm
from exactnorm.certify import check_certificate
from exactnorm.cli import main
from exactnorm.exact.settings import Solver
from exactnorm.exact.solvers import clarabel, scs
from exactnorm.exact.solvers.cone_program import ConeProgram, ConeSolution, solution
from exactnorm.files import whole
from exactnorm.proof.verify import verify
from exactnorm.prover import rigorous, save_proof

ACUTE = np.array([[0.0, 0], [1, 0], [0.4, 0.9]])
LOW, HIGH = 5.16987492, 5.16987494
SEVEN = np.random.default_rng(5).standard_normal((7, 6))
CLARABEL, SCS = clarabel.answer, scs.answer


def holds(denoiser):
    """The bracket encloses the optimum, and its certificate is supported by arrays alone."""
    certificate = denoiser.certificate
    assert certificate.lower <= HIGH
    assert certificate.upper >= LOW
    check_certificate(certificate, denoiser.train, denoiser.network)
    return certificate


def raising(*_):
    msg = "the solver's library broke"
    raise RuntimeError(msg)


def confused(*_):
    msg = "ScsWork allocation error!"  # what SCS says of numbers that it cannot factor
    raise ValueError(msg)


def nothing(*_):
    return None


def short(*_):
    return ConeSolution(np.zeros(1), np.zeros(1), "solved")


def numberless(program, *_):
    return ConeSolution(np.full(len(program.q), np.nan), np.full(len(program.b), np.inf), "solved")


def garbage(program, *_, seed=0):
    rng = np.random.default_rng(seed)
    return ConeSolution(rng.standard_normal(len(program.q)), rng.standard_normal(len(program.b)), "solved")


def nearly(program, options, stop=None):
    found = CLARABEL(program, options, stop)
    return ConeSolution(found.x * 1.001, found.z * 0.999, "solved")


@pytest.mark.parametrize("fault", [raising, confused, nothing, short, numberless])
def test_where_a_solver_gives_no_numbers_its_stand_in_is_asked(fault, monkeypatch):
    monkeypatch.setattr(clarabel, "answer", fault)
    assert holds(exactnorm.min_norm_denoiser(ACUTE, 0.1)).gap <= 1e-6


@pytest.mark.parametrize("fault", [raising, confused, nothing, short, numberless])
def test_where_no_solver_gives_numbers_the_bracket_is_wide_or_the_error_clear(fault, monkeypatch):
    monkeypatch.setattr(clarabel, "answer", fault)
    monkeypatch.setattr(scs, "answer", fault)
    # A sentence in the end, or the network and the bound that need no solver.
    with contextlib.suppress(ArithmeticError):
        holds(exactnorm.min_norm_denoiser(ACUTE, 0.1))
    with pytest.raises(ArithmeticError, match="neither CLARABEL nor SCS gave numbers"):
        solution(ConeProgram(np.ones(2), sparse.csc_matrix(np.eye(2)), np.ones(2), 2, ()), Solver())


@pytest.mark.parametrize("fault", [garbage, partial(garbage, seed=1), nearly])
def test_garbage_that_is_marked_optimal_makes_no_bracket_wrong(fault, monkeypatch):
    monkeypatch.setattr(clarabel, "answer", fault)
    monkeypatch.setattr(scs, "answer", fault)
    holds(exactnorm.min_norm_denoiser(ACUTE, 0.1, time_limit=3.0))


def test_garbage_in_the_prover_makes_no_proof_wrong(monkeypatch):
    denoiser = exactnorm.min_norm_denoiser(ACUTE, 0.1)
    monkeypatch.setattr(clarabel, "answer", garbage)
    monkeypatch.setattr(scs, "answer", garbage)
    found = rigorous(denoiser, time_limit=3.0)
    assert verify(found.text, ACUTE, 0.1).outcome == "proved"
    assert float(found.lower) <= HIGH


def test_a_solver_that_stalls_does_not_hold_back_the_time_limit(monkeypatch):
    gone = threading.Event()

    def stalling(program, options, stop=None):
        gone.wait(20.0)  # and never looks at `stop`
        return CLARABEL(program, options, stop)

    monkeypatch.setattr(clarabel, "answer", stalling)
    start = time.monotonic()
    try:
        found = exactnorm.min_norm_denoiser(ACUTE, 0.1, time_limit=0.3)
    finally:
        taken = time.monotonic() - start
        gone.set()
    assert taken < 10.0  # half of the stall; the machine may be busy
    assert holds(found).upper < np.inf


def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_killed_is_told_of():
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        with pytest.raises(BrokenProcessPool):
            pool.submit(killed).result()
        # The pool's own error, or a bracket that was found without it.
        with contextlib.suppress(BrokenProcessPool):
            found = exactnorm.min_norm_denoiser(SEVEN[:5, :4], 0.05, executor=pool, time_limit=20.0)
            check_certificate(found.certificate, found.train, found.network)


def test_ctrl_c_while_proving_leaves_no_file(tmp_path, monkeypatch):
    def interrupted(*_, **__):
        signal.raise_signal(signal.SIGINT)

    denoiser = solved("acute")
    monkeypatch.setattr(sys.modules["exactnorm.prover.by_cells"], "repaired", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_proof(tmp_path / "proof.json", rigorous(denoiser))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["proof.json", "denoiser.npz"])
def test_ctrl_c_while_proving_loses_the_proof_and_not_what_was_solved(name, tmp_path, monkeypatch, capsys):
    def interrupted(*_, **__):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(sys.modules["exactnorm.prover.by_cells"], "repaired", interrupted)
    file = tmp_path / name
    assert main(["solve", "acute", "--prove", "--out", str(file), "--json"]) == 130
    said = capsys.readouterr()
    record = json.loads(said.out)
    assert "proved" not in record
    assert record["lower"] <= HIGH
    assert "interrupted: the bracket below is not proved" in said.err
    assert [one.name for one in tmp_path.iterdir()] == ([name] if name.endswith(".npz") else [])


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is a full disk on Linux only")
def test_solve_with_prove_says_so_where_what_it_prints_goes_nowhere(tmp_path):
    command = [sys.executable, "-m", "exactnorm", "solve", "orthogonal", "--prove", "--out", str(tmp_path / "p.json")]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "exactnorm solve: [Errno 28] No space left on device"
    points = exactnorm.problems.named("orthogonal").train
    assert verify((tmp_path / "p.json").read_text(), points.points, points.rho).outcome == "proved"  # whole


def proofs_again_and_again(file, which):
    found = rigorous(exactnorm.min_norm_denoiser([[0.0], [1.0], [2.5 + which]], 0.1))
    for _ in range(30):
        save_proof(file, found)


def test_of_two_processes_that_write_one_proof_each_leaves_it_whole(tmp_path):
    file = tmp_path / "proof.json"
    proofs_again_and_again(file, 0)
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=proofs_again_and_again, args=(file, which)) for which in (1, 2)]
    for one in others:
        one.start()
    last = False
    while not last:
        last = not any(one.is_alive() for one in others)
        text = file.read_text()  # whole at any time: one of the proofs
        assert "proved" in {verify(text, [[0.0], [1.0], [2.5 + which]], 0.1).outcome for which in range(3)}
    assert [one.exitcode for one in others] == [0, 0]
    assert [one.name for one in tmp_path.iterdir()] == ["proof.json"]


def test_ctrl_c_while_writing_leaves_the_older_file(tmp_path):
    file = tmp_path / "kept.npz"
    exactnorm.save(file, solved("acute"))
    before = file.read_bytes()

    def interrupted():
        with whole(file) as stream:
            stream.write(b"half")
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["kept.npz"]


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize("name", ["denoiser.npz", "proof.json"])
def test_a_file_is_written_whole_or_not_at_all_where_the_disk_is_full(name, older, tmp_path):
    file, denoiser = tmp_path / name, solved("five in the plane")
    if older:
        file.write_bytes(b"older")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # writes beyond fail, as on a full disk
        with pytest.raises(OSError, match="File too large"):
            exactnorm.save(file, denoiser) if name.endswith(".npz") else save_proof(file, proved("five in the plane"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert [one.read_bytes() for one in tmp_path.iterdir()] == ([b"older"] if older else [])


def written_again_and_again(file, which):
    found = exactnorm.ReLUNetwork(np.full((3, 2), float(which)), np.ones((3, 2)), np.zeros(3), None, np.zeros(2))
    for _ in range(30):
        exactnorm.save(file, found)


def test_of_two_processes_that_write_one_file_each_leaves_it_whole(tmp_path):
    file = tmp_path / "network.npz"
    written_again_and_again(file, 0)
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=written_again_and_again, args=(file, which)) for which in (1, 2)]
    for one in others:
        one.start()
    seen = {float(exactnorm.load(file).a[0, 0])}
    while any(one.is_alive() for one in others):
        seen.add(float(exactnorm.load(file).a[0, 0]))  # whole at any time
    assert [one.exitcode for one in others] == [0, 0]
    assert seen <= {0.0, 1.0, 2.0}
    assert float(exactnorm.load(file).a[0, 0]) in {1.0, 2.0}
    assert [one.name for one in tmp_path.iterdir()] == ["network.npz"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is a full disk on Linux only")
def test_verify_says_so_where_what_it_prints_goes_nowhere(tmp_path):
    proof, points = tmp_path / "proof.json", tmp_path / "points.csv"
    save_proof(proof, proved("line"))
    points.write_text("0.0\n1.0\n2.5\n")
    command = [sys.executable, "-m", "exactnorm", "verify", str(proof), "--points", str(points), "--rho", "0.1"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "exactnorm verify: [Errno 28] No space left on device"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert done.returncode == 0
    assert "Error" not in done.stderr


def filled_pipe():
    """The ends of a pipe that holds no more, and whose writer is not to wait."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    return reading, writing


@pytest.mark.skipif(os.name != "posix", reason="pipes without waiting are POSIX's")
def test_what_a_full_pipe_cannot_take_yet_is_not_lost(tmp_path):
    proof, points = tmp_path / "proof.json", tmp_path / "points.csv"
    save_proof(proof, proved("line"))
    points.write_text("0.0\n1.0\n2.5\n")
    command = [sys.executable, "-m", "exactnorm", "verify", str(proof), "--points", str(points), "--rho", "0.1"]
    reading, writing = filled_pipe()
    running = subprocess.Popen(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    with pytest.raises(subprocess.TimeoutExpired):  # it waits for a reader, as it should
        running.wait(5.0)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().lstrip(b"x")
    assert running.wait() == 0
    assert said.startswith(b"proved: 4.8076923076")
    assert running.stderr.read() == ""
    running.stderr.close()


def bracket_of(_):
    found = exactnorm.min_norm_denoiser(ACUTE, 0.1).certificate
    return found.lower, found.upper


def bracket_and_proof(name):
    points, rho = problem_of(name)
    denoiser = exactnorm.min_norm_denoiser(points, rho)
    return denoiser.certificate.lower, denoiser.certificate.upper, json.loads(rigorous(denoiser).text)["claim"]


def test_four_threads_find_the_same_bracket_and_prove_it():
    alone = bracket_and_proof("acute")
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(bracket_and_proof, ["acute"] * 4)) == [alone] * 4


def test_four_processes_find_the_same_bracket():
    context = multiprocessing.get_context("spawn")
    # Not in this process: `--perturb-solvers` holds here, and in no other.
    with ProcessPoolExecutor(1, mp_context=context) as one, ProcessPoolExecutor(4, mp_context=context) as four:
        alone = one.submit(bracket_of, 0).result()
        assert list(four.map(bracket_of, range(4))) == [alone] * 4
