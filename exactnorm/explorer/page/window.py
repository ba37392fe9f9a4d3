"""One window of the explorer: what is looked at, what was looked at before, and who is asked for what."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource

from exactnorm import CertifiedDenoiser
from exactnorm.explorer import columns
from exactnorm.explorer.glimpse import with_glimpse
from exactnorm.explorer.messages import Answer
from exactnorm.explorer.page import controls
from exactnorm.explorer.page.drawing import drawing
from exactnorm.explorer.page.hands import wire
from exactnorm.explorer.page.template import HINT, PAGE
from exactnorm.explorer.picture import Picture, at_once
from exactnorm.explorer.plane import plane_of
from exactnorm.explorer.plane import window as around
from exactnorm.explorer.solver import Solver
from exactnorm.explorer.view import LONGEST_LINK, View, link
from exactnorm.training_set import closest_pair

UNDONE = 100
"""Views that can be gone back to."""
COLOURED = "&basins=yes"
"""What the link of a page says whose basins are coloured."""
LINKLESS = (
    f"<p>These are too many numbers for a link, which may have {LONGEST_LINK:,} letters: the address line holds none "
    "of them. Save the points.</p>"
)


class Window:
    """The document of one window, with a worker process of its own.

    Parameters
    ----------
    document : bokeh Document
    view : View
    denoiser : CertifiedDenoiser, optional
        Of the view, when it is known already.
    coloured : bool
        Whether basins are coloured from the start.
    """

    def __init__(
        self,
        document: Any,
        view: View,
        denoiser: CertifiedDenoiser | None = None,
        sockets: str = "",
        *,
        coloured: bool = False,
    ) -> None:
        self.document, self.view, self.given = document, view, denoiser
        self.before: list[View] = []
        self.picture: Picture | None = None
        self.dragged_from: View | None = None
        self.showing = self.waiting = self.sliding = self.begun = self.closed = self.linkless = False
        self.asked = 0
        self.box = around(plane_of(view.points).coordinates(view.points), view.rho)
        self.solver = Solver(self._pass_on)
        self.drawing = drawing()
        self.widgets = controls.controls()
        self.widgets.basins.active = coloured
        self.drag = ColumnDataSource({"x": [], "y": [], "count": []}, name="drag")
        self.answered = ColumnDataSource({"count": [0]}, name="answered")
        self.file = ColumnDataSource({"name": [""], "mime": [""], "base64": [""]}, name="taken")
        self.query = ColumnDataSource({"query": [""]}, name="query")
        wire(self)
        self._lay_out(sockets)
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
        given = self.given if self.is_given(view) else None
        self.linkless = not link(view)
        self._show(with_glimpse(at_once(view, given, self.box)))
        self.show_controls()
        self.drawing.show_basins(None, self.box, view.points)
        self._keep_link()
        self._ask()

    def _keep_link(self) -> None:
        text = link(self.view)
        text += COLOURED if text and self.widgets.basins.active else ""
        if self.query.data["query"] != [text]:
            self.query.data = {"query": [text]}

    def begin(self) -> None:
        """Have the worker begin: from now on somebody looks at the page. One that is only fetched costs no process."""
        if not self.begun:
            self.begun = True
            self._ask()

    def _ask(self) -> None:
        if self.begun:
            given = self.given if self.is_given(self.view) else None
            self.asked = self.solver.ask("picture", (self.view, given, self.box))
            self.waiting = True

    def is_given(self, view: View) -> bool:
        """Whether the denoiser of a view is the one that the window was given."""
        train = self.given.train if self.given is not None else None
        return train is not None and np.array_equal(train.points, view.points) and train.rho == view.rho

    def moving(self, view: View, *, points: bool) -> None:
        """Show a view on the way: what formulas give, and flows good to a pixel; the program is given up."""
        if self.dragged_from is None:
            self.dragged_from = self.view
            self.drawing.show_basins(None, self.box, view.points)
            self.asked = self.solver.ask("nothing", None)
            self.waiting = False
        self.view = view
        self._show(with_glimpse(at_once(view, None, self.box)), points=points)

    def undo(self) -> None:
        """Look again at what was looked at before."""
        if self.before:
            self.say("")
            self.look_at(self.before.pop(), fit=True)

    def _show(self, picture: Picture, *, points: bool = True) -> None:
        self.picture = picture
        self.showing = True
        self.drawing.show(picture, points=points)
        self.showing = False
        self._tell(picture)

    def _tell(self, picture: Picture, bracket: str = "") -> None:
        self.widgets.readout.text = columns.readout(picture, bracket) + (LINKLESS if self.linkless else "")

    def show_controls(self) -> None:
        """Set the controls to the view."""
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
            self.refuse(str(mistake))
            return
        self.say("")
        self.look_at(view, fit=fit, remember=True)

    def refuse(self, why: str) -> None:
        """Say why nothing is changed, and show what is looked at, whatever the page has made of it."""
        self.say(why, wrong=True)
        if self.picture is not None:
            self._show(self.picture)
        self.show_controls()

    # What the worker answers.

    def _pass_on(self, answer: Answer) -> None:
        if not self.closed:
            self.document.add_next_tick_callback(partial(self.hear, answer))

    def hear(self, answer: Answer) -> None:
        """Show what the worker found, unless it is of a view that is no longer looked at."""
        if answer.number != self.asked:
            return
        if answer.kind == "picture":
            self._show(answer.content, points=False)
        elif answer.kind == "bracket" and self.picture is not None and self.picture.known is not None:
            told = columns.narrowing(self.picture.known, *answer.content)
            self._tell(self.picture, told)
        elif answer.kind == "basins":
            found, box = answer.content
            self.drawing.show_basins(found, box, self.view.points)
        elif answer.kind == "failed":
            self.waiting = False  # what there is by formulas can be coloured
            self.say(answer.content, wrong=True)
        elif answer.kind == "done" and self.waiting:
            self.waiting = False
            self.colour()

    def colour(self) -> None:
        """Ask for basins if they are wanted and nothing else is under way."""
        self._keep_link()
        if not self.widgets.basins.active:
            self.drawing.show_basins(None, self.box, self.view.points)
        elif self.picture is not None and not self.waiting and self.picture.known is not None:
            self.asked = self.solver.ask("basins", self.picture)

    def _lay_out(self, sockets: str) -> None:
        left, right = controls.layout(self.widgets, self.drawing.plot, self.drawing.bars)
        left.name, right.name = "left", "right"
        self.drawing.plot.tags = [self.drag, self.answered, self.file, self.query]
        with self.document.models.freeze():  # they are gone through once, and not for each
            for root in (left, right):
                self.document.add_root(root)
        self.document.title = "exactnorm explorer"
        self.document.template = PAGE
        self.document.template_variables.update(hint=HINT, sockets=sockets)

    def close(self) -> None:
        """End the worker."""
        self.closed = True
        self.solver.close()
