"""Before anything slow: some network, some bound, and what either rests on."""

import math
from dataclasses import replace

import numpy as np
import pytest
from altered import altered
from known_optima import KNOWN

from exactnorm import TrainingSet, bounds, check_certificate, load, max_radius, min_norm_denoiser, problems, save
from exactnorm.certify import CertificateError, Nothing, Rays, interpolation_error
from exactnorm.certify.balls.edges import edges_lower_bound
from exactnorm.certify.balls.faces import largest_dual_value
from exactnorm.closed_form.edges import QUICK, best_edges
from exactnorm.exact.balls.afterwards import ended
from exactnorm.exact.balls.first import First, first_bracket
from exactnorm.exact.balls.ramp_program import cheap_ramps, one_by_one
from exactnorm.exact.balls.start import edge_matrices
from exactnorm.exact.balls.stated import stated
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.exact.settings import Settings, Solver
from exactnorm.geometry import affine_hull

PLANE = problems.gaussian(30, 2, seed=0).train


def ramps(train, limit=None):
    frame = affine_hull(train.points)
    return frame, list(cheap_ramps(frame.coordinates(train.points), train.rho / frame.scale, Deadline(limit)))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize(("size", "dimension"), [(4, 2), (8, 3), (8, 7), (30, 2), (25, 6)])
def test_ramps_interpolate_and_get_cheaper(size, dimension, share):
    train = problems.gaussian(size, dimension, seed=size).train
    # Of many points, radii up to a quarter of the separation: beyond it is for the enumeration to say.
    radius = max_radius(train.points)[0] if size < 10 else 0.25 * train.separation
    train = TrainingSet(train.points, share * min(radius, 0.5 * train.separation))
    frame, found = ramps(train)
    costs = [one.cost for one in found]
    assert costs == sorted(costs, reverse=True)
    network = found[-1].network(np.zeros(frame.rank)).lifted(frame)
    assert network.representation_cost == pytest.approx(costs[-1], rel=1e-9)
    # Values on the balls, without what the package says of them.
    rng = np.random.default_rng(0)
    v = rng.standard_normal((20, *train.points.shape))
    inside = train.points + train.rho * v / np.linalg.norm(v, axis=2, keepdims=True)
    off = network(inside.reshape(-1, dimension)).reshape(inside.shape) - train.points
    assert np.abs(off).max() < 1e-9 * costs[-1]


@pytest.mark.parametrize("name", KNOWN)
def test_ramps_cost_no_less_than_the_optimum_and_where_ramps_are_optimal_no_more(name):
    points, rho, optimum = KNOWN[name]
    _, found = ramps(TrainingSet(points, rho))
    assert optimum * (1 - 1e-9) <= found[-1].cost <= 1.05 * optimum


def test_after_the_limit_a_network_that_takes_long_to_state_gives_way_to_the_one_that_is_stated():
    frame, found = ramps(PLANE)
    pair = tuple(PLANE.closest)
    earlier = stated(PLANE, frame, found[0], Deadline(None))
    first = First(PLANE, frame, None, found[-1], 1.0, Rays(pair), stated=earlier)
    over, open_ended = Deadline(0.0), Deadline(None)
    assert found[-1].cost < found[0].cost == pytest.approx(earlier.upper, rel=1e-9)
    quick, slow = first, replace(first, stated=replace(earlier, seconds=3.0))
    for one, deadline, ramps_ in (
        (quick, over, found[-1]),
        (slow, over, found[0]),
        (slow, open_ended, found[-1]),
        (replace(slow, interrupted=True), open_ended, found[0]),
        (replace(quick, interrupted=True), open_ended, found[-1]),
        (replace(slow, ramps=found[0]), over, found[0]),
    ):
        denoiser = one.denoiser("it was enough", deadline)
        assert denoiser.certificate.upper == pytest.approx(ramps_.cost, rel=1e-9)
        assert denoiser.network.representation_cost == pytest.approx(ramps_.cost, rel=1e-9)


def test_where_no_direction_tells_points_apart_a_search_finds_one_that_does():
    # A grid of 5 by 5 balls so large that along most directions no gap is left.
    grid = np.array([[i, j] for i in range(5) for j in range(5)], dtype=float)
    grid = grid @ np.array([[np.cos(0.3), np.sin(0.3)], [-np.sin(0.3), np.cos(0.3)]])
    _, found = ramps(TrainingSet(grid, 0.45))
    # Lines between rows and columns are all there is: the rows' ramps and the columns', 2/(1 − 2ρ) each.
    assert found[-1].cost == pytest.approx(8 * 2 / (1 - 0.9), rel=1e-3)


