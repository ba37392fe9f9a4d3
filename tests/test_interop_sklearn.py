"""The scikit-learn estimator keeps scikit-learn's conventions and gives the package's own answer."""

import pickle

import joblib
import numpy as np
import pandas
import pytest
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from exactnorm import TrainingSet, interop, interpolation_error, min_norm_denoiser, problems

REASON = "score compares with clean points of the shape of X, not with one label a row"
EXPECTED_TO_FAIL = {"check_fit_score_takes_y": REASON, "check_pipeline_consistency": REASON}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_check_estimator_passes_apart_from_the_named_exceptions():
    report = check_estimator(interop.MinNormDenoiser(), expected_failed_checks=EXPECTED_TO_FAIL, on_fail=None)
    failed = {entry["check_name"]: entry["exception"] for entry in report if entry["status"] == "failed"}
    assert failed == {}
    assert {entry["check_name"] for entry in report if entry["status"] == "xfail"} == set(EXPECTED_TO_FAIL)
    assert sum(entry["status"] == "passed" for entry in report) > 30


def test_the_estimator_gives_the_front_door_s_network_and_bracket():
    train = problems.acute().train
    estimator = interop.MinNormDenoiser(rho=train.rho).fit(train.points)
    denoiser = min_norm_denoiser(train)
    noisy = train.points + 0.3
    assert np.array_equal(estimator.transform(noisy), denoiser(noisy))
    assert np.array_equal(estimator.predict(noisy), denoiser(noisy))
    assert (estimator.lower_, estimator.upper_) == (denoiser.certificate.lower, denoiser.certificate.upper)
    expected = -np.mean(np.sum((denoiser(noisy) - train.points) ** 2, axis=1))
    assert estimator.score(noisy, train.points) == pytest.approx(expected, rel=1e-12)


def test_too_many_patterns_give_a_closed_form_that_interpolates_within_a_valid_bracket():
    points = np.random.default_rng(3).standard_normal((12, 4))
    estimator = interop.MinNormDenoiser(rho=1e-4).fit(points)
    assert estimator.denoiser_ is None
    assert interpolation_error(estimator.network_, points, 1e-4) < 1e-9
    assert 0 < estimator.lower_ < estimator.upper_ == estimator.network_.representation_cost


def test_it_clones_and_works_in_a_pipeline():
    train = problems.orthogonal().train
    estimator = clone(interop.MinNormDenoiser(rho=0.05, tol=1e-4))
    assert estimator.get_params()["tol"] == 1e-4
    pipeline = make_pipeline(StandardScaler(), estimator)
    scaled = StandardScaler().fit(train.points)
    result = pipeline.fit(train.points).transform(train.points)
    assert np.allclose(scaled.inverse_transform(result), train.points, atol=1e-9)


def test_float32_stays_float32_and_results_do_not_alias_inputs():
    points = problems.orthogonal().train.points.astype(np.float32)
    estimator = interop.MinNormDenoiser(rho=0.1).fit(points)
    noisy = points.copy()
    result = estimator.transform(noisy)
    assert result.dtype == np.float32
    assert estimator.transform(noisy.astype(float)).dtype == np.float64
    assert not np.shares_memory(result, noisy)
    assert np.array_equal(noisy, points)
    with pytest.warns(UserWarning, match="float16 keeps three digits"):
        interop.MinNormDenoiser(rho=0.1).fit(points.astype(np.float16))


def test_a_data_frame_comes_out_with_the_names_and_rows_that_went_in():
    points = problems.orthogonal().train.points
    frame = pandas.DataFrame(points, columns=["width", "height"], index=["a", "b", "c"])
    pipeline = make_pipeline(StandardScaler(), interop.MinNormDenoiser(rho=0.05)).set_output(transform="pandas")
    found = pipeline.fit(frame).transform(frame)
    assert list(found.columns) == list(pipeline.get_feature_names_out()) == ["width", "height"]
    assert list(found.index) == ["a", "b", "c"]
    plain = make_pipeline(StandardScaler(), interop.MinNormDenoiser(rho=0.05)).fit_transform(points)
    assert np.array_equal(found.to_numpy(), plain)
    estimator = pipeline[-1]
    assert list(estimator.feature_names_in_) == ["width", "height"]
    with pytest.raises(ValueError, match="feature names"):
        estimator.transform(frame[["height", "width"]])
    assert list(interop.MinNormDenoiser(rho=0.1).fit(points).get_feature_names_out()) == ["x0", "x1"]


