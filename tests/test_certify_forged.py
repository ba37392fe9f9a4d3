"""Forgeries by someone who has read the checker: each claims what is false, and is refused with a reason.

The truth beside each is a proved formula or a bound that does not come from the certificate.
"""

from dataclasses import replace

import numpy as np
import pytest
from altered import altered, face_by_face
from dishonest import boast, refused, solved
from known_optima import KNOWN

from exactnorm import FiniteProblem, ReLUNetwork, TrainingSet, check_certificate, min_norm_denoiser, min_norm_network
from exactnorm.certify import (
    Cells,
    Certificate,
    Faces,
    Nothing,
)
from exactnorm.certify.balls.cell import Cell, CellProof, cell_bound
from exactnorm.certify.effort import CertificateUndecided
from exactnorm.certify.finite.bounds import finite_lower_bound
from exactnorm.closed_form import univariate
from exactnorm.finite_problem import coordinates
from exactnorm.geometry import Frame, affine_hull


def test_more_patterns_than_there_are():
    denoiser, _ = solved("equilateral")
    bare = altered(face_by_face(denoiser.certificate), lower=0.99 * denoiser.certificate.lower)
    check_certificate(bare, denoiser.train, denoiser.network)
    for patterns, reason in ((10**9, "patterns, but there are 3"), (True, "not an integer"), (3.0, "not an integer")):
        refused(altered(bare, patterns=patterns), denoiser.train, denoiser.network, reason)


