"""Proofs that were tampered with: two verifiers agree on every one, and none of them wins."""

import ast
import json
import sys
from fractions import Fraction
from pathlib import Path

import naive_simplex
import naive_verifier
import numpy as np
import pytest
from proof_corpus import SETS, problem_of, proved
from proof_mutants import changes, last_digits, nudged, tally

from exactnorm.proof.bounds import lower_bound
from exactnorm.proof.document import read
from exactnorm.proof.problem import balls, fingerprint
from exactnorm.proof.rationals import exact, quotient_text
from exactnorm.proof.verify import verify


def exact_problem(name):
    points, rho = problem_of(name)
    record = proved(name).proof
    return balls(points, exact(rho), record.basis, record.unit)


@pytest.mark.parametrize("name", SETS)
def test_last_digits_and_larger_changes(name):
    points, rho = problem_of(name)
    proof, rng = json.loads(proved(name).text), np.random.default_rng(0)
    digits = tally(proof, points, rho, last_digits(proof, exact_problem(name), rng, 8))
    larger = tally(proof, points, rho, changes(proof, rng, 12))
    refuted = sum(count for (_, outcome), count in (digits + larger).items() if outcome == "refuted")
    assert refuted >= 5  # most changes do harm


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("end", ["lower", "upper"])
def test_a_claim_that_is_better_in_its_last_digit_is_refuted(name, end):
    points, rho = problem_of(name)
    proof = json.loads(proved(name).text)
    text = proof["claim"][end]
    digits = 12 - len(text.partition(".")[2])  # zeros at the end are not written
    padded = text + ("." if "." not in text else "") + "0" * digits
    proof["claim"][end] = nudged(padded, 1 if end == "lower" else -1)
    verdict = verify(json.dumps(proof), points, rho)
    assert verdict.outcome == "refuted"
    assert f"{'a lower' if end == 'lower' else 'an upper'} bound of" in verdict.reasons[0]
    assert naive_verifier.judge(json.dumps(proof), points.tolist(), rho)[0] == "refuted"
    # The bracket that could be proved is that of the unaltered proof.
    assert verdict.lower >= proved(name).lower
    assert verdict.upper <= proved(name).upper


def test_every_digit_of_the_dual_matrices_counts_where_the_claim_is_all_that_they_show():
    name = "acute"
    points, rho = problem_of(name)
    proof = json.loads(proved(name).text)
    problem = exact_problem(name)
    proof["claim"]["lower"] = quotient_text(lower_bound(problem, read(json.dumps(proof)).lower))
    assert verify(json.dumps(proof), points, rho).outcome == "proved"
    for n, one in enumerate(proof["lower"]["B"], 1):
        for i, row in enumerate(one):
            mutant = json.loads(json.dumps(proof))
            step = -1 if problem.heights[n, i] > 0 else 1
            mutant["lower"]["B"][n - 1][i][-1] = nudged(row[-1], step)
            if problem.heights[n, i] != 0:
                assert verify(json.dumps(mutant), points, rho).outcome == "refuted"
                assert naive_verifier.judge(json.dumps(mutant), points.tolist(), rho)[0] == "refuted"


def test_a_matching_hash_is_not_enough():
    points, rho = problem_of("acute")
    text = proved("acute").text
    other = points + np.array([[0, 0], [0.1, 0], [0, 0]])
    assert verify(text, other, rho).outcome == "refuted"
    stolen = json.loads(text)
    stolen["points"]["sha256"] = fingerprint(other)
    verdict = verify(json.dumps(stolen), other, rho)
    assert verdict.outcome == "refuted"
    assert [reason.partition(":")[0] for reason in verdict.reasons] == ["lower bound", "upper bound"]


def test_another_radius_is_refuted():
    points, rho = problem_of("acute")
    verdict = verify(proved("acute").text, points, np.nextafter(rho, 1))
    assert verdict.outcome == "refuted"
    assert "rho" in verdict.reasons[0]


def test_a_short_time_limit_leaves_a_proof_undecided():
    points, rho = problem_of("five in the plane")
    verdict = verify(proved("five in the plane").text, points, rho, time_limit=1e-9)
    assert verdict.outcome == "undecided"
    assert verdict.lower == 0
    assert "time limit" in verdict.reasons[0]


@pytest.mark.parametrize(
    ("text", "step", "nudge"),
    [("0.10", 1, "0.11"), ("-0.001", 1, "0.000"), ("1/3", 1, "2/3"), ("9", 1, "10"), ("0.99", 1, "1.00")],
)
def test_nudging(text, step, nudge):
    assert nudged(text, step) == nudge
    assert Fraction(nudge) > Fraction(text)


def imported(text):
    """The first names of what a program imports."""
    nodes = list(ast.walk(ast.parse(text)))
    names = [one.name for node in nodes if isinstance(node, ast.Import) for one in node.names]
    return {name.split(".")[0] for name in [*names, *(one.module for one in nodes if isinstance(one, ast.ImportFrom))]}


def test_the_naive_verifier_shares_no_code_and_is_short():
    texts = [Path(one.__file__).read_text(encoding="utf-8") for one in (naive_verifier, naive_simplex)]
    assert len(texts[0].splitlines()) < 200
    assert imported(texts[0]) <= set(sys.stdlib_module_names) | {"naive_simplex"}
    assert imported(texts[1]) <= set(sys.stdlib_module_names) | {"naive_verifier"}
