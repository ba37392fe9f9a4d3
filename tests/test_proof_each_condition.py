"""Each condition alone: proofs in which nothing else is wrong, as each of them claims no more than is true."""

import copy
import json

import naive_verifier
import numpy as np
import pytest
from forging import whole

from exactnorm.proof.verify import verify

POINTS, RHO = np.array([[0.0, 0], [1, 0], [0.25, 1]]), 0.125


def cells():
    """Cells for every pattern, with B = 0 and much room: S = t²/2 + |w|²/2 + a little of two rows' product."""
    listed = [
        {"on": on, "ball": -1, "cuts": [], "mu": "-1/4", "nu": [[0, on[0], "0.1"]], "ell": []}
        for on in ([1], [2], [1, 2])
    ]
    return {"kind": "cells", "order": [0, 1, 2], "B": [[["0"] * 3] * 2] * 2, "clashes": [], "cells": listed}


def excluded(*sides):
    """The same without cells for the first pattern, which a clash is to exclude."""
    low = cells()
    del low["cells"][0]
    low["clashes"] = [{"on": on, "off": off} for on, off in sides]
    return low


def judged(points, rho, low, basis=(1, 2), **more):
    points = np.array(points, dtype=float)
    text = whole(points, rho, low, "0", basis=list(basis), **more)
    ours, naive = verify(text, points, rho), naive_verifier.judge(text, points.tolist(), rho)
    assert ours.outcome == naive[0]
    return ours


def test_nothing_else_is_wrong():
    assert judged(POINTS, RHO, cells()).outcome == "proved"
    assert judged(POINTS, 1.0, excluded(([[1, "1"]], [[0, "1"]]))).outcome == "proved"
    assert judged(POINTS, RHO, {"kind": "none"}).outcome == "proved"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ell", [[1, ["0.001", "0", "0"]]], "ell[1] leaves its cone"),
        ("ell", [[1, ["0", "0", "-0.001"]]], "ell[1] leaves its cone"),
        ("ell", [[2, ["0.001", "0", "0.000999"]]], "ell[2] leaves its cone"),
        ("ell", [[0, ["0", "0", "0.001"]], [2, ["0", "0.001", "0"]]], "ell[2] leaves its cone"),
        ("nu", [[0, 1, "0.1"], [0, 2, "-0.001"]], "nu[0, 2] = -0.001"),
        ("nu", [[0, 1, "0.1"], [2, 1, "0.001"]], "nu[2, 1] = 0.001"),
        ("nu", [[0, 1, "0.1"], [1, 1, "0.001"]], "nu[1, 1] = 0.001"),
        ("on", [0, 1], "the first ball must be off"),
        ("on", [], "the first ball must be off"),
    ],
)
def test_of_a_cell(name, value, reason):
    low = cells()
    low["cells"].append(copy.deepcopy(low["cells"][0]))
    low["cells"][-1][name] = value
    verdict = judged(POINTS, RHO, low)
    assert verdict.outcome == "refuted"
    assert reason in verdict.reasons[0]


@pytest.mark.parametrize("entry", [[1, ["0.001", "0", "0.001"]], [1, ["-0.0003", "0.0004", "0.0007"]]])
def test_multipliers_in_their_cone_are_admissible(entry):
    low = cells()
    low["cells"][0]["ell"] = [entry]
    assert judged(POINTS, RHO, low).outcome == "proved"


@pytest.mark.parametrize(
    ("on", "off"),
    [
        ([[1, "0"]], [[0, "0"]]),
        ([[1, "1/2"]], [[0, "1/2"]]),
        ([[1, "1"]], [[0, "2"], [2, "-1"]]),
        ([[1, "1/2"], [1, "1/2"]], [[0, "1"]]),
    ],
)
def test_of_a_clash_that_comes_near(on, off):
    verdict = judged(POINTS, 1.0, excluded((on, off)))
    assert verdict.outcome == "refuted"
    assert "are no convex combination" in verdict.reasons[0]


def test_of_a_clash_that_is_too_far_by_a_hair():
    # Points 0 and 1 are at the distance 1: a kink fits between balls of radius 1/2.
    verdict = judged(POINTS, 0.5, excluded(([[1, "1"]], [[0, "1"]])))
    assert "not nearer than 2 rho" in verdict.reasons[0]
    assert judged(POINTS, np.nextafter(0.5, 1), excluded(([[1, "1"]], [[0, "1"]]))).outcome == "proved"


@pytest.mark.parametrize(
    ("low", "reason"),
    [
        (excluded(), "the pattern with balls [1] on is not covered"),
        ({**cells(), "order": [0, 2, 2]}, "the order is no order"),
        ({**cells(), "order": [1, 0, 2]}, "the order is no order"),
    ],
)
def test_of_the_patterns(low, reason):
    verdict = judged(POINTS, RHO, low)
    assert verdict.outcome == "refuted"
    assert reason in verdict.reasons[0]


@pytest.mark.parametrize(
    ("points", "basis", "reason"),
    [
        ([[0, 0], [1, 0], [2, 0], [0, 1]], [1, 2], "are dependent"),
        ([[0, 0], [1, 0], [2, 0], [0, 1]], [1], "span no set of affine rank 2"),
        ([[0, 0], [1, 0], [2, 0]], [], "span no set of affine rank 1"),
        ([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 2.0**-1000]], [1, 2], "span no set of affine rank 3"),
        ([[0, 0], [1, 0], [0, 1]], [1, 0], "other than the first"),
        ([[0, 0], [1, 0], [0, 1]], [1, 1], "names different points"),
        ([[0, 0], [1, 0], [0, 1]], [1, 3], "names different points"),
    ],
)
def test_of_a_basis(points, basis, reason):
    verdict = judged(np.array(points, dtype=float), 0.0, {"kind": "none"}, basis)
    assert verdict.outcome == "refuted"
    assert reason in verdict.reasons[0]


def test_of_the_head():
    text = whole(POINTS, RHO, {"kind": "none"}, "0")
    for change in (
        lambda p: p["claim"].update(rho="1/4"),
        lambda p: p["claim"].update(problem="noise ball"),
        lambda p: p["points"].update(number=4),
        lambda p: p["points"].update(dimension=3),
        lambda p: p["points"].update(sha256="0" * 64),
        lambda p: p["claim"].update(lower="1/1000000000000"),
        lambda p: p["claim"].update(upper="1000"),
    ):
        proof = json.loads(text)
        change(proof)
        found = json.dumps(proof)
        assert verify(found, POINTS, RHO).outcome == "refuted"
        assert naive_verifier.judge(found, POINTS.tolist(), RHO)[0] == "refuted"
