"""Proofs forged by hand, by one who knows the verifier: each is refused by both verifiers, and soon."""

import contextlib
import copy
import json
import time
from fractions import Fraction as F

import naive_samples
import naive_verifier
import numpy as np
import pytest
from proof_corpus import problem_of, proved

import exactnorm
from exactnorm.proof.problem import fingerprint
from exactnorm.proof.shapes import UnreadableProofError
from exactnorm.proof.verify import verify, verify_network, verify_samples
from exactnorm.prover import rigorous

MISTAKES = (
    AssertionError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    ZeroDivisionError,
    AttributeError,
    RecursionError,
)


def refused_by_both(text, points, rho):
    """Neither says that it is proved; ours in a sentence."""
    points = np.array(points, dtype=float)
    with contextlib.suppress(UnreadableProofError):
        verdict = verify(text, points, rho)
        assert (verdict.outcome, bool(verdict.reasons)) == ("refuted", True), verdict
    try:
        outcome, *_ = naive_verifier.judge(text, points.tolist(), rho)
    except MISTAKES:
        return
    assert outcome == "refuted"


def plus(text, more):
    return str(F(text) + F(more))


def times(text, factor):
    return str(F(text) * F(factor))


# --- one change to a sound proof: cells -------------------------------------------------------------------------------


def first(low):
    """The first cell with multipliers of pairs."""
    return next(one for one in low["cells"] if one["nu"])


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
    "an order without the last point": lambda low: low["order"].pop(),
    "an order with a point twice": lambda low: low["order"].__setitem__(2, low["order"][1]),
    "an order that begins elsewhere": lambda low: low["order"].reverse(),
}


@pytest.mark.parametrize("name", CELLS)
def test_cells(name):
    proof = json.loads(proved("acute").text)
    CELLS[name](proof["lower"])
    refused_by_both(json.dumps(proof), *problem_of("acute"))


# --- one change to a sound proof: the rest ----------------------------------------------------------------------------

