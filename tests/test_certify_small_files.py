"""What a small file may ask of the check: memory by its size, and work that ends within minutes or is given up."""

import time
import tracemalloc

import numpy as np
import pytest

from exactnorm import ReLUNetwork, TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import (
    Certificate,
    CertificateError,
    CertificateUndecided,
    Faces,
    Multipliers,
    Nothing,
    Segments,
    interpolation,
)
from exactnorm.certify.balls import dual_bound, edges, tilts
from exactnorm.certify.balls.constancy import local_slope
from exactnorm.certify.balls.edges import edges_lower_bound
from exactnorm.certify.balls.faces import face_peaks
from exactnorm.certify.finite.correction import directions
from exactnorm.finite_problem import FiniteProblem, coordinates
from exactnorm.geometry import affine_hull

pytestmark = pytest.mark.usefixtures("alone")  # memory is measured

rng = np.random.default_rng(0)
BASE = 40_000_000
"""Bytes: blocks of constant size, several at a time."""


def identity(d):
    return ReLUNetwork(np.zeros((0, d)), np.zeros((0, d)), np.zeros(0), np.eye(d), np.zeros(d))


def many_segments(dimension):
    points = rng.standard_normal((100, dimension))
    ends = rng.integers(0, 100, (100_000, 2))
    ends = ends[ends[:, 0] != ends[:, 1]]
    return points, Segments(ends, rng.uniform(0.5, 1, len(ends)))


def many_points(size):
    points = rng.standard_normal((size, 2))
    return points, Faces(affine_hull(points), np.zeros((size - 1, 2, 3)), 5)


def almost_full(size):
    """Corners whose balls leave thin cones of kinks, and a B that is small there and large around: no face settles."""
    corners = np.eye(size) + 1e-6 * np.random.default_rng(41000).standard_normal((size, size))
    frame = affine_hull(corners)
    X = frame.coordinates(corners)
    centre = X.mean(axis=0)
    u = (X - centre) / np.linalg.norm(X - centre, axis=1)[:, None]
    B = np.empty((size - 1, size - 1, size))
    for n in range(1, size):
        q = np.linalg.qr(u[[0, n]].T)[0]
        B[n - 1] = np.column_stack([100 * (np.eye(size - 1) - q @ q.T) + np.outer(u[n], centre), u[n]])
    return corners, Faces(frame, B, 1), 0.4999 * np.sqrt(size / (size - 1))


