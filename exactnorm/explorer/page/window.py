"""One window of the explorer: what is looked at, what was looked at before, and who is asked for what."""

from __future__ import annotations

import base64
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, CustomJS, Div, InlineStyleSheet

from exactnorm import CertifiedDenoiser, TrainingSet, save
from exactnorm.arrays import Array
from exactnorm.explorer import columns
from exactnorm.explorer.flows import RADII
from exactnorm.explorer.known import largest_radius
from exactnorm.explorer.messages import Answer
from exactnorm.explorer.page import controls, scripts
from exactnorm.explorer.page.drawing import drawing
from exactnorm.explorer.page.template import HINT, PAGE, TOLD
from exactnorm.explorer.picture import Picture, at_once
from exactnorm.explorer.plane import plane_of
from exactnorm.explorer.plane import window as around
from exactnorm.explorer.script import script
from exactnorm.explorer.solver import Solver
from exactnorm.explorer.view import MOVABLE, View, link, of_problem
from exactnorm.reading.mistakes import BadInput
from exactnorm.reading.text import table_of
from exactnorm.training_set import closest_pair

UNDONE = 100
"""Views that can be gone back to."""
PAUSE = 40
"""Milliseconds in which what a slider says is gathered to one picture."""
LARGEST_TEXT = 2**20
"""Bytes of a table that is pasted or uploaded."""
USUAL = 0.3
"""Share of the largest radius that points without one are given."""


