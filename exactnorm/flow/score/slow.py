"""Walkers whose fast motion has died out follow the slow one alone, in steps of its length."""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.flow.record import Indices
from exactnorm.flow.score.reduction import Block
from exactnorm.flow.score.region import taylor_terms
from exactnorm.flow.score.scales import Slow, slow_parts
from exactnorm.flow.score.walkers import Piece, Walkers, by_key, first_step


def slow_down(
    block: Block, walkers: Walkers, piece: Piece, times: Array, going: Indices, known: dict[bytes, tuple[Slow, ...]]
) -> None:
    """Where fast motion has died out, put the slow one in the place of the piece's own, with a step of its length."""
    groups = [(key, going[members]) for key, members in by_key(np.packbits(piece.active[going], axis=1))]
    if fresh := [(key, rows[0]) for key, rows in groups if key not in known]:
        found = slow_parts(piece.A[[row for _, row in fresh]], block.w)
        known |= dict(zip((key for key, _ in fresh), found, strict=True))
    for key, rows in groups:
        for slow in known[key]:
            noise = piece.noise[rows] + slow.rounding(piece.f_noise[rows])
            over = (slow.left_over(piece.f[rows]) <= noise).all(axis=1)
            _follow(block, walkers, piece, times, rows[over], slow, noise[over])
            rows = rows[~over]


def _follow(
    block: Block, walkers: Walkers, piece: Piece, times: Array, rows: Indices, slow: Slow, noise: Array
) -> None:
    """Let some rows follow the slow motion alone, unless it would leave a kink on another side than was found."""
    t = walkers.t[rows]
    f, A = piece.f[rows] @ slow.projector.T, np.broadcast_to(slow.A, (len(rows), *slow.A.shape))
    size = np.maximum(np.linalg.norm(t, axis=1), np.abs(block.b).max(initial=0.0))
    step = first_step(A, f, size, times[walkers.due[rows]] - walkers.u[rows])
    terms = taylor_terms(A, f, step)
    i, k = np.nonzero(piece.on[rows])
    along = np.einsum("jpr,pr->pj", terms[:, i], block.w[k])
    clear = np.abs(along) > (noise[i, k] + piece.f_noise[rows[i]] * step[i])[:, None]
    order = np.where(clear.any(axis=1), clear.argmax(axis=1) + 1, 0)
    side = np.where(order > 0, along[np.arange(len(i)), order - 1] > 0, piece.active[rows[i], k])
    fits = step > 2 * piece.step[rows]
    fits[i[side != piece.active[rows[i], k]]] = False
    pair = np.full(piece.on.shape, -1)
    pair[np.nonzero(piece.on)] = np.arange(len(piece.order))
    changed = pair[rows[i], k][fits[i]]
    piece.order[changed], piece.along[changed] = order[fits[i]], along[fits[i]]
    rows = rows[fits]
    piece.A[rows], piece.f[rows], piece.step[rows], piece.noise[rows] = A[fits], f[fits], step[fits], noise[fits]
    piece.terms[:, rows] = terms[:, fits]
