"""Flows in closed form where the data lie on orthogonal lines through one of them.

Both flows take y to c + q (y − c) + Σ u_l M(t − middle of the gap), the sum over the lines, of unit vector u_l and
coordinate t, and over the gaps between neighbouring points on each. c is the centre of the hyperbox that the data span,
and q the share that is left of a decaying distance: e^{−u} for the score flow, σ/σ_T for the probability flow. M is an
odd function, one a gap, and (1 − q) times half the gap outside of the band, just as h is a sum of ramps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import ThreadpoolController

from exactnorm.arrays import Array, real_number
from exactnorm.flow.hyperbox.lines import Lines, neighbours, orthogonal_lines
from exactnorm.flow.inputs import starts
from exactnorm.tables import limit

BLOCK = 2**16
"""Coordinates moved at a time, so that the intermediate arrays stay in the cache."""
MANY = 40
"""Blocks from which on it pays to share them out to threads: counting these takes ten milliseconds."""
ROUNDOFF = float(np.finfo(float).eps) / 2
"""Relative error of one rounding."""
Bend = Callable[[Array, Array], object]
"""M: writes what one gap a line adds over the coordinates (k, m) from its middle; the second array is scratch."""


def closed_score_flow(points: ArrayLike | Lines, rho: float, start: ArrayLike, u: float) -> Array:
    """State at flow time u of the score flow of the minimum-norm denoiser of points on orthogonal lines.

    In one coordinate: within ρ of a clean point, or beyond the last one, the state goes to that point as e^{−u}; in
    the band between two points at distance Δ it moves away from the middle as e^{su}, s = 2ρ/(Δ − 2ρ), until it
    leaves the band. The part orthogonal to all lines decays as e^{−u}.

    Parameters
    ----------
    points : array_like, shape (N, d), or Lines
        With `Lines` from `orthogonal_lines` the data are not looked at again.
    rho : float
        Radius of the balls, 0 < 2ρ < smallest distance.
    start : array_like, shape (d,) or (m, d)
    u : float
        Flow time ≥ 0; infinite for the limit.

    Returns
    -------
    ndarray, of the shape of `start`

    Raises
    ------
    ValueError
        If the data are not on orthogonal lines, ρ or u is out of range, or the start has a wrong shape.
    """
    lines, Y, rho = _checked(points, rho, start)
    if not (isinstance(u, Real) and u >= 0):
        msg = f"u={u!r}; give a flow time u >= 0, or math.inf for the limit"
        raise ValueError(msg)
    if math.isinf(u):
        return _moved(lines, Y, 0.0, lambda half: lambda z, v: np.multiply(np.sign(z, out=v), half, out=z))
    return _moved(lines, Y, math.exp(-u), lambda half: _score_bend(half, rho, u))


def _score_bend(half: Array, rho: float, u: float) -> Bend:
    """M of the score flow at u: from |z| in the band it is |z| e^{su} at first, and half − ρ e^{−(u − exit)} later."""
    q, edge = math.exp(-u), np.maximum(half - rho, 0.0)  # 0: no gap, and no band in it
    rate = rho / np.where(edge > 0, edge, np.inf)
    growth = u * rate
    stay, far = edge * np.exp(-growth), -math.expm1(-u) * half
    reach = edge
    if q < ROUNDOFF:  # of nearly the whole gap, what is left is lost in rounding and needs no exponential
        lost = np.log(np.maximum(rho / (ROUNDOFF * np.where(edge > 0, half, rho)), 1.0))
        reach = edge * np.exp(np.minimum(rate * (lost - u), 0.0))
    # The root of e^{growth} − e^{−u}, for two products: at overflow only z = 0 is still in the band, and must stay 0.
    root = np.exp(np.minimum(growth, 1400.0) / 2) * np.sqrt(-np.expm1(-u - growth))

    def bend(z: Array, v: Array) -> None:
        np.abs(z, out=v)
        within = v <= stay
        i, j = np.flatnonzero(within), np.flatnonzero((v < reach) > within)
        flat, columns = v.ravel(), v.shape[1]
        still, gone = flat[i], flat[j]
        v[:] = far
        slope = root.take(i // columns)
        still *= slope
        still *= slope
        flat[i] = still
        if len(j):
            at = edge.take(j // columns)
            rest = np.log(gone / at)  # minus the exit, in units of 1/s = edge/ρ
            rest *= at / -rho
            rest -= u
            np.exp(rest, out=rest)
            rest *= -rho
            rest += at + rho
            gone *= q
            rest -= gone
            flat[j] = rest
        np.copysign(v, z, out=z)

    return bend


def band_exit_time(points: ArrayLike | Lines, rho: float, start: ArrayLike) -> Array:
    """Flow time at which each coordinate leaves its band, ((Δ − 2ρ)/2ρ) log((Δ/2 − ρ)/|t − middle|).

    Returns
    -------
    ndarray, shape (k,) or (m, k)
        One column a line; 0 where the coordinate is in no band, infinite where it is exactly in the middle.
    """
    lines, Y, rho = _checked(points, rho, start)
    t = lines.coordinates(np.atleast_2d(Y))[0]
    left, right = neighbours(lines.knots, t)
    half = np.where(np.isfinite(left) & np.isfinite(right), (right - left) / 2, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        wait = np.log((half - rho) / np.abs(t - left - half)) * (half - rho) / rho
    out = np.where((t - left > rho) & (right - t > rho) & np.isfinite(half), wait, 0.0)
    return np.asarray(out[0] if Y.ndim == 1 else out)


def box_time(points: ArrayLike | Lines, start: ArrayLike, near: float) -> Array:
    """Flow time at which the score flow comes within `near` of the hyperbox that the data span: log(distance/near).

    The distance, the largest one along any line and across them, decays as e^{−u} at every radius, since coordinates
    beyond the box go to its faces at rate 1 and those within it stay. So for small ρ the flow first reaches the box and
    then, in `band_exit_time`, its vertices.

    Returns
    -------
    ndarray, shape () or (m,)
        0 where the start is that near.

    Raises
    ------
    ValueError
        If `near` is not positive, and as `closed_score_flow`.
    """
    lines, Y, _ = _checked(points, None, start)
    if not real_number(near, "near") > 0:
        msg = f"near={near:g}; give a positive distance from the hyperbox"
        raise ValueError(msg)
    t, across = lines.coordinates(np.atleast_2d(Y))
    beyond = np.abs(t - np.clip(t, *lines.ends)).max(axis=1)
    distance = np.maximum(beyond, np.sqrt((across**2).sum(axis=1)))
    out = np.log(np.maximum(distance / near, 1.0))
    return np.asarray(out[0] if Y.ndim == 1 else out)


def closed_probability_flow(
    points: ArrayLike | Lines, alpha: float, start: ArrayLike, sigma_start: float, sigma: float = 0.0
) -> Array:
    """State at noise level σ of the probability flow with ρ = ασ that starts at noise level `sigma_start`.

    In one coordinate: within ρ of a clean point the distance to it shrinks like σ; in a band (t − middle)
    grows like Δ/2 − ασ. Both kinds of region move along with the flow, so none is ever left, and at σ = 0 the state
    is h_{ρ_T}(start): one denoising step. Scale 1: for other schedules divide the start by s_T.

    Parameters
    ----------
    points : array_like, shape (N, d), or Lines
    alpha : float
    start : array_like, shape (d,) or (m, d)
    sigma_start, sigma : float
        0 ≤ σ ≤ sigma_start, with α·sigma_start below half the smallest distance.

    Returns
    -------
    ndarray, of the shape of `start`

    Raises
    ------
    ValueError
        As `closed_score_flow`, and if σ is out of range.
    """
    lines, Y, rho = _checked(points, real_number(alpha, "alpha") * real_number(sigma_start, "sigma_start"), start)
    if not 0 <= real_number(sigma, "sigma") <= sigma_start:
        msg = f"sigma={sigma:g}; give a noise level between 0 and sigma_start={sigma_start:g}"
        raise ValueError(msg)
    q = sigma / sigma_start

    def bend_of(half: Array) -> Bend:
        # In the band z goes to z (half − ασ)/(half − ρ), which is z (q + (1 − q) half/(half − ρ)).
        far = (1 - q) * half
        slope = far / np.where(half > rho, half - rho, np.inf)
        return lambda z, v: np.maximum(np.minimum(np.multiply(z, slope, out=v), far, out=v), -far, out=z)

    return _moved(lines, Y, q, bend_of)


def vertex_radius(points: ArrayLike | Lines, start: ArrayLike) -> Array:
    """Smallest first radius ρ_T at which the probability flow from `start` ends on clean points in all coordinates.

    It is the largest distance of a coordinate from the clean points next to it on its line, over the coordinates
    between two of them. For the variance exploding schedule the threshold in time is τ = (this/α)².

    Returns
    -------
    ndarray, shape () or (m,)
    """
    lines, Y, _ = _checked(points, None, start)
    t = lines.coordinates(np.atleast_2d(Y))[0]
    left, right = neighbours(lines.knots, t)
    between = np.where(np.isfinite(left) & np.isfinite(right), np.minimum(t - left, right - t), 0.0)
    out = between.max(axis=1)
    return np.asarray(out[0] if Y.ndim == 1 else out)


def _checked(points: ArrayLike | Lines, rho: float | None, start: ArrayLike) -> tuple[Lines, Array, float]:
    lines = points if isinstance(points, Lines) else orthogonal_lines(points)
    radius = 0.0 if rho is None else real_number(rho, "rho")
    if rho is not None and not 0 < 2 * radius < lines.separation:
        msg = (
            f"rho={radius:g}: the flow has a closed form for a positive radius at which balls do not overlap; "
            f"use 0 < rho < {limit(lines.separation / 2)}"
        )
        raise ValueError(msg)
    return lines, _starts(start, len(lines.origin)), radius


def _starts(start: ArrayLike, d: int) -> Array:
    """Validated starts, which are only read: of a million, even a copy takes as long as a matrix product."""
    Y = np.asarray(start)
    whole = not isinstance(start, np.ma.MaskedArray)
    if whole and Y.dtype == np.float64 and Y.ndim in (1, 2) and Y.shape[-1] == d and np.isfinite(Y).all():
        return Y
    return starts(start, d)


def _moved(lines: Lines, Y: Array, q: float, bend_of: Callable[[Array], Bend]) -> Array:
    """Return c + q (y − c) + Σ u_l M(t − middle) for every start y, on as many threads as matrix products take."""
    centre, middle, half = lines.gaps
    bends = [bend_of(h) for h in half]
    rows = np.atleast_2d(Y)
    m, d = rows.shape
    size, out = max(1, BLOCK // d), np.empty_like(rows)

    def move(first: int, last: int) -> None:
        # In one piece: smaller ones go back to the system after each call, and asking for them again takes longer than
        # all the arithmetic on five hundred starts.
        work = np.empty((5, min(size, last - first) * d))
        for i in range(first, last, size):
            here = slice(i, min(i + size, last))
            n = here.stop - i
            part = work[0, : n * d].reshape(n, d)
            t, z, total, scratch = (w[: n * len(lines.axes)].reshape(-1, n) for w in work[1:])
            np.subtract(rows[here], centre, out=part)
            np.matmul(lines.axes, part.T, out=t)
            np.subtract(t, middle[0], out=total)
            bends[0](total, scratch)
            for at, bend in zip(middle[1:], bends[1:], strict=True):
                np.subtract(t, at, out=z)
                bend(z, scratch)
                total += z
            y = np.matmul(total.T, lines.axes, out=out[here])
            if q > 0:
                part *= q
                y += part
            y += centre

    if m < MANY * size:
        move(0, m)
    else:
        blas = ThreadpoolController().select(user_api="blas")
        threads = max((one["num_threads"] for one in blas.info()), default=1)
        ends = np.linspace(0, m, threads + 1).astype(int).tolist()
        with blas.limit(limits=1), ThreadPoolExecutor(threads) as pool:
            list(pool.map(move, ends[:-1], ends[1:]))
    return out[0] if Y.ndim == 1 else out
