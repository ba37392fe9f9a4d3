"""The score flow in several dimensions, region by region: exact exponentials, and every kink's first root."""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.flow.record import Indices
from exactnorm.flow.score.line import Solved
from exactnorm.flow.score.reduction import Block
from exactnorm.flow.score.region import (
    ORDER,
    Stable,
    displacement,
    shrunk,
    spectral_norm_bound,
    stable_part,
)
from exactnorm.flow.score.roots import first_contact
from exactnorm.flow.score.scales import Slow
from exactnorm.flow.score.slow import slow_down
from exactnorm.flow.score.walkers import Mask, Piece, Walkers, ahead, by_key

FAR = 1e10
"""In units of the block's own lengths: beyond this a trajectory that is asked for its limit is given up."""
PATIENCE = 8
"""Steps in one region after which motion on two time scales is looked for: most trajectories have left it by then."""


def solve_pieces(block: Block, t: Array, times: Array, max_steps: int) -> Solved:
    """Exact solution of a block, all rows of t (m, r) at once.

    Notes
    -----
    Each step lies in one region and ends at the first kink, at an asked time, or where ‖A‖·step = 1, so that
    its 18 Taylor terms are the exponential to rounding; a step in which nothing can be met may be as long as the
    growth bound allows. The distance from each kink that may be met is then a polynomial, and `first_contact` finds
    its first root. A walker on a kink takes the side to which the first non-vanishing derivative points; if all
    vanish it runs along the kink and either side gives the same motion. A walker is done when no kink can be
    reached in all future time: then one exponential, or the rest point, ends it. Where fast motion has died out, the
    slow motion that is left is followed alone, in steps of its own length: at a small radius ρ most of the way takes
    a time of 1/ρ.
    """
    m, r = t.shape
    nan = np.full((m, len(times), r), np.nan)
    out = Solved(nan, np.full(m, times[-1]), np.zeros(m, bool), np.zeros((m, len(block.b)), bool))
    walkers = Walkers(
        np.arange(m), t.copy(), np.zeros(m), np.zeros(m, np.intp),
        t @ block.w.T + block.b > 0, np.zeros((m, len(block.b)), bool), np.zeros(m, np.int_),
    )  # fmt: skip
    known: dict[bytes, Stable] = {}
    scales: dict[bytes, tuple[Slow, ...]] = {}
    outer = (block.a[:, :, None] * block.w[:, None, :]).reshape(len(block.b), block.rank**2)
    bound = (FAR if np.isinf(times[-1]) else 1e80) * (
        np.abs(t).max(axis=1) + max(np.abs(block.b).max(initial=0.0), np.abs(block.e).max())
    )
    for number in range(max_steps):
        _record(walkers, out, times)
        if not len(walkers.rows):
            return out
        piece = ahead(block, walkers, times, outer)
        _log(walkers, piece, block, out, first=number == 0)
        done = _settled(block, walkers, piece, times, out, known)
        far = ~done & ~(np.abs(walkers.t).max(axis=1) < bound[walkers.rows])
        out.reached[walkers.rows[far]] = np.nan
        waiting = np.flatnonzero(~done & ~far & (walkers.stayed > PATIENCE))
        if len(waiting) and block.rank > 1:
            slow_down(block, walkers, piece, times, waiting, scales)
        _move(block, walkers, piece, times, ~done & ~far)
    out.states[walkers.rows, -1] = walkers.t
    out.reached[walkers.rows] = walkers.u
    return out


def _record(walkers: Walkers, out: Solved, times: Array) -> None:
    while True:
        here = np.flatnonzero(times[walkers.due] <= walkers.u)
        if not len(here):
            return
        out.states[walkers.rows[here], walkers.due[here]] = walkers.t[here]
        walkers.due[here] += 1
        walkers.keep(walkers.due < len(times))


def _log(walkers: Walkers, piece: Piece, block: Block, out: Solved, *, first: bool) -> None:
    if first:
        out.active[walkers.rows] = piece.active
    else:
        i, k = np.nonzero(piece.active != walkers.active)
        out.start.append(walkers.rows[i])
        out.time.append(walkers.u[i])
        out.kink.append(block.kinks[k])
        walkers.stayed += 1
        walkers.stayed[i] = 0
    walkers.active = piece.active


def _settled(
    block: Block, walkers: Walkers, piece: Piece, times: Array, out: Solved, known: dict[bytes, Stable]
) -> Mask:
    """Finish the walkers that stay in their region for ever; True for those."""
    speed = np.linalg.norm(piece.f, axis=1)
    turning = np.zeros(len(speed), bool)
    i, _ = np.nonzero(piece.on)
    turning[i[piece.order > 0]] = True
    room = np.where(piece.on, np.inf, np.abs(piece.distance) - piece.noise)
    done = speed <= piece.f_noise
    _finish(block, walkers, piece, np.flatnonzero(done), None, times, out)
    # A cheap necessary condition first: within 1/‖A‖ the walker travels about speed/‖A‖.
    nearly = speed < 4 * room.min(axis=1, initial=1e100) * spectral_norm_bound(piece.A)
    candidates = np.flatnonzero(nearly & ~done & ~turning)
    for key, members in by_key(np.packbits(piece.active[candidates], axis=1)):
        rows = candidates[members]
        if key not in known:
            known[key] = stable_part(piece.A[rows[0]], block.w)
        stable = known[key]
        stays = (stable.residual(piece.f[rows]) <= piece.f_noise[rows]) & (
            stable.travel(piece.f[rows]) < room[rows]
        ).all(axis=1)
        done[rows[stays]] = True
        _finish(block, walkers, piece, rows[stays], stable, times, out)
    return np.asarray(done)


