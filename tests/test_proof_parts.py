"""The bound of a part of the points in rational numbers: what is proved, what verifiers say of it, and forgeries."""

import json
from dataclasses import replace

import naive_verifier
import numpy as np
import pytest
from proof_mutants import changes, tally
from scipy.spatial.distance import pdist

from exactnorm import min_norm_denoiser
from exactnorm.certify import Faces, Part, Segments
from exactnorm.proof.shapes import UnreadableProofError
from exactnorm.proof.verify import verify
from exactnorm.prover import rigorous

ROWS = (0, 2, 3, 5)


def resting_on_a_part(dimension, share, rows=ROWS, kind="cells"):
    """Six points, and the evidence of some of them alone."""
    points = np.random.default_rng(4).standard_normal((6, dimension))
    rho = share * pdist(points).min()
    whole = min_norm_denoiser(points, rho, tol=1e-2)
    part = min_norm_denoiser(points[list(rows)], rho, method="program").certificate
    evidence, lower = part.evidence, part.lower
    if kind == "faces":
        evidence = Faces(evidence.frame, evidence.B, part.patterns)
    if kind == "segments":
        evidence = Segments(np.array([[0, 1], [1, 3], [2, 3]]), np.array([1.0, 2.0, 1.5]))
        lower = 0.1
    return replace(whole, certificate=replace(whole.certificate, evidence=Part(rows, evidence), lower=lower))


@pytest.fixture(scope="module")
def proved():
    found = resting_on_a_part(2, 0.2)
    return found, rigorous(found)


@pytest.mark.parametrize("kind", ["cells", "faces", "segments"])
@pytest.mark.parametrize(("dimension", "share", "rows"), [(2, 0.2, ROWS), (3, 0.0, ROWS), (3, 0.3, (1, 2, 4, 5))])
def test_a_part_is_proved_as_well_as_its_certificate_bounds(kind, dimension, share, rows):
    found = resting_on_a_part(dimension, share, rows, kind)
    proof = rigorous(found)
    if kind != "segments":
        assert float(proof.lower) == pytest.approx(found.certificate.lower, rel=1e-4)
        assert not any("lower" in one for one in proof.said)
    assert float(proof.lower) <= float(proof.upper)
    low = json.loads(proof.text)["lower"]
    assert (low["kind"], tuple(low["rows"])) == ("part", rows)
    assert low["lower"]["kind"] == ("segments" if kind == "segments" else "cells")
    points, rho = found.train.points, found.train.rho
    assert verify(proof.text, points, rho).outcome == "proved"
    assert naive_verifier.judge(proof.text, points.tolist(), rho)[0] == "proved"


