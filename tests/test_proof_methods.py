"""`rigorous()` of the records that users hold."""

import subprocess
import sys
from dataclasses import replace

import pytest
from proof_corpus import problem_of, proved, solved

import exactnorm
from exactnorm import load, save
from exactnorm.certify.balls.evidence import Faces
from exactnorm.proof.verify import verify, verify_network


def test_denoisers_and_networks_prove_their_own_brackets(tmp_path):
    points, rho = problem_of("acute")
    found = solved("acute").rigorous()
    assert verify(found.text, points, rho).outcome == "proved"
    assert found.text == proved("acute").text
    save(tmp_path / "denoiser.npz", solved("acute"))
    assert load(tmp_path / "denoiser.npz").rigorous().text == found.text
    # Through 0, 1, 0 on a line: the slope turns by 2.
    network = exactnorm.min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0]).rigorous()
    assert verify_network(network.text, [[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0]).outcome == "proved"
    assert 2 - 1e-11 <= float(network.lower) <= 2 <= float(network.upper)


def test_what_a_denoiser_is_told_reaches_the_prover():
    with pytest.raises(ValueError, match="NO_SUCH_SOLVER"):
        solved("acute").rigorous(solver="NO_SUCH_SOLVER")
    with pytest.raises(ValueError, match="no_such_option"):
        solved("acute").rigorous(solver_options={"no_such_option": 1})
    evidence = solved("acute").certificate.evidence
    bare = replace(solved("acute").certificate, evidence=Faces(evidence.frame, evidence.B, 3))
    hurried = replace(solved("acute"), certificate=bare).rigorous(time_limit=1e-9)
    assert any("time was over" in sentence for sentence in hurried.said)


def test_without_flint_the_error_names_the_extra_and_all_else_works():
    code = """
import sys
sys.modules["flint"] = None
import exactnorm
for found in (
    exactnorm.min_norm_denoiser([[0.0], [1.0]], rho=0.1),
    exactnorm.min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0]),
):
    try:
        found.rigorous()
    except ImportError as missing:
        print(missing)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["proofs are made with python-flint: pip install 'exactnorm[rigorous]'"] * 2