def test_multipliers_of_another_problem():
    inputs, targets = [[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0]
    plain, decayed = min_norm_network(inputs, targets), min_norm_network(inputs, targets, weight_decay=0.1)
    decay = decayed.certificate.evidence.weight_decay
    for found, other in ((plain, decayed), (decayed, plain)):
        forged = replace(found.certificate, evidence=other.certificate.evidence)
        refused(forged, found.problem, found.network, "weight_decay")
        refused(
            replace(found.certificate, evidence=Nothing()), found.problem, found.network, "nothing of finite inputs"
        )
    for value in (0.2, np.nan, "0.1", np.float32(0.1), 0.1 * (1 + 1e-15)):
        forged = altered(decayed.certificate, weight_decay=value)
        refused(forged, decayed.problem, decayed.network, "weight_decay")
    assert decay == 0.1


class Boastful(float):
    """A number that compares as it likes."""

    def __ge__(self, other):
        return True

    __gt__ = __le__ = __lt__ = __ge__


def test_numbers_and_arrays_that_compare_as_they_like():
    denoiser, optimum = solved("equilateral")
    certificate = denoiser.certificate
    forged = replace(certificate, lower=Boastful(2 * optimum), upper=Boastful(2 * optimum))
    refused(forged, denoiser.train, denoiser.network, "Boastful, not a number")
    masked = np.ma.masked_array(2 * certificate.evidence.B, False)
    refused(boast(certificate, 2 * optimum, B=masked), denoiser.train, denoiser.network, "MaskedArray, not an array")
    listed = altered(certificate, proofs=list(certificate.evidence.proofs))
    refused(listed, denoiser.train, denoiser.network, "not in a tuple")


def test_a_network_whose_arrays_were_exchanged_after_it_was_made():
    denoiser, _ = solved("equilateral")
    for name, array in (("a", denoiser.network.a * 1j), ("w", denoiser.network.w * np.nan), ("c", np.zeros((2, 2)))):
        network = ReLUNetwork(denoiser.network.a, denoiser.network.w, denoiser.network.b, None, denoiser.network.c)
        object.__setattr__(network, name, array)
        refused(denoiser.certificate, denoiser.train, network, "the network is not sound")


def test_weights_whose_squares_vanish_cost_what_they_cost():
    problem = FiniteProblem([[0.0], [1.0], [2.0]], [0.0, 1e-30, 0.0])
    honest = min_norm_network(problem.inputs, problem.targets)
    assert honest.certificate.lower == pytest.approx(2e-30)
    forged = ReLUNetwork([[1e139], [-2e139]], [[1e-169], [1e-169]], [0.0, -1e-169], None, [0.0])
    assert forged(problem.inputs).ravel() == pytest.approx([0, 1e-30, 0], abs=1e-44)
    refused(replace(honest.certificate, lower=0.0, upper=0.0), problem, forged, "supports only .*, 3.00*[0-9]*e-30]")


def test_rounding_that_makes_steps_for_nothing():
    problem = FiniteProblem([[0.0], [0.24], [0.26], [0.5]], [0.0, 0.0, 1.0, 1.0])
    honest = min_norm_network(problem.inputs, problem.targets)
    assert honest.certificate.lower == pytest.approx(100)  # the slope goes from 0 to 50 and back
    forged = ReLUNetwork([[2.0]], [[1.0]], [2.0**51], None, [-(2.0**52)])
    assert forged(problem.inputs).ravel().tolist() == [0, 0, 1, 1]  # numbers near 2⁵¹ are multiples of a half
    refused(replace(honest.certificate, lower=0.0, upper=2.0), problem, forged, "supports only .*, inf]")
    train = TrainingSet([[0.0], [0.5]], 0.24)
    steps = ReLUNetwork([[1.0]], [[1.0]], [1.5 * 2.0**51], None, [-1.5 * 2.0**51])
    assert steps([[-0.2], [0.2], [0.3], [0.7]]).ravel().tolist() == [0, 0, 0.5, 0.5]
    refused(Certificate(0.0, 1.0, 1e-9, Nothing()), train, steps, "supports only .*, inf]")  # the truth is 50


@pytest.mark.parametrize("lost", ["inf - inf", "inf"])
def test_values_that_are_no_numbers(lost):
    denoiser, _ = solved("obtuse")
    big = [[1e140, 0.0], [-1e140 if lost == "inf - inf" else 1e140, 0.0]]
    network = ReLUNetwork(big, [[1e140, 0.0]] * 2, [1e140] * 2, None, [0.0, 0.0])
    forged = replace(denoiser.certificate, lower=0.0, upper=1.0, interpolation_error=0.0)
    refused(forged, denoiser.train, network, "supports only")


@pytest.mark.parametrize("depth", [30, 200, 1100])
def test_cuts_that_would_keep_the_checker_busy_for_ever(depth):
    denoiser, optimum = solved("equilateral")
    first, *rest = denoiser.certificate.evidence.proofs
    # Both sides of a cut with normal 0 are the cell itself: a tree with 2^depth leaves.
    cell = replace(first.cell, cuts=np.zeros((depth, 2)))
    nu, ell = np.zeros((3 + depth, 3 + depth)), np.zeros((3 + depth, 3))
    forged = boast(denoiser.certificate, 2 * optimum, proofs=(replace(first, cell=cell, nu=nu, ell=ell), *rest))
    refused(forged, denoiser.train, denoiser.network, "a normal is zero|cut more than 200 times")


def test_cuts_whose_two_sides_leave_a_sliver():
    denoiser, optimum = solved("equilateral")
    first, *rest = denoiser.certificate.evidence.proofs
    normal = np.array([[1.0, 0.3]])
    other = -normal * [1.0, 1 + 1e-15]
    sides = [replace(first, cell=replace(first.cell, cuts=cut), nu=np.pad(first.nu, (0, 1)),
                     ell=np.pad(first.ell, ((0, 1), (0, 0)))) for cut in (normal, other)]  # fmt: skip
    forged = altered(denoiser.certificate, proofs=(*sides, *rest))
    refused(forged, denoiser.train, denoiser.network, "is not covered")
    sides[1] = replace(sides[1], cell=replace(sides[1].cell, cuts=-normal))
    sound = altered(denoiser.certificate, proofs=(*sides, *rest))
    assert check_certificate(sound, denoiser.train, denoiser.network)[0] == pytest.approx(optimum, rel=1e-6)


def test_a_frame_that_hides_a_dimension_or_stretches_the_points():
    denoiser, optimum = solved("obtuse")
    certificate, frame = denoiser.certificate, denoiser.certificate.evidence.frame
    flat = replace(frame, axes=frame.axes[:1])
    # On a line two gaps that are shorter than the sides would cost more.
    forged = boast(certificate, 2 * optimum, frame=flat, B=certificate.evidence.B[:, :1, :2].copy())
    refused(forged, denoiser.train, denoiser.network, r"axes has shape \(1, 2\); it must be \(2, 2\)")
    for scale in (0.5, 2.0, 1 + 1e-9):
        stretched = replace(frame, scale=frame.scale * scale)
        refused(
            boast(certificate, 1.1 * optimum, frame=stretched), denoiser.train, denoiser.network, "the frame's unit"
        )
    skew = replace(frame, axes=frame.axes @ np.array([[1.0, 1e-6], [0.0, 1.0]]))
    refused(boast(certificate, 1.1 * optimum, frame=skew), denoiser.train, denoiser.network, "not an orthonormal one")


def test_a_sound_certificate_for_other_balls():
    denoiser, optimum = solved("equilateral")
    larger = min_norm_denoiser(denoiser.train.points, 0.2, method="program")
    assert larger.certificate.lower > 1.1 * optimum
    check_certificate(larger.certificate, larger.train, larger.network)
    refused(larger.certificate, denoiser.train, larger.network, "supports only")  # a bound that is too high
    refused(
        denoiser.certificate, larger.train, denoiser.network, "its network misses by"
    )  # a network that is too cheap
    turned = TrainingSet(denoiser.train.points[[1, 0, 2]], 0.1)
    refused(denoiser.certificate, turned, denoiser.network, "not an orthonormal one at the first point")


@pytest.mark.parametrize("rays", [(0, 1, 1), (0, -1), (0, 3), (0,), (0, 1, 2, 0), (0, True), (0, 1.0)])
def test_rays_that_count_a_point_twice_or_from_behind(rays):
    points, rho, optimum = KNOWN["orthogonal"]
    denoiser = min_norm_denoiser(np.array(points), rho)
    assert denoiser.certificate.kind == "theorem"
    refused(boast(denoiser.certificate, 1.5 * optimum, rows=rays), denoiser.train, denoiser.network, "rays|integer")


@pytest.mark.parametrize("shift", [1e4, 1e8, 1e12, 1e16, 1e30])
@pytest.mark.parametrize("weight_decay", [None, 0.01])
def test_multipliers_that_are_lost_in_what_costs_nothing(shift, weight_decay):
    rng = np.random.default_rng(3)
    inputs, targets = rng.standard_normal((7, 2)), rng.standard_normal(7)
    found = min_norm_network(inputs, targets, weight_decay=weight_decay)
    upper = found.certificate.upper
    noise = rng.standard_normal(found.certificate.evidence.values.shape)
    for multipliers in (found.certificate.evidence.values + shift, noise + shift * inputs[:, :1], shift + 0 * noise):
        forged = altered(found.certificate, values=multipliers, lower=0.0)
        lower = check_certificate(forged, found.problem, found.network)[0]
        assert 0 <= lower <= upper * (1 + 1e-9)  # the truth lies between the honest bounds
        refused(
            replace(forged, lower=1.001 * upper, upper=1.001 * upper), found.problem, found.network, "supports only"
        )


@pytest.mark.parametrize("scale", [1.0, 1e4, 1e10, 1e20])
def test_whatever_the_multipliers_their_bound_is_above_what_kinks_attain(scale):
    rng = np.random.default_rng(8)
    points = np.array([[0.0, 0], [1, 0], [0.4, 0.9]]) / np.hypot(1, 0)
    for pattern in ([False, True, False], [False, False, True], [False, True, True]):
        on = np.array(pattern)
        w = rng.standard_normal((20_000, 2))
        w /= np.linalg.norm(w, axis=1)[:, None]
        height = w @ points.T
        low, high = 0.1 - height[:, on].min(axis=1), -0.1 - height[:, ~on].max(axis=1)
        some = low <= high
        z = np.column_stack([w, low])[some]
        for ball in (-1, int(np.argmax(on))):
            B = rng.standard_normal((2, 2, 3))
            nu = scale * np.triu(rng.exponential(size=(3, 3)), 1)
            ell = scale * rng.standard_normal((3, 3))
            ell[:, 2] = np.linalg.norm(ell[:, :2], axis=1)
            mu = scale * float(rng.standard_normal())
            proof = CellProof(Cell(on, ball, np.zeros((0, 2))), mu, nu, ell)
            tangent = z if ball < 0 else z[np.abs((z @ np.column_stack([points, np.ones(3)]).T)[:, ball] - 0.1) < 1e-12]
            attained = np.linalg.norm(tangent @ B[on[1:]].sum(axis=0).T, axis=1)
            assert len(attained) > 100
            assert attained.max() <= cell_bound(proof, points, 0.1, B)


@pytest.mark.parametrize("share", [1 - 1e-4, 1 - 1e-6])
def test_a_tilted_frame_far_from_the_origin_draws_the_points_no_nearer(share):
    points = np.array([[0.0, 0, 9e8], [1, 0, 9e8]])
    train = TrainingSet(points, share / 2)
    denoiser = min_norm_denoiser(train)
    own, tilt = affine_hull(points), 8e-4
    axes = np.array([[own.axes[0, 0] * np.cos(tilt), np.sin(tilt), 0.0]])
    X = float(((points - points[0]) @ axes.T)[1, 0])
    steep = 2 / (abs(X) - share)  # the dual matrix of the shorter gap
    B = np.sign(X) * np.array([[[steep * X / 2, steep]]])
    claim = 2 * abs(X) / (abs(X) - share)
    evidence = Faces(Frame(own.origin, axes, own.scale), B, 1)
    forged = replace(denoiser.certificate, evidence=evidence, lower=claim)
    refused(replace(forged, upper=claim), train, denoiser.network, "shorter in it")


def test_two_points_nearer_than_patterns_can_tell_are_undecided():
    train = TrainingSet([[0.0], [5e-14], [1.0]], 0.0)
    network = univariate(train.points, train.rho)  # the front door refuses such points
    B = np.zeros((2, 1, 2))
    B[0, 0, 1] = 2e19  # occurs in no pattern that is found, and counts in Σ⟨B_n, T_n⟩
    proof = CellProof(
        Cell(np.array([False, False, True]), -1, np.zeros((0, 1))), -0.25, np.zeros((3, 3)), np.zeros((3, 2))
    )
    forged = Certificate(1e6, 1e6, 1e-9, Cells(affine_hull(train.points), B, (proof,)))
    with pytest.raises(CertificateUndecided, match="so near each other"):
        check_certificate(forged, train, network)


@pytest.mark.parametrize("spacing", [1e-9, 1e-11, 1e-14])
def test_affine_targets_are_worth_nothing_however_near_inputs_are(spacing):
    inputs = np.array([0.0, 1.1, 17.3, 9e13, 1.3e14, 2e14])[:, None] * spacing
    problem = FiniteProblem(inputs, inputs)
    gaps = np.diff(coordinates(problem).features[:3, 0])
    multipliers = np.zeros((6, 1))
    multipliers[:3, 0] = [gaps[1], -gaps.sum(), gaps[0]]
    for sign in (1.0, -1.0):
        assert finite_lower_bound(problem, sign * multipliers / np.abs(multipliers).max()) == 0.0


def test_coordinates_beyond_what_a_certificate_may_hold_are_checked_all_the_same():
    train = TrainingSet([[1e60, 0], [2e60, 0], [1.4e60, 0.9e60]], 1e59)
    denoiser = min_norm_denoiser(train)
    lower, upper, _ = check_certificate(denoiser.certificate, train, denoiser.network)
    assert upper * (1 - 1e-6) <= lower <= upper
    assert upper == pytest.approx(5.1698748, rel=1e-6)
