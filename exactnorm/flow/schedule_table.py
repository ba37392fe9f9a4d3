"""Noise schedules through given noise levels: arrays, files, and whatever else says what a schedule is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from exactnorm.arrays import Array, real_array
from exactnorm.flow.schedule import SCHEDULES, Schedule, named_schedule, unscaled


@dataclass(frozen=True, eq=False)
class Curve:
    """A function of t through given values, monotone wherever they are and never beyond them, that can be pickled."""

    through: PchipInterpolator

    def __call__(self, t: float) -> float:
        """The value at a time within the range; nan outside."""
        return float(self.through(t))


def schedule_from_arrays(
    times: ArrayLike, sigmas: ArrayLike, scales: ArrayLike | None = None, *, name: str = "arrays"
) -> Schedule:
    """Schedule through noise levels, and scales, at given times; in between by monotone cubic interpolation.

    Parameters
    ----------
    times : array_like, shape (n,)
        Increasing from 0, or decreasing to 0 as samplers list them.
    sigmas : array_like, shape (n,)
        Noise levels, increasing with time from 0.
    scales : array_like, shape (n,), optional
        s_t > 0, 1 at time 0; 1 throughout by default.
    name : str

    Raises
    ------
    ValueError
        If shapes do not fit, or times, levels or scales are not of this kind; the message says where.
    """
    t, sigma = real_array(times, "times"), real_array(sigmas, "sigmas")
    s = np.ones_like(sigma) if scales is None else real_array(scales, "scales")
    if t.ndim != 1 or len(t) < 2 or not t.shape == sigma.shape == s.shape:
        given = f"times {t.shape}, sigmas {sigma.shape}" + ("" if scales is None else f", scales {s.shape}")
        msg = f"schedule {name!r} has {given}; give at least two times, and as many noise levels (and scales)"
        raise ValueError(msg)
    if t[0] > t[-1]:
        t, sigma, s = t[::-1], sigma[::-1], s[::-1]
    for what, values in (("time", t), ("noise level", sigma)):
        if len(back := np.flatnonzero(np.diff(values) <= 0)):
            n = int(back[0])
            msg = (
                f"schedule {name!r}: the {what} goes from {values[n]:g} to {values[n + 1]:g} between "
                f"times {t[n]:g} and {t[n + 1]:g}; it must increase"
            )
            raise ValueError(msg)
    if t[0] != 0 or sigma[0] != 0 or s[0] != 1:
        msg = (
            f"schedule {name!r} begins at time {t[0]:g} with noise level {sigma[0]:g} and scale {s[0]:g}; it must "
            "begin at time 0 with noise level 0 and scale 1: put them in front, and shift or divide the rest"
        )
        raise ValueError(msg)
    if not s.min() > 0:
        msg = f"schedule {name!r} has a scale {s.min():g} at time {t[s.argmin()]:g}; it must be positive"
        raise ValueError(msg)
    curves = [Curve(PchipInterpolator(t, values, extrapolate=False)) for values in (sigma, s)]
    return Schedule(name, curves[0], unscaled if scales is None else curves[1], float(t[-1]))


def schedule_from_file(file: str | PathLike[str]) -> Schedule:
    """Schedule through the rows of a table: time, noise level and, if there is a third column, scale.

    Parameters
    ----------
    file : path
        Text with numbers separated by commas, semicolons, tabs or blanks, below a row of names if the first row holds
        no numbers; or a ``.npy`` array of shape (n, 2) or (n, 3).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no such table, or as `schedule_from_arrays`.
    """
    path, shown = Path(file), fspath(file)
    try:
        table = np.load(path, allow_pickle=False) if path.suffix == ".npy" else _read_table(path)
    except (ValueError, EOFError, UnicodeDecodeError) as mistake:
        msg = f"{shown!r} is no table of a schedule: {mistake}; give rows of time, noise level and, if wanted, scale"
        raise ValueError(msg) from None
    if table.ndim != 2 or table.shape[1] not in (2, 3):
        msg = f"{shown!r} holds an array {table.shape}; give columns time, noise level and, if wanted, scale"
        raise ValueError(msg)
    return schedule_from_arrays(*table.T, name=path.stem)


def _read_table(path: Path) -> Array:
    """Rows of numbers; a first row without any is taken for the columns' names."""
    rows = [line.replace(";", " ").replace(",", " ").split() for line in path.read_text("utf-8-sig").splitlines()]
    rows = [row for row in rows if row and not row[0].startswith("#")]
    if rows and not any(_is_number(word) for word in rows[0]):
        rows = rows[1:]
    if len({len(row) for row in rows}) != 1:
        msg = "its rows do not have the same number of entries" if rows else "it holds no rows"
        raise ValueError(msg)
    return np.array([[float(word) for word in row] for row in rows])


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


GivenSchedule = Schedule | str | Callable[[float], float] | ArrayLike
"""What `schedule_of` takes."""


def schedule_of(given: GivenSchedule) -> Schedule:
    """A schedule from whatever it is given by.

    Parameters
    ----------
    given : Schedule, str, callable, or array_like, shape (2, n) or (3, n)
        A schedule; the name of one; a function σ(t) with σ(0) = 0, of scale 1; or times, noise levels and scales as for
        `schedule_from_arrays`.

    Raises
    ------
    ValueError
        If the name is unknown, or the arrays do not make a schedule.
    """
    if isinstance(given, Schedule):
        return given
    if isinstance(given, str):
        return named_schedule(given)
    if callable(given):
        return Schedule(getattr(given, "__name__", "function"), given)
    try:
        rows = [real_array(row, "schedule") for row in given]  # type: ignore[union-attr]
    except TypeError:
        rows = []
    if len(rows) not in (2, 3):
        msg = (
            f"schedule={given!r:.60}: give a name ({', '.join(SCHEDULES)}), a Schedule, a function sigma(t), or arrays "
            "(times, sigmas) or (times, sigmas, scales)"
        )
        raise ValueError(msg)
    return schedule_from_arrays(*rows)
