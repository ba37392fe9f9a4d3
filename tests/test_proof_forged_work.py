"""Files that are to keep a verifier busy, or to fill its memory: refused soon."""

import contextlib
import json
import time

import naive_verifier
import numpy as np
import pytest
from forging import rays, whole
from proof_corpus import problem_of, proved

from exactnorm.proof.shapes import UnreadableProofError
from exactnorm.proof.verify import verify

CORNER = [[0.0, 0], [1, 0], [0, 2]]


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


def limited(text, points, rho, most, limit=0.5):
    """A time limit is kept, wherever the time would go."""
    start = time.process_time()
    verdict = verify(text, points, rho, time_limit=limit)
    assert time.process_time() - start < most
    assert verdict.outcome == "undecided"
    assert any("time limit" in reason for reason in verdict.reasons)


def test_the_time_limit_holds_while_a_singular_matrix_is_eliminated_in_long_numbers():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((26, 25))
    digits = "".join(map(str, rng.integers(1, 10, 1_800)))
    zero = ["0"] * 25
    cell = {"on": [1], "ball": -1, "cuts": [], "mu": "-0." + digits, "nu": [], "ell": []}
    clashes = [{"on": [[n, "1"]], "off": [[0, "1"]]} for n in range(1, 26)]
    low = {"kind": "cells", "order": [*range(26)], "B": [[[*zero, "0"]] * 25] * 25, "clashes": clashes, "cells": [cell]}
    # It takes some 0.3 s without a limit, and is refuted then.
    limited(whole(points, 100.0, low, "0"), points, 100.0, 4.0, limit=0.02)


def test_the_time_limit_holds_while_a_wide_network_is_added_up():
    points = np.vstack([np.zeros(40), np.eye(40)])
    neuron = {"w": ["1"] + ["0"] * 39, "b": "-0.5", "a": ["1"] * 40}
    text = whole(points, 0.1, {"kind": "none"}, "0", upper={"neurons": [neuron] * 4000}, high="1")
    limited(text, points, 0.1, 4.0)


def test_corners_of_a_large_simplex_are_compared_by_products():
    start = time.process_time()
    text = whole(
        np.eye(200), 0.01, {"kind": "regular simplex", "corners": [*range(200)]}, "405", basis=[*range(1, 200)]
    )
    verdict = verify(text, np.eye(200), 0.01)
    assert time.process_time() - start < 10.0
    # 2(N − 1)/(1 − 2ρ/m), m = √(N/(N − 1)).
    assert verdict.outcome == "proved"
    assert float(verdict.lower) == pytest.approx(398 / (1 - 0.02 * np.sqrt(199 / 200)), rel=1e-12)
