"""Results as HTML and Markdown tables; in a notebook, ``%load_ext exactnorm.interop.notebook`` shows them so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch
from html import escape
from typing import Any

from exactnorm.certify import Certificate, CertifiedDenoiser
from exactnorm.experiments import Table
from exactnorm.flow import Endpoints
from exactnorm.theorems import Check

Rows = tuple[Sequence[str], Sequence[Sequence[str]]]


def as_html(result: Any) -> str:
    """An HTML table of a certificate, a certified denoiser, endpoints, an experiment, a check, or a list of checks.

    Raises
    ------
    TypeError
        If it is none of these.
    """
    headings, rows = table(result)
    cells = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"


def as_markdown(result: Any) -> str:
    """The same as a Markdown table."""
    headings, rows = table(result)
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


@singledispatch
def table(result: Any) -> Rows:
    """Headings and rows, all strings."""
    if isinstance(result, Iterable):
        checks = list(result)
        if checks and all(isinstance(check, Check) for check in checks):
            headings = ("statement", "claimed", "", "computed", "standing", "holds")
            return headings, [_check_row(check) for check in checks]
    msg = f"there is no table of {type(result).__name__}"
    raise TypeError(msg)


@table.register
def _(certificate: Certificate) -> Rows:
    error = certificate.interpolation_error
    return ("certificate", ""), [
        ("cost of the network", f"{certificate.upper:.9g}"),
        ("lower bound", f"{certificate.lower:.9g}"),
        ("relative gap", f"{certificate.gap:.2e}"),
        ("interpolation error", "none asked for" if error is None else f"{error:.2e}"),
        ("kind", certificate.kind),
        ("rests on", certificate.statement),
    ]


@table.register
def _(denoiser: CertifiedDenoiser) -> Rows:
    (_, blank), rows = table(denoiser.certificate)
    train = denoiser.train
    data = ("points", f"{train.size} in {train.dimension} dimensions, rho = {train.rho:g}")
    return ("minimum-norm denoiser", blank), [data, ("neurons", str(denoiser.network.neurons)), *rows]


@table.register
def _(check: Check) -> Rows:
    return table([check])


@table.register
def _(ends: Endpoints) -> Rows:
    rows = [
        (kind, str(share.count), f"{share.share:.1%}", f"{share.low:.1%} to {share.high:.1%}")
        for kind, share in ends.shares().items()
        if share.count
    ]
    return ("endpoint", "count", "share", "95 % interval"), rows


@table.register
def _(experiment: Table) -> Rows:
    rows = [tuple(f"{v:.4g}" if isinstance(v, float) else str(v) for v in row) for row in experiment.rows]
    return experiment.columns, rows


def load_ipython_extension(shell: Any) -> None:
    """Make a notebook show these results as tables."""
    for kind, function in (("text/html", as_html), ("text/markdown", as_markdown)):
        formatter = shell.display_formatter.formatters[kind]
        for cls in (Certificate, CertifiedDenoiser, Check, Endpoints, Table):
            formatter.for_type(cls, function)


def _check_row(check: Check) -> tuple[str, ...]:
    word = "yes" if check.holds else "no"
    if check.expected is None:
        word += ", open"
    elif not check.as_expected:
        word += ", unexpected"
    return check.name, f"{check.claimed:.9g}", check.relation, f"{check.computed:.9g}", check.standing, word
