"""Where slabs are narrow, or missing, a miss of a billionth may be worth any number of times what a network costs."""

from fractions import Fraction

import numpy as np
import pytest
from lattice_networks import bracket, by_coordinates, lattice

from exactnorm import ReLUNetwork, TrainingSet, check_certificate, interpolation_error, min_norm_denoiser
from exactnorm.certify import Certificate, CertificateUndecided, Rays, bound
from exactnorm.certify.balls import correction
from exactnorm.certify.balls.correction import correction_cost
from exactnorm.certify.balls.dual_bound import bound_at, face_bound
from exactnorm.certify.balls.faces import face_peaks
from exactnorm.certify.balls.slabs import basis_of_slabs, slabs_around_each
from exactnorm.certify.balls.spanned import is_basis, slabs_of_network
from exactnorm.certify.effort import Effort
from exactnorm.geometry import affine_hull
from exactnorm.patterns import activation_patterns


def square_and_more(size, off):
    """The corners of a square, one of them a little off it, and points on a ray away from it; and their network."""
    more = np.column_stack([-2.0 - 2.0 * np.arange(size - 4), np.zeros(size - 4)])
    points = np.vstack([[[0, 0], [1, 0], [0, 1], [1 + off, 1]], more])
    return points, lambda rho: by_coordinates(np.append(points[4:, 0], [0, 1]), [0, 1], rho)


@pytest.mark.parametrize("size", [4, 90, 150])
def test_a_set_that_no_network_denoises_has_no_upper_value_however_little_a_network_misses(size):
    points, network = square_and_more(size, 0.0)
    rho = 0.36
    # No corner is told from its two neighbours: each kink has whole rows, or whole columns, on either side, so that
    # the sum of what a network makes of two opposite corners is that of the two others.
    few = activation_patterns(points[:6], rho).astype(int)
    assert (few[:, 0] + few[:, 3] == few[:, 1] + few[:, 2]).all()
    cost = network(rho).representation_cost
    assert bracket(network(rho), points, rho)[1] == pytest.approx(cost, rel=1e-9)
    for off in (1e-10, 1e-9):
        with pytest.raises(CertificateUndecided, match=f"do not tell all {size} apart"):
            bracket(network(rho), square_and_more(size, off)[0], rho)


def test_the_program_states_no_upper_value_of_a_set_that_it_takes_for_one_that_is_denoised():
    points, network = square_and_more(4, 1e-10)
    found = min_norm_denoiser(points, 0.36)
    assert found.certificate.lower == pytest.approx(network(0.36).representation_cost, rel=1e-6)
    assert found.certificate.upper == np.inf
    assert "what it would cost to make up for what the network misses is not known" in found.status


def jump(off, share):
    """A square with one corner off by `off` in both coordinates, and a radius for which only that is cut off from both
    its neighbours, by slabs of a width of 1 − `share` of what it is off; and the least cost.

    Rows and columns cost 4/(1 − 2ρ); what the corner is off costs 2 for each width of the slab.
    """
    points = np.array([[0, 0], [1, 0], [0, 1], [1 + off, 1 + off]])
    rho = (np.sqrt(0.5) + share * off * np.sqrt(2)) / 2
    # The distance of the corner from the line through its neighbours is a sum of floats over √2.
    more = float(Fraction(float(points[3, 0])) + Fraction(float(points[3, 1])) - 1)
    width = float(Fraction(more) - Fraction(2 * rho) * Fraction(np.sqrt(2))) / np.sqrt(2)
    return points, rho, 4 / (1 - 2 * rho) + 2 * np.linalg.norm(points[3] - 1) / width


def test_the_cost_of_a_corner_that_only_narrow_slabs_cut_off_is_that_of_the_program():
    points, rho, least = jump(2e-3, 0.9)
    found = min_norm_denoiser(points, rho, time_limit=60).certificate
    assert found.lower == pytest.approx(least, rel=1e-5)
    assert found.upper == pytest.approx(least, rel=1e-5)


@pytest.mark.parametrize("size", [4, 150, 450])
@pytest.mark.parametrize("shift", [0.0, 2.0**20])
def test_points_may_be_off_by_the_rounding_of_their_coordinates_and_not_by_that_of_all(size, shift):
    points, network = square_and_more(size, 0.0)
    net, rho = network(0.36), 0.36
    there = ReLUNetwork(net.a, net.w, net.b - net.w.sum(axis=1) * shift, None, net.c + shift)
    last = np.spacing(1 + shift)  # not of the points farther out
    for ulps in (0, 1, 20, 200):
        moved = points + shift
        moved[3, 0] += ulps * last
        if ulps <= 1:
            assert bracket(there, moved, rho, 1e-9)[1] == pytest.approx(net.representation_cost, rel=1e-5)
        else:
            with pytest.raises(CertificateUndecided, match="do not tell all"):
                bracket(there, moved, rho, 1e-9)


