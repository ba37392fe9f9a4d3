"""A denoiser with its certificate, and the file that holds both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.certify.cell import Cell, CellProof
from exactnorm.certify.certificate import Certificate
from exactnorm.geometry import Frame, affine_hull
from exactnorm.network import ReLUNetwork
from exactnorm.tables import Tabular, TextTable
from exactnorm.training_set import Array, TrainingSet

FORMAT = 1
INTERRUPTED = "interrupted"
"""How the status begins where Ctrl-C ended the solve."""
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class CertifiedDenoiser(Tabular):
    """A network that interpolates the balls of a training set, with a bracket on the least cost.

    Parameters
    ----------
    train : TrainingSet
    network : ReLUNetwork
    certificate : Certificate
    status : str
        Sentences saying why the solver stopped, and what is and is not shown.
    """

    train: TrainingSet
    network: ReLUNetwork
    certificate: Certificate
    status: str

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the solve, so that the bracket is what was known by then."""
        return self.status.startswith(INTERRUPTED)

    def __call__(self, Y: ArrayLike) -> Array:
        """Denoised points, shape (d,) or (m, d) as given."""
        return self.network(Y)

    def score(self, y: ArrayLike, sigma: float) -> Array:
        """Score (h(y) − y)/σ² that the denoiser stands for at noise level σ > 0."""
        if not sigma > 0:
            msg = f"sigma={sigma!r}; the score needs a noise level sigma > 0"
            raise ValueError(msg)
        return (self.network(y) - np.asarray(y, dtype=np.float64)) / sigma**2

    def table(self) -> TextTable:
        """Data, bracket and size of the network, and below it the status."""
        train, certificate = self.train, self.certificate.table()
        rank = affine_hull(train.points).rank
        data = ("points", f"{train.size} in {train.dimension} dimensions, affine rank {rank}")
        if train.samples is None:
            inputs = ("noise radius rho", f"{train.rho:g}")
        else:
            inputs = ("noisy samples", str(sum(len(one) for one in train.samples)))
        size = ("neurons", str(self.network.neurons))
        rows = (data, inputs, *certificate.rows, size)
        return TextTable(("minimum-norm denoiser", self.certificate.kind), rows, self.status)


def save(file: str | PathLike[str], denoiser: CertifiedDenoiser) -> None:
    """Write network, training set and certificate to `file` as plain arrays (NumPy's .npz, no pickle).

    Raises
    ------
    ValueError
        If the name does not end in ``.npz``.
    """
    train = denoiser.train
    arrays: dict[str, Any] = {"points": train.points, "rho": train.rho}
    if train.samples is not None:
        arrays["samples"] = np.vstack(train.samples)
        arrays["samples_of"] = np.array([len(one) for one in train.samples])
    write_arrays(file, arrays | solution_arrays(denoiser.network, denoiser.certificate, denoiser.status))


def solution_arrays(net: ReLUNetwork, cert: Certificate, status: str) -> dict[str, Any]:
    """Network, certificate and status as plain arrays."""
    arrays: dict[str, Any] = {
        "format": FORMAT, "status": status,
        "a": net.a, "w": net.w, "b": net.b, "c": net.c,
        "bracket": [cert.lower, cert.upper, np.nan if cert.interpolation_error is None else cert.interpolation_error],
        "kind": cert.kind, "statement": cert.statement, "patterns": cert.patterns,
        "rays": np.array(cert.rays, dtype=int),
    }  # fmt: skip
    if net.V is not None:
        arrays["V"] = net.V
    if cert.multipliers is not None:
        arrays["multipliers"] = cert.multipliers
    if cert.weight_decay is not None:
        arrays["weight_decay"] = cert.weight_decay
    if cert.frame is not None:
        arrays |= {"origin": cert.frame.origin, "axes": cert.frame.axes, "scale": cert.frame.scale}
    if cert.B is not None:
        arrays["B"] = cert.B
    if cert.proofs:
        proofs, cells = cert.proofs, [proof.cell for proof in cert.proofs]
        arrays |= {
            "cell_pattern": np.array([cell.pattern for cell in cells]),
            "cell_ball": np.array([cell.ball for cell in cells]),
            "cell_mu": np.array([proof.mu for proof in proofs]),
            "cell_cuts": np.vstack([cell.cuts for cell in cells]),
            "cell_nu": np.concatenate([proof.nu.ravel() for proof in proofs]),
            "cell_ell": np.vstack([proof.ell for proof in proofs]),
            "cell_sizes": np.array([len(cell.cuts) for cell in cells]),
        }
    return arrays


