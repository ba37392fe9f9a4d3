"""Forgeries at the checker's own thresholds and at the ends of the numbers; each is refused, with its reason.

The truth is a proved formula: 4.8077 on three numbers, 5.16987 on an acute triangle, and so on (`known_optima`).
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from altered import altered, face_by_face

from exactnorm import (
    FiniteProblem,
    ReLUNetwork,
    TrainingSet,
    check_certificate,
    min_norm_denoiser,
    min_norm_network,
    save,
)
from exactnorm.certify import (
    Cell,
    Certificate,
    CertificateError,
    Multipliers,
    PenalisedMultipliers,
    Rays,
    RegularSimplex,
    Segments,
)
from exactnorm.cli import main

ACUTE = np.array([[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]])
RIGHT = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
NUMBERS = np.array([[0.0], [1.0], [2.5]])
CORNERS = np.array([[1.0, 0.0], [-0.5, 3**0.5 / 2], [-0.5, -(3**0.5) / 2]])


@cache
def solved(name):
    points, rho, method = {
        "cells": (ACUTE, 0.1, "program"),
        "two": (np.array([[0.0], [5.0]]), 1.0, "program"),
        "rank": (np.hstack([ACUTE, ACUTE @ np.array([[1.0, 2.0], [0.0, 1.0]]), np.zeros((3, 2))]), 0.1, "program"),
        "rays": (RIGHT, 0.1, "auto"),
        "line": (NUMBERS, 0.1, "auto"),
        "corners": (CORNERS, 0.1, "auto"),
        "nothing": (ACUTE, 0.0, "program"),
    }[name]
    return min_norm_denoiser(points, rho, method=method)


@cache
def fitted(decay):
    rng = np.random.default_rng(3)
    inputs = rng.standard_normal((6, 2))
    return min_norm_network(inputs, np.abs(inputs[:, 0]) + inputs[:, 1] ** 2, weight_decay=decay)


def stating(found, share, **changes):
    """The certificate that states `share` times the lower bound, and the problem and network that it goes with."""
    lower = share * found.certificate.lower
    changed = altered(found.certificate, lower=lower, upper=max(lower, found.certificate.upper), **changes)
    return changed, getattr(found, "train", None) or found.problem, found.network


def proofs(name, share, change, of=lambda _: True):
    """Each proof of some cells changed."""
    found = solved(name)
    some = tuple(change(proof) if of(proof) else proof for proof in found.certificate.evidence.proofs)
    return stating(found, share, proofs=some)


def cut(proof, normal):
    """The proof of a cell that is cut once more, with multipliers as large as can be for the new row."""
    cell, r = proof.cell, proof.cell.cuts.shape[1]
    rows = cell.rows + 1
    nu, ell = np.zeros((rows, rows)), np.zeros((rows, r + 1))
    nu[:-1, :-1], ell[:-1], ell[-1, -1] = proof.nu, proof.ell, 1e50
    return replace(proof, cell=Cell(cell.pattern, cell.ball, np.vstack([cell.cuts, normal])), nu=nu, ell=ell)


def both_sides_of_nothing(share, size):
    found = solved("cells")
    normal = np.array([size, 0.0])
    some = tuple(cut(proof, way * normal) for proof in found.certificate.evidence.proofs for way in (1.0, -1.0))
    return stating(found, share, proofs=some)


def faces(share, change):
    found = solved("cells")
    B = change(found.certificate.evidence.B.copy())
    return (face := replace(found, certificate=face_by_face(found.certificate))) and stating(face, share, B=B)


def rows_that_cancel(B):
    B[0], B[1] = B[0] + 1e15, B[1] - 1e15
    return B


def framed(name, share, **changes):
    frame = solved(name).certificate.evidence.frame
    return stating(
        solved(name), share, frame=replace(frame, **{key: f(getattr(frame, key)) for key, f in changes.items()})
    )


def claimed(name, evidence, lower, network=None, points=None, rho=None, upper=None):
    found = solved(name)
    train = found.train if points is None else TrainingSet(points, found.train.rho if rho is None else rho)
    upper = max(lower, found.certificate.upper) if upper is None else upper
    return Certificate(lower, upper, 1e-9, evidence), train, network or found.network


def segments(ends, weights, lower=5.0):
    return claimed("line", Segments(np.array(ends), np.array(weights)), lower)


def cheaper(name, share, make):
    """A network that costs `share` of the least, with a certificate that states so."""
    found = solved(name)
    certificate = replace(found.certificate, lower=0.0, upper=share * found.certificate.upper)
    return certificate, found.train, make(found.network)


def leaning(network, share):
    """So much of the identity mixed in."""
    V = np.zeros((network.outputs, network.dimension)) if network.V is None else network.V
    mixed = (1 - share) * V + share * np.eye(len(V))
    return ReLUNetwork((1 - share) * network.a, network.w, network.b, mixed, (1 - share) * network.c)


def penalised(decay):
    found = fitted(1e-3)
    values = found.certificate.evidence.values
    return replace(found.certificate, evidence=PenalisedMultipliers(values, decay)), found.problem, found.network


def of_samples(share, change):
    found = fitted(None)
    return stating(found, share, values=change(found.certificate.evidence.values))


def near_corners(off, lower):
    points = CORNERS.copy()
    points[0, 0] += off
    return claimed("corners", RegularSimplex((0, 1, 2)), lower, points=points)


FORGERIES = {
    # Cells.
    "a lower bound three billionths above the one that is recomputed": lambda: proofs("cells", 1 + 3e-9, lambda p: p),
    "a product of rows with a multiplier of -1e-300": lambda: proofs(
        "cells", 1.0, lambda p: replace(p, nu=np.where(np.triu(np.ones_like(p.nu), 1) > 0, -1e-300, 0.0))
    ),
    "multipliers a ten-trillionth outside their cones": lambda: proofs(
        "cells",
        1.0,
        lambda p: replace(
            p, ell=np.column_stack([np.ones((len(p.ell), 1)), 0 * p.ell[:, 1:-1], np.full(len(p.ell), 1 - 1e-13)])
        ),
    ),
    "mu at the largest that is admitted": lambda: proofs("cells", 1.5, lambda p: replace(p, mu=1e50)),
    "mu just beyond it": lambda: proofs("cells", 1.5, lambda p: replace(p, mu=-1.0000001e50)),
    "mu that is an integer of a thousand digits": lambda: proofs("cells", 1.5, lambda p: replace(p, mu=10**1000)),
    "cuts by denormal normals, whose rows vanish": lambda: both_sides_of_nothing(1.001, 5e-324),
    "cuts by enormous normals, whose products overflow": lambda: both_sides_of_nothing(1.001, 1e50),
    "a cell tangent to the ball after the last": lambda: proofs(
        "cells", 1.0, lambda p: replace(p, cell=replace(p.cell, ball=len(p.cell.pattern)))
    ),
    "every cell twice, one of its pattern left out": lambda: stating(
        solved("cells"), 1.0, proofs=2 * solved("cells").certificate.evidence.proofs[1:]
    ),
    "axes longer than 1 by a hundred-billionth": lambda: framed("cells", 1.0, axes=lambda axes: axes * (1 + 1e-11)),
    "a unit off by a hundred-billionth": lambda: framed("cells", 1.0, scale=lambda scale: scale * (1 + 1e-11)),
    "an axis that turns out of the points' plane": lambda: framed(
        "rank", 1.0, axes=lambda axes: np.vstack([axes[0], np.eye(len(axes.T))[-1]])
    ),
    "two points, and a bound of twice their cost": lambda: stating(solved("two"), 2.0),
    # Faces.
    "matrices that are denormal throughout": lambda: faces(1.001, lambda B: B * 1e-310),
    "matrices with one entry of another sign of zero and one denormal": lambda: faces(
        1.001, lambda B: np.where(np.abs(B) < 0.1, 5e-324, B)
    ),
    "huge matrices that cancel where they are added": lambda: faces(1.001, rows_that_cancel),
    "matrices at the largest entry that is admitted": lambda: faces(1.001, lambda B: np.sign(B) * 1e50),
    # Theorems.
    "rays that count from the end": lambda: claimed("rays", Rays((0, 1, -1)), 4.0),
    "rays of truth values": lambda: claimed("rays", Rays((False, True, 2)), 4.0),
    "rays from the middle of an acute triangle": lambda: claimed(
        "rays", Rays((0, 1, 2)), 4.7, points=np.array([[0.0, 0.0], [1.0, 0.0], [1e-6, 2.0]])
    ),
    "one point alone": lambda: claimed("rays", Rays((0,)), 1.0),
    "corners that are none by two billionths": lambda: near_corners(5e-9, 4.6),
    "two corners": lambda: claimed("corners", RegularSimplex((0, 1)), 2.0),
    "a regular simplex with balls beyond what is proved": lambda: claimed(
        "corners", RegularSimplex((0, 1, 2)), 25.9, points=CORNERS, rho=0.72, upper=30.0
    ),
    "segments whose weights are denormal or enormous": lambda: segments([[0, 1], [1, 2]], [5e-324, 1e50]),
    "a thousand times the same segment": lambda: segments(1000 * [[0, 1]], np.ones(1000)),
    "segments with a weight of no size": lambda: segments([[0, 1], [1, 2]], [1.0, 0.0], 2.0),
    "segments that count points from the end": lambda: segments([[0, -1], [1, 2]], [1.0, 1.0], 2.0),
    "segments by integers of half the length": lambda: claimed(
        "line", Segments(np.array([[0, 1]], dtype=np.int32), np.ones(1)), 2.0
    ),
    # Samples and weight decay.
    "multipliers at the largest entry that is admitted": lambda: of_samples(1.001, lambda L: np.sign(L) * 1e50),
    "denormal multipliers": lambda: of_samples(1.001, lambda L: L * 1e-315),
    "multipliers with one row of rounding only": lambda: of_samples(1.001, lambda L: L + 1e16 * np.ones_like(L)),
    "multipliers of other byte order": lambda: of_samples(1.0, lambda L: L.astype(">f8")),
    "the smallest weight decay that there is": lambda: penalised(5e-324),
    "a weight decay that differs in its last place": lambda: penalised(np.nextafter(1e-3, 1)),
    "a weight decay that is no number": lambda: penalised(float("nan")),
    "multipliers for interpolation in place of those for weight decay": lambda: (
        replace(fitted(1e-3).certificate, evidence=Multipliers(fitted(1e-3).certificate.evidence.values)),
        fitted(1e-3).problem,
        fitted(1e-3).network,
    ),
    # Networks.
    "a slope below what counts as flat, unpriced": lambda: cheaper(
        "nothing", 1 - 6e-7, lambda network: leaning(network, 6e-7)
    ),
    "a share of the identity below what counts as a miss, unpriced": lambda: cheaper(
        "cells", 1 - 5e-7, lambda network: leaning(network, 5e-7)
    ),
    "weights of opposite extremes, whose squares nearly vanish": lambda: cheaper(
        "line", 1e-3, lambda n: replace(n, a=n.a * 1e-130, w=n.w * 1e130, b=n.b * 1e130)
    ),
    "a network whose cost is halved and whose V makes up for it at the points": lambda: cheaper(
        "rays", 0.5, lambda n: ReLUNetwork(n.a / 2, n.w, n.b, np.eye(2) / 2, n.c / 2)
    ),
    "an error of less than nothing": lambda: (
        replace(solved("cells").certificate, interpolation_error=-5e-324),
        solved("cells").train,
        solved("cells").network,
    ),
    "an upper value of the wrong precision": lambda: (
        replace(solved("cells").certificate, upper=np.longdouble(solved("cells").certificate.upper)),
        solved("cells").train,
        solved("cells").network,
    ),
    "a lower bound that is an array of no dimension": lambda: (
        replace(solved("cells").certificate, lower=np.array(1.0)),
        solved("cells").train,
        solved("cells").network,
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_it_is_refused(name):
    certificate, problem, network = FORGERIES[name]()
    with pytest.raises(CertificateError) as refused:
        check_certificate(certificate, problem, network)
    assert len(str(refused.value)) > 20


@pytest.mark.parametrize("name", ["cells", "two", "rank", "rays", "line", "corners", "nothing"])
def test_what_they_were_forged_from_is_supported(name):
    found = solved(name)
    check_certificate(found.certificate, found.train, found.network)


def test_a_bare_network_has_nothing_to_support(tmp_path, capsys):
    save(tmp_path / "bare.npz", solved("line").network)
    assert main(["check", str(tmp_path / "bare.npz")]) == 2
    assert "without a certificate" in capsys.readouterr().err


def test_targets_of_a_problem_without_V_are_not_met_by_it():
    found = min_norm_network(NUMBERS, NUMBERS**2, skip=False)
    problem = found.problem
    straight = ReLUNetwork(found.network.a, found.network.w, found.network.b, np.ones((1, 1)), found.network.c)
    with pytest.raises(CertificateError, match="skip"):
        check_certificate(found.certificate, problem, straight)
    assert isinstance(problem, FiniteProblem)
