"""The explorer in headless Chromium: what the page shows is what Python says, and what it refuses."""

import math
import re
import signal
import time
from dataclasses import fields
from urllib.parse import urlsplit

import numpy as np
import pytest
from served import alive, children, started, status

import exactnorm
from exactnorm.explorer.view import View

pytestmark = pytest.mark.explore


def test_a_dragged_point_has_the_cost_that_python_gives_and_the_page_asks_no_other_host(server, window):
    page = window(server[1])
    page.says("proved")
    page.drag((1, 0), (1.4, -0.3), 20)
    page.keeps_up()
    assert not page.model("hover", "active")  # what is dragged does not say what it is
    page.drop()
    page.page.wait_for_function("() => location.search.startsWith('?points=')")
    assert page.model("hover", "active")
    told = re.findall(r"<b>([\d.]+)</b>", page.model("readout", "text"))
    assert len(told) == 2
    assert all(number in page.text() for number in told)  # as it is read, and not as it was when the page came
    moved = page.points()
    assert np.abs(moved - [[0, 0], [1.4, -0.3], [0, 2]]).max() < 0.02  # four pixels
    bracket = exactnorm.min_norm_denoiser(moved, 0.1).certificate
    upper, lower = page.numbers()
    assert lower <= bracket.upper * (1 + 1e-8)
    assert upper == pytest.approx(bracket.upper, rel=1e-6)
    hosts = {urlsplit(url).netloc for url in page.requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(server[1]).netloc}
    assert page.errors == []
    # The link holds the view, and undo gives the old one back.
    again = window(page.page.url)
    assert np.array_equal(again.points(), moved)
    page.page.get_by_role("button", name="undo").click()
    page.page.wait_for_function("() => !location.search.includes('points=')")
    assert page.points().tolist() == [[0, 0], [1, 0], [0, 2]]


def test_a_radius_that_is_too_large_shows_the_largest_and_comes_back(server, window):
    page = window(server[1])
    page.says("proved")
    page.set("rho", 0.55)
    page.says("no denoiser")
    assert page.numbers() == [pytest.approx(exactnorm.max_radius(page.points())[0], rel=1e-5)]
    assert len(page.source("layer-offending")["x"]) == 2
    page.set("rho", 0.2)
    page.says("proved")
    expected = exactnorm.min_norm_denoiser(page.points(), 0.2).certificate.upper
    assert page.numbers()[0] == pytest.approx(expected, rel=1e-8)


def test_a_click_starts_a_flow_that_ends_where_python_says(server, window):
    page = window(server[1])
    page.says("proved")
    page.page.mouse.click(*page.place(0.7, 1.6))
    page.page.wait_for_function("() => Bokeh.documents[0].get_model_by_name('layer-ways').data.width?.[0] > 2")
    page.page.wait_for_function("() => Bokeh.documents[0].get_model_by_name('layer-ends').data.x.length > 60")
    starts, ends = page.source("layer-starts"), page.source("layer-ends")
    start = [starts["x"][0], starts["y"][0]]
    assert np.abs(np.subtract(start, [0.7, 1.6])).max() < 0.02
    flow = exactnorm.score_flow(exactnorm.min_norm_denoiser(page.points(), 0.1), start, math.inf)
    assert [ends["x"][0], ends["y"][0]] == pytest.approx(flow.endpoint.tolist(), abs=1e-6)
    assert ends["what"][0] == "virtual training point"


def test_tables_that_are_good_are_taken_and_bad_ones_are_told_of_and_change_nothing(server, window, tmp_path):
    page = window(server[1])
    page.says("proved")
    before = page.points()
    bad = tmp_path / "bad.csv"
    bad.write_text("0,0\n1,<script>alert(1)</script>\n")
    page.page.locator("input[type=file]").set_input_files(bad)
    page.says("line 2, column 2")
    assert np.array_equal(page.points(), before)
    good = tmp_path / "good.csv"
    good.write_text("x;y\n0,5;0\n3;0\n0;4\n")
    page.page.locator("input[type=file]").set_input_files(good)
    page.says("good.csv: 3 points in 2 dimensions")
    assert page.points().tolist() == [[0.5, 0], [3, 0], [0, 4]]
    assert page.errors == []


