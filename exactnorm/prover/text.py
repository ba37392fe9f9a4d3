"""A proof as text."""

from __future__ import annotations

import json
from typing import Any

from flint import fmpq

from exactnorm.proof.document import FORMAT, VERSION, Cells, Corners, Lower, Nothing, Proof, Rays, Segments
from exactnorm.proof.rationals import decimal_text, quotient_text

DECIMALS = 40
"""Numbers with more decimals than this are written as quotients."""


def proof_text(proof: Proof) -> str:
    """The proof as JSON, the claim first, a line each for what can be long."""
    claim = proof.claim
    found = {
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
        "upper": None
        if proof.neurons is None
        else {"neurons": [{"w": vector(one.w), "b": number(one.b), "a": vector(one.a)} for one in proof.neurons]},
    }
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {lines(value)}" for name, value in found.items()) + "\n}\n"


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


def lower(found: Lower) -> dict[str, Any]:
    """The evidence of a lower bound."""
    if isinstance(found, Cells):
        return {
            "kind": "cells",
            "order": list(found.order),
            "B": [[vector(row) for row in one] for one in found.B],
            "clashes": [{"on": weights(one.on), "off": weights(one.off)} for one in found.clashes],
            "cells": [
                {
                    "on": members(one.on),
                    "ball": one.ball,
                    "cuts": [vector(cut) for cut in one.cuts],
                    "mu": number(one.mu),
                    "nu": [[n, m, number(value)] for n, m, value in one.nu],
                    "ell": [[n, vector(value)] for n, value in one.ell],
                }
                for one in found.cells
            ],
        }
    if isinstance(found, Rays):
        return {
            "kind": "rays",
            "centre": found.centre,
            "rays": [{"direction": vector(line), "points": list(points)} for line, points in found.rays],
        }
    if isinstance(found, Segments):
        return {"kind": "segments", "segments": [[i, j, number(value)] for i, j, value in found.segments]}
    if isinstance(found, Corners):
        return {"kind": "regular simplex", "corners": list(found.corners)}
    assert isinstance(found, Nothing)
    return {"kind": "none"}


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