@pytest.mark.parametrize("away", [1e3, 1e6, 1e8])
def test_a_point_far_away_excuses_nothing_of_others(away):
    """What its coordinates are rounded to is 1e-7 of the others at most, and they have no network then."""
    points = np.array([[0, 0], [1 + 3 * np.finfo(float).eps * away, 0], [0, 1], [1, 1], [-away, 0]])
    with pytest.raises(CertificateUndecided, match="do not tell all 5 apart"):
        bracket(by_coordinates([-away, 0, 1], [0, 1], 0.36), points, 0.36)
    points[1, 0] = 1
    assert bracket(by_coordinates([-away, 0, 1], [0, 1], 0.36), points, 0.36)[1] < 17


@pytest.mark.parametrize("share", [0.9, 0.99])
@pytest.mark.parametrize("hidden", [0.0, 5e6, 1e7])
def test_what_a_constant_hides_is_priced_where_slabs_are_narrow(hidden, share):
    """A neuron without weights costs nothing, and its constant, taken away again, hides ten digits."""
    off = 0.45 * float(np.spacing(1e7))
    points, rho, least = jump(off, share)
    net = by_coordinates([0, 1], [0, 1], rho)
    constant = ReLUNetwork(
        np.vstack([net.a, [[1, 1]]]), np.vstack([net.w, [[0, 0]]]), np.append(net.b, hidden), None, [-hidden] * 2
    )
    assert least > 2.4 * constant.representation_cost
    upper = bracket(constant, points, rho, 1e-8)[1]
    assert least <= upper <= least * (1 + 1e-2)


def test_of_more_points_than_a_basis_is_looked_for_slabs_around_each_price_a_miss(monkeypatch):
    points, rho = np.random.default_rng(0).standard_normal((120, 300)), 0.1
    slabs = slabs_around_each(points, rho, 1.0)
    steps = (points[1:] - points[0]) / (2 * slabs.half)[:, None]
    b = np.concatenate([slabs.half - slabs.middle, -slabs.half - slabs.middle])
    net = ReLUNetwork(np.vstack([steps, -steps]), np.vstack([slabs.w] * 2), b, None, points[0])
    monkeypatch.setattr(correction, "MOST", 119)
    assert bracket(net, points, rho)[1] == pytest.approx(net.representation_cost, rel=1e-9)
    monkeypatch.setattr(correction, "EACH", 120 * 120 * 300 - 1)
    with pytest.raises(CertificateUndecided, match="with 120 points what it would cost"):
        bracket(net, points, rho)


def test_a_bound_of_narrow_slabs_is_supported_in_whatever_coordinates():
    """Dual matrices many times as large as what is left of them on any kink, whose rounding others find otherwise."""
    points, rho, least = jump(1e-6, 0.9)
    scale = np.linalg.norm(points[3])
    X, rho = points / scale, rho / scale
    e, middle = np.full(2, np.sqrt(0.5)), (X[3] + (X[1] + X[2]) / 2) / 2
    N = np.column_stack([np.outer(e, middle), e])
    B = np.array([-N, -N, N])
    few = np.array([[0, 0, 0, 1], [0, 0, 1, 1], [0, 1, 0, 1]], dtype=bool)

    def kappa(X, B):
        return max(one.value.max(initial=0.0) for one in face_peaks(X, rho, few, np.ones(few.shape, bool), B, 0.0))

    B = B / kappa(X, B)
    stated = bound_at(X, B, 1.0)
    # The rounding of entries of 1e7, 1e-9 each, is taken off.
    assert stated == pytest.approx(least - 4 / (1 - 2 * rho * scale), rel=2e-7)
    for angle in np.linspace(0, 3, 20):
        Q = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        turned = np.concatenate([Q @ B[:, :, :2] @ Q.T, Q @ B[:, :, 2:]], axis=2)
        assert face_bound(X @ Q.T, rho, turned, few, None, Effort()) >= stated * (1 - 1e-9)


