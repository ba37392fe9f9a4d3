"""Inputs that are nearly equal, or nearly on a line, are neither: what they cost is that of the numbers as they are."""

import numpy as np
import pytest

from exactnorm import FiniteProblem, ReLUNetwork, TrainingSet, check_certificate, min_norm_denoiser, min_norm_network
from exactnorm.certify import Certificate, CertificateError, Multipliers
from exactnorm.certify.finite.bounds import finite_lower_bound, finite_upper_bound, unsure_bound
from exactnorm.certify.finite_certificate import finite_certificate
from exactnorm.exact.deadline import OutOfTimeError
from exactnorm.exact.finite import solve
from exactnorm.finite_problem import coordinates, finite_problem


def linear(slope, start=0.0):
    """The affine network of this slope (d,), which costs nothing."""
    return ReLUNetwork(np.zeros((0, 1)), np.zeros((0, len(slope))), np.zeros(0), [slope], [start])


@pytest.mark.parametrize("dimension", [1, 2])
@pytest.mark.parametrize(("gap", "far"), [(1e-15, 3.0), (2.8e-12, 1e3), (2.8e-9, 1e6), (2.8e-6, 1e9)])
def test_two_near_inputs_with_one_target_ask_for_a_flat_piece_between_them(dimension, gap, far):
    """The slopes are 0, 1, 0 and 1 or so, and their jumps 3; the identity, which misses by `gap`, has none."""
    t = np.array([0.0, gap, 1.0, 1.0 + gap, far])
    inputs, targets = np.column_stack([t, np.zeros((5, dimension - 1))]), np.array([0.0, 0.0, 1.0, 1.0, far])
    slopes = np.diff(targets) / np.diff(t)
    least = np.abs(np.diff(slopes)).sum()
    assert least == pytest.approx(3, rel=1e-5)
    problem = FiniteProblem(inputs, targets)
    upper, _ = finite_upper_bound(problem, linear(np.eye(dimension)[0]))
    assert upper >= least * (1 - 1e-12)
    found = min_norm_network(inputs, targets)
    assert found.certificate.lower <= least * (1 + 1e-9)
    assert least * (1 - 1e-9) <= found.certificate.upper < 1.01 * least
    check_certificate(found.certificate, problem, found.network)


@pytest.mark.parametrize(("size", "share"), [(3, 0.9), (100, 0.5), (10_000, 0.5)])
def test_an_input_that_is_beside_the_line_of_the_others_by_more_than_rounding_has_any_target_for_nothing(size, share):
    """An affine function that is steep enough across the line goes through all targets, but for the last digit of one.

    The rank of many inputs is told from all their coordinates, of which one may be off by hundreds of roundings.
    """
    t, middle = np.linspace(0.0, 1.0, size), size // 2
    off = share * 16 * np.finfo(float).eps * np.sqrt(2 * size)
    inputs, targets = np.column_stack([t, np.zeros(size)]), np.zeros(size)
    inputs[middle, 1], targets[middle] = off, 1.0
    problem = FiniteProblem(inputs, targets)
    assert len(coordinates(problem).hull.axes) == 1
    free = linear([0.0, 1 / off])
    np.testing.assert_allclose(free(inputs)[:, 0], targets, rtol=1e-15)
    hat = np.zeros((size, 1))
    hat[middle - 1 : middle + 2, 0] = [-1, 2, -1]
    multipliers = hat[problem.distinct[0]]
    assert finite_lower_bound(problem, multipliers) == 0
    with pytest.raises(CertificateError, match=r"supports only \[0.0"):
        check_certificate(Certificate(1.9 * (size - 1), np.inf, 1.0, Multipliers(multipliers)), problem, free)
    # Without a skip connection nothing is free, and an input a hair beside its place costs a hair less.
    plain = FiniteProblem(inputs, targets, skip=False)
    assert finite_lower_bound(plain, multipliers) == pytest.approx(2 * (size - 1), rel=1e-3)


