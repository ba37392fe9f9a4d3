"""`exactnorm experiment`: the papers' experiments, with exact denoisers and exact flows."""

from __future__ import annotations

import argparse
import ast
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from exactnorm import interrupts
from exactnorm.cli.help_text import formatter, wrapped
from exactnorm.cli.misuse import misused
from exactnorm.cli.numbers import number, whole
from exactnorm.cli.solve import SOLVING, check_solver
from exactnorm.cli.streams import BadInput, refuse, say, show, show_json, told

EXAMPLES = """\
examples:
  exactnorm experiment early-stopping
  exactnorm experiment where-flows-end --out results --set starts=50000
  exactnorm experiment where-flows-end --resume --out results --set starts=50000
  exactnorm experiment stable-virtual-points --executor dask://127.0.0.1:8786
"""
WHAT = {
    "stable-virtual-points": "how many sums of training points are stable",
    "where-flows-end": "shares of training, virtual, boundary and inner points among endpoints",
    "early-stopping": "flows from one cloud at many T: how many end on a vertex",
    "early-stopping-map": "the same in the plane, start by start, as a map",
    "beyond-orthogonal": "stable sums and endpoints where points are not orthogonal",
    "memorisation": "where flows end, against the number of digits",
    "first-pictures": "the first paper's pictures, predicted and trained",
    "width": "neurons of minimisers, against the number of points",
    "large-rays": "noisy points carried back to their own, in many dimensions",
    "costs": "neurons and patterns of sets in general position",
    "leave-one-out": "what a training point adds, by leaving it out",
    "attribution-levels": "the same, summed over noise levels in two ways",
    "attribution-scores": "scores of training points against leaving them out",
    "other-denoisers": "flows of the exact denoiser and of eight others",
    "linear-one-step": "the best linear denoiser in one step, against its limit",
    "inertia-end": "points on a circle: how near to it what they generate is",
    "trained-networks": "trained networks beside the exact denoiser",
}
NAMES = tuple(WHAT)
MEANS = ("seed", "solver", "run")
"""Arguments of an experiment that have an option of their own."""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "experiment",
        help="repeat the papers' experiments exactly",
        description=wrapped(
            "Repeat an experiment with exact denoisers and exact flows, beside the published statements."
        ),
        epilog=wrapped(_experiments() + EXAMPLES),
        formatter_class=formatter,
    )
    command.add_argument("name", metavar="NAME", choices=NAMES, help="which experiment, see below")
    command.add_argument(
        "--out", metavar="DIR", help="write table.csv, table.md, table.json, picture.png and the finished units there"
    )
    command.add_argument("--resume", action="store_true", help="go on with the units that --out holds")
    command.add_argument("--seed", type=whole, default=0, metavar="N", help="of everything random (default 0)")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another argument of the experiment's function, such as its size; may be given several times",
    )
    command.add_argument(
        "--executor",
        default="local",
        metavar="WHERE",
        help="local (a process pool, the default), or dask://HOST:PORT of a running scheduler",
    )
    command.add_argument("--time-limit", type=number, metavar="SECONDS", help="stop with the units finished by then")
    command.add_argument("--solver", metavar="S", help="semidefinite solver, where the experiment solves anything")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    command.set_defaults(run=run)


def _experiments() -> str:
    """The table of names, for `--help`."""
    longest = max(map(len, NAMES))
    return "\n".join(["experiments:", *(f"  {name:{longest}}  {what}" for name, what in WHAT.items())]) + "\n\n"


def run(arguments: argparse.Namespace) -> int:
    """Compute, print, write; 1 where units are missing."""
    interrupts.load(*SOLVING)
    from exactnorm import report
    from exactnorm.experiments import EXPERIMENTS

    given, means = checked(arguments)
    experiment = EXPERIMENTS[arguments.name]
    say(f"computing {arguments.name} …")
    try:
        table = experiment(seed=arguments.seed, run=means, **given)
    except (ValueError, TypeError) as mistake:
        raise BadInput(str(mistake)) from mistake
    record = report.experiment_record(table)
    if arguments.out is not None:
        write(Path(arguments.out), record, table)
    if arguments.json:
        show_json(record)
    else:
        show(report.experiment_table(table))
    return 1 if table.missing else 0


