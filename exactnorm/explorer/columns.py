"""A picture as columns of plain numbers and words, one table for each layer that is drawn."""

from __future__ import annotations

import math
from html import escape
from typing import Any

import numpy as np

from exactnorm.arrays import Array
from exactnorm.colours import GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION
from exactnorm.explorer.known import Known
from exactnorm.explorer.picture import ARROWS, Picture
from exactnorm.explorer.sums import seen_from, sum_name, sum_of
from exactnorm.flow import Endpoints, RestPoint, Share
from exactnorm.tables import at_least, at_most, limit

Columns = dict[str, list[Any]]

ENDS = {
    "training point": ("circle", SKY, "blank"),
    "virtual training point": ("diamond", ORANGE, "diagonal_cross"),
    "boundary": ("cross", GREEN, "horizontal_line"),
    "interior": ("x", PURPLE, "dot"),
    "outside": ("inverted_triangle", VERMILION, "right_diagonal_line"),
    "other": ("triangle", VERMILION, "left_diagonal_line"),
    "none": ("asterisk", GREY, "vertical_line"),
}
"""Marker, colour and hatching of each kind of endpoint: no two kinds are told apart by colour alone."""
SPOT = 0.01
"""Share of the picture's width within which labels would lie upon each other."""
LONGEST = 12
"""Letters that one label has for several names; of more, it has the first one."""
STABLE = {True: "stable", False: "unstable", None: "neutral"}
STANDINGS = {
    "proved": "proved: a closed form whose hypotheses hold",
    "computed": "computed: the program, recomputed from arrays",
    "formulas": "formulas for now: no program has answered",
}


def layers(picture: Picture) -> dict[str, Columns]:
    """Every layer of a picture."""
    return {
        "points": points(picture),
        "offending": offending(picture),
        "field": field(picture),
        "kinks": kinks(picture.kinks),
        "outline": {"x": picture.outline[:, 0].tolist(), "y": picture.outline[:, 1].tolist()},
        "stable": rest(picture, stable=True),
        "unstable": rest(picture, stable=False),
        "neutral": rest(picture, stable=None),
        **ways(picture),
    }


def points(picture: Picture) -> Columns:
    """Clean points, their balls and their rows."""
    x, y = picture.places.T.tolist()
    names = once([str(n) for n in range(len(x))], picture.places, picture)
    return {"x": x, "y": y, "name": names, "rho": [picture.view.rho] * len(x)}


def once(names: list[str], places: Array, picture: Picture) -> list[str]:
    """Names (m) for places (m, 2) of which some fall on one spot of the picture: there one label has several names.

    In more than two dimensions points, and sums of points, lie behind each other.
    """
    spots: dict[tuple[float, ...], list[int]] = {}
    for n, place in enumerate(np.round(places / ((picture.box[1] - picture.box[0]) * SPOT)).tolist()):
        if names[n]:
            spots.setdefault(tuple(place), []).append(n)
    shown = [""] * len(names)
    for rows in spots.values():
        first, *others = sorted((names[n] for n in rows), key=len)
        whole = ", ".join((first, *others))
        shown[rows[0]] = whole if len(whole) <= LONGEST or not others else f"{first} and {len(others)} more"
    return shown


def offending(picture: Picture) -> Columns:
    """The balls that leave no network, and the lines between their centres."""
    rows = () if picture.obstacle is None else picture.obstacle.offending
    x, y = picture.places[list(rows)].T.tolist() if rows else ([], [])
    return {"x": x, "y": y, "rho": [picture.view.rho] * len(rows)}


def field(picture: Picture) -> Columns:
    """Arrows along h(y) − y: their lengths in proportion, the longest as long as 1.6 steps of the grid."""
    length = np.linalg.norm(picture.move, axis=1)
    step = (picture.box[1] - picture.box[0]) / ARROWS
    longest = float(length.max(initial=0.0))
    to = picture.grid + picture.move * (1.6 * step / longest if longest > 0 else 0.0)
    angle = np.arctan2(picture.move[:, 1], picture.move[:, 0]) - math.pi / 2  # a triangle points upwards
    kept = length > 1e-9 * longest
    table = np.column_stack([picture.grid, to, angle])[kept].T.tolist()
    return dict(zip(("x0", "y0", "x1", "y1", "angle"), table or [[]] * 5, strict=True))


def kinks(lines: Array) -> Columns:
    """Segments."""
    x0, y0, x1, y1 = lines.reshape(-1, 4).T.tolist() if len(lines) else ([], [], [], [])
    return {"x0": x0, "y0": y0, "x1": x1, "y1": y1}


def rest(picture: Picture, *, stable: bool | None) -> Columns:
    """Rest points of one kind, with what they are."""
    found = [one for one in picture.rest or () if one.stable is stable]
    places = picture.frame.coordinates(np.array([one.position for one in found])) if found else np.zeros((0, 2))
    names = [name_of(one, picture.view.points) for one in found]
    return {
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "name": once([name if name.startswith("{") else "" for name in names], places, picture),
        "what": [f"{STABLE[stable]} rest point: {name}" for name in names],
    }


