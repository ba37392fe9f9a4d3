"""Requests, handshakes and frames made by hand, as no browser makes them."""

import base64
import json
import os
import socket
import struct
import time
from contextlib import suppress
from functools import partial
from urllib.parse import urlsplit

from served import token

LONG = 120.0
"""Seconds in which something is answered, on a machine that is busy with other things."""
CLOSE = b"\x88\x82\x00\x00\x00\x00\x03\xe8"
"""The frame that ends a websocket."""
EMPTY = {
    "title": "",
    "version": "3.7.0",
    "roots": [],
    "config": {"type": "object", "name": "DocumentConfig", "id": "c"},
}


def told(address, sent, *, whole=False):
    """What the server answers to bytes, until it hangs up.

    It sees that nothing more is sent, and may hang up on that before it has answered; unless the request is whole.
    """
    host = urlsplit(address)
    with socket.create_connection((host.hostname, host.port), timeout=LONG) as one:
        return heard(one, sent, end=not whole)


def heard(one, *sent, end=False):
    """What comes back over a connection after these bytes were sent, until it is closed."""
    answer = b""
    with suppress(ConnectionError):
        for data in sent:
            one.sendall(data)
    if end:
        with suppress(OSError):  # "not connected", which is no ConnectionError, where the other side has hung up
            one.shutdown(socket.SHUT_WR)
    with suppress(ConnectionError):
        while got := one.recv(2**16):
            answer += got
    return answer


def request(address, verb="GET", path="/", *more, body=b"", host=None):
    """A request in bytes; `more` are lines of its head."""
    lines = [f"{verb} {path} HTTP/1.1", f"Host: {host or urlsplit(address).netloc}", "Connection: close", *more]
    return "\r\n".join([*lines, "", ""]).encode("latin1") + body


def whole_requests(address):
    """Requests whose verb or path is wrong, by what it is; nothing else is, so that they are answered."""
    ask = partial(request, address)
    verbs = ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD", "TRACE", "CONNECT", "BREW", "get")
    paths = (
        "/nothing", "/..", "/%00", "/static/../../etc/passwd", "/static/%2e%2e/%2e%2e/etc/passwd", "/static/js/",
        "/static/extensions/x/y", "/metadata", "/autoload.js", "/autoload.js?bokeh-autoload-element=x", "/ws", "*",
        "http://example.org/", "/?bokeh-session-id=", "/?bokeh-session-id=none", "/?bokeh-token=oops",
        "/?bokeh-token=" + base64.b64encode(b"{}").decode(), "/?bokeh-token=x&bokeh-session-id=y", "/?problem=%ff%fe",
        "/?points=1,2;3,4&rho=nan", "/?points=0,0;1,0&rho=.1&cloud=" + "9" * 99, "/?problem=../../etc/passwd", "/?\x01",
    )  # fmt: skip
    return {**{verb: ask(verb) for verb in verbs}, **{path: ask("GET", path) for path in paths}}


def requests(address):
    """Requests whose verb, path, head or body is wrong, by what is wrong with them."""
    ask, chunked = partial(request, address), "Transfer-Encoding: chunked"
    return {
        **whole_requests(address),
        "session id in the head": ask("GET", "/", "Bokeh-Session-Id: " + "x" * 3000),
        "two session ids": ask("GET", "/?bokeh-session-id=a", "Bokeh-Session-Id: b"),
        "a head of 20 kB": ask("GET", "/", "X: " + "y" * 20_000),
        "3,000 lines of head": ask("GET", "/", *(f"X{n}: y" for n in range(3000))),
        "a cookie that is none": ask("GET", "/", 'Cookie: =;;="\\777\x80'),
        "bytes": os.urandom(300) + b"\r\n\r\n",
        "no host": b"GET / HTTP/1.1\r\n\r\n",
        "no version": b"GET /\r\n\r\n",
        "two hosts": ask("GET", "/", "Host: example.org"),
        "a length below 0": ask("POST", "/", "Content-Length: -5"),
        "a huge length": ask("POST", "/", "Content-Length: 999999999999"),
        "chunks that are none": ask("POST", "/", chunked, body=b"zz\r\nabc\r\n0\r\n\r\n"),
        "many chunks": ask("POST", "/", chunked, body=(b"1000\r\n" + b"a" * 4096 + b"\r\n") * 100 + b"0\r\n\r\n"),
        "two lengths": ask("POST", "/", chunked, "Content-Length: 3", body=b"0\r\n\r\n"),
        "a line that is none": ask("GET", "/", "nonsense"),
        "a zero in the head": ask("GET", "/", "X: a\x00b"),
        "an origin in red": ask("GET", "/", "Origin: http://\x1b[31mred\x1b[0m"),
        "another origin": ask("GET", "/ws", "Origin: http://example.org", "Upgrade: websocket"),
        "half a line": b"GET / HT",
    }


