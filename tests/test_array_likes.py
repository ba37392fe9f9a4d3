"""Array-likes and float32 are accepted everywhere, results never alias inputs, and inputs are left as they were."""

import copy
import pickle
from collections.abc import Iterator, Mapping

import numpy as np
import pytest

import exactnorm
from exactnorm import baselines, closed_form, interop
from exactnorm.finite_problem import FiniteProblem

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
    "a data frame with nullable columns": lambda values: Frame(values.astype(object)),
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


@pytest.mark.parametrize("entry", [None, "1.5", 1j])
def test_objects_that_are_no_real_numbers_are_refused(entry):
    with pytest.raises(ValueError, match="give real numbers"):
        exactnorm.TrainingSet(np.array([[0.0, 0.0], [1.0, entry]], dtype=object), 0.125)


LINE = np.array([[0.0], [1.0], [2.5]])
FULL = {"a": POINTS, "w": POINTS, "b": np.arange(3.0), "V": np.eye(2), "c": np.ones(2)}


def vertex_path(rho):
    return closed_form.orthogonal(POINTS, rho)


# Every public way in that takes arrays: name → (function, arrays).
DOORS = {
    "TrainingSet": (exactnorm.TrainingSet, [POINTS]),
    "TrainingSet.from_samples": (
        lambda X, Y: exactnorm.TrainingSet.from_samples(X, [Y, Y + 1, Y + 2]), [POINTS, STARTS],
    ),
    "FiniteProblem": (exactnorm.FiniteProblem, [POINTS, POINTS]),
    "ReLUNetwork": (exactnorm.ReLUNetwork, list(FULL.values())),
    "ReLUNetwork()": (exactnorm.ReLUNetwork(**FULL), [STARTS]),
    "ReLUNetwork.jacobian": (exactnorm.ReLUNetwork(**FULL).jacobian, [STARTS]),
    "activation_patterns": (lambda X: exactnorm.patterns.activation_patterns(X, 0.125), [POINTS]),
    "min_norm_denoiser": (lambda X: exactnorm.min_norm_denoiser(X, 0.125), [POINTS]),
    "min_norm_denoiser, program": (lambda X: exactnorm.min_norm_denoiser(X, 0.125, method="program"), [POINTS]),
    "min_norm_denoiser()": (exactnorm.min_norm_denoiser(POINTS, 0.125), [STARTS]),
    "min_norm_denoiser().score": (lambda Y: exactnorm.min_norm_denoiser(POINTS, 0.125).score(Y, 0.5), [STARTS]),
    "min_norm_network": (exactnorm.min_norm_network, [POINTS, POINTS]),
    "max_radius": (exactnorm.max_radius, [POINTS]),
    "bounds": (lambda X: exactnorm.bounds(X, 0.125), [POINTS]),
    "recognise": (lambda X: closed_form.recognise(X, 0.125), [POINTS]),
    "interpolation_error": (lambda X: exactnorm.interpolation_error(vertex_path(0.125), X, 0.125), [POINTS]),
    "compare": (
        lambda Y: exactnorm.compare(vertex_path(0.125), exactnorm.min_norm_denoiser(POINTS, 0.125), starts=Y), [STARTS],
    ),
    "rest_points": (lambda X, Y: exactnorm.rest_points(vertex_path(0.125), X, candidates=Y), [POINTS, STARTS]),
    "score_flow": (
        lambda Y, u: exactnorm.score_flow(vertex_path(0.125), Y, np.inf, times=u), [STARTS, np.array([0.0, 1.0])],
    ),
    "score_flow, no time": (lambda Y: exactnorm.score_flow(vertex_path(0.125), Y, 1e-300), [STARTS]),
    "score_flow, ivp": (lambda Y: exactnorm.score_flow(vertex_path(0.125), Y, 1.0, method="ivp"), [STARTS]),
    "probability_flow": (
        lambda X, Y, s: exactnorm.probability_flow(vertex_path, Y, "ve", alpha=0.125, T=1.0, train=X, sigmas=s),
        [POINTS, STARTS, np.array([1.0, 0.5])],
    ),
    "probability_flow, stand-in": (
        lambda X, Y: exactnorm.probability_flow(
            vertex_path, Y, "ve", alpha=0.125, T=32.0, train=X, high_noise="empirical-mmse"
        ),
        [POINTS, STARTS],
    ),
    "sample": (lambda Y, s: exactnorm.flow.sample(vertex_path, Y, s, alpha=0.125), [STARTS, np.array([1.0, 0.5])]),
    "DenoiserPath": (exactnorm.DenoiserPath, [POINTS, np.array([0.0625, 0.125])]),
    "endpoints": (exactnorm.endpoints, [STARTS, POINTS]),
    "basins": (lambda Y: exactnorm.flow.basins(vertex_path(0.125), Y), [STARTS]),
    "orthogonal_lines": (exactnorm.flow.orthogonal_lines, [POINTS]),
    "schedule_from_arrays": (exactnorm.flow.schedule_from_arrays, [np.arange(3.0), np.arange(3.0), np.ones(3)]),
    "schedule_of": (exactnorm.flow.schedule_of, [np.array([[0.0, 1.0], [0.0, 2.0]])]),
    "closed_score_flow": (lambda X, Y: exactnorm.flow.closed_score_flow(X, 0.125, Y, 0.0), [POINTS, STARTS]),
    "closed_probability_flow": (
        lambda X, Y: exactnorm.flow.closed_probability_flow(X, 0.125, Y, 1.0, 1.0), [POINTS, STARTS],
    ),
    "band_exit_time": (lambda X, Y: exactnorm.flow.band_exit_time(X, 0.125, Y), [POINTS, STARTS]),
    "box_time": (lambda X, Y: exactnorm.flow.box_time(X, Y, 0.1), [POINTS, STARTS]),
    "vertex_radius": (exactnorm.flow.vertex_radius, [POINTS, STARTS]),
    "univariate": (lambda X: closed_form.univariate(X, 0.125), [LINE]),
    "univariate_samples": (closed_form.univariate_samples, [LINE[:2], np.array([[0.0, 0.1], [1.0, 1.1]])]),
    "collinear": (lambda X: closed_form.collinear(X, 0.125), [LINE @ np.ones((1, 2))]),
    "rays": (lambda X: closed_form.rays(X, 0.125), [POINTS]),
    "orthogonal": (lambda X: closed_form.orthogonal(X, 0.125), [POINTS]),
    "obtuse_simplex": (lambda X: closed_form.obtuse_simplex(X, 0.125), [POINTS - [[0, 0], [1.5, 0], [0, 0]]]),
    "equilateral_triangle": (
        lambda X: closed_form.equilateral_triangle(X, 0.125), [np.array([[0, 0], [1, 0], [0.5, 0.75**0.5]])],
    ),
    "regular_simplex": (lambda X: closed_form.regular_simplex(X, 0.125), [np.eye(4)]),
    "regular_simplex_near_contact": (lambda X: closed_form.regular_simplex_near_contact(X, 0.5625), [np.eye(4)]),
    "orthocentre": (lambda X: closed_form.orthocentre(X, 0.125), [np.array([[0, 0], [1, 0], [0.4, 0.9]])]),
    "one_versus_rest": (lambda X: closed_form.one_versus_rest(X, 0.125), [POINTS]),
    "along_line": (lambda X: closed_form.along_line(X, 0.125), [POINTS]),
    "EmpiricalMMSE": (baselines.EmpiricalMMSE, [POINTS]),
    "EmpiricalMMSE()": (lambda Y: baselines.EmpiricalMMSE(POINTS)(Y, 0.5), [STARTS]),
    "LinearDenoiser": (baselines.LinearDenoiser, [POINTS]),
    "LinearDenoiser()": (lambda Y: baselines.LinearDenoiser(POINTS)(Y, 0.5), [STARTS]),
    "SmoothedClosedForm()": (
        lambda X, Y: baselines.SmoothedClosedForm(X, 0.5, np.random.default_rng(0))(Y, 0.5), [POINTS, STARTS],
    ),
    "SampledLinear": (lambda X: baselines.SampledLinear(X, np.random.default_rng(0)), [POINTS]),
    "SampledLinear()": (
        lambda Y: baselines.SampledLinear(POINTS, np.random.default_rng(0))(Y, 0.5), [STARTS],
    ),
    "generated": (lambda X, noise: baselines.generated(X, noise, 0.5), [POINTS, POINTS[::-1] + 0.5]),
    "divergence": (lambda m, S: baselines.divergence(m, S, 0.0, 1.0), [np.ones(2), np.diag([1.0, 2.0])]),
    "followed": (
        lambda Y, s: baselines.followed(baselines.EmpiricalMMSE(POINTS), Y, s), [STARTS, np.array([1.0, 0.5])],
    ),
    "penalised_optimum": (lambda x: baselines.penalised_optimum(x, 0.125), [LINE[:, 0]]),
    "EDMDenoiser()": (lambda Y, s: interop.EDMDenoiser(vertex_path, 0.125)(Y, s), [STARTS, np.array([0.5, 1.0])]),
    "EpsilonPrediction": (lambda a: interop.EpsilonPrediction(lambda x, _: x, a), [np.array([0.9, 0.5])]),
    "EpsilonPrediction()": (
        lambda Y, t: interop.EpsilonPrediction(lambda x, _: x, [0.9, 0.5])(Y, t), [STARTS, np.array([0, 1])],
    ),
}  # fmt: skip


