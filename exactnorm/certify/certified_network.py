"""A network for a finite problem with its certificate, and the file that holds both."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike

from numpy.typing import ArrayLike

from exactnorm.arrays import Array
from exactnorm.certify.certificate import Certificate
from exactnorm.certify.certified import DENOISER, SOLUTION, CertifiedDenoiser, built, solution, solution_values
from exactnorm.certify.certified import WHAT as DENOISER_TAG
from exactnorm.certify.saved_evidence import ON_SAMPLES, entries
from exactnorm.files import Arrays, Entries, Entry, check_names_file, read, write
from exactnorm.finite_problem import FiniteProblem
from exactnorm.network import ReLUNetwork
from exactnorm.tables import Tabular, TextTable

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
    TypeError
        If `file` is no name, or `found` is not such a result.
    """
    check_names_file(file, found)
    if not isinstance(found, CertifiedNetwork):
        msg = f"what is saved is a {type(found).__name__}; give what min_norm_network returns; denoisers are for save"
        raise TypeError(msg)
    problem = found.problem
    values = {name: getattr(problem, name) for name in NETWORK}
    write(file, WHAT, SAVED, values | solution_values(found.network, found.certificate, found.status))


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
    return built_network(file, read(file, {WHAT: SAVED})[1])


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


def load_either(file: str | PathLike[str]) -> CertifiedDenoiser | CertifiedNetwork:
    """What `save` or `save_network` wrote, whichever it is; errors as for `load`."""
    what, arrays = read(file, {DENOISER_TAG: DENOISER, WHAT: SAVED})
    return built(file, arrays) if what == DENOISER_TAG else built_network(file, arrays)
