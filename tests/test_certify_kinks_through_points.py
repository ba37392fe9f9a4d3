"""A check keeps its limits of time and memory where kinks run through points, however long sides are looked for."""

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from itertools import product

import numpy as np
import pytest
from machine import busy

from exactnorm import CertifiedDenoiser, ReLUNetwork, TrainingSet, check_certificate, save
from exactnorm.certify import Certificate, CertificateError, CertificateUndecided, Nothing
from exactnorm.certify.balls import shares
from exactnorm.certify.effort import Effort
from exactnorm.certify.interpolation import interpolation_error

pytestmark = pytest.mark.usefixtures("alone")  # memory is measured

BASE = 40_000_000
"""Bytes: blocks of constant size, several at a time."""


def interpolating(points, w, b):
    """A network with these kinks, and others beside all points that make it map each to itself, with slopes."""
    rng = np.random.default_rng(0)
    size, r = points.shape
    if size <= r:  # each point on the far side of a kink of its own
        own = np.linalg.pinv(np.column_stack([points, np.ones(size)]))
        more, offsets = own[:-1].T, own[-1] - 0.5
    else:
        across = rng.standard_normal(r)
        height = np.sort(points @ across)
        more, offsets = np.tile(across, (size - 1, 1)), -(height[1:] + height[:-1]) / 2
    w, b = np.vstack([w, more]), np.append(b, offsets)
    height = points @ w.T + b
    on = np.where(height > 1e-9, height, 0.0)
    a = np.zeros((len(b), r))
    a[: -len(more)] = 0.01 * rng.standard_normal((len(b) - len(more), r)) / np.sqrt(len(b))
    c = points.mean(axis=0) if size <= r else points[np.argmin(points @ more[0])]
    a += np.linalg.lstsq(on, points - c - on @ a, rcond=None)[0]
    return ReLUNetwork(a, w, b, None, c)


def through(points, count):
    """Random kinks through one of these points each."""
    rng = np.random.default_rng(1)
    w = rng.standard_normal((count, points.shape[1]))
    return w, -(w * points[rng.integers(len(points), size=count)]).sum(axis=1)


def lattice_planes(points, count):
    """Kinks through as many of the points as there are dimensions, and whatever others lie on them."""
    rng, r = np.random.default_rng(2), points.shape[1]
    w, b = np.empty((count, r)), np.empty(count)
    for k in range(count):
        some = points[rng.choice(len(points), r, replace=False)]
        w[k] = np.linalg.svd(some[1:] - some[0])[2][-1]
        b[k] = -w[k] @ some[0]
    return w, b


def lattice(*sides):
    return np.array(list(product(*map(range, sides))), dtype=float)


def one_flat(size, dimension, count):
    """Affinely independent points in a flat, through all of which all of the kinks run."""
    points = np.random.default_rng(3).standard_normal((size, dimension))
    points[:, 0] = 0.0
    w = np.zeros((count, dimension))
    w[:, 0] = 1 + np.arange(count) / count
    return points, w, np.zeros(count)


def one_line(size, count):
    """Points on a line in the plane, along which all of the kinks run."""
    points = np.column_stack([np.zeros(size), np.arange(size)])
    return points, np.column_stack([1 + np.arange(count) / count, np.zeros(count)]), np.zeros(count)


def asked(points, network):
    """A certificate that claims nothing but to interpolate."""
    train = TrainingSet(points, 0.0)
    error = interpolation_error(network, train)
    assert error < 1e-7 * train.separation
    return Certificate(0.0, np.inf, error, Nothing()), train


