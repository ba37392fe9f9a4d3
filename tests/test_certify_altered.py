"""Certificates that do not support what they state."""

from dataclasses import replace

import numpy as np
import pytest
from altered import altered

from exactnorm import TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import CertificateError
from exactnorm.exact.balls.bracket import Bracket, with_bound
from exactnorm.exact.balls.cells import halves, whole_cells
from exactnorm.exact.balls.deciding import deciding_balls
from exactnorm.exact.balls.look import look
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.balls.program import block_program, dual_matrices
from exactnorm.exact.balls.start import first_kinks, ramps
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import Settings
from exactnorm.exact.solvers.cvxpy_problem import solve


@pytest.mark.parametrize("change", ["mu", "nu", "ell", "B", "missing", "cut"])
def test_an_altered_certificate_is_rejected(change):
    train = TrainingSet([[0, 0], [1, 0], [0.4, 0.9]], 0.4)
    denoiser = min_norm_denoiser(train)
    certificate = denoiser.certificate
    check_certificate(certificate, train, denoiser.network)
    first, *rest = certificate.evidence.proofs
    part = halves(first.cell, np.array([1.0, 0.0]))[0]
    changes = {
        "mu": {"proofs": (replace(first, mu=first.mu + 0.5), *rest)},
        "nu": {"proofs": (replace(first, nu=first.nu - 0.1 * np.triu(np.ones_like(first.nu), 1)), *rest)},
        "ell": {"proofs": (replace(first, ell=first.ell - [0, 0, 1.0]), *rest)},
        "B": {"B": certificate.evidence.B * 1.01},
        "missing": {"proofs": tuple(rest)},
        "cut": {
            "proofs": (
                replace(first, cell=part, nu=np.pad(first.nu, (0, 1)), ell=np.pad(first.ell, ((0, 1), (0, 0)))),
                *rest,
            )
        },
    }
    with pytest.raises(CertificateError):
        check_certificate(altered(certificate, **changes[change]), train, denoiser.network)


def test_violations_on_a_pattern_that_the_program_was_not_told_of_are_found():
    problem = reduced(TrainingSet([[0, 0], [1, 0], [0.4, 0.9]], 0.1))
    hidden = problem.patterns[0]
    told = problem.patterns[1:]
    program = block_program(problem.points, problem.rho, whole_cells(told, 2))
    solve(program.problem, "CLARABEL", {})
    B = dual_matrices(program)
    settings = Settings(1e-6, "CLARABEL", {}, Deadline(None), None, lambda _: None)
    found = look(problem, deciding_balls(problem), B, 0.9, settings)
    seen = (found.peaks.pattern == hidden).all(axis=1)
    assert found.value[~seen].max() < 1 + 1e-5
    assert found.value[seen].max() > 1.01
    # Its value is no bound until every pattern is looked at, and then it is one.
    assert program.problem.value > min_norm_denoiser(problem.points, problem.rho).certificate.upper * 1.01
    start = Bracket(np.inf, ramps(problem, first_kinks(problem)))
    assert with_bound(problem, start, B, found.kappa).lower < program.problem.value


@pytest.mark.parametrize(
    "change",
    ["mu is nan", "nu is nan", "B is nan", "axes are nan", "unit too short", "ball does not exist", "cut is infinite"],
)
def test_a_certificate_of_nonsense_is_rejected(change):
    train = TrainingSet([[0, 0], [1, 0], [0.4, 0.9]], 0.1)
    denoiser = min_norm_denoiser(train)
    certificate = denoiser.certificate
    # Under every proof, so that no sound one is left to speak for the pattern.
    proofs = certificate.evidence.proofs
    if change == "mu is nan":
        proofs = tuple(replace(proof, mu=np.nan) for proof in proofs)
    elif change == "nu is nan":
        proofs = tuple(replace(proof, nu=np.full_like(proof.nu, np.nan)) for proof in proofs)
    elif change == "ball does not exist":
        proofs = (*proofs, replace(proofs[0], cell=replace(proofs[0].cell, ball=7)))
    elif change == "cut is infinite":
        cut = replace(proofs[0].cell, cuts=np.array([[np.inf, 0.0]]))
        grown = replace(proofs[0], cell=cut, nu=np.zeros((4, 4)), ell=np.zeros((4, 3)))
        proofs = (*proofs, grown)
    B = certificate.evidence.B * (np.nan if change == "B is nan" else 1.0)
    frame = certificate.evidence.frame
    if change == "axes are nan":
        frame = replace(frame, axes=np.nan * frame.axes)
    elif change == "unit too short":
        frame = replace(frame, scale=1e-3 * frame.scale)
    with pytest.raises(CertificateError):
        check_certificate(altered(certificate, frame=frame, B=B, proofs=proofs), train, denoiser.network)
