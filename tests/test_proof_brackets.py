"""Proved brackets against formulas, and by two verifiers that share no code."""

import copy
import json
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import naive_verifier
import numpy as np
import pytest
from flint import ctx, fmpq
from known_optima import KNOWN
from proof_corpus import SETS, problem_of, proved, solved

import exactnorm
from exactnorm.certify.balls.edges import Segments
from exactnorm.certify.balls.evidence import Faces, Nothing
from exactnorm.proof.verify import verify
from exactnorm.prover import by_cells, rigorous

SAID = {
    "rays by floats": "one-sided rays up to rounding only",
    "rays by floats, small balls": "one-sided rays up to rounding only",
    "a turned cross, small balls": "one-sided rays up to rounding only",
    "a line through space": "one-sided rays up to rounding only",
    "corners of a simplex by floats": "the corners of a regular simplex up to rounding only",
}


@pytest.mark.parametrize("name", SETS)
def test_both_verifiers_prove_a_bracket_as_narrow_as_the_solvers(name):
    points, rho = problem_of(name)
    found = proved(name)
    ours = verify(found.text, points, rho)
    outcome, lower, upper, why = naive_verifier.judge(found.text, points.tolist(), rho)
    assert (ours.outcome, outcome) == ("proved", "proved"), (ours.reasons, why)
    assert (SAID[name] in found.said[0]) if name in SAID else found.said == ()
    assert found.gap <= 2e-6
    assert found.lower <= ours.lower
    assert ours.upper <= found.upper
    # The same formulas: forty digits of square roots apart.
    assert abs(float(ours.lower) - float(lower)) <= 1e-15 * float(lower)
    assert abs(float(ours.upper) - float(upper)) <= 1e-15 * float(upper)
    # The float bracket is proved but for the repair and the rounding of its claims.
    certificate = solved(name).certificate
    assert abs(float(found.lower) / certificate.lower - 1) <= 1e-6
    assert abs(float(found.upper) / certificate.upper - 1) <= 1e-6


@pytest.mark.parametrize(("size", "seed"), [(6, 0), (7, 1)])
def test_for_small_balls_neurons_pass_points_on_the_sides_that_leave_no_slope(size, seed):
    # Twenty kinks and more run through each point: 306 and 1357 were proved where sides were left to rounding.
    points = np.random.default_rng(seed).standard_normal((size, 4))
    denoiser = exactnorm.min_norm_denoiser(points, 0.0)
    found = rigorous(denoiser)
    assert verify(found.text, points, 0.0).outcome == "proved"
    assert found.said == ()
    assert found.gap <= 2e-6
    assert abs(float(found.upper) / denoiser.certificate.upper - 1) <= 1e-9


@pytest.mark.parametrize(
    ("size", "seed", "flat", "share"), [(6, 2, 1e-11, 0.1), (5, 2, 1e-12, 0.3), (5, 3, 1e-12, 0.3)]
)
def test_lower_bounds_of_points_nearly_in_a_plane_are_proved_as_they_are(size, seed, flat, share):
    # 0.42 to 0.58 of the bound were lost: coefficients of 1e12 had 14 decimals, and points were floats in their frame.
    points = np.random.default_rng(seed).standard_normal((size, 3)) * [1.0, 1.0, flat]
    rho = share * min(np.linalg.norm(p - q) for p, q in combinations(points, 2))
    denoiser = exactnorm.min_norm_denoiser(points, rho)
    found = rigorous(denoiser)
    assert verify(found.text, points, rho).outcome == "proved"
    assert abs(float(found.lower) / denoiser.certificate.lower - 1) <= 1e-6


def test_who_looks_for_a_proof_at_the_certificate_is_told_where_it_is_made():
    certificate = solved("line").certificate
    with pytest.raises(AttributeError, match=r"rigorous\(\) of its denoiser or network proves the bracket"):
        certificate.rigorous()
    with pytest.raises(AttributeError, match=r"'upperr'$"):
        certificate.upperr  # noqa: B018
    assert copy.deepcopy(certificate).upper == pickle.loads(pickle.dumps(certificate)).upper == certificate.upper


@pytest.mark.parametrize("name", KNOWN)
def test_a_proved_bracket_encloses_the_formula(name):
    points, rho, optimum = KNOWN[name]
    found = rigorous(exactnorm.min_norm_denoiser(np.array(points), rho=rho))
    # The formula is a float, the points of an equilateral triangle are rounded: a few last places.
    assert float(found.lower) <= optimum * (1 + 1e-14)
    assert float(found.upper) >= optimum * (1 - 1e-14)
    assert found.gap <= 2e-6


def test_the_program_is_proved_where_the_certificate_has_no_cells():
    with_cells = solved("acute")
    evidence = with_cells.certificate.evidence
    certificate = replace(with_cells.certificate, evidence=Faces(evidence.frame, evidence.B, 3))
    found = rigorous(replace(with_cells, certificate=certificate))
    points, rho = problem_of("acute")
    assert verify(found.text, points, rho).outcome == "proved"
    assert found.gap <= 2e-6