@pytest.mark.parametrize(("points", "w", "b"), [one_flat(100, 400, 500), one_line(300, 160)], ids=["flat", "line"])
def test_memory_is_a_multiple_of_points_and_network_however_many_of_them_meet(points, w, b):
    network = interpolating(points, w, b)
    held = points.nbytes + network.a.nbytes + network.w.nbytes + network.b.nbytes
    certificate, train = asked(points, network)
    tracemalloc.start()
    try:
        with pytest.raises((CertificateError, CertificateUndecided)):
            check_certificate(certificate, train, network, time_limit=20.0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 32 * held + BASE


SETS = {
    "one point": lambda: (X := np.random.default_rng(4).standard_normal((6, 4)), *through(X[:1], 40_000)),
    "few points": lambda: (X := np.random.default_rng(4).standard_normal((12, 11)), *through(X[:1], 5000)),
    "square lattice": lambda: (X := lattice(20, 20), *lattice_planes(X, 600)),
    "cubic lattice": lambda: (X := lattice(5, 5, 5), *lattice_planes(X, 300)),
    "cube": lambda: (X := lattice(2, 2, 2, 2, 2), *lattice_planes(X, 300)),
    "line": lambda: one_line(500, 500),
    "flat": lambda: one_flat(180, 400, 500),
}


@pytest.mark.parametrize("name", SETS)
def test_a_check_is_back_in_time_whatever_kinks_run_through(name):
    points, w, b = SETS[name]()
    network = interpolating(points, w, b)
    certificate, train = asked(points, network)
    limit = 1.5
    start = time.monotonic()
    with pytest.raises((CertificateError, CertificateUndecided)):
        check_certificate(certificate, train, network, time_limit=limit)
    assert time.monotonic() - start < 1.1 * limit + busy()


HELD = """\
import re, pathlib
import numpy as np
from scipy.sparse import csr_array
from exactnorm.certify.balls import shares
from exactnorm.certify.effort import Effort

def most():  # not ru_maxrss, which is that of the parent where that is more
    return 1024 * int(re.search(r"VmHWM:\\s*(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])

rng = np.random.default_rng(0)
shares._program(csr_array(rng.standard_normal((2, 2))), np.ones(2), np.arange(2), Effort())
terms = rng.standard_normal((16, shares.ENTRIES // 16))
count = terms.shape[1]
matrix, fixed = csr_array(terms), -terms @ rng.random(count)
del terms
before = most()
shares._program(matrix, fixed, np.arange(count), Effort())
print((most() - before) / shares.ENTRIES)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc")
def test_a_linear_program_holds_no_more_for_each_entry_than_is_said():
    """Few rows and many columns: a square one of as many entries, which takes long, holds a fifth less."""
    ended = subprocess.run([sys.executable, "-c", HELD], check=True, capture_output=True, text=True)
    assert 100 < float(ended.stdout) < 8 * shares.WORDS


STUBBORN = """\
import hashlib, pathlib
import scipy.optimize

def stubborn(*_, **__):
    pathlib.Path({marker!r}).touch()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 100_000_000)  # compiled, half a minute, and deaf to signals

scipy.optimize.linprog = stubborn
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for one process")
def test_ctrl_c_ends_a_check_in_the_midst_of_a_linear_program(tmp_path):
    points = np.random.default_rng(4).standard_normal((6, 4))
    network = interpolating(points, *through(points[:1], 60))
    certificate, train = asked(points, network)
    file, marker = tmp_path / "made.npz", tmp_path / "marker"
    save(file, CertifiedDenoiser(train, network, certificate, "made"))
    (tmp_path / "sitecustomize.py").write_text(STUBBORN.format(marker=str(marker)))
    paths = [str(tmp_path), *(path for path in [os.environ.get("PYTHONPATH")] if path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "exactnorm", "check", str(file)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not marker.exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        out, err = process.communicate(timeout=60)
        assert time.monotonic() - start < 2 * busy()
    finally:
        process.kill()
    assert (process.returncode, out, err) == (130, "", "interrupted: there is no bracket yet\n")


def test_what_a_call_does_about_overflow_is_the_callers_choice():
    with np.errstate(over="ignore"):
        assert Effort(10.0).wait_for(lambda: np.float64(1e300) * 1e300) == np.inf
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        Effort().wait_for(lambda: np.float64(1e300) * 1e300)
