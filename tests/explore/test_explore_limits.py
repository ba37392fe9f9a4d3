"""How many windows there are, and what becomes of those that are left."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import SimpleNamespace

import numpy as np
import pytest
from served import opened, status, token

pytestmark = pytest.mark.explore


class Client:
    """What speaks to the server as a page does, in a thread: the browser's own has a loop already."""

    def __init__(self):
        self.thread = ThreadPoolExecutor(1)

    def open(self, explorer, count, given=None):
        """So many windows that read the page and stay."""
        return self.thread.submit(lambda: [opened(explorer.url, given) for _ in range(count)]).result(300)

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


@pytest.fixture
def few(monkeypatch):
    """Two windows in place of six, so that a third of the processes is started."""
    from exactnorm.explorer.page import server

    assert server.MOST_WINDOWS == 6  # as the documentation says
    monkeypatch.setattr(server, "MOST_WINDOWS", 2)
    return 2


def test_of_six_windows_two_are_served_and_only_those_that_are_closed_make_room(few, explorer, client, window):
    first = client.open(explorer, few)
    processes = {one.solver.process for one in explorer.windows}
    more = client.open(explorer, 6 - few)
    assert [shows(one) for one in first + more] == [True] * few + [False] * (6 - few)
    assert {one.solver.process for one in explorer.windows} == processes
    assert len(processes) == few
    refused = window(explorer.url, seen=False)
    assert "2 windows are open" in refused.text()
    client.close(*first, *more)
    # At once: a page that is reloaded is another window each time.
    for _ in range(2):
        (again,) = client.open(explorer, 1)
        assert shows(again)
        client.close(again)
    assert len(explorer.windows) <= few
    seen = window(explorer.url)
    seen.says("proved")
    assert seen.errors == []


def test_pages_that_are_fetched_and_left_cost_no_process_and_use_up_no_window(
    few, explorer, browser, window, monkeypatch
):
    from exactnorm.explorer.page import server

    monkeypatch.setattr(server, "MOST_FETCHED", 3)
    for _ in range(4):
        assert status(explorer.url) == 200
    assert {one.solver.process for one in explorer.windows} == {None}
    assert few < len(explorer.windows) <= 3
    page = browser.new_page()
    for _ in range(4):  # as somebody who leans on the key that reloads
        page.goto(explorer.url, wait_until="commit")
    page.close()
    seen = window(explorer.url)
    seen.says("proved")
    assert seen.errors == []


def test_of_pages_that_were_fetched_together_those_that_call_back_first_are_served(few, explorer, client):
    fetched = [token(explorer.url) for _ in range(few + 2)]
    sessions = [client.open(explorer, 1, one)[0] for one in fetched]
    assert [shows(one) for one in sessions] == [True] * few + [False] * 2
    assert len({one.solver.process for one in explorer.windows if one.begun}) == few
    client.close(*sessions)


def told(explorer):
    """All that the server says to a connection that asks nothing, until it hangs up."""
    with socket.create_connection(("127.0.0.1", explorer.port), timeout=120) as one, one.makefile("rb") as heard:
        return heard.read()


def test_a_connection_that_is_one_too_many_is_told_so_and_has_room_when_others_are_closed(explorer, client):
    from exactnorm.explorer.page.guard import MOST_CONNECTIONS

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


@pytest.mark.parametrize(("points", "added"), [([[0, 0], [1, 0], [0.3, 0.2]], 1), ([[5e8, 5e8], [5e8 + 6e-8, 5e8]], 0)])
def test_a_point_is_added_beside_the_others_or_a_word_is_said_where_there_is_no_place(points, added):
    from exactnorm.explorer.page.hands import _add

    points, said, changed = np.array(points, dtype=float), [], []
    at, width = points[0], np.ptp(points[:, 0])
    _add(
        SimpleNamespace(
            view=SimpleNamespace(points=points),
            box=(at[0] - width / 2, at[0] + 1.5 * width),
            widgets=SimpleNamespace(x=SimpleNamespace(value=at[0]), y=SimpleNamespace(value=at[1])),
            say=lambda text, wrong: said.append((text, wrong)),
            change=lambda points, **_: changed.append(points),
        )
    )
    assert len(changed) == added
    assert len(said) == 1 - added
    if added:
        assert np.linalg.norm(changed[0][:-1] - changed[0][-1], axis=1).min() > 0.05 * 2 * width


@pytest.mark.parametrize(
    "said", [b"", b"GET / HTTP/1.1\r\nHost: 127.0", b"POST / HTTP/1.1\r\nHost: %s:%d\r\nContent-Length: 9\r\n\r\n1"]
)
def test_a_connection_that_says_nothing_or_half_of_it_is_closed_after_a_while(monkeypatch, said):
    import exactnorm
    from exactnorm.explorer.page import server

    assert server.PATIENCE == 60
    monkeypatch.setattr(server, "PATIENCE", 0.5)
    running = exactnorm.explore([[0, 0], [1, 0], [0, 2]], 0.1)
    try:
        with socket.create_connection((server.ADDRESS, running.port), timeout=30) as idle:
            idle.sendall(said.replace(b"%s:%d", f"{server.ADDRESS}:{running.port}".encode()))
            while idle.recv(4096):  # until it is closed: 30 s of silence are an error
                pass
    finally:
        running.close()
