"""What draws, or makes something to draw, and is given another record says which argument it is and what to give."""

from types import FunctionType

import numpy as np
import pytest
from matplotlib import pyplot as plt

import exactnorm
from exactnorm import experiments, plot
from exactnorm.certify import dual_profile
from exactnorm.experiments import leave_one_out
from exactnorm.flow import basins

POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]])
GRID = np.stack(np.meshgrid(np.linspace(-1, 2, 3), np.linspace(-1, 3, 3)), -1)
DENOISER = exactnorm.min_norm_denoiser(POINTS, rho=0.1)
ON_A_LINE = exactnorm.min_norm_denoiser([[0.0], [1.0]], rho=0.1)
FLOW = exactnorm.score_flow(DENOISER, [[0.3, 0.3], [0.8, 1.7]], np.inf)
ENDS = exactnorm.endpoints(FLOW, DENOISER.train)
FOUND = leave_one_out(np.eye(3, 4) * 4, [0.5], np.ones((1, 2, 4)))
THINGS = {
    "nothing": None,
    "a denoiser": DENOISER,
    "a network": DENOISER.network,
    "a training set": DENOISER.train,
    "a flow": FLOW,
    "endpoints": ENDS,
    "a certificate": DENOISER.certificate,
    "rest points": exactnorm.rest_points(DENOISER),
    "shares": ENDS.shares(),
    "a file's name": "points.csv",
    "a number": 3,
    "a table": POINTS.tolist(),
    "an array": POINTS,
    "a figure": plt.Figure(),
    "a dictionary": {},
    "an object": object(),
}
DENOISERS = {"a denoiser", "a network"}
ARRAYS = {"a table", "an array"}
DOORS = [
    (plot.trajectories, {"flow": FLOW, "train": DENOISER.train}, {"flow": {"a flow"}, "train": {"a training set"}}),
    (plot.portrait, {"denoiser": DENOISER}, {"denoiser": {"a denoiser"}}),
    (plot.portrait, {"denoiser": DENOISER, "flow": FLOW}, {"denoiser": {"a denoiser"}, "flow": {"a flow", "nothing"}}),
    (plot.rest_points, {"points": THINGS["rest points"]}, {"points": {"rest points", "a dictionary"}}),
    (plot.basins, {"basins": basins(DENOISER, GRID)}, {"basins": set()}),
    (plot.shares, {"shares": ENDS.shares()}, {"shares": {"shares"}}),
    (plot.bracket, {name: [1.0, 2.0] for name in ("seconds", "lower", "upper")}, {}),
    (plot.dual_function, {"profile": dual_profile(DENOISER)}, {"profile": set()}),
    (plot.field, {"denoiser": DENOISER}, {"denoiser": {"a denoiser"}}),
    (plot.line, {"denoiser": ON_A_LINE}, {"denoiser": set()}),
    (plot.images, {"rows": [np.eye(4)[None]]}, {"rows": set()}),
    (plot.experiment, {"table": experiments.costs(sizes=((3, 1),), sets=1)}, {"table": set()}),
    (plot.attribution, {"found": FOUND, "sample": 0}, {"found": set(), "sample": set()}),
    (
        exactnorm.compare,
        {"network": DENOISER.network, "denoiser": DENOISER},
        {"network": DENOISERS, "denoiser": {"a denoiser"}},
    ),
    (exactnorm.rest_points, {"denoiser": DENOISER}, {"denoiser": DENOISERS}),
    (
        exactnorm.endpoints,
        {"flow": FLOW, "train": DENOISER.train},
        {"flow": {"a flow", *ARRAYS}, "train": {"a training set", *ARRAYS}},
    ),
    (
        exactnorm.score_flow,
        {"denoiser": DENOISER, "start": [0.3, 0.3], "horizon": 1.0},
        {"denoiser": DENOISERS, "start": ARRAYS, "horizon": {"a number"}},
    ),
    (basins, {"denoiser": DENOISER, "grid": GRID}, {"denoiser": DENOISERS, "grid": ARRAYS}),
]
"""Each function with arguments that are right, and the things that may stand in their places."""
PLACES = [
    pytest.param(door, given, name, right.get(name, set()), id=f"{door.__name__} {name}")
    for door, given, right in DOORS
    for name in given
]


