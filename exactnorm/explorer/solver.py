"""The side of a window that asks: a process of its own that solves, and hands its answers back as they come."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from exactnorm.explorer.messages import Answer, Request, receive, send

GRACE = 3.0
"""Seconds in which a request must be begun; a process that is busy for longer with an older one is replaced."""
START = 120.0
"""Seconds in which a process must have started, on a machine that is busy with other things."""
ENDS = 2
"""Processes that may end over the same request, by themselves or killed, before it is given up."""
ENDED = "the process that solves ended twice over this picture, which may need more memory than there is"


class Solver:
    """Hands requests to a worker process and its answers to `hear`, of which the newest request's alone count.

    Nothing here waits for that process: a thread of its own writes to it, and another one reads.

    Parameters
    ----------
    hear : callable
        Called with each `Answer` in a thread of this object's own; it must only pass it on.
    """

    def __init__(self, hear: Callable[[Answer], None]) -> None:
        self._hear = hear
        self._number = self._begun = self._finished = self._ends = 0
        self._awake = self._closed = False
        self._started = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._changed = threading.Condition(threading.RLock())
        self._request: Request | None = None
        self._timer: threading.Timer | None = None

    @property
    def process(self) -> int | None:
        """Number of the worker process, None while there is none."""
        return None if self._process is None else self._process.pid

    def ask(self, kind: str, content: Any) -> int:
        """Ask for something in place of all that was asked before; returns the number of the request."""
        with self._changed:
            self._number += 1
            self._ends = 0
            self._request = Request(self._number, kind, content)
            if self._process is None and not self._closed:
                self._start()
            self._changed.notify_all()
            if self._timer is None:
                self._watch()
            return self._number

    def close(self) -> None:
        """End the worker process, for good."""
        with self._changed:
            self._closed = True
            self._end()

    def _watch(self) -> None:
        if not self._closed:
            self._timer = threading.Timer(GRACE, self._replace, (self._number,))
            self._timer.daemon = True
            self._timer.start()

    def _start(self) -> None:
        self._awake, self._started = False, time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "exactnorm.explorer.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,  # Ctrl-C at a terminal is for the command, which ends this process
        )
        self._process = process
        for work in (self._write, self._read):
            threading.Thread(target=work, args=(process,), daemon=True).start()

    def _write(self, process: subprocess.Popen[bytes]) -> None:
        """Send the newest request whenever there is a newer one, for as long as this is the process that is asked."""
        sent = 0
        while True:
            with self._changed:
                while self._process is process and (self._request is None or self._request.number == sent):
                    self._changed.wait()
                if self._process is not process or self._request is None:
                    return
                request = self._request
            sent = request.number
            with contextlib.suppress(OSError, ValueError):  # it has just ended: the thread that reads sees to it
                send(process.stdin, request)  # type: ignore[arg-type]

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        while True:
            try:
                answer = receive(process.stdout)  # type: ignore[arg-type]
            except (EOFError, OSError, ValueError, pickle.UnpicklingError):
                self._lost(process)
                return
            with self._changed:
                if self._process is not process:  # it was replaced: what it still says is not of the one that is asked
                    return
                self._awake = True
                self._begun = max(self._begun, answer.number)
                if answer.kind in ("done", "failed"):
                    self._finished = answer.number
            if answer.kind not in ("awake", "begun"):
                self._hear(answer)

    def _lost(self, process: subprocess.Popen[bytes]) -> None:
        """Start another process in place of one that has ended by itself, unless that happens again and again."""
        with self._changed:
            if self._process is not process:
                return
            self._end()
            self._ends += 1
            if self._finished == self._number:
                return
            if self._ends < ENDS:
                self._start()
                self._watch()
                return
            number, self._finished = self._number, self._number
        self._hear(Answer(number, "failed", ENDED))

    def _replace(self, number: int) -> None:
        """Replace a process that has not begun with a request: it cannot be stopped otherwise."""
        with self._changed:
            self._timer = None
            if self._process is None or self._begun >= self._number:
                return
            late = self._begun < number  # else it is a newer request that waits, and has its own time
            if late and (self._awake or time.monotonic() - self._started > START):
                self._end()
                self._start()
            self._watch()  # of a process that is starting, or was started again

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        process, self._process = self._process, None
        self._changed.notify_all()
        if process is not None:
            process.kill()  # it has nothing to put away, and one that hangs hears nothing else
            process.wait()
            threading.Thread(target=_put_away, args=(process,), daemon=True).start()


def _put_away(process: subprocess.Popen[bytes]) -> None:
    """Close the pipes, which waits until nobody reads or writes any more."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.close()
