"""The interior point method over peaks of the dual function: what it follows, how that bends, and where it ends."""

import time
from dataclasses import replace

import numpy as np
import pytest

from exactnorm import TrainingSet, min_norm_denoiser
from exactnorm.certify.balls.faces import largest_dual_value
from exactnorm.exact.balls import interior, living, loop
from exactnorm.exact.balls.bent import bent
from exactnorm.exact.balls.bracket import dual_value
from exactnorm.exact.balls.climb import climbing
from exactnorm.exact.balls.deciding import deciding_balls
from exactnorm.exact.balls.finish import interpolating
from exactnorm.exact.balls.first import first_bracket
from exactnorm.exact.balls.joint import path
from exactnorm.exact.balls.lineage import lineage
from exactnorm.exact.balls.look import look
from exactnorm.exact.balls.polish import residual
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.balls.solve import started
from exactnorm.exact.balls.tracked import everywhere, followed, independent, placed
from exactnorm.exact.balls.trail import begun, gone_back, sums
from exactnorm.exact.deadline import Deadline, OutOfTimeError
from exactnorm.exact.settings import Settings, Solver
from exactnorm.geometry import affine_hull

SIX = TrainingSet(np.random.default_rng(5).standard_normal((6, 5)), 0.05)
OPTIMUM = 10.0229867
"""From the loop without any interior point method, on which the certificate's faces and multipliers agree."""
FLOOR = 0.8


def unwatched():
    pass


@pytest.fixture(scope="module")
def whole():
    """The problem, B of whole patterns, its peaks, the cost of a network, settings."""
    settings = Settings(1e-6, Solver(), Deadline(None))
    problem = reduced(SIX)
    best, _ = started(problem, first_bracket(SIX, affine_hull(SIX.points), settings), settings)
    B = next(point.B for point in path(problem, best.upper, Deadline(None)) if point.ahead < 1e-2 * best.upper)
    seen = look(problem, deciding_balls(problem), B, FLOOR, settings)
    return problem, B, placed(problem, seen.peaks, seen.value), best.upper, settings


def test_peaks_of_a_look_are_followed_to_themselves(whole):
    problem, B, peaks, _, _ = whole
    found = followed(problem, B, peaks, FLOOR, unwatched)
    assert len(found) == len(peaks) > 50
    assert np.sort(found.value) == pytest.approx(np.sort(peaks.value), rel=1e-12)


def test_what_is_followed_is_a_maximum_of_its_face(whole):
    """By kinks near it that touch the same balls and miss the others."""
    problem, B, peaks, _, _ = whole
    found = followed(problem, 1.02 * B, peaks, FLOOR, unwatched)
    rng = np.random.default_rng(0)
    kinks, Bs, tried = found.kinks(problem), sums(problem, 1.02 * B)[found.of], 0
    for k in range(len(found)):
        balls = np.flatnonzero(found.touched[k])
        fixed = np.linalg.qr((problem.points[balls[1:]] - problem.points[balls[0]]).T)[0]
        w = np.tile(kinks.w[k], (40, 1))
        along = w - w @ fixed @ fixed.T
        radius = np.linalg.norm(along, axis=1)[:, None]
        step = rng.standard_normal(w.shape)
        moved = along + 1e-3 * (step - step @ fixed @ fixed.T)
        w = w - along + radius * moved / np.linalg.norm(moved, axis=1)[:, None]
        sign = np.where(kinks.pattern[k], 1.0, -1.0)
        b = sign[balls[0]] * problem.rho - w @ problem.points[balls[0]]
        misses = (sign * (w @ problem.points.T + b[:, None]) >= problem.rho * (1 - 1e-9)).all(axis=1)
        value = np.linalg.norm(np.column_stack([w, b]) @ Bs[k].T, axis=1)
        assert (value[misses] <= found.value[k] * (1 + 1e-9)).all()
        tried += int(misses.sum())
    assert tried > 2000


def test_derivatives_of_peaks_agree_with_differences(whole):
    """φ(B + t D) by following the peak, to third order in t."""
    problem, B, peaks, _, _ = whole
    D = np.random.default_rng(1).standard_normal(B.shape)
    D *= np.linalg.norm(B) / np.linalg.norm(D)
    start = followed(problem, B, peaks, FLOOR, unwatched)
    one, change = bent(problem, sums(problem, B), start), sums(problem, D)[start.of]
    slope, second = (one.slope * change).sum(axis=(1, 2)), one.second(change)
    compared = 0
    for t in (1e-4, -1e-4):
        moved = followed(problem, B + t * D, start, FLOOR, unwatched)
        # Peaks that stay on their face, alone.
        line = lineage(moved, start)
        once = line.old & (np.bincount(line.heir, minlength=len(moved) + 1)[:-1] == 1)
        same = once & (moved.touched == start.touched[line.origin]).all(axis=1)
        k = line.origin[same]
        expected = start.value[k] ** 2 + t * slope[k] + t**2 * second[k]
        off = np.abs(moved.value[same] ** 2 - expected)
        # A flat peak moves far; its third order is large.
        assert np.median(off) < 2e-3 * t**2 * np.median(np.abs(second))
        compared += int(same.sum())
    assert compared > 100


