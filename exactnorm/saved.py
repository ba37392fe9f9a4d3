"""One way to save, and one to load, everything that is kept in files."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path

from exactnorm.arrays import what_is
from exactnorm.certify.certified import DENOISER, CertifiedDenoiser, built, write_denoiser
from exactnorm.certify.certified import WHAT as DENOISER_TAG
from exactnorm.certify.certified_network import SAVED, CertifiedNetwork, built_network, write_certified_network
from exactnorm.certify.certified_network import WHAT as CERTIFIED_TAG
from exactnorm.files import Arrays, check_names_file, read
from exactnorm.network import ReLUNetwork
from exactnorm.network_file import WEIGHTS, built_weights, write_network
from exactnorm.network_file import WHAT as NETWORK_TAG
from exactnorm.path import DenoiserPath
from exactnorm.path_folder import HEAD, read_path, write_path

Saved = CertifiedDenoiser | CertifiedNetwork | ReLUNetwork
FILES = {DENOISER_TAG: DENOISER, CERTIFIED_TAG: SAVED, NETWORK_TAG: WEIGHTS}
BUILD: dict[str, Callable[[str | PathLike[str], Arrays], Saved]] = {
    DENOISER_TAG: built,
    CERTIFIED_TAG: built_network,
    NETWORK_TAG: built_weights,
}


def save(file: str | PathLike[str], what: Saved | DenoiserPath) -> None:
    """Write a result to a file as plain arrays (NumPy's .npz, no pickle), or a path to a folder.

    Parameters
    ----------
    file : path
        A name that ends in ``.npz``; for a `DenoiserPath` a new or empty directory, which then holds a file a level.
    what : CertifiedDenoiser, CertifiedNetwork, ReLUNetwork or DenoiserPath
        What `min_norm_denoiser` or `min_norm_network` returned, a network alone, such as a trained one, or a path.

    Raises
    ------
    ValueError
        If the name does not end in ``.npz``.
    FileExistsError
        If the directory for a path holds anything.
    TypeError
        If `file` is no name, or `what` is none of these.
    """
    check_names_file(file, what)
    match what:
        case DenoiserPath():
            write_path(file, what)
        case CertifiedDenoiser():
            write_denoiser(file, what)
        case CertifiedNetwork():
            write_certified_network(file, what)
        case ReLUNetwork():
            write_network(file, what)
        case _:
            msg = (
                f"what is saved is {what_is(what)}; give what min_norm_denoiser or min_norm_network returns, "
                "a ReLUNetwork or a DenoiserPath"
            )
            raise TypeError(msg)


def load(file: str | PathLike[str]) -> Saved | DenoiserPath:
    """Read what `save` wrote; the type of what comes back tells what was found.

    Nothing in the file is unpickled, and memory is a few times its size. The numbers are those in the file:
    `check_certificate` recomputes them.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not one that `save` wrote, or is damaged.
    TypeError
        If `file` names none.
    """
    check_names_file(file)
    if (Path(file) / HEAD).exists():
        return read_path(file)
    what, arrays = read(file, FILES)
    return BUILD[what](file, arrays)
