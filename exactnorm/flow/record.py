"""What a flow returns: where it went, which kinks it crossed, where it ended and why it stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from exactnorm.arrays import Array
from exactnorm.tables import Tabular, TextTable, counted

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Events:
    """Kinks crossed and the hyperbox's boundary reached, one row each, ordered by start and then by time.

    Parameters
    ----------
    start : ndarray of int, shape (n,)
        Which start; 0 throughout when a single start (d,) was given.
    time : ndarray, shape (n,)
        Flow time u.
    kink : ndarray of int, shape (n,)
        The neuron of the denoiser whose kink is crossed, counted from 0; −1 where the trajectory comes to the
        boundary of the hyperbox, which is looked for where a flow is given `box`.
    """

    start: Indices
    time: Array
    kink: Indices

    def __len__(self) -> int:
        return len(self.time)

    @property
    def kind(self) -> NDArray[np.str_]:
        """What each row is, "kink" or "box"."""
        return np.where(self.kink >= 0, "kink", "box")

    def rows(self, which: NDArray[np.bool_]) -> Events:
        """Some of the rows."""
        return Events(self.start[which], self.time[which], self.kink[which])

    def of(self, kind: Literal["kink", "box"]) -> Events:
        """The rows of one kind."""
        return self.rows(self.kind == kind)


@dataclass(frozen=True, eq=False)
class Flow(Tabular):
    """Trajectories of a score flow or a probability flow.

    Parameters
    ----------
    start : ndarray, shape (d,) or (m, d)
        Where the trajectories start, one a row.
    endpoint : ndarray, of the shape of `start`
        State at the horizon; the limit when the horizon is infinite. Where a trajectory is not complete, the
        last state it reached.
    horizon : float
        Flow time u asked for. For a probability flow, log(σ_T/σ_end).
    times : ndarray, shape (n,)
        Flow times at which states were asked for.
    states : ndarray, shape (n,) + start.shape
        States at `times`.
    events : Events
        Kinks crossed, and the boundary of the hyperbox reached where `box` was given.
    reached : ndarray, shape () or (m,)
        Flow time of `endpoint`: the horizon, or where an incomplete trajectory stopped.
    at_rest : ndarray of bool, shape () or (m,)
        Whether the endpoint is a limit: the trajectory stays in one region for ever and tends to a rest point. For a
        probability flow whether it came to σ = 0; how near its limit that is, `residual` says.
    method : str
        "pieces", "ivp" or "closed".
    complete : bool
        Whether every trajectory reached the horizon.
    status : str
        The same in a sentence, with the reason where one did not.
    switch_sigma : float or None
        Probability flow only: the noise level below which the path's denoisers drove the flow and above which
        the stand-in did; None when there was no stand-in.
    error : float or None
        Estimate of the largest error of an endpoint; None where nothing was estimated. For a probability flow its
        distance from that of the continuous family of denoisers, from further runs with half and a quarter as many
        noise levels, None for fewer than 8 of them, or at 32 times the tolerance of "ivp"; 0 for the closed form. What
        a stand-in at high noise adds is not in it. For
        a score flow in exact pieces, None unless a start is ten thousand times as far away as any kink, where rounding
        begins to count: by how much the endpoints of such starts move when these do so by a few roundings.
    residual : float or None
        Probability flow to σ = 0 only: the largest ‖h(y) − y‖ at an endpoint y, h the denoiser of the least radius. It
        is 0 at rest points, of the order of that radius elsewhere, and larger where an endpoint is not the limit yet.
        It says nothing of errors made on the way: those are `error`.
    active : ndarray of bool, shape (K,) or (m, K), optional
        Score flow only: which neurons are active on the region in which each trajectory starts; on a kink, on the side
        to which it goes.
    again : callable, optional
        ``again(rows, times)`` follows some of the starts once more and returns their states, shape (n, r, d), at flow
        times of one's own. It is left out when the record is pickled.
    """

    start: Array
    endpoint: Array
    horizon: float
    times: Array
    states: Array
    events: Events
    reached: Array
    at_rest: NDArray[np.bool_]
    method: str
    complete: bool
    status: str
    switch_sigma: float | None = None
    residual: float | None = None
    error: float | None = None
    active: NDArray[np.bool_] | None = None
    again: Callable[[Indices, Array], Array] | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "again": None}

    @property
    def regions(self) -> Indices:
        """Number of affine regions each trajectory passed through; kinks crossed at one instant count once."""
        rows = 1 if self.start.ndim == 1 else len(self.start)
        crossed = self.events.of("kink")
        instants = np.unique(np.column_stack([crossed.start, crossed.time]), axis=0)
        count = np.bincount(instants[:, 0].astype(np.intp), minlength=rows) + 1
        return count[0] if self.start.ndim == 1 else count

    def visited(self, trajectory: int = 0) -> tuple[Array, NDArray[np.bool_]]:
        """The affine regions that one trajectory of a score flow passed through, in order.

        Parameters
        ----------
        trajectory : int
            Row of the start.

        Returns
        -------
        entered : ndarray, shape (q,)
            Flow times at which it came to each; the first is 0.
        active : ndarray of bool, shape (q, K)
            Which neurons are active there. Those without output weight are as at the start, their kinks not followed.

        Raises
        ------
        ValueError
            For a probability flow, whose regions move with the noise level.
        """
        if self.active is None:
            msg = "the regions of a probability flow move with the noise level; only a score flow says which it visited"
            raise ValueError(msg)
        crossed = self.events.of("kink")
        crossed = crossed.rows(crossed.start == range(len(np.atleast_2d(self.start)))[trajectory])
        entered, step = np.unique(crossed.time, return_inverse=True)
        changed = np.zeros((len(entered) + 1, self.active.shape[-1]), bool)
        np.logical_xor.at(changed, (step + 1, crossed.kink), True)
        changed[0] = np.atleast_2d(self.active)[trajectory]
        return np.append(0.0, entered), np.logical_xor.accumulate(changed, axis=0)

    def table(self) -> TextTable:
        """How many trajectories there are and how they came to an end, and below it the status."""
        starts = np.atleast_2d(self.start)
        rows = (
            ("trajectories", f"{len(starts)} in {counted(starts.shape[1], 'dimension')}"),
            ("horizon, in flow time", f"{self.horizon:g}"),
            ("kinks crossed", str(len(self.events.of("kink")))),
            ("ended at rest", str(int(np.sum(self.at_rest)))),
        )
        return TextTable(("flow", self.method), rows, self.status)


def sorted_events(start: list[Indices], time: list[Array], kink: list[Indices]) -> Events:
    """Join chunks of crossings and order them by start, then time, then kink."""
    s = np.concatenate(start) if start else np.empty(0, np.intp)
    t = np.concatenate(time) if time else np.empty(0)
    k = np.concatenate(kink) if kink else np.empty(0, np.intp)
    order = np.lexsort((k, t, s))
    return Events(s[order], t[order], k[order])