def name_of(one: RestPoint, points: Array) -> str:
    """A rest point in words: a virtual training point by the rows that it is the sum of."""
    if one.kind == "virtual training point":
        return sum_name(seen_from(points, one.members, one.position), one.members)
    if one.kind == "training point":
        return f"training point {one.members[0]}"
    found = sum_of(points, one.position) if one.kind == "other" and one.stable else None
    return one.kind if found is None else sum_name(*found)


def ways(picture: Picture) -> dict[str, Columns]:
    """Trajectories as lines, their starts, and their endpoints by kind."""
    found = picture.ways
    if found is None:
        empty: Columns = {"x": [], "y": []}
        return {
            "ways": {"xs": [], "ys": [], "width": []},
            "starts": empty,
            "ends": {"x": [], "y": [], "marker": [], "colour": [], "what": []},
        }
    # Nine digits of the picture's width, whatever the unit of the points.
    places = np.round(found.places, 9 - math.floor(math.log10(picture.box[1] - picture.box[0])))
    finite = np.isfinite(places).all(axis=(0, 2))
    places, kinds = places[:, finite], found.ends.kind[finite]
    width = np.where(np.flatnonzero(finite) < found.clicked, 2.5, 1.0)
    marks = [ENDS[kind] for kind in kinds.tolist()]
    return {
        "ways": {"xs": places[..., 0].T.tolist(), "ys": places[..., 1].T.tolist(), "width": width.tolist()},
        "starts": {"x": places[0, :, 0].tolist(), "y": places[0, :, 1].tolist()},
        "ends": {
            "x": places[-1, :, 0].tolist(),
            "y": places[-1, :, 1].tolist(),
            "marker": [marker for marker, _, _ in marks],
            "colour": [colour for _, colour, _ in marks],
            "what": kinds.tolist(),
        },
    }


def shares(ends: Endpoints | None) -> Columns:
    """Shares of endpoints with their 95 % intervals; kinds that do not occur are left out."""
    found: dict[str, Share] = {} if ends is None else {k: s for k, s in ends.shares().items() if s.count}
    return {
        "kind": list(found),
        "share": [one.share for one in found.values()],
        "low": [one.low for one in found.values()],
        "high": [one.high for one in found.values()],
        "count": [f"{one.count} of {one.total}" for one in found.values()],
        "marker": [ENDS[kind][0] for kind in found],
        "colour": [ENDS[kind][1] for kind in found],
        "hatch": [ENDS[kind][2] for kind in found],
    }


def readout(picture: Picture, bracket: str = "") -> str:
    """What a picture says in numbers, as HTML; `bracket` says what the program knows by now."""
    if picture.obstacle is not None:
        one = picture.obstacle
        return (
            f"<p class='cost'>no denoiser at ρ = {picture.view.rho:.4g}</p>"
            f"<p>The largest radius is <b>{limit(one.largest)}</b>: {escape(one.sentence)}.</p>"
        )
    found = picture.known
    if found is None:
        return ""
    said = [cost(found), f"<p>{escape(STANDINGS[found.standing])}. {escape(found.words)}</p>"]
    if bracket:
        said.insert(1, f"<p class='live'>{escape(bracket)}</p>")
    if picture.rest is not None:
        stable, unstable = (sum(one.stable is kind for one in picture.rest) for kind in (True, False))
        neutral = len(picture.rest) - stable - unstable
        stable_ones = [name_of(one, picture.view.points) for one in picture.rest if one.stable]
        virtual = [name for name in stable_ones if name.startswith("{")]
        named = f"; stable virtual training points: {', '.join(virtual)}" if virtual else ""
        more = f", {neutral} neutral" if neutral else ""
        said.append(f"<p>{stable} stable rest points, {unstable} unstable{more}{named}.</p>")
    notes = [picture.note, "" if picture.ways is None else picture.ways.note]
    said += [f"<p>{escape(note)}</p>" for note in notes if note]
    return "".join(said)


def narrowing(found: Known, lower: float, upper: float, phase: str, seconds: float) -> str:
    """What the program knows by now in words: never less than formulas knew at once."""
    lower, upper = max(lower, found.lower), min(upper, found.upper)
    return f"program: {lower:.6g} ≤ least cost ≤ {upper:.6g} after {seconds:.1f} s; {phase.removeprefix('starting: ')}"


def cost(found: Known) -> str:
    """The cost of the network, and the lower bound."""
    upper = at_least(found.upper) if math.isfinite(found.upper) else "not known yet"
    return f"<p class='cost'>cost <b>{upper}</b> &nbsp; lower bound <b>{at_most(found.lower)}</b></p>"
