"""The seven kinds of forgery that were once accepted, each refused with its sentence.

The truth beside each is a proved formula.
"""

from dataclasses import replace

import numpy as np
import pytest
from altered import altered, face_by_face
from dishonest import boast, refused, solved, with_cells

from exactnorm import FiniteProblem, ReLUNetwork, TrainingSet, check_certificate, min_norm_denoiser, min_norm_network
from exactnorm.certify import (
    Certificate,
    Multipliers,
    Nothing,
    PenalisedMultipliers,
)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64])
def test_patterns_of_integers_that_would_index_where_bool_would_mask(dtype):
    denoiser, optimum = solved("equilateral")
    certificate = denoiser.certificate
    # As an index, 0 and 1 name rows 0 and 1 of B; the rest of it may then be anything.
    B = certificate.evidence.B.copy()
    B[-1, :, -1] *= 100
    cells = with_cells(certificate, lambda pattern: pattern.astype(dtype))
    forged = boast(certificate, 100 * optimum, B=B, proofs=cells)
    refused(forged, denoiser.train, denoiser.network, "dtype .*int.*; it must be bool")


@pytest.mark.parametrize("size", [1e155, 1e200, 8e307])
def test_multipliers_so_large_that_the_eigenvalue_is_no_number(size):
    denoiser, optimum = solved("univariate")
    certificate = denoiser.certificate
    proofs = tuple(replace(proof, nu=np.full_like(proof.nu, size)) for proof in certificate.evidence.proofs)
    forged = boast(certificate, 50 * optimum, B=50 * certificate.evidence.B, proofs=proofs)
    refused(forged, denoiser.train, denoiser.network, "not finite, or beyond 1e")


@pytest.mark.parametrize("size", [1e155, 1e300])
def test_the_same_face_by_face_with_one_entry_of_B(size):
    denoiser, optimum = solved("univariate")
    certificate = denoiser.certificate
    B = certificate.evidence.B.copy()
    B[0, 0, 0] = size
    forged = boast(face_by_face(certificate), 5 * optimum, B=B)
    refused(forged, denoiser.train, denoiser.network, "not finite, or beyond 1e")
    B[0, 0, 0] = 1e40
    refused(altered(forged, B=B), denoiser.train, denoiser.network, "supports only")


@pytest.mark.parametrize("faces", [False, True])
def test_complex_B_whose_squares_make_the_matrix_more_positive(faces):
    denoiser, optimum = solved("obtuse")
    certificate = denoiser.certificate
    B = 16 * certificate.evidence.B
    forged = boast(face_by_face(certificate) if faces else certificate, 16 * optimum, B=B + 1j * B)
    refused(forged, denoiser.train, denoiser.network, "complex128; it must be float64")


def test_the_identity_at_radius_zero_costs_nothing_and_is_not_constant_near_the_points():
    train = TrainingSet([[0, 0], [1, 0], [0.4, 0.9]], 0.0)
    honest = min_norm_denoiser(train)
    check_certificate(honest.certificate, train, honest.network)
    identity = ReLUNetwork(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.eye(2), np.zeros(2))
    # The truth is 4, as for every acute triangle.
    for lower in (0.0, honest.certificate.lower):
        forged = replace(honest.certificate, lower=lower, upper=0.0, interpolation_error=0.0)
        refused(
            forged, train, identity, "not constant near|a lower bound of .*, not one from 0 to its upper value of 0.0"
        )
    forged = Certificate(0.0, 0.0, 0.0, Nothing())
    refused(forged, train, identity, "not constant near the clean points: its slope there is 1.41")
    tiny = TrainingSet(train.points, 1e-9)  # an error of 1e-9 over the balls says nothing of the slope either
    refused(replace(forged, interpolation_error=1e-8), tiny, identity, "not constant near the clean points")


def test_a_lower_bound_above_the_upper_one():
    denoiser, _ = solved("orthogonal")
    certificate = denoiser.certificate
    refused(
        replace(certificate, upper=0.9 * certificate.lower),
        denoiser.train,
        denoiser.network,
        "not one from 0 to its upper value",
    )
    cheaper = ReLUNetwork(0.5 * denoiser.network.a, denoiser.network.w, denoiser.network.b, None, denoiser.network.c)
    forged = replace(certificate, upper=0.5 * certificate.upper, lower=0.0, interpolation_error=5.0)
    refused(forged, denoiser.train, cheaper, "its network misses by 1")


def test_a_huge_neuron_that_cancels_does_not_swallow_the_loss():
    problem = FiniteProblem([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0], weight_decay=1e-3)
    honest = min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0], weight_decay=1e-3)
    assert honest.certificate.lower > 1e-3
    forged = ReLUNetwork([[1.0]], [[0.0]], [3e15], None, [-3e15])
    assert forged([[0.0], [1.0]]).tolist() == [[0.0], [0.0]]
    for upper in (0.0, 0.5 * honest.certificate.upper):
        refused(replace(honest.certificate, lower=0.0, upper=upper), problem, forged, "supports only")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble, np.complex128, ">f8"])
def test_multipliers_of_another_precision(dtype):
    rng = np.random.default_rng(3)
    problem = FiniteProblem(rng.standard_normal((6, 2)), rng.standard_normal(6))
    found = min_norm_network(problem.inputs, problem.targets)
    certificate = found.certificate
    forged = altered(certificate, values=certificate.evidence.values.astype(dtype), lower=certificate.upper)
    refused(forged, problem, found.network, "dtype .*; it must be float64")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"evidence": None}, "the evidence is NoneType, which says nothing of noise balls"),
        ({"evidence": "revelation"}, "the evidence is str, which says nothing of noise balls"),
        ({"evidence": Multipliers(np.zeros((3, 2)))}, "Multipliers, which says nothing of noise balls"),
        ({"evidence": PenalisedMultipliers(np.zeros((3, 2)), 0.1)}, "PenalisedMultipliers, which says nothing"),
        ({"interpolation_error": np.inf}, "not a finite number"),
        ({"interpolation_error": np.nan}, "not a finite number"),
        ({"interpolation_error": -1.0}, "an interpolation error of -1"),
        ({"interpolation_error": None}, "where there is no weight decay"),
        ({"lower": "4.6"}, "not a number"),
        ({"lower": True}, "not a number"),
        ({"lower": 10**400}, "not a finite number"),
        ({"lower": -np.inf}, "not a finite number"),
        ({"upper": np.nan}, "not a finite number"),
    ],
)
def test_fields_that_no_certificate_on_balls_has(change, reason):
    denoiser, _ = solved("equilateral")
    refused(replace(denoiser.certificate, **change), denoiser.train, denoiser.network, reason)
