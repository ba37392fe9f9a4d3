"""The server: on this machine only, for its own pages only, for a few windows of limited size."""

from __future__ import annotations

import asyncio
import socket
import threading
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from bokeh.application import Application
from bokeh.application.handlers.function import FunctionHandler
from bokeh.models import Div
from bokeh.server.server import BaseServer
from bokeh.server.tornado import BokehTornado
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.web import ErrorHandler

from exactnorm import CertifiedDenoiser
from exactnorm.explorer.page.window import Window
from exactnorm.explorer.view import View, from_link

ADDRESS = "127.0.0.1"
MOST_WINDOWS = 6
"""Each has a process of its own, which takes about a hundred megabytes."""
MOST_FETCHED = 20
"""Pages that were fetched, and have not called back yet: a page that is reloaded again and again leaves some."""
MOST_CONNECTIONS = 60
"""A browser opens six at a time for one page."""
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 53\r\n\r\n"
    b"too many connections are open: close a page, and wait"
)
LARGEST_MESSAGE = 2 * 2**20
"""Bytes: a table of 1 MB as the browser packs it."""
LARGEST_HEAD = 16 * 2**10
"""Bytes of a request's address and headers, the link among them."""


class Guarded(BokehTornado):
    """Answers to the names of this machine alone, and to no page of another origin."""

    hosts: frozenset[str] = frozenset()
    left: Any = frozenset()
    joined: Callable[[Any], None]

    def find_handler(self, request: Any, **kwargs: Any) -> Any:
        """Refuse what is addressed to another name (a name of somebody's that leads here) or comes from elsewhere."""
        if request.host not in self.hosts or self._foreign(request.headers):
            return self.get_handler_delegate(request, ErrorHandler, {"status_code": 403})
        return super().find_handler(request, **kwargs)

    def _foreign(self, headers: Any) -> bool:
        """Whether a page of another origin asks; a window or a frame of its own, as in a notebook, it may open."""
        origin = headers.get("Origin")
        if origin is not None and origin.removeprefix("http://") not in self.hosts:
            return True
        opened = headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") in ("document", "iframe")
        return headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin") and not opened

    def new_connection(self, protocol: Any, socket: Any, application_context: Any, session: Any) -> Any:
        """A page that was fetched is there, and calls back."""
        self.joined(session)
        return super().new_connection(protocol, socket, application_context, session)

    def client_lost(self, connection: Any) -> None:
        """Remember whose page has gone."""
        self.left.add(connection.session)
        super().client_lost(connection)


class Counted(HTTPServer):
    """Keeps a limited number of connections open, those of pages that have become websockets among them."""

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        """Begin with none; tornado's classes are set up here."""
        super().initialize(*args, **kwargs)
        self._streams: list[Any] = []

    def handle_stream(self, stream: Any, address: Any) -> None:
        """Serve a connection, or say that it is one too many and close it."""
        self._streams = [one for one in self._streams if not one.closed()]
        if len(self._streams) >= MOST_CONNECTIONS:
            stream.write(FULL)
            stream.close()
            return
        self._streams.append(stream)
        super().handle_stream(stream, address)


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
    """

    def __init__(self, view: View, denoiser: CertifiedDenoiser | None = None, port: int = 0) -> None:
        self._view, self._denoiser = view, denoiser
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
        application = Application(FunctionHandler(self._open))
        tornado = Guarded(
            {"/": application},
            extra_websocket_origins=sorted(hosts),
            websocket_max_message_size_bytes=LARGEST_MESSAGE,
            unused_session_lifetime_milliseconds=15_000,
            check_unused_sessions_milliseconds=1000,
            use_index=False,
        )
        tornado.hosts, tornado.left, tornado.joined = hosts, self._left, self._join
        http = Counted(tornado, max_header_size=LARGEST_HEAD, max_body_size=LARGEST_HEAD)
        http.add_socket(self._socket)
        server = BaseServer(self._loop, tornado, http)
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
        """Stop serving, and end every worker process."""
        if self._loop is not None:
            self._loop.add_callback(self._loop.stop)
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
        window = Window(document, view, denoiser, sockets)
        if mistake:
            window.say(mistake, wrong=True)
        self.windows.append(window)
        document.on_session_destroyed(lambda _: self._end(window))
