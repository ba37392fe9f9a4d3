"""Messages that no control of the page sends change nothing, and hold nobody up."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from served import opened

import exactnorm

pytestmark = pytest.mark.explore

HUGE = 1e300
NAN = {"type": "number", "value": "nan"}
VALUES = [
    ("point", "value", "999"),
    ("point", "value", "__import__('os').abort()"),
    ("header", "value", "--columns"),
    ("flow", "value", "os.system"),
    ("schedule", "value", "nothing"),
    ("preset", "value", "../../etc/passwd"),
    ("x", "value", HUGE),
    ("x", "value", NAN),
    ("rho", "value_throttled", NAN),
    ("rho", "value_throttled", -1.0),
    ("rho", "value_throttled", HUGE),
    ("rho", "value_throttled", [0.1, 0.2]),
    ("cloud", "value_throttled", 1e9),
    ("T", "value_throttled", -3.0),
    ("seed", "value", -7),
    ("seed", "value", {"type": "object", "name": "CustomJS", "id": "x1", "attributes": {"code": "alert(1)"}}),
    ("file", "value", "no base64 at all"),
    ("text", "no_such_property", "0,0"),
    ("message", "children", []),
]
LONG = {"type": "ndarray", "array": {"type": "bytes", "data": "AAAA"}, "shape": [2**40], "dtype": "float64"}
ROWS = [
    {"x": [0.0, 1.0, NAN], "y": [0.0, 0.0, 2.0]},
    {"x": [0.0, 1.0, HUGE], "y": [0.0, 0.0, 2.0]},
    {"x": [0.0, 1.0], "y": [0.0, 0.0, 2.0]},
    {"x": ["a", "b", "c"], "y": [0.0, 0.0, 2.0]},
    {"x": [0.0], "y": [0.0]},
    {"x": [], "y": []},
    {"y": [0.0, 0.0, 2.0]},
    {"x": [0.0] * 50_000, "y": [0.0] * 50_000},
    {"x": [{"type": "map", "entries": []}] * 3, "y": [None] * 3},
    {"x": LONG, "y": LONG},
]


@pytest.fixture(scope="module")
def explorer():
    running = exactnorm.explore([[0, 0], [1, 0], [0, 2]], 0.1)
    yield running
    running.close()


@pytest.fixture(scope="module")
def client(explorer):
    one = Client(explorer.url)
    yield one
    one.close()


class Client:
    """A page of its own making, in a thread of its own: the browser's loop, if there is one, admits no second."""

    def __init__(self, url):
        self.thread = ThreadPoolExecutor(1)
        self.session = self.thread.submit(opened, url).result(300)

    def send(self, name, part, value):
        """Say that a property has changed, in JSON; returns what the server thinks of it: OK or ERROR."""
        model = self.session.document.get_model_by_name(name)
        return self.send_events([{"kind": "ModelChanged", "model": {"id": model.id}, "attr": part, "new": value}])

    def send_events(self, events):
        """Send a message with any events at all; None if it is not answered."""
        from bokeh.protocol.messages.patch_doc import patch_doc

        message = patch_doc(patch_doc.create_header(), {}, {"events": events})
        talk = self.session._connection._send_message_wait_for_reply
        reply = self.thread.submit(talk, message).result(300)
        return None if reply is None else reply.msgtype

    def close(self):
        self.thread.submit(self.session.close).result(300)
        self.thread.shutdown()


def state(explorer):
    view = explorer.windows[0].view
    return view.points.tolist(), view.rho, view.flow, view.schedule, view.T, view.cloud, view.seed


@pytest.fixture
def unchanged(explorer, client, caplog):
    """The view is what it was before the test, nothing of the package's raised, a true message is heard after it."""
    before = state(explorer)
    yield
    assert not [one for one in caplog.records if one.exc_info]
    assert not [one for one in caplog.messages if "exactnorm" in one]
    for seed in (before[-1] + 1, before[-1]):
        assert client.send("seed", "value", seed) == "OK"
        assert state(explorer) == (*before[:-1], seed)
    shown = explorer.windows[0].drawing.sources["points"].data
    assert [list(shown["x"]), list(shown["y"])] == [[0, 1, 0], [0, 0, 2]]
    assert len(explorer.windows) == 1


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("name", "part", "value"), VALUES)
def test_a_value_that_no_control_has_changes_nothing(client, name, part, value):
    assert client.send(name, part, value) in ("OK", "ERROR")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("name", ["layer-points", "drag"])
def test_points_that_are_none_change_nothing(client, name, rows):
    table = {"type": "map", "entries": [[key, column] for key, column in rows.items()]}
    assert client.send(name, "data", table) in ("OK", "ERROR")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "events",
    [
        [{"kind": "ModelChanged", "model": {"id": "no such model"}, "attr": "value", "new": 1}],
        [{"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": {"event_name": "no such event"}}],
        [{"kind": "no such kind"}],
        [[], None, 3],
        {"kind": "ModelChanged"},
    ],
)
def test_events_that_are_none_change_nothing(client, events):
    assert client.send_events(events) == "ERROR"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "event",
    [
        {"kind": "ColumnsStreamed", "data": {"x": [1.0]}, "rollover": None},
        {"kind": "ColumnsStreamed", "data": {"x": [NAN], "y": [HUGE], "name": [3], "rho": ["a"]}, "rollover": 3},
        {"kind": "ColumnsPatched", "patches": {"x": [[99, 5.0]]}},
        {"kind": "ColumnsPatched", "patches": {"nothing": [[0, 5.0]]}},
        {"kind": "ColumnsPatched", "patches": 3},
        {"kind": "ColumnDataChanged", "data": {"x": [NAN, NAN, NAN]}, "cols": ["x"]},
        {"kind": "ColumnDataChanged", "data": {"z": []}, "cols": None},
    ],
)
def test_columns_that_are_none_change_nothing(client, event):
    model = client.session.document.get_model_by_name("layer-points")
    assert client.send_events([{"attr": "data", "model": {"id": model.id}, **event}]) in ("OK", "ERROR")


def test_a_message_that_is_too_long_closes_its_own_window_and_no_other(explorer, client):
    from exactnorm.explorer.page.guard import LARGEST_MESSAGE

    other = Client(explorer.url)
    assert len(explorer.windows) == 2
    assert other.send("text", "value", "0" * (LARGEST_MESSAGE + 1)) is None
    other.close()
    assert client.send("seed", "value", 3) == "OK"
    assert client.send("seed", "value", 0) == "OK"
    assert state(explorer)[-1] == 0
