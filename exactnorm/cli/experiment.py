"""`exactnorm experiment`: the papers' experiments, with exact denoisers and exact flows."""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import Any

from exactnorm import interrupts
from exactnorm.cli.help_text import formatter, wrapped
from exactnorm.cli.solve import SOLVING
from exactnorm.cli.streams import BadInput, say, show, show_json

EXAMPLES = """\
examples:
  exactnorm experiment early-stopping
  exactnorm experiment where-flows-end --seed 1 --out results
  exactnorm experiment stable-virtual-points --json
"""
NAMES = ("stable-virtual-points", "where-flows-end", "early-stopping")


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "experiment",
        help="repeat the papers' experiments exactly",
        description=wrapped(
            "Repeat an experiment with exact denoisers and exact flows, beside the published statements."
        ),
        epilog=wrapped(EXAMPLES),
        formatter_class=formatter,
    )
    command.add_argument("name", metavar="NAME", choices=NAMES, help=", ".join(NAMES))
    command.add_argument("--out", metavar="DIR", help="write NAME.csv, NAME.json and NAME.png there")
    command.add_argument("--seed", type=int, default=0, metavar="N", help="of everything random (default 0)")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compute, print, write."""
    interrupts.load(*SOLVING)
    from exactnorm import report
    from exactnorm.experiments import EXPERIMENTS

    if arguments.seed < 0:
        msg = f"--seed {arguments.seed}: a seed is not negative"
        raise BadInput(msg)
    folder = None if arguments.out is None else ready(Path(arguments.out))
    say(f"computing {arguments.name} …")
    table = EXPERIMENTS[arguments.name](seed=arguments.seed)
    record = report.experiment_record(table)
    if folder is not None:
        write(folder, table.name, record, table)
    if arguments.json:
        show_json(record)
    else:
        show(report.experiment_table(table))
    return 0


def ready(folder: Path) -> Path:
    """The folder, made if it is not there; `BadInput` if it cannot be used, or nothing can draw."""
    try:
        interrupts.load("exactnorm.plot")
    except ImportError as missing:
        raise BadInput(str(missing)) from missing
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as failed:
        msg = f"--out {folder}: {failed.strerror or failed}"
        raise BadInput(msg) from failed
    return folder


def write(folder: Path, name: str, record: dict[str, Any], table: Any) -> None:
    """Write the table as .csv, everything as .json, and the picture as .png."""
    from exactnorm import plot

    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(table.columns)
        writer.writerows(table.rows)
    text = json.dumps(record, allow_nan=False, ensure_ascii=False, indent=2)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    figure = plot.figure(7, 4.5)
    plot.experiment(table, figure.add_subplot()).set_title(name)
    figure.savefig(folder / f"{name}.png", dpi=150)
    say(f"wrote {name}.csv, {name}.json and {name}.png in {folder}")
