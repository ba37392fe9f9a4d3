"""Flows of the explorer end where the package says, on the way as at rest; no browser is needed to say so."""

import math
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest

import exactnorm
from exactnorm import closed_form, problems
from exactnorm.explorer import columns
from exactnorm.explorer.flows import (
    NoFlowError,
    closed_family,
    probability_ways,
    starts,
)
from exactnorm.explorer.glimpse import SETTLED, STEP, STEPS, score, with_glimpse
from exactnorm.explorer.page.taken import python
from exactnorm.explorer.picture import at_once, with_rest, with_ways
from exactnorm.explorer.plane import plane_of
from exactnorm.explorer.sums import sum_of
from exactnorm.explorer.view import View, of_problem
from exactnorm.explorer.worker import SupersededError, picture
from exactnorm.flow import Levels, score_flow

OBTUSE = [[0.0, 0.0], [1.0, 0.0], [-0.7, 1.0]]


def test_ways_end_where_the_package_says_and_chosen_starts_come_first():
    view = replace(of_problem("orthogonal"), clicked=[[0.8, 1.7]], cloud=20)
    picture = with_ways(with_rest(at_once(view)))
    denoiser = exactnorm.min_norm_denoiser(view.points, view.rho)
    assert picture.ways.clicked == 1
    assert np.allclose(picture.ways.places[-1, 0], [1, 2], atol=1e-9)
    first = starts(view, picture.frame)
    flow = exactnorm.score_flow(denoiser, first, math.inf)
    assert np.abs(picture.ways.places[-1] - flow.endpoint).max() < 1e-12
    assert np.array_equal(picture.ways.places[0], first)
    bars = columns.shares(picture.ways.cloud)
    assert sum(bars["share"]) == pytest.approx(1)
    assert all(
        0 <= low < share < high <= 1 for low, share, high in zip(bars["low"], bars["share"], bars["high"], strict=True)
    )
    virtual = [name for name in columns.rest(picture, stable=True)["name"] if name]
    assert virtual == ["{1, 2}"]


def test_a_rest_point_of_five_points_in_the_plane_is_named_as_the_sum_that_it_is():
    view = of_problem("plane_5")
    picture = at_once(view, exactnorm.min_norm_denoiser(view.points, view.rho))
    place = view.points[2] + view.points[4] - view.points[0]
    found = [one for one in picture.rest if one.stable and one.kind == "other"]
    assert len(found) == 1
    assert np.abs(found[0].position - place).max() < 1e-9
    assert sum_of(view.points, place) == (0, (2, 4))
    assert sum_of(view.points, place + 1e-5) is None
    assert "stable virtual training points: {2, 4}." in columns.readout(picture)


def test_a_probability_flow_of_a_closed_form_ends_where_the_package_says():
    view = View([[0, 0], [1, 0], [0, 2]], 0.1, "probability", 0.1, 0.3, "vp", 12)
    frame = plane_of(view.points)
    ways = probability_ways(view, frame, closed_family(view))
    schedule = exactnorm.flow.named_schedule("vp")
    first = starts(view, frame)
    flow = exactnorm.probability_flow(
        lambda rho: exactnorm.closed_form.orthogonal(view.points, rho),
        schedule.scale(0.3) * first, "vp", alpha=0.1, T=0.3,
    )  # fmt: skip
    assert np.abs(ways.places[-1] - flow.endpoint).max() < 1e-9
    assert np.abs(ways.places[0] - first).max() < 1e-12
    with pytest.raises(NoFlowError, match=r"they may have 0\.4999 at most"):
        closed_family(replace(view, alpha=0.5, T=1.0))


RAYS = np.array([[0, 0], [1, 0], *np.outer([1, 2], [np.cos(1.9), np.sin(1.9)])])