@pytest.mark.parametrize("share", [1e-7, 1e-9, 1e-12])
@pytest.mark.parametrize(("columns", "rows", "rho"), [(2, 2, 0.45), (3, 4, 0.4), (11, 11, 0.4)])
def test_misses_that_are_sums_of_few_patterns_are_priced_by_their_slabs(columns, rows, rho, share):
    points = lattice(columns, rows)
    net = by_coordinates(np.arange(columns), np.arange(rows), rho)
    frame = affine_hull(points)
    assert not is_basis(
        basis_of_slabs(frame.coordinates(points), rho / frame.scale, frame.axes @ np.eye(2)), len(points)
    )
    less = ReLUNetwork((1 - share) * net.a, net.w, net.b, None, net.c + share * points.mean(axis=0))
    # The first row and the first column are rays at a right angle.
    rays = Rays((0, *range(1, rows), *range(rows, columns * rows, rows)))
    train = TrainingSet(points, rho)
    told = interpolation_error(less, train) + 1e-12
    optimum = bound(rays, train)
    assert optimum == pytest.approx(net.representation_cost, rel=1e-12)
    assert less.representation_cost < optimum * (1 - 0.9 * share)
    upper = check_certificate(Certificate(0.0, np.inf, told, rays), train, less)[1]
    # A billionth of the cost is not added.
    assert optimum * (1 - 1e-9) <= upper <= optimum * (1 + 1e4 * share + 1e-12)


def test_a_pattern_without_a_slab_along_its_neurons_has_one_in_the_middle_of_its_gap():
    """Kinks that touch a corner of a triangle on one side and one more on the other, at the largest tilt."""
    angle = np.pi / 2 + 2 * np.pi / 3 * np.arange(3)
    corners = np.column_stack([np.cos(angle), np.sin(angle)])
    rho = 0.75 - 1e-3  # half of the height of 1.5, nearly
    w, b = [], []
    for n in range(3):
        for m in ((n + 1) % 3, (n + 2) % 3):
            offset = corners[n] - corners[m]
            length = np.linalg.norm(offset)
            along, across = offset / length, np.array([-offset[1], offset[0]]) / length
            third = corners[3 - n - m] - corners[m]
            across *= -np.sign(across @ third)
            w.append(2 * rho / length * along + np.sqrt(1 - (2 * rho / length) ** 2) * across)
            b.append(-w[-1] @ (corners[n] + corners[m]) / 2)
    network = ReLUNetwork(np.ones((6, 2)), w, b, None, np.zeros(2))
    before = corners @ network.w.T + network.b
    assert (np.abs(before) >= rho * (1 - 1e-12)).all()
    train, frame = TrainingSet(corners, rho), affine_hull(corners)
    points = frame.coordinates(corners)
    own = basis_of_slabs(points, rho / frame.scale, network.w @ frame.axes.T)
    assert not is_basis(own, 3)
    packed = np.packbits(before > 0, axis=1)
    found = slabs_of_network(own, network, train, packed, frame, lambda: None)
    assert is_basis(found, 3)
    assert found.half * frame.scale == pytest.approx([1e-3] * 2, rel=1e-9)
    assert correction_cost(network, train, packed) < np.inf


def test_on_a_line_gaps_far_narrower_than_any_slab_price_a_miss():
    gap = 1e-12
    points, rho = np.array([[0.0], [gap], [1.0]]), 0.1e-12
    x = points[:, 0]
    slope = np.diff(x) / (np.diff(x) - 2 * rho)
    b = -np.concatenate([x[:-1] + rho, x[1:] - rho])
    network = ReLUNetwork(np.concatenate([slope, -slope])[:, None], np.ones((4, 1)), b, None, [0.0])
    train = TrainingSet(points, rho)
    sides = points + b > 0
    assert basis_of_slabs(points, rho, np.zeros((0, 1))).half.size == 1
    # The same at every ball: a constant mends it.
    off = ReLUNetwork(network.a, network.w, b, None, [0.1 * gap])
    assert correction_cost(off, train, np.packbits(sides, axis=1)) < 0.1
    less = ReLUNetwork(0.7 * network.a, network.w, b, None, [0.0])
    cost = less.representation_cost + correction_cost(less, train, np.packbits(sides, axis=1))
    # 64 units in the last place of 1 are left out at either end of each gap between balls, 8e-13 here.
    optimum = network.representation_cost
    assert optimum * (1 - 2 * 64 * 2.0**-52 / (gap - 2 * rho)) <= cost <= 1.3 * optimum
