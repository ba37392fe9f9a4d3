"""The side of a window that asks: a process of its own that solves, and hands its answers back as they come."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from exactnorm.explorer.messages import Answer, Request, receive, send

GRACE = 3.0
"""Seconds in which a request must be begun; a process that is busy for longer with an older one is replaced."""


class Solver:
    """Hands requests to a worker process and its answers to `hear`, of which the newest request's alone count.

    Parameters
    ----------
    hear : callable
        Called with each `Answer` in a thread of this object's own; it must only pass it on.
    """

    def __init__(self, hear: Callable[[Answer], None]) -> None:
        self._hear = hear
        self._number = 0
        self._begun = 0
        self._awake = False
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._waiting: Request | None = None
        self._timer: threading.Timer | None = None

    @property
    def process(self) -> int | None:
        """Number of the worker process, None while there is none."""
        return None if self._process is None else self._process.pid

    def ask(self, kind: str, content: Any) -> int:
        """Ask for something in place of all that was asked before; returns the number of the request."""
        with self._lock:
            self._number += 1
            self._waiting = Request(self._number, kind, content)
            if self._process is None or self._process.poll() is not None:
                self._start()
            self._send()
            if self._timer is None:
                self._watch()
            return self._number

    def warm_up(self) -> None:
        """Start the process, which takes a second or two, before there is anything to ask."""
        with self._lock:
            if self._process is None:
                self._start()

    def newest(self, number: int) -> bool:
        """Whether no newer request was made."""
        return number == self._number

    def close(self) -> None:
        """End the worker process."""
        with self._lock:
            self._end()

    def _watch(self) -> None:
        self._timer = threading.Timer(GRACE, self._replace, (self._number,))
        self._timer.daemon = True
        self._timer.start()

    def _start(self) -> None:
        self._awake = False
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "exactnorm.explorer.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()

    def _send(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it has just ended: the timer starts another one
                send(self._process.stdin, self._waiting)  # type: ignore[arg-type]

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        while True:
            try:
                answer = receive(process.stdout)  # type: ignore[arg-type]
            except (EOFError, OSError, ValueError, pickle.UnpicklingError):
                return
            self._awake = True
            self._begun = max(self._begun, answer.number)
            if answer.kind not in ("awake", "begun"):
                self._hear(answer)

    def _replace(self, number: int) -> None:
        """Replace a process that has not begun with a request: it cannot be stopped otherwise."""
        with self._lock:
            self._timer = None
            if self._process is None or self._begun >= number:
                return
            if self._awake:
                self._end()
                self._start()
                self._send()
            self._watch()  # of a process that is starting, or was started again

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(1.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