@pytest.mark.parametrize("points", [OBTUSE, RAYS, [[0, 0], [1, 0], [0.4, 0.9]]])
def test_score_flows_on_the_way_are_within_a_pixel_of_what_the_package_follows(points):
    view = View(points, 0.1, clicked=[[0.3, 0.8]], cloud=60)
    picture = at_once(view)
    pixel = (picture.box[1] - picture.box[0]) / 500
    first, network = starts(view, picture.frame), picture.known.network
    seen = score(network, first)
    exact = score_flow(network, first, math.inf, times=np.arange(1, STEPS // 2 + 1) * 2 * STEP)
    off = np.linalg.norm(seen[1:-1] - exact.states, axis=2).max(axis=0)
    assert np.quantile(off, 0.9) < pixel  # the few that pass by an unstable rest point leave it earlier or later
    shown = with_glimpse(picture).ways
    arrived = shown.ends.kind != "none"
    assert arrived.mean() > 0.9
    assert shown.clicked == 1
    assert np.quantile(np.linalg.norm(shown.endpoints - exact.endpoint, axis=1)[arrived], 0.95) < 1e-6
    there = np.linalg.norm(network(shown.endpoints) - shown.endpoints, axis=1)
    assert (there[arrived] <= SETTLED).all()
    assert (there[~arrived] > SETTLED * 0.5).all()


@pytest.mark.parametrize("points", [OBTUSE, RAYS])
def test_probability_flows_of_a_closed_form_on_the_way_are_within_a_pixel_too(points):
    view = View(points, 0.1, "probability", cloud=40)
    picture = at_once(view)
    pixel = (picture.box[1] - picture.box[0]) / 500
    shown, exact = with_glimpse(picture).ways, with_ways(picture).ways
    off = np.linalg.norm(shown.endpoints - exact.endpoints, axis=1)
    assert np.median(off) < 0.1 * pixel
    assert np.quantile(off, 0.9) < pixel
    assert np.array_equal(shown.places[0], exact.places[0])


def test_on_the_way_a_right_angle_is_followed_exactly_and_where_there_is_no_network_nothing_is():
    for flow in ("score", "probability"):
        picture = at_once(View([[0, 0], [1, 0], [0, 2]], 0.1, flow, cloud=20))
        assert np.array_equal(with_glimpse(picture).ways.places, with_ways(picture).ways.places)
        assert with_glimpse(at_once(replace(of_problem("infeasible"), flow=flow))).ways is None


@pytest.mark.parametrize(
    ("points", "alpha", "formula"),
    [
        (problems.acute().train.points, 0.1, closed_form.one_versus_rest),
        (problems.gaussian(8, 2, 1).train.points, 0.004, closed_form.along_line),
    ],
)
def test_on_the_way_a_probability_flow_without_a_closed_form_is_that_of_the_formulas_networks(points, alpha, formula):
    view = View(points, alpha / 2, "probability", alpha, cloud=40, clicked=[[0.3, 0.8]])
    picture = at_once(view)
    shown = with_glimpse(picture)
    assert "formulas' networks for now" in shown.note
    first = starts(view, picture.frame)
    flow = exactnorm.probability_flow(
        lambda rho: formula(view.points, rho), first, "ve", alpha=alpha, T=1.0, method=Levels(24)
    )
    pixel = (picture.box[1] - picture.box[0]) / 500
    off = np.linalg.norm(shown.ways.endpoints - flow.endpoint, axis=1)
    assert np.array_equal(shown.ways.places[0], first)
    assert np.median(off) < pixel
    assert np.quantile(off, 0.9) < 5 * pixel


@pytest.mark.parametrize(("schedule", "T"), [("vp", 1e6), ("cosine", 1.0)])
@pytest.mark.parametrize("problem", ["orthogonal", "obtuse", "acute"])
def test_where_the_schedule_does_not_reach_T_the_picture_says_so_and_has_no_flow(problem, schedule, T):
    view = replace(of_problem(problem), flow="probability", schedule=schedule, T=T)
    for follow in (with_glimpse, with_ways):
        shown = follow(at_once(view))
        assert shown.ways is None
        assert shown.known.network is not None
        assert "outside the schedule" in columns.readout(shown) or (problem, follow) == ("acute", with_ways)


def test_a_probability_flow_for_which_no_formula_has_networks_is_said_to_wait():
    view = of_problem("plane_5")
    largest = exactnorm.max_radius(view.points)[0]
    waits = with_glimpse(at_once(replace(view, flow="probability", alpha=0.98 * largest)))
    assert waits.ways is None
    assert "waits for the program" in waits.note


def test_a_probability_flow_that_stands_still_ends_where_the_python_of_the_view_says_and_a_newer_drag_ends_it():
    view = View(OBTUSE, 0.1, "probability", cloud=6)
    told = []
    picture((view, None, None), lambda kind, content=None: told.append((kind, content)), lambda *_: None)
    first, last = (content for kind, content in told if kind == "picture")
    assert ("a few noise levels for now" in first.note, last.note) == (True, "")
    names = {}
    with redirect_stdout(StringIO()):
        exec(python(last)[2].decode(), names)
    exact = names["flow"].endpoint
    assert np.abs(last.ways.endpoints - exact).max() < 1e-9
    assert np.abs(first.ways.endpoints - exact).max() > 1e-6  # what is told for now is not as good
    assert last.ways.ends.kind.tolist() == names["ends"].kind.tolist()

    def newer():
        if len(told) > 0:
            raise SupersededError

    told.clear()
    with pytest.raises(SupersededError):
        picture((view, None, None), lambda kind, content=None: told.append((kind, content)), newer)
    assert [kind for kind, _ in told] == ["picture"]


def test_what_the_program_knows_by_now_is_never_less_than_what_formulas_knew_at_once():
    found = at_once(of_problem("acute")).known
    told = columns.narrowing(found, 0.5 * found.lower, 2 * found.upper, "starting: looking for a network", 0.04)
    assert told == f"program: {found.lower:.6g} ≤ least cost ≤ {found.upper:.6g} after 0.0 s; looking for a network"
    middle = (found.lower + found.upper) / 2
    assert f"{middle:.6g} ≤ least cost ≤ {middle:.6g}" in columns.narrowing(found, middle, middle, "", 1.0)
