"""First roots of polynomials, and bounds on how far a contracting region can carry a trajectory."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import polynomial as poly
from scipy.linalg import expm

from exactnorm.flow.score.region import displacement, stable_part, taylor_terms
from exactnorm.flow.score.roots import first_contact

inside = st.floats(0.02, 0.98)


def padded(roots, factor=1.0):
    coefficients = factor * poly.polyfromroots(roots)
    return np.pad(coefficients, (0, 19 - len(coefficients)))


@settings(max_examples=150, deadline=None)
@given(
    real=st.lists(inside, min_size=1, max_size=4),
    outside=st.lists(st.floats(1.1, 3.0), max_size=2),
    sign=st.sampled_from([-1.0, 1.0]),
)
def test_the_smallest_root_is_found_single_double_or_in_clusters(real, outside, sign):
    powers = padded([*real, *outside], sign)
    noise = 1e-15 * np.abs(powers).sum()
    x = first_contact(powers[None], np.array([noise]), np.array([0]))[0]
    # A root of multiplicity p moves by noise^(1/p): what must hold is that the value is noise, and none came before.
    assert abs(poly.polyval(x, powers)) <= 10 * noise
    before = np.linspace(0, x, 400)[:-1]
    values = sign * np.sign(poly.polyval(0.0, powers)) * sign * poly.polyval(before, powers)
    assert np.all(values > -10 * noise)


@settings(max_examples=100, deadline=None)
@given(centre=inside, gap=st.floats(1e-5, 0.5), outside=st.lists(st.floats(1.5, 3.0), max_size=3))
def test_near_misses_are_no_contact_and_near_touches_are(centre, gap, outside):
    # With the other roots at 1.5 and more, a gap of 1e-5 leaves a depth of 1e-11, and rounding is below 1e-12.
    miss = padded([centre + 1j * gap, centre - 1j * gap, *outside]).real
    noise = 1e-15 * np.abs(miss).sum()
    found = first_contact(miss[None], np.array([noise]), np.array([0]))[0]
    assert found == np.inf
    touch = padded([centre, centre, *outside])
    found = first_contact(touch[None], np.array([noise]), np.array([0]))[0]
    # Where (x − centre)² times the curvature is below the noise, nothing tells x from the centre.
    curvature = abs(poly.polyval(centre, poly.polyder(touch, 2))) / 2
    assert abs(found - centre) < 3 * np.sqrt(noise / curvature)


def test_two_crossings_a_millionth_apart_are_not_passed_over():
    powers = np.vstack([padded([0.4, 0.4 + 1e-6]), padded([0.7])])
    x = first_contact(powers, np.full(2, 1e-16), np.array([0, 1]))
    assert abs(x[0] - 0.4) < 1e-9
    assert abs(x[1] - 0.7) < 1e-14


def test_of_one_owner_only_the_first_contact_is_sought():
    powers = np.vstack([padded([0.6]), padded([0.3]), padded([0.5])])
    x = first_contact(powers, np.full(3, 1e-16), np.array([0, 0, 1]))
    assert x[:2].min() == x[1]
    assert abs(x[1] - 0.3) < 1e-14
    assert abs(x[2] - 0.5) < 1e-14


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    step=st.sampled_from([1e-9, 0.3, 2.0, 30.0]),
    kind=st.sampled_from(["any", "nilpotent", "zero"]),
)
def test_displacement_is_the_integral_of_the_exponential(seed, step, kind):
    rng = np.random.default_rng(seed)
    A = {
        "any": rng.standard_normal((3, 3)) - np.eye(3),
        "nilpotent": np.triu(np.ones((3, 3)), 1),
        "zero": np.zeros((3, 3)),
    }[kind]
    f = rng.standard_normal(3)
    generator = np.zeros((4, 4))
    generator[:3, :3], generator[:3, 3] = A, f
    expected = expm(step * generator)[:3, 3]
    found = displacement(A[None], f[None], np.array([step]))[0]
    assert np.abs(found - expected).max() <= 1e-11 * (np.abs(expected).max() + step)
    if step * np.linalg.norm(A, 2) <= 1:
        terms = taylor_terms(A[None], f[None], np.array([step]))[:, 0].sum(axis=0)
        assert np.abs(terms - expected).max() <= 1e-14 * step * 10


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), shift=st.sampled_from([-4.0, -1.0, 0.0]))
def test_no_trajectory_travels_further_than_the_bound(seed, shift):
    rng = np.random.default_rng(seed)
    A, w = rng.standard_normal((4, 4)) + shift * np.eye(4), rng.standard_normal((5, 4))
    stable = stable_part(A, w)
    f = rng.standard_normal((1, 4)) @ stable.basis @ stable.basis.T
    assert stable.residual(f)[0] < 1e-12
    if not stable.A.size:
        return
    bound = stable.travel(f)[0]
    s = np.geomspace(1e-3, 300, 60)
    way = displacement(np.broadcast_to(stable.A, (60, *stable.A.shape)), np.repeat(f @ stable.basis, 60, axis=0), s)
    assert np.all(np.abs(way @ (w @ stable.basis).T) <= bound * (1 + 1e-9) + 1e-12)
    limit = stable.to_rest(f)[0]
    assert np.abs(A @ limit + f[0]).max() < 1e-9 * max(1.0, np.abs(limit).max())
