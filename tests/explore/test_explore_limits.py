"""How many windows there are, and what becomes of those that are left."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from served import status

pytestmark = pytest.mark.explore


class Client:
    """What speaks to the server as a page does, in a thread: the browser's own has a loop already."""

    def __init__(self):
        self.thread = ThreadPoolExecutor(1)

    def open(self, explorer, count):
        """So many windows that read the page and stay."""
        return self.thread.submit(self._open, explorer.url, count).result(300)

    def _open(self, url, count):
        from bokeh.client import pull_session  # not there where these tests are not asked for

        return [pull_session(url=url) for _ in range(count)]

    def reach(self, *sessions):
        """Have the server of each of these windows answer once more."""
        for session in sessions:
            self.thread.submit(session.force_roundtrip).result(300)

    def close(self, *sessions):
        """Close these windows."""
        for session in sessions:
            self.thread.submit(session.close).result(300)


def shows(session):
    """Whether a window has the picture, or is told that there are too many."""
    return session.document.get_model_by_name("plot") is not None


@pytest.fixture(scope="module")
def client():
    return Client()


@pytest.fixture
def explorer():
    import exactnorm

    running = exactnorm.explore([[0, 0], [1, 0], [0, 2]], 0.1)
    yield running
    running.close()


def test_of_twenty_windows_six_are_served_and_only_those_that_are_closed_make_room(explorer, client, window):
    from exactnorm.explorer.page.server import MOST_WINDOWS

    first = client.open(explorer, MOST_WINDOWS)
    processes = {one.solver.process for one in explorer.windows}
    more = client.open(explorer, 20 - MOST_WINDOWS)
    assert [shows(one) for one in first + more] == [True] * MOST_WINDOWS + [False] * (20 - MOST_WINDOWS)
    assert {one.solver.process for one in explorer.windows} == processes
    assert len(processes) == MOST_WINDOWS
    refused = window(explorer.url, seen=False)
    assert "6 windows are open" in refused.text()
    client.close(*first, *more)
    # At once: a page that is reloaded is another window each time.
    for _ in range(2):
        (again,) = client.open(explorer, 1)
        assert shows(again)
        client.close(again)
    assert len(explorer.windows) <= MOST_WINDOWS
    seen = window(explorer.url)
    seen.says("proved")
    assert seen.errors == []


def told(explorer):
    """All that the server says to a connection that asks nothing, until it hangs up."""
    with socket.create_connection(("127.0.0.1", explorer.port), timeout=120) as one, one.makefile("rb") as heard:
        return heard.read()


def test_a_connection_that_is_one_too_many_is_told_so_and_has_room_when_others_are_closed(explorer, client):
    from exactnorm.explorer.page.server import MOST_CONNECTIONS

    pages = client.open(explorer, 2)  # websockets
    for _ in range(2):
        with ExitStack() as others:
            for _ in range(MOST_CONNECTIONS - 2):
                others.enter_context(socket.create_connection(("127.0.0.1", explorer.port)))
            for _ in range(3):
                head, said = told(explorer).split(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 503 ")
                assert f"Content-Length: {len(said)}".encode() in head
                assert said == b"too many connections are open: close a page, and wait"
            assert status(explorer.url) == 503
            with pytest.raises(OSError, match="503"):
                client.open(explorer, 1)
            # Those that were there before are served.
            assert [shows(one) for one in pages] == [True, True]
            client.reach(*pages)
        assert status(explorer.url) == 200
    (another,) = client.open(explorer, 1)
    assert shows(another)
    client.close(another, *pages)
