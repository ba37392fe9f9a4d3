"""How proofs are forged: texts put together by hand, and what both verifiers have to say of them."""

import contextlib
import json
from fractions import Fraction as F

import naive_verifier
import numpy as np

from exactnorm.proof.problem import fingerprint
from exactnorm.proof.shapes import UnreadableProofError
from exactnorm.proof.verify import verify

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
