"""A denoiser with its certificate, and the file that holds both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import Array, of_kind, real_number
from exactnorm.certify.certificate import Certificate
from exactnorm.certify.proving import proved
from exactnorm.certify.saved_evidence import ON_BALLS, ON_SAMPLES, entries, evidence, evidence_values
from exactnorm.files import Arrays, Entries, Entry, read, write
from exactnorm.geometry import affine_hull
from exactnorm.network import ReLUNetwork
from exactnorm.tables import Tabular, TextTable, counted
from exactnorm.training_set import TrainingSet

if TYPE_CHECKING:
    from exactnorm.certify.proving import Proving, Rigorous

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
}
"""Network, certificate but for its evidence, and status in a file."""
DENOISER: Entries = {
    "points": Entry("float", 2),
    "rho": Entry("float"),
    "samples": Entry("float", 2, needed=False),
    "samples_of": Entry("int", 1, needed=False),
    **SOLUTION,
    **entries((*ON_BALLS, *ON_SAMPLES)),
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

    def __post_init__(self) -> None:
        of_kind(self.train, TrainingSet, "train", "the TrainingSet, TrainingSet(points, rho)")
        of_kind(self.network, ReLUNetwork, "network", "the ReLUNetwork")
        of_kind(
            self.certificate, Certificate, "certificate", "the Certificate, such as another denoiser's `.certificate`"
        )
        of_kind(self.status, str, "status", "a sentence")

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the solve, so that the bracket is what was known by then."""
        return self.status.startswith(INTERRUPTED)

    def __call__(self, Y: ArrayLike) -> Array:
        """Denoised points, shape (d,) or (m, d) as given."""
        return self.network(Y)

    def score(self, y: ArrayLike, sigma: float) -> Array:
        """Score (h(y) − y)/σ² that the denoiser stands for at noise level σ > 0."""
        sigma = real_number(sigma, "sigma")
        if not sigma > 0:
            msg = f"sigma={sigma:g}; give a noise level sigma > 0"
            raise ValueError(msg)
        return (self.network(y) - np.asarray(y, dtype=np.float64)) / sigma**2

    def rigorous(
        self,
        *,
        solver: str = "CLARABEL",
        solver_options: dict[str, Any] | None = None,
        time_limit: float | None = None,
        progress: bool | Callable[[Proving], None] = False,
    ) -> Rigorous:
        """A bracket in rational numbers, proved for the data as given: `exactnorm.prover.rigorous` of this denoiser.

        Arguments, result and errors are those there; needs the extra ``rigorous``.
        """
        return proved(self, solver=solver, solver_options=solver_options, time_limit=time_limit, progress=progress)

    def table(self) -> TextTable:
        """Data, bracket and size of the network, and below it the status."""
        train, certificate = self.train, self.certificate.table()
        rank = affine_hull(train.points).rank
        data = ("points", f"{train.size} in {counted(train.dimension, 'dimension')}, affine rank {rank}")
        if train.samples is None:
            inputs = ("noise radius rho", f"{train.rho:g}")
        else:
            inputs = ("noisy samples", str(sum(len(one) for one in train.samples)))
        size = ("neurons", str(self.network.neurons))
        rows = (data, inputs, *certificate.rows, size)
        return TextTable(("minimum-norm denoiser", self.certificate.kind), rows, self.status)


def write_denoiser(file: str | PathLike[str], denoiser: CertifiedDenoiser) -> None:
    """Write network, training set and certificate; errors as for `exactnorm.files.write`."""
    train = denoiser.train
    values: dict[str, Any] = {"points": train.points, "rho": train.rho}
    if train.samples is not None:
        values |= {"samples": np.vstack(train.samples), "samples_of": [len(one) for one in train.samples]}
    values |= solution_values(denoiser.network, denoiser.certificate, denoiser.status)
    write(file, WHAT, DENOISER, values)


def read_denoiser(file: str | PathLike[str]) -> CertifiedDenoiser:
    """Read a denoiser and nothing else; errors as for `exactnorm.files.read`."""
    return built(file, read(file, {WHAT: DENOISER})[1])


def built(file: str | PathLike[str], arrays: Arrays) -> CertifiedDenoiser:
    """The denoiser that the arrays of a file make up; ``ValueError`` if they do not fit together."""
    try:
        train = TrainingSet(arrays["points"], float(arrays["rho"]), _samples(arrays))
        kinds = ON_BALLS if train.samples is None else ON_SAMPLES
        return CertifiedDenoiser(train, *solution(arrays, kinds))
    except ValueError as mistake:
        msg = f"{str(file)!r} does not hold a {WHAT} that exactnorm saved: {mistake}"
        raise ValueError(msg) from None


def _samples(arrays: Arrays) -> tuple[Array, ...] | None:
    if ("samples" in arrays) != ("samples_of" in arrays):
        msg = "there are samples without their numbers in it, or numbers without samples"
        raise ValueError(msg)
    if "samples" not in arrays:
        return None
    counts = [int(count) for count in arrays["samples_of"]]
    if min(counts, default=0) < 1 or sum(counts) != len(arrays["samples"]):
        msg = "the numbers of samples do not add up"
        raise ValueError(msg)
    return tuple(np.split(arrays["samples"], np.cumsum(counts)[:-1]))


def solution_values(net: ReLUNetwork, cert: Certificate, status: str) -> dict[str, Any]:
    """Network, certificate and status as `SOLUTION` declares them."""
    values: dict[str, Any] = {"status": status, "a": net.a, "w": net.w, "b": net.b, "c": net.c, "V": net.V}
    values |= {name: getattr(cert, name) for name in ("lower", "upper", "interpolation_error")}
    return values | evidence_values(cert.evidence)


def solution(arrays: Arrays, kinds: tuple[str, ...]) -> tuple[ReLUNetwork, Certificate, str]:
    """Network, certificate and status from the arrays of a file; `kinds` are those of evidence that it may hold."""
    network = ReLUNetwork(arrays["a"], arrays["w"], arrays["b"], arrays.get("V"), arrays["c"])
    certificate = Certificate(
        lower=float(arrays["lower"]),
        upper=float(arrays["upper"]),
        interpolation_error=float(arrays["interpolation_error"]) if "interpolation_error" in arrays else None,
        evidence=evidence(arrays, kinds),
    )
    return network, certificate, str(arrays["status"])
