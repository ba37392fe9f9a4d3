"""A network for a finite problem with its certificate, and the file that holds both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from exactnorm.arrays import Array
from exactnorm.certify.certificate import Certificate
from exactnorm.certify.certified import SOLUTION, solution, solution_values
from exactnorm.certify.proving import proved
from exactnorm.certify.saved_evidence import ON_SAMPLES, entries
from exactnorm.files import Arrays, Entries, Entry, write
from exactnorm.finite_problem import FiniteProblem
from exactnorm.network import ReLUNetwork
from exactnorm.tables import Tabular, TextTable, counted

if TYPE_CHECKING:
    from exactnorm.certify.proving import Proving, Rigorous

WHAT = "network for a finite problem"
NETWORK: Entries = {
    "inputs": Entry("float", 2),
    "targets": Entry("float", 2),
    "skip": Entry("bool"),
    "penalise_bias": Entry("bool"),
    "constant": Entry("bool"),
}
SAVED: Entries = {**NETWORK, **SOLUTION, **entries(ON_SAMPLES)}


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

    def rigorous(
        self,
        *,
        solver: str = "CLARABEL",
        solver_options: dict[str, Any] | None = None,
        time_limit: float | None = None,
        progress: bool | Callable[[Proving], None] = False,
    ) -> Rigorous:
        """A bracket in rational numbers, proved for the data as given: `exactnorm.prover.rigorous` of this network.

        Arguments, result and errors are those there; needs the extra ``rigorous``.
        """
        return proved(self, solver=solver, solver_options=solver_options, time_limit=time_limit, progress=progress)

    def table(self) -> TextTable:
        """Data, bracket and size of the network, and below it the status."""
        (size, inputs), outputs = self.problem.inputs.shape, self.problem.targets.shape[1]
        data = ("inputs", f"{size} in {counted(inputs, 'dimension')}, targets in {outputs}")
        neurons = ("neurons", str(self.network.neurons))
        rows = (data, *self.certificate.table().rows, neurons)
        return TextTable(("minimum-norm network", self.certificate.kind), rows, self.status)


def write_certified_network(file: str | PathLike[str], found: CertifiedNetwork) -> None:
    """Write network, problem and certificate; errors as for `exactnorm.files.write`."""
    problem = found.problem
    values = {name: getattr(problem, name) for name in NETWORK}
    write(file, WHAT, SAVED, values | solution_values(found.network, found.certificate, found.status))


def built_network(file: str | PathLike[str], arrays: Arrays) -> CertifiedNetwork:
    """The network and its problem that the arrays of a file make up; ``ValueError`` if they do not fit together."""
    try:
        network, certificate, status = solution(arrays, ON_SAMPLES)
        skip, penalise_bias, constant = (bool(arrays[name]) for name in ("skip", "penalise_bias", "constant"))
        decay = certificate.weight_decay
        problem = FiniteProblem(arrays["inputs"], arrays["targets"], skip, penalise_bias, decay, constant=constant)
    except ValueError as mistake:
        msg = f"{str(file)!r} does not hold a {WHAT} that exactnorm saved: {mistake}"
        raise ValueError(msg) from None
    return CertifiedNetwork(problem, network, certificate, status)
