"""Cells forged by hand, by one who knew the verifier: refused by both verifiers."""

import copy
import json
from fractions import Fraction as F
from math import isqrt

import naive_verifier
import pytest
from forging import plus, refused_by_both, times, whole
from proof_corpus import problem_of, proved

from exactnorm.proof.problem import balls
from exactnorm.proof.rationals import exact
from exactnorm.proof.verify import verify


def first(low):
    """The first cell with multipliers of pairs."""
    return next(one for one in low["cells"] if one["nu"])


def barely_less(k):
    """Less than the length of the k-th vector of the basis, by 1e-60 or so."""
    points, rho = problem_of("acute")
    record = proved("acute").proof
    square = balls(points, exact(rho), record.basis, record.unit).gamma[k - 1, k - 1]
    return str(F(isqrt(int(square.p) * 10**120 // int(square.q)), 10**60))


CELLS = {
    "a pattern without its cells": lambda low: low["cells"].remove(low["cells"][0]),
    "no cells at all": lambda low: low["cells"].clear(),
    "half of a pattern": lambda low: low["cells"][0].update(cuts=[["1", "0"]]),
    "the same half twice": lambda low: low["cells"].append(
        low["cells"][0].update(cuts=[["1", "0"]]) or copy.deepcopy(low["cells"][0])
    ),
    "two halves of different cuts": lambda low: low["cells"].extend(
        [low["cells"].pop(0) | {"cuts": [["1", "0"]]}, copy.deepcopy(low["cells"][0]) | {"cuts": [["0", "-1"]]}]
    ),
    "a quarter left out": lambda low: low["cells"].extend(
        low["cells"].pop(0) | {"cuts": cuts} for cuts in ([["1", "0"], ["0", "1"]], [["-1", "0"]])
    ),
    "tangent to some balls only": lambda low: [one.update(ball=1) for one in low["cells"]],
    "tangent to a ball that is not there": lambda low: low["cells"][0].update(ball=3),
    "a ball of minus two": lambda low: low["cells"][0].update(ball=-2),
    "the first ball on": lambda low: low["cells"][0].update(on=[0, *low["cells"][0]["on"]]),
    "nothing on": lambda low: low["cells"][0].update(on=[]),
    "another pattern's multipliers": lambda low: low["cells"][0].update(
        mu=low["cells"][1]["mu"], nu=low["cells"][1]["nu"]
    ),
    "an excluded pattern by weights that are not convex": lambda low: low["clashes"].append(
        {"on": [[n, "1"] for n in low["cells"].pop(0)["on"]], "off": [[0, "1"]]}
    ),
    "an excluded pattern by hulls that are far": lambda low: low["clashes"].append(
        {"on": [[low["cells"].pop(0)["on"][0], "1"]], "off": [[0, "1"]]}
    ),
    "an excluded pattern by affine weights": lambda low: (
        low["cells"].pop(0) and low["clashes"].append({"on": [[1, "2"], [2, "-1"]], "off": [[0, "1"]]})
    ),
    "a point on both sides": lambda low: (
        low["cells"].pop(0) and low["clashes"].append({"on": [[1, "1"]], "off": [[1, "1"]]})
    ),
    "an empty side": lambda low: low["cells"].pop(0) and low["clashes"].append({"on": [], "off": []}),
    "a point twice on a side": lambda low: (
        low["cells"].pop(0) and low["clashes"].append({"on": [[1, "2"], [1, "-1"]], "off": [[0, "1"]]})
    ),
    "a clash without bodies": lambda low: low["clashes"].append({"on": [[1, "0"]], "off": [[0, "0"]]}),
    "B larger": lambda low: low.update(
        B=[[[times(one, "1000001/1000000") for one in row] for row in M] for M in low["B"]]
    ),
    "one matrix of B larger": lambda low: low["B"][0][0].__setitem__(2, plus(low["B"][0][0][2], 1)),
    "matrices of B exchanged": lambda low: low["B"].reverse(),
    "mu at minus a million": lambda low: low["cells"][0].update(mu="-1000000"),
    "mu at a million": lambda low: low["cells"][0].update(mu="1000000"),
    "nu below zero": lambda low: first(low)["nu"][0].__setitem__(2, "-1"),
    "nu on the diagonal": lambda low: low["cells"][0]["nu"].append([1, 1, "1"]),
    "nu in the wrong order": lambda low: first(low)["nu"].__setitem__(0, [2, 0, "1"]),
    "nu twice": lambda low: first(low)["nu"].append(first(low)["nu"][0]),
    "nu of a row that is not there": lambda low: low["cells"][0]["nu"].append([0, 3, "1"]),
    "ell outside of its cone": lambda low: low["cells"][0].update(ell=[[0, ["1", "0", "0.5"]]]),
    "ell with a negative length": lambda low: low["cells"][0].update(ell=[[0, ["0", "0", "-1"]]]),
    "ell twice": lambda low: low["cells"][0].update(ell=[[0, ["0", "0", "1"]], [0, ["0", "0", "1"]]]),
    "a corner left out between cuts": lambda low: low["cells"].extend(
        low["cells"].pop(0) | {"cuts": cuts}
        for cuts in ([["1", "0"], ["1", "0"]], [["1", "0"], ["-1", "0"]], [["-1", "0"], ["0", "1"]])
    ),
    "halves by cuts of different lengths": lambda low: low["cells"].extend(
        low["cells"].pop(0) | {"cuts": [cut]} for cut in (["1", "0"], ["-2", "0"])
    ),
    "a half cut by nothing on the other side": lambda low: low["cells"].extend(
        low["cells"].pop(0) | {"cuts": cuts} for cuts in ([["1", "0"]], [["0", "0"], ["-1", "0"]])
    ),
    "tangent to each ball, one of them by a half": lambda low: low["cells"].extend(
        low["cells"].pop(0) | {"ball": ball, "cuts": [["1", "0"]] if ball == 2 else []} for ball in (0, 1, 2)
    ),
    "thirds that make no whole": lambda low: (
        low["cells"].pop(0) and low["clashes"].append({"on": [[1, "0.3333"], [2, "0.6666"]], "off": [[0, "1"]]})
    ),
    "a clash with a weight in excess on each side": lambda low: (
        low["cells"].pop(0) and low["clashes"].append({"on": [[1, "3/2"], [2, "-1/2"]], "off": [[0, "1"]]})
    ),
    "dual matrices turned round": lambda low: low.update(
        B=[[[times(x, -1) for x in row] for row in M] for M in low["B"]]
    ),
    "one dual matrix less": lambda low: low["B"].pop(),
    "one dual matrix more": lambda low: low["B"].append(low["B"][0]),
    "slopes of one ball's matrix given to another": lambda low: low["B"][0][0].__setitem__(0, low["B"][1][0][0]),
    "ell outside of its cone by 1e-60": lambda low: low["cells"][0].update(ell=[[0, ["1", "0", barely_less(1)]]]),
    "nu of a cut with itself": lambda low: low["cells"][0].update(cuts=[["0", "0"]], nu=[[3, 3, "1"]]),
    "an order without the last point": lambda low: low["order"].pop(),
    "an order with a point twice": lambda low: low["order"].__setitem__(2, low["order"][1]),
    "an order that begins elsewhere": lambda low: low["order"].reverse(),
}


@pytest.mark.parametrize("name", CELLS)
def test_cells(name):
    proof = json.loads(proved("acute").text)
    CELLS[name](proof["lower"])
    refused_by_both(json.dumps(proof), *problem_of("acute"))


def test_hulls_that_touch_exclude_nothing_with_balls_and_all_without():
    # Points ¼ apart and ρ = ⅛: a kink fits between the balls, exactly. At ρ = 0 hulls that nearly meet leave room.
    points = [[0.0, 0.0], [0.25, 0.0], [1.0, 0.0], [0.0, 1.0]]
    clash = {"on": [[1, "1"]], "off": [[0, "1"]]}
    B = [[["0", "0", "0"], ["0", "0", "0"]]] * 3
    cell = {"ball": -1, "cuts": [], "mu": "-0.25", "nu": [], "ell": []}
    others = [cell | {"on": on} for on in ([1], [2], [3], [1, 2], [1, 3], [2, 3], [1, 2, 3])]
    low = {"kind": "cells", "order": [0, 1, 2, 3], "B": B, "clashes": [clash], "cells": others}
    assert naive_verifier.judge(whole(points, 0.125, low, "0", basis=[2, 3]), points, 0.125)[0] == "refuted"
    refused_by_both(whole(points, 0.125, low, "0", basis=[2, 3]), points, 0.125)
    refused_by_both(whole(points, 0.0, low, "0", basis=[2, 3]), points, 0.0)
    sound = whole(points, 0.125, low | {"clashes": []}, "0", basis=[2, 3])
    assert verify(sound, points, 0.125).outcome == naive_verifier.judge(sound, points, 0.125)[0] == "proved"


def test_a_matrix_that_is_semidefinite_but_for_1e_300():
    points, rho = [[0.0], [1.0]], 0.25
    # B = (0, β): the least S is t² − β²b² − …; with μ, ν by hand it is 0 at β = 4, the slope that ρ = ¼ asks for.
    cell = {"on": [1], "ball": -1, "cuts": [], "mu": "0", "nu": [], "ell": []}

    def proof(beta):
        low = {"kind": "cells", "order": [0, 1], "B": [[["-0.5", beta]]], "clashes": []}
        # The kinks are those with ¼t ≤ −b and ¼t ≤ θ + b: products of the two rows with themselves and with t ± θ.
        return low | {"cells": [cell | {"nu": [[0, 1, "1"]], "mu": "-0.5"}]}

    for beta in ("1", "4", "4." + "0" * 299 + "1", "100"):
        text = whole(points, rho, proof(beta), "7.9")
        ours, naive = verify(text, points, rho), naive_verifier.judge(text, points, rho)
        assert ours.outcome == naive[0] == "refuted"