LONG = "1" + "0" * 1_000_000
REST = {
    "a basis of dependent rows": lambda p: p["coordinates"].update(basis=[1, 1]),
    "a basis with the first point": lambda p: p["coordinates"].update(basis=[0, 1]),
    "a basis in another order": lambda p: p["coordinates"].update(basis=p["coordinates"]["basis"][::-1]),
    "a basis that is too short": lambda p: p["coordinates"].update(basis=[1]),
    "a basis that is too long": lambda p: p["coordinates"].update(basis=[1, 2, 2]),
    "no basis": lambda p: p["coordinates"].update(basis=[]),
    "another unit": lambda p: p["coordinates"].update(unit=p["coordinates"]["unit"] + 1),
    "a unit beyond all": lambda p: p["coordinates"].update(unit=1101),
    "another radius": lambda p: p["claim"].update(rho=plus(p["claim"]["rho"], F(1, 2**60))),
    "the radius with its sign": lambda p: p["claim"].update(rho="-" + p["claim"]["rho"]),
    "another problem": lambda p: p["claim"].update(problem="noise balls "),
    "noisy samples": lambda p: p["claim"].update(problem="noisy samples"),
    "another version": lambda p: p.update(version=2),
    "version true": lambda p: p.update(version=True),
    "more points": lambda p: p["points"].update(number=p["points"]["number"] + 1),
    "another dimension": lambda p: p["points"].update(dimension=1),
    "another hash": lambda p: p["points"].update(sha256=p["points"]["sha256"][::-1]),
    "the hash in capitals": lambda p: p["points"].update(sha256=p["points"]["sha256"].upper()),
    "a lower claim above": lambda p: p["claim"].update(lower=plus(p["claim"]["lower"], F(1, 10**8))),
    "an upper claim below": lambda p: p["claim"].update(upper=plus(p["claim"]["upper"], F(-1, 10**8))),
    "claims exchanged": lambda p: p["claim"].update(lower=p["claim"]["upper"], upper=p["claim"]["lower"]),
    "an upper claim of nothing": lambda p: p.update(upper=None),
    "a lower claim of nothing": lambda p: p.update(lower={"kind": "none"}),
    "a network of nothing": lambda p: p["upper"].update(neurons=[]),
    "a neuron left out": lambda p: p["upper"]["neurons"].pop(),
    "a neuron twice": lambda p: p["upper"]["neurons"].append(p["upper"]["neurons"][0]),
    "a neuron's output smaller": lambda p: p["upper"]["neurons"][0].update(
        a=[times(one, "0.999999999999") for one in p["upper"]["neurons"][0]["a"]]
    ),
    "a kink moved into a ball": lambda p: p["upper"]["neurons"][0].update(
        b=times(p["upper"]["neurons"][0]["b"], "0.5")
    ),
    "a neuron turned round": lambda p: p["upper"]["neurons"][0].update(
        w=[times(one, -1) for one in p["upper"]["neurons"][0]["w"]], b=times(p["upper"]["neurons"][0]["b"], -1)
    ),
    "w and a of different lengths": lambda p: p["upper"]["neurons"][0].update(w=["1"]),
    "an end without evidence, and false": lambda p: (p["claim"].update(upper=None), p["upper"]["neurons"].pop()),
    "NaN": lambda p: p["claim"].update(lower="NaN"),
    "NaN as a number": lambda p: p["claim"].update(lower=float("nan")),
    "infinity": lambda p: p["claim"].update(upper=float("inf")),
    "a float": lambda p: p["claim"].update(lower=5.0),
    "an exponent": lambda p: p["claim"].update(lower="5e0"),
    "a sign": lambda p: p["claim"].update(lower="+5"),
    "two signs": lambda p: p["claim"].update(lower="--5"),
    "a space before": lambda p: p["claim"].update(lower=" 5"),
    "a line's end behind": lambda p: p["claim"].update(lower="5\n"),
    "an underscore": lambda p: p["claim"].update(lower="5_0"),
    "digits of another script": lambda p: p["claim"].update(lower="\u0665"),
    "wide digits": lambda p: p["claim"].update(lower="\uff15"),
    "a point without digits": lambda p: p["claim"].update(lower="5."),
    "a quotient by nothing": lambda p: p["claim"].update(lower="5/0"),
    "a quotient by a negative number": lambda p: p["claim"].update(lower="-5/-1"),
    "a quotient of decimals": lambda p: p["claim"].update(lower="5.0/1.0"),
    "hexadecimal": lambda p: p["claim"].update(lower="0x5"),
    "a million digits": lambda p: p["claim"].update(lower=LONG),
    "a million digits in a network": lambda p: p["upper"]["neurons"][0].update(b="-" + LONG),
    "a million zeros before": lambda p: p["claim"].update(lower="0" * 1_000_000 + "5"),
    "a list for a number": lambda p: p["claim"].update(lower=["5"]),
    "true for a number": lambda p: p["claim"].update(lower=True),
    "one name more": lambda p: p.update(trust="me"),
    "one name more inside": lambda p: p["claim"].update(trust="me"),
    "one name less": lambda p: p["claim"].pop("rho"),
    "a proof within the proof": lambda p: p.update(lower=copy.deepcopy(p)),
}


@pytest.mark.parametrize("base", ["acute", "orthogonal"])
@pytest.mark.parametrize("name", REST)
def test_the_rest(name, base):
    proof = json.loads(proved(base).text)
    REST[name](proof)
    points, rho = problem_of(base)
    refused_by_both(json.dumps(proof), points, rho)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"format": ' + "9" * 1_000_000 + "}",
        '{"format": -' + "9" * 5000 + "}",
        "\ufeff{}",
        "{}" * 2,
    ],
)
def test_texts(text):
    refused_by_both(text, *problem_of("acute"))


def test_a_name_twice_the_second_of_which_is_sound():
    text = proved("acute").text
    assert text.startswith('{\n"format"')
    refused_by_both('{\n"version": 1,\n' + text[2:], *problem_of("acute"))


def test_points_exchanged_with_their_hash():
    points, rho = problem_of("acute")
    proof = json.loads(proved("acute").text)
    proof["points"]["sha256"] = fingerprint(points[[0, 2, 1]])
    refused_by_both(json.dumps(proof), points[[0, 2, 1]], rho)
    refused_by_both(proved("acute").text, points[[0, 2, 1]], rho)


# --- whole proofs, written to deceive ---------------------------------------------------------------------------------


def whole(points, rho, lower, claim, *, basis=None, upper=None, high=None):
    points = np.array(points, dtype=float)
    return json.dumps(
        {
            "format": "exactnorm proof",
            "version": 1,
            "claim": {"problem": "noise balls", "rho": str(F(rho)), "lower": claim, "upper": high},
            "points": {"sha256": fingerprint(points), "number": len(points), "dimension": points.shape[1]},
            "coordinates": {"basis": list(range(1, points.shape[1] + 1)) if basis is None else basis, "unit": 0},
            "lower": lower,
            "upper": upper,
        }
    )


