"""Changes of the bytes of a file: bits flipped, files cut off, and archives made to mislead their reader."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from attack.mutant import Mutant, archive
from attack.targets import Target


def byte_changes(one: Target, rng: np.random.Generator, flips: int) -> Iterator[Mutant]:
    """Bits flipped, files cut off, and archives made to mislead their reader."""
    whole, bits = archive(one.arrays), rng.integers(8, size=97)
    for k in rng.integers(len(whole), size=flips):
        yield Mutant(one, "bytes", "a bit flipped", "", lambda k=k: flipped(whole, k, bits[k % 97]))
    for k in rng.integers(len(whole), size=flips // 5):
        yield Mutant(one, "bytes", "cut off", "", lambda k=k: whole[:k])
        yield Mutant(one, "bytes", "a byte more", "", lambda k=k: whole[:k] + b"x" + whole[k:])
    for name in ARCHIVES:
        yield Mutant(one, "bytes", name, "", lambda n=name: ARCHIVES[n](one.arrays, whole))
    for name in sorted({"points", "inputs", "a", "B", "cell_pattern", "status"} & set(one.arrays)):
        for what, header in HEADERS.items():
            content = npy(header, bytes(64))
            yield Mutant(one, "bytes", f"header: {what}", "", lambda n=name, c=content: with_member(one.arrays, n, c))


def flipped(data: bytes, k: int, bit: int) -> bytes:
    """The data with one bit the other way."""
    return data[:k] + bytes([data[k] ^ (1 << int(bit))]) + data[k + 1 :]


def packed(arrays: dict[str, Any], **more: np.ndarray) -> bytes:
    """A compressed archive."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays, **more)
    return buffer.getvalue()


def with_a_name_twice(arrays: dict[str, Any]) -> bytes:
    """A second lower bound behind the first."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as file:
        warnings.simplefilter("ignore")
        for name, array in [*arrays.items(), ("lower", 10 * arrays["lower"])]:
            file.writestr(f"{name}.npy", plain(array))
    return buffer.getvalue()


def on_top_of_each_other(arrays: dict[str, Any]) -> bytes:
    """Entries of the directory that all point to one member and say that it is a thousand times as long."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, array in arrays.items():
            file.writestr(f"{name}.npy", plain(array))
        longest = max(file.filelist, key=lambda one: one.file_size)
        size = longest.file_size * 1000
        for one in file.filelist:
            one.header_offset, one.file_size, one.compress_size = longest.header_offset, size, size
    return buffer.getvalue()


def plain(array: Any) -> bytes:
    """The bytes of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


ARCHIVES: dict[str, Callable[[dict[str, Any], bytes], bytes]] = {
    "compressed": lambda a, _: packed(a),
    "a bomb that is not used": lambda a, _: packed(a, unused=np.zeros(8_000_000)),
    "a bomb that is used": lambda a, _: packed({**a, "a": np.zeros((4_000_000, 2))}),
    "a member more": lambda a, _: archive({**a, "unused": np.zeros(3)}),
    "a member in a folder": lambda a, _: archive({**a, "../../x": np.zeros(3)}),
    "300 members more": lambda a, _: archive({**a, **{f"x{k}": np.zeros(1) for k in range(300)}}),
    "nothing": lambda *_: b"",
    "an empty archive": lambda *_: b"PK\x05\x06" + bytes(18),
    "twice": lambda _, whole: whole + whole,
    "behind something": lambda _, whole: b"#!/bin/sh\n" * 100 + whole,
    "a directory of 60 MB": lambda _, whole: whole[:-10] + struct.pack("<L", 60_000_000) + whole[-6:],
    "one array only": lambda *_: plain(np.zeros(3)),
    "a name twice": lambda a, _: with_a_name_twice(a),
    "members on top of each other": lambda a, _: on_top_of_each_other(a),
}
HEADERS = {
    "8 TB": b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }",
    "beyond 64 bits": b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999, 99999999999999999), }",
    "negative": b"{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 8), }",
    "zero times much": b"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 99999999999), }",
    "objects": b"{'descr': '|O', 'fortran_order': False, 'shape': (8,), }",
    "records": b"{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (8,), }",
    "an expression": b"{'descr': '<f8', 'fortran_order': False, 'shape': (2**3,), }",
    "nested": b"{'descr': '<f8', 'fortran_order': False, 'shape': " + b"(" * 400 + b")" * 400 + b", }",
    "long text": b"{'descr': '<U999999', 'fortran_order': False, 'shape': (), }",
    "text of no characters": b"{'descr': '<U16', 'fortran_order': False, 'shape': (), }",
    "no closing": b"{'descr': '<f8'",
}


def npy(header: bytes, data: bytes) -> bytes:
    """A .npy file with this header."""
    padded = header + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded + data


def with_member(arrays: dict[str, Any], name: str, content: bytes) -> bytes:
    """The file with other bytes as one member."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for field, array in arrays.items():
            file.writestr(f"{field}.npy", content if field == name else plain(array))
    return buffer.getvalue()
