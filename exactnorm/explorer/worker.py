"""The process that solves programs for a window: the newest request is the one that counts.

``python -m exactnorm.explorer.worker`` reads requests from its standard input and writes answers to its standard
output, between a parent and the child that it started itself. It ends with its parent: when its input does.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any, BinaryIO

from exactnorm.explorer.messages import Answer, Request, receive, send

ROUGH = "the probability flow is followed at a few noise levels for now, which places its ends to a pixel"


class SupersededError(Exception):
    """A newer request has come."""


class Desk:
    """The newest request, put there by a thread that does nothing but listen."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._newest: Request | None = None
        self._come = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                request = receive(self._stream)
            except (EOFError, OSError, pickle.UnpicklingError):
                os._exit(0)  # the parent has gone: nobody is left to answer
            with self._come:
                self._newest = request
                self._come.notify()

    def next(self) -> Request:
        """Wait for a request and take it."""
        with self._come:
            while self._newest is None:
                self._come.wait()
            request, self._newest = self._newest, None
            return request

    def check(self, *_: Any) -> None:
        """Raise `SupersededError` if a newer request waits."""
        if self._newest is not None:
            raise SupersededError


def main() -> None:
    """Answer requests until the parent ends."""
    # Ctrl-C at a terminal goes to all processes of the command; the parent ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not be taken for an answer
    sys.stdout = sys.stderr
    desk = Desk(incoming)
    for module in ("exactnorm.exact.balls.solve", "exactnorm.explorer.picture"):
        import_module(module)  # they take a second: before the first request if possible
    send(outgoing, Answer(0, "awake", None))
    while True:
        request = desk.next()
        send(outgoing, Answer(request.number, "begun", None))

        def answer(kind: str, content: Any = None, number: int = request.number) -> None:
            send(outgoing, Answer(number, kind, content))

        try:
            WORK[request.kind](request.content, answer, desk.check)
            answer("done")
        except SupersededError:
            answer("superseded")
        except (ValueError, ArithmeticError) as failed:
            answer("failed", str(failed))


def picture(content: Any, answer: Callable[..., None], check: Callable[..., None]) -> None:
    """The picture by formulas with its flows; then, where they are not proved minimal, the program's."""
    from exactnorm.explorer.flows import on_lines
    from exactnorm.explorer.glimpse import with_glimpse
    from exactnorm.explorer.picture import at_once, with_rest, with_ways

    view, denoiser, box = content
    found = at_once(view, denoiser, box)
    check()
    if found.known is None:
        answer("picture", found)
        return
    found = with_rest(found)
    check()
    followed = with_ways(found, first=True, check=check)
    takes_programs = view.flow == "probability" and followed.ways is None
    rough = view.flow == "probability" and followed.ways is not None and not on_lines(view.points)
    if takes_programs:
        shown = with_glimpse(found)
    else:
        shown = replace(followed, note="; ".join(filter(None, (found.note, ROUGH)))) if rough else followed
    answer("picture", shown)
    if found.known is not None and found.known.standing == "formulas":
        found = _by_program(shown, answer, check)
        if view.flow == "score":
            answer("picture", with_ways(found))
    check()
    if takes_programs:
        answer("picture", _with_probability_ways(found, hear=lambda _: check()))
    elif rough:
        answer("picture", with_ways(found, check=check))


def _by_program(shown: Any, answer: Callable[..., None], check: Callable[..., None]) -> Any:
    """The program's picture without its flows; what is shown of these stays for as long as it takes to follow them."""
    from exactnorm import TrainingSet, min_norm_denoiser
    from exactnorm.explorer.picture import at_once, with_rest

    view = shown.view

    def hear(best: Any) -> None:
        check()
        answer("bracket", (best.lower, best.upper, best.phase, best.seconds))

    denoiser = min_norm_denoiser(TrainingSet(view.points, view.rho), method="program", progress=hear)
    found = with_rest(at_once(view, denoiser, shown.box))
    answer("picture", replace(found, ways=shown.ways, note=found.note or shown.note))
    check()
    return found


def _with_probability_ways(found: Any, hear: Callable[..., None]) -> Any:
    """The picture with a probability flow along denoisers that the program is solved for."""
    from exactnorm.explorer.flows import NoFlowError, closed_family, probability_ways, solved_family

    view = found.view
    try:
        family = closed_family(view) or solved_family(view, hear)
        return replace(found, ways=probability_ways(view, found.frame, family))
    except NoFlowError as reason:
        return replace(found, note=str(reason))


def nothing(*_: Any) -> None:
    """Give up what was asked for before."""


def basins(content: Any, answer: Callable[..., None], _: Callable[..., None]) -> None:
    """Basins of a picture's denoiser."""
    from exactnorm.explorer.picture import basins_of

    answer("basins", (basins_of(content), content.box))


WORK: dict[str, Callable[[Any, Callable[..., None], Callable[..., None]], None]] = {
    "picture": picture,
    "nothing": nothing,
    "basins": basins,
}
"""All that a request may ask for."""

if __name__ == "__main__":
    main()
