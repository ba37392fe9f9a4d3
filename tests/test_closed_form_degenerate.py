"""Degenerate, nearly degenerate, huge, tiny and far data: an honest answer or a sentence, never a wrong number."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exactnorm import TrainingSet, check_certificate, interpolation_error, min_norm_denoiser, rest_points
from exactnorm.certify.rays import one_sided_rays
from exactnorm.closed_form import bounds, recognise
from exactnorm.closed_form.certified import certified_form

NEARLY = st.sampled_from([0.0, 1e-14, 1e-11, 1e-9, 1e-7, 1e-4])


@st.composite
def awkward_sets(draw):
    """Points in special position but for rounding or more, in any unit, anywhere."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    kind = draw(st.sampled_from(["lattice", "orthogonal", "line", "simplex", "triangle", "flat", "steps"]))
    if kind == "lattice":
        X = rng.integers(-2, 3, (draw(st.integers(2, 7)), draw(st.integers(1, 4)))).astype(float)
    elif kind == "orthogonal":
        d = draw(st.integers(1, 5))
        X = np.vstack([np.zeros(d), np.diag(rng.uniform(0.5, 2, d))])
    elif kind == "line":
        X = rng.standard_normal((draw(st.integers(2, 6)), 1)) @ rng.standard_normal((1, 3))
    elif kind == "simplex":
        X = np.eye(draw(st.integers(2, 5)))
    elif kind == "triangle":
        angles = rng.uniform() + np.array([0, 2, 4]) * np.pi / 3
        X = np.column_stack([np.cos(angles), np.sin(angles)])
    elif kind == "flat":
        X = rng.standard_normal((draw(st.integers(2, 6)), 3)) * [1, 1e-3, 1e-8]
    else:
        X = np.cumsum(10.0 ** rng.uniform(-6, 3, (draw(st.integers(2, 6)), 1)), axis=0) @ rng.standard_normal((1, 2))
    X = X + draw(NEARLY) * rng.standard_normal(X.shape)
    X = X + draw(st.sampled_from([0.0, 1.0, 1e6])) * rng.standard_normal(X.shape[1])
    X = draw(st.sampled_from([1e-30, 1e-8, 1.0, 1e8, 1e30])) * X[rng.permutation(len(X))]
    try:
        separation = TrainingSet(X, 0.0).separation
    except ValueError:  # two points coincide
        X, separation = np.array([[0.0], [1.0]]), 1.0
    return X, draw(st.sampled_from([0.0, 1e-9, 0.1, 0.3, 0.49])) * separation


def rounding(X):
    """What a network with weights of order 1 may lose: digits of the extent, and of the distance from the origin."""
    return 1e-9 * np.abs(X - X.mean(axis=0)).max() + 1e-10 * np.abs(X).max()


@settings(max_examples=120, deadline=None)
@given(awkward_sets())
def test_what_is_recognised_fits_the_balls(data):
    X, rho = data
    found = recognise(X, rho)
    assert (found.network is None) == (found.name == "")
    if found.network is not None:
        error = interpolation_error(found.network, X, rho)
        assert error <= rounding(X) * found.network.representation_cost


@settings(max_examples=120, deadline=None)
@given(awkward_sets())
@example(
    (
        np.array([[-1.000000000865213, -1.999999996677, 2], [2, 0, -2], [2, -2.0000000020199863, -2]]) * 1e-30,
        9.800000008519624e-31,
    )
)
@example((np.array([[3.61595055e-45], [-1e-30], [2e-30], [np.nextafter(-1e-30, 0)], [1e-30]]), 0.0))
def test_brackets_do_not_cross_and_certificates_hold(data):
    X, rho = data
    found = bounds(X, rho)
    assert 2 * (1 - 1e-9) <= found.lower <= found.upper
    train = TrainingSet(X, rho)
    denoiser = certified_form(train)
    if denoiser is not None:
        lower, upper, _ = check_certificate(denoiser.certificate, train, denoiser.network)
        # Below, 2Lε + 2θ(N − 1) for L rays that are 90° apart to ε and straight to θ, 1e-9 both: 6e-8 for seven points.
        # Above, on a set of size D a point may be 1e-9 D off its ray, and a ball reach so far beyond the kinks of other
        # rays. What that makes the network miss, a ramp across what the balls leave of the narrowest gap supplies: at
        # most 2 · 1e-9 D / free a point and once for all kinks, where the cost is 2 at least. The places of kinks are
        # known to some units in the last place of the coordinates, which counts alike.
        free = train.separation - 2 * rho
        off = 1e-9 * (1 + len(X)) * float(np.linalg.norm(np.ptp(X, axis=0)))
        room = max(off, 64 * np.finfo(float).eps * np.abs(X).max()) / free
        assert abs(upper - lower) <= max(1e-7, room) * upper


def test_points_beside_their_rays_are_not_taken_for_points_on_them_where_there_are_no_balls():
    X = 1e-30 * np.array([[-0.999999998, 9.33459131e-10], [-0.999999999, 2.0], [2.0, 2.0], [4.11113083e-10, 2.0]])
    denoiser = certified_form(TrainingSet(X, 0.0))
    if denoiser is not None:
        check_certificate(denoiser.certificate, denoiser.train, denoiser.network)
    assert denoiser is None


@settings(max_examples=60, deadline=None)
@given(awkward_sets())
def test_rest_points_rest(data):
    X, rho = data
    network = recognise(X, rho).network
    if network is None or len(X) > 4:
        return
    points = rest_points(network, X)
    assert points or rho == 0
    for p in points:
        if p.kind != "continuum":  # one of a flat may lie far out, where what it loses is more
            assert np.abs(network(p.position) - p.position).max() <= rounding(X) * network.representation_cost


@pytest.mark.parametrize("h", [1e-5, 2e-7, 5e-8, 1e-8, 1e-10, 1e-11, 1e-13, 1e-15])
@pytest.mark.parametrize("shape", ["corner", "pair", "pair off the plane"])
def test_points_too_near_each_other_get_a_valid_bracket_or_a_sentence(h, shape):
    last = {"corner": [1, h, 0], "pair": [0.4, 0.9 + h, 0], "pair off the plane": [0.4, 0.9 + h, h]}[shape]
    points = [[0, 0, 0], [1, 0, 0], last] if shape == "corner" else [[0, 0, 0], [1, 0, 0], [0.4, 0.9, 0], last]
    least = 4.5 if shape == "corner" else 6.3  # two rays at a right angle; the lower bound at h = 1e-5
    if h < 1e-7:  # of the size, which is 1: the data decide, not the rounding on the way
        with pytest.raises(ValueError, match=r"apart in a set of size .* too near to be told apart"):
            min_norm_denoiser(points, h / 10, method="program")
        return
    bracket = min_norm_denoiser(points, h / 10, method="program").certificate
    assert bracket.lower <= bracket.upper
    assert bracket.upper >= least
    assert bracket.interpolation_error < 1e-6 * h


def test_a_point_beside_its_neighbour_is_not_on_its_ray_however_near():
    with pytest.raises(ValueError, match="the step turns"):
        one_sided_rays(np.array([[0.0, 0.0], [1.0, 0.0], [1.0 + 1e-10, 5e-10]]), 0)