def arrays_in(result: object) -> Iterator[np.ndarray]:
    """Every array that can be reached from a result."""
    if isinstance(result, np.ndarray):
        yield result
    elif isinstance(result, (list, tuple)):
        for part in result:
            yield from arrays_in(part)
    elif isinstance(result, Mapping):
        yield from arrays_in(list(result.values()))
    elif type(result).__module__.startswith("exactnorm"):
        yield from arrays_in(vars(result))


@pytest.mark.parametrize(("door", "arrays"), DOORS.values(), ids=DOORS.keys())
def test_inputs_are_left_as_they_were_and_results_share_no_memory_with_them(door, arrays):
    given = [np.array(array) for array in arrays]
    result = door(*given)
    for array, one in zip(arrays, given, strict=True):
        assert np.array_equal(array, one)
        assert not any(np.shares_memory(found, one) for found in arrays_in(result))


@pytest.mark.parametrize(("door", "arrays"), DOORS.values(), ids=DOORS.keys())
def test_a_mask_is_not_overlooked(door, arrays):
    for n, one in enumerate(arrays):
        masked = np.ma.MaskedArray(one, np.zeros(one.shape, bool))
        masked.mask.flat[-1] = True
        with pytest.raises(ValueError, match="masked entr"):
            door(*[masked if k == n else np.array(other) for k, other in enumerate(arrays)])