class Window:
    """The document of one window, with a worker process of its own.

    Parameters
    ----------
    document : bokeh Document
    view : View
    denoiser : CertifiedDenoiser, optional
        Of the view, when it is known already.
    timed : callable
        Handed the seconds that each picture of a drag took.
    """

    def __init__(
        self,
        document: Any,
        view: View,
        denoiser: CertifiedDenoiser | None = None,
        sockets: str = "",
        timed: Callable[[float], None] = lambda _: None,
    ) -> None:
        self.document, self.view, self.given, self.timed = document, view, denoiser, timed
        self.before: list[View] = []
        self.picture: Picture | None = None
        self.dragged_from: View | None = None
        self.showing = self.flowing = self.waiting = self.sliding = self.closed = False
        self.asked = 0
        self.box = around(plane_of(view.points).coordinates(view.points), view.rho)
        self.solver = Solver(self._pass_on)
        self.drawing = drawing()
        self.widgets = controls.controls()
        self.drag = ColumnDataSource({"x": [], "y": [], "count": []}, name="drag")
        self.answered = ColumnDataSource({"count": [0]}, name="answered")
        self.file = ColumnDataSource({"name": [""], "mime": [""], "base64": [""]}, name="taken")
        self.query = ColumnDataSource({"query": [""]}, name="query")
        self._wire()
        self._lay_out(sockets)
        self.solver.warm_up()
        self.look_at(view, fit=True)

    # What is looked at.

    def look_at(self, view: View, *, fit: bool = False, remember: bool = False) -> None:
        """Show a view: by formulas at once, and what the worker finds when it comes."""
        if remember:
            self.before = [*self.before[-UNDONE + 1 :], self.dragged_from or self.view]
        self.dragged_from = None
        self.view = view
        if fit:
            self.box = around(plane_of(view.points).coordinates(view.points), view.rho)
            self.drawing.fit(self.box)
        given = self.given if self.given is not None and self._is_given(view) else None
        self._show(at_once(view, given, self.box))
        self._show_controls()
        self.drawing.show_basins(None, self.box)
        self.query.data = {"query": [link(view)]}
        self.asked = self.solver.ask("picture", (view, given, self.box))
        self.waiting = True
        self.flowing = False

    def _is_given(self, view: View) -> bool:
        train = self.given.train if self.given is not None else None
        return train is not None and np.array_equal(train.points, view.points) and train.rho == view.rho

    def _moving(self, view: View, *, points: bool) -> None:
        """Show a view on the way: formulas now, and a few flows as soon as they are followed."""
        if self.dragged_from is None:
            self.dragged_from = self.view
        self.view = view
        begun = time.perf_counter()
        self._show(at_once(view, None, self.box), points=points, ways=False)
        self.timed(time.perf_counter() - begun)
        self.waiting = False
        if not self.flowing:
            self.flowing = True
            self.asked = self.solver.ask("ways", (view, None, self.box))

    def _show(self, picture: Picture, *, points: bool = True, ways: bool = True) -> None:
        self.picture = picture
        self.showing = True
        self.drawing.show(picture, points=points, ways=ways)
        self.showing = False
        self.widgets.readout.text = columns.readout(picture)

    def _show_controls(self) -> None:
        self.showing = True
        separation = closest_pair(self.view.points)[2]
        controls.show(self.widgets, self.view, separation)
        self.widgets.undo.disabled = not self.before
        self.drawing.draw.drag = self.view.movable
        self.showing = False

    def say(self, text: str, *, wrong: bool = False) -> None:
        """Say something above the picture."""
        kind = "wrong" if wrong else "said"
        role = "alert" if wrong else "status"
        self.widgets.message.text = f"<p class='{kind}' role='{role}'>{escape(text)}</p>" if text else ""

    def change(self, *, fit: bool = False, **parts: Any) -> None:
        """Look at the view with some parts changed; a mistake is said, and changes nothing."""
        try:
            view = replace(self.view, **parts)
        except ValueError as mistake:
            self.say(str(mistake), wrong=True)
            self._show_controls()
            return
        self.say("")
        self.look_at(view, fit=fit, remember=True)

    # What the worker answers.

    def _pass_on(self, answer: Answer) -> None:
        if not self.closed:
            self.document.add_next_tick_callback(partial(self.hear, answer))

    def hear(self, answer: Answer) -> None:
        """Show what the worker found, unless it is of a view that is no longer looked at."""
        if answer.number != self.asked:
            return
        if answer.kind == "picture" and self.flowing:
            self.flowing = False
            self.drawing.show_ways(answer.content)
        elif answer.kind == "picture":
            self._show(answer.content, points=False)
        elif answer.kind == "bracket" and self.picture is not None:
            lower, upper, phase, seconds = answer.content
            phase = phase.removeprefix("starting: ")
            self.widgets.readout.text = columns.readout(
                self.picture, f"program: {lower:.6g} ≤ least cost ≤ {upper:.6g} after {seconds:.1f} s; {phase}"
            )
        elif answer.kind == "basins":
            self.drawing.show_basins(*answer.content)
        elif answer.kind == "failed":
            self.flowing = False
            self.say(answer.content, wrong=True)
        elif answer.kind == "done" and self.waiting:
            self.waiting = False
            self._colour()

    def _colour(self) -> None:
        """Ask for basins if they are wanted and nothing else is under way."""
        if not self.widgets.basins.active:
            self.drawing.show_basins(None, self.box)
        elif self.picture is not None and not self.waiting and self.picture.known is not None:
            self.asked = self.solver.ask("basins", self.picture)

    # What the user does.

    def _wire(self) -> None:
        w, d = self.widgets, self.drawing
        for name in ("flow", "schedule"):
            getattr(w, name).on_change("value", self._unless_showing(partial(self._choose, name)))
        for name in ("rho", "alpha", "T", "cloud"):
            slider = getattr(w, name)
            slider.on_change("value", self._unless_showing(lambda _: self._slide()))
            slider.on_change("value_throttled", self._unless_showing(partial(self._set, name)))
        w.seed.on_change("value", self._unless_showing(lambda new: self._set("seed", new)))
        w.preset.on_change("value", self._unless_showing(self._preset))
        w.point.on_change("value", self._unless_showing(lambda _: self._show_controls()))
        for name in ("x", "y"):
            getattr(w, name).on_change("value", self._unless_showing(lambda _: self._move()))
        w.undo.on_click(self._undo)
        w.fit.on_click(lambda: self.look_at(self.view, fit=True))
        w.basins.on_change("active", lambda _, __, ___: self._colour())
        w.add.on_click(self._add)
        w.remove.on_click(self._remove)
        w.start.on_click(lambda: self._start(w.x.value, w.y.value))
        w.clear.on_click(lambda: self.change(clicked=np.zeros((0, 2))))
        w.use.on_click(lambda: self._use(w.text.value.encode(), "points"))
        # The name of a file comes after what is in it, in the same message.
        w.file.on_change("value", lambda _, __, new: self.document.add_next_tick_callback(partial(self._upload, new)))
        d.plot.on_event(Tap, lambda event: self._start(event.x, event.y))
        for name, make in (("csv", self._csv), ("npz", self._npz), ("python", self._python)):
            getattr(w, name).on_click(partial(self._download, make))
        self._wire_browser()

    def _wire_browser(self) -> None:
        w, points = self.widgets, self.drawing.sources["points"]
        plot = self.drawing.plot
        for event, code in (("panstart", scripts.BEGIN), ("pan", scripts.DRAG), ("panend", scripts.DROP)):
            plot.js_on_event(event, CustomJS(args={"points": points, "drag": self.drag}, code=code))
        self.answered.js_on_change("data", CustomJS(args={"drag": self.drag}, code=scripts.ANSWERED))
        self.file.js_on_change("data", CustomJS(args={"file": self.file}, code=scripts.SAVE))
        self.query.js_on_change("data", CustomJS(args={"query": self.query}, code=scripts.LINK))
        for kind in ("svg", "png"):
            getattr(w, kind).js_on_click(CustomJS(args={"plot": plot, "kind": kind}, code=scripts.PICTURE))
        self.drag.on_change("data", lambda _, __, new: self._dragged(new))
        points.on_change("data", lambda _, __, new: self._dropped(new))

    def _lay_out(self, sockets: str) -> None:
        left, right = controls.layout(self.widgets, self.drawing.plot, self.drawing.bars)
        left.name, right.name = "left", "right"
        told = InlineStyleSheet(css=TOLD)
        for div in (div for side in (left, right) for div in side.select({"type": Div})):
            div.stylesheets = [told]
        self.drawing.plot.tags = [self.drag, self.answered, self.file, self.query]
        for root in (left, right):
            self.document.add_root(root)
        self.document.title = "exactnorm explorer"
        self.document.template = PAGE
        self.document.template_variables.update(hint=HINT, sockets=sockets)

    def _unless_showing(self, act: Callable[[Any], None]) -> Callable[[str, Any, Any], None]:
        """A listener for what the user changes, deaf while the window sets its own widgets."""

        def listen(_: str, __: Any, new: Any) -> None:
            if not self.showing:
                act(new)

        return listen

    def _choose(self, name: str, new: str) -> None:
        if name == "flow":
            self.change(flow=new)
        else:
            self.change(schedule=new, T=min(self.view.T, controls.LAST[new]))

    def _set(self, name: str, new: Any) -> None:
        value: Any = int(new or 0) if name in ("seed", "cloud") else new
        if self.dragged_from is None and value == getattr(self.view, name):
            return
        part: dict[str, Any] = {name: value}
        self.change(**part)

    def _slide(self) -> None:
        """A slider moves: show the picture for where it is when the pause is over."""
        if not self.sliding:
            self.sliding = True
            self.document.add_timeout_callback(self._slid, PAUSE)

    def _slid(self) -> None:
        self.sliding = False
        w = self.widgets
        parts = {"rho": w.rho.value, "alpha": w.alpha.value, "T": w.T.value, "cloud": int(w.cloud.value)}
        if any(getattr(self.view, name) != value for name, value in parts.items()):
            self._moving(replace(self.view, **parts), points=True)

    def _dragged(self, new: dict[str, Any]) -> None:
        """Where a point is dragged to, by the browser, one place at a time."""
        try:
            x, y = np.asarray(new["x"], float).ravel(), np.asarray(new["y"], float).ravel()
            points = np.column_stack([x, y])
            if self.view.movable and points.shape == self.view.points.shape:
                self._moving(replace(self.view, points=points, problem=""), points=False)
        except (KeyError, ValueError, TypeError) as mistake:
            self.say(str(mistake), wrong=True)
        finally:
            self.answered.data = {"count": list(new.get("count", [0]))[-1:]}

    def _dropped(self, new: dict[str, Any]) -> None:
        """The points as they are when the pointer lets go."""
        points = np.column_stack([new["x"], new["y"]]).astype(float)
        same = self.dragged_from is None and np.array_equal(points, self.view.points)
        if self.showing or same or not self.view.movable:
            return
        self.change(points=points, problem="")

    def _preset(self, name: str) -> None:
        if not name:
            return
        self.say("")
        kept = {n: getattr(self.view, n) for n in ("flow", "alpha", "T", "schedule", "cloud", "seed")}
        self.look_at(replace(of_problem(name), **kept), fit=True, remember=True)

    def _undo(self) -> None:
        if self.before:
            view = self.before.pop()
            self.say("")
            self.look_at(view, fit=True)

    def _start(self, x: float, y: float) -> None:
        """A flow from a place of the picture."""
        self.change(clicked=np.vstack([self.view.clicked, [x, y]]))

    def _move(self) -> None:
        points = self.view.points.copy()
        w = self.widgets
        points[int(w.point.value)] = w.x.value or 0.0, w.y.value or 0.0
        self.change(points=points, problem="")

    def _add(self) -> None:
        if len(self.view.points) >= MOVABLE:
            self.say(f"{MOVABLE} points are the most that can be moved", wrong=True)
            return
        low, high = self.box[0], self.box[1]
        place = np.array([self.widgets.x.value or 0.0, self.widgets.y.value or 0.0])
        while (np.linalg.norm(self.view.points - place, axis=1) < 0.05 * (high - low)).any():
            place = place + 0.11 * (high - low)  # not upon another one
        self.change(points=np.vstack([self.view.points, place]), problem="")

    def _remove(self) -> None:
        if len(self.view.points) <= 2:
            self.say("two points are the fewest", wrong=True)
            return
        self.change(points=np.delete(self.view.points, int(self.widgets.point.value), axis=0), problem="")

    def _upload(self, text: str) -> None:
        self._use(base64.b64decode(text), str(self.widgets.file.filename))

    def _use(self, raw: bytes, name: str) -> None:
        """Points from a table, at a share of the largest radius."""
        if len(raw) > LARGEST_TEXT:
            self.say(f"{name}: {len(raw)} bytes; give at most {LARGEST_TEXT}", wrong=True)
            return
        header = {"": None, "--header": True, "--no-header": False}[self.widgets.header.value]
        try:
            found = table_of(raw, name, header, self.widgets.columns.value.strip() or None)
            points = View(found.numbers, 0.0).points
            TrainingSet(points)
        except (BadInput, ValueError) as mistake:
            self.say(str(mistake), wrong=True)
            return
        rho = float(f"{USUAL * largest_radius(points):.3g}")
        self.change(points=points, rho=rho, problem="", clicked=np.zeros((0, 2)), fit=True)
        dimensions = found.numbers.shape[1] if found.numbers.ndim == 2 else 1
        notes = "; ".join([f"{name}: {len(points)} points in {dimensions} dimensions", *found.notes])
        looked = "" if self.view.movable else "; they are looked at only, in two coordinates of their hull"
        self.say(notes + looked)

    # What is taken away.

    def _download(self, make: Callable[[], tuple[str, str, bytes] | None]) -> None:
        if (made := make()) is None:
            self.say("there is no certified denoiser yet to be saved", wrong=True)
            return
        name, mime, data = made
        self.file.data = {"name": [name], "mime": [mime], "base64": [base64.b64encode(data).decode()]}
        self.file.data = {"name": [""], "mime": [""], "base64": [""]}

    def _csv(self) -> tuple[str, str, bytes]:
        rows = "".join(",".join(map(repr, row)) + "\n" for row in self.view.points.tolist())
        return "points.csv", "text/csv", rows.encode()

    def _python(self) -> tuple[str, str, bytes]:
        clicked: Array = self.view.clicked
        frame = self.picture.frame if self.picture is not None else None
        starts = [] if frame is None else frame.points(clicked).tolist()
        feasible = self.picture is not None and self.picture.obstacle is None
        text = script(self.view, starts, feasible=feasible, radii=RADII)
        return "explored.py", "text/x-python", text.encode()

    def _npz(self) -> tuple[str, str, bytes] | None:
        found = None if self.picture is None or self.picture.known is None else self.picture.known.denoiser
        if found is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "denoiser.npz"
            save(file, found)
            return "denoiser.npz", "application/octet-stream", file.read_bytes()

    def close(self) -> None:
        """End the worker."""
        self.closed = True
        self.solver.close()
