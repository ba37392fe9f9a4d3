"""Proofs at the edge: long rationals against the clock, numbers that are no doubles, targets without coordinates."""

import json
from fractions import Fraction

import naive_verifier
import numpy as np
import pytest
from forging import whole

from exactnorm.proof.problem import fingerprint
from exactnorm.proof.verify import verify, verify_network


def about_network(inputs, targets, basis, outputs, lower):
    return json.dumps(
        {
            "format": "exactnorm proof",
            "version": 1,
            "claim": {"problem": "inputs and targets", "weight decay": None, "lower": "0", "upper": None},
            "points": {
                "sha256": fingerprint(inputs),
                "number": len(inputs),
                "dimension": inputs.shape[1],
                "targets sha256": fingerprint(targets),
                "outputs": targets.shape[1],
            },
            "coordinates": {"basis": basis, "outputs": outputs, "unit": 0, "unit of outputs": 0},
            "lower": lower,
            "upper": None,
        }
    )


def test_equal_targets_have_no_coordinates_and_cost_nothing():
    inputs, targets = np.array([[0.0, 0], [1, 0], [0, 1]]), np.full((3, 1), 3.0)
    cells = [{"on": on, "ball": -1, "cuts": [], "mu": "0", "nu": [], "ell": []} for on in ([1], [2], [1, 2])]
    lower = {"kind": "multipliers", "lambda": [[]] * 3, "order": [0, 1, 2], "cells": cells, "clashes": []}
    verdict = verify_network(about_network(inputs, targets, [1, 2], [], lower), inputs, targets)
    assert verdict.outcome == "proved"
    assert verdict.lower == 0


def test_the_time_limit_holds_while_multipliers_of_many_digits_are_added_up_along_a_line():
    rng, count = np.random.default_rng(0), 100
    inputs = np.arange(3.0 * count)[:, None]
    targets = inputs % 2
    multipliers = ["0"] * 3 * count
    for k in range(count):  # so interleaved that partial sums have the digits of all
        one = Fraction(1, 10**400 + int.from_bytes(rng.bytes(160), "big"))
        multipliers[k], multipliers[k + count], multipliers[k + 2 * count] = str(one), str(-2 * one), str(one)
    lower = {"kind": "multipliers", "lambda": [[one] for one in multipliers], "order": [*range(3 * count)]}
    text = about_network(inputs, targets, [1], [1], {**lower, "cells": [], "clashes": []})
    verdict = verify_network(text, inputs, targets, time_limit=0.05)
    assert verdict.outcome == "undecided", verdict.reasons


@pytest.mark.parametrize("rho", [2**53 + 1, Fraction(1, 3), np.longdouble("0.1")])
def test_a_radius_that_is_no_double_is_refused(rho):
    if float(rho) == rho:
        pytest.fail("this machine's long double is a double")
    with pytest.raises(ValueError, match="more digits than a double"):
        verify("{}", [[0.0], [2.0**60]], rho)


MIXED = [[2**53 + 1, 0.5], [0, 1], [1, 0]]


@pytest.mark.parametrize(
    "points",
    [
        MIXED,
        [tuple(row) for row in MIXED],
        [np.array(row, dtype=object) for row in MIXED],
        [[np.int64(2**53 + 1), 0.5], [0, 1], [1, 0]],
        [[2**53 + 1, 0], [0, 1], [1, 0]],
        [[2**70 + 1, 0.5], [0, 1], [1, 0]],
        [[np.longdouble("0.1"), 0.5], [0, 1], [1, 0]],
    ],
)
def test_whole_numbers_among_floats_are_not_rounded_on_the_way(points):
    rounded = np.array(points).astype(float)
    text = whole(rounded, 0.1, {"kind": "none"}, "0", basis=[1, 2])
    assert verify(text, rounded, 0.1).outcome == naive_verifier.judge(text, rounded.tolist(), 0.1)[0] == "proved"
    with pytest.raises(ValueError, match=r"more digits than doubles|type object"):
        verify(text, points, 0.1)


def test_lists_of_numbers_that_doubles_are_stay_admissible():
    points = [[2**53, np.float32(0.1)], [0, True], [1, np.int8(3)]]
    text = whole(np.array(points, dtype=float), 0.1, {"kind": "none"}, "0", basis=[1, 2])
    assert verify(text, points, 0.1).outcome == "proved"


def test_targets_and_inputs_that_lists_would_round_are_refused():
    inputs, lower = np.array([[0.0], [1.0], [2.0]]), {"kind": "none"}
    targets = [2**53 + 1, 0.5, 0]
    text = about_network(inputs, np.array(targets)[:, None], [1], [1], lower)
    assert verify_network(text, inputs, np.array(targets)).outcome == "proved"
    with pytest.raises(ValueError, match="points hold 9007199254740993, which has more digits than doubles"):
        verify_network(text, inputs, targets)
    with pytest.raises(ValueError, match="more digits than doubles"):
        verify_network(text, inputs, [[one] for one in targets])
