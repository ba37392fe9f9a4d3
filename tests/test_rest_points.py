"""Every rest point is found once, with its stability and its name."""

from collections import Counter
from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from exactnorm import ReLUNetwork, min_norm_denoiser
from exactnorm.closed_form import equilateral_triangle, obtuse_simplex, orthogonal, rays, univariate
from exactnorm.flow.rest.arrangement import all_sides, arrangement, count_regions, reduced_network
from exactnorm.flow.rest.rest_points import rest_points


def by_linear_programs(network):
    """Rest points by trying every combination of active neurons, with a linear program to see if it occurs."""
    found = []
    for active in product([False, True], repeat=network.neurons):
        on, sign = np.array(active), np.where(active, 1.0, -1.0)
        rows = np.column_stack([-sign[:, None] * network.w, np.ones(len(sign))])
        box = [(-1e3, 1e3)] * network.dimension + [(None, 1.0)]
        best = linprog([0.0] * network.dimension + [-1.0], rows, sign * network.b, bounds=box)
        if best.status != 0 or best.x[-1] <= 1e-9:
            continue
        D = network.a[on].T @ network.w[on] + (0 if network.V is None else network.V)
        y = np.linalg.solve(np.eye(network.dimension) - D, network.c + network.b[on] @ network.a[on])
        if (sign * (network.w @ y + network.b)).min() >= 0:
            found.append(y)
    return found


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 5), st.booleans(), st.booleans())
def test_enumeration_agrees_with_linear_programs(seed, dimension, neurons, skip, repeated):
    rng = np.random.default_rng(seed)
    a, w = rng.standard_normal((2, neurons, dimension))
    if repeated and neurons > 1:  # parallel kinks, one of them seen from the other side
        w[-1] = -2 * w[0]
    V = 0.3 * rng.standard_normal((dimension, dimension)) if skip else None
    network = ReLUNetwork(3 * a, w, rng.standard_normal(neurons), V, rng.standard_normal(dimension))
    expected, points = by_linear_programs(network), rest_points(network)
    assert len(points) == len(expected)
    for y in expected:
        assert min(np.abs(p.position - y).max() for p in points) < 1e-7 * (1 + np.abs(y).max())
    for p in points:
        np.testing.assert_allclose(network(p.position), p.position, atol=1e-8 * (1 + np.abs(p.position).max()))
        whole = np.linalg.eigvals(network.jacobian(p.position)).real.max()
        assert p.stable == (max(whole, 0) < 1)


@pytest.mark.parametrize(("kinks", "dimension"), [(6, 1), (7, 2), (6, 3), (5, 5)])
def test_general_kinks_make_as_many_regions_as_they_should(kinks, dimension):
    rng = np.random.default_rng(kinks)
    a = np.vstack([np.eye(dimension)] * kinks)[:kinks]
    network = ReLUNetwork(a, rng.standard_normal((kinks, dimension)), rng.standard_normal(kinks), None, 0 * a[0])
    between = arrangement(reduced_network(network))
    expected = sum(comb(kinks, i) for i in range(dimension + 1))
    assert len(all_sides(between)) == expected == count_regions(between)


@pytest.mark.parametrize("size", [2, 3, 4, 6])
def test_an_orthogonal_set_has_three_to_the_rays_rest_points(size):
    rng = np.random.default_rng(size)
    frame = np.linalg.qr(rng.standard_normal((size + 2, size + 2)))[0][: size - 1]
    offsets = rng.uniform(1, 2, (size - 1, 1)) * frame
    X = 5 + np.vstack([0 * offsets[:1], offsets])[rng.permutation(size)]
    points = rest_points(orthogonal(X, 0.1), X)
    assert len(points) == 3 ** (size - 1)
    stable = [p for p in points if p.stable]
    assert Counter(p.kind for p in stable) == Counter(
        {"training point": size, "virtual training point": 2 ** (size - 1) - size}
    )
    centre = int(np.argmin(((X - 5) ** 2).sum(axis=1)))
    sums = {p.members: p.position for p in stable if p.kind == "virtual training point"}
    others = [n for n in range(size) if n != centre]
    assert set(sums) == {rows for k in range(2, size) for rows in combinations(others, k)}
    for members, position in sums.items():
        np.testing.assert_allclose(position, X[centre] + (X[list(members)] - X[centre]).sum(axis=0), atol=1e-9)


