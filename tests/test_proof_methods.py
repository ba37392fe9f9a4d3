"""`rigorous()` of the records that users hold."""

import itertools
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from proof_corpus import problem_of, proved, solved

import exactnorm
from exactnorm import load, save
from exactnorm.certify.balls.evidence import Faces
from exactnorm.proof.verify import verify, verify_network
from exactnorm.prover import by_cells, covering


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


@pytest.mark.parametrize(("most", "enough"), [(0, False), (2500, True)])
def test_cells_that_are_made_for_a_proof_are_split_until_they_are_many_and_tell_what_they_lose(
    most, enough, monkeypatch
):
    monkeypatch.setattr(covering, "CROWD", 0)
    monkeypatch.setattr(covering, "MOST", most)
    points, rho = problem_of("acute, near contact")
    denoiser = solved("acute, near contact")
    bare = replace(
        denoiser.certificate, evidence=Faces(denoiser.certificate.evidence.frame, denoiser.certificate.evidence.B, 3)
    )
    found = replace(denoiser, certificate=bare).rigorous()
    assert verify(found.text, points, rho).outcome == "proved"
    assert (found.gap <= 2e-6) == enough
    assert any("less than the certificate" in sentence for sentence in found.said) != enough


@pytest.mark.parametrize("off", [1e-8, 1e-14])
def test_cells_that_rounding_alone_keeps_open_are_not_split_for_minutes(off, monkeypatch):
    # Four of the points are on a line but for `off`: exactly, patterns are alive there that floats take for dead.
    X = np.array([[0, 0, 0], [1, 0, 0], [2.5, 0, 0], [4, 0, 0], [0.3, 1, 0.2], [1.2, 0.7, -0.9], [2, -0.4, 1.1]])
    X[[1, 2], [1, 2]] += off
    priced, count = covering.strictly_priced, itertools.count()

    def counted(*arguments):
        assert next(count) < 1000
        return priced(*arguments)

    monkeypatch.setattr(covering, "strictly_priced", counted)
    denoiser = exactnorm.min_norm_denoiser(X, 0.0)
    found = denoiser.rigorous()
    assert verify(found.text, X, 0.0).outcome == "proved"
    assert found.lower > 0
    weaker = float(found.lower) < denoiser.certificate.lower * (1 - 1e-6)
    assert weaker >= (off < 1e-10)  # of points so near a line what is proved is about four that are none
    for words in ("weaker than the certificate's", "less than the certificate, because of one with balls ["):
        assert any(words in sentence for sentence in found.said) == weaker


def test_cells_are_not_carried_over_once_the_time_is_over(monkeypatch):
    # Thousands of them, as of a 24-cell, take ten seconds.
    denoiser, begun, located = solved("acute"), [], by_cells.located
    monkeypatch.setattr(by_cells, "located", lambda *arguments: begun.append(arguments) or located(*arguments))
    assert denoiser.rigorous().said == ()
    assert len(begun) == len(denoiser.certificate.evidence.proofs) > 1
    begun.clear()
    hurried = denoiser.rigorous(time_limit=1e-9)
    assert begun == []
    assert any("time was over" in sentence for sentence in hurried.said)


def test_who_watches_is_told_what_is_being_proved(capsys):
    seen = []
    found = solved("acute").rigorous(progress=seen.append)
    assert found.text == proved("acute").text
    phases = list(dict.fromkeys(step.phase for step in seen))
    cells = len(solved("acute").certificate.evidence.proofs)
    assert phases == ["a network in rational numbers", "patterns without a kink", f"{cells} cells in rational numbers"]
    assert [step.seconds for step in seen] == sorted(step.seconds for step in seen)
    evidence = solved("acute").certificate.evidence
    bare = replace(solved("acute").certificate, evidence=Faces(evidence.frame, evidence.B, 3))
    seen.clear()
    replace(solved("acute"), certificate=bare).rigorous(progress=seen.append)
    assert "proving: 2 cells for 3 patterns, 0 s" in map(str, seen)
    assert capsys.readouterr().err == ""


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
