"""A window without a browser: what it asks for, and what it makes of answers and of sets of any size."""

from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest

from exactnorm.cli import main
from exactnorm.explorer.messages import Answer
from exactnorm.explorer.view import View, of_problem

pytestmark = pytest.mark.explore


@pytest.fixture
def opened():
    """A function that opens a window whose questions are written down in place of being asked."""
    from bokeh.document import Document

    from exactnorm.explorer.page.window import Window

    def window(view):
        one, asked = Window(Document(), view), []
        one.solver.ask = lambda kind, _: asked.append(kind) or len(asked)
        return one, asked

    return window


def test_nothing_is_asked_before_somebody_looks_on_and_then_once(opened):
    window, asked = opened(of_problem("acute"))
    assert (asked, window.solver.process) == ([], None)
    window.begin()
    window.begin()
    assert asked == ["picture"]


def test_where_the_program_fails_basins_of_what_formulas_give_are_coloured_all_the_same(opened):
    window, asked = opened(of_problem("acute"))
    window.begin()
    window.widgets.basins.active = True
    assert asked == ["picture"]  # which is still under way
    window.hear(Answer(1, "failed", "no memory"))
    assert "no memory" in window.widgets.message.text
    window.widgets.basins.active = False
    window.widgets.basins.active = True
    assert asked == ["picture", "basins"]


@pytest.mark.parametrize("scale", [1e-9, 1e6])
def test_controls_and_the_radii_of_an_exported_page_are_in_units_of_the_set(opened, scale):
    from exactnorm.explorer.page.export import radii

    points = np.array([[0, 0], [1, 0], [0, 2.0]])
    window, _ = opened(View(scale * points, scale * 0.1))
    widgets = window.widgets
    assert widgets.rho.step == pytest.approx(scale * 0.75 / 500)
    assert (widgets.x.step, widgets.y.step) == (pytest.approx(scale * 0.05), pytest.approx(scale * 0.05))
    # In digits: a radius that is rounded to so many places would be none for a small set.
    asked = radii(window.view)
    assert asked == pytest.approx([scale * one for one in radii(View(points, 0.1))], rel=1e-9)
    # What is told of a radius is the radius.
    assert all(float(f"{one:.4g}") == one for one in asked if one != window.view.rho)
    assert len(asked) == 17


def test_of_a_picture_only_the_layers_that_change_are_sent_and_the_page_draws_once(opened):
    window, _ = opened(of_problem("orthogonal"))
    sent = []
    window.document.on_change(lambda event: sent.append((event.model.name, event.attr)))
    before = {name: dict(source.data) for name, source in window.drawing.sources.items()}
    window.moving(replace(window.view, rho=0.12), points=False)
    assert sent.count(("plot", "hold_render")) == 2
    assert not window.drawing.plot.hold_render
    first = sent.index(("plot", "hold_render"))
    last = sent.index(("plot", "hold_render"), first + 1)
    assert first < sent.index(("layer-field", "data")) < last
    layers = [name.removeprefix("layer-") for name, attr in sent if attr == "data"]
    assert len(layers) == len(set(layers))
    changed = {name for name, source in window.drawing.sources.items() if dict(source.data) != before[name]}
    assert {"field", "kinks", "unstable"} <= changed == set(layers)
    assert not {"points", "starts", "outline", "neutral", "offending"} & changed


def test_a_view_that_no_link_holds_says_so_until_one_does(opened):
    window, _ = opened(of_problem("orthogonal"))
    assert "too many numbers for a link" not in window.widgets.readout.text
    points = np.random.default_rng(0).standard_normal((40, 12))
    window.change(points=points, rho=0.1, problem="")
    assert window.query.data["query"] == [""]
    assert "too many numbers for a link, which may have 8,000 letters" in window.widgets.readout.text
    window.moving(replace(window.view, rho=0.12), points=True)
    assert "too many numbers for a link" in window.widgets.readout.text
    window.hear(Answer(window.asked, "bracket", (1.0, 2.0, "looking", 0.1)))
    assert "too many numbers for a link" in window.widgets.readout.text
    window.undo()
    assert window.query.data["query"] != [""]
    assert "too many numbers for a link" not in window.widgets.readout.text


def test_the_python_of_a_window_takes_the_denoiser_that_it_was_given_while_that_is_looked_at(opened):
    import exactnorm
    from exactnorm.explorer.page.hands import _buttons
    from exactnorm.explorer.page.window import Window

    view, taken = of_problem("orthogonal"), []
    solved = exactnorm.min_norm_denoiser(view.points, view.rho, method="program")
    window = Window(opened(view)[0].document, view, solved)
    window.file.on_change("data", lambda _, __, new: taken.append(b64decode(new["base64"][0]).decode()))
    window.begun = False
    button = _buttons(window)["python"]
    button()
    window.change(rho=0.12)
    button()
    assert [text.count('exactnorm.load("denoiser.npz")') for text in taken if text] == [1, 0]
    window.close()


def test_an_export_that_is_interrupted_writes_nothing_and_says_so(tmp_path, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("exactnorm.explorer.page.export._solved", interrupted)
    file = tmp_path / "page.html"
    assert main(["explore", "acute", "--export", str(file)]) == 130
    assert not file.exists()
    said = capsys.readouterr().err
    assert f"interrupted: {file} was not written" in said
    assert "bracket" not in said
