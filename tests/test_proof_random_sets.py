"""Random samples, inputs and targets: each bracket is proved, as narrow as the certificate's, by both verifiers.

A set is made from its number alone: on a line, in the plane, in space, in R^4; samples or inputs with targets; without
weight decay, or with one between 1e-5 and 1; of sizes 1e-3 to 1e3.
"""

import naive_samples
import numpy as np
import pytest
from finite_proofs import agreed

import exactnorm
from exactnorm.proof.verify import verify_network, verify_samples
from exactnorm.prover import rigorous

MOST = {1: 20, 2: 9, 3: 7, 4: 7}
"""Samples or inputs, by dimension."""


def random_set(number):
    """Points with their samples, or inputs with targets, and the weight decay."""
    rng = np.random.default_rng([14, number])
    d = 1 + number % 4
    decay = float(10.0 ** rng.uniform(-5, 0)) if number // 4 % 2 else None
    if number // 8 % 2:
        count, q = int(rng.integers(d + 1, MOST[d] + 1)), int(rng.integers(1, 4))
        inputs = rng.standard_normal((count, d)) * 10.0 ** rng.integers(-2, 3)
        return inputs, rng.standard_normal((count, q)) * 10.0 ** rng.integers(-2, 3), decay
    size = 10.0 ** rng.integers(-3, 4)
    points = size * rng.standard_normal((int(rng.integers(2, 5)), d))
    each = max(1, int(rng.integers(1, MOST[d] + 1)) // len(points))
    return points, [x + 0.15 * size * rng.standard_normal((each, d)) for x in points], decay


def proved(number):
    """The certificate, the proved bracket and the verdict that both verifiers agree on."""
    first, second, decay = random_set(number)
    if isinstance(second, list):
        train = exactnorm.TrainingSet.from_samples(first, second)
        denoiser = exactnorm.min_norm_denoiser(train, weight_decay=decay)
        found = rigorous(denoiser)
        naive = naive_samples.judge(found.text, first.tolist(), [one.tolist() for one in second], decay)
        return denoiser.certificate, found, agreed(verify_samples(found.text, first, second, decay), naive)
    network = exactnorm.min_norm_network(first, second, weight_decay=decay)
    found = rigorous(network)
    naive = naive_samples.judge_network(found.text, first.tolist(), second.tolist(), decay)
    return network.certificate, found, agreed(verify_network(found.text, first, second, decay), naive)


def judge(numbers):
    for number in numbers:
        certificate, found, verdict = proved(number)
        assert verdict.outcome == "proved", (number, verdict.reasons)
        assert found.said == (), number
        assert found.gap <= 2e-6, number
        # Where the least cost is 0, float costs are of the order of rounding, 1e-16 of the largest target's.
        assert found.upper == 0 or abs(float(found.upper) / certificate.upper - 1) <= 1e-6, number


def test_a_share_of_the_random_sets():
    judge([*range(0, 24), 31, 63])


@pytest.mark.slow
def test_all_random_sets():
    judge(range(128))
