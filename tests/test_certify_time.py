"""A limit on a check is kept where the time goes: in compiled code, too, which cannot be told to stop."""

import os
import resource
import subprocess
import sys
import time

import numpy as np
import pytest

from exactnorm import FiniteProblem, ReLUNetwork, check_certificate, finite_problem, save
from exactnorm.certify import Certificate, CertificateUndecided, CertifiedNetwork, Multipliers


def random_network(size):
    """A network of a few neurons, and a certificate of some multipliers, for `size` inputs in as many dimensions."""
    rng = np.random.default_rng(0)
    problem = FiniteProblem(rng.standard_normal((size, size)), rng.standard_normal((size, 1)))
    network = ReLUNetwork(rng.standard_normal((3, 1)), rng.standard_normal((3, size)), np.ones(3), None, [0.0])
    evidence = Multipliers(rng.standard_normal((size, 1)))
    return CertifiedNetwork(problem, network, Certificate(0.0, 1.0, 1.0, evidence), "made up")


def test_a_limit_holds_while_the_problem_is_put_into_small_numbers(monkeypatch):
    found, small = random_network(5), finite_problem._in_small_numbers
    monkeypatch.setattr(finite_problem, "_in_small_numbers", lambda problem: time.sleep(3) or small(problem))
    start = time.monotonic()
    with pytest.raises(CertificateUndecided, match=r"not done after 0\.1 seconds"):
        check_certificate(found.certificate, found.problem, found.network, time_limit=0.1)
    assert time.monotonic() - start < 1.5


def test_the_command_ends_with_its_answer_though_a_decomposition_goes_on(tmp_path):
    file = tmp_path / "large.npz"
    save(file, random_network(1000))  # 8 MB, which take some ten seconds
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(
        [sys.executable, "-m", "exactnorm", "check", str(file), "--time-limit", "0.3"],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "undecided: the check was not done after 0.3 seconds" in done.stderr
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 5
