"""A page that needs no server: pictures at several radii, computed beforehand, and a slider between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from bokeh.document import Document
from bokeh.embed import file_html
from bokeh.layouts import column
from bokeh.models import CustomJS, Div, InlineStyleSheet, Slider
from bokeh.resources import INLINE

from exactnorm import CertifiedDenoiser, TrainingSet, min_norm_denoiser
from exactnorm.explorer import columns
from exactnorm.explorer.flows import NoFlowError, closed_family, probability_ways, solved_family
from exactnorm.explorer.known import largest_radius
from exactnorm.explorer.page import scripts
from exactnorm.explorer.page.drawing import drawing
from exactnorm.explorer.page.template import PAGE, TALK, TOLD
from exactnorm.explorer.picture import Picture, at_once, with_rest, with_ways
from exactnorm.explorer.plane import plane_of, window
from exactnorm.explorer.view import View

STEPS = 16
"""Radii of the slider."""


def radii(view: View) -> list[float]:
    """Radii from small to just above the largest, the view's own among them."""
    largest = largest_radius(view.points)
    steps = largest * np.append(np.linspace(0.05, 0.97, STEPS - 1), 1.02)
    # Of four digits, as the slider's title has them: the cost beside it is that of the radius that is read.
    return sorted({*(float(f"{step:.4g}") for step in steps), view.rho})


def export(
    file: str | PathLike[str],
    view: View,
    denoiser: CertifiedDenoiser | None = None,
    hear: Callable[[int, int], None] = lambda *_: None,
) -> None:
    """Write the page; `hear` is told how many of how many radii are done.

    Parameters
    ----------
    file : path
    view : View
    denoiser : CertifiedDenoiser, optional
        Of the view; what else is needed is solved for.
    hear : callable
    """
    box = window(plane_of(view.points).coordinates(view.points), view.rho)
    frames: list[dict[str, Any]] = []
    asked = radii(view)
    near = None
    for n, rho in enumerate(asked):
        given = denoiser if denoiser is not None and rho == view.rho else None
        picture, near = _solved(replace(view, rho=rho), box, given, near)
        frames.append(_frame(picture))
        hear(n + 1, len(asked))
    Path(file).write_text(_page(frames, asked.index(view.rho), box), encoding="utf-8")


def _solved(
    view: View, box: tuple[float, float, float, float], given: CertifiedDenoiser | None, near: CertifiedDenoiser | None
) -> tuple[Picture, CertifiedDenoiser | None]:
    """The picture of the minimum-norm denoiser with its flows, and that denoiser."""
    picture = at_once(view, given, box)
    if picture.known is not None and picture.known.standing == "formulas":
        near = min_norm_denoiser(TrainingSet(view.points, view.rho), method="program", near=near)
        picture = at_once(view, near, box)
    picture = with_ways(with_rest(picture))
    if view.flow == "probability" and picture.ways is None and picture.known is not None:
        try:
            family = closed_family(view) or solved_family(view, lambda _: None)
            picture = replace(picture, ways=probability_ways(view, picture.frame, family))
        except NoFlowError as reason:
            picture = replace(picture, note=str(reason))
    return picture, near


def _frame(picture: Picture) -> dict[str, Any]:
    layers: dict[str, Any] = columns.layers(picture)
    layers["shares"] = columns.shares(None if picture.ways is None else picture.ways.cloud)
    return {"layers": layers, "readout": columns.readout(picture), "title": f"noise radius ρ = {picture.view.rho:.4g}"}


def _page(frames: list[dict[str, Any]], first: int, box: tuple[float, float, float, float]) -> str:
    shown = drawing()
    shown.draw.drag = False
    shown.fit(box)
    slider = Slider(
        title=escape(frames[first]["title"]), start=0, end=len(frames) - 1, step=1, value=first, show_value=False,
        sizing_mode="stretch_width", name="rho",
    )  # fmt: skip
    told = InlineStyleSheet(css=TOLD)
    readout = Div(text=frames[first]["readout"], sizing_mode="stretch_width", stylesheets=[told], name="readout")
    for name, table in frames[first]["layers"].items():
        shown.sources[name].data = table
    shown.bars.y_range.factors = frames[first]["layers"]["shares"]["kind"][::-1]
    names = {"frames": frames, "sources": shown.sources, "bars": shown.bars, "readout": readout, "slider": slider}
    slider.js_on_change("value", CustomJS(args=names, code=scripts.FRAME))
    left = column(shown.plot, shown.bars, sizing_mode="stretch_width", name="left")
    right = column(slider, readout, sizing_mode="stretch_width", name="right")
    document = Document()
    for root in (left, right):
        document.add_root(root)
    document.js_on_event("document_ready", shown.named())
    variables = {"hint": TALK, "sockets": ""}
    return str(file_html(document, INLINE, "exactnorm explorer", template=PAGE, template_variables=variables))
