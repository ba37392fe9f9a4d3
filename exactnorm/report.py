"""Tables and sentences about results, as rich renderables and plain records; nothing is printed here."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import Any

from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.text import Text

from exactnorm import experiments
from exactnorm.certify import Certificate, CertifiedDenoiser, Part
from exactnorm.comparison import Comparison
from exactnorm.fitting import Fitting
from exactnorm.flow import Endpoints, Flow, Share, wilson
from exactnorm.geometry import affine_hull
from exactnorm.meanings import BLIND, COST, GIVEN, INTERVALS, MEANING, MEANT_WITH, OPTIMA, SOLVED, STANDINGS, ended
from exactnorm.problems import Problem
from exactnorm.tables import TextTable, ends, entry, stacked
from exactnorm.theorems import Check

MOST = 40
"""Rows of an experiment's table that are printed: what is read from them stands below, and is to be found."""


def prose(text: str) -> RenderableType:
    """Sentences, in lines that can be read however wide the table above them is."""
    return Constrain(Text(text), 110)


def sentence(text: str) -> str:
    """The text as a sentence of its own."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def solution_record(denoiser: CertifiedDenoiser, seconds: float) -> dict[str, Any]:
    """What `exactnorm solve --json` prints: plain numbers and strings, None for what is not finite."""
    train, certificate = denoiser.train, denoiser.certificate
    record = {
        "points": train.size,
        "dimension": train.dimension,
        "rank": affine_hull(train.points).rank,
        "rho": train.rho,
        "upper": certificate.upper,
        "lower": certificate.lower,
        "gap": certificate.gap,
        "interpolation_error": certificate.interpolation_error,
        "neurons": denoiser.network.neurons,
        "patterns": certificate.patterns,
        "cells": certificate.cells,
        "kind": certificate.kind,
        "status": denoiser.status,
        "seconds": seconds,
    }
    if train.samples is not None:
        record |= {"samples": sum(len(one) for one in train.samples), "weight_decay": certificate.weight_decay}
    return {name: finite_or_none(value) for name, value in record.items()}


def finite_or_none(value: Any) -> Any:
    """The value, or None for a float that strict JSON cannot hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def solution(denoiser: CertifiedDenoiser, seconds: float, title: str) -> RenderableType:
    """A table of one solution, and below it what is and is not shown."""
    table = denoiser.table()
    rows = (*table.rows, ("time", f"{seconds:.2f} s"))
    shown = grid(TextTable(table.headings, rows), title, header=False)
    words = [COST, *(SOLVED[name] for name, *_ in rows if name in SOLVED)]
    said = " ".join([sentence(denoiser.status), *ended(denoiser.status)])
    return Group(shown, prose(what_is_shown(denoiser)), prose(" ".join(words)), prose(said))


def what_is_shown(denoiser: CertifiedDenoiser) -> str:
    """Sentences that say what the certificate shows and what it does not."""
    certificate = denoiser.certificate
    lower, upper = ends(certificate.lower, certificate.upper)
    if certificate.weight_decay is not None:
        return (
            f"No network has an objective below {lower}, by dual multipliers whose "
            f"bound was recomputed in floating point; the one found has {upper}."
        )
    inputs = "balls" if denoiser.train.samples is None else "noisy samples"
    each, centre = ("ball", "centre") if denoiser.train.samples is None else ("noisy sample", "clean point")
    if certificate.lower > 0:
        because = (
            "a theorem whose hypotheses were checked on these points"
            if certificate.kind == "theorem"
            else "dual multipliers whose bound was recomputed from the stored arrays in floating point"
        )
        if isinstance(certificate.evidence, Part):
            because += f", for {len(certificate.evidence.rows)} of the points alone"
        below = f"No network that maps these {inputs} to their {centre}s costs less than {lower}, by {because}."
    else:
        below = "No positive lower bound is shown."
    if not math.isfinite(certificate.upper):
        return f"{below} No network was found."
    return (
        f"{below} The network found costs {upper} and maps every {each} to within "
        f"{certificate.interpolation_error:.1e} of its {centre}. It is made of floating-point numbers: its cost is a "
        "measured value and not a proof of an upper bound."
    )


