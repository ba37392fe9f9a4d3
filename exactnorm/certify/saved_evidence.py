"""Evidence as the arrays of a file, and back: the file names one kind, and holds that kind's arrays and no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from exactnorm.certify.balls.cell import Cell, CellProof
from exactnorm.certify.balls.edges import Segments
from exactnorm.certify.balls.evidence import Cells, Faces, Nothing
from exactnorm.certify.balls.part import Part
from exactnorm.certify.balls.simplex import RegularSimplex
from exactnorm.certify.evidence import Evidence
from exactnorm.certify.finite.evidence import Multipliers, PenalisedMultipliers
from exactnorm.certify.rays.evidence import Rays
from exactnorm.files import Arrays, Entries, Entry
from exactnorm.geometry import Frame

FRAME: Entries = {"origin": Entry("float", 1), "axes": Entry("float", 2), "scale": Entry("float")}
PROOFS: Entries = {
    "cell_pattern": Entry("bool", 2),
    "cell_ball": Entry("int", 1),
    "cell_mu": Entry("float", 1),
    "cell_sizes": Entry("int", 1),
    "cell_cuts": Entry("float", 2),
    "cell_nu": Entry("float", 1),
    "cell_ell": Entry("float", 2),
}
"""Cells are one after another, with `cell_sizes` cuts each."""
OF_KIND: dict[str, Entries] = {
    "cells": {**FRAME, "B": Entry("float", 3), **PROOFS},
    "faces": {**FRAME, "B": Entry("float", 3), "patterns": Entry("int")},
    "nothing": {},
    "rays": {"rays": Entry("int", 1)},
    "regular simplex": {"corners": Entry("int", 1)},
    "segments": {"segment_ends": Entry("int", 2), "segment_weights": Entry("float", 1)},
    "multipliers": {"multipliers": Entry("float", 2)},
    "penalised multipliers": {"multipliers": Entry("float", 2), "weight_decay": Entry("float")},
}
"""The arrays of each kind of evidence."""
OF_A_PART = {f"part by {kind}": kind for kind in ("cells", "faces", "segments")}
"""Kinds of a part of the points, and what they rest on: its arrays, and the rows of the points."""
OF_KIND |= {part: {"part_rows": Entry("int", 1), **OF_KIND[kind]} for part, kind in OF_A_PART.items()}
ON_BALLS = ("cells", "faces", "nothing", "rays", "regular simplex", "segments", *OF_A_PART)
ON_SAMPLES = ("multipliers", "penalised multipliers")
TAKEN_APART: dict[type, Callable[[Any], tuple[str, dict[str, Any]]]] = {
    Cells: lambda e: ("cells", {**_frame_values(e.frame), "B": e.B, **_proof_values(e.proofs)}),
    Faces: lambda e: ("faces", {**_frame_values(e.frame), "B": e.B, "patterns": e.patterns}),
    Nothing: lambda _: ("nothing", {}),
    Part: lambda e: _part_values(e),
    Rays: lambda e: ("rays", {"rays": e.rows}),
    RegularSimplex: lambda e: ("regular simplex", {"corners": e.rows}),
    Segments: lambda e: ("segments", {"segment_ends": e.ends, "segment_weights": e.weights}),
    Multipliers: lambda e: ("multipliers", {"multipliers": e.values}),
    PenalisedMultipliers: lambda e: (
        "penalised multipliers",
        {"multipliers": e.values, "weight_decay": e.weight_decay},
    ),
}
PUT_TOGETHER: dict[str, Callable[[Arrays], Evidence]] = {
    "cells": lambda arrays: Cells(_frame(arrays), arrays["B"], _proofs(arrays)),
    "faces": lambda arrays: Faces(_frame(arrays), arrays["B"], int(arrays["patterns"])),
    "nothing": lambda _: Nothing(),
    "rays": lambda arrays: Rays(tuple(int(n) for n in arrays["rays"])),
    "regular simplex": lambda arrays: RegularSimplex(tuple(int(n) for n in arrays["corners"])),
    "segments": lambda arrays: Segments(arrays["segment_ends"], arrays["segment_weights"]),
    "multipliers": lambda arrays: Multipliers(arrays["multipliers"]),
    "penalised multipliers": lambda arrays: PenalisedMultipliers(arrays["multipliers"], float(arrays["weight_decay"])),
    **dict.fromkeys(OF_A_PART, lambda arrays: _part(arrays)),
}


def entries(kinds: tuple[str, ...]) -> Entries:
    """What a file with evidence of one of these kinds may hold: its name, and arrays that `evidence` sorts out."""
    together = {name: entry for kind in kinds for name, entry in OF_KIND[kind].items()}
    some: Entries = {name: Entry(entry.kind, entry.ndim, needed=False) for name, entry in together.items()}
    return {"evidence": Entry("text"), **some}


def evidence_values(evidence: Evidence) -> dict[str, Any]:
    """The kind of the evidence and its arrays, as `entries` declares them."""
    kind, values = TAKEN_APART[type(evidence)](evidence)
    return {"evidence": kind, **values}


def evidence(arrays: Arrays, kinds: tuple[str, ...]) -> Evidence:
    """The evidence in a file, which is of one of these kinds; ``ValueError`` unless its arrays are there and no others.

    So evidence of one kind cannot be read into a certificate of another, nor into one for another kind of problem.
    """
    kind = str(arrays["evidence"])
    if kind not in kinds:
        msg = f"it holds evidence of kind {kind[:40]!r}; there are {', '.join(kinds)}"
        raise ValueError(msg)
    there = {name for other in OF_KIND.values() for name in other if name in arrays}
    if there != set(OF_KIND[kind]):
        name = min(there ^ set(OF_KIND[kind]))
        msg = f"evidence of kind {kind!r} has {'an array' if name in there else 'no'} {name!r}"
        raise ValueError(msg)
    return PUT_TOGETHER[kind](arrays)


def _part_values(part: Part) -> tuple[str, dict[str, Any]]:
    kind, values = TAKEN_APART[type(part.evidence)](part.evidence)
    return f"part by {kind}", {"part_rows": part.rows, **values}


def _part(arrays: Arrays) -> Part:
    inner: Any = PUT_TOGETHER[OF_A_PART[str(arrays["evidence"])]](arrays)
    return Part(tuple(int(n) for n in arrays["part_rows"]), inner)


def _frame_values(frame: Frame) -> dict[str, Any]:
    return {"origin": frame.origin, "axes": frame.axes, "scale": frame.scale}


def _frame(arrays: Arrays) -> Frame:
    return Frame(arrays["origin"], arrays["axes"], float(arrays["scale"]))


def _proof_values(proofs: tuple[CellProof, ...]) -> dict[str, Any]:
    cells = [proof.cell for proof in proofs]
    return {
        "cell_pattern": np.array([cell.pattern for cell in cells]),
        "cell_ball": np.array([cell.ball for cell in cells]),
        "cell_mu": np.array([proof.mu for proof in proofs]),
        "cell_cuts": np.vstack([cell.cuts for cell in cells]),
        "cell_nu": np.concatenate([proof.nu[np.triu_indices(len(proof.nu), 1)] for proof in proofs]),
        "cell_ell": np.vstack([proof.ell for proof in proofs]),
        "cell_sizes": np.array([len(cell.cuts) for cell in cells]),
    }


def _proofs(arrays: Arrays) -> tuple[CellProof, ...]:
    sizes = [int(m) for m in arrays["cell_sizes"]]
    balls = len(arrays["B"]) + 1
    rows = [balls + m for m in sizes]
    wanted = {
        "cell_pattern": len(sizes),
        "cell_ball": len(sizes),
        "cell_mu": len(sizes),
        "cell_cuts": sum(sizes),
        "cell_nu": sum(n * (n - 1) // 2 for n in rows),
        "cell_ell": sum(rows),
    }
    if min(sizes, default=-1) < 0 or any(len(arrays[name]) != length for name, length in wanted.items()):
        msg = "the arrays of the cells do not have the lengths that belong together"
        raise ValueError(msg)
    proofs = []
    cut = row = entry = 0
    for k, (m, n) in enumerate(zip(sizes, rows, strict=True)):
        upper = n * (n - 1) // 2
        nu = np.zeros((n, n))
        nu[np.triu_indices(n, 1)] = arrays["cell_nu"][entry : entry + upper]
        cell = Cell(arrays["cell_pattern"][k], int(arrays["cell_ball"][k]), arrays["cell_cuts"][cut : cut + m])
        proofs.append(CellProof(cell, float(arrays["cell_mu"][k]), nu, arrays["cell_ell"][row : row + n]))
        cut, row, entry = cut + m, row + n, entry + upper
    return tuple(proofs)