def test_two_windows_do_not_see_each_other_and_an_old_program_gives_way(server, window):
    one, other = window(server[1]), window(server[1] + "?problem=acute")
    one.says("proved")
    assert other.numbers()[0] == pytest.approx(5.16987494, abs=2e-8)
    other.says("computed")
    low, high = exactnorm.problems.acute().interval
    upper, lower = other.numbers()
    assert low <= upper
    assert lower <= high
    assert upper - lower < 1e-5
    assert one.numbers()[0] == pytest.approx(4.72222222, abs=2e-8)


def test_a_drag_of_a_hundred_events_keeps_up_and_leaves_nothing_behind(server, window):
    page = window(server[1])
    page.says("proved")
    workers = children(server[0].pid)
    page.drag((1, 0), (1.5, 0.4), 100)
    page.keeps_up()
    answered = page.source("drag")
    seen = page.points()
    assert [answered["x"][0][1], answered["y"][0][1]] == pytest.approx(seen[1].tolist(), abs=1e-9)  # the newest place
    page.drop()
    page.page.wait_for_function("() => location.search.startsWith('?points=')")
    page.says("proved") if seen[1] @ seen[2] <= 0 else page.says("computed")
    assert page.errors == []
    assert set(children(server[0].pid)) <= set(workers) | set(children(server[0].pid)[-1:])
    models = page.page.evaluate("() => Bokeh.documents[0].all_models ? [...Bokeh.documents[0].all_models].length : 0")
    page.drag(tuple(page.points()[1]), (1.2, 0.2), 100)
    page.drop()
    page.page.wait_for_function("() => !Bokeh.documents[0].get_model_by_name('drag')._busy")
    assert models == page.page.evaluate(
        "() => Bokeh.documents[0].all_models ? [...Bokeh.documents[0].all_models].length : 0"
    )


def test_a_point_that_is_taken_hold_of_again_before_the_drop_is_answered_stays_under_the_pointer(server, window):
    page = window(server[1])
    page.says("proved")
    page.drag((1, 0), (1.3, -0.2), 6)
    page.keeps_up()
    server[0].send_signal(signal.SIGSTOP)
    try:
        page.drop()
        page.drag((1.3, -0.2), (1.4, 0.2), 6)
    finally:
        server[0].send_signal(signal.SIGCONT)  # the drop is answered while the point is held
    page.page.wait_for_function("() => location.search.startsWith('?points=')")
    page.page.wait_for_timeout(500)
    page.page.mouse.move(*page.place(1.2, 0.1), steps=6)
    page.keeps_up()
    page.drop()
    page.page.wait_for_timeout(1500)
    assert np.abs(page.points()[1] - [1.2, 0.1]).max() < 0.02  # four pixels
    assert page.errors == []


def test_other_origins_and_other_names_of_this_machine_are_refused(server, window):
    address = server[1]
    host = urlsplit(address).netloc
    for headers in ({"Origin": "http://example.org"}, {"Host": "rebound.example.org"}, {"Origin": "null"}):
        assert status(address, **headers) == 403
    assert status(address, Origin=f"http://{host}") == 200
    handshake = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13"}
    assert status(address + "ws", **handshake, Sec_WebSocket_Key="x" * 16, Origin="http://example.org") == 403
    assert status(address + "?points=" + "0,0;" * 20_000) in (None, 400, 431)  # closed unread
    page = window(address + "?points=0,0;1,oops&rho=0.1")
    page.says("the link")


def test_ctrl_c_ends_the_command_and_its_processes_also_while_a_program_is_solved(tmp_path, window):
    file = tmp_path / "simplex.csv"  # a program of minutes
    np.savetxt(file, np.random.default_rng(0).standard_normal((9, 8)), delimiter=",")
    process, address = started(str(file), "--rho", "0.05")
    page = window(address)
    page.says("program: ")
    workers = children(process.pid)
    assert len(workers) == 1
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert "Traceback" not in told
    assert not any(map(alive, workers))


