"""A radius, or a noise level, that a message names can be used as it is printed."""

import re

import numpy as np
import pytest

import exactnorm
from exactnorm import TrainingSet, closed_form, interop, max_radius, min_norm_denoiser
from exactnorm.cli import main
from exactnorm.exact.balls.problem import reduced
from exactnorm.explorer import columns
from exactnorm.explorer.picture import at_once
from exactnorm.explorer.view import View
from exactnorm.flow import closed_score_flow
from exactnorm.tables import limit

TRIANGLE = np.array([[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]])
SETS = {
    "a triangle": TRIANGLE,
    "two heights": np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]]),
    "a line": np.array([[0.0], [1.0 / 3.0], [2.0]]),
    "a right angle": np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]),
    "four in space": np.random.default_rng(0).standard_normal((4, 3)),
    "five, large": 1e6 * np.random.default_rng(1).standard_normal((5, 2)),
    "four, small": 1e-6 * np.random.default_rng(2).standard_normal((4, 2)),
    "one far away": np.vstack([TRIANGLE, [1e4, 3.0]]),
    "one-hot": np.eye(4),
}


def named(text, words):
    """The number behind these words, and all numbers that are called a radius in the same message."""
    return float(re.search(rf"{words} ?(-?[\d.]+(?:e[-+]?\d+)?)", text)[1])


@pytest.mark.parametrize("points", SETS.values(), ids=SETS.keys())
@pytest.mark.parametrize("share", [1 + 1e-6, 3.0])
def test_the_radius_that_an_error_names_has_a_network(points, share):
    lower, upper = max_radius(points)
    with pytest.raises(ValueError, match="use rho <=") as refused:
        min_norm_denoiser(points, share * upper)
    rho = named(str(refused.value), "use rho <=")
    assert 0.999 * lower < rho < lower
    assert len(re.findall(r"rho <", str(refused.value))) == 1  # no other one is named
    reduced(TrainingSet(points, rho))  # which raises InfeasibleProblem, and if balls cannot be told apart


def test_a_denoiser_is_found_at_the_radius_that_is_named():
    points = SETS["two heights"]
    with pytest.raises(ValueError, match="use rho <=") as refused:
        min_norm_denoiser(points, 0.45)
    found = min_norm_denoiser(points, named(str(refused.value), "use rho <="), tol=0.9)
    assert 0 < found.certificate.lower <= found.certificate.upper < np.inf


@pytest.mark.parametrize("more", [(), ("--rho", "3"), ("--rho", "0.4473")], ids=["none", "overlap", "no network"])
def test_the_radius_that_the_command_names_can_be_given_to_it(more, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savetxt("points.csv", SETS["two heights"], delimiter=",")
    assert main(["solve", "points.csv", *more]) in (2, 3)
    rho = named(capsys.readouterr().err, "(?:use rho <=|at most)")
    assert 0.447 < rho < 1 / 5**0.5
    assert main(["solve", "points.csv", "--rho", str(rho), "--estimate", "--json"]) == 0  # 3 if there is no network
    capsys.readouterr()


@pytest.mark.parametrize("alpha", [0.3, 1.0, 7.0])
def test_the_noise_level_that_a_flow_names_can_be_started_from(alpha):
    points = SETS["a right angle"] / 3
    paths = [
        lambda rho: closed_form.orthogonal(points, rho),
        exactnorm.DenoiserPath(points, [0.01, 0.1 / 3]),
    ]
    for path in paths:
        with pytest.raises(ValueError, match="start at") as refused:
            exactnorm.probability_flow(path, points, "edm", alpha=alpha, T=5.0, train=points)
        top = named(str(refused.value), "sigma_T <=")
        assert exactnorm.probability_flow(path, points, "edm", alpha=alpha, T=top, train=points).complete
        sampler = interop.EDMDenoiser(path, alpha, max_rho=0.1)
        with pytest.raises(ValueError, match="begin at") as refused:
            sampler(points, 5.0)
        assert sampler(points, named(str(refused.value), "sigma_max=")).shape == points.shape


def test_the_radius_that_the_command_of_flows_names_can_be_started_from(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savetxt("points.csv", SETS["two heights"], delimiter=",")
    flow = ["flow", "points.csv", "--flow", "probability", "--alpha", "1", "--schedule", "edm", "--starts", "2"]
    assert main([*flow, "--T", "0.46", "--levels", "2"]) == 2
    top = named(capsys.readouterr().err, "may have")
    assert 0.447 < top < 1 / 5**0.5
    asked = []

    class Unsolved(exactnorm.DenoiserPath):
        def __post_init__(self):
            asked.append(self.radii[-1])
            raise ArithmeticError

    monkeypatch.setattr("exactnorm.cli.flow.DenoiserPath", Unsolved)
    assert main([*flow, "--T", str(top), "--levels", "2"]) == 1
    assert asked == [pytest.approx(top, rel=1e-14)]  # the levels reach up to where the flow begins
    capsys.readouterr()


@pytest.mark.parametrize("rho", [0.448, 0.9])
def test_the_radius_that_the_explorer_names_has_a_picture(rho):
    view = View(SETS["two heights"], rho)
    said = columns.readout(at_once(view))
    rho = named(said, "largest radius is <b>")
    assert 0.447 < rho < max_radius(view.points)[0]
    assert at_once(View(view.points, rho)).obstacle is None


def test_orthogonal_points_and_regular_simplices_name_radii_below_the_largest():
    for build, points in ((closed_form.regular_simplex, np.eye(4)), (closed_form.regular_simplex, np.eye(7))):
        with pytest.raises(ValueError, match="use rho <") as refused:
            build(points, 0.68)
        rho = named(str(refused.value), "use rho <")
        assert build(points, rho * (1 - 1e-9)).representation_cost > 0
    with pytest.raises(ValueError, match="use 0 < rho <") as refused:
        closed_score_flow(SETS["a right angle"] / 3, 0.2, [[0.1, 0.1]], 1.0)
    assert named(str(refused.value), "use 0 < rho <") < 1 / 6


def test_a_limit_is_never_rounded_up():
    rng = np.random.default_rng(0)
    for value in (*rng.uniform(0, 1, 300), *10.0 ** rng.uniform(-9, 9, 300), 0.1, 0.5, 3.0, 123456.7):
        assert float(limit(value)) <= value < float(limit(value)) * (1 + 1.1e-5)
        assert len(limit(value).lstrip("0.").split("e")[0].replace(".", "")) <= 6
    assert (limit(0.1), limit(0.3), limit(2.9999999), limit(np.inf)) == ("0.1", "0.3", "2.99999", "inf")


def test_a_training_set_names_no_radius_but_where_to_ask_for_it():
    with pytest.raises(ValueError, match=r"overlap; exactnorm\.max_radius\(points\) gives"):
        TrainingSet(TRIANGLE, 0.6)


@pytest.mark.parametrize("near", [1e-3, 1e-6, 1e-9, 1e-12, 1e-90])
def test_the_largest_radius_is_never_above_half_a_distance_however_small(near):
    lower, upper = max_radius([[0, 0], [near, 0], [1, 1]])
    assert lower <= near / 2 <= upper
    assert upper < 1.0001 * near / 2 + 1e-14
