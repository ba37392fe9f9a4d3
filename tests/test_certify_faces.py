"""The maximum of the dual function by faces, against search from below and semidefinite bounds from above."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from altered import altered, face_by_face
from hypothesis import given, settings
from hypothesis import strategies as st

from exactnorm import TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import CertificateError, bound
from exactnorm.certify.balls.faces import face_peaks, largest_dual_value
from exactnorm.certify.balls.sphere import Sphere
from exactnorm.exact.balls.cells import whole_cells
from exactnorm.exact.balls.deciding import deciding_balls
from exactnorm.exact.balls.kinks import dual_values, pattern_kinks
from exactnorm.exact.balls.look import look
from exactnorm.exact.balls.master import bends, tangent, touched_balls
from exactnorm.exact.balls.pricing import price
from exactnorm.exact.balls.problem import InfeasibleProblem, reduced
from exactnorm.exact.settings import Settings, Solver


def sought(problem, pattern, B, rng):
    """The largest ‖B_s z‖ that a random search with shrinking steps finds."""
    w = rng.standard_normal((2000, problem.rank))
    best, width = 0.0, 0.2
    for _ in range(40):
        w /= np.linalg.norm(w, axis=1)[:, None]
        kinks = pattern_kinks(w, pattern, problem.points, problem.rho)
        if not len(kinks):
            return best
        values = dual_values(kinks, B)
        best = max(best, values.max())
        top = kinks.w[np.argsort(-values)[:20]]
        w = np.vstack([top, (top[:, None] + width * rng.standard_normal((1, 20, problem.rank))).reshape(-1, len(w[0]))])
        width *= 0.75
    return best


def compared(points, rho, seed):
    """For random B and each pattern: what a search finds, the maximum by faces, and the semidefinite bound."""
    rng = np.random.default_rng(seed)
    problem = reduced(TrainingSet(points, rho))
    B = rng.standard_normal((len(points) - 1, problem.rank, problem.rank + 1))
    if seed % 2:
        B[:, :, rng.integers(problem.rank)] = 0.0  # flat directions
    for cell in whole_cells(problem.patterns, problem.rank)[:6]:
        pattern = cell.pattern[None]
        faces = largest_dual_value(problem.points, problem.rho, pattern, B, 1e-6)
        yield (
            sought(problem, cell.pattern, B, rng),
            faces,
            price(cell, problem.points, problem.rho, B, Solver()).kappa,
        )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", [(4, 2), (5, 3), (7, 3), (6, 4)])
def test_the_maximum_lies_between_what_is_found_and_what_is_proved(shape, seed):
    points = np.random.default_rng(seed).standard_normal(shape)
    closest = min(np.linalg.norm(p - q) for k, p in enumerate(points) for q in points[:k])
    tight = 0
    for low, middle, high in compared(points, 0.1 * closest * (seed % 3), seed):
        assert low <= middle * (1 + 1e-9)
        assert middle <= high * (1 + 1e-9) + 0.1 * (high <= 0.1)  # the bound is not sought below a floor
        tight += int(middle - low < 1e-3 * middle)
    assert tight  # the search does find the maximum now and then, or it would say little


@given(
    st.lists(st.tuples(*[st.integers(-2, 2)] * 3), min_size=3, max_size=6, unique=True),
    st.sampled_from([0.0, 0.05, 0.3, 0.49]),
    st.integers(0, 2**16),
)
@settings(max_examples=25, deadline=None)
def test_the_maximum_is_right_on_degenerate_data(points, rho, seed):
    try:
        for low, middle, high in compared(np.array(points, dtype=float), rho, seed):
            assert low <= middle * (1 + 1e-9)
            assert middle <= high * (1 + 1e-9) + 0.1 * (high <= 0.1)
    except InfeasibleProblem:
        pass


@pytest.mark.parametrize(
    ("A", "q"),
    [
        ([[2.0, 0], [0, 1]], [0.3, 0.2]),
        ([[2.0, 0], [0, 1]], [0.3, 0.0]),
        ([[2.0, 0], [0, 1]], [0.0, 0.2]),  # the hard case: the largest eigenvector does not see q
        ([[2.0, 0], [0, 1]], [0.0, 0.0]),
        ([[1.0, 0], [0, 1]], [0.5, 0.0]),
        ([[1.0, 1e-12], [0, 0]], [0.4, 0.0]),
        ([[1.0, 0], [1e-21, 0]], [-0.1, 0.3]),
    ],
)
def test_both_local_maxima_on_a_circle(A, q):
    A, q = np.array(A), np.array(q)
    angle = np.linspace(0, 2 * np.pi, 200_001)[:-1]
    v = np.column_stack([np.cos(angle), np.sin(angle)])
    value = np.linalg.norm(q + v @ A.T, axis=1)
    sphere = Sphere(A[None], q[None], np.ones(1))
    rows = np.zeros(1, dtype=int)
    top, at = sphere.maximum(rows)
    assert top[0] == pytest.approx(value.max(), abs=1e-9)
    assert np.linalg.norm(q + A @ at[0]) == pytest.approx(top[0], abs=1e-12)
    peak = (value > np.roll(value, 1) + 1e-15) & (value >= np.roll(value, -1))
    others = v[peak & (np.abs(v - at[0]).max(axis=1) > 1e-3)]
    found = sphere.other_maximum(rows)[0]
    for other in others:
        assert np.abs(found - other).max() < 1e-4


@pytest.mark.parametrize("size", [0.0, 1e-9, 1e-3, 0.1, 0.5])
def test_ascent_from_anywhere_ends_at_one_of_the_two_maxima(size):
    rng = np.random.default_rng(3)
    A, q = rng.standard_normal((30, 5, 4)), size * rng.standard_normal((30, 5))
    sphere = Sphere(A, q, np.ones(30))
    rows = np.arange(30)
    top, other = sphere.maximum(rows)[1], sphere.other_maximum(rows)
    v = rng.standard_normal((40, 30, 4))
    for _ in range(3000):  # v along the gradient, which never lowers a convex function on the sphere
        v = np.einsum("fim,sfi->sfm", A, q + np.einsum("fim,sfm->sfi", A, v))
        v /= np.linalg.norm(v, axis=2)[:, :, None]
    # A local maximum is a value: where q vanishes its place is one of two opposite ones.
    values = [np.linalg.norm(q + np.einsum("fim,...fm->...fi", A, at), axis=-1) for at in (v, top, other)]
    reached = np.isclose(values[0], values[1], atol=1e-7) | np.isclose(values[0], values[2], atol=1e-7)
    assert reached.all()
    ended = np.abs(v - other).max(axis=2).min(axis=0) < 1e-3
    assert ended.sum() == np.isfinite(other).all(axis=1).sum() > 3  # and there is none that does not exist


def test_a_second_maximum_about_to_vanish_is_found():
    # On the circle the other maximum of ‖q + diag(2, 1) v‖ along the first axis exists while 2 q_1 < 3.
    for q, there in ((1.5 - 1e-6, True), (1.5 - 1e-12, True), (1.5 + 1e-6, False)):
        sphere = Sphere(np.diag([2.0, 1.0])[None], np.array([[q, 0.0]]), np.ones(1))
        found = sphere.other_maximum(np.zeros(1, dtype=int))[0]
        assert np.isfinite(found).all() == there
        if there:
            np.testing.assert_allclose(found, [-1.0, 0.0], atol=1e-5)


def test_a_sphere_of_no_size_is_its_one_point():
    sphere = Sphere(np.ones((1, 2, 2)), np.array([[3.0, 4.0]]), np.zeros(1))
    top, at = sphere.maximum(np.zeros(1, dtype=int))
    assert top[0] == pytest.approx(5.0)
    np.testing.assert_array_equal(at, np.zeros((1, 2)))


def test_every_peak_is_reported_where_the_dual_touches_its_bound():
    train = TrainingSet(np.vstack([np.zeros(4), np.eye(4)]), 0.05)
    problem = reduced(train)
    denoiser = min_norm_denoiser(train, method="program")
    B = denoiser.certificate.evidence.B
    settings = Settings()
    peaks = look(problem, deciding_balls(problem), B, 1 - 1e-5, settings, every=True).peaks
    neurons = denoiser.network.w @ denoiser.certificate.evidence.frame.axes.T
    neurons /= np.linalg.norm(neurons, axis=1)[:, None]
    for w in neurons:
        assert np.abs(peaks.w - w).max(axis=1).min() < 1e-3


def test_the_curvature_of_a_peak_is_its_second_derivative():
    problem = reduced(TrainingSet(np.random.default_rng(3).standard_normal((5, 3)), 0.1))
    rng = np.random.default_rng(0)
    B = rng.standard_normal((4, 3, 4))
    settings = Settings()
    rows = deciding_balls(problem)
    seen = look(problem, rows, B, 0.5, settings)
    each = [seen.peaks[np.array([k])] for k in range(len(seen.peaks))]
    hessians = [
        tangent(problem, peak, B[peak.pattern[0, 1:]].sum(axis=0), touched_balls(problem, peak))[2] for peak in each
    ]
    free = [k for k, bend in enumerate(hessians) if bend.size and np.linalg.eigvalsh(bend).min() > 0.1]
    assert len(free) >= 3
    for k in free[:5]:
        peak = seen.peaks[np.array([k])]
        direction = rng.standard_normal(B.shape)
        step = 1e-3

        def largest(t, peak=peak, direction=direction):
            near = look(problem, rows, B + t * direction, 0.5, settings)
            same = (near.peaks.pattern == peak.pattern).all(axis=1)
            at = np.argmin(np.abs(near.peaks.z[same] - peak.z).max(axis=1))
            return near.value[same][at]

        fixed = [float(dual_values(peak, B + t * direction)[0]) for t in (-step, 0.0, step)]
        moving = [largest(t) for t in (-step, 0.0, step)]
        second = [(f[0] - 2 * f[1] + f[2]) / step**2 for f in (fixed, moving)]
        rise = bends(problem, peak, B).L[0] @ problem.tree.along(direction).ravel()
        assert rise @ rise == pytest.approx(second[1] - second[0], rel=2e-2, abs=1e-3)


def test_an_executor_finds_the_same_peaks():
    problem = reduced(TrainingSet(np.random.default_rng(4).standard_normal((7, 6)), 0.05))
    B = np.random.default_rng(5).standard_normal((6, 6, 7))
    rows = deciding_balls(problem)
    alone = look(problem, rows, B, 0.5, Settings())
    with ThreadPoolExecutor(2) as pool:
        shared = look(problem, rows, B, 0.5, Settings(executor=pool))
    assert len(problem.patterns) > 32  # more than one task
    assert shared.kappa == alone.kappa
    np.testing.assert_array_equal(np.sort(shared.value), np.sort(alone.value))


def test_a_certificate_without_multipliers_is_recomputed_face_by_face():
    train = TrainingSet([[0, 0], [1, 0], [0.4, 0.9]], 0.1)
    solved = min_norm_denoiser(train)
    bare = altered(face_by_face(solved.certificate), lower=solved.certificate.lower * (1 - 1e-9))
    lower, upper, _ = check_certificate(bare, train, solved.network)
    assert upper * (1 - 1e-6) <= lower <= upper
    assert bound(bare.evidence, train) == pytest.approx(lower, rel=1e-9)  # without a claim, all faces
    B = bare.evidence.B
    # A larger B promises more than its dual function allows.
    with pytest.raises(CertificateError, match="supports only"):
        check_certificate(altered(bare, B=B * 1.1, lower=upper * 1.05, upper=upper * 1.05), train, solved.network)
    bent = B.copy()
    bent[0, 0, 0] += 0.3
    with pytest.raises(CertificateError, match="supports only"):
        check_certificate(altered(bare, B=bent), train, solved.network)


def test_peaks_come_with_their_values():
    problem = reduced(TrainingSet(np.random.default_rng(8).standard_normal((5, 4)), 0.1))
    B = np.random.default_rng(9).standard_normal((4, 4, 5))
    for found in face_peaks(problem.points, problem.rho, problem.patterns, deciding_balls(problem), B, 0.1):
        on = problem.patterns[found.pattern][:, 1:]
        z = np.column_stack([found.w, found.b])
        values = np.linalg.norm(np.einsum("kn,nij,kj->ki", on * 1.0, B, z), axis=1)
        np.testing.assert_allclose(found.value, values, rtol=1e-9)