def climbed(problem, B, peaks, upper):
    at = None
    for at in climbing(problem, begun(B, peaks), upper, lambda *_: peaks[:0], FLOOR, unwatched):
        if at.within and at.products < 1e-7 and at.off < 1e-4:
            break
    return at


def test_it_ends_at_the_optimum_with_a_network_that_interpolates(whole):
    problem, B, peaks, upper, _ = whole
    at = climbed(problem, B, peaks, upper)
    kappa = largest_dual_value(problem.points, problem.rho, problem.patterns, at.B, 0.5)
    assert dual_value(problem, at.B) / max(1.0, kappa) == pytest.approx(OPTIMUM, rel=1e-6)
    network = at.neurons(problem, upper)
    assert np.linalg.norm(residual(problem.points, network.kinks, network.a)) < 1e-3
    assert network.cost == pytest.approx(OPTIMUM, rel=1e-4)
    assert OPTIMUM * (1 - 1e-7) < interpolating(problem, network).cost < OPTIMUM * (1 + 1e-3)


def test_peaks_that_are_found_late_and_too_high_come_down(whole):
    """It starts with three of four peaks, and is told of all of them after three steps."""
    problem, B, peaks, upper, settings = whole
    rows = deciding_balls(problem)
    told = []

    def ways(count, B):
        if count < 3:
            return peaks[:0]
        seen = look(problem, rows, B, FLOOR, settings)
        told.append(seen.kappa)
        return placed(problem, seen.peaks, seen.value)

    most = peaks[np.arange(len(peaks)) % 4 > 0]
    for at in climbing(problem, begun(B, most), upper, ways, FLOOR, unwatched):
        if at.within and at.products < 1e-7 and at.off < 1e-4:
            break
    assert max(told) > 1.0001
    assert look(problem, rows, at.B, FLOOR, settings).kappa < 1
    assert dual_value(problem, at.B) == pytest.approx(OPTIMUM, rel=1e-6)


def test_it_goes_back_to_the_last_point_where_missed_peaks_are_below_1(whole):
    """B grows through 1; the highest peaks grow with it, unseen."""
    problem, B, peaks, _, _ = whole
    trail = []
    for size in (0.9, 0.97, 1.05):
        there = followed(problem, size / peaks.value.max() * B, peaks, 0.5, unwatched)
        high = there.value > 0.95 * size
        trail.append(begun(size / peaks.value.max() * B, there[~high]))
    late = there[high]
    assert late.value.max() == pytest.approx(1.05)
    at, left = gone_back(problem, trail, late, 0.5, unwatched)
    assert left == trail[:2]
    assert at.B is trail[1].B
    assert at.peaks.value.max() == pytest.approx(0.97)


def test_it_stays_where_missed_peaks_are_above_1_by_next_to_nothing(whole):
    problem, B, peaks, _, _ = whole
    there = followed(problem, (1 + 1e-5) / peaks.value.max() * B, peaks, 0.5, unwatched)
    here = begun((1 + 1e-5) / peaks.value.max() * B, there[there.value < 0.95])
    trail = [replace(here, B=0.9 * here.B), here]
    at, left = gone_back(problem, trail, there, 0.5, unwatched)
    assert left == trail
    assert at.peaks.value.max() == pytest.approx(1 + 1e-5)


def test_ways_from_everywhere_find_most_of_the_peaks(whole):
    problem, B, peaks, _, _ = whole
    found = followed(problem, B, everywhere(problem, deciding_balls(problem)), FLOOR, unwatched)
    assert len(found) > 0.6 * len(peaks)
    assert found.value.max() == pytest.approx(peaks.value.max(), rel=1e-9)


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_the_highest_peaks_of_another_b_are_reached_from_these(whole, share):
    """Also where kinks have to leave balls on the way."""
    problem, B, peaks, _, settings = whole
    D = np.random.default_rng(1).standard_normal(B.shape)
    other = B + share * np.linalg.norm(B) / np.linalg.norm(D) * D
    seen = look(problem, deciding_balls(problem), other, 0.5, settings)
    found = followed(problem, other, peaks, 0.5, unwatched)
    assert found.value.max() == pytest.approx(seen.kappa, rel=1e-12)


def test_multipliers_and_faces_of_the_rest_find_the_same_maximum(whole, monkeypatch):
    problem, B, _, _, settings = whole
    rows = deciding_balls(problem)
    for factor in (1.0, 1.05):
        plain = look(problem, rows, factor * B, 0.85, settings)
        monkeypatch.setattr(interior, "MANY", 0)
        sealed = interior.Search(problem, rows, everywhere(problem, rows), settings).sealed(factor * B)
        monkeypatch.undo()
        # Bounds are not sought below what is enough.
        assert plain.kappa * (1 - 1e-12) <= sealed.kappa <= max(plain.kappa, 1 + settings.tol / 8) * (1 + 1e-9)


