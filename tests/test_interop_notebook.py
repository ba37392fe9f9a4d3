"""Tables for notebooks hold the results' own numbers, in valid HTML and Markdown."""

from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from exactnorm import endpoints, experiments, min_norm_denoiser, problems, theorems
from exactnorm.interop import notebook


def cells(html):
    """The table as rows of text; parsing fails if the markup is broken."""
    return [[cell.text or "" for cell in row] for row in ElementTree.fromstring(html).iter("tr")]


def test_a_certificate_s_table_holds_its_numbers():
    denoiser = min_norm_denoiser(problems.orthogonal().train)
    rows = dict(row for row in cells(notebook.as_html(denoiser.certificate)) if len(row) == 2)
    assert float(rows["lower bound"]) == pytest.approx(denoiser.certificate.lower, rel=1e-8)
    assert float(rows["cost of the network"]) == pytest.approx(denoiser.certificate.upper, rel=1e-8)
    assert rows["kind"] == "theorem"
    assert dict(cells(notebook.as_html(denoiser)))["neurons"] == str(denoiser.network.neurons)


def test_checks_endpoints_and_experiments_have_one_row_each():
    check = theorems.Check("a<b|c", "nobody", "open", 4.0, 5.0, "=", 1e-6, None, "")
    assert cells(notebook.as_html([check, check]))[1:] == [["a<b|c", "4", "=", "5", "open", "no, open"]] * 2
    ends = endpoints(np.array([[0.0, 0.0], [1.0, 2.0]]), problems.orthogonal().train)
    assert [row[:2] for row in cells(notebook.as_html(ends))[1:]] == [
        ["training point", "1"],
        ["virtual training point", "1"],
    ]
    table = experiments.early_stopping(starts=10)
    assert len(cells(notebook.as_html(table))) == len(table.rows) + 1


def test_markdown_has_the_same_cells_and_escapes_bars():
    check = theorems.Check("a|b", "nobody", "proved", 4.0, 4.0, "=", 1e-6, True, "")
    lines = notebook.as_markdown(check).splitlines()
    assert lines[1] == "| " + " | ".join(["---"] * 6) + " |"
    assert lines[2] == "| a\\|b | 4 | = | 4 | proved | yes |"


def test_the_extension_registers_html_and_markdown_for_every_kind_of_result():
    registered = {}

    def formatter(kind):
        return SimpleNamespace(for_type=lambda cls, function: registered.setdefault((kind, cls.__name__), function))

    kinds = ("text/html", "text/markdown")
    shell = SimpleNamespace(display_formatter=SimpleNamespace(formatters={kind: formatter(kind) for kind in kinds}))
    notebook.load_ipython_extension(shell)
    denoiser = min_norm_denoiser(problems.orthogonal().train)
    assert "<table>" in registered["text/html", "CertifiedDenoiser"](denoiser)
    assert len(registered) == 10


def test_anything_else_is_refused():
    with pytest.raises(TypeError, match="no table of int"):
        notebook.as_html(3)
