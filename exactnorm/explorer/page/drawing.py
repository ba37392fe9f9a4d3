"""The picture and the bars beside it as Bokeh figures over columns; nothing is computed here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, CustomJS, FactorRange, HoverTool, LinearColorMapper, PointDrawTool, Range1d
from bokeh.plotting import figure

from exactnorm.arrays import Array
from exactnorm.colours import BLUE, GREEN, GREY, LIGHT, ORANGE, VERMILION
from exactnorm.explorer import columns
from exactnorm.explorer.coloured import OF_BASINS, basin_layers
from exactnorm.explorer.page import scripts
from exactnorm.explorer.picture import Picture
from exactnorm.flow import Basins

EMPTY: dict[str, tuple[str, ...]] = {
    "basins": ("image", "x", "y", "dw", "dh"),
    "borders": ("x0", "y0", "x1", "y1"),
    "field": ("x0", "y0", "x1", "y1", "angle"),
    "kinks": ("x0", "y0", "x1", "y1"),
    "outline": ("x", "y"),
    "offending": ("x", "y", "rho"),
    "ways": ("xs", "ys", "width"),
    "starts": ("x", "y"),
    "stable": ("x", "y", "name", "what"),
    "unstable": ("x", "y", "name", "what"),
    "neutral": ("x", "y", "name", "what"),
    "ends": ("x", "y", "marker", "colour", "what"),
    "points": ("x", "y", "name", "rho"),
    "limits": ("x", "y", "name"),
    "shares": ("kind", "share", "low", "high", "count", "marker", "colour", "hatch"),
}
"""The layers from the lowest to the highest, and their columns."""


PICTURED = (
    "picture of the points with their field, balls and flows; what can be said of it in words stands below",
    "bars: where the flows of the cloud end, with 95 % intervals",
)
"""What a screen reader says of both figures."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """The figures and the columns that they draw."""

    plot: Any
    bars: Any
    sources: dict[str, Any]
    draw: Any
    hover: Any
    shown: dict[str, columns.Columns] = field(default_factory=dict)

    def show(self, picture: Picture, *, points: bool = True) -> None:
        """Draw a picture, in one go; without `points` these stay where they are."""
        with self.plot.hold(render=True):
            for name, table in columns.layers(picture).items():
                # Points the browser moves by itself, and may be moving again; only what changes is sent.
                if (points and not self._held(table)) if name == "points" else self.shown.get(name) != table:
                    self._send(name, table)
        self._show_shares(picture)

    def _held(self, table: columns.Columns) -> bool:
        """Whether the browser has these points already, as it has told."""
        there = self.sources["points"].data
        return set(there) == set(table) and all(list(there[name]) == table[name] for name in table)

    def _send(self, name: str, table: columns.Columns) -> None:
        self.sources[name].data = self.shown[name] = table

    def _show_shares(self, picture: Picture) -> None:
        table = columns.shares(None if picture.ways is None else picture.ways.cloud)
        if self.shown.get("shares") != table:
            self.bars.y_range.factors = table["kind"][::-1]
            self._send("shares", table)

    def show_basins(self, found: Basins | None, box: tuple[float, float, float, float], points: Array) -> None:
        """Colour the picture by where the score flow ends; None takes the colours away."""
        for name, table in basin_layers(found, box, points).items():
            if found is not None or self.shown.get(name) != table:
                self._send(name, table)

    def named(self) -> CustomJS:
        """What gives names to all that Tab reaches, once the page is there."""
        pictures = list(zip((self.plot, self.bars), PICTURED, strict=True))
        return CustomJS(args={"pictures": pictures}, code=scripts.NAMED)

    def fit(self, box: tuple[float, float, float, float]) -> None:
        """Show this part of the plane."""
        times = len(self.plot.y_range.tags) and self.plot.y_range.tags[2] + 1
        for axis, low, high in ((self.plot.x_range, *box[:2]), (self.plot.y_range, *box[2:])):
            # The browser makes room around it; the count tells it of a box that it has been told of before.
            axis.tags = [low, high, times]


def drawing() -> Drawing:
    """An empty picture."""
    sources = {name: ColumnDataSource({key: [] for key in keys}, name=f"layer-{name}") for name, keys in EMPTY.items()}
    plot = figure(
        name="plot",
        x_range=Range1d(-1, 1),
        y_range=Range1d(-1, 1),
        aspect_ratio=1,
        sizing_mode="scale_width",
        min_width=280,
        max_width=760,
        tools="wheel_zoom,reset",
        toolbar_location="above",
    )
    plot.toolbar.logo = None
    plot.grid.grid_line_alpha = 0.3
    points, resting = _layers(plot, sources)
    hover = HoverTool(renderers=resting, tooltips="@what", visible=False, name="hover")
    draw = PointDrawTool(renderers=[points], add=False)
    plot.add_tools(draw, hover)
    scale = CustomJS(args={"plot": plot}, code=scripts.SCALE)
    for model, name in ((plot, "inner_width"), (plot, "inner_height"), (plot.y_range, "tags")):
        model.js_on_change(name, scale)
    plot.js_on_event("mouseenter", scale)
    plot.toolbar.active_tap = plot.toolbar.active_drag = draw
    return Drawing(plot, _bars(sources["shares"]), sources, draw, hover)


def _layers(plot: Any, sources: dict[str, Any]) -> tuple[Any, list[Any]]:
    """Draw the layers; the points that can be taken hold of, and the rest points, which say what they are."""
    _denoiser(plot, sources)
    resting = _rest_points(plot, sources)
    plot.scatter(
        "x",
        "y",
        marker="marker",
        source=sources["ends"],
        size=9,
        fill_color="colour",
        line_color="colour",
        line_width=2,
    )
    plot.scatter("x", "y", source=sources["points"], size=9, color="black", nonselection_alpha=1)
    # What is taken hold of is larger than what is seen: a finger is wide.
    points = plot.scatter("x", "y", source=sources["points"], size=30, alpha=0, nonselection_alpha=0)
    _names(plot, sources)
    legend = plot.legend[0]
    legend.update(
        label_text_font_size="11px", padding=2, spacing=8, glyph_height=14, border_line_alpha=0, margin=2, ncols=3
    )
    plot.add_layout(legend, "below")
    return points, resting


def _denoiser(plot: Any, sources: dict[str, Any]) -> None:
    """What lies below: basins, field, kinks, balls, and the ways through them."""
    colours = LinearColorMapper(palette=list(OF_BASINS), low=-0.5, high=7.5, low_color="rgba(255,255,255,0)")
    plot.image("image", "x", "y", "dw", "dh", source=sources["basins"], color_mapper=colours, global_alpha=0.4)
    plot.segment("x0", "y0", "x1", "y1", source=sources["borders"], line_color="black", line_width=1)
    arrow = {"line_color": LIGHT, "line_width": 1.5}
    plot.segment("x0", "y0", "x1", "y1", source=sources["field"], **arrow)
    plot.scatter("x1", "y1", angle="angle", source=sources["field"], marker="triangle", size=6, color=LIGHT)
    plot.segment("x0", "y0", "x1", "y1", source=sources["kinks"], line_color=GREY, line_width=1, legend_label="kinks")
    plot.line("x", "y", source=sources["outline"], line_color="black", line_dash="dashed")
    plot.circle(
        "x", "y", radius="rho", source=sources["points"], fill_color=ORANGE, fill_alpha=0.35, line_color=VERMILION,
        legend_label="noise balls", nonselection_fill_alpha=0.35, nonselection_line_alpha=1,
    )  # fmt: skip
    plot.circle("x", "y", radius="rho", source=sources["offending"], fill_alpha=0, line_color="black", line_width=4)
    plot.line("x", "y", source=sources["offending"], line_color="black", line_width=4, line_dash="dotted")
    plot.multi_line("xs", "ys", source=sources["ways"], line_color=BLUE, line_width="width", line_alpha=0.6)
    plot.scatter("x", "y", source=sources["starts"], marker="dot", size=9, color=GREY)


def _rest_points(plot: Any, sources: dict[str, Any]) -> list[Any]:
    resting = []
    for name, marker, face in (
        ("stable", "circle", GREEN),
        ("unstable", "circle", "white"),
        ("neutral", "diamond", "white"),
    ):
        size = 17 if name == "stable" else 8
        shown = plot.scatter(
            "x", "y", source=sources[name], marker=marker, size=size, fill_color=face, line_color=GREEN, line_width=2,
            **({} if name == "neutral" else {"legend_label": f"at rest, {name}"}),
        )  # fmt: skip
        resting.append(shown)
    return resting


def _names(plot: Any, sources: dict[str, Any]) -> None:
    plot.text(
        "x", "y", text="name", source=sources["points"], x_offset=8, y_offset=-6, text_font_size="13px",
        nonselection_text_alpha=1,
    )  # fmt: skip
    plot.text(
        "x", "y", text="name", source=sources["stable"], x_offset=10, y_offset=18, text_font_size="13px",
        text_color="#005f46", text_font_style="bold",
    )  # fmt: skip
    plot.text(
        "x", "y", text="name", source=sources["limits"], text_align="center", text_baseline="middle",
        text_font_size="12px", background_fill_color="white", background_fill_alpha=0.75, padding=2,
    )  # fmt: skip


def _bars(source: Any) -> Any:
    bars = figure(
        name="bars",
        x_range=Range1d(-0.09, 1.22),
        y_range=FactorRange(),
        height=190,
        sizing_mode="stretch_width",
        min_width=280,
        max_width=760,
        tools="",
        toolbar_location=None,
        title="where the cloud ends",
        x_axis_label="share, with 95 % interval",
    )
    bars.hbar(
        y="kind", right="share", source=source, height=0.55, fill_color="colour", fill_alpha=0.7, line_color=GREY,
        hatch_pattern="hatch", hatch_color="black", hatch_alpha=0.5, hatch_scale=8,
    )  # fmt: skip
    # The markers of the picture: the bars are its legend.
    mark = {"fill_color": "colour", "line_color": "black", "size": 9}
    bars.scatter(-0.045, "kind", source=source, marker="marker", **mark)
    bars.segment("low", "kind", "high", "kind", source=source, line_color="black", line_width=2)
    bars.scatter("low", "kind", source=source, marker="dash", angle=np.pi / 2, size=10, color="black")
    bars.scatter("high", "kind", source=source, marker="dash", angle=np.pi / 2, size=10, color="black")
    bars.text("high", "kind", text="count", source=source, x_offset=8, text_baseline="middle", text_font_size="11px")
    bars.grid.grid_line_alpha = 0.3
    return bars
