"""What `exactnorm solve --prove` adds: a bracket in rational numbers, said and saved."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from exactnorm.cli.streams import say

if TYPE_CHECKING:
    from exactnorm.certify import CertifiedDenoiser
    from exactnorm.prover import Rigorous


def obstacles(arguments: argparse.Namespace) -> list[str]:
    """Why nothing could be proved after the work, to be said before it."""
    found = []
    if find_spec("flint") is None:
        found.append("--prove needs python-flint: pip install 'exactnorm[rigorous]'")
    if arguments.estimate:
        found.append("--estimate solves nothing: leave --prove out")
    return found


LOADED = "exactnorm.prover"
"""What proving loads."""


SHARE = 0.3
"""Of the time limit: what is kept for proving."""
SOON = 1.0
"""Seconds that it may take after Ctrl-C."""


def until_proving(arguments: argparse.Namespace) -> float | None:
    """The time limit of what comes before a proof, if there is to be one."""
    limit: float | None = arguments.time_limit
    return (1 - SHARE) * limit if limit is not None and arguments.prove else limit


def proved(denoiser: CertifiedDenoiser, arguments: argparse.Namespace, spent: float) -> Rigorous | None:
    """The proved bracket, and on stderr what could not be proved; the solver is that of the solve.

    The time is what is left of the limit after `spent` seconds, and `SHARE` of it at least; next to none if Ctrl-C
    ended the solve. None after Ctrl-C: what was solved is not to be lost with the proof.
    """
    from exactnorm.prover import rigorous

    limit = arguments.time_limit
    left = None if limit is None else max(limit - spent, SHARE * limit)
    if denoiser.interrupted:
        left = SOON if left is None else min(SOON, left)
    try:
        found = rigorous(denoiser, solver=arguments.solver, time_limit=left, progress=True)
    except KeyboardInterrupt:
        say("exactnorm solve: interrupted: the bracket below is not proved")
        return None
    for sentence in found.said:
        say(f"exactnorm solve: {sentence}")
    return found


def save(file: str, found: Rigorous) -> None:
    """Write the proof."""
    from exactnorm.prover import save_proof

    save_proof(file, found)


def sentence(found: Rigorous) -> str:
    """The proved bracket in a line."""
    lower, upper = ends(found)
    return f"proved in {found.seconds:.2g} s: {lower} <= least cost" + ("" if upper is None else f" <= {upper}") + "\n"


def record(found: Rigorous) -> dict[str, Any]:
    """The proved bracket for JSON."""
    lower, upper = ends(found)
    return {"lower": lower, "upper": upper, "seconds": found.seconds, "said": list(found.said)}


def ends(found: Rigorous) -> tuple[str, str | None]:
    """The proved bounds as decimal numbers, which they are."""
    from exactnorm.prover.text import number

    return number(found.lower), None if found.upper is None else number(found.upper)
