"""Certified denoisers on a grid of noise radii, as one path ρ ↦ h_ρ that a probability flow can follow."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array, of_kind, real_array, real_number, restore_read_only
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.denoiser import min_norm_denoiser
from exactnorm.exact.deadline import Deadline
from exactnorm.finite_network import check_means
from exactnorm.flow.family import Family
from exactnorm.flow.probability.probability_flow import probability_flow
from exactnorm.flow.record import Flow
from exactnorm.flow.schedule_table import GivenSchedule
from exactnorm.tables import one_line
from exactnorm.training_set import TrainingSet

SHORTEST = 1e-2
"""Seconds that a level may take however late it is: a first bracket comes whatever the clock says."""


@dataclass(frozen=True, eq=False)
class DenoiserPath:
    """Minimum-norm denoisers at several radii; in between, the one whose radius is nearest in logarithm.

    Parameters
    ----------
    points : array_like, shape (N, d)
        Clean points.
    radii : array_like, shape (n,)
        Distinct noise radii ρ > 0 with 2ρ below the smallest distance, in any order; kept in increasing order.
    denoisers : tuple of CertifiedDenoiser, optional
        One for each radius, in increasing order of radius. Solved for when left out.
    tol, progress, executor, solver, solver_options
        As for `min_norm_denoiser`; levels that `refined_flow` adds are solved alike.
    time_limit : float, optional
        Seconds for all levels together, of which each may take an equal share of what the ones before it left; and
        again for all levels that `refined_flow` adds.

    Raises
    ------
    ValueError
        If the radii are not distinct and positive, balls overlap at the largest, or the denoisers are not those of
        the points and radii.
    KeyboardInterrupt
        Before there is a bracket for the smallest radius.

    Notes
    -----
    After Ctrl-C `radii` and `denoisers` end with the level that was being solved for, whose bracket is the best so far,
    and `interrupted` is true.

    Kinks move with the radius, so a probability flow along a path with n levels is that of n frozen denoisers, each
    followed exactly, and one denoising step from the smallest radius. `refined_flow` adds levels, between them and
    below, until the endpoints settle.
    """

    points: Array
    radii: Array
    denoisers: tuple[CertifiedDenoiser, ...] = ()
    tol: float = 1e-6
    time_limit: float | None = field(default=None, repr=False)
    progress: bool | Callable[[Any], None] = field(default=False, repr=False)
    executor: Executor | None = field(default=None, repr=False)
    solver: str = field(default="CLARABEL", repr=False)
    solver_options: dict[str, Any] | None = field(default=None, repr=False)
    interrupted: bool = field(init=False, repr=False)
    """Whether Ctrl-C ended the solving; the radii above are then missing."""

    __repr__ = one_line
    __setstate__ = restore_read_only

    def __post_init__(self) -> None:
        radii = np.sort(np.atleast_1d(real_array(self.radii, "radii")))
        if radii.ndim != 1 or not len(radii) or radii[0] <= 0 or np.any(np.diff(radii) == 0):
            msg = f"radii={radii.tolist()}; give at least one radius, all positive and distinct"
            raise ValueError(msg)
        train = TrainingSet(self.points, float(radii[-1]))
        object.__setattr__(self, "points", train.points)
        check_means(self.tol, self.time_limit, self.progress, self.executor)
        of_kind(
            self.denoisers, tuple | list, "denoisers", "a tuple of what min_norm_denoiser returned, one for each radius"
        )
        for n, one in enumerate(self.denoisers):
            of_kind(one, CertifiedDenoiser, f"denoisers[{n}]", "what min_norm_denoiser returned")
        solved, asked = self.denoisers, len(radii)
        if not solved:
            solved = self._all_solved(radii)
            radii = radii[: len(solved)]
        if len(solved) != len(radii) or any(
            not (np.array_equal(h.train.points, train.points) and h.train.rho == rho)
            for h, rho in zip(solved, radii, strict=False)
        ):
            msg = "the denoisers are not those of points and radii: give one for each radius, in increasing order"
            raise ValueError(msg)
        radii.flags.writeable = False
        object.__setattr__(self, "radii", radii)
        object.__setattr__(self, "denoisers", tuple(solved))
        object.__setattr__(self, "interrupted", len(radii) < asked or solved[-1].interrupted)

    def _all_solved(self, radii: Array) -> tuple[CertifiedDenoiser, ...]:
        """One denoiser a radius, each started from the one before, up to one that is interrupted."""
        found: list[CertifiedDenoiser] = []
        deadline = Deadline(self.time_limit)
        try:
            for left, rho in zip(range(len(radii), 0, -1), radii, strict=True):
                found.append(self.solved(float(rho), found[-1] if found else None, deadline, left))
                if found[-1].interrupted:
                    break
        except KeyboardInterrupt:
            if not found:
                raise
        return tuple(found)

    def solved(self, rho: float, near: CertifiedDenoiser | None, deadline: Deadline, left: int) -> CertifiedDenoiser:
        """The denoiser of another radius, solved for as the path's own were, from the one of a nearby radius.

        It may take an equal share of the time that is left for so many levels.
        """
        return min_norm_denoiser(
            self.points,
            rho,
            tol=self.tol,
            time_limit=None if deadline.limit is None else max(deadline.remaining / left, SHORTEST),
            progress=self.progress,
            executor=self.executor,
            solver=self.solver,
            solver_options=self.solver_options,
            near=near,
        )

    def __call__(self, rho: float) -> CertifiedDenoiser:
        """Denoiser of the radius nearest to `rho` in logarithm."""
        return self.denoisers[int(np.searchsorted(self.switches, real_number(rho, "rho")))]

    @property
    def switches(self) -> Array:
        """Radii at which the path goes from one denoiser to the next: geometric means of neighbours."""
        return np.asarray(np.sqrt(self.radii[:-1] * self.radii[1:]))

    @property
    def rho_min(self) -> float:
        """Smallest radius; below it a flow to σ = 0 ends with one denoising step."""
        return float(self.radii[0])

    @property
    def rho_max(self) -> float:
        """Largest radius, with room for the rounding of ασ."""
        return float(self.radii[-1]) * (1 + 1e-12)

    @property
    def coarser(self) -> DenoiserPath | None:
        """About half of the levels, by which a flow estimates its error; None where two levels are all.

        The ends stay. No two neighbours do, so that every stretch gets longer: of an even number the lowest triply.
        """
        count = len(self.radii)
        if count < 3:
            return None
        kept = np.append(0, np.arange(2 + (count + 1) % 2, count, 2))
        return replace(self, radii=self.radii[kept], denoisers=tuple(self.denoisers[n] for n in kept))

    @property
    def family(self) -> Family:
        """What a probability flow follows: one denoiser from switch to switch."""
        rough = None if (path := self.coarser) is None else path.family
        return Family(self, self.points, self.rho_min, self.rho_max, self.switches, rough)

    @property
    def gap(self) -> float:
        """Widest relative gap (upper − lower)/upper of the certificates along the path."""
        return max(h.certificate.gap for h in self.denoisers)


def refined(path: DenoiserPath, deadline: Deadline | None = None) -> DenoiserPath:
    """The path with a level added between any two neighbours, and one at a tenth of the smallest radius.

    Raises
    ------
    KeyboardInterrupt
        If one of these is interrupted.
    """
    deadline = deadline or Deadline(path.time_limit)
    known = dict(zip(path.radii.tolist(), path.denoisers, strict=True))
    added = zip([0.1 * path.rho_min, *path.switches], [path.denoisers[0], *path.denoisers[:-1]], strict=True)
    for count, (rho, near) in enumerate(added):
        known[float(rho)] = path.solved(float(rho), near, deadline, len(path.radii) - count)
        if known[float(rho)].interrupted:
            raise KeyboardInterrupt
    radii = sorted(known)
    return replace(path, radii=np.array(radii), denoisers=tuple(known[rho] for rho in radii))


def refined_flow(
    path: DenoiserPath,
    start: ArrayLike,
    schedule: GivenSchedule,
    *,
    alpha: float,
    T: float,
    settle: float,
    max_levels: int = 72,
) -> tuple[Flow, DenoiserPath]:
    """Probability flow along a path, with levels added until no endpoint moves by more than `settle`.

    Parameters
    ----------
    path : DenoiserPath
        The path to begin with, of at least two levels.
    start, schedule, alpha, T
        As for `probability_flow`.
    settle : float
        Distance, in the unit of the points, between endpoints on a path and on its refinement.
    max_levels : int
        Refine no further than this, nor beyond the path's time limit or Ctrl-C; the flow's `complete` is False if the
        endpoints have not settled by then.

    Returns
    -------
    flow : Flow
        Along the finest path; its status says by how much the last refinement moved the endpoints.
    path : DenoiserPath
        The finest path.

    Raises
    ------
    ValueError
        If the path has one level only, between which and another none can be added, `settle` is not positive, and as
        `probability_flow`.
    """
    if len(path.radii) < 2 or not real_number(settle, "settle") > 0:
        msg = f"a path of {len(path.radii)} levels, settle={settle:g}; give at least two levels and a positive distance"
        raise ValueError(msg)
    flow = probability_flow(path, start, schedule, alpha=alpha, T=T)
    moved, why = float("inf"), ""
    deadline = Deadline(path.time_limit)
    while moved > settle and 2 * len(path.radii) <= max_levels and deadline.remaining > 0:
        try:
            levels = refined(path, deadline)
            finer = probability_flow(levels, start, schedule, alpha=alpha, T=T)
        except KeyboardInterrupt:
            why = "; interrupted"
            break
        path = levels
        moved = float(np.linalg.norm(np.atleast_2d(finer.endpoint - flow.endpoint), axis=1).max(initial=0.0))
        flow = finer
    error = max(moved, flow.error or 0.0)
    note = f"{len(path.radii)} levels; the last refinement moved the endpoints by at most {moved:.2e}"
    if moved > settle:
        status = f"incomplete: not settled to {settle:g} with {note}"
        why = why or ("" if deadline.remaining > 0 else f"; the time limit of {path.time_limit:g} s was reached")
        return replace(flow, complete=False, status=status + why, error=error), path
    return replace(flow, status=f"{flow.status}; {note}", error=error), path