def told(proof, **changes):
    """The text with the part changed."""
    text = json.loads(proof.text)
    text["lower"] |= changes
    return json.dumps(text)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rows": [0, 1, 3, 5]}, "a clash are not nearer"),
        ({"rows": [0, 2, 3, 4]}, "a clash are not nearer"),
        ({"basis": [1, 1]}, "of the part a basis names different points"),
        ({"basis": [0, 1]}, "of the part a basis names different points"),
        ({"basis": [1, 4]}, "of the part a basis names different points"),  # a row of all, and none of the part
        ({"basis": [2, 1]}, "S is not positive semidefinite"),
    ],
)
def test_a_part_of_other_points_is_refuted_by_both_verifiers(proved, changes, sentence):
    found, proof = proved
    text, points, rho = told(proof, **changes), found.train.points, found.train.rho
    verdict = verify(text, points, rho)
    assert (verdict.outcome, verdict.lower) == ("refuted", 0)
    assert sentence in verdict.reasons[0]
    assert naive_verifier.judge(text, points.tolist(), rho)[0] == "refuted"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rows": [0, 2, 3]}, "B: 3 entries where a list of 2"),
        ({"basis": [1]}, "a list of 1 belongs"),
        ({"basis": [1, 2, 3]}, "a list of 3 belongs"),
        ({"rows": [2, 0, 3, 5]}, "order of their rows"),
        ({"rows": [0, 2, 2, 5]}, "order of their rows"),
        ({"rows": [0, 2, 3, 6]}, "a point of the part"),
        ({"rows": [-1, 2, 3, 5]}, "a point of the part"),
        ({"rows": [0]}, "two points or more"),
        ({"rows": []}, "two points or more"),
        ({"lower": {"kind": "none"}}, "cells or segments"),
        ({"lower": {"kind": "part", "rows": [0, 1], "basis": [1], "lower": {"kind": "none"}}}, "cells or segments"),
    ],
)
def test_a_text_whose_part_is_none_is_no_proof_to_either_verifier(proved, changes, sentence):
    found, proof = proved
    text, points, rho = told(proof, **changes), found.train.points, found.train.rho
    with pytest.raises(UnreadableProofError, match=sentence):
        verify(text, points, rho)
    assert naive_verifier.judge(text, points.tolist(), rho)[0] == "refuted"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rows": [False, 2, 3, 5]}, "a point of the part"),
        ({"rows": ["0", 2, 3, 5]}, "a point of the part"),
        ({"rows": None}, "where a list belongs"),
        ({"lower": None}, "cells or segments"),
        ({"lower": {"kind": ["cells"]}}, "cells or segments"),
        ({"more": 1}, "a part: kind, rows, basis, lower belong there"),
    ],
)
def test_what_is_of_another_type_is_no_part(proved, changes, sentence):
    found, proof = proved
    with pytest.raises(UnreadableProofError, match=sentence):
        verify(told(proof, **changes), found.train.points, found.train.rho)


def test_more_than_the_part_costs_is_not_proved(proved):
    found, proof = proved
    text = json.loads(proof.text)
    lower = float(proof.lower)
    text["claim"]["lower"] = f"{lower * (1 + 1e-9):.15f}"
    verdict = verify(json.dumps(text), found.train.points, found.train.rho)
    assert verdict.outcome == "refuted"
    assert "is claimed" in verdict.reasons[0]


def test_the_bound_of_a_part_put_as_that_of_all_is_not_proved(proved):
    found, proof = proved
    text = json.loads(proof.text)
    text["lower"] = text["lower"]["lower"]
    with pytest.raises(UnreadableProofError):  # so many matrices belong to fewer points
        verify(json.dumps(text), found.train.points, found.train.rho)


def mutants(proof, rng, count):
    """(kind, mutant) for proofs whose part names other points or another basis, or is bounded by something else."""
    for way in rng.integers(4, size=count):
        mutant = json.loads(json.dumps(proof))
        low, size = mutant["lower"], mutant["points"]["number"]
        k = len(low["rows"])
        if way == 0:
            low["rows"] = sorted(rng.choice(size, size=k, replace=False).tolist())
            yield "rows", mutant
        elif way == 1:
            low["basis"] = rng.integers(1, k, size=len(low["basis"])).tolist()
            yield "basis", mutant
        else:
            alone = {"points": {"number": k}, "coordinates": {**mutant["coordinates"], "basis": low["basis"]}}
            for kind, other in changes({**mutant, **alone, "lower": low["lower"]}, rng, 1):
                part = {**low, "basis": other["coordinates"]["basis"], "lower": other["lower"]}
                where = {**mutant["coordinates"], "unit": other["coordinates"]["unit"]}
                yield kind, {**other, "points": mutant["points"], "coordinates": where, "lower": part}


@pytest.mark.parametrize("kind", ["cells", "segments"])
def test_both_verifiers_agree_on_mutants_of_a_part(kind):
    found = resting_on_a_part(2, 0.2, kind=kind)
    proof = json.loads(rigorous(found).text)
    counts = tally(proof, found.train.points, found.train.rho, mutants(proof, np.random.default_rng(0), 60))
    assert sum(count for (_, outcome), count in counts.items() if outcome == "refuted") > 20
    assert {name for name, _ in counts} >= {"rows", "basis", "a number"}