@pytest.mark.parametrize(("door", "name"), [(TrainingSet, "points"), (interop.MinNormDenoiser().fit, "X")])
def test_an_index_that_became_a_column_is_refused_with_what_to_do(door, name):
    frame = pandas.DataFrame([[0.5, 0.0], [1.0, 0.25], [0.4, 0.9]], columns=["x", "y"])
    door(frame)
    with pytest.raises(ValueError, match=rf"{name} has a first column 'index', an index by its name.*{name}.drop"):
        door(frame.reset_index())
    with pytest.raises(ValueError, match=rf"{name} has a first column 'k' that counts the rows, 0, 1, …"):
        door(frame.reset_index(names="k"))
    assert frame.reset_index().drop(columns="index").equals(frame)  # what the message says to do
    door(frame.reset_index().to_numpy())


def test_a_radius_is_chosen_by_a_search_within_time_limits():
    points, rng = problems.orthogonal().train.points, np.random.default_rng(0)
    clean = np.repeat(points, 20, axis=0)
    direction = rng.standard_normal(clean.shape)
    noisy = clean + 0.3 * direction / np.linalg.norm(direction, axis=1, keepdims=True)
    X, y = np.vstack([points, noisy]), np.vstack([points, clean])
    # Fitted on the clean points, scored on the noisy ones.
    split = [(np.arange(3), np.arange(3, len(X)))]
    search = GridSearchCV(
        interop.MinNormDenoiser(time_limit=60.0), {"rho": [0.0, 0.1, 0.3, 0.7]}, cv=split, refit=False
    )
    with (
        pytest.warns(FitFailedWarning, match=r"balls touch or overlap; exactnorm\.max_radius"),
        pytest.warns(UserWarning, match="scores are non-finite"),
    ):
        search.fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    # All noise is within 0.3 of its point, which that radius alone takes away, and balls of 0.7 overlap.
    assert abs(scores[2]) < 1e-12
    assert scores[0] < scores[1] < -0.01
    assert np.isnan(scores[3])
    assert search.best_params_ == {"rho": 0.3}


def test_it_is_written_and_read_by_joblib_and_pickle(tmp_path):
    points = problems.acute().train.points
    estimator = interop.MinNormDenoiser(rho=0.1).fit(points)
    joblib.dump(estimator, tmp_path / "estimator.joblib")
    for back in (joblib.load(tmp_path / "estimator.joblib"), pickle.loads(pickle.dumps(estimator))):
        assert np.array_equal(back.transform(points + 0.3), estimator.transform(points + 0.3))
        assert (back.lower_, back.upper_) == (estimator.lower_, estimator.upper_)


@pytest.mark.slow
def test_processes_that_share_a_search_find_what_one_finds():
    points = problems.acute().train.points
    noisy = np.repeat(points, 5, axis=0) + 0.3 * np.random.default_rng(0).standard_normal((15, 2))
    X, y = np.vstack([points, noisy]), np.vstack([points, np.repeat(points, 5, axis=0)])
    split = [(np.arange(3), np.arange(3, len(X)))]
    alone, shared = (
        GridSearchCV(
            interop.MinNormDenoiser(time_limit=60.0), {"rho": [0.05, 0.1, 0.2]}, cv=split, refit=False, n_jobs=processes
        ).fit(X, y)
        for processes in (1, 2)
    )
    scores, expected = (search.cv_results_["mean_test_score"] for search in (shared, alone))
    # A gap of 1e-6 leaves networks that differ by its root between the balls.
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-3)
    assert np.ptp(expected) > 3e-3
    assert shared.best_params_ == alone.best_params_
