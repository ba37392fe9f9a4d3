"""A proof as text."""

from __future__ import annotations

import json
from typing import Any

from flint import fmpq

from exactnorm.proof.document import FORMAT, VERSION
from exactnorm.proof.rationals import decimal_text, quotient_text
from exactnorm.proof.records import (
    SAMPLES,
    Cells,
    Clash,
    Contact,
    Corners,
    Lower,
    Multipliers,
    NearCorners,
    Nothing,
    Part,
    Proof,
    ProvedCell,
    ProvedNeuron,
    Rays,
    SampleProof,
    Segments,
)

DECIMALS = 40
"""Numbers with more decimals than this are written as quotients."""


def proof_text(proof: Proof | SampleProof) -> str:
    """The proof as JSON, the claim first, a line each for what can be long."""
    found = sample_fields(proof) if isinstance(proof, SampleProof) else fields(proof)
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {lines(value)}" for name, value in found.items()) + "\n}\n"


def sample_fields(proof: SampleProof) -> dict[str, Any]:
    """The fields of a proof about noisy samples."""
    network = proof.network
    units = {"unit": proof.units[0]} | ({} if proof.problem == SAMPLES else {"unit of outputs": proof.units[1]})
    return {
        "format": FORMAT,
        "version": VERSION,
        "claim": {
            "problem": proof.problem,
            "weight decay": None if proof.weight_decay is None else number(proof.weight_decay),
            "lower": number(proof.lower_claim),
            "upper": None if proof.upper_claim is None else number(proof.upper_claim),
        },
        "points": sample_data(proof),
        "coordinates": {"basis": list(proof.basis), "outputs": list(proof.outputs), **units},
        "lower": lower(proof.lower),
        "upper": None
        if network is None
        else {
            "neurons": neurons(network.neurons),
            "V": [vector(row) for row in network.V],
            "c": vector(network.c),
        },
    }


def sample_data(proof: SampleProof) -> dict[str, Any]:
    """Whose samples they are: of points, or inputs with a target each."""
    data = proof.data
    of_points, of_samples = data.sha256
    if proof.problem == SAMPLES:
        head = {"sha256": of_points, "number": data.points, "dimension": data.dimension}
        return head | {"samples": data.samples, "samples sha256": of_samples}
    head = {"sha256": of_samples, "number": data.samples, "dimension": data.dimension}
    return head | {"targets sha256": of_points, "outputs": data.outputs}


def neurons(found: tuple[ProvedNeuron, ...]) -> list[dict[str, Any]]:
    """Neurons as objects."""
    return [{"w": vector(one.w), "b": number(one.b), "a": vector(one.a)} for one in found]


def fields(proof: Proof) -> dict[str, Any]:
    """The fields of a proof about noise balls."""
    claim = proof.claim
    return {
        "format": FORMAT,
        "version": VERSION,
        "claim": {
            "problem": claim.problem,
            "rho": number(claim.rho),
            "lower": number(claim.lower),
            "upper": None if claim.upper is None else number(claim.upper),
        },
        "points": {"sha256": proof.sha256, "number": proof.size, "dimension": proof.dimension},
        "coordinates": {"basis": list(proof.basis), "unit": proof.unit},
        "lower": lower(proof.lower),
        "upper": None if proof.neurons is None else {"neurons": neurons(proof.neurons)},
    }


def lines(value: Any) -> str:
    """JSON with a line for each entry of the lists in an object."""
    if not isinstance(value, dict):
        return json.dumps(value)
    parts = []
    for name, one in value.items():
        if isinstance(one, list) and one and isinstance(one[0], dict | list):
            parts.append(f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(entry) for entry in one) + "\n]")
        else:
            parts.append(f"{json.dumps(name)}: {json.dumps(one)}")
    return "{" + ", ".join(parts) + "}"


def lower(found: Lower | Multipliers) -> dict[str, Any]:
    """The evidence of a lower bound."""
    match found:
        case Cells(B, cells, clashes, order):
            matrices = [[vector(row) for row in one] for one in B]
            return {"kind": "cells", "B": matrices, **covered(order, clashes, cells)}
        case Rays(centre, rays):
            listed = [{"direction": vector(line), "points": list(points)} for line, points in rays]
            return {"kind": "rays", "centre": centre, "rays": listed}
        case Segments(segments):
            return {"kind": "segments", "segments": [[i, j, number(value)] for i, j, value in segments]}
        case Corners(corners):
            return {"kind": "regular simplex", "corners": list(corners)}
        case NearCorners(corners, between, share, contact):
            near = {"kind": "nearly regular simplex", "corners": list(corners), "between": vector(between)}
            return near | {"share": number(share), "contact": None if contact is None else contact_fields(contact)}
        case Multipliers(values, cells, clashes, order):
            rows = [vector(one) for one in values]
            return {"kind": "multipliers", "lambda": rows, **covered(order, clashes, cells)}
        case Part(rows, basis, inner):
            return {"kind": "part", "rows": list(rows), "basis": list(basis), "lower": lower(inner)}
        case Nothing():
            return {"kind": "none"}


def contact_fields(found: Contact) -> dict[str, str]:
    """What bounds kinks near contact."""
    return {"slope": number(found.slope), "inradius": number(found.inradius), "tilt": number(found.tilt)}


def covered(order: tuple[int, ...], clashes: tuple[Clash, ...], cells: tuple[ProvedCell, ...]) -> dict[str, Any]:
    """What shows that no pattern was missed."""
    return {
        "order": list(order),
        "clashes": [{"on": weights(one.on), "off": weights(one.off)} for one in clashes],
        "cells": [
            {
                "on": members(one.on),
                "ball": one.ball,
                "cuts": [vector(cut) for cut in one.cuts],
                "mu": number(one.mu),
                "nu": [[n, m, number(value)] for n, m, value in one.nu],
                "ell": [[n, vector(value)] for n, value in one.ell],
            }
            for one in cells
        ],
    }


def number(value: fmpq) -> str:
    """A number as text: with decimals where there are few, else as a quotient."""
    try:
        return decimal_text(value, DECIMALS)
    except ValueError:
        return quotient_text(value)


def vector(values: tuple[fmpq, ...]) -> list[str]:
    """Several numbers."""
    return [number(one) for one in values]


def weights(side: tuple[tuple[int, fmpq], ...]) -> list[Any]:
    """The weights of one side of a clash."""
    return [[n, number(value)] for n, value in side]


def members(bits: int) -> list[int]:
    """The balls that are on."""
    return [n for n in range(bits.bit_length()) if bits >> n & 1]
