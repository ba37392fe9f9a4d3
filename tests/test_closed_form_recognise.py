"""The right closed form is found, the bracket holds the optimum, and finite samples are joined at least cost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from exactnorm import TrainingSet, interpolation_error, problems
from exactnorm.closed_form import along_line, bounds, recognise, univariate, univariate_samples
from exactnorm.closed_form.catalogue import FORMS

E = np.array([[1, 0], [-0.5, 3**0.5 / 2], [-0.5, -(3**0.5) / 2]])


@pytest.mark.parametrize(
    ("points", "rho", "name", "minimal"),
    [
        ([[0], [1], [2.5]], 0.1, "univariate", True),
        ([[0, 0], [1, 1], [3, 3]], 0.1, "collinear", True),
        ([[0, 0], [1, 0], [0, 2]], 0.1, "orthogonal", True),
        ([[0, 0], [1, 0], [-0.7, 1]], 0.1, "obtuse_simplex", True),
        ([[0, 0], [1, 0], [-1, 0], [0, 1]], 0.1, "rays", True),
        ([[0, 0], [1, 0], [2, 0], [0, 1]], 0.1, "rays", True),
        (E, 0.5, "equilateral_triangle", True),
        (E, 0.51, "equilateral_triangle", False),
        ([[0, 0], [1, 0], [0.4, 0.9]], 0.1, "one_versus_rest", False),
        ([[0, 0], [1, 0], [0, 1], [1, 1], [0.5, 0.5], [0.4, 0.45]], 0.01, "", False),
    ],
)
def test_geometries_are_told_apart(points, rho, name, minimal):
    found = recognise(points, rho)
    assert (found.name, found.minimal) == (name, minimal)
    assert (found.network is None) == (name == "")
    if found.network is not None:
        assert interpolation_error(found.network, points, rho) < 1e-14
    rng = np.random.default_rng(0)
    moved = np.array(points, float)[::-1] @ np.linalg.qr(rng.standard_normal((7, 7)))[0][: np.shape(points)[1]] + 3
    expected = "collinear" if name == "univariate" else name
    assert (recognise(moved, rho * (1 - 1e-9)).name) == expected


def test_reasons_say_what_failed():
    found = recognise([[0, 0], [1, 0], [0.4, 0.9]], 0.1)
    assert "angle of" in found.reasons["rays"]
    assert "not equilateral" in found.reasons["equilateral_triangle"]
    assert "not 90°" in recognise([[0, 0], [1, 0], [-0.7, 1]], 0.1).reasons["orthogonal"]
    assert "one ray" in recognise([[0, 0], [1, 0], [2, 0], [0, 1]], 0.1).reasons["obtuse_simplex"]
    assert "R/2" in recognise(E, 0.51).reasons["equilateral_triangle"]


def test_every_form_of_the_catalogue_is_recognised_as_the_most_special_one_and_its_bound_is_its_cost():
    examples = {
        "univariate": [[0], [1], [2.5]],
        "collinear": [[0, 0], [1, 1], [3, 3]],
        "orthogonal": [[0, 0], [1, 0], [0, 2]],
        "obtuse_simplex": [[0, 0], [1, 0], [-0.7, 1]],
        "rays": [[0, 0], [1, 0], [2, 0], [0, 1]],
        "equilateral_triangle": E,
        "regular_simplex": np.eye(5),
        "regular_simplex_near_contact": np.eye(4),
        "one_versus_rest": [[0, 0], [1, 0], [0.4, 0.9]],
    }
    forms = {one.name: one for form in FORMS for one in (form, *form.special)}
    assert forms.keys() == examples.keys()
    radii = {name: (0.1, 0.05) for name in examples} | {"regular_simplex_near_contact": (0.55, 0.545)}
    for name, points in examples.items():
        rho, smaller = radii[name]
        found = recognise(points, rho)
        assert found.form is forms[name]
        moved = forms[name].build(points, smaller)
        assert interpolation_error(moved, points, smaller) < 1e-13
        assert moved.representation_cost < found.network.representation_cost
    for general in FORMS:
        for form in (general, *general.special):
            if general.lower_bound is not None:
                points, rho = examples[form.name], radii[form.name][0]
                least = general.lower_bound(TrainingSet(points, rho))
                assert least.value == pytest.approx(recognise(points, rho).network.representation_cost)
                centre = least.evidence.rows[0] if general.name == "rays" else -1
                assert recognise(examples[form.name], 0.1).centre == centre


@pytest.mark.parametrize(
    ("points", "rho", "optimum"),
    [
        ([[0, 0], [1, 0], [0.4, 0.9]], 0.1, (5.1698749, 5.1698750)),
        ([[0, 0], [1, 0], [0.4, 0.9]], 0.4, (35.89736, 35.897362)),
        ([[0, 0], [1, 0], [0.5, 1]], 0.42, (43.40592, 43.405923)),
        (np.eye(5), 0.05, (8.785827, 8.785829)),
        (np.random.default_rng(5).standard_normal((6, 5)), 0.05, (10.022986, 10.022991)),
        ([[0, 0], [1, 0], [0, 2]], 0.1, (4.7222222, 4.7222223)),
    ],
)
def test_the_cheap_bracket_holds_the_optimum(points, rho, optimum):
    found = bounds(points, rho)
    assert found.lower <= optimum[1]
    assert found.upper >= optimum[0]
    assert found.lower > optimum[0] / 12
    assert interpolation_error(found.network, points, rho) < 1e-13
    assert found.network.representation_cost == found.upper


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 12), st.integers(1, 4), st.floats(0, 0.9))
def test_bounds_never_cross(seed, size, dimension, fraction):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((size, dimension)) * 10.0 ** rng.integers(-6, 6)
    distances = np.linalg.norm(points[:, None] - points, axis=-1)
    rho = fraction * distances[distances > 0].min() / 2
    found = bounds(points, rho)
    assert 2 * (1 - 1e-15) <= found.lower <= found.upper  # of two points at rho = 0 it is 2, rounded
    if found.network is not None:
        assert interpolation_error(found.network, points, rho) < 1e-9 * np.abs(points).max()


def test_bounds_agree_on_rays_and_name_their_rows():
    problem = problems.rays()
    found = bounds(problem.train.points, problem.train.rho)
    assert found.lower == pytest.approx(found.upper, rel=1e-12)
    assert found.upper_from == "rays"
    assert sorted(found.subset) == list(range(problem.train.size))


def test_looking_along_one_line_is_what_the_univariate_denoiser_does():
    x = np.array([[0.0], [3], [1], [7]])
    Y = np.linspace(-1, 8, 50)[:, None]
    np.testing.assert_allclose(along_line(x, 0.2)(Y), univariate(x, 0.2)(Y), atol=1e-12)
    with pytest.raises(ValueError, match="overlap"):
        along_line(np.array([[0, 0], [1, 0], [0, 1], [1, 1]]), 0.4)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 4))
def test_samples_are_interpolated_at_the_least_cost(seed, size, per_point):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal(size), rng.standard_normal((size, per_point))
    network = univariate_samples(x, y)
    np.testing.assert_allclose(network(y.reshape(-1, 1))[:, 0], np.repeat(x, per_point), atol=1e-9)
    least = _least_cost(y.ravel(), np.repeat(x, per_point))
    assert network.representation_cost == pytest.approx(least, rel=1e-6, abs=1e-6)


def _least_cost(inputs, outputs):
    """Least Σ|a_k| over networks with kinks on a fine grid and at the inputs, as a linear program."""
    kinks = np.concatenate([inputs, np.linspace(inputs.min() - 1, inputs.max() + 1, 15)])
    ramps = np.maximum(inputs[:, None] - kinks, 0)
    affine = np.column_stack([inputs, -inputs, np.ones_like(inputs), -np.ones_like(inputs)])
    matrix = np.hstack([ramps, -ramps, affine])
    price = np.concatenate([np.ones(2 * len(kinks)), np.zeros(4)])
    return linprog(price, A_eq=matrix, b_eq=outputs, method="highs").fun


def test_separated_samples_cost_what_the_gaps_between_them_say():
    network = univariate_samples([0, 1, 2.5], [[-0.1, 0.1], [1.1, 0.9], [2.6, 2.4]])
    assert network.representation_cost == pytest.approx(univariate([[0], [1], [2.5]], 0.1).representation_cost)
    assert network.V is None


@pytest.mark.parametrize(
    ("points", "samples", "message"),
    [
        ([0, 1], [[0.5, 0.2], [0.5, 1]], "0.5 belongs to two points"),
        ([0, 1], [[0.5, 0.2]], "do not fit"),
        ([0, np.nan], [[0.5], [0.2]], "must be finite"),
    ],
)
def test_samples_that_fit_no_function_are_refused(points, samples, message):
    with pytest.raises(ValueError, match=message):
        univariate_samples(points, samples)
