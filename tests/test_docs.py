"""Every snippet of README, docs and docstrings is run, and numbers in the tables are the ones that are recorded."""

import importlib
import pkgutil
import re
import runpy
import shlex
import subprocess
import sys
from doctest import ELLIPSIS
from pathlib import Path
from textwrap import dedent

import pytest
from scipy_doctest import DTConfig, DTFinder, DTRunner
from sybil.document import Document
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

import exactnorm
from exactnorm import problems
from exactnorm.cli.main import parser
from exactnorm.problems import optimum_text

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(path for path in ROOT.glob("docs/**/*.md") if "_build" not in path.parts)]
MODULES = [
    module.name
    for module in pkgutil.walk_packages(exactnorm.__path__, "exactnorm.")
    if not module.name.endswith("__main__")
    and not module.name.startswith(("exactnorm.interop.", "exactnorm.explorer.page."))  # other libraries
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_snippet_of_a_page_does_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for library in ("onnxruntime", "sklearn"):  # both are in the extra `test`
        if library in page.read_text(encoding="utf-8"):
            pytest.importorskip(library)
    document = Document.parse(str(page), PythonCodeBlockParser(doctest_optionflags=ELLIPSIS), SkipParser())
    examples = list(document.examples())
    for example in examples:
        example.evaluate()
    # A page with code that the parser does not see would pass unrun.
    assert len(examples) >= page.read_text(encoding="utf-8").count("```python")


def test_the_blocks_of_the_readme_print_what_stands_below_them(capsys):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```\n\nprints\n\n```text\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == text.count("```python") == text.count("```text")
    names = {}
    for code, printed in blocks:
        assert ">>>" not in code  # copied as it is
        exec(code, names)
        assert capsys.readouterr().out == printed


def indented_blocks(page):
    """The code that a page sets apart by indentation: what needs a process of its own, or another library."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [dedent(block) for block in re.findall(r"(?:^(?: {4}.*)?\n)+", text, re.MULTILINE) if block.strip()]


def test_the_scripts_of_the_page_on_parallel_work_run(tmp_path):
    pytest.importorskip("distributed")  # in the extra `test`
    scripts = indented_blocks("howto/parallel.md")
    assert ["ProcessPool" in script for script in scripts] == [True, False]
    for n, script in enumerate(scripts):
        # Saved as a user would: worker processes import the file again.
        file = tmp_path / f"script{n}.py"
        file.write_text(f"{script}\n    assert denoiser.certificate.certifies(1e-6)\n")
        done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr


def pytorch_snippet(page):
    """What the names of the one block of a page that uses PyTorch are, run by itself as it is printed."""
    (snippet,) = [block for block in indented_blocks(page) if "torch" in block]
    names = {}
    exec(snippet, names)
    return names


@pytest.mark.torch
def test_the_pytorch_snippet_on_other_libraries_gives_the_same_network_back():
    names = pytorch_snippet("howto/other-libraries.md")
    for name in ("a", "w", "b", "c"):
        assert (getattr(names["network"], name) == getattr(names["denoiser"].network, name)).all()


@pytest.mark.torch
def test_the_pytorch_snippet_on_trained_networks_reads_module_and_state(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = pytorch_snippet("howto/trained-network.md")
    y = names["torch"].linspace(-1, 1, 8, dtype=names["torch"].float64).reshape(4, 2)
    values = names["module"].double()(y).detach().numpy()
    assert names["network"](y.numpy()) == pytest.approx(values, abs=1e-12)


def command_lines():
    """Every whole command that README, docs and the help of the commands show."""
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    helps = [command.format_help() for command in parser()._subparsers._group_actions[0].choices.values()]
    text = "\n".join([pages, *helps, parser().format_help()])
    lines = re.findall(r"^ +(exactnorm .*)$", text, re.MULTILINE) + re.findall(r"`(exactnorm \w[^`\n]*)`", pages)
    return [re.split(r" +[>#]", line)[0] for line in lines]


def test_every_command_line_that_is_shown_is_one():
    lines = command_lines()
    assert len(lines) > 25
    for line in lines:
        words = shlex.split(line)[1:]
        if "COMMAND" in words or words in (["solve"], ["experiment", "NAME"]):  # the command's name, not a command
            continue
        assert parser().parse_args(words).command == words[0]


def test_every_docstring_example_gives_the_documented_number():
    config = DTConfig()
    config.rtol = 1e-6  # the default of 1e-2 accepts 0.334 for 1/3
    runner = DTRunner(config=config)
    for name in MODULES:
        for test in DTFinder(config=config).find(importlib.import_module(name), name):
            runner.run(test)
    assert runner.tries > 0
    assert runner.failures == 0


def test_the_table_of_standings_holds_the_recorded_optima():
    rows = [line.split("|")[1:-1] for line in (ROOT / "docs" / "standing.md").read_text(encoding="utf-8").splitlines()]
    named = {row[0].strip().strip("`"): [cell.strip() for cell in row] for row in rows if len(row) == 4}
    table = {name: row for name, row in named.items() if name.isidentifier()}
    assert len(table) >= 9
    for name, row in table.items():
        problem = problems.named(name)
        assert row[2] == optimum_text(problem)
        assert problem.source.startswith(row[3])


def test_the_link_check_finds_missing_pages_missing_places_and_what_is_loaded_from_the_network(tmp_path):
    faults = runpy.run_path(str(ROOT / "docs" / "check_links.py"))["faults"]
    (tmp_path / "good.html").write_text('<h1 id="top">x</h1><a href="#top">up</a><a href="https://x.org">out</a>')
    assert list(faults(tmp_path)) == []
    (tmp_path / "bad.html").write_text(
        '<a href="gone.html">a</a><a href="good.html#nowhere">b</a><script src="https://x.org/y.js"></script>'
    )
    assert sorted(faults(tmp_path)) == [
        "bad.html links to gone.html, which is not there",
        "bad.html links to good.html#nowhere, but that page has no such place",
        "bad.html loads https://x.org/y.js from the network",
    ]


def test_the_reference_describes_every_public_name_by_itself_or_in_its_generated_end(tmp_path):
    written = runpy.run_path(str(ROOT / "docs" / "public_names.py"))["write_undescribed"](tmp_path / "more.md")
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8") + written
    described = {line.split("::")[1].strip().split(".")[-1] for line in text.splitlines() if line.startswith(".. auto")}
    assert set(exactnorm.__all__) <= described
    assert (tmp_path / "more.md").read_text(encoding="utf-8") == written