def test_balls_that_no_network_interpolates_have_no_ramps():
    assert ramps(problems.infeasible().train)[1] == []


@pytest.mark.parametrize("name", ["acute", "regular_simplex", "generic_simplex_6", "plane_5", "digits5"])
def test_the_bound_of_segments_is_below_the_optimum_and_is_that_of_feasible_dual_matrices(name):
    problem = problems.named(name)
    train = problem.train
    *_, (edges, weights) = best_edges(train.points, train.rho, most=QUICK)
    bound = edges_lower_bound(train.points, train.rho, edges, weights)
    assert 0.3 * problem.interval[1] < bound <= problem.interval[1]
    *_, better = best_edges(train.points, train.rho)
    assert 0.95 * edges_lower_bound(train.points, train.rho, *better) < bound
    # The best weights by a semidefinite program, as matrices whose dual function is gone through face by face.
    from exactnorm.exact.balls.problem import reduced
    from exactnorm.exact.settings import Settings

    reduced_problem = reduced(train)
    B = edge_matrices(reduced_problem, Settings())
    X = reduced_problem.points
    kappa = largest_dual_value(X, reduced_problem.rho, reduced_problem.patterns, B, 1e-3)
    value = float(np.einsum("nr,nr->", B[:, :, -1], X[1:] - X[0]))
    assert kappa <= 1 + 1e-9
    assert bound <= value * (1 + 1e-9)
    assert bound >= 0.9 * value


def test_on_a_regular_simplex_segments_give_what_symmetry_says():
    size, rho = 12, 0.05
    length = math.sqrt(2)
    # Σ u uᵀ over all edges is N/2 times the projector: weights 2/N on N(N − 1)/2 edges.
    expected = (size - 1) * 2 * length / (length - 2 * rho)
    points = np.eye(size)
    *_, last = best_edges(points, rho)
    assert edges_lower_bound(points, rho, *last) == pytest.approx(expected, rel=1e-9)


def test_a_certificate_of_segments_is_checked_saved_and_refused_when_altered(tmp_path):
    points = np.eye(14)  # nearly a regular simplex, for which there is a theorem
    points[0, 0] = 1.001
    train = TrainingSet(points, 0.05)
    never = Deadline(None)
    first = first_bracket(train, affine_hull(train.points), Settings(1e-6, Solver(), never))
    denoiser = ended(first, "left there", never)
    certificate = denoiser.certificate
    assert certificate.kind == "theorem"
    evidence = certificate.evidence
    assert len(evidence.weights) == 14 * 13 / 2
    assert certificate.gap < 0.08
    save(tmp_path / "one.npz", denoiser)
    again = load(tmp_path / "one.npz")
    lower, upper, _ = check_certificate(again.certificate, train, again.network)
    assert (lower, upper) == pytest.approx((certificate.lower, certificate.upper), rel=1e-9)
    for change in (
        {"lower": certificate.lower * 1.001},
        {"weights": evidence.weights[:-1]},
        {"ends": evidence.ends[:-1], "weights": evidence.weights[:-1]},
        {"weights": -evidence.weights},
        {"ends": evidence.ends + np.array([0, 1])},
        {"ends": evidence.ends + np.array([0, 0.5])},
        {"ends": np.array([[0, 1]]), "weights": np.array([np.nan])},
        {"ends": evidence.ends[:, :1]},
        {"evidence": Rays((0, 1))},
        {"evidence": Nothing()},
    ):
        with pytest.raises(CertificateError):
            check_certificate(altered(certificate, **change), train, denoiser.network)


@pytest.mark.parametrize(("size", "dimension"), [(300, 250), (250, 400)])
def test_many_points_of_many_coordinates_have_a_network_before_anything_slow(size, dimension, processor_clock):
    # Balls so large that no simplex's height has room for a ramp, while every point is far from the mean of the others.
    train = problems.gaussian(size, dimension, seed=3).train
    train = TrainingSet(train.points, 0.1 * train.separation)
    start = processor_clock()
    denoiser = min_norm_denoiser(train, time_limit=1.0)
    assert processor_clock() - start < 2.1
    certificate = denoiser.certificate
    assert 0 < certificate.lower < certificate.upper < np.inf
    check_certificate(certificate, train, denoiser.network)
    towards = train.points - (train.points.sum(axis=0) - train.points) / (size - 1)
    height = train.points @ (towards / np.linalg.norm(towards, axis=1)[:, None]).T
    own = np.diag(height).copy()
    np.fill_diagonal(height, -np.inf)
    width = own - height.max(axis=0) - 2 * train.rho
    cost = (2 * np.linalg.norm(train.points[1:] - train.points[0], axis=1) / width[1:]).sum()
    assert certificate.upper <= cost * (1 + 1e-9)


