"""What a proof says, as records: a claim, and the evidence for its two ends; dumb, and believed by nobody yet."""

from __future__ import annotations

from dataclasses import dataclass

from flint import fmpq

BALLS = "noise balls"
SAMPLES = "noisy samples"
TARGETS = "inputs and targets"
"""What a claim may be about."""


@dataclass(frozen=True, eq=False)
class Claim:
    """What is claimed: lower ≤ least cost ≤ upper, at this radius; upper is None where no network is shown."""

    problem: str
    rho: fmpq
    lower: fmpq
    upper: fmpq | None


@dataclass(frozen=True, eq=False)
class ProvedCell:
    """A cell with multipliers; vectors in the basis. `nu` and `ell` by row, rows that are absent being zero."""

    on: int
    ball: int
    cuts: tuple[tuple[fmpq, ...], ...]
    mu: fmpq
    nu: tuple[tuple[int, int, fmpq], ...]
    ell: tuple[tuple[int, tuple[fmpq, ...]], ...]


@dataclass(frozen=True, eq=False)
class Clash:
    """Convex combinations of two sets of points that come nearer to each other than 2ρ."""

    on: tuple[tuple[int, fmpq], ...]
    off: tuple[tuple[int, fmpq], ...]


@dataclass(frozen=True, eq=False)
class Cells:
    """Dual matrices, with cells for every pattern that no clash excludes; `order` is that of the search for one."""

    B: tuple[tuple[tuple[fmpq, ...], ...], ...]
    cells: tuple[ProvedCell, ...]
    clashes: tuple[Clash, ...]
    order: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Rays:
    """Rays from the point `centre`: each a direction in the basis, and the points whose balls it crosses, in order."""

    centre: int
    rays: tuple[tuple[tuple[fmpq, ...], tuple[int, ...]], ...]


@dataclass(frozen=True, eq=False)
class Segments:
    """Segments between two points each, with weights c/L² ≥ 0."""

    segments: tuple[tuple[int, int, fmpq], ...]


@dataclass(frozen=True, eq=False)
class Corners:
    """Points at the corners of a regular simplex: all of them, or a part."""

    corners: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Contact:
    """What bounds kinks where balls nearly fill a simplex of height 1.

    Parameters
    ----------
    slope : fmpq
        λ; N λ R is the bound.
    inradius : fmpq
        Of a face, or less.
    tilt : fmpq
        The tangent of half the largest tilt, or more.
    """

    slope: fmpq
    inradius: fmpq
    tilt: fmpq


@dataclass(frozen=True, eq=False)
class NearCorners:
    """Points near the corners of a regular simplex: all of them, or a part.

    Parameters
    ----------
    corners : tuple of int
    between : (fmpq, fmpq)
        The singular values of the corners from their centre are between these; the same would be regular.
    share : fmpq
        Radius of the balls that are left around the exact corners, or less, in units of the height.
    contact : Contact or None
        None where one-versus-rest has the least cost.
    """

    corners: tuple[int, ...]
    between: tuple[fmpq, fmpq]
    share: fmpq
    contact: Contact | None


@dataclass(frozen=True, eq=False)
class Part:
    """Some of the points: their rows, rising; a basis of their differences; and what bounds the cost of these alone.

    `basis` counts the points of the part, and so do the cells or segments.
    """

    rows: tuple[int, ...]
    basis: tuple[int, ...]
    lower: Cells | Segments


@dataclass(frozen=True, eq=False)
class Nothing:
    """No evidence: costs are not negative."""


@dataclass(frozen=True, eq=False)
class ProvedNeuron:
    """A neuron with w and a in the basis, and its kink at w·(y − x_0) + b = 0."""

    w: tuple[fmpq, ...]
    b: fmpq
    a: tuple[fmpq, ...]


@dataclass(frozen=True, eq=False)
class Multipliers:
    """A multiplier for every sample, in the basis of the values, and cells as in `Cells`; none on a line."""

    values: tuple[tuple[fmpq, ...], ...]
    cells: tuple[ProvedCell, ...]
    clashes: tuple[Clash, ...]
    order: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ProvedNetwork:
    """A network for samples: its neurons, its slope V, a row for each vector of the basis of values, and its constant.

    At the sample with heights h its value is x_0 + Σ a [h·w + b]_+ + V h + c.
    """

    neurons: tuple[ProvedNeuron, ...]
    V: tuple[tuple[fmpq, ...], ...]
    c: tuple[fmpq, ...]


@dataclass(frozen=True, eq=False)
class Data:
    """What a claim about samples is for: SHA-256 of points and of samples, and how many of which dimension they are.

    A general finite problem has a point for each sample: its target, whose dimension may be another.
    """

    sha256: tuple[str, str]
    points: int
    outputs: int
    samples: int
    dimension: int


@dataclass(frozen=True, eq=False)
class SampleProof:
    """A claim about noisy samples, or inputs with targets, with its evidence.

    `basis` are rows of samples, `outputs` rows of points; `units` are those of inputs and of outputs, powers of two.
    """

    problem: str
    weight_decay: fmpq | None
    lower_claim: fmpq
    upper_claim: fmpq | None
    data: Data
    basis: tuple[int, ...]
    outputs: tuple[int, ...]
    units: tuple[int, int]
    lower: Multipliers | Nothing
    network: ProvedNetwork | None


Lower = Cells | Rays | Segments | Corners | NearCorners | Part | Nothing


@dataclass(frozen=True, eq=False)
class Proof:
    """A claim with its evidence."""

    claim: Claim
    sha256: str
    size: int
    dimension: int
    basis: tuple[int, ...]
    unit: int
    lower: Lower
    neurons: tuple[ProvedNeuron, ...] | None
