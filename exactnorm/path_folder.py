"""A path of certified denoisers kept in a folder: one file a level, and what holds them together."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path

import numpy as np

from exactnorm.arrays import real_number
from exactnorm.certify.certified import read_denoiser, write_denoiser
from exactnorm.path import DenoiserPath

HEAD = "path.json"
"""What a directory that holds a path holds beside its levels."""


def write_path(directory: str | PathLike[str], path: DenoiserPath) -> None:
    """Write a path to a new or empty directory: one file a level, and ``path.json``; ``FileExistsError`` for others."""
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        msg = f"{str(folder)!r} is not empty; give a new directory"
        raise FileExistsError(msg)
    for n, denoiser in enumerate(path.denoisers):
        write_denoiser(folder / f"level{n:04d}.npz", denoiser)
    (folder / HEAD).write_text(json.dumps({"levels": len(path.denoisers), "tol": path.tol}))


def read_path(directory: str | PathLike[str]) -> DenoiserPath:
    """Read what `write_path` wrote; ``FileNotFoundError`` or ``ValueError`` if a file is missing, damaged or over."""
    folder = Path(directory)
    levels, tol = _head(folder / HEAD)
    denoisers = tuple(read_denoiser(folder / f"level{n:04d}.npz") for n in range(levels))
    if not denoisers:
        msg = f"{str(folder)!r} holds a path without levels"
        raise ValueError(msg)
    if over := sorted({one.name for one in folder.glob("level*.npz")} - {f"level{n:04d}.npz" for n in range(levels)}):
        msg = f"{str(folder)!r} holds a path of {levels} levels and {over[0]!r}, which is none of them"
        raise ValueError(msg)
    return DenoiserPath(denoisers[0].train.points, np.array([h.train.rho for h in denoisers]), denoisers, tol)


def _head(file: Path) -> tuple[int, float]:
    """The number of levels and the tolerance."""
    try:
        if not file.is_file():  # opening a pipe would wait for its other end
            msg = "it is no plain file"
            raise ValueError(msg)
        with file.open("rb") as stream:
            head = json.loads(stream.read(1000))  # a few dozen bytes, as it is written
        levels, tol = head["levels"], real_number(head["tol"], "tol")
        if type(levels) is not int or type(head["tol"]) is bool or not tol > 0:
            msg = f"{levels!r} is no number of levels, or {head['tol']!r} no tolerance"
            raise ValueError(msg)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        msg = f"{str(file)!r} does not describe a path that exactnorm saved: {error}"
        raise ValueError(msg) from None
    return levels, tol
