"""Long calls into compiled code, made in a thread, so that Ctrl-C and a limit act at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")

LEFT_BEHIND = "exactnorm: left behind"
"""The name of a thread that nobody waits for any more."""


def in_thread(call: Callable[[threading.Event], T], check: Callable[[], None], grace: float) -> T:
    """Run `call(stop)` in a thread and wait for it; `check` is called meanwhile, and may raise.

    Compiled code releases the interpreter while it works but never looks at signals. When the wait is over early,
    `stop` is set, and the call is given `grace` seconds to end. One that does not is left behind: nobody reads its
    result, but the interpreter does not end before it, since tearing down an interpreter under running code crashes.
    """
    outcome: list[T] = []
    failure: list[BaseException] = []
    stop, done = threading.Event(), threading.Event()

    def work() -> None:
        try:
            outcome.append(call(stop))
        except BaseException as error:  # handed to the waiting thread, which raises it
            failure.append(error)
        finally:
            done.set()

    # In the caller's context: what NumPy is to do about an overflow is part of it.
    thread = threading.Thread(target=copy_context().run, args=(work,))
    thread.start()
    try:
        # Not join(): a KeyboardInterrupt in it makes Python up to 3.12 take the thread for ended, and not wait for it
        # at the end. And short waits, so that `check` is called.
        while not done.wait(0.02):
            check()
    except BaseException:
        stop.set()
        if not done.wait(grace):
            thread.name = LEFT_BEHIND
        raise
    if failure:
        raise failure[0]
    return outcome[0]


def left_behind() -> bool:
    """Whether a call is still at work that nobody waits for."""
    return any(thread.name == LEFT_BEHIND for thread in threading.enumerate())