def test_one_coordinate_halfway_makes_a_rest_point_unstable_at_its_own_rate():
    X, rho = np.array([[0.0, 0], [1, 0], [0, 2]]), 0.1
    rates = sorted(max(p.eigenvalues.real) for p in rest_points(orthogonal(X, rho), X) if p.stable is False)
    first, second = 1 / (1 - 2 * rho), 2 / (2 - 2 * rho)
    np.testing.assert_allclose(rates, [second, second, first, first, first], rtol=1e-12)


def test_the_rest_points_of_an_equilateral_triangle():
    R, rho = 1.0, 0.2
    X = R * np.array([[1, 0], [-0.5, 3**0.5 / 2], [-0.5, -(3**0.5) / 2]])
    points = rest_points(equilateral_triangle(X, rho), X)
    assert [sorted(p.members for p in points if p.stable)] == [[(0,), (1,), (2,)]]
    unstable = np.array([p.position for p in points if not p.stable])
    assert len(unstable) == 4
    for middle in ([0, 0], *(-X / 2)):
        assert np.abs(unstable - middle).max(axis=1).min() < 1e-12
    growth = [p.eigenvalues.real.max() - 1 for p in points if not p.stable]
    np.testing.assert_allclose(growth, 4 * rho / (3 * R - 4 * rho), rtol=1e-12)


def test_what_is_found_near_candidates_is_part_of_what_there_is():
    rng = np.random.default_rng(3)
    X = np.vstack([np.zeros(3), np.eye(3)])
    network = obtuse_simplex(X, 0.2)
    everything = rest_points(network, X)
    found = rest_points(network, X, candidates=rng.uniform(-1, 2, (400, 3)))
    assert len(found) == len(everything) == 27
    few = rest_points(network, X, candidates=[[0.9, 1.1, 0.0]])
    assert [(p.kind, p.members, p.stable) for p in few] == [("virtual training point", (1, 2), True)]


def test_too_many_regions_are_refused_with_their_number():
    X = np.vstack([np.zeros(30), np.eye(30)])
    network = orthogonal(X, 0.1)
    with pytest.raises(ValueError, match=rf"{3**30} regions.*candidates="):
        rest_points(network, X)
    found = rest_points(network, X, candidates=[X[1] + X[2] + X[3]])
    assert [(p.members, p.stable) for p in found] == [((1, 2, 3), True)]


def test_neutral_points_and_flats_are_called_what_they_are():
    x = [[0.0], [1.0]]
    points = rest_points(univariate(x, 0.0), x)  # the identity on [0, 1]
    assert {p.kind for p in points} >= {"continuum"}
    assert all(p.stable is None for p in points)
    identity = rest_points(ReLUNetwork(np.zeros((0, 2)), np.zeros((0, 2)), [], np.eye(2), [0, 0]))
    assert [p.kind for p in identity] == ["continuum"]
    shifted = rest_points(ReLUNetwork(np.zeros((0, 2)), np.zeros((0, 2)), [], np.eye(2), [1, 0]))
    assert shifted == []
    # h = [y]_+ / 2 + … rests exactly on its kink.
    on_kink = rest_points(ReLUNetwork([[0.5]], [[1.0]], [0.0], None, [0.0]))
    assert [(p.kind, p.stable) for p in on_kink] == [("other", None)]


