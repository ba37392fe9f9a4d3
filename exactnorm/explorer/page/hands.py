"""What a user's hands do on the page: each gesture is a change of the view, and no more than that."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.events import Tap
from bokeh.models import CustomJS

from exactnorm.explorer.page import controls, scripts
from exactnorm.explorer.page.given import LARGEST_TEXT, given
from exactnorm.explorer.page.taken import Taken, denoiser_npz, points_csv, python
from exactnorm.explorer.picture import Picture
from exactnorm.explorer.view import MOVABLE, of_problem

if TYPE_CHECKING:
    from exactnorm.explorer.page.window import Window

PAUSE = 40
"""Milliseconds in which what a slider says is gathered to one picture."""
NO_DENOISER, NOT_YET = "there is no denoiser at this radius", "there is no certified denoiser yet to be saved"
FORGED = (ValueError, TypeError, LookupError, AttributeError, OverflowError)
"""What the page's own controls never cause: a message that was made by hand does."""


def wire(window: Window) -> None:
    """Let the window hear its controls and the pointer."""
    w, plot = window.widgets, window.drawing.plot
    heard = partial(_heard, window)
    for name in ("flow", "schedule"):
        getattr(w, name).on_change("value", heard(partial(_choose, window, name)))
    for name in ("rho", "alpha", "T", "cloud"):
        slider = getattr(w, name)
        slider.on_change("value", heard(lambda _: _slide(window)))
        slider.on_change("value_throttled", heard(partial(_set, window, name)))
    w.seed.on_change("value", heard(partial(_set, window, "seed")))
    w.preset.on_change("value", heard(partial(_preset, window)))
    w.point.on_change("value", heard(lambda _: window.show_controls()))
    for name in ("x", "y"):
        getattr(w, name).on_change("value", heard(lambda _: _move(window)))
    w.basins.on_change("active", heard(lambda _: window.colour()))
    # The name of a file comes after what is in it, in the same message.
    later = window.document.add_next_tick_callback
    upload = _clicked(window, lambda: _use(window, base64.b64decode(w.file.value), str(w.file.filename)))
    w.file.on_change("value", heard(lambda _: later(upload)))
    for name, act in _buttons(window).items():
        getattr(w, name).on_click(_clicked(window, act))
    plot.on_event(Tap, heard(lambda event: _start(window, event.x, event.y), event=True))
    window.drag.on_change("data", lambda _, __, new: _dragged(window, new))
    # A point that a message appends is being told of to all who listen: its columns are set when that is over.
    points = window.drawing.sources["points"]
    dropped = _clicked(window, lambda: _dropped(window, dict(points.data)))
    points.on_change("data", heard(lambda _: later(dropped)))
    _wire_browser(window)


def _buttons(window: Window) -> dict[str, Callable[[], None]]:
    w = window.widgets
    return {
        "undo": window.undo,
        "fit": lambda: window.look_at(window.view, fit=True),
        "add": lambda: _add(window),
        "remove": lambda: _remove(window),
        "start": lambda: _start(window, w.x.value, w.y.value),
        "clear": lambda: window.change(clicked=np.zeros((0, 2))),
        "use": lambda: _use(window, w.text.value.encode(), "points"),
        "csv": lambda: _take(window, points_csv),
        "npz": lambda: _take(window, denoiser_npz),
        "python": lambda: _take(window, partial(python, given=window.is_given(window.view))),
    }


def _wire_browser(window: Window) -> None:
    """What the page does by itself."""
    points, plot, drag = window.drawing.sources["points"], window.drawing.plot, window.drag
    hands = {"points": points, "drag": drag, "hover": window.drawing.hover}
    for event, code in (
        ("panstart", scripts.BEGIN),
        ("pan", scripts.DRAG),
        ("panend", scripts.DROP),
        ("tap", scripts.TAPPED),
    ):
        plot.js_on_event(event, CustomJS(args=hands, code=code))
    window.answered.js_on_change("data", CustomJS(args={"drag": drag}, code=scripts.ANSWERED))
    window.file.js_on_change("data", CustomJS(args={"file": window.file}, code=scripts.SAVE))
    link = CustomJS(args={"query": window.query}, code=scripts.LINK)
    window.query.js_on_change("data", link)
    window.document.js_on_event("document_ready", link)  # a first view is there before the page is: nothing changes
    chosen = {"file": window.widgets.file, "message": window.widgets.message, "most": LARGEST_TEXT}
    window.document.js_on_event("document_ready", CustomJS(args=chosen, code=scripts.CHOSEN))
    window.document.js_on_event("document_ready", window.drawing.named())
    told = {"readout": window.widgets.readout}
    window.document.js_on_event("document_ready", CustomJS(args=told, code=scripts.TOLD))
    for kind in ("svg", "png"):
        picture = CustomJS(args={"plot": plot, "kind": kind}, code=scripts.PICTURE)
        getattr(window.widgets, kind).js_on_click(picture)


