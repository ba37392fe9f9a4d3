"""What tests of proofs about samples and of proofs about networks have in common."""

import copy
from fractions import Fraction

from proof_mutants import at, nudged, numbers, put


def agreed(ours, naive):
    """The verdict of the first verifier, if the second, a tuple, has the same: outcome and bracket."""
    outcome, lower, upper, why = naive
    assert ours.outcome == outcome, (ours, why)
    if outcome == "proved":
        assert abs(float(ours.lower) - float(lower)) <= 1e-12 * float(lower)
        assert abs(float(ours.upper) - float(upper)) <= 1e-12 * float(upper)
    return ours


def as_narrow(found, certificate, verdict):
    """Assert that a bracket is proved, without a word, and is the certificate's but for rounding."""
    assert verdict.outcome == "proved", verdict.reasons
    assert found.said == ()
    assert found.gap <= 2e-6
    assert found.lower <= verdict.lower
    assert verdict.upper <= found.upper
    for ours, theirs in ((found.lower, certificate.lower), (found.upper, certificate.upper)):
        assert abs(float(ours) - theirs) <= 1e-6 * theirs


def altered(proof, rng, count):
    """So many copies of a proof, each with one number of claim or evidence doubled, or other in its last digit."""
    places = list(numbers({key: proof[key] for key in ("claim", "lower", "upper")}))
    for k in rng.integers(len(places), size=count):
        mutant = copy.deepcopy(proof)
        text = at(mutant, places[k])
        last = rng.random() < 0.5
        put(mutant, places[k], nudged(text, int(rng.choice([-1, 1]))) if last else str(2 * Fraction(text)))
        yield mutant
