"""Array-likes and float32 are accepted everywhere, results never alias inputs, and inputs are left as they were."""

import numpy as np
import pytest

import exactnorm
from exactnorm import baselines, closed_form

POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
STARTS = np.array([[0.25, 0.5], [0.75, 1.5]])


class Frame:
    """What pandas and its like offer: a table that can be read as an array."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)

    def __len__(self):
        return len(self.values)


FORMS = {
    "lists": lambda values: values.tolist(),
    "float32": lambda values: values.astype(np.float32),
    "a data frame": Frame,
    "Fortran order": np.asfortranarray,
    "a reversed view": lambda values: values[::-1][::-1],
}
CALLS = {
    "min_norm_denoiser": lambda points, starts: exactnorm.min_norm_denoiser(points, 0.125)(starts),
    "orthogonal": lambda points, starts: closed_form.orthogonal(points, 0.125)(starts),
    "score_flow": lambda points, starts: (
        exactnorm.score_flow(closed_form.orthogonal(points, 0.125), starts, 2.0).endpoint
    ),
    "probability_flow": lambda points, starts: (
        exactnorm.probability_flow(
            lambda rho: closed_form.orthogonal(POINTS, rho), starts, "edm", alpha=0.125, T=1.0, train=points
        ).endpoint
    ),
    "bounds": lambda points, _: exactnorm.bounds(points, 0.125).network.a,
    "endpoints": lambda points, starts: exactnorm.endpoints(starts, points).distance,
    "empirical MMSE": lambda points, starts: baselines.EmpiricalMMSE(points)(starts, 0.5),
    "interpolation_error": lambda points, _: np.array(
        [exactnorm.interpolation_error(closed_form.rays(points, 0.125), points, 0.125)]
    ),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_any_array_like_gives_what_the_same_float64_array_gives(call, form):
    # All coordinates are exact in single precision, so that nothing is lost on the way in.
    expected = call(POINTS.copy(), STARTS.copy())
    assert np.allclose(call(form(POINTS), form(STARTS)), expected, rtol=0, atol=1e-15, equal_nan=True)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_inputs_are_left_as_they_were_and_results_share_no_memory_with_them(call):
    points, starts = POINTS.copy(), STARTS.copy()
    result = call(points, starts)
    assert np.array_equal(points, POINTS)
    assert np.array_equal(starts, STARTS)
    assert not np.shares_memory(result, points)
    assert not np.shares_memory(result, starts)


def test_a_training_set_and_a_network_keep_copies():
    points = POINTS.copy()
    train = exactnorm.TrainingSet(points, 0.125)
    network = exactnorm.ReLUNetwork(points, points, np.zeros(3), None, points[0])
    points[:] = 7.0
    assert np.array_equal(train.points, POINTS)
    assert np.array_equal(network.a, POINTS)
    with pytest.raises(ValueError, match="read-only"):
        train.points[0, 0] = 1.0