def rays(*found, centre=0):
    return {"kind": "rays", "centre": centre, "rays": [{"direction": u, "points": n} for u, n in found]}


CORNER = [[0.0, 0], [1, 0], [0, 2]]
TINY = str(F(1, 10**60))
WHOLE = {
    "rays that are obtuse but for 1e-60": (CORNER, 0.1, rays((["1", TINY], [1]), (["0", "1"], [2])), "4.7"),
    "a ray twice": (CORNER, 0.1, rays((["1", "0"], [1]), (["1", "0"], [1])), "5"),
    "a point twice on a ray": (CORNER, 0.1, rays((["1", "0"], [1, 1])), "3"),
    "a ray through its own centre": (CORNER, 0.1, rays((["1", "0"], [0, 1])), "3"),
    "a ray without direction": (CORNER, 0.1, rays((["0", "0"], [1])), "1"),
    "a ray backwards": (CORNER, 0.1, rays((["-1", "0"], [1])), "1"),
    "a ray past the ball": (CORNER, 0.1, rays((["1", "0.1"], [1])), "1"),
    "a ray to the farther point first": ([[0.0], [2.0], [1.0]], 0.1, rays((["1"], [1, 2])), "5"),
    "a ray across touching balls": ([[0.0], [1.0], [3.0]], 0.5, rays((["1"], [1])), "1"),
    "more rays than there can be": (CORNER, 0.1, rays(*[(["1", "0"], [])] * 5), "0"),
    "segments that weigh too much by 1e-60": (
        CORNER,
        0.1,
        {"kind": "segments", "segments": [[0, 1, "1." + "0" * 59 + "1"], [0, 2, "0.25"]]},
        "1",
    ),
    "a segment that weighs less than nothing": (
        CORNER,
        0.1,
        {"kind": "segments", "segments": [[0, 1, "2"], [0, 2, "-0.1"]]},
        "1",
    ),
    "a segment of one point": (CORNER, 0.1, {"kind": "segments", "segments": [[1, 1, "1"]]}, "0"),
    "a segment twice": (CORNER, 0.1, {"kind": "segments", "segments": [[0, 1, "0.4"], [1, 0, "0.4"]]}, "1"),
    "a segment between touching balls": (CORNER, 0.5, {"kind": "segments", "segments": [[0, 1, "1"]]}, "1"),
    "corners that are nearly those of a simplex": (
        np.vstack([np.eye(3)[:2], [[0, 0, 1 + 2.0**-50]]]),
        0.05,
        {"kind": "regular simplex", "corners": [0, 1, 2]},
        "4.3",
    ),
    "two corners": (np.eye(3), 0.05, {"kind": "regular simplex", "corners": [0, 1]}, "2"),
    "corners twice": (np.eye(3), 0.05, {"kind": "regular simplex", "corners": [0, 1, 2, 0]}, "6"),
    "corners with balls beyond half the height": (
        np.eye(3),
        0.62,
        {"kind": "regular simplex", "corners": [0, 1, 2]},
        "4",
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_proofs(name):
    points, rho, lower, claim = WHOLE[name]
    basis = [1, 2] if np.shape(points)[1] == 3 else None
    refused_by_both(whole(points, rho, lower, claim, basis=basis), points, rho)


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


# --- samples and networks ---------------------------------------------------------------------------------------------

SAMPLES = [[[-0.1], [0.05]], [[0.9], [1.1]], [[2.4], [2.7]]]
CLEAN = [[0.0], [1.0], [2.5]]
INPUTS, TARGETS = [[0.0], [1.0], [2.0], [4.0]], [[0.0], [1.0], [0.0], [3.0]]


def of_samples(decay):
    train = exactnorm.TrainingSet.from_samples(CLEAN, SAMPLES)
    return rigorous(exactnorm.min_norm_denoiser(train, weight_decay=decay)).text


def of_network(decay):
    return rigorous(exactnorm.min_norm_network(INPUTS, TARGETS, weight_decay=decay)).text


FINITE = {
    "multipliers larger": lambda p: p["lower"].update(
        {"lambda": [[times(one, "1.001") for one in row] for row in p["lower"]["lambda"]]}
    ),
    "multipliers that see slopes": lambda p: p["lower"]["lambda"][0].__setitem__(
        0, plus(p["lower"]["lambda"][0][0], 1)
    ),
    "multipliers exchanged": lambda p: p["lower"]["lambda"].reverse(),
    "a multiplier left out": lambda p: p["lower"]["lambda"].pop(),
    "a slope of its own": lambda p: p["upper"]["V"][0].__setitem__(0, plus(p["upper"]["V"][0][0], "0.001")),
    "a constant of its own": lambda p: p["upper"]["c"].__setitem__(0, plus(p["upper"]["c"][0], "0.001")),
    "no neurons": lambda p: p["upper"].update(neurons=[]),
    "another weight decay": lambda p: p["claim"].update({"weight decay": "0.02"}),
    "noise balls": lambda p: p["claim"].update(problem="noise balls"),
    "another basis": lambda p: p["coordinates"].update(basis=[1 + p["coordinates"]["basis"][0] % 3]),
    "another basis of outputs": lambda p: p["coordinates"].update(outputs=[3 - p["coordinates"]["outputs"][0]]),
    "no basis of outputs": lambda p: p["coordinates"].update(outputs=[]),
    "another unit": lambda p: p["coordinates"].update(unit=p["coordinates"]["unit"] + 1),
    "a lower claim above": lambda p: p["claim"].update(lower=times(p["claim"]["lower"], "1.000001")),
    "an upper claim below": lambda p: p["claim"].update(upper=times(p["claim"]["upper"], "0.999999")),
    "hashes exchanged": lambda p: p["points"].update(sha256="0" * 64),
    "nothing for a lower bound": lambda p: p.update(lower={"kind": "none"}),
    "cells for a lower bound": lambda p: p["lower"].update(kind="cells"),
}


@pytest.mark.parametrize("decay", [None, 0.001])
@pytest.mark.parametrize("name", FINITE)
def test_samples_and_networks(name, decay):
    for text, ours, naive in (
        (of_samples(decay), lambda t: verify_samples(t, CLEAN, SAMPLES, decay), naive_samples.judge),
        (of_network(decay), lambda t: verify_network(t, INPUTS, TARGETS, decay), naive_samples.judge_network),
    ):
        proof = json.loads(text)
        FINITE[name](proof)
        forged = json.dumps(proof)
        with contextlib.suppress(UnreadableProofError):
            assert ours(forged).outcome == "refuted"
        data = (CLEAN, SAMPLES) if naive is naive_samples.judge else (INPUTS, TARGETS)
        try:
            outcome = naive(forged, *data, decay)[0]
        except MISTAKES:
            continue
        assert outcome == "refuted"


# --- files that are to keep the verifier busy -------------------------------------------------------------------------


def within_seconds(text, points, rho, most):
    start = time.process_time()
    with contextlib.suppress(UnreadableProofError):
        assert verify(text, np.array(points, dtype=float), rho, time_limit=60.0).outcome == "refuted"
    assert time.process_time() - start < most


@pytest.mark.parametrize(
    "lower",
    [
        rays(*[(["1", "0"], [])] * 20_000),
        {"kind": "regular simplex", "corners": [0, 1, 2] * 60_000},
        {"kind": "segments", "segments": [[0, 1, f"1/{10**6 + k}"] for k in range(40_000)]},
        rays((["1", "0"], [1] * 300_000)),
    ],
    ids=["many rays", "many corners", "many segments", "a long ray"],
)
def test_long_lists_are_refused_soon(lower):
    within_seconds(whole(CORNER, 0.1, lower, "100"), CORNER, 0.1, 10.0)


def test_cuts_by_nothing_are_gone_through_once():
    points, rho = problem_of("acute")
    proof = json.loads(proved("acute").text)
    for cell in proof["lower"]["cells"]:
        cell["cuts"] = [["0", "0"]] * 200
    text = json.dumps(proof)
    start = time.process_time()
    ours, naive = verify(text, points, rho), naive_verifier.judge(text, points.tolist(), rho)
    assert ours.outcome == naive[0]  # they miss nothing, and say nothing
    assert time.process_time() - start < 30.0


def test_large_numbers_everywhere_are_refused_soon():
    points, rho = problem_of("acute")
    proof = json.loads(proved("acute").text)
    rng = np.random.default_rng(0)

    def digits(count):
        return "".join(map(str, rng.integers(1, 10, count)))

    for cell in proof["lower"]["cells"][:1]:
        cell["mu"] = f"{digits(30_000)}/{digits(30_000)}"
        cell["nu"] = [[0, 1, f"{digits(30_000)}/{digits(30_000)}"], [0, 2, f"1/{digits(39_000)}"]]
        cell["ell"] = [[1, [f"1/{digits(39_000)}", f"1/{digits(39_000)}", digits(39_000)]]]
    within_seconds(json.dumps(proof), points, rho, 10.0)
