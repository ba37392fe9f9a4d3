"""The bound of dual matrices by cells: the certificate's, or some made where it has none, or they do not hold."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import numpy as np
from flint import fmpq

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import CellProof
from exactnorm.exact.balls.pricing import rescaled
from exactnorm.exact.deadline import OutOfTimeError
from exactnorm.proof.bounds import cells_bound
from exactnorm.proof.cells import gain
from exactnorm.proof.coverage import TooManyPatternsError as UnsearchedError
from exactnorm.proof.coverage import complete_patterns
from exactnorm.proof.limits import Limits, RefutedError, UndecidedError
from exactnorm.proof.matrices import matrix
from exactnorm.proof.records import Cells
from exactnorm.prover.cells import DIGITS, NotRepairedError, Repaired, located, repaired
from exactnorm.prover.clashes import Excluded, excluded
from exactnorm.prover.covering import Covering, covering
from exactnorm.prover.task import MANY, WORTH_SAYING, Found, Task

UNPROVED = (NotRepairedError, RefutedError, UnsearchedError, UndecidedError, ArithmeticError, np.linalg.LinAlgError)
"""Why dual matrices may not be proved."""


def by_cells(task: Task) -> Found | None:
    """Cells for every pattern that no clash excludes, and their bound; None where dual matrices are not proved."""
    if task.evidence.B is None:
        return None
    B, proofs = task.evidence.B, task.evidence.proofs
    problem = task.where.problem
    made: Covering | None = None
    try:
        if not proofs and len(task.patterns) <= MANY:
            made = covering(task.X, task.rho, task.patterns, B, task.means)
            B, proofs = made.B, made.proofs
        places, check = [], partial(task.means.check, "patterns without a kink")
        for one in proofs:
            check()
            places.append(located(task.where, one, DIGITS))
        covered = complete_patterns(places, problem.size, Limits(check))
        rest = excluded(problem, task.X, task.rho, covered, check)
        if 0 < len(rest.left) <= MANY:
            made, proofs = _with_cells(task, B, proofs, rest)
            B = made.B
        elif rest.left:
            task.said.append(f"{len(rest.left)} patterns have no cells, too many to make them")
            return None
        found, made = _with_room(task, B, proofs, made)
        evidence = Cells(found.B, found.cells, rest.clashes, rest.order)
        # The verifier's word, not the repair's: nothing is claimed that it does not show.
        bound = cells_bound(problem, evidence, Limits(task.means.deadline.check))
        _tell_loss(task, float(bound), found, made)
        return evidence, bound
    except OutOfTimeError:
        task.said.append("the time was over before every pattern had cells that are proved")
        return None
    except UNPROVED as failed:
        task.said.append(f"the dual matrices are not proved: {failed}")
        return None


def _with_cells(
    task: Task, B: Array, proofs: Sequence[CellProof], rest: Excluded
) -> tuple[Covering, tuple[CellProof, ...]]:
    """Cells also for the patterns that are left, dead by too little to be shown so."""
    patterns = np.array([[on >> n & 1 for n in range(task.train.size)] for on in rest.left], dtype=bool)
    made = covering(task.X, task.rho, patterns, B, task.means)
    return made, (*(rescaled(one, made.kappa**-2) for one in proofs), *made.proofs)


def _with_room(
    task: Task, B: Array, proofs: Sequence[CellProof], made: Covering | None
) -> tuple[Repaired, Covering | None]:
    """Cells that hold strictly; made anew where those of the certificate are for points that rounding has moved."""
    check = partial(task.means.check, f"{len(proofs)} cells in rational numbers")
    found: Repaired | None = None
    failed: NotRepairedError | None = None
    try:
        found = repaired(task.where, B, proofs, check)
    except NotRepairedError as mistake:
        failed = mistake
    if task.evidence.B is not None and task.evidence.proofs and (found is None or float(found.share) > WORTH_SAYING):
        patterns = np.unique([one.cell.pattern for one in proofs], axis=0)
        with suppress(ArithmeticError, np.linalg.LinAlgError):
            anew = covering(task.X, task.rho, patterns, task.evidence.B, task.means)
            other = repaired(task.where, anew.B, anew.proofs, check)
            if found is None or _worth(task, other) > _worth(task, found):
                found, made = other, anew
    if found is None:
        raise failed or NotRepairedError
    return found, made


def _worth(task: Task, found: Repaired) -> fmpq:
    """The bound of dual matrices."""
    return gain(task.where.problem, [matrix(one, task.where.problem.rank + 1) for one in found.B])


def _tell_loss(task: Task, bound: float, found: Repaired, made: Covering | None) -> None:
    """Say by how much cells prove less than the certificate states, and which is to blame."""
    lost = 1 - bound / task.stated
    if lost > WORTH_SAYING:
        if made is None or float(found.share) > made.lost:
            on = found.cells[found.worst].on
            balls = [n for n in range(task.train.size) if on >> n & 1]
        else:
            balls = np.flatnonzero(made.worst.pattern).tolist()
        task.said.append(
            f"{len(found.cells)} cells prove {lost:.1g} less than the certificate, because of one with balls {balls} on"
        )