def spoilt_in_one_cell():
    """The acute triangle's denoiser with multipliers of cell 1 that prove nothing."""
    good = solved("acute")
    spoilt = tuple(
        replace(proof, mu=proof.mu + (10.0 if k == 1 else 0.0))
        for k, proof in enumerate(good.certificate.evidence.proofs)
    )
    evidence = replace(good.certificate.evidence, proofs=spoilt)
    return replace(good, certificate=replace(good.certificate, evidence=evidence))


def test_multipliers_that_prove_nothing_are_made_anew():
    points, rho = problem_of("acute")
    found = rigorous(spoilt_in_one_cell())
    assert verify(found.text, points, rho).outcome == "proved"
    assert found.gap <= 2e-6
    assert found.said == ()


def test_multipliers_that_prove_nothing_leave_a_weaker_bound_and_say_which_cell_failed(monkeypatch):
    def broken(*_):
        msg = "no solver"
        raise ArithmeticError(msg)

    monkeypatch.setattr(by_cells, "covering", broken)
    good, found = solved("acute"), rigorous(spoilt_in_one_cell())
    points, rho = problem_of("acute")
    assert verify(found.text, points, rho).outcome == "proved"
    assert any("cell 1" in sentence for sentence in found.said)
    # Two points alone cost 2L/(L − 2ρ); segments between all points prove more than the nearest two.
    L = np.linalg.norm(points[2] - points[0])
    assert 2 * L / (L - 2 * rho) < float(found.lower) <= float(good.certificate.upper)
    assert found.proof.lower.segments
    assert "weaker than the certificate's" in found.said[-1]


def test_segments_are_proved_and_their_weights_cannot_be_raised():
    points, rho = problem_of("acute")
    base = solved("acute").certificate
    certificate = replace(base, evidence=Segments(np.array([[0, 1], [0, 2], [1, 2]]), np.ones(3)), lower=4.0)
    found = rigorous(replace(solved("acute"), certificate=certificate))
    assert found.proof.lower.segments
    assert 4.0 < float(found.lower) <= float(base.upper)
    assert verify(found.text, points, rho).outcome == "proved"
    more = json.loads(found.text)
    for segment in more["lower"]["segments"]:
        segment[2] = str(Fraction(segment[2]) * Fraction(10**9 + 1, 10**9))
    for judge in (
        lambda text: verify(text, points, rho).outcome,
        lambda text: naive_verifier.judge(text, points.tolist(), rho)[0],
    ):
        assert judge(json.dumps(more)) == "refuted"


def test_scaling_and_moving_the_points_changes_the_proved_bracket_by_rounding_only():
    brackets = [proved(name) for name in ("acute", "huge", "far from the origin")]
    assert all(abs(float(one.upper - brackets[0].upper)) < 1e-7 for one in brackets)
    assert all(
        one.lower <= other.upper for one in brackets for other in brackets if one.proof.sha256 == other.proof.sha256
    )


def test_bounds_are_rational_numbers():
    found = proved("line")
    assert isinstance(found.lower, fmpq)
    assert isinstance(found.upper, fmpq)
    assert float(found.lower) < 2 / 0.8 + 3 / 1.3 < float(found.upper)


def test_the_theorem_on_simplices_is_refused_where_its_inequality_fails():
    points = np.eye(4)
    for share, outcome in ((0.46, "proved"), (0.48, "refuted")):
        rho = share * np.sqrt(2 / 3) * np.sqrt(2)
        found = rigorous(exactnorm.min_norm_denoiser(points, rho=0.1))
        proof = json.loads(found.text)
        proof["claim"] = {"problem": "noise balls", "rho": str(Fraction(rho)), "lower": "2", "upper": None}
        proof["upper"] = None
        text = json.dumps(proof)
        assert verify(text, points, rho).outcome == outcome
        assert naive_verifier.judge(text, points.tolist(), rho)[0] == outcome


def test_beyond_five_hundred_points_there_is_a_lower_bound_all_the_same():
    points = np.random.default_rng(0).uniform(0, 100, (600, 2))
    train = exactnorm.TrainingSet(points, 0.01)
    base = solved("acute")
    certificate = replace(base.certificate, evidence=Nothing(), lower=0.0)
    found = rigorous(replace(base, train=train, certificate=certificate))
    assert verify(found.text, points, 0.01).outcome == "proved"
    assert float(found.lower) > 2 / (1 - 0.02 / train.separation) - 1e-9
    assert found.upper is None
    assert "no upper bound is proved" in found.said[0]


def test_four_threads_verify_alike_and_leave_the_precision_of_others_as_it_was():
    points, rho = problem_of("acute")
    text, before, often = proved("acute").text, ctx.prec, sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: verify(text, points, rho), range(100)))
    finally:
        sys.setswitchinterval(often)
    assert {(one.outcome, one.lower, one.upper) for one in found} == {("proved", found[0].lower, found[0].upper)}
    assert ctx.prec == before
