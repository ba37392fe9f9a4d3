"""What a window and its worker process say to each other: pickled records, each after its length."""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, eq=False)
class Request:
    """What to do: "picture" or "basins", of what, or "nothing"; a newer request ends an older one."""

    number: int
    kind: str
    content: Any


@dataclass(frozen=True, eq=False)
class Answer:
    """To which request, and what: a "picture", a "bracket" or "basins", and how it goes.

    That is "awake" (to none: the process has started), "begun", "done", "failed" or "superseded".
    """

    number: int
    kind: str
    content: Any


def send(stream: BinaryIO, what: Any) -> None:
    """Write one object."""
    data = pickle.dumps(what)
    stream.write(LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """Read one object; ``EOFError`` at the end."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    return pickle.loads(stream.read(LENGTH.unpack(head)[0]))
