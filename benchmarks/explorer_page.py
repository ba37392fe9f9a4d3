"""How quickly the page follows the hand, and what a thousand drags leave: `python benchmarks/explorer_page.py`.

Wall time in headless Chromium: from a mouse event to the picture that answers it (the field of the place that it was
dragged to, drawn), and from the drop to the program's answer. The median and the 95 % point; before that the JavaScript
heap after a collection, and what server and worker hold. `--drags 1000 --points` (no number) only counts megabytes,
`--drags 0 --points 3 5 8` only takes times. Needs playwright and Chromium, as the tests of the explorer do.
"""

import argparse
import signal
import sys
import time
from itertools import count
from pathlib import Path
from shutil import which

import numpy as np
from explorer import on_rays
from playwright.sync_api import sync_playwright

from exactnorm import problems
from exactnorm.closed_form.certified import certified_form
from exactnorm.explorer.view import View, link

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "explore"))
from conftest import Window
from served import children, started

EVENTS, DROPS = 60, 8
WATCH = """() => {
  // An event is answered once a picture of a request that was sent after it has been drawn.
  const page = Bokeh.documents[0], drag = page.get_model_by_name("drag"), answered = page.get_model_by_name("answered")
  const canvas = Bokeh.index.find_one(page.get_model_by_name("plot")).canvas_view.el
  const waiting = [], sent = []
  window.told = []
  canvas.addEventListener("pointermove", (event) => { if (event.buttons) waiting.push(performance.now()) }, true)
  drag.properties.data.change.connect(() => sent.push(...waiting.splice(0)))
  answered.properties.data.change.connect(() => {
    const mine = sent.splice(0)
    requestAnimationFrame(() => setTimeout(() => { for (const at of mine) window.told.push(performance.now() - at) }))
  })
}"""
COMPUTED = "() => Bokeh.documents[0].get_model_by_name('readout').text.includes('computed')"


def told(name, times):
    """Median and 95 % point in milliseconds."""
    median, most = np.quantile(times, [0.5, 0.95])
    print(f"{name:44s} median {median:8.1f} ms, 95 % {most:8.1f} ms, of {len(times)}")


def wiggle(window, place, events, radius):
    """Drag a point along a small circle; the button stays down."""
    mouse = window.page.mouse
    x, y = window.place(*place)
    mouse.move(x, y)
    mouse.down()
    for n in range(events):
        mouse.move(x + radius * np.sin(n / 5), y + radius * np.cos(n / 5))
        window.page.wait_for_timeout(30)


def updates(browser, address, size, flow):
    """From mouse to picture: a closed form, and formulas where there is none."""
    for name, (points, rho) in (("closed form", on_rays(size)), ("no closed form", general(size))):
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        window = Window(page).open(f"{address}?{link(View(points, rho, flow))}")
        page.wait_for_timeout(1500)
        page.evaluate(WATCH)
        wiggle(window, points[-1].tolist(), EVENTS, 4)
        window.keeps_up()
        page.wait_for_timeout(500)
        told(f"{size} points, {flow} flow, {name}", page.evaluate("() => window.told"))
        window.drop()
        page.close()


def general(size):
    """The first Gaussian points for which there is no closed form, and their radius."""
    trains = (problems.gaussian(size, 2, seed).train for seed in count())
    train = next(one for one in trains if certified_form(one) is None)
    return train.points, train.rho


def programs(browser, address, size):
    """From the drop to the program's certificate on the page."""
    points, rho = general(size)
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    window = Window(page).open(f"{address}?{link(View(points, rho))}")
    page.wait_for_function(COMPUTED)
    times = []
    for _ in range(DROPS):
        wiggle(window, window.points()[-1].tolist(), 6, 5)
        window.keeps_up()
        begun = time.perf_counter()
        window.drop()
        page.wait_for_function(f"() => location.search && ({COMPUTED})()")
        times.append(1e3 * (time.perf_counter() - begun))
    told(f"{size} points, program at the drop", times)
    page.close()


def memory(browser, server, address, drags, seconds):
    """What page, server and worker hold after so many drags, there and back; fewer if the seconds are over before."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    window = Window(page).open(address)
    window.says("proved")
    devtools = page.context.new_cdp_session(page)
    print("megabytes of page, server and worker after so many drags:")
    x, y = window.place(1, 0)
    begun = time.perf_counter()
    for n in range(drags + 1):
        over = time.perf_counter() - begun > seconds
        if n % max(1, drags // 5) == 0 or over:
            window.page.wait_for_timeout(1000)
            devtools.send("HeapProfiler.collectGarbage")
            heap = devtools.send("Runtime.getHeapUsage")["usedSize"] / 2**20
            held = f"{heap:.1f}, {resident(server.pid):.0f}, {sum(map(resident, children(server.pid))):.0f}"
            print(f"{n}: {held} ({time.perf_counter() - begun:.0f} s)")
        if over or n == drags:
            break
        aside, link_before = 12 if n % 2 == 0 else 0, page.evaluate("() => location.search")
        page.mouse.move(x + 12 - aside, y)
        page.mouse.down()
        page.mouse.move(x + 6, y + 3)
        page.mouse.move(x + aside, y)
        page.mouse.up()
        # A drag counts when the server has the new place: none is missed, and none begins within another.
        page.wait_for_function("(before) => location.search != before", arg=link_before)
    assert window.errors == []


def resident(pid):
    """Megabytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20


def chosen():
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--drags", type=int, default=1000, help="after which memory is read; 0: not at all")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="after which no further drag begins")
    parser.add_argument("--points", type=int, nargs="*", default=[3, 5, 8], help="numbers of points to take times for")
    return parser.parse_args()


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    options, begun = chosen(), time.perf_counter()
    server, address = started("orthogonal")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        if options.drags:
            memory(browser, server, address, options.drags, options.seconds)
        for size in options.points:
            for flow in ("score", "probability"):
                updates(browser, address, size, flow)
            programs(browser, address, size)
        browser.close()
    server.send_signal(signal.SIGINT)
    server.wait(60)
    print(f"{time.perf_counter() - begun:.0f} s altogether")
