"""Proofs about networks through inputs and targets: every problem is proved, or refused in a sentence."""

import json
from functools import cache

import naive_samples
import numpy as np
import pytest
from finite_proofs import agreed, altered, as_narrow
from proof_mutants import nudged

import exactnorm
from exactnorm.proof.verify import verify, verify_network, verify_samples
from exactnorm.prover import rigorous

RNG = np.random.default_rng(0)
PLANE = RNG.standard_normal((6, 2))
CASES = {
    "one output in the plane": (PLANE, RNG.standard_normal(6), None),
    "large outputs": (PLANE, 1e8 * RNG.standard_normal((6, 3)), None),
    "small outputs, weight decay": (PLANE, 1e-3 * RNG.standard_normal((6, 3)), 1e-4),
    "a line": (RNG.standard_normal((20, 1)), RNG.standard_normal((20, 2)), None),
    "a line far away, weight decay": (1e3 + RNG.standard_normal((20, 1)), RNG.standard_normal(20), 0.1),
    "the hat": ([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0], None),
    "equal targets": ([[0.0], [1.0], [2.0]], [5.0, 5.0, 5.0], None),
    "equal targets, weight decay": ([[0.0], [1.0], [2.0]], [5.0, 5.0, 5.0], 0.1),
    "an affine function, and one input twice": ([[0.0], [1.0], [1.0]], [5.0, 5.0, 6.0], 0.1),
    "as many inputs as an affine function goes through": (PLANE[:3], RNG.standard_normal((3, 3)), None),
    "the same, weight decay": (PLANE[:3], RNG.standard_normal((3, 3)), 0.1),
}


def data(name):
    inputs, targets, decay = CASES[name]
    targets = np.asarray(targets, dtype=float)
    return np.asarray(inputs, dtype=float), targets.reshape(len(targets), -1), decay


@cache
def proved(name):
    inputs, targets, decay = data(name)
    found = exactnorm.min_norm_network(inputs, targets, weight_decay=decay)
    return found, rigorous(found)


def both(text, name):
    """The verdicts of both verifiers, which agree."""
    inputs, targets, decay = data(name)
    naive = naive_samples.judge_network(text, inputs.tolist(), targets.tolist(), decay)
    return agreed(verify_network(text, inputs, targets, decay), naive)


@pytest.mark.parametrize("name", CASES)
def test_both_verifiers_prove_a_bracket_as_narrow_as_the_solvers(name):
    network, found = proved(name)
    as_narrow(found, network.certificate, both(found.text, name))


def test_formulas_are_enclosed():
    # The hat bends by 2 at 1. Affine: what is missed is half of the square of ½, twice, over three.
    for name, value in (("the hat", 2), ("equal targets", 0), ("an affine function, and one input twice", 1 / 12)):
        found = proved(name)[1]
        assert float(found.lower) <= value * (1 + 1e-15)
        assert value <= float(found.upper) * (1 + 1e-15)


@pytest.mark.parametrize("name", ["one output in the plane", "small outputs, weight decay", "a line"])
def test_changed_digits_are_judged_alike_and_a_better_claim_is_refuted(name):
    text = proved(name)[1].text
    for mutant in altered(json.loads(text), np.random.default_rng(0), 12):
        both(json.dumps(mutant), name)
    for end, step in (("lower", 1), ("upper", -1)):
        mutant = json.loads(text)
        mutant["claim"][end] = nudged(mutant["claim"][end], step)
        assert both(json.dumps(mutant), name).outcome == "refuted"
    for unit in ("unit", "unit of outputs"):
        mutant = json.loads(text)
        mutant["coordinates"][unit] += 1
        assert both(json.dumps(mutant), name).outcome == "refuted"


def test_a_proof_is_for_its_own_inputs_targets_and_kind_of_problem():
    inputs, targets, _ = data("one output in the plane")
    text = proved("one output in the plane")[1].text
    assert verify_network(text, inputs, targets).outcome == "proved"
    assert verify_network(text, inputs, targets[:, 0]).outcome == "proved"
    for other in ((inputs, np.nextafter(targets, 9)), (np.nextafter(inputs, 9), targets), (inputs[::-1], targets)):
        assert verify_network(text, *other).outcome == "refuted"
    assert verify_network(text, inputs, targets, 0.1).outcome == "refuted"
    assert verify(text, inputs, 0.1).outcome == "refuted"
    assert verify_samples(text, np.column_stack([targets, targets]), inputs[:, None]).outcome == "refuted"
    with pytest.raises(ValueError, match="targets for"):
        verify_network(text, inputs, targets[1:])
    with pytest.raises(ValueError, match="equal"):
        verify_network(text, np.zeros((3, 1)), targets[:3])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"skip": False}, "no skip connection"),
        ({"penalise_bias": True}, "penalised biases"),
        ({"skip": False, "penalise_bias": True, "constant": False}, "no skip connection"),
    ],
)
def test_what_there_are_no_proofs_for_is_refused_with_the_reason(given, said):
    found = exactnorm.min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0], **given)
    with pytest.raises(ValueError, match=said):
        rigorous(found)
