"""Tables and sentences about results, as rich renderables and plain records; nothing is printed here."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, fields
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import Any

from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.table import Table
from rich.text import Text

from exactnorm import experiments
from exactnorm.certify import Certificate, CertifiedDenoiser
from exactnorm.flow import Endpoints, Flow, Share, wilson
from exactnorm.geometry import affine_hull
from exactnorm.problems import Problem
from exactnorm.theorems import Check


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
    return {name: finite_or_none(value) for name, value in record.items()}


def finite_or_none(value: Any) -> Any:
    """The value, or None for a float that strict JSON cannot hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def solution(denoiser: CertifiedDenoiser, seconds: float, title: str) -> RenderableType:
    """A table of one solution, and below it what is and is not shown."""
    train, certificate, network = denoiser.train, denoiser.certificate, denoiser.network
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    rank = affine_hull(train.points).rank
    table.add_row("points", f"{train.size} in {train.dimension} dimensions, affine rank {rank}")
    table.add_row("noise radius rho", f"{train.rho:g}")
    table.add_row("cost of the network", rounded(certificate.upper, ROUND_CEILING))
    table.add_row("lower bound", rounded(certificate.lower, ROUND_FLOOR))
    table.add_row("relative gap", f"{certificate.gap:.2e}")
    if certificate.interpolation_error is not None:
        table.add_row("interpolation error", f"{certificate.interpolation_error:.2e}")
    table.add_row("neurons", str(network.neurons))
    if certificate.patterns:
        table.add_row("patterns, cells", f"{certificate.patterns}, {certificate.cells}")
    table.add_row("time", f"{seconds:.2f} s")
    return Group(table, prose(what_is_shown(denoiser)), prose(sentence(denoiser.status)))


def what_is_shown(denoiser: CertifiedDenoiser) -> str:
    """Sentences that say what the certificate shows and what it does not."""
    certificate = denoiser.certificate
    if certificate.weight_decay is not None:
        return (
            f"No network has an objective below {rounded(certificate.lower, ROUND_FLOOR)}, by dual multipliers whose "
            f"bound was recomputed in floating point; the one found has {rounded(certificate.upper, ROUND_CEILING)}."
        )
    inputs = "balls" if denoiser.train.samples is None else "noisy samples"
    each, centre = ("ball", "centre") if denoiser.train.samples is None else ("noisy sample", "clean point")
    if certificate.lower > 0:
        because = (
            "a theorem whose hypotheses were checked on these points"
            if certificate.kind == "theorem"
            else "dual multipliers whose bound was recomputed from the stored arrays in floating point"
        )
        lower = rounded(certificate.lower, ROUND_FLOOR)
        below = f"No network that maps these {inputs} to their {centre}s costs less than {lower}, by {because}."
    else:
        below = "No positive lower bound is shown."
    if not math.isfinite(certificate.upper):
        return f"{below} No network was found."
    return (
        f"{below} The network found costs {rounded(certificate.upper, ROUND_CEILING)} and maps every {each} to within "
        f"{certificate.interpolation_error:.1e} of its {centre}. It is made of floating-point numbers: its cost is a "
        "measured value and not a proof of an upper bound."
    )


def rounded(value: float, direction: str) -> str:
    """The value to nine digits, rounded in the given direction so that a bracket stays a bracket in print."""
    if not math.isfinite(value):
        return str(value)
    return f"{Context(prec=9, rounding=direction).create_decimal_from_float(value):f}"


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
    table = Table(title="The certificate supports what it states", title_justify="left")
    for heading in ("", "stated", "recomputed"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for row in rows:
        digits = ".2e" if row["quantity"] == "interpolation error" else ".12g"
        table.add_row(row["quantity"], *(cell(row[name], digits) for name in ("stated", "recomputed")))
    return table


def problems_table(problems: Iterable[Problem]) -> Table:
    """The named problems, one a row."""
    table = Table(title="Named problems", title_justify="left")
    table.add_column("name", no_wrap=True)
    for heading in ("points", "dimension", "rho"):
        table.add_column(heading, justify="right")
    table.add_column("optimum", overflow="fold")
    table.add_column("source", overflow="fold")
    for problem in problems:
        train = problem.train
        optimum = optimum_text(problem)
        table.add_row(problem.name, str(train.size), str(train.dimension), f"{train.rho:.4g}", optimum, problem.source)
    return table


def optimum_text(problem: Problem) -> str:
    """The recorded optimum in words."""
    if problem.optimum is None:
        return "not recorded"
    if isinstance(problem.optimum, tuple):
        return f"{problem.optimum[0]:.10g} to {problem.optimum[1]:.10g}"
    return "none: infeasible" if math.isinf(problem.optimum) else f"{problem.optimum:.8g}"


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


def checks_table(checks: Iterable[Check]) -> RenderableType:
    """Statements, one a row: claimed, computed, how far apart, standing, and whether they hold; details below."""
    table = Table(title="Statements, claimed and computed", title_justify="left")
    table.add_column("statement", no_wrap=True)
    for heading in ("claimed", "", "computed", "difference"):
        table.add_column(heading, justify="center" if not heading else "right", no_wrap=True)
    table.add_column("standing", no_wrap=True)
    table.add_column("holds", no_wrap=True)
    notes = []
    for check in checks:
        difference = f"{check.computed - check.claimed:.1e}"
        computed, claimed = f"{check.computed:.9g}", f"{check.claimed:.9g}"
        table.add_row(check.name, claimed, check.relation, computed, difference, check.standing, outcome(check))
        notes.append(f"{check.name} ({check.source}): {check.detail}")
    return Group(table, prose("\n".join(notes)))


def outcome(check: Check) -> str:
    """Whether a statement holds, and whether that was expected."""
    word = "yes" if check.holds else "no"
    if check.expected is None:
        return f"{word}, open"
    if check.as_expected:
        return "yes" if check.holds else "no, as expected"
    return f"{word}: UNEXPECTED"


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
    table = Table(title=f"Where the {parameters['flow']} flow ended", title_justify="left")
    table.add_column("endpoint", no_wrap=True)
    for heading in ("count", "share", "95 % interval"):
        table.add_column(heading, justify="right")
    rows = {kind: share for kind, share in ends.shares().items() if share.count}
    for kind, share in (rows | {"memorised (ratio below 1/3)": memorised(ends)}).items():
        table.add_row(kind, str(share.count), f"{share.share:.1%}", f"{share.low:.1%} to {share.high:.1%}")
    said = ", ".join(f"{name}={value:g}" for name, value in parameters.items() if not isinstance(value, str))
    notes = f"{said}; an endpoint is at a point when within {ends.tol:.1e} of it.\n{flow.status}"
    return Group(table, prose(notes))


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
        "statements": [asdict(statement) for statement in table.statements],
    }


def experiment_table(table: experiments.Table) -> RenderableType:
    """The rows, and below them the parameters, a sentence that reads them, and published statements line by line."""
    rows = Table(title=table.name, title_justify="left")
    for column in table.columns:
        rows.add_column(column.replace("_", " "), justify="right", overflow="fold")
    for row in table.rows:
        rows.add_row(*(cell(value) for value in row))
    said = ", ".join(f"{name}={value}" for name, value in table.parameters.items())
    statements = "".join(f"\n{'agrees' if s.holds else 'DIFFERS'}: {s.text} ({s.evidence})" for s in table.statements)
    return Group(rows, prose(f"{said}\n{table.reading}{statements}"))


def cell(value: Any, digits: str = ".4g") -> str:
    """A table's entry in few characters."""
    if value is None:
        return "–"
    return f"{value:{digits}}" if isinstance(value, float) else str(value)
