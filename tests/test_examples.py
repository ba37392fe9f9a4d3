"""Every example of the gallery runs, is short, checks itself, and shows its picture where it is run by hand."""

import ast
import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("plot_*.py"))


def test_there_are_examples():
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_at_most_60_lines_ends_in_an_assertion_that_holds_and_shows_a_picture(example, monkeypatch):
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(plt.get_fignums()))
    source = example.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 60
    assert isinstance(ast.parse(source).body[-2], ast.Assert)
    try:
        runpy.run_path(str(example), run_name="__main__")
        assert len(shown) == 1
        assert shown[0]
    finally:
        plt.close("all")
