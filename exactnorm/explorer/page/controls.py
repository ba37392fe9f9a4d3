"""The controls around the picture: each is reached by Tab and moved by the keyboard."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from bokeh.layouts import column, row
from bokeh.models import (
    Button,
    Div,
    FileInput,
    InlineStyleSheet,
    PrintfTickFormatter,
    Select,
    Slider,
    Spinner,
    TextAreaInput,
    TextInput,
    Toggle,
)

from exactnorm import problems
from exactnorm.explorer.page.template import FOCUS, TOLD
from exactnorm.explorer.view import FLOWS, MOST_STARTS, View
from exactnorm.flow.schedule import SCHEDULES

LAST = {"ve": 4.0, "edm": 2.0, "vp": 1.0, "cosine": 0.99}
"""Where the slider of T ends; the T of a link may lie beyond."""
FINEST = 1e-15
"""The finest step of a number on the page; Bokeh takes none that is much finer."""
HEADERS = [("", "looked at"), ("--header", "--header"), ("--no-header", "--no-header")]


@dataclass(frozen=True, eq=False)
class Controls:
    """The widgets that a window listens to."""

    preset: Any
    rho: Any
    flow: Any
    alpha: Any
    T: Any
    schedule: Any
    cloud: Any
    seed: Any
    basins: Any
    undo: Any
    fit: Any
    point: Any
    x: Any
    y: Any
    add: Any
    remove: Any
    start: Any
    clear: Any
    text: Any
    columns: Any
    header: Any
    use: Any
    file: Any
    svg: Any
    png: Any
    csv: Any
    npz: Any
    python: Any
    readout: Any
    message: Any


def controls() -> Controls:
    """All widgets, as yet without a view."""
    wide = {"sizing_mode": "stretch_width"}
    digits = PrintfTickFormatter(format="%.4g")  # of a set of any size
    names = [problem.name for problem in problems.listing()]
    widgets = Controls(
        preset=Select(title="preset", value="", options=[("", "own points"), *((n, n) for n in names)], **wide),
        rho=Slider(title="noise radius ρ", start=0, end=1, value=0.1, step=0.001, format=digits, **wide),
        flow=Select(title="flow", value="score", options=list(FLOWS), **wide),
        alpha=Slider(title="α: ball radius ρ = α·σ", start=0.01, end=0.5, value=0.1, step=0.01, **wide),
        T=Slider(title="T: where the probability flow begins", start=0.01, end=4, value=1, step=0.01, **wide),
        schedule=Select(title="schedule", value="ve", options=list(SCHEDULES), **wide),
        cloud=Slider(title="starts in the cloud", start=0, end=MOST_STARTS, value=60, step=10, **wide),
        seed=Spinner(title="seed", low=0, high=10**6, value=0, step=1, **wide),
        basins=Toggle(label="basins of the score flow"),
        undo=Button(label="undo", disabled=True),
        fit=Button(label="fit"),
        point=Select(title="point", value="0", options=["0"], **wide),
        x=Spinner(title="x", value=0, step=0.05, **wide),
        y=Spinner(title="y", value=0, step=0.05, **wide),
        add=Button(label="add a point at x, y"),
        remove=Button(label="remove the point"),
        start=Button(label="start a flow at x, y"),
        clear=Button(label="clear starts"),
        text=TextAreaInput(title="points, one a row, in any dialect", rows=4, max_length=20_000, **wide),
        columns=TextInput(title="--columns", placeholder="2-3", **wide),
        header=Select(title="first line", value="", options=HEADERS, **wide),
        use=Button(label="use these points", button_type="primary"),
        file=FileInput(accept=".csv,.tsv,.txt", title="or a file (at most 1 MB)", **wide),
        svg=Button(label="SVG"),
        png=Button(label="PNG"),
        csv=Button(label="points .csv"),
        npz=Button(label="denoiser .npz"),
        python=Button(label="Python"),
        readout=Div(text="", **wide),
        message=Div(text="", **wide),
    )  # fmt: skip
    focus = [InlineStyleSheet(css=FOCUS)]
    for one in fields(widgets):
        getattr(widgets, one.name).update(name=one.name, stylesheets=focus)
    return widgets


def show(widgets: Controls, view: View, separation: float) -> None:
    """Set every widget to a view."""
    top = max(0.75 * separation, view.rho) or 1.0
    widgets.rho.update(end=top, step=top / 500, value=view.rho)
    widgets.alpha.update(end=max(0.5, view.alpha), value=view.alpha)
    widgets.T.update(end=max(LAST[view.schedule], view.T), value=view.T)
    for name in ("flow", "schedule", "cloud", "seed"):
        getattr(widgets, name).value = getattr(view, name)
    widgets.preset.value = view.problem
    for name in ("alpha", "T", "schedule"):
        getattr(widgets, name).disabled = view.flow == "score"
    show_points(widgets, view, separation)


def show_points(widgets: Controls, view: View, separation: float) -> None:
    """Set the widgets that move points, by about a twentieth of the smallest distance at a time."""
    widgets.x.step = widgets.y.step = max(float(f"{separation / 20:.0e}"), FINEST) if separation > 0 else 0.05
    rows = [str(n) for n in range(len(view.points))]
    chosen = widgets.point.value if widgets.point.value in rows else "0"
    widgets.point.update(options=rows, value=chosen, disabled=not view.movable)
    if view.movable:
        x, y = view.points[int(chosen)].tolist()
        widgets.x.value, widgets.y.value = x, y
    for name in ("add", "remove"):
        getattr(widgets, name).disabled = not view.movable


def layout(widgets: Controls, plot: Any, bars: Any) -> tuple[Any, Any]:
    """Picture and numbers on one side, controls on the other; below each other where there is no room."""
    w = widgets
    wrap = {"flex-wrap": "wrap", "gap": "6px"}

    def beside(*parts: Any) -> Any:
        return row(*parts, styles=wrap, sizing_mode="stretch_width")

    told = [InlineStyleSheet(css=TOLD)]
    w.readout.stylesheets = w.message.stylesheets = told

    def block(title: str, *parts: Any) -> Any:
        head = Div(text=f"<h2>{title}</h2>", sizing_mode="stretch_width", stylesheets=told)
        return column(head, *parts, sizing_mode="stretch_width", styles={"gap": "2px"})

    left = column(w.message, plot, w.readout, bars, sizing_mode="stretch_width", css_classes=["picture"])
    right = column(
        block("Points and radius", w.preset, w.rho, beside(w.undo, w.fit, w.basins)),
        block("Flow", w.flow, w.cloud, w.seed, beside(w.clear), w.alpha, w.T, w.schedule),
        block("By the keyboard", beside(w.point), beside(w.x, w.y), beside(w.add, w.remove, w.start)),
        block("Own points", w.text, beside(w.columns, w.header), w.use, w.file),
        block("Download", beside(w.svg, w.png, w.csv, w.npz, w.python)),
        sizing_mode="stretch_width",
        css_classes=["controls"],
    )
    return left, right
