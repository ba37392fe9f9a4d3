"""The evidence in a text of JSON: what lower bounds and networks consist of, every shape checked."""

from __future__ import annotations

import itertools
from typing import Any

from flint import fmpq

from exactnorm.proof.limits import never
from exactnorm.proof.rationals import rational
from exactnorm.proof.records import (
    Cells,
    Clash,
    Contact,
    Corners,
    Lower,
    Multipliers,
    NearCorners,
    Nothing,
    Part,
    ProvedCell,
    ProvedNetwork,
    ProvedNeuron,
    Rays,
    Segments,
)
from exactnorm.proof.shapes import Check, UnreadableProofError, each, entries, fields, indices, members, vector, whole

DEEPEST = 200
"""Cuts of one cell."""


def lower_evidence(found: Any, size: int, r: int, check: Check = never) -> Lower:
    """The evidence of a lower bound for noise balls around `size` points of rank r."""
    kind = found.get("kind") if isinstance(found, dict) else None
    if kind == "cells":
        part = fields(found, "cells", "kind", "order", "B", "cells", "clashes")
        B = tuple(
            tuple(vector(row, "a row of B", r + 1) for row in entries(one, "a matrix of B", r))
            for one in each(part["B"], "B", check, size - 1)
        )
        return Cells(
            B,
            tuple(_cell(one, size, r, check) for one in each(part["cells"], "cells", check)),
            tuple(_clash(one, size) for one in each(part["clashes"], "clashes", check)),
            indices(part["order"], "the order"),
        )
    if kind == "rays":
        part = fields(found, "rays", "kind", "centre", "rays")
        rays = tuple(_ray(one, size, r) for one in each(part["rays"], "rays", check))
        return Rays(whole(part["centre"], "the centre", 0, size - 1), rays)
    if kind == "segments":
        listed = each(fields(found, "segments", "kind", "segments")["segments"], "segments", check)
        segments = tuple(_segment(one, size) for one in listed)
        if len({frozenset((i, j)) for i, j, _ in segments}) < len(segments):
            msg = "a segment is given twice"
            raise UnreadableProofError(msg)
        return Segments(segments)
    if kind == "regular simplex":
        corners = entries(fields(found, "regular simplex", "kind", "corners")["corners"], "corners")
        return Corners(tuple(whole(one, "a corner", 0, size - 1) for one in corners))
    if kind == "nearly regular simplex":
        return _near_corners(found, size)
    if kind == "part":
        return _part(found, size, check)
    if kind == "none":
        fields(found, "the lower bound", "kind")
        return Nothing()
    msg = f"a lower bound of kind {str(kind)[:40]!r}"
    raise UnreadableProofError(msg)


def multipliers(found: Any, samples: int, r: int, q: int, check: Check = never) -> Multipliers | Nothing:
    """The evidence of a lower bound for noisy samples, of rank r, and points of rank q."""
    if isinstance(found, dict) and found.get("kind") == "none":
        fields(found, "the lower bound", "kind")
        return Nothing()
    part = fields(found, "multipliers", "kind", "lambda", "order", "cells", "clashes")
    if part["kind"] != "multipliers":
        msg = f"a lower bound of kind {str(part['kind'])[:40]!r}"
        raise UnreadableProofError(msg)
    return Multipliers(
        tuple(vector(one, "a multiplier", q) for one in each(part["lambda"], "lambda", check, samples)),
        tuple(_cell(one, samples, r, check) for one in each(part["cells"], "cells", check)),
        tuple(_clash(one, samples) for one in each(part["clashes"], "clashes", check)),
        indices(part["order"], "the order"),
    )


def _part(found: Any, size: int, check: Check) -> Part:
    part = fields(found, "a part", "kind", "rows", "basis", "lower")
    rows = tuple(whole(one, "a point of the part", 0, size - 1) for one in entries(part["rows"], "the part"))
    if len(rows) < 2 or any(n >= m for n, m in itertools.pairwise(rows)):
        msg = "a part is two points or more, in the order of their rows"
        raise UnreadableProofError(msg)
    basis, inner = indices(part["basis"], "the basis of the part"), part["lower"]
    kind = inner.get("kind") if isinstance(inner, dict) else None
    lower = lower_evidence(inner, len(rows), len(basis), check) if kind in ("cells", "segments") else None
    if not isinstance(lower, Cells | Segments):
        msg = f"a part is bounded by cells or segments, not by a bound of kind {str(kind)[:40]!r}"
        raise UnreadableProofError(msg)
    return Part(rows, basis, lower)