def test_where_faces_are_too_many_to_be_looked_at_it_ends_at_the_optimum_all_the_same(monkeypatch):
    monkeypatch.setattr(living, "FROM", 5)
    monkeypatch.setattr(living, "FACES", 10)
    monkeypatch.setattr(interior, "MANY", 10)
    found = min_norm_denoiser(SIX).certificate
    assert found.gap <= 1e-6
    assert found.lower - 1e-7 < OPTIMUM < found.upper + 1e-7


def test_a_look_is_foretold_by_the_patterns_that_it_goes_through(whole, monkeypatch):
    problem, _, peaks, _, _ = whole
    high = peaks[peaks.value == peaks.value.max()][:1]
    high = replace(high, value=np.ones(1))
    every = interior.sealing(problem, high)
    assert every == interior.sealing(problem, high[:0])
    monkeypatch.setattr(interior, "MANY", 10)
    assert interior.sealing(problem, high) == pytest.approx(every / len(problem.patterns))


def of_six(whole):
    """What `climbed` is given, but for the settings."""
    problem, B, _, _, settings = whole
    best, _ = started(problem, first_bracket(SIX, affine_hull(SIX.points), settings), settings)
    return problem, deciding_balls(problem), replace(best, B=B)


def test_without_time_for_a_look_at_all_faces_there_are_networks_all_the_same(whole, monkeypatch):
    monkeypatch.setattr(interior, "MANY", 10)
    monkeypatch.setattr(interior, "FACE_SECONDS", 1e9)
    monkeypatch.setattr(interior.Search, "sealed", lambda *_: pytest.fail("it has no time for this"))
    found = [one for one, _ in interior.climbed(*of_six(whole), Settings(1e-6, Solver(), Deadline(60.0)))]
    assert OPTIMUM * (1 - 1e-7) < found[-1].upper < OPTIMUM * (1 + 1e-6)
    assert found[-1].lower == 0


def test_time_for_a_look_at_all_faces_is_kept(whole, monkeypatch):
    """Steps that lead nowhere take all the time there is, but for that of the look."""
    kept, left = 1.0, []

    def nowhere(_, start, *__):
        while True:
            time.sleep(0.1)
            yield start

    def sealed(search, _):
        left.append(search.settings.deadline.remaining)
        raise OutOfTimeError

    monkeypatch.setattr(interior, "climbing", nowhere)
    monkeypatch.setattr(interior, "PATIENCE", 1000)
    monkeypatch.setattr(interior, "sealing", lambda *_: kept)
    monkeypatch.setattr(interior.Search, "sealed", sealed)
    with pytest.raises(OutOfTimeError):
        list(interior.climbed(*of_six(whole), Settings(1e-6, Solver(), Deadline(4.0))))
    assert kept / interior.ONE < left[0] < kept + 1.0


def test_rows_in_another_order_end_at_one_optimum():
    order = [3, 1, 0, 5, 2, 4]
    found = min_norm_denoiser(SIX.points[order], SIX.rho).certificate
    assert found.gap <= 1e-6
    assert found.lower - 1e-7 < OPTIMUM < found.upper + 1e-7


def test_ctrl_c_in_the_middle_leaves_the_best_bracket(monkeypatch):
    original = interior.climbing

    def stopped(*arguments):
        steps = original(*arguments)
        for _ in range(6):
            yield next(steps)
        raise KeyboardInterrupt

    monkeypatch.setattr(interior, "climbing", stopped)
    found = min_norm_denoiser(SIX)
    assert "interrupted" in found.status
    assert 0.98 * OPTIMUM < found.certificate.lower < OPTIMUM < found.certificate.upper < 1.01 * OPTIMUM


def test_balls_that_say_where_others_are_touched_are_independent():
    """Of the octahedron's corners, of which four lie in a plane and three kinds of three on a line through none."""
    corners = np.vstack([np.eye(3), -np.eye(3)])
    problem = reduced(TrainingSet(corners, 0.1))
    touched = np.array([[1, 1, 0, 1, 1, 0], [1, 1, 1, 1, 1, 1], [1, 0, 0, 1, 0, 0], [1, 1, 1, 0, 0, 0]], dtype=bool)
    for before, after in zip(touched, independent(problem, touched), strict=True):
        assert not (after & ~before).any()
        flat = problem.points[before] - problem.points[before][0]
        kept = problem.points[after] - problem.points[after][0]
        size = min(np.linalg.matrix_rank(flat), 2)  # a sphere of kinks touches three balls at most here
        assert after.sum() == size + 1
        assert np.linalg.matrix_rank(kept) == size


def test_without_a_radius_the_loop_goes_without_the_climb(monkeypatch):
    monkeypatch.setattr(loop, "climbed", lambda *_: pytest.fail("peaks were followed at rho = 0"))
    found = min_norm_denoiser(SIX.points, 0.0).certificate
    assert found.gap <= 1e-6
