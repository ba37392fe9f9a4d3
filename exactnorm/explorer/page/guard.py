"""What is let in: requests to this machine's names, from pages of its own, few and small ones."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from bokeh.server.tornado import BokehTornado
from bokeh.server.views.ws import WSHandler
from tornado.httpserver import HTTPServer
from tornado.web import ErrorHandler

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
PATIENCE = 60.0
"""Seconds for which a connection may be open without a request, or with half of one."""


class Guarded(BokehTornado):
    """Answers to the names of this machine alone, and to no page of another origin.

    Parameters
    ----------
    application : bokeh Application
    hosts : frozenset of str
        Its own names, with the port.
    joined, left : callable
        Handed the session of a page that calls back, and of one that has gone.
    """

    def __init__(
        self, application: Any, hosts: frozenset[str], joined: Callable[[Any], None], left: Callable[[Any], None]
    ) -> None:
        self._hosts, self._joined, self._left = hosts, joined, left
        super().__init__(
            {"/": application},
            extra_websocket_origins=sorted(hosts),
            websocket_max_message_size_bytes=LARGEST_MESSAGE,
            unused_session_lifetime_milliseconds=15_000,
            check_unused_sessions_milliseconds=1000,
            use_index=False,
            # A socket is opened by a page that was fetched here, and by no token that was made up.
            sign_sessions=True,
            secret_key=secrets.token_bytes(32),
        )
        for rule in self.wildcard_router.rules:
            if rule.target is WSHandler:
                rule.target = Limited

    def find_handler(self, request: Any, **kwargs: Any) -> Any:
        """Refuse what is addressed to another name (a name of somebody's that leads here) or comes from elsewhere."""
        if request.host not in self._hosts or self._foreign(request.headers):
            return self.get_handler_delegate(request, ErrorHandler, {"status_code": 403})
        return super().find_handler(request, **kwargs)

    def _foreign(self, headers: Any) -> bool:
        """Whether a page of another origin asks; a window or a frame of its own, as in a notebook, it may open."""
        origin = headers.get("Origin")
        if origin is not None and origin.removeprefix("http://") not in self._hosts:
            return True
        opened = headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") in ("document", "iframe")
        return headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin") and not opened

    def new_connection(self, protocol: Any, socket: Any, application_context: Any, session: Any) -> Any:
        """A page that was fetched is there, and calls back."""
        self._joined(session)
        return super().new_connection(protocol, socket, application_context, session)

    def client_lost(self, connection: Any) -> None:
        """Remember whose page has gone."""
        self._left(connection.session)
        super().client_lost(connection)


class Limited(WSHandler):
    """The socket of a page: what the parts of one message hold together is limited as each of them is."""

    _held = 0

    async def _receive(self, fragment: str | bytes) -> Any:
        """Put a part to those before it; a message that is whole, None as long as parts are missing."""
        self._held += len(fragment)
        if self._held > LARGEST_MESSAGE:
            self.close(1009, "message too big")
            return None
        message = await super()._receive(fragment)
        if message is not None:
            self._held = 0
        return message


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
