"""A denoiser with its certificate, and the file that holds both."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array
from exactnorm.certify.balls.cell import Cell, CellProof
from exactnorm.certify.certificate import Certificate
from exactnorm.files import Arrays, Entries, Entry, check_names_file, read, write
from exactnorm.geometry import Frame, affine_hull
from exactnorm.network import ReLUNetwork
from exactnorm.network_file import WEIGHTS, built_weights, write_network
from exactnorm.network_file import WHAT as NETWORK_TAG
from exactnorm.tables import Tabular, TextTable
from exactnorm.training_set import TrainingSet

INTERRUPTED = "interrupted"
"""How the status begins where Ctrl-C ended the solve."""
SOLUTION: Entries = {
    "status": Entry("text"),
    "a": Entry("float", 2),
    "w": Entry("float", 2),
    "b": Entry("float", 1),
    "c": Entry("float", 1),
    "V": Entry("float", 2, needed=False),
    "lower": Entry("float"),
    "upper": Entry("float"),
    "interpolation_error": Entry("float", needed=False),
    "kind": Entry("text"),
    "statement": Entry("text"),
    "patterns": Entry("int"),
    "rays": Entry("int", 1),
    "segments": Entry("float", 2, needed=False),
    "multipliers": Entry("float", 2, needed=False),
    "weight_decay": Entry("float", needed=False),
    "origin": Entry("float", 1, needed=False),
    "axes": Entry("float", 2, needed=False),
    "scale": Entry("float", needed=False),
    "B": Entry("float", 3, needed=False),
    "cell_pattern": Entry("bool", 2, needed=False),
    "cell_ball": Entry("int", 1, needed=False),
    "cell_mu": Entry("float", 1, needed=False),
    "cell_sizes": Entry("int", 1, needed=False),
    "cell_cuts": Entry("float", 2, needed=False),
    "cell_nu": Entry("float", 1, needed=False),
    "cell_ell": Entry("float", 2, needed=False),
}
"""Network, certificate and status in a file. Cells are one after another, with `cell_sizes` cuts each."""
DENOISER: Entries = {
    "points": Entry("float", 2),
    "rho": Entry("float"),
    "samples": Entry("float", 2, needed=False),
    "samples_of": Entry("int", 1, needed=False),
}
WHAT = "denoiser"


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


def save(file: str | PathLike[str], denoiser: CertifiedDenoiser | ReLUNetwork) -> None:
    """Write network, training set and certificate to `file` as plain arrays (NumPy's .npz, no pickle).

    A `ReLUNetwork` alone, such as a trained one, is written as well; `load` gives it back as it was.

    Raises
    ------
    ValueError
        If the name does not end in ``.npz``.
    TypeError
        If `file` is no name, or `denoiser` is neither a denoiser nor a network.
    """
    check_names_file(file, denoiser)
    if isinstance(denoiser, ReLUNetwork):
        write_network(file, denoiser)
        return
    if not isinstance(denoiser, CertifiedDenoiser):
        msg = f"what is saved is a {type(denoiser).__name__}; give what min_norm_denoiser returns, or a ReLUNetwork"
        raise TypeError(msg)
    train = denoiser.train
    values: dict[str, Any] = {"points": train.points, "rho": train.rho}
    if train.samples is not None:
        values |= {"samples": np.vstack(train.samples), "samples_of": [len(one) for one in train.samples]}
    values |= solution_values(denoiser.network, denoiser.certificate, denoiser.status)
    write(file, WHAT, DENOISER | SOLUTION, values)


def load(file: str | PathLike[str]) -> CertifiedDenoiser | ReLUNetwork:
    """Read what `save` wrote, a denoiser or a network alone.

    Nothing in the file is unpickled, and memory is a few times its size. The numbers are those in the
    file: `check_certificate` recomputes them.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not one that `save` wrote, or is damaged.
    TypeError
        If `file` names none.
    """
    what, arrays = read(file, {WHAT: DENOISER | SOLUTION, NETWORK_TAG: WEIGHTS})
    return built(file, arrays) if what == WHAT else built_weights(file, arrays)


def load_denoiser(file: str | PathLike[str]) -> CertifiedDenoiser:
    """Read a denoiser, and not a network alone; errors as for `load`."""
    return built(file, read(file, {WHAT: DENOISER | SOLUTION})[1])


def built(file: str | PathLike[str], arrays: Arrays) -> CertifiedDenoiser:
    """The denoiser that the arrays of a file make up; ``ValueError`` if they do not fit together."""
    try:
        train = TrainingSet(arrays["points"], float(arrays["rho"]), _samples(arrays))
        return CertifiedDenoiser(train, *solution(arrays, train.size))
    except ValueError as mistake:
        msg = f"{str(file)!r} does not hold a {WHAT} that exactnorm saved: {mistake}"
        raise ValueError(msg) from None


def _samples(arrays: Arrays) -> tuple[Array, ...] | None:
    together(arrays, "samples", "samples_of")
    if "samples" not in arrays:
        return None
    counts = [int(count) for count in arrays["samples_of"]]
    if min(counts, default=0) < 1 or sum(counts) != len(arrays["samples"]):
        msg = "the numbers of samples do not add up"
        raise ValueError(msg)
    return tuple(np.split(arrays["samples"], np.cumsum(counts)[:-1]))


def together(arrays: Arrays, *names: str) -> None:
    """Raise ``ValueError`` unless all of these are there or none."""
    there = [name for name in names if name in arrays]
    if there and len(there) < len(names):
        msg = f"there is {there[0]!r} in it, but not all of {', '.join(names)}"
        raise ValueError(msg)


def solution_values(net: ReLUNetwork, cert: Certificate, status: str) -> dict[str, Any]:
    """Network, certificate and status as `SOLUTION` declares them."""
    values: dict[str, Any] = {"status": status, "a": net.a, "w": net.w, "b": net.b, "c": net.c, "V": net.V}
    same = ("lower", "upper", "interpolation_error", "kind", "statement", "patterns", "rays", "segments", "multipliers")
    values |= {name: getattr(cert, name) for name in (*same, "B", "weight_decay")}
    if cert.frame is not None:
        values |= {"origin": cert.frame.origin, "axes": cert.frame.axes, "scale": cert.frame.scale}
    if cert.proofs:
        proofs, cells = cert.proofs, [proof.cell for proof in cert.proofs]
        values |= {
            "cell_pattern": np.array([cell.pattern for cell in cells]),
            "cell_ball": np.array([cell.ball for cell in cells]),
            "cell_mu": np.array([proof.mu for proof in proofs]),
            "cell_cuts": np.vstack([cell.cuts for cell in cells]),
            "cell_nu": np.concatenate([proof.nu[np.triu_indices(len(proof.nu), 1)] for proof in proofs]),
            "cell_ell": np.vstack([proof.ell for proof in proofs]),
            "cell_sizes": np.array([len(cell.cuts) for cell in cells]),
        }
    return values


def solution(arrays: Arrays, size: int) -> tuple[ReLUNetwork, Certificate, str]:
    """Network, certificate and status from the arrays of a file; `size` is the number of balls, if there are any."""
    network = ReLUNetwork(arrays["a"], arrays["w"], arrays["b"], arrays.get("V"), arrays["c"])
    together(arrays, "origin", "axes", "scale")
    certificate = Certificate(
        upper=float(arrays["upper"]),
        lower=float(arrays["lower"]),
        interpolation_error=_number(arrays, "interpolation_error"),
        kind=str(arrays["kind"]),
        statement=str(arrays["statement"]),
        patterns=int(arrays["patterns"]),
        frame=Frame(arrays["origin"], arrays["axes"], float(arrays["scale"])) if "axes" in arrays else None,
        B=arrays.get("B"),
        proofs=_proofs(arrays, size),
        rays=tuple(int(n) for n in arrays["rays"]),
        segments=arrays.get("segments"),
        multipliers=arrays.get("multipliers"),
        weight_decay=_number(arrays, "weight_decay"),
    )
    return network, certificate, str(arrays["status"])


def _number(arrays: Arrays, name: str) -> float | None:
    return float(arrays[name]) if name in arrays else None


def _proofs(arrays: Arrays, size: int) -> tuple[CellProof, ...]:
    together(arrays, *(name for name in SOLUTION if name.startswith("cell_")))
    if "cell_sizes" not in arrays:
        return ()
    sizes = [int(m) for m in arrays["cell_sizes"]]
    rows = [size + m for m in sizes]
    wanted = {
        "cell_pattern": len(sizes),
        "cell_ball": len(sizes),
        "cell_mu": len(sizes),
        "cell_cuts": sum(sizes),
        "cell_nu": sum(n * (n - 1) // 2 for n in rows),
        "cell_ell": sum(rows),
    }
    if min(sizes, default=0) < 0 or any(len(arrays[name]) != length for name, length in wanted.items()):
        msg = "the arrays of the cells do not have the lengths that belong together"
        raise ValueError(msg)
    proofs = []
    cut = row = entry = 0
    for k, (m, n) in enumerate(zip(sizes, rows, strict=True)):
        upper = n * (n - 1) // 2
        nu = np.zeros((n, n))
        nu[np.triu_indices(n, 1)] = arrays["cell_nu"][entry : entry + upper]
        cell = Cell(arrays["cell_pattern"][k], int(arrays["cell_ball"][k]), arrays["cell_cuts"][cut : cut + m])
        proofs.append(CellProof(cell, float(arrays["cell_mu"][k]), nu, arrays["cell_ell"][row : row + n]))
        cut, row, entry = cut + m, row + n, entry + upper
    return tuple(proofs)