@pytest.mark.parametrize(
    ("points", "evidence", "rho"),
    [(*many_segments(20), 0.0), (*many_segments(300), 0.0), (*many_points(4000), 0.0), almost_full(24)],
    ids=["20", "300", "faces", "faces of rank 23"],
)
def test_memory_is_a_multiple_of_what_the_file_holds(points, evidence, rho):
    own = (evidence.ends, evidence.weights) if isinstance(evidence, Segments) else (evidence.B,)
    held = points.nbytes + sum(array.nbytes for array in own)
    train = TrainingSet(points, rho)
    tracemalloc.start()
    with pytest.raises((CertificateError, CertificateUndecided)):
        check_certificate(Certificate(0.2, 1e9, 0.0, evidence), train, identity(points.shape[1]), time_limit=2.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 * held + BASE


def test_faces_do_not_pile_up_however_many_there_are():
    points, evidence, rho = almost_full(14)
    X, on = evidence.frame.coordinates(points), np.zeros((1, 14), dtype=bool)
    on[0, 3] = True
    given = X, rho / evidence.frame.scale, on, np.ones_like(on), evidence.B, 1e-3
    found, peaks = {}, {}
    for chunk in (100, 20_000):  # one by one, and all of a kind together: there are 2^14
        tracemalloc.start()
        found[chunk] = list(face_peaks(*given, chunk=chunk))
        peaks[chunk] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    some, whole = (np.sort(np.concatenate([one.value for one in each])) for each in found.values())
    np.testing.assert_allclose(some, whole, rtol=1e-13)
    assert peaks[100] < 2_000_000 < peaks[20_000]


def test_without_a_time_limit_faces_are_gone_through_up_to_some_number_and_with_one_as_long_as_it_lasts(monkeypatch):
    points, evidence, rho = almost_full(9)
    given = Certificate(0.2, np.inf, 1e9, evidence), TrainingSet(points, rho), identity(9)
    supported = check_certificate(*given)
    assert supported[0] >= 0.2
    monkeypatch.setattr(dual_bound, "WORK", 10)
    monkeypatch.setattr(dual_bound, "at_once", lambda _: 50)  # of few faces some at a time, too
    with pytest.raises(CertificateUndecided, match="give the check a time limit"):
        check_certificate(*given)
    assert check_certificate(*given, time_limit=600.0) == pytest.approx(supported, rel=1e-12)


def through_a_line(size, dimension):
    """The least network for points on a line in many dimensions."""
    u = np.ones(dimension) / np.sqrt(dimension)
    found = min_norm_denoiser(np.arange(size)[:, None] * u, 0.1)
    return found.train, found.network


def on_one_neuron(size, dimension):
    """Inputs in many dimensions, and targets that one neuron reaches."""
    Y = rng.standard_normal((size, dimension))
    network = ReLUNetwork([[1.0]], rng.standard_normal((1, dimension)), [0.0], None, [0.0])
    return FiniteProblem(Y, network(Y)), network


@pytest.mark.parametrize("made", [through_a_line, on_one_neuron])
@pytest.mark.parametrize(("size", "dimension"), [(90, 400), (10, 3000)])
def test_memory_for_pricing_a_miss_does_not_grow_as_the_square_of_the_dimension(made, size, dimension):
    problem, network = made(size, dimension)
    if isinstance(problem, FiniteProblem):
        evidence, given = Multipliers(np.zeros((size, 1))), (problem.inputs, problem.targets)
    else:
        evidence, given = Nothing(), (problem.points,)
    held = sum(array.nbytes for array in (*given, network.a, network.w, network.b, network.c))
    tracemalloc.start()
    upper = check_certificate(Certificate(0.0, np.inf, 1e-6, evidence), problem, network)[1]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert upper == pytest.approx(network.representation_cost, rel=1e-9)
    assert peak < 32 * held + 16_000_000


def test_many_outputs_do_not_keep_a_check_beyond_its_time():
    # Huge terms that cancel, so that floats do not decide; of 1500 outputs rational arithmetic would take minutes.
    K, q = 400, 1500
    y, a = np.linspace(0, 1, 20)[:, None], rng.standard_normal((K, q))
    b = -rng.uniform(0, 1, K)
    plain = ReLUNetwork(a, np.ones((K, 1)), b, None, np.zeros(q))
    problem = FiniteProblem(y, plain(y))
    huge = np.full((1, q), 1e12)
    network = ReLUNetwork(np.vstack([a, huge, -huge]), np.ones((K + 2, 1)), np.append(b, [0.5, 0.5]), None, np.zeros(q))
    nothing = Multipliers(np.zeros_like(coordinates(problem).targets))
    start = time.process_time()
    try:
        upper = check_certificate(Certificate(0.0, np.inf, 1e9, nothing), problem, network, time_limit=2.0)[1]
        assert upper >= plain.representation_cost * 0.1
    except CertificateUndecided:
        pass
    assert time.process_time() - start < 4


@pytest.mark.parametrize("shape", [(40, 3), (5, 40)])
def test_directions_along_which_misses_are_priced_are_unit_vectors_in_the_hull_of_few_inputs(shape):
    Y = rng.standard_normal(shape)
    U = np.array(list(directions(Y)))
    np.testing.assert_allclose(np.linalg.norm(U, axis=1), 1.0, rtol=1e-14)
    assert len(U) == 64 + min(shape[1], shape[0] - 1 if shape[1] > shape[0] else shape[1])
    if shape[1] > shape[0]:
        inside = (Y[1:] - Y[0]).T
        assert np.abs(U.T - inside @ np.linalg.lstsq(inside, U.T, rcond=None)[0]).max() < 1e-12


@pytest.mark.parametrize("dimension", [1, 3, 40])
def test_segments_a_few_at_a_time_bound_what_all_together_do(dimension, monkeypatch):
    points = rng.standard_normal((9, dimension)) + 100.0
    i, j = np.triu_indices(9, 1)
    weights, rho = rng.uniform(0.1, 1, len(i)), 0.4 * TrainingSet(points, 0.0).separation
    length = np.linalg.norm(points[i] - points[j], axis=1)
    u = (points[i] - points[j]) / length[:, None]
    expected = float(weights @ (2 * length / (length - 2 * rho)) / np.linalg.norm((weights * u.T) @ u, 2))
    for room in (1, 100, 10**6):
        monkeypatch.setattr(edges, "ROOM", room)
        found = edges_lower_bound(points, rho, np.column_stack([i, j]), weights)
        assert expected * (1 - 1e-10) < found < expected * (1 + 1e-14)


@pytest.mark.parametrize("room", [1, 30, 10**6])
def test_distances_some_at_a_time_are_all_of_them(room, monkeypatch):
    monkeypatch.setattr(dual_bound, "ROOM", room)
    X = rng.standard_normal((23, 3))
    both = [np.concatenate(parts) for parts in zip(*dual_bound.distances(X, 2 * X), strict=True)]
    i, j = np.triu_indices(23, 1)
    expected = np.linalg.norm(X[i] - X[j], axis=1)
    np.testing.assert_allclose(both[0], expected, rtol=1e-14)
    np.testing.assert_allclose(both[1], 2 * expected, rtol=1e-14)


def no_lines(neurons, d):
    """A wide network that looks along as many lines as it has neurons."""
    w = rng.standard_normal((neurons, d))
    return ReLUNetwork(1e-30 * w, w, np.zeros(neurons), np.eye(d), np.zeros(d))


def test_networks_too_large_to_be_looked_at_are_undecided_at_once(monkeypatch):
    monkeypatch.setattr(interpolation, "LARGEST", 10_000)
    monkeypatch.setattr("exactnorm.certify.check.LARGEST", 10_000)
    points = rng.standard_normal((100, 2))
    network = no_lines(100, 2)
    with pytest.raises(CertificateUndecided, match="takes too long"):
        check_certificate(Certificate(0.0, 1.0, 0.0, Nothing()), TrainingSet(points, 0.0), network)
    problem = FiniteProblem(points, points**2)
    nothing = Certificate(0.0, 1.0, 0.0, Multipliers(np.zeros((100, 2))))
    with pytest.raises(CertificateUndecided, match="takes too long"):
        check_certificate(nothing, problem, network)


def test_a_jacobian_to_decompose_for_every_ball_ends_undecided_and_a_large_error_is_seen_at_the_first(monkeypatch):
    # Of 300 balls in 300 dimensions each would take an eigenvalue of its own.
    points = 10 * np.eye(300)
    A = rng.standard_normal((300, 300))
    small = ReLUNetwork(np.zeros((0, 300)), np.zeros((0, 300)), np.zeros(0), 1e-12 * A, np.zeros(300))
    train = TrainingSet(points, 0.1)
    certificate = Certificate(0.0, 1.0, 0.0, Nothing())
    decomposed = []
    own = interpolation.sphere_maximum
    monkeypatch.setattr(interpolation, "sphere_maximum", lambda *given: decomposed.append(1) or own(*given))
    start = time.process_time()
    with pytest.raises(CertificateError, match="misses by"):
        check_certificate(certificate, train, small)
    assert len(decomposed) == 1
    assert time.process_time() - start < 20  # a guard against hours, not a measurement
    # An error as large as that is stated: then every ball counts, and each takes a decomposition.
    monkeypatch.setattr(interpolation, "LARGEST", 3 * 300**3)
    monkeypatch.setattr("exactnorm.certify.check.LARGEST", 3 * 300**3)
    V = 0.01 * A / np.linalg.norm(A, 2)
    away = ReLUNetwork(np.zeros((0, 300)), np.zeros((0, 300)), np.zeros(0), V, np.zeros(300))
    with pytest.raises(CertificateUndecided, match="takes too long"):
        check_certificate(Certificate(0.0, 1.0, 20.0, Nothing()), train, away)


def on_a_line(size):
    return (np.arange(size) + np.random.default_rng(0).uniform(-0.2, 0.2, size))[:, None]


@pytest.mark.parametrize("wide", [8, 48, 1024])
@pytest.mark.parametrize("size", [7, 120])
def test_sides_are_the_same_however_many_neurons_are_looked_at_together(size, wide, monkeypatch):
    monkeypatch.setattr(tilts, "WIDE", wide)
    found = min_norm_denoiser(on_a_line(size), 0.0)
    assert local_slope(found.network, found.train) <= 1e-9
    network = found.network
    sides = found.train.points @ network.w.T + network.b > 1e-9
    assert tilts.are_made(network, found.train, np.packbits(sides, axis=1), lambda: None, {})
    balls = TrainingSet(found.train.points, 1e-3)
    for neuron in (0, network.neurons - 1):  # no hyperplane is on at every third of the points
        other = sides.copy()
        other[:, neuron] = np.arange(size) % 3 == 0
        if size == 120:
            with pytest.raises(CertificateUndecided, match="is not found out"):
                tilts.are_made(network, balls, np.packbits(other, axis=1), lambda: None, {})
        else:
            assert not tilts.are_made(network, balls, np.packbits(other, axis=1), lambda: None, {})


@pytest.mark.slow
def test_ten_thousand_points_on_a_line_are_decided_without_balls():
    found = min_norm_denoiser(on_a_line(10_000), 0.0)
    lower, upper, _ = check_certificate(found.certificate, found.train, found.network)
    assert lower == pytest.approx(2 * 9999, rel=1e-9)
    assert upper == pytest.approx(lower, rel=1e-9)