def check_rows(certificate: Certificate, lower: float, upper: float, error: float | None) -> list[dict[str, Any]]:
    """What a certificate states, and what was recomputed from its arrays."""
    pairs = (
        ("lower bound", certificate.lower, lower),
        ("cost of the network", certificate.upper, upper),
        ("interpolation error", certificate.interpolation_error, error),
    )
    return [
        {"quantity": name, "stated": finite_or_none(float(stated)), "recomputed": finite_or_none(float(again))}
        for name, stated, again in pairs
        if stated is not None and again is not None
    ]


def check_table(rows: Iterable[dict[str, Any]]) -> RenderableType:
    """Stated and recomputed side by side."""
    digits = {"interpolation error": ".2e"}
    shown = (
        (row["quantity"], *(entry(row[name], digits.get(row["quantity"], ".12g")) for name in ("stated", "recomputed")))
        for row in rows
    )
    headings = ("", "stated", "recomputed")
    return grid(TextTable(headings, tuple(shown)), "The certificate supports what it states", right=headings[1:])


def levels_table(levels: Iterable[tuple[float, list[dict[str, Any]]]]) -> RenderableType:
    """What was recomputed at each radius of a path, one a row."""
    rows = tuple(
        (
            f"{rho:.10g}",
            *(entry(row["recomputed"], ".2e" if "error" in row["quantity"] else ".12g") for row in quantities),
        )
        for rho, quantities in levels
    )
    headings = ("noise radius", "lower bound", "cost of the network", "interpolation error")
    return grid(TextTable(headings, rows), "Every certificate supports what it states; recomputed:", right=headings)


def problems_table(problems: Iterable[Problem]) -> RenderableType:
    """The named problems, one a row, and below them what the words mean."""
    numbers = ("points", "dimension", "rho")
    return Group(grid(stacked(problems), "Named problems", right=numbers), prose(OPTIMA))


def problem_record(problem: Problem) -> dict[str, Any]:
    """What `exactnorm problems --json` prints of one problem; an infinite optimum is infeasibility."""
    lower, upper = problem.interval
    return {
        "name": problem.name,
        "points": problem.train.size,
        "dimension": problem.train.dimension,
        "rho": problem.train.rho,
        "feasible": math.isfinite(lower),
        "optimum": None if problem.optimum is None else [finite_or_none(lower), finite_or_none(upper)],
        "source": problem.source,
    }


def comparison_record(found: Comparison) -> dict[str, Any]:
    """What `exactnorm compare --json` prints."""
    certificate = found.exact.certificate
    record = {
        "cost": found.cost,
        "lower": certificate.lower,
        "upper": certificate.upper,
        "error": found.error,
        "interpolates": found.interpolates,
        "neurons": found.network.neurons,
        "exact_neurons": found.exact.network.neurons,
        "near": found.near,
        "kinks": len(found.kink_distance),
        "kinks_found": int((found.kink_distance <= found.near).sum()),
        "cost_elsewhere": found.cost_elsewhere,
        "crossing": found.crossing,
        "together": found.together,
    }
    shares = {"endpoints": found.ends.shares(), "exact_endpoints": found.exact_ends.shares()}
    return {
        **{name: finite_or_none(value) for name, value in record.items()},
        **{name: {kind: share_record(one) for kind, one in each.items()} for name, each in shares.items()},
        "reading": found.reading,
    }


def comparison_table(found: Comparison) -> RenderableType:
    """Trained and exact side by side; what the numbers say, and what the words mean, below."""
    table = grid(found.table(), "A trained network beside the minimum-norm denoiser", right=("trained", "exact"))
    met = [kind for kind in MEANING if f"flows that end: {kind}" in {row[0] for row in found.table().rows}]
    words = [MEANING[kind] for kind in met]
    kinks = "A kink is where a neuron switches; misses are distances in the unit of the points, over whole balls."
    return Group(table, prose("\n".join([kinks, *words])))


def checks_table(checks: Iterable[Check]) -> RenderableType:
    """Statements, one a row: computed, claimed, how far apart, standing, and whether they hold; details below."""
    checks = list(checks)
    table = grid(stacked(checks), "Statements, computed and claimed", right=("computed", "", "claimed", "difference"))
    words = [STANDINGS, *([BLIND] if any(check.unseen for check in checks) else [])]
    return Group(table, prose(" ".join(words)))


