"""The one file format of the package: named plain arrays in a .npz file, written and read by declaration.

A file is a zip archive of uncompressed members, one array each, in NumPy's .npy format. Reading one that somebody else
made runs none of it and trusts none of it: the directory is looked at first, names, types and dimensions must be those
declared, and the bytes of every array must be there, so that no header asks for more memory than the file is long.
"""

from __future__ import annotations

import math
import os
import re
import secrets
import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

FORMAT = 2
"""Changes whenever a file of before would be misread."""
LARGEST_FILE = 2**32
"""Bytes; a file beyond is refused unread. Reading takes some times a file's size of memory."""
LONGEST_TEXT = 20_000
"""Characters."""

KINDS = {"float": "f8", "int": "i8", "bool": "b1", "text": "U"}
HEADER = re.compile(
    rb"\{'descr': '([<>|])(f8|i8|b1|U)(\d{0,6})', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,18}(?:, ?|(?=\))))*)\), \} *\n"
)
DAMAGED = (
    OSError,
    EOFError,
    BadZipFile,
    RuntimeError,  # an encrypted member; NotImplementedError, an unknown compression
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What reading a damaged archive can raise."""


@dataclass(frozen=True)
class Entry:
    """What an array in a file must be.

    Parameters
    ----------
    kind : {"float", "int", "bool", "text"}
        float64, int64, bool with bytes 0 and 1, or text. Either byte order will do.
    ndim : int
        Number of dimensions; 0 for a single value.
    needed : bool
        Whether a file without it is refused.
    """

    kind: str
    ndim: int = 0
    needed: bool = True


Entries = dict[str, Entry]
Arrays = dict[str, NDArray[Any]]
HEAD: Entries = {"what": Entry("text"), "format": Entry("int")}


def check_names_file(file: object, saved: object = None) -> None:
    """Raise ``TypeError`` unless `file` names one; what was to be `saved` tells whether the two changed places."""
    if not isinstance(file, str | PathLike):
        swapped = isinstance(saved, str | PathLike)
        hint = f"; it comes first: ({str(saved)!r}, …)" if swapped else ""
        msg = f"the file is given as {'None' if file is None else type(file).__name__}: give its name{hint}"
        raise TypeError(msg)


def write(file: str | PathLike[str], what: str, entries: Entries, values: dict[str, Any]) -> None:
    """Write values, converted to the arrays that `entries` declare, to a file whose name ends in ``.npz``.

    Parameters
    ----------
    file : path
    what : str
        A tag that says what the file holds.
    entries : dict of str to Entry
    values : dict
        Those that are None are left out.

    Raises
    ------
    ValueError
        If the name does not end in ``.npz``.
    TypeError
        If it is none.
    """
    check_names_file(file)
    if not str(file).endswith(".npz"):
        msg = f"{str(file)!r}: give a file name that ends in .npz"
        raise ValueError(msg)
    dtypes = {"float": np.float64, "int": np.int64, "bool": np.bool_, "text": np.str_}
    known = {name: value for name, value in values.items() if value is not None}
    arrays: dict[str, Any] = {
        name: np.asarray(value, dtype=dtypes[entries[name].kind]) for name, value in known.items()
    }
    with whole(file) as stream:
        np.savez(stream, what=np.str_(what), format=np.int64(FORMAT), **arrays)


@contextmanager
def whole(file: str | PathLike[str]) -> Iterator[BinaryIO]:
    """A stream to write a file through, which is there as a whole afterwards, or not at all, and an older one still is.

    It is written beside its place under a name that nobody else has, and renamed: of several that write one file at
    once, the last wins. What is no plain file, such as a pipe, is written to directly.
    """
    path = Path(os.path.realpath(file))
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            yield stream
        return
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())  # a full disk may show only now
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read(file: str | PathLike[str], declared: dict[str, Entries]) -> tuple[str, Arrays]:
    """The tag of a file and its arrays, read-only.

    Parameters
    ----------
    file : path
    declared : dict of str to dict of str to Entry
        For every tag that is welcome, what such a file holds.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not one of these, or is damaged. The message says in what way.
    TypeError
        If `file` names none.
    """
    check_names_file(file)
    path = Path(file)
    try:
        # Looked at before it is opened: opening a pipe would wait for its other end.
        size = path.stat().st_size
        if path.is_dir():
            msg = "it is a directory"
            raise ValueError(msg)
        if not stat.S_ISREG(path.stat().st_mode) or size > LARGEST_FILE:
            msg = f"it is no plain file of at most {LARGEST_FILE} bytes"
            raise ValueError(msg)
        with path.open("rb") as handle:
            return _read(handle, size, declared)
    except FileNotFoundError:
        raise
    except DAMAGED as error:
        msg = f"{str(file)!r} does not hold a {' or a '.join(declared)} that exactnorm saved: {error}"
        raise ValueError(msg) from None


def _read(handle: BinaryIO, size: int, declared: dict[str, Entries]) -> tuple[str, Arrays]:
    most = len(HEAD) + max(len(entries) for entries in declared.values())
    _refuse_other_files(handle.read(64))
    _check_directory(handle, size, most)
    with ZipFile(handle) as archive:
        members = _members(archive, size, most)
        head = {name: _array(archive, members, name, entry) for name, entry in HEAD.items()}
        what, version = str(head["what"]), int(head["format"])
        if version != FORMAT:
            msg = f"format {version} is not the one that this version reads ({FORMAT})"
            raise ValueError(msg)
        if what not in declared:
            msg = f"it holds a {what!r}"
            raise ValueError(msg)
        entries = declared[what]
        if extra := set(members) - set(entries) - set(HEAD):
            msg = f"a member {min(extra)!r} has no place in it"
            raise ValueError(msg)
        wanted = [name for name, entry in entries.items() if entry.needed or name in members]
        return what, {name: _array(archive, members, name, entries[name]) for name in wanted}


def _refuse_other_files(head: bytes) -> None:
    """Raise for a file whose first bytes say that it is something else, and how that is read."""
    if head.startswith(b"\x93NUMPY"):
        msg = "it is one array, as numpy.save writes it; numpy.load reads it"
        raise ValueError(msg)
    if head and not head.startswith(b"PK") and all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head):
        msg = (
            "it is text; a table of points is read by numpy.loadtxt(file, delimiter=','), and solved by "
            "min_norm_denoiser(points, rho) or `exactnorm solve`"
        )
        raise ValueError(msg)


def _check_directory(handle: BinaryIO, size: int, most: int) -> None:
    """Raise unless the archive ends with a plain record of a directory that is not longer than `most` members need."""
    handle.seek(max(size - 42, 0))
    tail = handle.read(42)
    if tail[-22:-18] != b"PK\x05\x06" or tail[:4] == b"PK\x06\x07":
        msg = "it does not end as an archive of arrays does"
        raise ValueError(msg)
    if int.from_bytes(tail[-10:-6], "little") > 256 * most:
        msg = f"its directory is longer than {most} members need"
        raise ValueError(msg)


def _members(archive: ZipFile, size: int, most: int) -> dict[str, ZipInfo]:
    """The members by the names of their arrays, none of them compressed, together no longer than the file."""
    found = archive.infolist()
    if not any(one.filename.removesuffix(".npy") == "what" for one in found):
        names = ", ".join(one.filename.removesuffix(".npy")[:20] for one in found[:5]) or "nothing"
        msg = f"it is an archive of {names!r:.99}, which says not 'what' it is; numpy.load reads arrays of others"
        raise ValueError(msg)
    if len(found) > most:
        msg = f"it has {len(found)} members, more than the {most} that there are"
        raise ValueError(msg)
    for one in found:
        if one.compress_type != ZIP_STORED or one.flag_bits & 1 or one.file_size != one.compress_size:
            msg = f"the member {one.filename!r} is compressed or encrypted"
            raise ValueError(msg)
    if sum(one.file_size for one in found) > size:
        msg = "its members are longer than the file"
        raise ValueError(msg)
    members = {one.filename.removesuffix(".npy"): one for one in found}
    if len(members) < len(found) or not all(one.filename.endswith(".npy") for one in found):
        msg = "two members have one name, or one is no array"
        raise ValueError(msg)
    return members


def _array(archive: ZipFile, members: dict[str, ZipInfo], name: str, entry: Entry) -> NDArray[Any]:
    """One array; its header must be what NumPy writes and fit the declaration and the bytes that follow."""
    if name not in members:
        msg = f"there is no {name!r} in it"
        raise ValueError(msg)
    data = archive.read(members[name])
    start = 10 + int.from_bytes(data[8:10], "little")
    header = HEADER.fullmatch(data[10:start]) if data[:8] == b"\x93NUMPY\x01\x00" and start <= 1000 else None
    if header is None:
        msg = f"the header of {name!r} is not one that NumPy writes for plain arrays"
        raise ValueError(msg)
    order, kind, length, fortran, dimensions = (one.decode() for one in header.groups())
    shape = tuple(int(one) for one in dimensions.replace(" ", "").split(",") if one)
    if kind != KINDS[entry.kind] or (length != "") != (kind == "U") or len(shape) != entry.ndim:
        msg = f"{name!r} is an array {shape} of {kind}{length}; it must be {entry.ndim}-dimensional {entry.kind}"
        raise ValueError(msg)
    dtype = np.dtype(order + kind + length)
    if math.prod(shape) * dtype.itemsize != len(data) - start:
        msg = f"{name!r} is said to be {shape}, but holds {len(data) - start} bytes"
        raise ValueError(msg)
    array = np.frombuffer(data, dtype, offset=start).reshape(shape, order="F" if fortran == "True" else "C")
    return _plain(array, name, entry.kind)


def _plain(array: NDArray[Any], name: str, kind: str) -> NDArray[Any]:
    """The array in this machine's byte order, once its bytes are those of a truth value or of a text to print."""
    if kind == "bool" and array.size and array.view(np.uint8).max() > 1:
        msg = f"{name!r} holds bytes that are neither 0 nor 1"
        raise ValueError(msg)
    if kind == "text":
        text = str(array[()])
        if len(text) > LONGEST_TEXT or not text.replace("\n", "").isprintable():
            msg = f"{name!r} holds more than {LONGEST_TEXT} characters, or some that cannot be printed"
            raise ValueError(msg)
    plain = array.astype(array.dtype.newbyteorder("="))
    plain.flags.writeable = False
    return plain