@pytest.mark.parametrize("shape", ["clusters", "a line"])
def test_points_of_many_coordinates_that_lie_along_few_are_told_apart_one_by_one(shape):
    rng = np.random.default_rng(0)
    points = rng.standard_normal((300, 150))
    if shape == "clusters":
        points += 5 * rng.standard_normal((5, 150))[rng.integers(5, size=300)]
    else:
        points += np.arange(300)[:, None] / 10
    train = TrainingSet(points, 0.02 * TrainingSet(points).separation)
    offsets = points - points.mean(axis=0)
    height = offsets @ offsets.T
    # Along the line from the mean others are farther out than the point itself.
    assert (height.max(axis=0) > np.diag(height)).any()
    frame = affine_hull(points)
    found = one_by_one(frame.coordinates(points), train.rho / frame.scale)
    assert (found.cuts.on.sum(axis=1) == 1).all()
    network = found.network(frame.coordinates(points[:1])[0]).lifted(frame)
    assert network.representation_cost == pytest.approx(found.cost, rel=1e-9)
    assert interpolation_error(network, train) < 1e-12 * found.cost


def test_a_program_that_does_not_end_gives_way_to_the_closed_form_that_is_known():
    train = TrainingSet(np.eye(12), 0.05)
    denoiser = min_norm_denoiser(train, method="program", time_limit=1)
    assert denoiser.certificate.gap < 1e-9
    assert denoiser.status.startswith("the time limit of 1 s was reached before the gap was closed")
    assert "closed form" in denoiser.status
    check_certificate(denoiser.certificate, train, denoiser.network)


def test_a_point_in_the_mean_of_the_others_has_no_ramp_of_its_own_and_warns_of_nothing():
    assert one_by_one(np.array([[-1.0, 0], [1, 0], [0, 0], [0, 1], [0, -1]]), 0.1) is None
    assert one_by_one(np.array([[-1.0, 0], [1, 0], [0, 1], [0, -1]]), 0.1) is not None


def test_the_bound_of_segments_rises_while_it_is_looked_for():
    train = problems.gaussian(12, 4, seed=2).train
    found = [edges_lower_bound(train.points, train.rho, *one) for one in best_edges(train.points, train.rho)]
    assert len(found) > 2
    assert found == sorted(found)
    assert found[-1] > 1.2 * found[0]


def test_the_bracket_of_many_points_is_wide_valid_and_says_what_helps():
    train = problems.gaussian(60, 4, seed=1).train
    denoiser = min_norm_denoiser(train, time_limit=4)
    certificate = denoiser.certificate
    assert certificate.interpolation_error < 1e-9
    assert bounds(train.points, train.rho).lower * (1 - 1e-9) <= certificate.lower < certificate.upper < 1000
    check_certificate(certificate, train, denoiser.network)
    assert "more than" in denoiser.status
    assert "what helps is" in denoiser.status
    assert "max_patterns" not in denoiser.status


def test_ramps_stop_when_the_time_is_over():
    with pytest.raises(OutOfTimeError):
        ramps(problems.gaussian(200, 5, seed=0).train, limit=1e-3)


@pytest.mark.parametrize("points", [np.eye(260), np.random.default_rng(0).standard_normal((230, 300))])
def test_a_simplex_of_hundreds_of_points_has_a_network_before_anything_slow(points, processor_clock):
    train = TrainingSet(points, 0.01)
    start = processor_clock()
    denoiser = min_norm_denoiser(train, time_limit=1.0)
    assert processor_clock() - start < 2.1
    certificate = denoiser.certificate
    assert 0 < certificate.lower < certificate.upper < np.inf
    assert certificate.interpolation_error < 1e-9
    # A ramp for each point but the first, across the height of that point over the face of the others.
    offsets = points[1:] - points[0]
    height = 1 / np.linalg.norm(np.linalg.pinv(offsets), axis=0)
    one_by_one = (2 * np.linalg.norm(offsets, axis=1) / (height - 0.02)).sum()
    assert certificate.upper <= one_by_one * (1 + 1e-9)
