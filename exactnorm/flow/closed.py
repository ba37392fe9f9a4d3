"""Flows in closed form where the data lie on orthogonal lines through one of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.flow.lines import Lines, neighbours, orthogonal_lines
from exactnorm.flow.score import starts
from exactnorm.training_set import Array, real_number

BLOCK = 16384  # rows of one matrix product
ROWS = 1024  # rows moved at a time, so that the intermediate arrays stay in the cache


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
    if not u >= 0:
        msg = f"u={u!r}; give a flow time u >= 0, or math.inf for the limit"
        raise ValueError(msg)
    shrink = float(np.exp(-u))

    def move(t: Array) -> Array:
        if lines.knots.shape[1] == 2:
            return _between_two(t, lines.knots[:, 0], lines.knots[:, 1], rho, u)
        left, right = neighbours(lines.knots, t)
        nearest = np.where(t - left <= right - t, left, right)
        out = nearest + (t - nearest) * shrink
        bands = np.isfinite(left) & np.isfinite(right) & (t - left > rho) & (right - t > rho)
        out[bands] = _between_two(t[bands], left[bands], right[bands], rho, u)
        return np.asarray(out)

    return _by_rows(lines, Y, move, shrink)


def _between_two(t: Array, left: Array, right: Array, rho: float, u: float) -> Array:
    """State at u of coordinates with clean points at `left` and `right` only, by the distance v from the middle."""
    half = (right - left) / 2
    edge = half - rho
    offset = t - (left + half)
    v = np.abs(offset)
    if np.isinf(u):
        out = (v > 0) * half
    else:
        inside = np.flatnonzero(v < edge)
        out = v - half
        out *= np.exp(-u)
        out += half
        if len(inside):
            line = inside % len(half) if t.ndim == 2 else inside
            out.ravel()[inside] = _in_band(v.ravel()[inside], edge[line], half[line], rho, u)
    np.copysign(out, offset, out=out)
    out += left + half
    return out


def _in_band(v: Array, edge: Array, half: Array, rho: float, u: float) -> Array:
    """Distance from the middle at u of coordinates that start in a band at distance v, in place."""
    rate = rho / edge
    v /= edge
    with np.errstate(divide="ignore"):  # exactly in the middle: −∞, and it stays
        np.log(v, out=v)
    v += rate * u
    # v ≤ 0: still in the band, at edge·e^v; v > 0: left it a time v/rate ago, now at half − ρ e^{−v/rate}.
    share = np.exp(np.minimum(v, v / -rate))  # the negative one of the two
    return np.where(v > 0, half - rho * share, edge * share)


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

    The distance decays as e^{−u} at every radius, since coordinates beyond the box go to its faces at rate 1 and
    those within it stay. So for small ρ the flow first reaches the box and then, in `band_exit_time`, its vertices.

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
    high = np.where(np.isfinite(lines.knots), lines.knots, -np.inf).max(axis=1)
    beyond = t - np.clip(t, lines.knots[:, 0], high)
    distance = np.sqrt((beyond**2).sum(axis=1) + (across**2).sum(axis=1))
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
    shrink = sigma / sigma_start
    # In the band (t − middle)(half − ασ)/(half − ρ), near a point x + (t − x) σ/σ_T: both lie on the straight way from
    # t to h(t), the same share of it done in all coordinates.
    return _by_rows(lines, Y, lambda t: shrink * t + (1 - shrink) * _denoised(lines.knots, t, rho), shrink)


def _denoised(knots: Array, t: Array, rho: float) -> Array:
    """Coordinates of h: from each point to the next on a line a ramp over the gap shrunk by ρ on both sides."""
    out = np.broadcast_to(knots[:, 0], t.shape).copy()
    for left, right in zip(knots.T[:-1], knots.T[1:], strict=True):
        real = np.isfinite(right)
        gap = np.where(real, right, 1.0) - np.where(real, left, 0.0)
        share = t - (left + rho)
        share /= np.where(real, gap - 2 * rho, 1.0)
        np.clip(share, 0.0, 1.0, out=share)
        share *= np.where(real, gap, 0.0)
        out += share
    return out


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
            f"use 0 < rho < {lines.separation / 2:g}"
        )
        raise ValueError(msg)
    return lines, starts(start, len(lines.origin)), radius


def _by_rows(lines: Lines, Y: Array, move: Callable[[Array], Array], shrink: float) -> Array:
    rows = np.atleast_2d(Y)
    out = np.empty_like(rows)
    whole = len(lines.axes) == rows.shape[1]
    for i in range(0, len(rows), BLOCK):
        offset = rows[i : i + BLOCK] - lines.origin
        t = offset @ lines.axes.T
        # Nothing is orthogonal to lines that span the whole space, and nothing is left of it at the limit.
        rest = None if whole or shrink == 0 else (offset - t @ lines.axes) * shrink
        for j in range(0, len(t), ROWS):
            t[j : j + ROWS] = move(t[j : j + ROWS])
        np.matmul(t, lines.axes, out=out[i : i + BLOCK])
        out[i : i + BLOCK] += lines.origin if rest is None else lines.origin + rest
    return out[0] if Y.ndim == 1 else out
