"""Proofs about samples, inputs and targets forged by hand: refused by both verifiers."""

import contextlib
import json

import naive_samples
import pytest
from forging import MISTAKES, plus, times

import exactnorm
from exactnorm.proof.shapes import UnreadableProofError
from exactnorm.proof.verify import verify_network, verify_samples
from exactnorm.prover import rigorous

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
    "multipliers of nothing": lambda p: p["lower"].update({"lambda": [["0"] for _ in p["lower"]["lambda"]]}),
    "multipliers turned round": lambda p: p["lower"].update(
        {"lambda": [[times(one, -1) for one in row] for row in p["lower"]["lambda"]]}
    ),
    "a basis of two": lambda p: p["coordinates"].update(basis=[1, 2]),
    "the first output in its basis": lambda p: p["coordinates"].update(outputs=[0]),
    "an output twice": lambda p: p["coordinates"].update(outputs=[1, 1]),
    "neurons for two outputs": lambda p: p["upper"]["neurons"][0].update(a=["1", "1"]),
    "neurons with more to give": lambda p: p["upper"]["neurons"].append({"w": ["1"], "b": "0", "a": ["0.001"]}),
    "no weight decay": lambda p: p["claim"].update({"weight decay": "0"}),
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
