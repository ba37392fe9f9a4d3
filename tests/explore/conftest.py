"""A server of its own, and windows in headless Chromium that keep a record of what they asked for."""

import re
import signal
from pathlib import Path
from shutil import which

import numpy as np
import pytest
from served import started

PLACE = """([x, y]) => {
  const view = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name("plot"))
  const box = view.canvas_view.el.getBoundingClientRect()
  return [box.left + view.frame.x_scale.compute(x), box.top + view.frame.y_scale.compute(y)]
}"""
READY = """() => {
  const page = window.Bokeh?.documents[0]
  if (!page?.roots().length || !page.is_idle) return false
  const plot = page.get_model_by_name("plot")  // a page that was refused has none, and is ready all the same
  return plot == null || Bokeh.index.find_one(plot)?.canvas_view != null
}"""
LONG = 240_000
"""Milliseconds: a machine may be busy with other things; a right answer that is late is right."""


@pytest.fixture(scope="session")
def server():
    process, address = started("orthogonal")
    yield process, address
    process.send_signal(signal.SIGINT)
    process.wait(60)
    process.stdout.close()
    process.stderr.close()


@pytest.fixture(scope="session")
def browser():
    # Imported, not skipped: where these tests are asked for, both must be there.
    from playwright.sync_api import sync_playwright

    chromium = which("chromium") or which("chromium-browser") or which("google-chrome")
    assert chromium, "there is no Chromium: apt-get install chromium"
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


class Window:
    """A page of the explorer: what is on it, and how it is handled."""

    def __init__(self, page):
        self.page = page
        self.requests, self.errors = [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda told: self.errors.append(told.text) if told.type == "error" else None)
        page.set_default_timeout(LONG)

    def load(self, address):
        """Open the page, whatever it turns out to be."""
        self.page.goto(address)
        self.page.wait_for_function(READY)
        return self

    def open(self, address):
        """Open the page, and see its picture."""
        self.load(address)
        assert self.page.evaluate("() => Bokeh.documents[0].get_model_by_name('plot') != null"), self.text()
        places = [self.place(1, 1)]
        while len(places) < 4 or any(place != places[-1] for place in places[-4:]):  # until it is laid out
            assert len(places) < 2000, places[-1]
            self.page.wait_for_timeout(60)
            places.append(self.place(1, 1))
        return self

    def text(self):
        """All that can be read on the page, in the shadows of its widgets, too."""
        code = (
            "() => { const read = (one) => (one.shadowRoot ? read(one.shadowRoot) : '') + [...one.childNodes].map((n) "
        )
        code += (
            "=> n.nodeType == 3 ? n.data : n.tagName == 'STYLE' || n.tagName == 'SCRIPT' ? '' : read(n)).join(' '); "
        )
        return " ".join(self.page.evaluate(code + "return read(document.body) }").split())

    def model(self, name, what):
        """A property of a model of the page."""
        return self.page.evaluate(f"() => Bokeh.documents[0].get_model_by_name({name!r}).{what}")

    def source(self, name):
        """The columns of a layer."""
        code = "(name) => { const one = Bokeh.documents[0].get_model_by_name(name).data; const out = {}; "
        code += "for (const [k, v] of Object.entries(one)) out[k] = Array.from(v); return out }"
        return self.page.evaluate(code, name)

    def points(self):
        """The points as the page shows them."""
        shown = self.source("layer-points")
        return np.column_stack([shown["x"], shown["y"]])

    def file(self, button):
        """What a button has the browser save."""
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name=button, exact=True).click()
        return Path(download.value.path())

    def numbers(self):
        """Cost and lower bound as the page shows them."""
        text = self.model("readout", "text")
        return [float(one) for one in re.findall(r"<b>([\d.]+)</b>", text)]

    def says(self, text):
        """Wait until the page says this."""
        code = "(t) => ['readout', 'message'].some((n) => Bokeh.documents[0].get_model_by_name(n).text.includes(t))"
        self.page.wait_for_function(code, arg=text)

    def place(self, x, y):
        """Where on the screen a place of the picture is."""
        return self.page.evaluate(PLACE, [x, y])

    def drag(self, first, last, steps):
        """Drag what is at one place to another one, in so many steps."""
        mouse, begin, end = self.page.mouse, self.place(*first), self.place(*last)
        mouse.move(*begin)
        mouse.down()
        mouse.move(*end, steps=steps)

    def handle(self, name):
        """The handle of a slider or the list of a choice: what a hand takes hold of, or Tab gives to the keyboard."""
        code = "(name) => { const one = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name(name)); "
        code += "return one.shadow_el.querySelector('.noUi-handle, select') }"
        return self.page.evaluate_handle(code, name).as_element()

    def keeps_up(self):
        """Wait until the newest place of a drag is answered."""
        code = "() => { const d = Bokeh.documents[0].get_model_by_name('drag'); "
        self.page.wait_for_function(code + "return d._count > 0 && !d._busy && d._next == null }")

    def drop(self):
        """Let go."""
        self.page.mouse.up()

    def set(self, name, value):
        """Give a widget a value, as the user's hand would."""
        code = "([name, value]) => { const one = Bokeh.documents[0].get_model_by_name(name); one.value = value; "
        code += "if ('value_throttled' in one.properties) one.value_throttled = value }"
        self.page.evaluate(code, [name, value])


@pytest.fixture
def window(browser):
    """A function that opens a window on an address."""
    pages = []

    def opened(address, width=1200, height=1000, *, seen=True):
        page = browser.new_page(viewport={"width": width, "height": height})
        pages.append(page)
        return Window(page).open(address) if seen else Window(page).load(address)

    yield opened
    for page in pages:
        page.close()