def handshake(address, protocols):
    """A connection that asks to become a websocket."""
    host = urlsplit(address)
    lines = ["Upgrade: websocket", "Sec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==", "Sec-WebSocket-Version: 13"]
    lines += [f"Origin: http://{host.netloc}", f"Sec-WebSocket-Protocol: {protocols}"]
    one = socket.create_connection((host.hostname, host.port), timeout=LONG)
    one.sendall(request(address, "GET", "/ws", *lines).replace(b"Connection: close", b"Connection: Upgrade"))
    return one


def page_socket(address, whole):
    """A websocket with a page's token that the server has said it is ready for."""
    one, answer = handshake(address, f"bokeh, {whole}"), b""
    while b'"ACK"' not in answer or not answer.endswith(b"{}"):
        got = one.recv(2**16)
        assert got, answer
        answer += got
    return one


def tokens(address):
    """Second subprotocols, where a page's token belongs, that are none, by what is wrong with them."""
    made = {
        "of nothing": {},
        "a list": [1],
        "without end": {"session_id": "a"},
        "that is over": {"session_id": "a", "session_expiry": 3},
        "of a session that is none": {"session_id": "none", "session_expiry": int(time.time()) + 300},
        "of a number": {"session_id": 3, "session_expiry": int(time.time()) + 300},
        "that ends at no time": {"session_id": "a", "session_expiry": "soon"},
    }
    whole = token(address)
    return {
        "no base 64": "!!!!",
        "no token": "x, y",
        "of another letter": whole[:20] + ("A" if whole[20] != "A" else "B") + whole[21:],
        "without signature": whole.split(".")[0],
        **{name: _token(what) for name, what in made.items()},
    }


def _token(what):
    return base64.urlsafe_b64encode(json.dumps(what).encode()).decode().rstrip("=")


def frame(code, data, *, mask=True, last=True, reserved=0):
    """One frame, masked with zeros."""
    size, masked = len(data), 0x80 * mask
    head = bytes([0x80 * last | reserved << 4 | code])
    if size < 126:
        head += bytes([masked | size])
    else:
        head += bytes([masked | 127]) + struct.pack("!Q", size)
    return head + bytes(4) * mask + data


def texts(*parts):
    """Frames of text."""
    return b"".join(frame(1, part if isinstance(part, bytes) else part.encode()) for part in parts)


def message(kind, content, **header):
    """The three parts of a message."""
    text = content if isinstance(content, str) else json.dumps(content)
    return texts(json.dumps({"msgid": "1", "msgtype": kind, **header}), "{}", text)


def patch(*events):
    return message("PATCH-DOC", {"events": events})


def frames():
    """What no page sends over its websocket, by what it is."""
    part = texts('{"id": "a"}') + frame(2, b"x")
    code = {"type": "object", "name": "CustomJS", "id": "z", "attributes": {"code": "alert(1)"}}
    none = {"type": "object", "name": "os.system", "id": "y"}
    return {
        "not masked": frame(1, b"hello", mask=False),
        "a reserved code": frame(7, b""),
        "reserved bits": frame(1, b"x", reserved=7),
        "no UTF-8": frame(1, b"\xff\xfe"),
        "bytes": frame(2, b"abc"),
        "a length of 2^62": b"\x81\xff" + struct.pack("!Q", 2**62),
        "no beginning": frame(0, b"x"),
        "4 MB in fragments": frame(1, b"a", last=False) + frame(0, b"a" * 2**20, last=False) * 4,
        "a thousand pings": frame(9, b"x") * 1000,
        "half a close": frame(8, b"\x00"),
        "no JSON": texts("a", "b", "c"),
        "a header of nothing": texts("{}", "{}", "{}"),
        "a header that is a list": texts("[]", "{}", "{}"),
        "no such kind": message("NONSENSE", {}),
        "a kind that is a list": message(["a"], {}),
        "a kind that clears the screen": message("\x1b[2Jred\nTraceback", {}),
        "200,000 brackets": message("PATCH-DOC", "[" * 200_000 + "]" * 200_000),
        "a patch that is a list": message("PATCH-DOC", []),
        "no events": message("PATCH-DOC", {}),
        "events in red": patch({"kind": "\x1b[31mred\nTraceback"}),
        "another document": message("PUSH-DOC", {"doc": 3}),
        "an answer": message("OK", {}),
        "a root that is code": patch({"kind": "RootAdded", "model": code}),
        "a root that is none": patch({"kind": "RootAdded", "model": none}),
        "a root that is gone": patch({"kind": "RootRemoved", "model": {"id": "none"}}),
        "a title that is a number": patch({"kind": "TitleChanged", "title": 3}),
        "fewer parts than none": message("PATCH-DOC", {"events": []}, num_buffers=-5),
        "parts by a word": message("PATCH-DOC", {"events": []}, num_buffers="many"),
        "a part of text": message("PATCH-DOC", {"events": []}, num_buffers=2) + texts('{"id": "a"}', "text"),
        "parts that are not asked for": message("PATCH-DOC", {"events": []}, num_buffers=2) + part * 3,
        "an empty document": message("PUSH-DOC", {"doc": EMPTY}),
    }
