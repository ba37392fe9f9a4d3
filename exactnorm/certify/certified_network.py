"""A network for a finite problem with its certificate, and the file that holds both."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import Any

from numpy.typing import ArrayLike

from exactnorm.certify.certificate import Certificate
from exactnorm.certify.certified import read_arrays, solution_arrays, solution_from_arrays, write_arrays
from exactnorm.finite_problem import FiniteProblem
from exactnorm.network import ReLUNetwork
from exactnorm.tables import Tabular, TextTable
from exactnorm.training_set import Array


@dataclass(frozen=True, eq=False)
class CertifiedNetwork(Tabular):
    """A network for a finite problem, with a bracket on the least objective.

    Parameters
    ----------
    problem : FiniteProblem
    network : ReLUNetwork
    certificate : Certificate
        ``check_certificate(certificate, problem, network)`` recomputes it.
    status : str
        Sentences saying why the solver stopped, and what is and is not shown.
    """

    problem: FiniteProblem
    network: ReLUNetwork
    certificate: Certificate
    status: str

    def __call__(self, Y: ArrayLike) -> Array:
        """Values of the network, shape (q,) or (m, q)."""
        return self.network(Y)

    def table(self) -> TextTable:
        """Data, bracket and size of the network, and below it the status."""
        (size, inputs), outputs = self.problem.inputs.shape, self.problem.targets.shape[1]
        data = ("inputs", f"{size} in {inputs} dimensions, targets in {outputs}")
        neurons = ("neurons", str(self.network.neurons))
        rows = (data, *self.certificate.table().rows, neurons)
        return TextTable(("minimum-norm network", self.certificate.kind), rows, self.status)


def save_network(file: str | PathLike[str], found: CertifiedNetwork) -> None:
    """Write network, problem and certificate to `file` as plain arrays (NumPy's .npz, no pickle).

    Raises
    ------
    ValueError
        If the name does not end in ``.npz``.
    """
    problem = found.problem
    setting = [problem.skip, problem.penalise_bias, problem.constant]
    arrays = {"inputs": problem.inputs, "targets": problem.targets, "setting": setting}
    write_arrays(file, arrays | solution_arrays(found.network, found.certificate, found.status))


def load_network(file: str | PathLike[str]) -> CertifiedNetwork:
    """Read what `save_network` wrote; nothing in the file is unpickled.

    The numbers are those in the file: `check_certificate` recomputes them.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not one that `save_network` wrote, or is damaged.
    """
    return read_arrays(file, _from_arrays, "network for a finite problem")


def _from_arrays(data: dict[str, Any]) -> CertifiedNetwork:
    network, certificate, status = solution_from_arrays(data, 0)
    skip, penalise_bias, constant = (bool(one) for one in data["setting"])
    problem = FiniteProblem(
        data["inputs"], data["targets"], skip, penalise_bias, certificate.weight_decay, constant=constant
    )
    return CertifiedNetwork(problem, network, certificate, status)
