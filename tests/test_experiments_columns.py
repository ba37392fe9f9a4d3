"""Who reads an experiment's table at the terminal finds below it what every column holds."""

import inspect
import re
import sys

import pytest
from rich.console import Console

from exactnorm import report
from exactnorm.experiments import EXPERIMENTS, Table

OTHER = {"early-stopping-map": "SAMPLES", "leave-one-out": "FORMULA", "attribution-levels": "LEVELS"}
INTERVAL = re.compile(r"\w+_(low|high)|low|high")
"""Ends of intervals, which the table explains by themselves."""


def columns(name):
    module = sys.modules[inspect.unwrap(EXPERIMENTS[name]).__module__]
    return getattr(module, OTHER.get(name, "COLUMNS"))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_column_is_explained_below_the_table(name):
    table = Table(name, columns(name), ((1.0,) * len(columns(name)),) * 2, {}, "A reading.")
    console = Console(width=80)
    with console.capture() as capture:
        console.print(report.experiment_table(table))
    below = " ".join(capture.get().split("A reading.")[1].split())
    assert below.startswith("A row for each")
    assert "`" not in below
    sought = [one.replace("_", " ") for one in table.columns if not INTERVAL.fullmatch(one)]
    assert [one for one in sought if not re.search(rf"(?<!\w){re.escape(one)}(?!\w)", below)] == []


def test_a_block_that_only_a_number_names_says_what_the_number_is():
    table = Table(
        "memorisation", columns("memorisation"), tuple((n, "ramps", *range(22)) for n in (2, 3)), {}, "A reading."
    )
    console = Console(width=80)
    with console.capture() as capture:
        console.print(report.experiment_table(table))
    assert "\npoints 2\n" in capture.get()
