"""A network alone in a file, such as a trained one that no certificate goes with."""

from __future__ import annotations

from os import PathLike
from typing import Any

from exactnorm.files import Arrays, Entries, Entry, write
from exactnorm.network import ReLUNetwork

WHAT = "network"
WEIGHTS: Entries = {
    "a": Entry("float", 2),
    "w": Entry("float", 2),
    "b": Entry("float", 1),
    "c": Entry("float", 1),
    "V": Entry("float", 2, needed=False),
}


def weights(network: ReLUNetwork) -> dict[str, Any]:
    """The network's arrays as `WEIGHTS` declares them."""
    return {name: getattr(network, name) for name in WEIGHTS}


def write_network(file: str | PathLike[str], network: ReLUNetwork) -> None:
    """Write a network without certificate to `file`; errors as for `exactnorm.files.write`."""
    write(file, WHAT, WEIGHTS, weights(network))


def built_weights(file: str | PathLike[str], arrays: Arrays) -> ReLUNetwork:
    """The network that the arrays of a file make up; ``ValueError`` if they do not fit together."""
    try:
        return ReLUNetwork(arrays["a"], arrays["w"], arrays["b"], arrays.get("V"), arrays["c"])
    except ValueError as mistake:
        msg = f"{str(file)!r} does not hold a {WHAT} that exactnorm saved: {mistake}"
        raise ValueError(msg) from None
