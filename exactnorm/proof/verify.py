"""The verdict on a proof, from the user's own points and radius: proved, refuted or undecided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any, Literal

import numpy as np
from flint import fmpq
from numpy.typing import ArrayLike, NDArray

from exactnorm.proof.bounds import lower_bound
from exactnorm.proof.coverage import TooManyPatternsError
from exactnorm.proof.document import read
from exactnorm.proof.limits import RefutedError, UndecidedError, limited
from exactnorm.proof.network import upper_bound
from exactnorm.proof.problem import LARGEST, NoBasisError, balls, fingerprint, sound_points
from exactnorm.proof.rationals import about, above, below, decimal_text, exact
from exactnorm.proof.records import BALLS, SAMPLES, TARGETS, Proof, SampleProof
from exactnorm.proof.samples import sample_problem, samples_lower, samples_upper
from exactnorm.proof.shapes import Check, UnreadableProofError


@dataclass(frozen=True)
class Verdict:
    """What was found out about a proof.

    Parameters
    ----------
    outcome : {"proved", "refuted", "undecided"}
    lower : fmpq
        Proved: every network that maps every ball to its centre costs at least this. 0 where no more was shown.
    upper : fmpq or None
        Proved: some network costs no more. None where none was shown.
    reasons : tuple of str
        The conditions that fail, or what was left open.
    """

    outcome: Literal["proved", "refuted", "undecided"]
    lower: fmpq
    upper: fmpq | None
    reasons: tuple[str, ...] = ()


def verify(text: str | bytes, points: ArrayLike, rho: float, *, time_limit: float | None = None) -> Verdict:
    """Check all conditions of a proof against points and a radius.

    Parameters
    ----------
    text : str or bytes
        What is in the file.
    points : array_like, shape (N, d)
        The clean points, yours rather than anybody else's: the file does not hold them.
    rho : float
        The radius of the noise balls.
    time_limit : float, optional
        Seconds after which the answer is "undecided".

    Raises
    ------
    UnreadableProofError
        A ``ValueError``: if the text is no proof of this format.
    ValueError
        If points or radius are not admissible.
    """
    table = sound_points(points)
    radius = _radius(rho)
    limits = limited(time_limit, len(text) + 8 * table.size)
    try:
        proof = _opened(text, table, "points", table.shape[1], limits.check)
        if not isinstance(proof, Proof) or proof.claim.problem != BALLS:
            return _foreign(f"the proof is about {_about(proof)!a}, not about {BALLS}")
        if unlike := _unlike(proof, table, radius):
            return _foreign(unlike)
        problem = balls(table, radius, proof.basis, proof.unit, limits)
    except NoBasisError as failed:
        return _foreign(str(failed))
    except UndecidedError as open_:
        return _left(open_)
    neurons = proof.neurons
    return judged(
        (proof.claim.lower, proof.claim.upper),
        lambda: lower_bound(problem, proof.lower, limits),
        None if neurons is None else lambda: upper_bound(problem, neurons, limits),
    )


def verify_samples(
    text: str | bytes,
    points: ArrayLike,
    samples: Sequence[ArrayLike],
    weight_decay: float | None = None,
    *,
    time_limit: float | None = None,
) -> Verdict:
    """Check all conditions of a proof about noisy samples; errors as for `verify`.

    Parameters
    ----------
    text : str or bytes
    points : array_like, shape (N, d)
    samples : sequence of array_like, each of shape (M_n, d)
        The noisy samples of each point.
    weight_decay : float, optional
        λ of the objective; None for interpolation.
    time_limit : float, optional
    """
    table, given = sound_points(points), [sound_points(one, least=1) for one in samples]
    if len(given) != len(table) or any(one.shape[1] != table.shape[1] for one in given):
        msg = f"there are samples of {len(given)} points for {len(table)}, or in other dimensions: give each its own"
        raise ValueError(msg)
    of = [n for n, one in enumerate(given) for _ in one]
    return _finite(text, SAMPLES, table, np.vstack(given), of, weight_decay, time_limit)


def verify_network(
    text: str | bytes,
    inputs: ArrayLike,
    targets: ArrayLike,
    weight_decay: float | None = None,
    *,
    time_limit: float | None = None,
) -> Verdict:
    """Check all conditions of a proof about a network through inputs and targets; errors as for `verify`.

    Parameters
    ----------
    text : str or bytes
    inputs : array_like, shape (M, p)
    targets : array_like, shape (M,) or (M, q)
    weight_decay : float, optional
        λ of the objective; None for interpolation.
    time_limit : float, optional
    """
    wanted = targets if isinstance(targets, np.ndarray) else np.asarray(targets, dtype=object)
    given = targets if wanted.ndim != 1 else wanted[:, None] if wanted is targets else [[one] for one in wanted]
    rows, table = sound_points(inputs), sound_points(given)
    if len(rows) != len(table):
        msg = f"there are {len(table)} targets for {len(rows)} inputs: give each its own"
        raise ValueError(msg)
    return _finite(text, TARGETS, table, rows, range(len(rows)), weight_decay, time_limit)


def _finite(
    text: str | bytes,
    wanted: str,
    points: NDArray[np.float64],
    samples: NDArray[np.float64],
    of: Sequence[int],
    weight_decay: float | None,
    time_limit: float | None,
) -> Verdict:
    if weight_decay is not None and not (_is_number(weight_decay) and 0 < weight_decay <= LARGEST):
        msg = f"weight_decay={weight_decay!r}: give a positive number, or None for interpolation"
        raise ValueError(msg)
    limits = limited(time_limit, len(text) + 8 * (points.size + samples.size))
    decay = None if weight_decay is None else _double("weight_decay", weight_decay)
    try:
        proof = _opened(text, samples, "inputs", max(samples.shape[1], points.shape[1]), limits.check)
        if not isinstance(proof, SampleProof) or proof.problem != wanted:
            return _foreign(f"the proof is about {_about(proof)!a}, not about {wanted}")
        if unlike := _unlike_samples(proof, points, samples, decay):
            return _foreign(unlike)
        problem = sample_problem(points, samples, of, decay, (proof.basis, proof.outputs), proof.units, limits)
    except NoBasisError as failed:
        return _foreign(str(failed))
    except UndecidedError as open_:
        return _left(open_)
    network = proof.network
    return judged(
        (proof.lower_claim, proof.upper_claim),
        lambda: samples_lower(problem, proof.lower, limits),
        None if network is None else lambda: samples_upper(problem, network, limits),
    )


def judged(
    claim: tuple[fmpq, fmpq | None], lower_end: Callable[[], fmpq], upper_end: Callable[[], fmpq] | None
) -> Verdict:
    """The verdict on a proof that is for the problem, from what shows its two bounds."""
    refuted, left = [], []
    lower: fmpq = fmpq(0)
    upper: fmpq | None = None
    try:
        lower = max(lower_end(), fmpq(0))
    except RefutedError as failed:
        refuted.append(f"lower bound: {failed}")
    except (TooManyPatternsError, UndecidedError) as open_:
        left.append(f"lower bound: {open_}")
    if upper_end is not None:
        try:
            upper = upper_end()
        except RefutedError as failed:
            refuted.append(f"upper bound: {failed}")
        except UndecidedError as open_:
            left.append(f"upper bound: {open_}")
    if not left and not refuted and claim[0] > lower:
        refuted.append(f"a lower bound of {about(claim[0])} is claimed; {about(lower)} is shown")
    if not refuted and claim[1] is not None and not left and (upper is None or claim[1] < upper):
        shown = "none is shown" if upper is None else f"{about(upper)} is shown"
        refuted.append(f"an upper bound of {about(claim[1])} is claimed; {shown}")
    outcome: Any = "refuted" if refuted else "undecided" if left else "proved"
    return Verdict(outcome, lower, upper, tuple(refuted + left))


def largest_file(size: int, dimension: int) -> int:
    """Characters of the longest proof that is read, by the problem alone: twenty times what simplices take.

    Reading takes up to thirty times as much memory, if the text is all brackets.
    """
    patterns: int = min(2 ** min(size - 1, 15), 20_000)
    rows = size + min(size, dimension) + 2
    return min(1_000_000 + 500 * patterns * rows * rows, 200_000_000)


def _radius(rho: float) -> fmpq:
    if not (_is_number(rho) and 0 <= rho <= LARGEST):
        msg = f"rho={rho!r}: give a radius >= 0"
        raise ValueError(msg)
    return _double("rho", rho)


def _is_number(given: Any) -> bool:
    """Whether it is one real number, whatever its type."""
    return np.ndim(given) == 0 and isinstance(given.item() if isinstance(given, np.ndarray) else given, (Real, Decimal))


def _double(name: str, number: float) -> fmpq:
    """The number, if it is one that doubles are: a proof about another would be no proof."""
    if float(number) != number:
        msg = f"{name}={number!r} has more digits than a double; give float({name}), for which the proof is"
        raise ValueError(msg)
    return exact(number)


def _opened(
    text: str | bytes, rows: NDArray[np.float64], what: str, dimension: int, check: Check
) -> Proof | SampleProof:
    """The proof in a text that is no longer than one about these rows can be."""
    if not (rows != rows[0]).any():
        msg = f"all {len(rows)} {what} are equal; give at least two different ones"
        raise ValueError(msg)
    if len(text) > (most := largest_file(len(rows), dimension)):
        msg = f"a proof for {len(rows)} {what} is at most {most} characters long; this text has {len(text)}"
        raise UnreadableProofError(msg)
    return read(text, check)


def _about(proof: Proof | SampleProof) -> str:
    return proof.problem if isinstance(proof, SampleProof) else proof.claim.problem


def _foreign(why: str) -> Verdict:
    """The verdict on a proof that is for another problem."""
    return Verdict("refuted", fmpq(0), None, (why,))


def _left(why: UndecidedError) -> Verdict:
    """The verdict where not even the problem was looked at to the end."""
    return Verdict("undecided", fmpq(0), None, (str(why),))


def _unlike_samples(proof: SampleProof, points: Any, samples: Any, decay: fmpq | None) -> str:
    """Why the proof is for other data; empty if it is for these."""
    data = proof.data
    shapes = (data.points, data.outputs), (data.samples, data.dimension)
    if shapes != (points.shape, samples.shape):
        return f"the proof is for points and samples of shapes {shapes}, not {points.shape} and {samples.shape}"
    if proof.weight_decay != decay:
        given = ["none" if one is None else about(one) for one in (proof.weight_decay, decay)]
        return f"the proof is for weight decay {given[0]}, not {given[1]}"
    if data.sha256 != (fingerprint(points), fingerprint(samples)):
        return "the proof is for other points or samples: their SHA-256 differs"
    return ""


def _unlike(proof: Proof, points: Any, rho: fmpq) -> str:
    """Why the proof is for other balls; empty if it is for these."""
    if (proof.size, proof.dimension) != points.shape:
        return (
            f"the proof is for {proof.size} points in R^{proof.dimension}, not for {len(points)} in R^{points.shape[1]}"
        )
    if proof.claim.rho != rho:
        return f"the proof is for rho = {about(proof.claim.rho)}, not {about(rho)}"
    if proof.sha256 != fingerprint(points):
        return "the proof is for other points: their SHA-256 differs"
    return ""


def decimals(verdict: Verdict, digits: int = 12) -> tuple[str, str | None]:
    """The proved bounds with so many decimals, rounded outwards."""
    lower = decimal_text(below(verdict.lower, digits), digits)
    return lower, None if verdict.upper is None else decimal_text(above(verdict.upper, digits), digits)