def nearly_singular(rng, least):
    """A network and a point that it leaves at rest, where I − Dh has the smallest singular value `least`."""
    d, neurons = int(rng.integers(1, 4)), int(rng.integers(1, 5))
    a, w = rng.standard_normal((2, neurons, d))
    b, y = rng.standard_normal(neurons), rng.standard_normal(d)
    on = w @ y + b > 0
    D = a[on].T @ w[on]
    u, s, vt = np.linalg.svd(np.eye(d) - rng.standard_normal((d, d)))
    V = np.eye(d) - (u * np.append(s[:-1], least)) @ vt - D
    return ReLUNetwork(a, w, b, V, y - V @ y - D @ y - b[on] @ a[on]), y


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.floats(-16.0, -5.0))
@example(54977, -13.5)  # both ends of a flat that is 1,500 long
def test_next_to_a_singular_region_everything_found_is_at_rest_and_the_rest_point_is_found(seed, exponent):
    network, y = nearly_singular(np.random.default_rng(seed), 10.0**exponent)
    points = rest_points(network)
    reach = max(float(np.abs(p.position).max()) for p in points) if points else 0.0
    for p in points:
        size = np.abs(p.position).max() + np.abs(network.b).max() + np.abs(network.c).max() + np.abs(network.a).max()
        least = np.linalg.svd(np.eye(network.dimension) - network.jacobian(p.position), compute_uv=False)[-1]
        # A flat is one but for rounding: what it moves grows along it.
        flat = p.kind == "continuum"
        allowed = 1e-13 * size**2 + least * reach if flat else 1e-13 * size**2 / np.clip(least, 1e-16, 1.0)
        assert np.abs(network(p.position) - p.position).max() <= allowed
        # A flat may end at a kink, and then only the Jacobian on one side of it is singular.
        beside = network.jacobian(p.position + 1e-9 * size * np.vstack([np.eye(len(y)), -np.eye(len(y))]))
        singular = np.linalg.svd(np.eye(len(y)) - beside, compute_uv=False)[:, -1].min() < 1e-12 * size**2
        assert p.kind == "other" or singular
    if exponent > -10 and np.abs(network.w @ y + network.b).min() > 1e-2:
        nearest = min(points, key=lambda p: np.abs(p.position - y).max())
        assert nearest.kind == "other"
        assert np.abs(nearest.position - y).max() < 1e-12 / 10.0**exponent


@pytest.mark.parametrize(("gap", "kind"), [(0.0, "continuum"), (1e-10, "other"), (-1e-10, "other")])
def test_a_flat_is_one_only_if_singular_to_rounding(gap, kind):
    # h = (1 − gap)·y + gap in the first coordinate: at rest everywhere, or at 1 only.
    network = ReLUNetwork(np.zeros((0, 2)), np.zeros((0, 2)), [], np.diag([1 - gap, 0.5]), [gap, 0.5])
    (point,) = rest_points(network)
    assert point.kind == kind
    assert point.stable is None
    np.testing.assert_allclose(point.position[1], 1.0)
    if kind == "other":
        np.testing.assert_allclose(point.position[0], 1.0, atol=1e-5)


def test_units_do_not_matter():
    X = np.array([[0.0, 0, 0], [1, 0, 0], [2.2, 0, 0], [0, 1.5, 0]])
    names = Counter((p.kind, p.members, p.stable) for p in rest_points(rays(X, 0.1), X))
    assert names[("virtual training point", (2, 3), True)] == 1
    for scale in (1e-8, 1e8):
        again = rest_points(rays(scale * X, scale * 0.1), scale * X)
        assert Counter((p.kind, p.members, p.stable) for p in again) == names


