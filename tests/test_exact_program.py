"""The convex program against published and known optima, and each map to a program against its way back."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import exactnorm
from exactnorm import TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import CertificateError
from exactnorm.certify.cell import Cell, cell_bound
from exactnorm.certify.certificate import dual_bound
from exactnorm.exact.bracket import Bracket, with_bound
from exactnorm.exact.cells import halves, tangent_cells, whole_cells
from exactnorm.exact.clock import Deadline
from exactnorm.exact.kinks import Kinks, dual_values, pattern_kinks, tangent_kinks
from exactnorm.exact.look import deciding_balls, look
from exactnorm.exact.means import Means
from exactnorm.exact.polish import Neurons, corrected, margins, merge_nearby, newton, residual
from exactnorm.exact.pricing import price
from exactnorm.exact.problem import infeasibility_ray, reduced
from exactnorm.exact.program import block_program, dual_matrices, kink_program, proofs, solve
from exactnorm.exact.start import first_kinks, moved_kinks, ramps
from exactnorm.exact.unique import touching_kinks
from exactnorm.patterns import activation_patterns

SQRT3 = np.sqrt(3.0)
# Optima from the formulas in the comments, not from this program.
KNOWN = {
    "univariate": ([[0.0], [1.0], [2.5]], 0.1, 2 / 0.8 + 3 / 1.3),
    "orthogonal": ([[0.0, 0], [1, 0], [0, 2]], 0.1, 2 / 0.8 + 4 / 1.8),
    "obtuse": ([[0.0, 0], [1, 0], [-0.7, 1]], 0.1, 2 / 0.8 + 2 * np.sqrt(1.49) / (np.sqrt(1.49) - 0.2)),
    "equilateral": ([[1.0, 0], [-0.5, SQRT3 / 2], [-0.5, -SQRT3 / 2]], 0.1, 12 / (3 - 0.4)),
    "five unit vectors and 0": (np.vstack([np.zeros(5), np.eye(5)]), 0.05, 10 / 0.9),
}


@pytest.mark.parametrize("name", KNOWN)
def test_the_bracket_holds_the_known_optimum(name):
    points, rho, optimum = KNOWN[name]
    denoiser = min_norm_denoiser(points, rho, method="program")
    certificate = denoiser.certificate
    assert certificate.kind == "computed"
    assert certificate.lower <= optimum * (1 + 1e-12)
    assert certificate.upper >= optimum * (1 - 1e-12)
    assert certificate.gap <= 1e-6
    assert certificate.interpolation_error <= 1e-12


@pytest.mark.parametrize(
    ("points", "rho", "published"),
    [
        ([[0, 0], [1, 0], [0.4, 0.9]], 0.1, 5.1698749),
        ([[0, 0], [1, 0], [0.4, 0.9]], 0.4, 35.897361),
        ([[0, 0], [4, 0], [1, 3]], 0.8, 7.9964741),
        ([[0, 0], [1, 0], [0.5, 1]], 0.42, 43.405922),
    ],
)
def test_acute_triangles_reach_the_tolerance_at_every_radius(points, rho, published):
    certificate = min_norm_denoiser(points, rho).certificate
    assert certificate.gap <= 1e-6
    assert certificate.upper == pytest.approx(published, rel=1e-6)


def test_random_points_in_the_plane_reach_the_tolerance():
    points = np.random.default_rng(1).standard_normal((6, 2))
    train = TrainingSet(points, 0.05)
    problem = reduced(train)
    relaxation = block_program(problem.points, problem.rho, whole_cells(problem.patterns, 2)).problem
    solve(relaxation, "CLARABEL", {})
    denoiser = min_norm_denoiser(train)
    # Not vacuous: the relaxation over whole patterns stops short of the optimum here.
    assert relaxation.value < denoiser.certificate.lower * (1 - 1e-4)
    assert denoiser.certificate.gap <= 1e-6
    assert check_certificate(denoiser.certificate, train, denoiser.network)[0] >= denoiser.certificate.lower * (
        1 - 1e-9
    )


def test_the_bound_of_tangent_cells_lies_between_that_of_patterns_and_the_optimum():
    points = np.random.default_rng(8).standard_normal((5, 2))
    train = TrainingSet(points, 0.05)
    problem = reduced(train)
    whole = whole_cells(problem.patterns, 2)
    values = []
    for cells in (whole, [part for cell in whole for part in tangent_cells(cell)]):
        program = block_program(problem.points, problem.rho, cells)
        assert solve(program.problem, "CLARABEL", {}).startswith("optimal")
        values.append(program.problem.value)
    upper = min_norm_denoiser(train).certificate.upper
    assert values[0] <= values[1] * (1 + 1e-6)
    assert values[1] <= upper * (1 + 1e-6)


def test_blocks_and_bounds_come_back_from_the_program():
    problem = reduced(TrainingSet([[0, 0], [1, 0], [0.4, 0.9]], 0.1))
    program = block_program(problem.points, problem.rho, whole_cells(problem.patterns, 2))
    solve(program.problem, "CLARABEL", {})
    B = dual_matrices(program)
    bound = dual_bound(problem.points, problem.rho, B, proofs(program))
    assert bound == pytest.approx(program.problem.value, rel=1e-6)
    # The value may be read off B, with the sign that makes it positive.
    assert np.einsum("nr,nr->", B[:, :, -1], problem.points[1:]) == pytest.approx(program.problem.value, rel=1e-6)


def test_the_kink_program_returns_an_interpolating_network_of_the_stated_cost():
    problem = reduced(TrainingSet(np.random.default_rng(4).standard_normal((5, 3)), 0.05))
    kinks = first_kinks(problem)
    program = kink_program(problem.points, kinks, scale=7.0)
    solve(program.problem, "CLARABEL", {})
    neurons = corrected(problem.points, replace(ramps(problem, kinks), a=7.0 * program.a.value))
    assert np.abs(residual(problem.points, kinks, neurons.a)).max() < 1e-12
    assert margins(problem.points, problem.rho, kinks).min() > -1e-12
    assert neurons.cost == pytest.approx(7.0 * program.problem.value, rel=1e-6)
    assert neurons.cost <= ramps(problem, kinks).cost * (1 + 1e-9)


def test_every_kink_of_a_cell_respects_the_bound_of_the_cell():
    rng = np.random.default_rng(6)
    points = np.vstack([np.zeros(3), rng.uniform(-0.5, 0.5, (4, 3))])
    patterns = activation_patterns(points, 0.02)
    patterns = patterns[~patterns[:, 0] & patterns.any(axis=1)]
    B = rng.standard_normal((4, 3, 4))
    directions = rng.standard_normal((20000, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    for cell in whole_cells(patterns, 3)[::3]:
        found = pattern_kinks(directions, cell.pattern, points, 0.02)
        largest = dual_values(found, B).max(initial=0.0)
        whole = price(cell, points, 0.02, B, "CLARABEL")
        pieces = [price(part, points, 0.02, B, "CLARABEL").kappa for part in tangent_cells(cell)]
        assert largest <= whole.kappa
        assert largest <= max(pieces)
        assert max(pieces) <= whole.kappa * (1 + 1e-6)
        assert cell_bound(whole.proof, points, 0.02, B / whole.kappa) <= 1 + 1e-9


def test_both_solvers_price_a_cell_alike():
    rng = np.random.default_rng(0)
    points = np.vstack([np.zeros(3), rng.uniform(-0.5, 0.5, (4, 3))])
    cell = Cell(np.array([False, True, False, True, False]), 1, np.array([[1.0, 0, 0]]))
    B = rng.standard_normal((4, 3, 4))
    bounds = [price(cell, points, 0.02, B, solver).kappa for solver in ("CLARABEL", "SCS")]
    assert bounds[0] == pytest.approx(bounds[1], rel=1e-5)


def test_an_empty_cell_has_a_finite_bound():
    # No kink that has only the middle point of three on a line on one side.
    points = np.array([[0.0, 0.0], [0.5, 0.0], [1.0, 0.0], [0.3, 0.5]])
    cell = Cell(np.array([False, True, False, False]), 0, np.zeros((0, 2)))
    kappa = price(cell, points, 0.01, np.random.default_rng(0).standard_normal((3, 2, 3)), "CLARABEL").kappa
    assert np.isfinite(kappa)


@pytest.mark.parametrize("change", ["mu", "nu", "ell", "B", "missing", "cut"])
def test_an_altered_certificate_is_rejected(change):
    train = TrainingSet([[0, 0], [1, 0], [0.4, 0.9]], 0.4)
    denoiser = min_norm_denoiser(train)
    certificate = denoiser.certificate
    check_certificate(certificate, train, denoiser.network)
    first, *rest = certificate.proofs
    if change == "mu":
        altered = replace(certificate, proofs=(replace(first, mu=first.mu + 0.5), *rest))
    elif change == "nu":
        altered = replace(
            certificate, proofs=(replace(first, nu=first.nu - 0.1 * np.triu(np.ones_like(first.nu), 1)), *rest)
        )
    elif change == "ell":
        altered = replace(certificate, proofs=(replace(first, ell=first.ell - [0, 0, 1.0]), *rest))
    elif change == "B":
        altered = replace(certificate, B=certificate.B * 1.01)
    elif change == "missing":
        altered = replace(certificate, proofs=tuple(rest))
    else:
        part = halves(first.cell, np.array([1.0, 0.0]))[0]
        grown = replace(first, cell=part, nu=np.pad(first.nu, (0, 1)), ell=np.pad(first.ell, ((0, 1), (0, 0))))
        altered = replace(certificate, proofs=(grown, *rest))
    with pytest.raises(CertificateError):
        check_certificate(altered, train, denoiser.network)


def test_newton_finds_the_cost_of_the_theorem_from_a_rough_start():
    problem = reduced(TrainingSet([[0, 0], [1, 0], [0, 2]], 0.1))
    kinks = tangent_kinks(np.eye(2), problem.points, problem.rho)
    start = replace(ramps(problem, first_kinks(problem)), kinks=kinks, a=np.zeros((len(kinks), 2)))
    program = kink_program(problem.points, kinks)
    solve(program.problem, "CLARABEL", {})
    rough = replace(start, a=program.a.value + 1e-3, B=dual_matrices(program))
    moved = newton(problem.points, problem.rho, rough, 1e-3, stationary=False)
    assert np.abs(residual(problem.points, moved.kinks, moved.a)).max() < 1e-12


coordinates = st.integers(-4, 4).map(float)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    points=st.lists(st.tuples(coordinates, coordinates), min_size=2, max_size=5, unique=True),
    fraction=st.sampled_from([0.0, 0.05, 0.5, 0.9]),
    shift=st.sampled_from([0.0, 1e6]),
    scale=st.sampled_from([1.0, 1e-8, 1e8]),
)
def test_brackets_are_valid_on_degenerate_and_extreme_data(points, fraction, shift, scale):
    base = np.array(points)
    train = TrainingSet(scale * (base + shift), 0.0)
    train = TrainingSet(train.points, fraction * train.separation / 2)
    ray = infeasibility_ray(train.points, activation_patterns(train.points, train.rho))
    if ray is not None:
        with pytest.raises(exactnorm.InfeasibleProblem) as caught:
            min_norm_denoiser(train, method="program")
        patterns = activation_patterns(train.points, train.rho)
        assert np.abs(patterns @ caught.value.ray).max() < 1e-9
        assert np.linalg.norm(caught.value.ray @ (train.points - train.points[0])) > 1e-6 * train.separation
        return
    denoiser = min_norm_denoiser(train, method="program", tol=1e-3, time_limit=2)
    certificate = denoiser.certificate
    assert 0 < certificate.lower <= certificate.upper * (1 + 1e-9)
    lower, upper, error = check_certificate(certificate, train, denoiser.network)
    # The slope of a ramp carries the rounding of points far away: a millionth of the distance from the origin's ulp.
    assert error <= 1e-9 * upper * (np.ptp(train.points, axis=0).max() + 1e-6 * np.abs(train.points).max())
    pair = train.separation
    assert upper >= 2 * pair / (pair - 2 * train.rho) * (1 - 1e-9)  # two of the points cost that much by themselves
    assert lower <= upper * (1 + 1e-9)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_cube_corners_have_as_many_patterns_as_threshold_functions(count):
    corners = np.array(list(itertools.product([0.0, 1.0], repeat=count)))
    assert len(activation_patterns(corners)) == {2: 14, 3: 104, 4: 1882}[count]


@pytest.mark.parametrize(("name", "neurons"), [("univariate", 4), ("orthogonal", 4), ("obtuse", 4), ("equilateral", 6)])
def test_the_program_finds_two_neurons_a_ramp(name, neurons):
    points, rho, _ = KNOWN[name]
    denoiser = min_norm_denoiser(points, rho, method="program")
    assert denoiser.network.neurons == neurons
    assert denoiser.network.merged().neurons == neurons


def test_a_minimiser_is_called_unique_where_the_dual_touches_at_independent_kinks():
    line = min_norm_denoiser([[0.0], [1.0], [2.5]], 0.1, method="program")
    assert "touches its bound at 4 kinks" in line.status  # the two ends of two ramps


def test_a_dual_that_touches_along_an_arc_says_nothing_of_uniqueness():
    problem = reduced(TrainingSet([[0, 0], [1, 0], [0.4, 0.9]], 0.05))
    B = np.zeros((2, 2, 3))
    B[0, :, :2] = np.eye(2)  # B_s z = w wherever point 1 is on: 1 at every kink
    nothing = Neurons(first_kinks(problem)[:0], np.zeros((0, 2)), B)
    means = Means(1e-6, "CLARABEL", {}, Deadline(None), None, lambda _: None)
    assert touching_kinks(problem, Bracket(1.0, nothing, 1.0, B=B), means) is None


def test_a_minimiser_is_not_called_unique_where_that_is_not_shown():
    points, rho, _ = KNOWN["equilateral"]
    assert "uniqueness of the minimiser is not shown" in min_norm_denoiser(points, rho, method="program").status
    loose = min_norm_denoiser([[0.0], [1.0], [2.5]], 0.1, method="program", tol=0.5, time_limit=1e-6)
    assert "uniqueness of the minimiser is not shown" in loose.status


@pytest.mark.parametrize("shape", [(6, 2), (5, 3)])
def test_no_neuron_can_be_left_out(shape):
    points = np.random.default_rng(1).standard_normal(shape)
    denoiser = min_norm_denoiser(points, 0.05, tol=1e-5)
    frame = denoiser.certificate.frame
    X, rho = frame.coordinates(denoiser.train.points), 0.05 / frame.scale
    w = denoiser.network.w @ frame.axes.T * frame.scale
    a = denoiser.network.a @ frame.axes.T / frame.scale
    b = denoiser.network.b + denoiser.network.w @ frame.origin
    on = (X @ w.T + b[None, :] > rho / 2)[1:]
    moments = np.einsum("nk,ki,kj->knij", on, a, np.column_stack([w, b])).reshape(len(b), -1)
    moments /= np.linalg.norm(moments, axis=1)[:, None]
    # Moments that were dependent could be shifted along the dependence until one weight is 0, at no cost.
    assert np.linalg.svd(moments, compute_uv=False)[-1] > 1e-9
    assert len(b) <= moments.shape[1]


def test_violations_on_a_pattern_that_the_program_was_not_told_of_are_found():
    problem = reduced(TrainingSet([[0, 0], [1, 0], [0.4, 0.9]], 0.1))
    hidden = problem.patterns[0]
    told = problem.patterns[1:]
    program = block_program(problem.points, problem.rho, whole_cells(told, 2))
    solve(program.problem, "CLARABEL", {})
    B = dual_matrices(program)
    means = Means(1e-6, "CLARABEL", {}, Deadline(None), None, lambda _: None)
    found = look(problem, deciding_balls(problem), B, 0.9, means)
    seen = (found.peaks.pattern == hidden).all(axis=1)
    assert found.value[~seen].max() < 1 + 1e-5
    assert found.value[seen].max() > 1.01
    # Its value is no bound until every pattern is looked at, and then it is one.
    assert program.problem.value > min_norm_denoiser(problem.points, problem.rho).certificate.upper * 1.01
    start = Bracket(np.inf, ramps(problem, first_kinks(problem)))
    assert with_bound(problem, start, B, found.kappa).lower < program.problem.value


def test_neurons_that_all_cancel_are_left_as_they_are():
    kinks = Kinks(np.array([[1.0], [1.0]]), np.array([-0.5, -0.5]), np.array([[False, True]] * 2))
    start = Neurons(kinks, np.array([[1.0], [-1.0]]), np.zeros((1, 1, 2)))
    assert merge_nearby(start, 1e-3, 1e-5) is start


@pytest.mark.parametrize(
    "change",
    ["mu is nan", "nu is nan", "B is nan", "axes are nan", "unit too short", "ball does not exist", "cut is infinite"],
)
def test_a_certificate_of_nonsense_is_rejected(change):
    train = TrainingSet([[0, 0], [1, 0], [0.4, 0.9]], 0.1)
    denoiser = min_norm_denoiser(train)
    certificate = denoiser.certificate
    # Under every proof, so that no sound one is left to speak for the pattern.
    proofs = certificate.proofs
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
    B = certificate.B * (np.nan if change == "B is nan" else 1.0)
    frame = certificate.frame
    if change == "axes are nan":
        frame = replace(frame, axes=np.nan * frame.axes)
    elif change == "unit too short":
        frame = replace(frame, scale=1e-3 * frame.scale)
    with pytest.raises(CertificateError):
        check_certificate(replace(certificate, frame=frame, B=B, proofs=proofs), train, denoiser.network)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_every_kink_of_a_denoiser_is_moved_to_touch_the_balls_of_a_smaller_radius(sign):
    points = np.random.default_rng(0).standard_normal((6, 3))
    network = min_norm_denoiser(points, 0.05).network
    network = replace(network, w=sign * network.w, b=sign * network.b)
    problem = reduced(TrainingSet(points, 0.03))  # at a larger one there may be no room for a kink
    moved = moved_kinks(problem, network)
    normals = (moved.w @ problem.frame.axes)[None]
    own = (network.w / np.linalg.norm(network.w, axis=1)[:, None])[:, None]
    apart = np.minimum(np.abs(normals - own).max(axis=2), np.abs(normals + own).max(axis=2)).min(axis=1)
    assert (apart < 1e-12).all()
    assert np.abs(margins(problem.points, problem.rho, moved).min(axis=1)).max() < 1e-12


def test_a_denoiser_of_a_nearby_radius_shortens_the_way_and_not_the_answer():
    points = np.random.default_rng(0).standard_normal((6, 3))
    near = min_norm_denoiser(points, 0.05)
    rounds: dict[bool, list[Bracket]] = {True: [], False: []}
    solved = {
        warm: min_norm_denoiser(points, 0.06, near=near if warm else None, progress=rounds[warm].append)
        for warm in (True, False)
    }
    assert all(one.certificate.gap <= 1e-6 for one in solved.values())
    assert max(one.certificate.lower for one in solved.values()) <= min(
        one.certificate.upper for one in solved.values()
    )
    first = {warm: next(bracket for bracket in seen if bracket.rounds == 1) for warm, seen in rounds.items()}
    assert first[True].gap < 0.05
    assert rounds[True][-1].rounds < rounds[False][-1].rounds
    with pytest.raises(ValueError, match="same points"):
        min_norm_denoiser(points[::-1], 0.06, near=near)
