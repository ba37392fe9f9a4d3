"""`exactnorm experiment`."""

import csv
import inspect
import os
import re
import shlex
from pathlib import Path

import pytest
from cli_records import strict
from PIL import Image


def test_an_experiment_prints_its_table_and_writes_csv_markdown_json_and_a_picture(run, folder):
    status, out, err = run("experiment", "early-stopping", "--seed", 2, "--out", "results", "--json")
    record = strict(out)
    assert status == 0
    assert err.startswith("computing early-stopping …\n")
    assert record["parameters"]["seed"] == 2
    assert record["missing"] == 0
    files = ["early-stopping.jsonl", "picture.png", "table.csv", "table.json", "table.md"]
    assert sorted(os.listdir(folder / "results")) == files
    assert strict((folder / "results" / "table.json").read_text(encoding="utf-8")) == record
    header, *rows = csv.reader((folder / "results" / "table.csv").read_text(encoding="utf-8").splitlines())
    assert header == list(record["rows"][0])
    assert [[float(entry) for entry in row] for row in rows] == [list(row.values()) for row in record["rows"]]
    page = (folder / "results" / "table.md").read_text(encoding="utf-8")
    assert page.startswith("# early-stopping\n")
    assert record["reading"] in page
    with Image.open(folder / "results" / "picture.png") as picture:
        assert picture.text["Title"] == "early-stopping"
        assert strict(picture.text["Description"]) == {name: record[name] for name in ("parameters", "versions")}
    # The folder is not written over, and goes on where it is asked to: here there is nothing left to do.
    status, out, err = run("experiment", "early-stopping", "--seed", 2, "--out", "results")
    assert (status, out) == (2, "")
    assert "finished" in err
    status, out, _ = run("experiment", "early-stopping", "--seed", 2, "--out", "results", "--json", "--resume")
    assert (status, strict(out)) == (0, record)
    status, _, err = run("experiment", "early-stopping", "--seed", 3, "--out", "results", "--resume")
    assert status == 2
    assert "seed: 2 there, 3 here" in err


def test_the_words_of_a_table_of_endpoints_are_explained_below_it(run):
    status, out, _ = run("experiment", "where-flows-end", "--set", "counts=(2, 30)")
    assert status == 0
    assert "Score flow ends mostly at virtual training points." in " ".join(out.split())
    assert "…" not in out
    for word in ("virtual training point", "boundary", "memorised", "low, high"):  # columns of the table
        assert f"\n{word}" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "stars=3"), "starts"),
        (("--set", "starts"), "NAME=VALUE"),
        (("--solver", "SCS"), "solves nothing"),
        (("--time-limit", "-1"), "time_limit=-1"),
        (("--executor", "cluster"), "dask://HOST:PORT"),
        (("--resume",), "folder"),
    ],
)
def test_a_wrong_option_is_said_before_anything_is_computed(run, words, said):
    status, out, err = run("experiment", "early-stopping", *words)
    assert (status, out) == (2, "")
    assert said in err
    assert "computing" not in err


def test_an_unknown_experiment_and_a_folder_that_is_a_file_are_bad_input(run, folder):
    assert run("experiment", "nonsense")[:2] == (2, "")
    (folder / "taken").write_text("", encoding="utf-8")
    status, out, err = run("experiment", "early-stopping", "--out", "taken")
    assert (status, out) == (2, "")
    assert "--out taken" in err


def test_the_names_of_experiments_in_the_parser_are_those_of_the_package():
    from exactnorm.cli.experiment import NAMES
    from exactnorm.experiments import EXPERIMENTS

    assert tuple(EXPERIMENTS) == NAMES


def test_the_help_says_of_every_experiment_what_it_is(run):
    from exactnorm.experiments import EXPERIMENTS

    _, out, _ = run("experiment", "--help")
    table = out.split("experiments:\n")[1].split("\n\n")[0]
    said = dict(re.findall(r"^  (\S+)  +(\S.*(?:\n {4,}\S.*)*)", table, re.MULTILINE))
    assert list(said) == list(EXPERIMENTS)
    assert len({" ".join(what.split()) for what in said.values()}) == len(said)


def shown():
    """Every command on the pages about experiments, apart or within a line."""
    for page in sorted(Path(__file__).parents[2].glob("docs/experiments*.md")):
        text = page.read_text(encoding="utf-8")
        apart = re.findall(r"^ {4}(exactnorm experiment .*)$", text, re.MULTILINE)
        for line in apart + re.findall(r"`(exactnorm experiment [^`]*)`", text):
            words = shlex.split(line)[2:]
            if words != ["NAME"]:
                yield words


@pytest.mark.parametrize("words", list(shown()), ids=" ".join)
def test_every_experiment_that_the_pages_show_takes_the_arguments_it_is_given(words, folder, monkeypatch):
    """As in a shell, where a parenthesis has to be quoted, and up to where it would begin to compute."""
    from exactnorm.cli.experiment import checked
    from exactnorm.cli.main import parser
    from exactnorm.cli.misuse import parsed
    from exactnorm.experiments import EXPERIMENTS

    monkeypatch.chdir(folder)
    arguments = parsed(parser(), ["experiment", *words])
    assert not arguments.mistakes
    assert not arguments.unknown
    given, means = checked(arguments)
    assert set(given) <= set(inspect.signature(EXPERIMENTS[arguments.name]).parameters)
    assert all(not isinstance(value, str) or value.isidentifier() for value in given.values())
    assert means.resume == ("--resume" in words)


def test_the_pages_show_every_experiment_and_quote_what_a_shell_would_read_as_its_own():
    from exactnorm.cli.experiment import NAMES

    assert {words[0] for words in shown()} == set(NAMES)
    pages = Path(__file__).parents[2].glob("docs/experiments*.md")
    assert not re.findall(r"--set \w+=\S*[(\[]", "\n".join(page.read_text(encoding="utf-8") for page in pages))