def _cell(found: Any, size: int, r: int, check: Check) -> ProvedCell:
    part = fields(found, "a cell", "on", "ball", "cuts", "mu", "nu", "ell")
    cuts = tuple(vector(one, "a cut", r) for one in each(part["cuts"], "cuts", check))
    if len(cuts) > DEEPEST:
        msg = f"a cell is cut more than {DEEPEST} times"
        raise UnreadableProofError(msg)
    rows = size + len(cuts)
    nu, ell = [], []
    for one in each(part["nu"], "nu", check):
        n, m, value = entries(one, "an entry of nu", 3)
        nu.append((whole(n, "a row", 0, rows - 1), whole(m, "a row", 0, rows - 1), rational(value)))
    for one in each(part["ell"], "ell", check):
        n, value = entries(one, "an entry of ell", 2)
        ell.append((whole(n, "a row", 0, rows - 1), vector(value, "ell", r + 1)))
    if len({(n, m) for n, m, _ in nu}) < len(nu) or len({n for n, _ in ell}) < len(ell):
        msg = "a multiplier of a cell is given twice"
        raise UnreadableProofError(msg)
    ball = whole(part["ball"], "the ball of a cell", -1, size - 1)
    return ProvedCell(members(part["on"], size), ball, cuts, rational(part["mu"]), tuple(nu), tuple(ell))


def _clash(found: Any, size: int) -> Clash:
    part = fields(found, "a clash", "on", "off")
    sides = []
    for name in ("on", "off"):
        side = []
        for one in entries(part[name], "a side of a clash"):
            n, weight = entries(one, "a weight", 2)
            side.append((whole(n, "a point", 0, size - 1), rational(weight)))
        sides.append(tuple(side))
    return Clash(*sides)


def _ray(found: Any, size: int, r: int) -> tuple[tuple[fmpq, ...], tuple[int, ...]]:
    part = fields(found, "a ray", "direction", "points")
    rows = tuple(whole(one, "a point", 0, size - 1) for one in entries(part["points"], "the points of a ray"))
    return vector(part["direction"], "a direction", r), rows


def _near_corners(found: Any, size: int) -> NearCorners:
    part = fields(found, "nearly regular simplex", "kind", "corners", "between", "share", "contact")
    rows = tuple(whole(one, "a corner", 0, size - 1) for one in entries(part["corners"], "corners"))
    low, high = vector(part["between"], "between", 2)
    contact = None
    if part["contact"] is not None:
        given = fields(part["contact"], "contact", "slope", "inradius", "tilt")
        contact = Contact(rational(given["slope"]), rational(given["inradius"]), rational(given["tilt"]))
    return NearCorners(rows, (low, high), rational(part["share"]), contact)


def _segment(found: Any, size: int) -> tuple[int, int, fmpq]:
    i, j, weight = entries(found, "a segment", 3)
    return whole(i, "a point", 0, size - 1), whole(j, "a point", 0, size - 1), rational(weight)


def network(found: Any, r: int, q: int, check: Check = never) -> ProvedNetwork | None:
    """The network for noisy samples of rank r and points of rank q; None where there is none."""
    if found is None:
        return None
    part = fields(found, "upper", "neurons", "V", "c")
    listed = tuple(_neuron(one, r, q) for one in each(part["neurons"], "neurons", check))
    V = tuple(vector(row, "a row of V", r) for row in entries(part["V"], "V", q))
    return ProvedNetwork(listed, V, vector(part["c"], "c", q))


def neurons(found: Any, r: int, check: Check = never) -> tuple[ProvedNeuron, ...] | None:
    """The neurons of a network for noise balls; None where there is none."""
    if found is None:
        return None
    listed = fields(found, "upper", "neurons")["neurons"]
    return tuple(_neuron(one, r, r) for one in each(listed, "neurons", check))


def _neuron(found: Any, r: int, q: int) -> ProvedNeuron:
    part = fields(found, "a neuron", "w", "b", "a")
    return ProvedNeuron(vector(part["w"], "w", r), rational(part["b"]), vector(part["a"], "a", q))
