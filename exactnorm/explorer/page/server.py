"""The server: on this machine only, for its own pages only, for a few windows of limited size."""

from __future__ import annotations

import asyncio
import socket
import threading
import weakref
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

from bokeh.application import Application
from bokeh.application.handlers.function import FunctionHandler
from bokeh.models import Div
from bokeh.server.server import BaseServer
from tornado.ioloop import IOLoop

from exactnorm import CertifiedDenoiser
from exactnorm.explorer.page.guard import LARGEST_HEAD, PATIENCE, Counted, Guarded
from exactnorm.explorer.page.quiet import quietly
from exactnorm.explorer.page.window import Window
from exactnorm.explorer.view import View, from_link

ADDRESS = "127.0.0.1"
MOST_WINDOWS = 6
"""Each has a process of its own, which takes about a hundred megabytes."""
MOST_FETCHED = 20
"""Pages that were fetched, and have not called back yet: a page that is reloaded again and again leaves some."""


class Explorer:
    """A running explorer; `close` ends it, and so does the end of the process.

    Parameters
    ----------
    view : View
        What a window shows whose link says nothing else.
    denoiser : CertifiedDenoiser, optional
        Of this view, where it is known.
    port : int
        0 for any that is free.
    tracebacks : bool
        Whether mistakes are told with their tracebacks, and refused requests at all.
    """

    def __init__(
        self, view: View, denoiser: CertifiedDenoiser | None = None, port: int = 0, *, tracebacks: bool = False
    ) -> None:
        self._view, self._denoiser, self._tracebacks = view, denoiser, tracebacks
        self.windows: list[Window] = []
        self._left: weakref.WeakSet[Any] = weakref.WeakSet()
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((ADDRESS, port))
        self._socket.listen(128)
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._loop: Any = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{ADDRESS}:{self.port}/"

    def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Serve until `close` is called or Ctrl-C comes; then end every worker process."""
        asyncio.set_event_loop(asyncio.new_event_loop())
        self._loop = IOLoop.current()
        hosts = frozenset(f"{name}:{self.port}" for name in (ADDRESS, "localhost"))
        tornado = Guarded(Application(FunctionHandler(self._open)), hosts, self._join, self._left.add)
        limits = {"max_header_size": LARGEST_HEAD, "max_body_size": LARGEST_HEAD}
        http = Counted(tornado, **limits, idle_connection_timeout=PATIENCE, body_timeout=PATIENCE)
        http.add_socket(self._socket)
        server = BaseServer(self._loop, tornado, http)
        with nullcontext() if self._tracebacks else quietly():
            server.start()
            try:
                started()  # whoever comes now waits for the loop: the socket is open
                self._loop.start()
            finally:
                for window in self.windows:
                    window.close()
                server.stop(wait=False)
                self._socket.close()

    def run_beside(self) -> None:
        """Serve in a thread, for a notebook; returns once pages are answered."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self.run, args=(ready.set,), daemon=True)
        self._thread.start()
        if not ready.wait(30):
            msg = "the explorer has not started within 30 s"
            raise RuntimeError(msg)

    def close(self) -> None:
        """Stop serving, and end every worker process; from any thread, or out of a handler of signals."""
        if self._loop is not None:
            self._loop.asyncio_loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join(10)

    def _repr_html_(self) -> str:
        return (
            f'<iframe src="{self.url}" width="100%" height="900" style="border: 0" title="exactnorm explorer"></iframe>'
            f'<p><a href="{self.url}" target="_blank">the explorer in a window of its own</a></p>'
        )

    def _make_room(self) -> bool:
        """Whether one more window can be looked at; where there are as many as can be, one whose page has gone ends.

        Its session lives on for a while, in case that the page comes back: reloading must not use up the windows.
        """
        begun = [window for window in self.windows if window.begun]
        if len(begun) < MOST_WINDOWS:
            return True
        for window in begun:
            session = window.document.session_context.session
            if session in self._left and session.connection_count == 0:
                session.request_expiration()
                self._end(window)
                return True
        return False

    def _join(self, session: Any) -> None:
        """The page of a window is there: its work begins, unless others have come before it."""
        window = next((one for one in self.windows if one.document is session.document), None)
        if window is not None and (window.begun or self._make_room()):
            window.begin()
        elif session.document.get_model_by_name("plot") is not None:
            self._loop.add_callback(session.with_document_locked, partial(self._refuse, session.document))

    def _refuse(self, document: Any) -> None:
        for window in [one for one in self.windows if one.document is document]:
            self._end(window)
        document.clear()
        document.title = "exactnorm explorer"
        document.add_root(Div(text=f"{MOST_WINDOWS} windows are open, the most there can be: close one, and reload."))

    def _end(self, window: Window) -> None:
        if window in self.windows:
            self.windows.remove(window)
        window.close()

    def _open(self, document: Any) -> None:
        """Make the document of a new window."""
        if not self._make_room():
            self._refuse(document)
            return
        fetched = [window for window in self.windows if not window.begun]
        if len(fetched) >= MOST_FETCHED:
            self._end(fetched[0])
        view, denoiser, mistake = self._view, self._denoiser, ""
        arguments = document.session_context.request.arguments
        parts = {name: values[0].decode("utf-8", "replace") for name, values in arguments.items()}
        if {"points", "problem"} & set(parts):
            try:
                view = from_link(parts)
            except ValueError as wrong:
                mistake = f"the link: {wrong}"
        sockets = " ".join(f"ws://{name}:{self.port}" for name in (ADDRESS, "localhost"))
        window = Window(document, view, denoiser, sockets, coloured=parts.get("basins") == "yes")
        if mistake:
            window.say(mistake, wrong=True)
        self.windows.append(window)
        document.on_session_destroyed(lambda _: self._end(window))