def write_arrays(file: str | PathLike[str], arrays: dict[str, Any]) -> None:
    """Write plain arrays to a file whose name ends in .npz; ``ValueError`` for another name."""
    if not str(file).endswith(".npz"):
        msg = f"{str(file)!r}: give a file name that ends in .npz"
        raise ValueError(msg)
    np.savez_compressed(file, **arrays)


def load(file: str | PathLike[str]) -> CertifiedDenoiser:
    """Read what `save` wrote; nothing in the file is unpickled.

    The numbers are those in the file: `check_certificate` recomputes them.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not one that `save` wrote, or is damaged.
    """
    return read_arrays(file, _from_arrays, "denoiser")


def read_arrays(file: str | PathLike[str], build: Callable[[dict[str, Any]], T], what: str) -> T:
    """What `build` makes of the arrays in a file; ``ValueError`` if they are not `what` exactnorm saved."""
    try:
        with Path(file).open("rb") as handle, np.load(handle, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
        if int(arrays["format"]) != FORMAT:
            msg = f"format {int(arrays['format'])} is not the one this version reads ({FORMAT})"
            raise ValueError(msg)
        return build(arrays)
    except FileNotFoundError:
        raise
    except (OSError, EOFError, BadZipFile, KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        msg = f"{str(file)!r} does not hold a {what} that exactnorm saved: {error}"
        raise ValueError(msg) from None


def _from_arrays(data: dict[str, Any]) -> CertifiedDenoiser:
    samples = None
    if "samples" in data:
        samples = tuple(np.split(data["samples"], np.cumsum(data["samples_of"])[:-1]))
    train = TrainingSet(data["points"], float(data["rho"]), samples)
    return CertifiedDenoiser(train, *solution_from_arrays(data, train.size))


def solution_from_arrays(data: dict[str, Any], size: int) -> tuple[ReLUNetwork, Certificate, str]:
    """Network, certificate and status from the arrays of a file; `size` is the number of balls, if there are any."""
    network = ReLUNetwork(data["a"], data["w"], data["b"], data.get("V"), data["c"])
    lower, upper, error = (float(x) for x in data["bracket"])
    certificate = Certificate(
        upper=upper,
        lower=lower,
        interpolation_error=None if np.isnan(error) else error,
        kind=str(data["kind"]),
        statement=str(data["statement"]),
        patterns=int(data["patterns"]),
        frame=Frame(data["origin"], data["axes"], float(data["scale"])) if "axes" in data else None,
        B=data.get("B"),
        proofs=_proofs_from_arrays(data, size) if "cell_ball" in data else (),
        rays=tuple(int(n) for n in data["rays"]),
        multipliers=data.get("multipliers"),
        weight_decay=float(data["weight_decay"]) if "weight_decay" in data else None,
    )
    return network, certificate, str(data["status"])


def _proofs_from_arrays(data: dict[str, Any], size: int) -> tuple[CellProof, ...]:
    proofs = []
    cut = row = entry = 0
    for k, m in enumerate(int(m) for m in data["cell_sizes"]):
        rows = size + m
        cell = Cell(data["cell_pattern"][k], int(data["cell_ball"][k]), data["cell_cuts"][cut : cut + m])
        proofs.append(
            CellProof(
                cell=cell,
                mu=float(data["cell_mu"][k]),
                nu=data["cell_nu"][entry : entry + rows * rows].reshape(rows, rows),
                ell=data["cell_ell"][row : row + rows],
            )
        )
        cut, row, entry = cut + m, row + rows, entry + rows * rows
    return tuple(proofs)
