"""The scikit-learn estimator keeps scikit-learn's conventions and gives the package's own answer."""

import numpy as np
import pytest

from exactnorm import interop, interpolation_error, min_norm_denoiser, problems

sklearn = pytest.importorskip("sklearn")

from sklearn.base import clone  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402

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


def test_data_frames_and_float32_are_accepted_and_results_do_not_alias_inputs():
    points = problems.orthogonal().train.points.astype(np.float32)
    estimator = interop.MinNormDenoiser(rho=0.1).fit(points)
    noisy = points.copy()
    result = estimator.transform(noisy)
    assert result.dtype == np.float64
    assert not np.shares_memory(result, noisy)
    assert np.array_equal(noisy, points)