@pytest.mark.parametrize("far", [1e3, 1e6, 1e8])
def test_an_input_far_away_excuses_nothing_of_others(far):
    off = np.finfo(float).eps * far
    problem = FiniteProblem([[0.0, 0.0], [1.0, off], [2.0, 0.0], [far, 0.0]], [0.0, 1.0, 0.0, 0.0])
    assert len(coordinates(problem).hull.axes) == 1
    np.testing.assert_allclose(linear([0.0, 1 / off])(problem.inputs), problem.targets, rtol=1e-15)
    hat = np.array([[-1.0], [2.0], [-1.0], [0.0]])
    assert finite_lower_bound(problem, hat) == 0
    on_the_line = FiniteProblem(problem.inputs * [1.0, 0.0], problem.targets)
    assert finite_lower_bound(on_the_line, hat) == pytest.approx(2, rel=1e-6)


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize(("dimension", "size", "off"), [(2, 40, 0), (5, 8, 1e3), (30, 6, 0), (30, 6, 1e6)])
def test_inputs_that_were_meant_to_lie_in_a_flat_are_taken_to_be_in_it(rank, dimension, size, off):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        axes = np.linalg.qr(rng.standard_normal((dimension, min(rank, dimension - 1))))[0]
        inputs = rng.standard_normal((size, axes.shape[1])) @ axes.T + off * rng.standard_normal(dimension)
        data = coordinates(FiniteProblem(inputs, rng.standard_normal(size)))
        assert (data.hull.rank, data.in_hull) == (axes.shape[1], True)


def test_a_bound_that_is_not_recomputed_for_want_of_time_is_stated_with_room_for_its_rounding(monkeypatch):
    """Three samples in a billionth of the size: multipliers are so large that two computations may differ by 1e-5."""

    def late(*arguments, **options):
        if "check" in options:
            raise OutOfTimeError(0.4)
        return finite_certificate(*arguments, **options)

    points = np.array([[-0.3050, 1.4499], [-1.2440, 0.0532], [1.4999, -1.1682], [0.8106, 1.8989]])
    differ = 0
    for seed in range(8):
        noise = 4e-12 * np.random.default_rng(seed).standard_normal((4, 3, 2))
        train = TrainingSet.from_samples(points, points[:, None] + noise)
        monkeypatch.setattr(solve, "finite_certificate", late)
        found = min_norm_denoiser(train, time_limit=1.0)
        again = check_certificate(found.certificate, train, found.network)[0]
        values = found.certificate.evidence.values
        assert again >= found.certificate.lower > 0.3 * again
        seen = found.certificate.lower + unsure_bound(finite_problem(train), values)
        differ += abs(seen / finite_lower_bound(finite_problem(train), values) - 1) > 1e-8
    assert differ


def test_a_weight_decay_that_vanishes_in_the_unit_of_the_data_bounds_nothing():
    inputs, targets = 1e120 * np.array([[0.0], [1.0], [2.0]]), 1e120 * np.array([0.0, 1.0, 0.0])
    problem = FiniteProblem(inputs, targets, weight_decay=1e-100)
    assert coordinates(problem).decay == 0
    assert finite_lower_bound(problem, np.array([[-1.0], [2.0], [-1.0]])) == 0


@pytest.mark.parametrize("decay", [None, 1e-12])
@pytest.mark.parametrize("steep", [1e8, 1e10])
def test_targets_that_are_steep_along_one_coordinate_lend_no_last_digits_to_another(steep, decay):
    """A zigzag of 1e-6 of the targets along the first coordinate; what they are along the second costs nothing."""
    t, u = np.tile([1.0, 2.0, 3.0, 4.0], 2), np.repeat([0.0, 1e3], 4)
    zigzag = 300 * np.finfo(float).eps * steep * np.tile([0.0, 1.0], 4)
    problem = FiniteProblem(np.column_stack([t, u / steep]), u + zigzag, weight_decay=decay)
    plain = min_norm_network(np.column_stack([t, u]), zigzag, weight_decay=decay).certificate
    assert plain.lower > 0
    affine = linear([0.0, steep], zigzag[1] / 2)
    assert finite_upper_bound(problem, affine)[0] >= plain.lower * (1 - 1e-6)
    found = min_norm_network(problem.inputs, problem.targets, weight_decay=decay)
    assert found.certificate.upper >= plain.lower * (1 - 1e-6)


@pytest.mark.parametrize("copies", [500, 5000])
def test_a_line_in_thousands_of_dimensions_is_a_line_whatever_its_axes_are_rounded_to(copies):
    """Two inputs are near each other, so that the cost, of the interpolant along the line, is large."""
    rng = np.random.default_rng(0)
    t = np.sort(np.append(rng.random(5), 0.5 + np.array([0.0, 1e-8])))
    targets = rng.standard_normal(7)
    least = np.abs(np.diff(np.diff(targets) / np.diff(t))).sum() / np.sqrt(copies)
    found = min_norm_network(np.repeat(t[:, None], copies, axis=1), targets)
    assert coordinates(found.problem).in_hull
    # The axis itself is known to a hundred units in the last place, and inputs count as beside it by that.
    assert (1 - 5e-5) * least < found.certificate.lower <= least * (1 + 1e-7)
    assert found.certificate.upper == pytest.approx(least, rel=1e-6)
