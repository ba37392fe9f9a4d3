"""Points that are pasted, flows that are chosen, and files that are taken away are those of the package."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

import exactnorm

pytestmark = pytest.mark.explore

FOLLOWED = "() => Bokeh.documents[0].get_model_by_name('layer-ends').data.x.length == 20"


def ends_of(page):
    """Starts and endpoints as the page shows them."""
    starts, ends = page.source("layer-starts"), page.source("layer-ends")
    return np.column_stack([starts["x"], starts["y"]]), np.column_stack([ends["x"], ends["y"]]), ends["what"]


def test_points_are_pasted_in_any_dialect_and_bad_ones_change_nothing(server, window):
    page = window(server[1])
    page.says("proved")
    box = page.page.get_by_label("points, one a row")
    for text, told in (("0 0\n1 x\n", "line 2, column 2"), ("0,0\n0,0\n", "are equal"), ("1e12,0\n0,0\n", "at most")):
        box.fill(text)
        page.page.get_by_role("button", name="use these points").click()
        page.says(told)
        assert page.points().tolist() == [[0, 0], [1, 0], [0, 2]]
    box.fill("0\t0,0\n2,5\t0\n-1\t2,0\n")
    page.page.get_by_role("button", name="use these points").click()
    page.says("points: 3 points in 2 dimensions")
    points = page.points()
    assert points.tolist() == [[0, 0], [2.5, 0], [-1, 2]]
    rho = page.model("rho", "value")
    assert page.numbers()[0] == pytest.approx(exactnorm.min_norm_denoiser(points, rho).certificate.upper, rel=1e-8)
    assert page.errors == []


@pytest.mark.parametrize("problem", ["orthogonal", "obtuse"])
def test_a_probability_flow_ends_where_python_says_and_follows_a_drag(server, window, problem):
    page = window(f"{server[1]}?problem={problem}&flow=probability&alpha=0.1&T=0.5&schedule=edm&cloud=20")
    page.says("proved")
    page.page.wait_for_function(FOLLOWED)
    page.page.wait_for_timeout(2000)  # what came at once is replaced by what is followed exactly
    form = exactnorm.closed_form.orthogonal if problem == "orthogonal" else exactnorm.closed_form.rays

    def off():
        """How far from the package's endpoints those of the page are."""
        points, (starts, ends, what) = page.points(), ends_of(page)
        assert len(ends) == 20
        assert what == exactnorm.endpoints(ends, points).kind.tolist()
        assert len(set(what)) > 1
        schedule = exactnorm.flow.named_schedule("edm")
        flow = exactnorm.probability_flow(
            lambda rho: form(points, rho), schedule.scale(0.5) * starts, schedule, alpha=0.1, T=0.5
        )
        return np.linalg.norm(flow.endpoint - ends, axis=1)

    assert np.median(off()) < 1e-4  # of frozen levels
    page.drag(tuple(page.points()[1].tolist()), (1.3, 0), 10)
    page.keeps_up()
    form = exactnorm.closed_form.rays
    moved = off()
    page.drop()
    assert np.median(moved) < 5e-4
    assert np.quantile(moved, 0.9) < 5e-3  # a pixel
    assert page.errors == []