@pytest.fixture(autouse=True)
def no_figures():
    yield
    plt.close("all")


def test_every_drawing_is_a_door_above():
    drawings = {name for name in plot.__all__ if name != "figure" and isinstance(getattr(plot, name), FunctionType)}
    assert drawings == {door.__name__ for door, _, _ in DOORS if door.__module__.startswith("exactnorm.plot")}


@pytest.mark.parametrize(("door", "given", "name", "right"), PLACES)
def test_another_thing_in_an_argument_s_place_is_refused_by_name(door, given, name, right):
    door(**given)
    plt.close("all")
    for what, thing in THINGS.items():
        if what in right:
            door(**given | {name: thing})
            plt.close("all")
            continue
        with pytest.raises((TypeError, ValueError)) as refused:
            door(**given | {name: thing})
        said = str(refused.value)
        about = (name, "no denoiser", "no points of its own", "points", "rows of shape", "for points in 1")
        assert any(words in said for words in about), f"{what}: {said}"
        do = ("give ", "read the file first", "this drawing is for", "this denoiser takes")
        assert any(words in said for words in do), f"{what}: {said}"
        assert "object has no attribute" not in said
        assert not plt.get_fignums(), what  # nothing is left open by a refusal


@pytest.mark.parametrize("door", [plot.trajectories, plot.portrait, exactnorm.compare, plot.attribution])
def test_arguments_in_each_other_s_place_are_refused_by_name(door):
    given = next(given for one, given, _ in reversed(DOORS) if one is door)
    first, second = given.values()
    with pytest.raises((TypeError, ValueError), match=r"give "):
        door(second, first)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: plot.trajectories(FLOW, DENOISER.train, plt.Figure()), "axes is a Figure: give one Axes"),
        (lambda: plot.trajectories(FLOW, DENOISER.train, ENDS), "axes is an Endpoints: give one Axes"),
        (lambda: plot.trajectories(FLOW, DENOISER.train, ends=FLOW), "ends is a Flow: give the Endpoints"),
        (lambda: plot.portrait(DENOISER, ends=ENDS), "ends holds 2 endpoints and the flow 0"),
        (lambda: plot.portrait(DENOISER, rest=[FLOW]), r"rest\[0\] is a Flow: give the list of RestPoint"),
        (lambda: plot.portrait(DENOISER, rest=THINGS["rest points"][0]), "rest is a RestPoint: give the list"),
        (lambda: plot.portrait(DENOISER, arrows=1), "arrows=1: give two or more"),
        (lambda: plot.field(DENOISER.network, train=POINTS), "train is a ndarray: give the points and their radius"),
        (lambda: plot.shares({}), "shares counts no flow"),
        (lambda: plot.bracket([1.0], [1.0], [1.0, 2.0]), "there are seconds 1, lower 1, upper 2 of them"),
        (lambda: plot.bracket([], [], []), "there are seconds 0, lower 0, upper 0"),
        (lambda: plot.attribution(FOUND, 2), "sample=2: give a whole number from 0 to 1"),
        (lambda: plot.images("points.csv"), "rows is 'points.csv': give a list of arrays"),
        (lambda: exactnorm.max_radius(DENOISER.train), "its points are `.points`"),
    ],
)  # fmt: skip
def test_what_else_cannot_be_drawn_is_said(draw, words):
    with pytest.raises((TypeError, ValueError), match=words):
        draw()
    assert not plt.get_fignums()


def test_a_bound_that_is_not_known_yet_is_drawn_as_none():
    axes = plot.bracket([0.0, 1.0], [0.0, 1.0], [np.inf, 2.0])
    assert "cost of the network" in [text.get_text() for text in axes.get_legend().get_texts()]
