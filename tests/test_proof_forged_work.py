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
