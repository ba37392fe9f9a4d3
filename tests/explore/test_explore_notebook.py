"""In a notebook: a kernel of its own, and a page of another origin that shows the explorer in a frame."""

import os
import re
import threading
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from urllib.request import urlopen

import pytest
from served import status

import exactnorm
from exactnorm.explorer.view import of_problem

pytestmark = pytest.mark.explore

CELL = """import exactnorm
denoiser = exactnorm.min_norm_denoiser([[0, 0], [1, 0], [0.4, 0.9]], 0.1)
explorer = exactnorm.explore(denoiser)
print(repr(denoiser.certificate.lower), repr(denoiser.certificate.upper))
explorer
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def elsewhere(tmp_path):
    """A server of another origin, as Jupyter's is, and the folder that it serves."""
    server = HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield tmp_path, f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_cell_shows_the_denoiser_that_the_kernel_has_in_a_frame_and_close_ends_it(elsewhere, browser):
    import nbformat
    from nbclient import NotebookClient

    folder, origin = elsewhere
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    client = NotebookClient(book, timeout=300)
    with client.setup_kernel():
        client.execute_cell(book.cells[0], 0)
        printed, shown = book.cells[0].outputs
        lower, upper = map(float, printed["text"].split())
        html = shown["data"]["text/html"]
        (folder / "notebook.html").write_text(f"<!doctype html><p>a notebook</p>{html}", encoding="utf-8")
        page = browser.new_page()
        page.goto(origin + "notebook.html")
        frame = page.frame_locator("iframe")
        readout = frame.get_by_text("computed: the program")
        readout.wait_for(timeout=240_000)
        numbers = frame.locator("b").all_inner_texts()
        page.close()
        assert float(numbers[0]) == pytest.approx(upper, rel=1e-8)
        assert float(numbers[1]) == pytest.approx(lower, rel=1e-8)
        url = re.search(r'src="(http://[^"]+)"', html)[1]
        closing = nbformat.v4.new_code_cell("explorer.close()")
        book.cells.append(closing)
        client.execute_cell(closing, 1)
        with pytest.raises(OSError, match="refused"):
            urlopen(url)


def test_the_explorer_beside_a_program_shows_its_denoiser_and_ends_without_it(window):
    denoiser = exactnorm.min_norm_denoiser(of_problem("acute").points, 0.1)
    explorer = exactnorm.explore(denoiser)
    page = window(explorer.url)
    page.says("computed")
    assert page.numbers()[1] == pytest.approx(denoiser.certificate.lower, rel=1e-8)
    process = explorer.windows[0].solver.process
    explorer.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_page_of_another_origin_may_open_the_explorer_but_use_no_part_of_it(elsewhere, browser):
    folder, origin = elsewhere
    explorer = exactnorm.explore([[0, 0], [1, 0], [0, 2]], 0.1)
    address = explorer.url
    picture = f"<img src='{address}' onerror='done(1)'><script src='{address}static/js/bokeh.min.js'></script>"
    text = f"<!doctype html><script>const told = []; const done = (n) => told.push(n)</script>{picture}"
    (folder / "page.html").write_text(text, encoding="utf-8")
    page = browser.new_page()
    page.goto(origin + "page.html")
    page.wait_for_function("() => told.length == 1")
    assert page.evaluate("() => window.Bokeh") is None
    code = "(a) => new Promise((r) => { const s = new WebSocket(a.replace('http', 'ws') + 'ws', ['bokeh', 'x']); "
    assert page.evaluate(code + "s.onopen = () => r('open'); s.onerror = () => r('refused') })", address) == "refused"
    page.close()
    for site in ("cross-site", "same-site"):
        assert status(address, Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors") == 403
    assert explorer.windows == []  # nor is a process started for it
    explorer.close()
