"""The text of a proof: read into records, every shape checked, before any of it is believed.

`docs/proof-format.md` describes it for whoever writes a verifier of their own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flint import fmpq

from exactnorm.proof.rationals import rational

FORMAT = "exactnorm proof"
VERSION = 1
DEEPEST = 200
"""Cuts of one cell."""
LARGEST_INDEX = 10**6


class UnreadableProofError(ValueError):
    """A text is not a proof of this format."""


@dataclass(frozen=True, eq=False)
class Claim:
    """What is claimed: lower ≤ least cost ≤ upper, at this radius; upper is None where no network is shown."""

    problem: str
    rho: fmpq
    lower: fmpq
    upper: fmpq | None


@dataclass(frozen=True, eq=False)
class ProvedCell:
    """A cell with multipliers; vectors in the basis. `nu` and `ell` by row, rows that are absent being zero."""

    on: int
    ball: int
    cuts: tuple[tuple[fmpq, ...], ...]
    mu: fmpq
    nu: tuple[tuple[int, int, fmpq], ...]
    ell: tuple[tuple[int, tuple[fmpq, ...]], ...]


@dataclass(frozen=True, eq=False)
class Clash:
    """Convex combinations of two sets of points that come nearer to each other than 2ρ."""

    on: tuple[tuple[int, fmpq], ...]
    off: tuple[tuple[int, fmpq], ...]


@dataclass(frozen=True, eq=False)
class Cells:
    """Dual matrices, with cells for every pattern that no clash excludes; `order` is that of the search for one."""

    B: tuple[tuple[tuple[fmpq, ...], ...], ...]
    cells: tuple[ProvedCell, ...]
    clashes: tuple[Clash, ...]
    order: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Rays:
    """Rays from the point `centre`: each a direction in the basis, and the points whose balls it crosses, in order."""

    centre: int
    rays: tuple[tuple[tuple[fmpq, ...], tuple[int, ...]], ...]


@dataclass(frozen=True, eq=False)
class Segments:
    """Segments between two points each, with weights c/L² ≥ 0."""

    segments: tuple[tuple[int, int, fmpq], ...]


@dataclass(frozen=True, eq=False)
class Corners:
    """Points at the corners of a regular simplex: all of them, or a part."""

    corners: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Nothing:
    """No evidence: costs are not negative."""


@dataclass(frozen=True, eq=False)
class ProvedNeuron:
    """A neuron with w and a in the basis, and its kink at w·(y − x_0) + b = 0."""

    w: tuple[fmpq, ...]
    b: fmpq
    a: tuple[fmpq, ...]


@dataclass(frozen=True, eq=False)
class Multipliers:
    """A multiplier for every sample, in the basis of the values, and cells as in `Cells`; none on a line."""

    values: tuple[tuple[fmpq, ...], ...]
    cells: tuple[ProvedCell, ...]
    clashes: tuple[Clash, ...]
    order: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ProvedNetwork:
    """A network for samples: its neurons, its slope V, a row for each vector of the basis of values, and its constant.

    At the sample with heights h its value is x_0 + Σ a [h·w + b]_+ + V h + c.
    """

    neurons: tuple[ProvedNeuron, ...]
    V: tuple[tuple[fmpq, ...], ...]
    c: tuple[fmpq, ...]


@dataclass(frozen=True, eq=False)
class SampleProof:
    """A claim about noisy samples with its evidence; `basis` are rows of samples, `outputs` rows of points."""

    weight_decay: fmpq | None
    lower_claim: fmpq
    upper_claim: fmpq | None
    sha256: tuple[str, str]
    shape: tuple[int, int, int]
    basis: tuple[int, ...]
    outputs: tuple[int, ...]
    unit: int
    lower: Multipliers | Nothing
    network: ProvedNetwork | None


Lower = Cells | Rays | Segments | Corners | Nothing


@dataclass(frozen=True, eq=False)
class Proof:
    """A claim with its evidence."""

    claim: Claim
    sha256: str
    size: int
    dimension: int
    basis: tuple[int, ...]
    unit: int
    lower: Lower
    neurons: tuple[ProvedNeuron, ...] | None


SAMPLES = "noisy samples"
"""What the claim says that a proof is about, if not noise balls."""


def read(text: str | bytes) -> Proof | SampleProof:
    """The proof that a text holds.

    Raises
    ------
    UnreadableProofError
        If it is not one; the message says where.
    """
    try:
        found = json.loads(
            text,
            object_pairs_hook=_once,
            parse_float=_refused,
            parse_constant=_refused,
            parse_int=_index,
        )
        return _proof(found)
    except RecursionError:
        msg = "this is not a proof: it is nested more deeply"
        raise UnreadableProofError(msg) from None
    except (ValueError, TypeError) as mistake:
        msg = f"this is not a proof: {mistake}"
        raise UnreadableProofError(msg) from None


def _proof(found: Any) -> Proof | SampleProof:
    top = _fields(found, "the proof", "format", "version", "claim", "points", "coordinates", "lower", "upper")
    if top["format"] != FORMAT or top["version"] != VERSION:
        given = f"version {str(top['version'])[:20]} of {str(top['format'])[:40]!r}"
        msg = f"this is {given}; version {VERSION} of {FORMAT!r} is read"
        raise UnreadableProofError(msg)
    if isinstance(top["claim"], dict) and top["claim"].get("problem") == SAMPLES:
        return _sample_proof(top)
    claim = _fields(top["claim"], "the claim", "problem", "rho", "lower", "upper")
    points = _fields(top["points"], "points", "sha256", "number", "dimension")
    where = _fields(top["coordinates"], "coordinates", "basis", "unit")
    size, basis = _whole(points["number"], "the number of points", 2), tuple(_rows(where["basis"], "the basis"))
    return Proof(
        Claim(
            _word(claim["problem"], "the problem"),
            rational(claim["rho"]),
            rational(claim["lower"]),
            None if claim["upper"] is None else rational(claim["upper"]),
        ),
        _word(points["sha256"], "sha256"),
        size,
        _whole(points["dimension"], "the dimension", 1),
        basis,
        _whole(where["unit"], "the unit", -1100, 1100),
        _lower(top["lower"], size, len(basis)),
        _neurons(top["upper"], len(basis)),
    )


def _sample_proof(top: dict[str, Any]) -> SampleProof:
    claim = _fields(top["claim"], "the claim", "problem", "weight decay", "lower", "upper")
    points = _fields(top["points"], "points", "sha256", "number", "dimension", "samples", "samples sha256")
    where = _fields(top["coordinates"], "coordinates", "basis", "outputs", "unit")
    basis, outputs = tuple(_rows(where["basis"], "the basis")), tuple(_rows(where["outputs"], "the outputs"))
    samples = _whole(points["samples"], "the number of samples", 2)
    lower: Multipliers | Nothing = Nothing()
    if not (isinstance(top["lower"], dict) and top["lower"].get("kind") == "none"):
        part = _fields(top["lower"], "multipliers", "kind", "lambda", "order", "cells", "clashes")
        if part["kind"] != "multipliers":
            msg = f"a lower bound of kind {str(part['kind'])[:40]!r}"
            raise UnreadableProofError(msg)
        lower = Multipliers(
            tuple(_vector(one, "a multiplier", len(outputs)) for one in _list(part["lambda"], "lambda", samples)),
            tuple(_cell(one, samples, len(basis)) for one in _list(part["cells"], "cells")),
            tuple(_clash(one, samples) for one in _list(part["clashes"], "clashes")),
            tuple(_rows(part["order"], "the order")),
        )
    return SampleProof(
        None if claim["weight decay"] is None else rational(claim["weight decay"]),
        rational(claim["lower"]),
        None if claim["upper"] is None else rational(claim["upper"]),
        (_word(points["sha256"], "sha256"), _word(points["samples sha256"], "sha256")),
        (_whole(points["number"], "the number of points", 2), samples, _whole(points["dimension"], "the dimension", 1)),
        basis,
        outputs,
        _whole(where["unit"], "the unit", -1100, 1100),
        lower,
        _network(top["upper"], len(basis), len(outputs)),
    )


def _network(found: Any, r: int, q: int) -> ProvedNetwork | None:
    if found is None:
        return None
    part, neurons = _fields(found, "upper", "neurons", "V", "c"), []
    for one in _list(part["neurons"], "neurons"):
        each = _fields(one, "a neuron", "w", "b", "a")
        neurons.append(ProvedNeuron(_vector(each["w"], "w", r), rational(each["b"]), _vector(each["a"], "a", q)))
    V = tuple(_vector(row, "a row of V", r) for row in _list(part["V"], "V", q))
    return ProvedNetwork(tuple(neurons), V, _vector(part["c"], "c", q))


def _lower(found: Any, size: int, r: int) -> Lower:
    kind = found.get("kind") if isinstance(found, dict) else None
    if kind == "cells":
        part = _fields(found, "cells", "kind", "order", "B", "cells", "clashes")
        B = tuple(
            tuple(_vector(row, "a row of B", r + 1) for row in _list(one, "a matrix of B", r))
            for one in _list(part["B"], "B", size - 1)
        )
        return Cells(
            B,
            tuple(_cell(one, size, r) for one in _list(part["cells"], "cells")),
            tuple(_clash(one, size) for one in _list(part["clashes"], "clashes")),
            tuple(_rows(part["order"], "the order")),
        )
    if kind == "rays":
        part = _fields(found, "rays", "kind", "centre", "rays")
        rays = tuple(_ray(one, size, r) for one in _list(part["rays"], "rays"))
        return Rays(_whole(part["centre"], "the centre", 0, size - 1), rays)
    if kind == "segments":
        listed = _list(_fields(found, "segments", "kind", "segments")["segments"], "segments")
        return Segments(tuple(_segment(one, size) for one in listed))
    if kind == "regular simplex":
        corners = _list(_fields(found, "regular simplex", "kind", "corners")["corners"], "corners")
        return Corners(tuple(_whole(one, "a corner", 0, size - 1) for one in corners))
    if kind == "none":
        _fields(found, "the lower bound", "kind")
        return Nothing()
    msg = f"a lower bound of kind {str(kind)[:40]!r}"
    raise UnreadableProofError(msg)


def _cell(found: Any, size: int, r: int) -> ProvedCell:
    part = _fields(found, "a cell", "on", "ball", "cuts", "mu", "nu", "ell")
    cuts = tuple(_vector(one, "a cut", r) for one in _list(part["cuts"], "cuts"))
    if len(cuts) > DEEPEST:
        msg = f"a cell is cut more than {DEEPEST} times"
        raise UnreadableProofError(msg)
    rows = size + len(cuts)
    nu, ell = [], []
    for one in _list(part["nu"], "nu"):
        n, m, value = _list(one, "an entry of nu", 3)
        nu.append((_whole(n, "a row", 0, rows - 1), _whole(m, "a row", 0, rows - 1), rational(value)))
    for one in _list(part["ell"], "ell"):
        n, vector = _list(one, "an entry of ell", 2)
        ell.append((_whole(n, "a row", 0, rows - 1), _vector(vector, "ell", r + 1)))
    if len({(n, m) for n, m, _ in nu}) < len(nu) or len({n for n, _ in ell}) < len(ell):
        msg = "a multiplier of a cell is given twice"
        raise UnreadableProofError(msg)
    ball = _whole(part["ball"], "the ball of a cell", -1, size - 1)
    return ProvedCell(_set(part["on"], size), ball, cuts, rational(part["mu"]), tuple(nu), tuple(ell))


def _clash(found: Any, size: int) -> Clash:
    part = _fields(found, "a clash", "on", "off")
    sides = []
    for name in ("on", "off"):
        side = []
        for one in _list(part[name], "a side of a clash"):
            n, weight = _list(one, "a weight", 2)
            side.append((_whole(n, "a point", 0, size - 1), rational(weight)))
        sides.append(tuple(side))
    return Clash(*sides)


def _ray(found: Any, size: int, r: int) -> tuple[tuple[fmpq, ...], tuple[int, ...]]:
    part = _fields(found, "a ray", "direction", "points")
    rows = tuple(_whole(one, "a point", 0, size - 1) for one in _list(part["points"], "the points of a ray"))
    return _vector(part["direction"], "a direction", r), rows


def _segment(found: Any, size: int) -> tuple[int, int, fmpq]:
    i, j, weight = _list(found, "a segment", 3)
    return _whole(i, "a point", 0, size - 1), _whole(j, "a point", 0, size - 1), rational(weight)


def _neurons(found: Any, r: int) -> tuple[ProvedNeuron, ...] | None:
    if found is None:
        return None
    out = []
    for one in _list(_fields(found, "upper", "neurons")["neurons"], "neurons"):
        part = _fields(one, "a neuron", "w", "b", "a")
        out.append(ProvedNeuron(_vector(part["w"], "w", r), rational(part["b"]), _vector(part["a"], "a", r)))
    return tuple(out)


def _fields(found: Any, what: str, *names: str) -> dict[str, Any]:
    if not isinstance(found, dict) or set(found) != set(names):
        given = ", ".join(sorted(found))[:80] if isinstance(found, dict) else type(found).__name__
        msg = f"{what}: {', '.join(names)} belong there, not {given}"
        raise UnreadableProofError(msg)
    return found


def _list(found: Any, what: str, length: int | None = None) -> list[Any]:
    if not isinstance(found, list) or (length is not None and len(found) != length):
        given = f"{len(found)} entries" if isinstance(found, list) else type(found).__name__
        msg = f"{what}: {given} where a list{'' if length is None else f' of {length}'} belongs"
        raise UnreadableProofError(msg)
    return found


def _vector(found: Any, what: str, length: int) -> tuple[fmpq, ...]:
    return tuple(rational(one) for one in _list(found, what, length))


def _whole(found: Any, what: str, least: int = 0, most: int = LARGEST_INDEX) -> int:
    if type(found) is not int or not least <= found <= most:
        msg = f"{what} is {str(found)[:40]}, no whole number from {least} to {most}"
        raise UnreadableProofError(msg)
    return found


def _rows(found: Any, what: str) -> list[int]:
    return [_whole(one, what) for one in _list(found, what)]


def _set(found: Any, size: int) -> int:
    """Numbers of balls as bits."""
    bits = 0
    for one in _list(found, "the balls that are on"):
        bits |= 1 << _whole(one, "a ball", 0, size - 1)
    return bits


def _word(found: Any, what: str) -> str:
    if not isinstance(found, str) or len(found) > 100:
        msg = f"{what} is no short text"
        raise UnreadableProofError(msg)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        msg = f"a name is there twice among {', '.join(name for name, _ in pairs)[:80]}"
        raise UnreadableProofError(msg)
    return out


def _refused(text: str) -> Any:
    msg = f"the number {text[:40]} does not stand in quotation marks"
    raise UnreadableProofError(msg)


def _index(text: str) -> int:
    if len(text) > 7:
        msg = f"{text[:40]} is no row"
        raise UnreadableProofError(msg)
    return int(text)
