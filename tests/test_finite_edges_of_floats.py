"""Finite problems whose networks no float is near enough to: far from the origin, and a trillionth from a line."""

from fractions import Fraction

import numpy as np
import pytest

from exactnorm import check_certificate, min_norm_network


def exactly(network, y):
    """A network of one output at one input, in rational numbers, neuron by neuron."""
    y = [Fraction(one) for one in y]

    def along(weights):
        return sum((Fraction(w) * one for w, one in zip(weights, y, strict=True)), Fraction(0))

    total = Fraction(network.c[0]) + along(network.V[0])
    for a, w, b in zip(network.a[:, 0], network.w, network.b, strict=True):
        total += Fraction(a) * max(along(w) + Fraction(b), Fraction(0))
    return total


@pytest.mark.parametrize("offset", [1e3, 1e5, 1e7])
@pytest.mark.parametrize("setting", [{}, {"weight_decay": 0.1}, {"penalise_bias": True}])
def test_affine_targets_cost_nothing_however_far_from_the_origin(offset, setting):
    rng = np.random.default_rng(0)
    Y = rng.standard_normal((7, 2)) + offset
    X = Y @ rng.standard_normal((2, 2)) + rng.standard_normal(2)
    found = min_norm_network(Y, X, **setting)
    assert (found.certificate.lower, found.certificate.upper) == (0, 0)
    assert found.network.neurons == 0
    assert check_certificate(found.certificate, found.problem, found.network)[:2] == (0, 0)


def test_a_bump_far_from_the_origin_costs_what_it_costs_at_the_origin():
    rng = np.random.default_rng(1)
    here = np.round(rng.standard_normal((6, 2)) * 2**20) / 2**20  # no digit is lost on the way
    slope = np.array([[1.0], [-0.5]])
    bump = np.zeros((6, 1))
    bump[3] = 2.0**-16
    least = min_norm_network(here, here @ slope + bump).certificate
    far = min_norm_network(here + 2.0**17, (here + 2.0**17) @ slope + bump).certificate
    assert least.lower > 1e-6
    assert far.upper == pytest.approx(least.upper, rel=1e-5)
    assert far.lower == pytest.approx(least.lower, rel=1e-5)


@pytest.mark.parametrize("thin", [40, 45])
def test_inputs_a_trillionth_from_a_line_have_a_network_that_goes_through_the_targets(thin):
    rng = np.random.default_rng(3)
    t = np.sort(rng.uniform(0, 1, 7))
    beside, X = rng.standard_normal(7), rng.standard_normal((7, 1))
    found = min_norm_network(np.column_stack([t, 0.5 * t + 2.0**-thin * beside]), X)
    lower, upper, error = check_certificate(found.certificate, found.problem, found.network)
    assert lower <= upper <= lower * (1 + 1e-3)
    # The skip connection is a trillion, and floats evaluate it to a few digits; the network itself is exact.
    assert np.abs(found.network.V).max() > 1e10
    off = [abs(exactly(found.network, y) - Fraction(x)) for y, x in zip(found.problem.inputs, X[:, 0], strict=True)]
    assert max(off) <= error + 1e-15 < 1e-12
    # At a billionth everything is as it was, and costs the same to as many digits as the angles differ by.
    wider = min_norm_network(np.column_stack([t, 0.5 * t + 2.0**-30 * beside]), X)
    assert upper == pytest.approx(wider.certificate.upper, rel=1e-3)
