"""`rigorous`: from what a solver found to a bracket that is a theorem about the given floats."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import Any

from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.certify.certified_network import CertifiedNetwork
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.progress import reporter
from exactnorm.exact.solvers.choice import chosen
from exactnorm.files import whole
from exactnorm.prover.balls import for_balls
from exactnorm.prover.record import Means, Proving, Rigorous
from exactnorm.prover.sample_task import network_task, sample_task
from exactnorm.prover.samples import for_samples


def rigorous(
    found: CertifiedDenoiser | CertifiedNetwork,
    *,
    solver: str = "CLARABEL",
    solver_options: dict[str, Any] | None = None,
    time_limit: float | None = None,
    progress: bool | Callable[[Proving], None] = False,
) -> Rigorous:
    """Prove a bracket on the least cost of a denoiser's or network's problem, as near to the certificate's as may be.

    Parameters
    ----------
    found : CertifiedDenoiser or CertifiedNetwork
        Of noise balls, of noisy samples, or of inputs and targets, the last two with weight decay or without.
    solver : str
        Who solves what may have to be computed anew: cells where the certificate has none, or the program where a
        theorem holds only up to rounding.
    solver_options : dict, optional
        In the solver's own words, as for `exactnorm.min_norm_denoiser`.
    time_limit : float, optional
        Seconds after which what is not proved yet is left, and a bound that takes no time is taken in its place.
        Without a limit thousands of cells may be made, which takes minutes. Ctrl-C ends it with `KeyboardInterrupt`.
    progress : bool or callable
        Whether to write to standard error what is being done, as while solving; or what is called with it.

    Returns
    -------
    Rigorous
        Its bounds hold for the points and the radius as the rational numbers that their floats are. Where something
        cannot be proved, a weaker bound is, and `said` tells what failed; there always is a lower bound.

    Raises
    ------
    ValueError
        If the problem has no skip connection or penalises biases, for which there are no proofs; or if the solver or an
        option is not admissible.
    """
    with reporter(progress, str, "proving") as watcher:
        means = Means(chosen(solver, solver_options), Deadline(time_limit), watcher)
        if isinstance(found, CertifiedNetwork):
            return for_samples(network_task(found), found, means)
        if found.train.samples is not None:
            return for_samples(sample_task(found), found, means)
        return for_balls(found, means)


def save_proof(file: str | PathLike[str], found: Rigorous) -> None:
    """Write the proof to a file: the whole of it, or nothing."""
    with whole(file) as stream:
        stream.write(found.text.encode("ascii"))