def test_files_that_are_too_large_or_bad_are_told_of_and_the_window_goes_on(server, window, tmp_path):
    page = window(server[1] + "?problem=orthogonal&rho=0.11")
    page.says("proved")
    before = page.page.url, page.points().tolist(), page.numbers(), page.model("rho", "value")
    row = b"0.123456789,1.123456789\n"
    cases = {
        "just_too_large.csv": (row * (2**20 // len(row) + 1), "bytes; give at most 1048576"),
        "<b>larger.csv": (row * 200_000, "4800000 bytes; give at most 1048576"),  # a message that the server cuts off
        "many.csv": (row * (2**20 // len(row)), "give 2 to 60 points"),  # within the limit, and no points to look at
        "bytes.csv": (bytes(range(256)) * 2000, "bytes.csv"),
    }
    for name, (content, said) in cases.items():
        (tmp_path / name).write_bytes(content)
        page.page.locator("input[type=file]").set_input_files(tmp_path / name)
        page.says(said)
        text = page.model("message", "text")
        assert 'class="wrong"' in text or "class='wrong'" in text
        assert "<b>" not in text
        assert (page.page.url, page.points().tolist(), page.numbers(), page.model("rho", "value")) == before
    # The same window, and another one, are served as ever.
    good = tmp_path / "good.csv"
    good.write_text("0,0\n3,0\n0,4\n")
    page.page.locator("input[type=file]").set_input_files(good)
    page.says("good.csv: 3 points in 2 dimensions")
    assert page.points().tolist() == [[0, 0], [3, 0], [0, 4]]
    window(server[1]).says("proved")
    assert page.errors == []


def test_alpha_T_and_schedule_moved_by_hand_give_the_endpoints_of_the_closed_form(server, window):
    page = window(f"{server[1]}?problem=orthogonal&cloud=20&starts=0.7,1.6")
    page.says("proved")
    hand = page.page
    # By the keyboard: the kind of flow, the schedule, and five steps of α.
    for name, letter in (("flow", "p"), ("schedule", "e")):
        page.handle(name).focus()
        hand.keyboard.press(letter)
        hand.wait_for_function("([name, at]) => location.search.includes(`${name}=${at}`)", arg=[name, letter])
    page.handle("alpha").focus()
    for _ in range(5):
        hand.keyboard.press("ArrowRight")
    hand.wait_for_function("() => location.search.includes('alpha=0.15')")
    # By the mouse: T, which is 1, to the left.
    handle = page.handle("T")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    hand.mouse.move(x, y)
    hand.mouse.down()
    hand.mouse.move(x - 40, y, steps=8)
    hand.mouse.up()
    hand.wait_for_function("() => !location.search.includes('T=1.0&')")
    alpha, T, schedule = (page.model(name, "value") for name in ("alpha", "T", "schedule"))
    assert (alpha, schedule) == (pytest.approx(0.15), "edm")
    assert 0.2 < T < 0.95
    sigma = exactnorm.flow.named_schedule("edm").sigma(T)

    def off():
        """How far the page's endpoints are from the closed form's; the starts are in units without the scale."""
        starts, ends, _ = ends_of(page)
        return np.abs(ends - exactnorm.flow.closed_probability_flow(page.points(), alpha, starts, sigma)).max()

    end = time.monotonic() + 240
    while not off() < 1e-7:  # until what is shown is of the last movement
        assert time.monotonic() < end, off()
        hand.wait_for_timeout(100)
    starts, ends, _ = ends_of(page)
    assert len(ends) == 21
    # A hundredth of a unit in T, and a step of α, are seen: the agreement is not one of anything with anything.
    for other in ((alpha + 0.01, sigma), (alpha, exactnorm.flow.named_schedule("edm").sigma(T + 0.01))):
        apart = ends - exactnorm.flow.closed_probability_flow(page.points(), other[0], starts, other[1])
        assert np.abs(apart).max() > 1e-4
    assert page.errors == []


def test_what_is_saved_is_what_is_shown(server, window, tmp_path):
    page = window(f"{server[1]}?problem=acute&cloud=10")
    page.says("computed")
    page.page.wait_for_function("() => Bokeh.documents[0].get_model_by_name('layer-ends').data.x.length == 10")
    points, (upper, lower) = page.points(), page.numbers()
    assert np.array_equal(np.loadtxt(page.file("points .csv"), delimiter=","), points)
    picture = page.file("PNG").read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    wide, high = int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])
    assert wide > 400
    assert high > 400
    drawn = page.file("SVG").read_text(encoding="utf-8")
    assert drawn.startswith("<svg")
    assert drawn.count("<path") > 100
    saved = page.file("denoiser .npz").rename(tmp_path / "denoiser.npz")
    denoiser = exactnorm.load(saved)
    assert np.array_equal(denoiser.train.points, points)
    assert denoiser.train.rho == page.model("rho", "value")
    below, above, _ = exactnorm.check_certificate(denoiser.certificate, denoiser.train, denoiser.network)
    assert above == pytest.approx(upper, rel=1e-7)
    assert below == pytest.approx(lower, rel=1e-7)
    script = page.file("Python").rename(tmp_path / "explored.py")
    told = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True, cwd=tmp_path, env=dict(os.environ)
    ).stdout
    cost, bound = (float(word.rstrip(",")) for word in told.split("\n")[0].replace("lower bound", "").split()[1:3])
    assert cost == pytest.approx(upper, rel=1e-6)
    assert bound == pytest.approx(lower, rel=1e-6)
    assert page.errors == []