def checked(arguments: argparse.Namespace) -> tuple[dict[str, Any], Any]:
    """The experiment's arguments, and where it is computed; `BadInput` with all mistakes at once."""
    from exactnorm.experiments import EXPERIMENTS, Run

    found = misused(arguments)
    if arguments.seed is not None and arguments.seed < 0:
        found.append(f"--seed {arguments.seed}: a seed is not negative")
    given: dict[str, Any] = {}
    means = None
    lost = arguments.resume and arguments.out is None and "out" not in arguments.misread
    if lost:
        found.append("--resume goes with --out DIR, the folder that holds the units finished so far")
    try:
        where = executor_of(arguments.executor or "local")
        resume = arguments.resume and not lost
        means = Run(where, arguments.out, resume, arguments.time_limit, progress=True)
    except (ValueError, ImportError) as mistake:
        found.append(f"{mistake}")
    if arguments.name is not None:
        given, wrong = settings(arguments, EXPERIMENTS[arguments.name])
        found += wrong
    if arguments.solver is not None:
        found += told(check_solver, arguments.solver)
    found += told(ready, Path(arguments.out)) if arguments.out is not None else []
    refuse(found)
    return given, means


def executor_of(name: str) -> Any:
    """What computes the units."""
    from exactnorm.experiments import executor_named

    return executor_named(name)


def settings(arguments: argparse.Namespace, experiment: Callable[..., Any]) -> tuple[dict[str, Any], list[str]]:
    """Arguments from --solver and NAME=VALUE; values are numbers, tuples and words. And what is wrong with them."""
    takes = inspect.signature(experiment).parameters
    known = [name for name in takes if name not in MEANS]
    out: dict[str, Any] = {}
    wrong = []
    if arguments.solver is not None:
        if "solver" not in takes:
            wrong.append(f"--solver {arguments.solver}: {arguments.name} solves nothing; leave it out")
        out["solver"] = arguments.solver
    for pair in arguments.set:
        name, equals, text = pair.partition("=")
        if not equals or name not in known:
            wrong.append(f"--set {pair}: give NAME=VALUE with a NAME among {', '.join(known)}")
            continue
        try:
            out[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            out[name] = text
    return out, wrong


def ready(folder: Path) -> None:
    """Make the folder if it is not there; `BadInput` if it cannot be used, or nothing can draw."""
    try:
        interrupts.load("exactnorm.plot")
    except ImportError as missing:
        raise BadInput(str(missing)) from missing
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as failed:
        msg = f"--out {folder}: {failed.strerror or failed}"
        raise BadInput(msg) from failed


def write(folder: Path, record: dict[str, Any], table: Any) -> None:
    """Write the table as .csv and as a Markdown page, everything as .json, and the picture of a whole one as .png."""
    from exactnorm import plot
    from exactnorm.plot.experiments import SIZES

    text = json.dumps(record, allow_nan=False, ensure_ascii=False, indent=2)
    pages = {"table.csv": table.csv(), "table.md": table.markdown(), "table.json": f"{text}\n"}
    for name, page in pages.items():
        (folder / name).write_text(page, encoding="utf-8", newline="")
    names = [*pages]
    if not table.missing:
        figure = plot.figure(*SIZES.get(table.name, (7.0, 4.5)))
        plot.experiment(table, figure.add_subplot()).set_title(table.name)
        drawn_from = {name: record[name] for name in ("parameters", "versions")}
        made = {"Title": table.name, "Description": json.dumps(drawn_from, allow_nan=False)}
        figure.savefig(folder / "picture.png", dpi=100, metadata=made)
        names.append("picture.png")
    say(f"wrote {', '.join(names)} in {folder}")
