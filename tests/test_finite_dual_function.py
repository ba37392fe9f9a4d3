"""The list of directions that bounds rest on holds a maximiser: against grids, local searches and degenerate data."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exactnorm import FiniteProblem
from exactnorm.certify.finite.bounds import largest_dual_value, projected
from exactnorm.certify.finite.dual_function import dual_values, maximisers
from exactnorm.finite_problem import coordinates

pytestmark = pytest.mark.usefixtures("alone")  # memory is measured


def climbed(G, multipliers, rng, starts=40):
    """The largest value that a random local search finds; never more than the maximum."""
    best = 0.0
    for _ in range(starts):
        w = rng.standard_normal(G.shape[1])
        w /= np.linalg.norm(w)
        value = dual_values(G, multipliers, w[None])[0]
        for step in np.geomspace(1, 1e-4, 30):
            trials = w + step * rng.standard_normal((20, G.shape[1]))
            trials /= np.linalg.norm(trials, axis=1)[:, None]
            values = dual_values(G, multipliers, trials)
            if values.max() > value:
                w, value = trials[values.argmax()], values.max()
        best = max(best, value)
    return best


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 4), q=st.integers(1, 3), whole=st.booleans())
def test_no_local_search_finds_a_larger_value(seed, n, q, whole):
    rng = np.random.default_rng(seed)
    G = rng.standard_normal((6, n))
    if whole:
        G = np.round(G)  # parallel, equal, opposite and zero vectors
    multipliers = rng.standard_normal((6, q))
    largest = dual_values(G, multipliers, maximisers(G, multipliers)).max()
    found = climbed(G, multipliers, rng, starts=8)
    assert found <= largest * (1 + 1e-12)
    assert found >= 0.9 * largest  # otherwise the comparison says little


@pytest.mark.parametrize("q", [1, 2])
def test_in_the_plane_the_maximum_is_that_of_a_fine_grid(q):
    rng = np.random.default_rng(q)
    G, multipliers = rng.standard_normal((15, 2)), rng.standard_normal((15, q))
    angles = np.linspace(0, 2 * np.pi, 100_001)
    grid = dual_values(G, multipliers, np.column_stack([np.cos(angles), np.sin(angles)])).max()
    largest = dual_values(G, multipliers, maximisers(G, multipliers)).max()
    assert grid <= largest * (1 + 1e-12)
    assert largest == pytest.approx(grid, rel=1e-7)


def test_a_maximum_inside_a_cell_of_the_sphere_is_found():
    # All g_m are on near e_3, where the function is ‖B w‖ with B = Σ λ_m g_mᵀ = diag(0, 0, 4): the peak is e_3 itself.
    G = np.array([[0.1, 0, 1], [-0.1, 0, 1], [0, 0.1, 1], [0, -0.1, 1]])
    multipliers = np.tile([[0.0, 0.0, 1.0]], (4, 1))
    w = maximisers(G, multipliers)
    values = dual_values(G, multipliers, w)
    assert values.max() == pytest.approx(4.0, rel=1e-14)
    assert np.abs(w[values.argmax()]) == pytest.approx([0, 0, 1], abs=1e-7)


def test_without_vectors_there_is_still_a_direction():
    for n in (1, 2, 3):
        w = maximisers(np.zeros((4, n)), np.ones((4, 2)))
        assert np.linalg.norm(w, axis=1) == pytest.approx(1)


@pytest.mark.parametrize("seed", range(40))
def test_with_penalised_biases_the_largest_value_of_any_cell_is_found(seed):
    """Inside a cell it is the largest singular value of Σ λ_m (y_m, 1)ᵀ over what is on; by going through all cells."""
    rng = np.random.default_rng(seed)
    data = coordinates(FiniteProblem(rng.standard_normal((7, 2)), rng.standard_normal((7, 2)), False, True))
    multipliers = rng.standard_normal(data.targets.shape)
    z = rng.standard_normal((20_000, 3))
    cells = np.unique(z @ data.features.T > 0, axis=0)
    assert 36 < len(cells) <= 2 * (1 + 6 + 15)  # of seven planes through the origin, some thin (Cover)
    inside = [0.0]
    for on in cells:
        _, value, top = np.linalg.svd(multipliers[on].T @ data.features[on])
        inside += [value[0] for v in (top[0], -top[0]) if ((data.features @ v > 0) == on).all()]
    angle = np.linspace(0, 2 * np.pi, 4000)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    on_planes = [circle @ np.linalg.svd(one[None])[2][1:] for one in data.features]
    reached = max([dual_values(data.features, multipliers, np.vstack(on_planes)).max(), *inside])
    largest = largest_dual_value(data, multipliers)
    assert reached * (1 - 1e-12) <= largest <= reached * (1 + 1e-5)  # of angles on planes


def test_memory_for_cells_of_many_planes_is_that_of_bits():
    """A hundred thousand cells, each found next to several planes, for a problem of ten kilobytes."""
    rng = np.random.default_rng(0)
    data = coordinates(FiniteProblem(rng.standard_normal((300, 2)), rng.standard_normal(300), False, True))
    multipliers = projected(data, rng.standard_normal(data.targets.shape))
    tracemalloc.start()
    try:
        largest = largest_dual_value(data, multipliers)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64e6
    tried = rng.standard_normal((3, 20_000))
    assert dual_values(data.features, multipliers, (tried / np.linalg.norm(tried, axis=0)).T).max() <= largest