def check_record(check: Check) -> dict[str, Any]:
    """What `exactnorm theorems --json` prints of one statement."""
    return {field.name: finite_or_none(getattr(check, field.name)) for field in fields(check)}


def flow_record(flow: Flow, ends: Endpoints, parameters: dict[str, Any]) -> dict[str, Any]:
    """What `exactnorm flow --json` prints: parameters, and how many flows ended where."""
    return {
        **{name: finite_or_none(value) for name, value in parameters.items()},
        "complete": flow.complete,
        "status": flow.status,
        "switch_sigma": flow.switch_sigma,
        "tolerance": ends.tol,
        "endpoints": {kind: share_record(share) for kind, share in ends.shares().items()},
        "memorised": share_record(memorised(ends)),
    }


def flow_table(flow: Flow, ends: Endpoints, parameters: dict[str, Any]) -> RenderableType:
    """Where flows ended, one kind a row; below it the parameters and how the flows came to an end."""
    table = grid(ends.table(), f"Where the {parameters['flow']} flow ended", right=("count", "share", "95 % interval"))
    met = [MEANT_WITH.get(kind, kind) for kind, share in ends.shares().items() if share.count]
    words = [MEANING[kind] for kind in dict.fromkeys(met) if kind in MEANING]
    given = [meaning for name, meaning in GIVEN.items() if parameters.get(name) is not None]
    said = ", ".join(f"{name}={entry(value, '.6g')}" for name, value in parameters.items() if name != "flow")
    stood_in = "" if flow.switch_sigma is None else f"; the stand-in drove the flow down to sigma={flow.switch_sigma:g}"
    words = [*words, MEANING["memorised"], f"{said}.", *given, f"{flow.status}{stood_in}"]
    return Group(table, prose("\n".join(words)))


def memorised(ends: Endpoints) -> Share:
    """How many endpoints are more than three times nearer to one training point than to any other."""
    return wilson(int(ends.memorised.sum()), len(ends.kind))


def share_record(share: Share) -> dict[str, Any]:
    """A share as a plain record."""
    return {"count": share.count, "total": share.total, "share": share.share, "low": share.low, "high": share.high}


def experiment_record(table: experiments.Table) -> dict[str, Any]:
    """What `exactnorm experiment --json` prints: parameters, one record a row, and what the numbers say."""
    return {
        "name": table.name,
        "parameters": {name: finite_or_none(value) for name, value in table.parameters.items()},
        "rows": [{name: finite_or_none(value) for name, value in row.items()} for row in table.records()],
        "reading": table.reading,
        "statements": [asdict(statement) | {"verdict": statement.verdict} for statement in table.statements],
        "versions": table.versions,
        "missing": table.missing,
    }


def experiment_table(table: experiments.Table) -> RenderableType:
    """The rows, and below them the parameters, a sentence that reads them, and published statements line by line."""
    text = table.table()
    words = [meaning for name, meaning in MEANING.items() if name.split()[0] in text.headings]
    words += [INTERVALS] if any(heading.split()[-1] == "low" for heading in text.headings if heading) else []
    words = [*rows_meaning(table.name), *words]
    shown = grid(text, table.name, right=text.headings, most=MOST)
    return Group(shown, *([prose("\n".join(words))] if words else []))


def rows_meaning(name: str) -> list[str]:
    """What a row of an experiment's table holds, as its function's docstring says, its columns under their headings."""
    doc = inspect.getdoc(experiments.EXPERIMENTS.get(name)) or ""
    returned = re.search(r"\nReturns\n-+\nTable\n(.*?)(?:\n\n|$)", doc, re.DOTALL)
    if returned is None:
        return []
    return [re.sub(r"`(\w+(?:\.\d)?)`", lambda column: column[1].replace("_", " "), " ".join(returned[1].split()))]


def grid(
    text: TextTable, title: str, *, header: bool = True, right: Sequence[str] = (), most: int | None = None
) -> RenderableType:
    """The table under a title, the columns named in `right` to the right, `most` rows of it; below it the note."""
    table = Fitting(text, title, header, tuple(right), most)
    return Group(table, prose(text.note)) if text.note else table