def test_a_constant_network_has_one_rest_point_and_it_is_stable():
    none = np.zeros((0, 2))
    for network in (
        ReLUNetwork(none, none, [], None, [1.0, 2.0]),
        ReLUNetwork(none, none, [], np.zeros((2, 2)), [1.0, 2.0]),
        ReLUNetwork(np.zeros((1, 2)), [[1.0, 1.0]], [0.5], None, [1.0, 2.0]),
        ReLUNetwork([[1.0, 0.0]], np.zeros((1, 2)), [0.5], None, [0.5, 2.0]),
    ):
        for points in (rest_points(network), rest_points(network, candidates=[[7.0, 7.0]])):
            assert [(p.position.tolist(), p.stable) for p in points] == [([1.0, 2.0], True)]
    assert [p.kind for p in rest_points(ReLUNetwork(none, none, [], None, [1.0, 2.0]), [[0, 0], [1, 2]])] == [
        "training point"
    ]


def test_the_ends_of_a_segment_of_rest_points_belong_to_the_continuum():
    # h = (clip(y_1, 0, 1), 3): at rest from (0, 3) to (1, 3), and nowhere else.
    network = ReLUNetwork([[1.0, 0], [-1, 0]], [[1.0, 0], [1, 0]], [0.0, -1.0], None, [0.0, 3.0])
    for points in (rest_points(network), rest_points(network, candidates=[[-2.0, 0], [2, 0], [0.5, 3]])):
        found = sorted(p.position.tolist() for p in points)
        np.testing.assert_allclose(found, [[0, 3], [0.5, 3], [1, 3]], atol=1e-9)
        assert {(p.kind, p.stable) for p in points} == {("continuum", None)}
    # h = 2 [y]_+ … rests on its kink at 0, and h = −y beyond it only there: no flat ends at 0.
    for slope in (2.0, -1.0, 0.5):
        (alone,) = rest_points(ReLUNetwork([[slope]], [[1.0]], [0.0], None, [0.0]))
        assert (alone.kind, alone.stable) == ("other", None)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(0, 3), st.booleans())
def test_whatever_neurons_make_a_network_constant_it_rests_at_its_value_and_is_stable_there(seed, d, K, inward):
    rng = np.random.default_rng(seed)
    a, w, b, c = (rng.standard_normal(shape) for shape in ((K, d), (K, d), K, d))
    network = ReLUNetwork(0 * a, w, b, None, c) if inward else ReLUNetwork(a, 0 * w, b, None, c)
    (only,) = rest_points(network)
    np.testing.assert_allclose(only.position, network(rng.standard_normal(d)), rtol=0, atol=1e-12)
    assert only.stable is True


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.1, 10.0), st.integers(2, 3))
def test_the_ends_of_any_segment_of_rest_points_belong_to_the_continuum(seed, length, d):
    # h = x + clip(e·(y − x), 0, length) e: at rest from x to x + length e, and nowhere else.
    rng = np.random.default_rng(seed)
    e, x = np.linalg.qr(rng.standard_normal((d, d)))[0][0], rng.standard_normal(d)
    network = ReLUNetwork(np.array([e, -e]), np.array([e, e]), [-e @ x, -e @ x - length], None, x)
    points = rest_points(network)
    along = sorted(float(e @ (p.position - x)) for p in points)
    assert {(p.kind, p.stable) for p in points} == {("continuum", None)}
    np.testing.assert_allclose([along[0], along[-1]], [0.0, length], atol=1e-8)


def test_a_denoiser_brings_its_points_and_a_network_alone_is_searched_without():
    X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.4]])
    denoiser = min_norm_denoiser(X, 0.1)
    named = rest_points(denoiser)
    for same in (rest_points(denoiser.network, X), rest_points(denoiser.network, denoiser.train)):
        assert [(p.kind, p.members) for p in same] == [(p.kind, p.members) for p in named]
    assert [p.members for p in named if p.kind == "virtual training point"] == [(1, 2)]
    alone = rest_points(denoiser.network)
    assert {p.kind for p in alone} == {"other"}
    np.testing.assert_array_equal([p.position for p in alone], [p.position for p in named])
    with pytest.raises(TypeError, match="is no denoiser: give a ReLUNetwork"):
        rest_points(X)
