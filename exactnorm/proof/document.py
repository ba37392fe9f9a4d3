"""The text of a proof: read into records, every shape checked, before any of it is believed.

`docs/proof-format.md` describes it for whoever writes a verifier of their own.
"""

from __future__ import annotations

import json
from typing import Any

from flint import fmpq

from exactnorm.proof.evidence import lower_evidence, multipliers, network, neurons
from exactnorm.proof.limits import never
from exactnorm.proof.rationals import rational
from exactnorm.proof.records import SAMPLES, TARGETS, Claim, Data, Proof, SampleProof
from exactnorm.proof.shapes import Check, UnreadableProofError, fields, index, indices, once, refused, whole, word

FORMAT = "exactnorm proof"
VERSION = 1


def read(text: str | bytes, check: Check = never) -> Proof | SampleProof:
    """The proof that a text holds; `check` looks at the clock, as a long text takes minutes.

    Raises
    ------
    UnreadableProofError
        If it is not one; the message says where.
    """
    if isinstance(text, str) and not text.isascii():
        msg = "this is not a proof: it holds characters beyond ASCII"
        raise UnreadableProofError(msg)

    def named(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        check()
        return once(pairs)

    try:
        found = json.loads(
            text if isinstance(text, str) else text.decode("ascii"),
            object_pairs_hook=named,
            parse_float=refused,
            parse_constant=refused,
            parse_int=index,
        )
        return _proof(found, check)
    except RecursionError:
        msg = "this is not a proof: it is nested more deeply"
        raise UnreadableProofError(msg) from None
    except (ValueError, TypeError) as mistake:
        msg = f"this is not a proof: {mistake}"
        raise UnreadableProofError(msg) from None


def _proof(found: Any, check: Check) -> Proof | SampleProof:
    top = fields(found, "the proof", "format", "version", "claim", "points", "coordinates", "lower", "upper")
    if top["format"] != FORMAT or type(top["version"]) is not int or top["version"] != VERSION:
        given = f"version {str(top['version'])[:20]!a} of {str(top['format'])[:40]!a}"
        msg = f"this is {given}; version {VERSION} of {FORMAT!r} is read"
        raise UnreadableProofError(msg)
    about = top["claim"].get("problem") if isinstance(top["claim"], dict) else None
    if about in (SAMPLES, TARGETS):
        return _sample_proof(top, about, check)
    claim = fields(top["claim"], "the claim", "problem", "rho", "lower", "upper")
    points = fields(top["points"], "points", "sha256", "number", "dimension")
    where = fields(top["coordinates"], "coordinates", "basis", "unit")
    size, basis = whole(points["number"], "the number of points", 2), indices(where["basis"], "the basis")
    return Proof(
        Claim(word(claim["problem"], "the problem"), rational(claim["rho"]), *_bounds(claim)),
        word(points["sha256"], "sha256"),
        size,
        whole(points["dimension"], "the dimension", 1),
        basis,
        _unit(where["unit"]),
        lower_evidence(top["lower"], size, len(basis), check),
        neurons(top["upper"], len(basis), check),
    )


def _sample_proof(top: dict[str, Any], about: str, check: Check) -> SampleProof:
    claim = fields(top["claim"], "the claim", "problem", "weight decay", "lower", "upper")
    more = () if about == SAMPLES else ("unit of outputs",)
    where = fields(top["coordinates"], "coordinates", "basis", "outputs", "unit", *more)
    basis, outputs = indices(where["basis"], "the basis"), indices(where["outputs"], "the outputs")
    data = _samples(top["points"]) if about == SAMPLES else _targets(top["points"])
    return SampleProof(
        about,
        None if claim["weight decay"] is None else rational(claim["weight decay"]),
        *_bounds(claim),
        data,
        basis,
        outputs,
        (_unit(where["unit"]), _unit(where[more[0] if more else "unit"])),
        multipliers(top["lower"], data.samples, len(basis), len(outputs), check),
        network(top["upper"], len(basis), len(outputs), check),
    )


def _samples(found: Any) -> Data:
    points = fields(found, "points", "sha256", "number", "dimension", "samples", "samples sha256")
    dimension = whole(points["dimension"], "the dimension", 1)
    return Data(
        (word(points["sha256"], "sha256"), word(points["samples sha256"], "sha256")),
        whole(points["number"], "the number of points", 2),
        dimension,
        whole(points["samples"], "the number of samples", 2),
        dimension,
    )


def _targets(found: Any) -> Data:
    points = fields(found, "points", "sha256", "number", "dimension", "targets sha256", "outputs")
    number = whole(points["number"], "the number of inputs", 2)
    return Data(
        (word(points["targets sha256"], "sha256"), word(points["sha256"], "sha256")),
        number,
        whole(points["outputs"], "the number of outputs", 1),
        number,
        whole(points["dimension"], "the dimension", 1),
    )


def _bounds(claim: dict[str, Any]) -> tuple[fmpq, fmpq | None]:
    return rational(claim["lower"]), None if claim["upper"] is None else rational(claim["upper"])


def _unit(found: Any) -> int:
    return whole(found, "the unit", -1100, 1100)
