"""Arrays in files: points and noisy samples, by NumPy alone. Every failure is a `BadInput` of one sentence."""

from __future__ import annotations

import stat
import tokenize
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile

from exactnorm.arrays import Array
from exactnorm.cli import text_table
from exactnorm.cli.streams import BadInput, say
from exactnorm.files import DAMAGED
from exactnorm.reading.dialects import chosen
from exactnorm.reading.doubtful import look_at_first_column

READERS = (".csv", ".tsv", ".txt", ".npy")
KINDS = ".csv, .tsv, .txt and .npy"
UNREADABLE = (*DAMAGED, AttributeError, SyntaxError, tokenize.TokenError)
"""What NumPy can raise for a file that is damaged, or was made to be."""
LARGEST = 2**30
"""Bytes of a file, or of what an archive unpacks to, beyond which it is refused unread."""


def points(
    path: Path,
    header: bool | None = None,
    columns: str | None = None,
    *,
    index: bool = False,
    most: int = LARGEST,
) -> Array:
    """The points in a file of at most `most` bytes, one a row; `index` admits a first column that counts the rows."""
    suffix = path.suffix.lower()
    if suffix not in READERS:
        saved = "; a saved denoiser is for `exactnorm check` and exactnorm.load" if suffix == ".npz" else ""
        msg = f"{str(path)!r}: points are read from {KINDS} files{saved}"
        raise BadInput(msg)
    with _told(path, most):
        if suffix == ".npy":
            return _npy(path, header, columns, index=index)
        return text_table.read(path, header, columns, index=index)


@contextmanager
def _told(path: Path, most: int) -> Generator[None, None, None]:
    """A file that is not there, that the system does not hand over, or that has no end, is bad input."""
    try:
        if (size := look_at_kind(path)) > most:
            msg = f"{str(path)!r} has {size} bytes: at most {most} are read here"
            raise BadInput(msg)
        yield
    except FileNotFoundError:
        msg = f"there is no file {str(path)!r}"
        raise BadInput(msg) from None
    except OSError as failed:
        msg = f"cannot read {str(path)!r}: {failed.strerror or failed}"
        raise BadInput(msg) from failed


def look_at_kind(path: Path) -> int:
    """The size of a file; `BadInput` for a pipe or a device, before it is opened and waited for."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):  # a folder is told of when it is opened
        msg = f"{str(path)!r} is a pipe or a device, not a plain file: write what comes out of it to one"
        raise BadInput(msg)
    return found.st_size


def _npy(path: Path, header: bool | None, columns: str | None, *, index: bool) -> Array:
    if header is not None:
        msg = f"--header is for text files, and {str(path)!r} is none"
        raise BadInput(msg)
    with path.open("rb") as file:
        magic = file.read(6)
        file.seek(0)
        if magic != b"\x93NUMPY":
            is_text = (
                magic.strip() and all(32 <= byte < 127 or byte in b"\t\r\n" for byte in magic) and magic[:2] != b"PK"
            )
            hint = "; it looks like text: name it .csv" if is_text else ""
            msg = f"{str(path)!r} is not a .npy file of numbers{hint}"
            raise BadInput(msg)
        try:
            # Never unpickled: an object array could run code of whoever wrote the file.
            array: Array = np.load(file, allow_pickle=False)
        except UNREADABLE as failed:
            if isinstance(failed, OSError):
                raise
            why = "it holds Python objects" if "pickle" in str(failed) else str(failed)
            msg = f"{str(path)!r} is not a .npy file of numbers: {why}; save an array of floats"
            raise BadInput(msg) from failed
    if array.dtype == np.float16:
        say(f"{path}: float16 keeps three digits: distances between these points were rounded before they were saved")
        array = array.astype(np.float64)
    if columns is None:
        if not index:
            _look_at_index(array, str(path))
        return array
    if array.ndim != 2:
        msg = f"--columns {columns}: {str(path)!r} holds an array of shape {array.shape}, which has no columns"
        raise BadInput(msg)
    return array[:, list(chosen(columns, None, array.shape[1]))]


def _look_at_index(array: Array, name: str) -> None:
    """As for text: raise `BadInput` for a first column that counts the rows, and say so of one that may."""
    if array.ndim == 2 and array.shape[1] > 1 and array.dtype.kind in "iuf" and np.all(np.isfinite(array)):
        fractions = bool(np.any(array[:, 1:] % 1))
        look_at_first_column(array[:, 0].tolist(), array.shape[1], fractions, name, lambda note: say(f"{name}: {note}"))


def samples(path: Path, size: int, *, most: int = LARGEST) -> list[Array]:
    """The samples in a file of at most `most` bytes, unpacked too, one array for each of `size` points."""
    if path.suffix.lower() == ".npz":
        return _npz(path, most)
    if path.suffix.lower() not in READERS:
        msg = f"{str(path)!r}: samples are read from .npy, .npz, .csv, .tsv and .txt files"
        raise BadInput(msg)
    table = points(path, index=True, most=most)
    if path.suffix.lower() != ".npy":
        return _by_point(path, table, size)
    if table.ndim != 3:
        msg = f"{str(path)!r} holds an array of shape {table.shape}; give one of shape (N, M, d)"
        raise BadInput(msg)
    return list(table)


def _npz(path: Path, most: int) -> list[Array]:
    with _told(path, most), path.open("rb") as handle:
        try:
            # Never unpickled: an object array could run code of whoever wrote the file.
            with np.load(handle, allow_pickle=False) as file:
                if not isinstance(file, NpzFile) or file.zip is None:
                    msg = "it is a single array: name it .npy"
                    raise ValueError(msg)
                if (size := sum(int(one.file_size) for one in file.zip.infolist())) > most:
                    msg = f"{str(path)!r} unpacks to {size} bytes: at most {most} are read here"
                    raise BadInput(msg)
                return [file[name] for name in file.files]
        except BadInput:
            raise
        except UNREADABLE as failed:
            if isinstance(failed, OSError):
                raise
            msg = f"{str(path)!r} is not a .npz file of arrays of numbers: {failed}"
            raise BadInput(msg) from failed


def _by_point(path: Path, table: Array, size: int) -> list[Array]:
    rows = table[:, 0]
    wrong = np.flatnonzero(~np.isin(rows, np.arange(size)))
    if len(wrong):
        first = int(wrong[0])
        msg = (
            f"{str(path)!r}, sample {first}: its first column is {rows[first]:g}; give the row of its point, "
            f"0 to {size - 1}"
        )
        raise BadInput(msg)
    return [table[rows == n, 1:] for n in range(size)]