def test_every_public_function_and_record_that_takes_arrays_is_a_door_above():
    named = {name.split("(")[0].split(",")[0].split(".")[0] for name in DOORS} - {"activation_patterns"}
    # These take or return results, files, levels and names, and no arrays of the user's.
    others = {
        "Basins", "Certificate", "CertifiedDenoiser", "Closed", "CostBounds", "Endpoints", "Events", "Family", "Flow",
        "InfeasibleProblem", "Ivp", "Levels", "Lines", "MinNormDenoiser", "Pieces", "Recognition", "RestPoint",
        "SCHEDULES", "Schedule", "Share", "check_certificate", "cosine", "divergence_limit", "edm", "expected_trace",
        "explore", "from_onnx", "from_torch", "inertia_level", "load", "named_schedule", "penalised_cost", "radius",
        "sampler_levels", "save", "to_onnx", "to_torch", "variance_exploding", "variance_preserving", "wilson",
    }  # fmt: skip
    public = {*exactnorm.__all__, *exactnorm.flow.__all__, *closed_form.__all__, *baselines.__all__, *interop.__all__}
    assert public == named | others


def test_a_training_set_and_a_network_keep_copies():
    points = POINTS.copy()
    train = exactnorm.TrainingSet(points, 0.125)
    network = exactnorm.ReLUNetwork(points, points, np.zeros(3), None, points[0])
    points[:] = 7.0
    assert np.array_equal(train.points, POINTS)
    assert np.array_equal(network.a, POINTS)
    with pytest.raises(ValueError, match="read-only"):
        train.points[0, 0] = 1.0


RECORDS = {
    "training set": lambda: exactnorm.TrainingSet.from_samples(POINTS, POINTS[:, None] + [[[0.0, 0.1]]]),
    "network": lambda: exactnorm.ReLUNetwork(POINTS, POINTS, np.zeros(3), np.eye(2), POINTS[0]),
    "finite problem": lambda: FiniteProblem(POINTS, POINTS),
    "path": lambda: exactnorm.DenoiserPath(POINTS[:3], [0.01]),
    "empirical mmse": lambda: baselines.EmpiricalMMSE(POINTS),
    "linear": lambda: baselines.LinearDenoiser(POINTS),
    "smoothed": lambda: baselines.SmoothedClosedForm(POINTS, 0.1, np.random.default_rng(0)),
    "noise prediction": lambda: interop.EpsilonPrediction(baselines.EmpiricalMMSE(POINTS), [0.9, 0.5]),
}


@pytest.mark.parametrize("again", [copy.deepcopy, copy.copy, lambda record: pickle.loads(pickle.dumps(record))])
@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS.keys())
def test_arrays_that_are_read_only_are_so_in_copies_and_in_other_processes(record, again):
    made = record()
    frozen = {name for name, value in vars(made).items() if isinstance(value, np.ndarray) and not value.flags.writeable}
    copied = again(made)
    assert frozen
    for name in frozen:
        assert not getattr(copied, name).flags.writeable
        np.testing.assert_array_equal(getattr(copied, name), getattr(made, name))
    if getattr(made, "samples", None) is not None:
        assert not any(one.flags.writeable for one in copied.samples)


@pytest.mark.parametrize(
    ("unit", "message"),
    [(1e-200, "smaller unit"), (1e-145, "smaller unit"), (1e145, "larger unit"), (1e300, "larger unit")],
)
def test_lengths_whose_squares_are_no_numbers_are_refused(unit, message):
    with pytest.raises(ValueError, match=message):
        exactnorm.TrainingSet(unit * np.eye(3))


@pytest.mark.parametrize("unit", [1e-139, 1e139])
def test_lengths_whose_squares_are_numbers_are_not(unit):
    train = exactnorm.TrainingSet(unit * np.array([[0, 0], [1, 0], [0.4, 0.9]]), 0.1 * unit)
    denoiser = exactnorm.min_norm_denoiser(train)
    assert denoiser.certificate.gap < 1e-6
    end = exactnorm.score_flow(denoiser, unit * np.array([0.3, 0.2]), np.inf).endpoint
    np.testing.assert_allclose(end, 0, atol=1e-9 * unit)