def _heard(window: Window, act: Callable[[Any], Any], *, event: bool = False) -> Callable[..., None]:
    """A listener for what the user changes, deaf while the window sets its own widgets."""

    def listen(*told: Any) -> None:
        if not window.showing:
            _clicked(window, lambda: act(told[-1]))()

    def listen_to_event(told: Any) -> None:
        listen(told)

    def listen_to_change(_: str, __: Any, new: Any) -> None:
        listen(new)

    return listen_to_event if event else listen_to_change


def _clicked(window: Window, act: Callable[[], Any]) -> Callable[[], None]:
    """An act that a message which no control sends cannot do harm by: it is told of, and changes nothing."""

    def safely() -> None:
        try:
            act()
        except FORGED as mistake:
            window.refuse(str(mistake))

    return safely


def _choose(window: Window, name: str, new: str) -> None:
    if name == "flow":
        window.change(flow=new)
    else:
        window.change(schedule=new, T=min(window.view.T, controls.LAST[new]))


def _set(window: Window, name: str, new: Any) -> None:
    value: Any = int(new or 0) if name in ("seed", "cloud") else new
    if window.dragged_from is None and value == getattr(window.view, name):
        return
    part: dict[str, Any] = {name: value}
    window.change(**part)


def _slide(window: Window) -> None:
    """A slider moves: show the picture for where it is when the pause is over."""
    if not window.sliding:
        window.sliding = True
        window.document.add_timeout_callback(_clicked(window, lambda: _slid(window)), PAUSE)


def _slid(window: Window) -> None:
    window.sliding = False
    w = window.widgets
    parts: dict[str, Any] = {"rho": w.rho.value, "alpha": w.alpha.value, "T": w.T.value, "cloud": int(w.cloud.value)}
    if any(getattr(window.view, name) != value for name, value in parts.items()):
        window.moving(replace(window.view, **parts), points=True)


def _dragged(window: Window, new: dict[str, Any]) -> None:
    """Where a point is dragged to, by the browser, one place at a time."""
    try:
        points = np.column_stack([np.asarray(new[axis], float).ravel() for axis in ("x", "y")])
        if window.view.movable and points.shape == window.view.points.shape:
            window.moving(replace(window.view, points=points, problem=""), points=False)
    except FORGED as mistake:
        window.say(str(mistake), wrong=True)
    finally:
        window.answered.data = {"count": [window.answered.data["count"][0] + 1]}


def _dropped(window: Window, new: dict[str, Any]) -> None:
    """The points as they are when the pointer lets go."""
    points = np.column_stack([new["x"], new["y"]]).astype(float)
    same = window.dragged_from is None and np.array_equal(points, window.view.points)
    if window.view.movable and not same:
        window.change(points=points, problem="")


def _preset(window: Window, name: str) -> None:
    if name:
        kept = {n: getattr(window.view, n) for n in ("flow", "alpha", "T", "schedule", "cloud", "seed")}
        view = replace(of_problem(name), **kept)
        window.say("")
        window.look_at(view, fit=True, remember=True)


def _start(window: Window, x: float, y: float) -> None:
    """A flow from a place of the picture."""
    window.change(clicked=np.vstack([window.view.clicked, [x, y]]))


def _move(window: Window) -> None:
    points = window.view.points.copy()
    w = window.widgets
    points[int(w.point.value)] = w.x.value or 0.0, w.y.value or 0.0
    window.change(points=points, problem="")


def _add(window: Window) -> None:
    if len(window.view.points) >= MOVABLE:
        window.say(f"{MOVABLE} points are the most that can be moved", wrong=True)
        return
    low, high = window.box[0], window.box[1]
    place = np.array([window.widgets.x.value or 0.0, window.widgets.y.value or 0.0])
    for _ in range(len(window.view.points)):  # each keeps at most one of these places
        if (np.linalg.norm(window.view.points - place, axis=1) < 0.05 * (high - low)).any():
            place = place + 0.11 * (high - low)  # not upon another one
    if (np.linalg.norm(window.view.points - place, axis=1) < 0.05 * (high - low)).any():
        window.say("points so near each other, so far from the origin, leave no place for another", wrong=True)
        return
    window.change(points=np.vstack([window.view.points, place]), problem="")


def _remove(window: Window) -> None:
    if len(window.view.points) <= 2:
        window.say("two points are the fewest", wrong=True)
        return
    window.change(points=np.delete(window.view.points, int(window.widgets.point.value), axis=0), problem="")


def _use(window: Window, raw: bytes, name: str) -> None:
    header = {"": None, "--header": True, "--no-header": False}[window.widgets.header.value]
    found = given(raw, name, header, window.widgets.columns.value.strip() or None)
    window.change(points=found.points, rho=found.rho, problem="", clicked=np.zeros((0, 2)), fit=True)
    window.say(found.words)


def _take(window: Window, make: Callable[[Picture], Taken | None]) -> None:
    """Hand a file to the browser, which saves it."""
    if window.picture is None or (made := make(window.picture)) is None:
        none = window.picture is not None and window.picture.obstacle is not None
        window.say(NO_DENOISER if none else NOT_YET, wrong=True)
        return
    name, mime, data = made
    window.file.data = {"name": [name], "mime": [mime], "base64": [base64.b64encode(data).decode()]}
    window.file.data = {"name": [""], "mime": [""], "base64": [""]}