def _finish(
    block: Block, walkers: Walkers, piece: Piece, who: Indices, stable: Stable | None, times: Array, out: Solved
) -> None:
    """Write the remaining states of walkers that meet no further kink; with `stable` None they stand still."""
    rows, t = walkers.rows[who], walkers.t[who]
    out.at_rest[rows] = True if stable is None else np.isinf(times[-1])
    rest = t if stable is None else t + stable.to_rest(piece.f[who])
    if stable is not None:  # once more from there: a start far away leaves its own rounding in the first
        ramps = np.where(piece.active[who], rest @ block.w.T + block.b, 0.0)
        rest = rest + stable.to_rest(ramps @ block.a + rest @ block.A.T + block.e)
    for n in range(len(times)):
        due = np.flatnonzero(walkers.due[who] <= n)
        if not len(due):
            continue
        state = rest[due]
        if stable is not None and np.isfinite(times[n]):
            state = stable.state(t[due], piece.f[who[due]], rest[due], times[n] - walkers.u[who[due]])
        out.states[rows[due], n] = state


def _move(block: Block, walkers: Walkers, piece: Piece, times: Array, going: Mask) -> None:
    """Take each walker that is going to its first kink, or to the end of its step."""
    m = len(going)
    near = _near(block, piece) & ~piece.on & going[:, None]
    i, k = np.nonzero(near)
    powers = np.empty((len(i), ORDER + 1))
    powers[:, 0] = piece.distance[i, k]
    powers[:, 1:] = np.einsum("jpr,pr->pj", piece.terms[:, i], block.w[k])
    i2, k2, powers2 = _turning(piece, going)
    i, k, powers = np.concatenate([i, i2]), np.concatenate([k, k2]), np.vstack([powers, powers2])
    x = first_contact(powers, piece.noise[i, k], i)
    first = np.ones(m)
    np.minimum.at(first, i, x)
    met = np.zeros_like(piece.on)
    ends = x <= first[i]
    met[i[ends], k[ends]] = True
    shift = np.zeros_like(walkers.t)
    for term in piece.terms[::-1]:
        shift = (shift + term) * first[:, None]
    whole = (first == 1) & ~met.any(axis=1)
    step = first * piece.step
    # On a kink, only the Taylor step knows whether it is met again.
    free = whole & going & ~near.any(axis=1) & ~piece.on.any(axis=1)
    jump, length = _long_step(piece, free, times[walkers.due] - walkers.u)
    shift[jump], step[jump] = displacement(piece.A[jump], piece.f[jump], length), length
    # A state much smaller than it was is a difference that has lost digits: by at most e^6 a step, it has not.
    rate = spectral_norm_bound(piece.A[jump])
    often = shrunk(walkers.t[jump], (walkers.t + shift)[jump]) & (rate * step[jump] > 6)
    lossy = jump[often]
    step[lossy] = 6 / rate[often]
    shift[lossy] = displacement(piece.A[lossy], piece.f[lossy], step[lossy])
    remaining = times[walkers.due] - walkers.u
    # Landing on an asked time is exact, not a matter of adding up steps.
    walkers.u = np.where(whole & (step >= remaining), times[walkers.due], walkers.u + step)
    walkers.t = walkers.t + shift
    walkers.met = met
    walkers.keep(going)


def _near(block: Block, piece: Piece) -> Mask:
    """Pairs whose distance might vanish within the step, by its first two terms and the length of the rest."""
    closing = -np.sign(piece.distance)
    rest = np.linalg.norm(piece.terms[2:], axis=2).sum(axis=0)
    reach = np.maximum(closing * (piece.terms[0] @ block.w.T), 0.0)
    reach += np.maximum(closing * (piece.terms[1] @ block.w.T), 0.0)
    return np.asarray(np.abs(piece.distance) <= reach + rest[:, None] + piece.noise)


def _turning(piece: Piece, going: Mask) -> tuple[Indices, Indices, Array]:
    """Pairs that leave a kink and may come back to it: the distance divided by the power of x it starts with."""
    i, k = np.nonzero(piece.on)
    size = np.abs(piece.along)
    p = np.arange(len(i))
    lead = np.where(piece.order > 0, size[p, piece.order - 1], np.inf)
    later = np.where(np.arange(1, ORDER + 1)[None, :] > piece.order[:, None], size, 0.0).sum(axis=1)
    back = np.flatnonzero((later >= lead) & going[i])
    powers = np.zeros((len(back), ORDER + 1))
    for row, pair in enumerate(back):
        tail = piece.along[pair, piece.order[pair] - 1 :]
        powers[row, : len(tail)] = tail
    return i[back], k[back], powers


def _long_step(piece: Piece, free: Mask, remaining: Array) -> tuple[Indices, Array]:
    """Walkers that can meet nothing for much longer than their Taylor step, and for how long."""
    rows = np.flatnonzero(free)
    A = piece.A[rows]
    symmetric = (A + A.transpose(0, 2, 1)) / 2
    diagonal = np.einsum("mii->mi", symmetric)
    # Gershgorin's bound on the logarithmic norm: speed grows at most as e^{growth·s}.
    growth = np.maximum((diagonal + np.abs(symmetric).sum(axis=2) - np.abs(diagonal)).max(axis=1, initial=0.0), 1e-12)
    room = (np.abs(piece.distance[rows]) - piece.noise[rows]).min(axis=1, initial=1e100)
    speed = np.linalg.norm(piece.f[rows], axis=1)
    with np.errstate(over="ignore"):
        length = np.minimum(0.99 * np.log1p(growth * np.minimum(room / speed, 1e280)) / growth, remaining[rows])
    longer = np.isfinite(length) & (length > 4 * piece.step[rows])
    return rows[longer], length[longer]