def test_a_worker_does_not_outlive_a_command_that_is_killed(window):
    process, address = started("acute")
    window(address)
    workers = children(process.pid)
    assert workers
    process.kill()
    process.communicate(timeout=60)
    end = time.monotonic() + 120
    while any(map(alive, workers)):
        assert time.monotonic() < end
        time.sleep(0.1)


def test_an_exported_page_needs_no_server_and_asks_for_nothing(tmp_path, window):
    file = tmp_path / "page.html"
    view = View([[0, 0], [1, 0], [0, 2]], 0.1, cloud=10)
    from exactnorm.explorer.page.export import export  # Bokeh is not there where these tests are not asked for

    export(file, view)
    page = window(file.as_uri())
    assert page.numbers()[0] == pytest.approx(4.72222222, abs=2e-8)
    steps = page.model("rho", "end")
    page.set("rho", steps)
    page.says("no denoiser")
    page.set("rho", 0)
    rho = float(re.search(r"= ([\d.]+)", page.model("rho", "title"))[1])
    expected = exactnorm.min_norm_denoiser(view.points, rho).certificate.upper
    assert page.numbers()[0] == pytest.approx(expected, rel=1e-8)
    assert [url for url in page.requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert page.errors == []


def test_a_point_that_was_clicked_is_not_taken_away_by_backspace_in_a_field(server, window):
    page = window(server[1])
    page.says("proved")
    page.page.mouse.click(*page.place(1, 0))
    page.page.wait_for_function("() => location.search.includes('starts=')")
    page.page.wait_for_timeout(300)
    # By the keyboard, with the pointer still above the picture.
    page.page.evaluate(f"({TYPED})()")
    page.page.keyboard.press("Backspace")
    page.page.wait_for_timeout(300)
    assert page.points().tolist() == [[0, 0], [1, 0], [0, 2]]
    assert page.errors == []


TYPED = """() => {
  const one = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name("text"))
  one.shadow_el.querySelector("textarea").focus()
}"""
"""Gives the keyboard to the field where points are pasted."""
FOCUSED = """(names) => {
  let one = document.activeElement
  while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement
  const around = []
  for (; one; one = one.parentNode ?? one.host) around.push(one)
  const view = (name) => Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name(name))
  return names.filter((name) => around.includes(view(name).el))
}"""
"""Which of the controls of these names has the focus."""
RINGED = """() => {
  let one = document.activeElement
  while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement
  const {outlineWidth, outlineStyle, outlineColor} = getComputedStyle(one)
  return `${outlineWidth} ${outlineStyle} ${outlineColor}`
}"""
"""The ring around what has the focus."""


def test_on_a_narrow_screen_nothing_is_wider_than_the_screen_and_every_control_is_reached_by_tab(server, window):
    from exactnorm.explorer.page.controls import Controls  # Bokeh is not there where these tests are not asked for

    page = window(server[1] + "?problem=orthogonal&flow=probability", 400, 800)
    page.says("proved")
    assert page.page.evaluate("() => document.documentElement.scrollWidth") <= 400
    page.page.get_by_role("button", name="start a flow at x, y").click()  # so that there is something to undo
    page.page.wait_for_function("() => !Bokeh.documents[0].get_model_by_name('undo').disabled")
    controls = {one.name for one in fields(Controls)} - {"readout", "message"}
    reached = set()
    for _ in range(60):
        page.page.keyboard.press("Tab")
        found = set(page.page.evaluate(FOCUSED, sorted(controls)))
        assert not found or page.page.evaluate(RINGED) == "3px solid rgb(0, 114, 178)", found  # and it is seen
        reached |= found
    assert reached == controls


def test_the_link_holds_that_basins_are_coloured(server, window):
    page = window(server[1] + "?problem=orthogonal&basins=yes")
    named = "(n) => Bokeh.documents[0].get_model_by_name('layer-limits').data.name.length == n"
    page.page.wait_for_function(named, arg=4)
    assert sorted(page.source("layer-limits")["name"]) == ["→ 0", "→ 1", "→ 2", "→ {1, 2}"]
    button = page.page.get_by_role("button", name="basins of the score flow")
    for on, limits in ((False, 0), (True, 4)):
        button.click()
        page.page.wait_for_function("(on) => location.search.endsWith('&basins=yes') == on", arg=on)
        page.page.wait_for_function(named, arg=limits)
    assert page.errors == []


def test_the_link_holds_what_is_shown_before_anything_is_changed(tmp_path, window):
    (tmp_path / "points.csv").write_text("0,0\n1,0\n0.4,0.9\n")
    process, address = started(str(tmp_path / "points.csv"), "--rho", "0.125")
    try:
        page = window(address)
        page.page.wait_for_function("() => location.search.includes('points=0.0,0.0;1.0,0.0;0.4,0.9&rho=0.125&')")
        again = window(page.page.url)
        assert again.points().tolist() == page.points().tolist()
        assert page.errors == again.errors == []
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


@pytest.mark.parametrize("width", [400, 1280])
def test_the_words_on_the_page_are_explained_there_when_that_is_asked_for(server, window, width):
    page = window(f"{server[1]}?problem=orthogonal", width, 800)
    words = page.page.locator("details")
    assert not words.locator("dl").is_visible()
    words.locator("summary").press("Enter")
    assert words.locator("dl").is_visible()
    assert page.page.evaluate("() => document.documentElement.scrollWidth") <= width
    explained = " ".join(words.locator("dt").all_inner_texts())
    for word in ("kink", "noise ball", "at rest", "cost, lower bound", "virtual training point", "score flow", "basin"):
        assert word in explained
        assert word.split(",")[0] in page.text().replace(explained, "")
    assert page.errors == []


def focusable(page):
    """Role and name, as a screen reader has them, of all that can have the focus."""
    found = []
    for one in page.page.context.new_cdp_session(page.page).send("Accessibility.getFullAXTree")["nodes"]:
        known = {part["name"]: part["value"].get("value") for part in one.get("properties", [])}
        if known.get("focusable") and one["role"]["value"] != "RootWebArea":
            found.append((one["role"]["value"], one["name"]["value"]))
    return found


def test_all_that_tab_reaches_has_a_name_and_a_role_on_the_page_and_on_an_exported_one(server, window, tmp_path):
    from exactnorm.explorer.page.export import export  # Bokeh is not there where these tests are not asked for

    export(tmp_path / "page.html", View([[0, 0], [1, 0], [0, 2]], 0.1, cloud=4))
    served, exported = (
        window(f"{server[1]}?problem=orthogonal&flow=probability"),
        window((tmp_path / "page.html").as_uri()),
    )
    served.says("proved")
    for page, count in ((served, 36), (exported, 7)):
        found = focusable(page)
        assert len(found) >= count
        assert [one for one in found if not one[1] or one[0] == "generic"] == []
        assert ("button", "Reset") in found
        assert len([one for one in found if one[0] == "image"]) == 2
    assert {("slider", "noise radius ρ"), ("button", "x: more"), ("button", "x: less")} <= set(focusable(served))
    assert ("slider", "noise radius ρ = 0.1") in focusable(exported)
    # A name follows what it names.
    exported.handle("rho").press("ArrowRight")
    title = exported.model("rho", "title")
    assert title != "noise radius ρ = 0.1"
    exported.page.wait_for_timeout(100)
    assert ("slider", title) in focusable(exported)
    # And a state follows what is done.
    wheel = served.page.get_by_role("button", name="Wheel Zoom")
    before = wheel.get_attribute("aria-pressed")
    wheel.press("Enter")
    served.page.wait_for_timeout(100)
    assert {before, wheel.get_attribute("aria-pressed")} == {"true", "false"}
    assert served.errors == exported.errors == []
