"""What the explorer shows is what the package computes; no browser is needed to say so."""

import math
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest

import exactnorm
from exactnorm import closed_form, problems
from exactnorm.explorer import columns, explore
from exactnorm.explorer.coloured import basin_layers
from exactnorm.explorer.flows import (
    RADII,
    TOL,
    NoFlowError,
    closed_family,
    probability_ways,
    score_ways,
    solved_family,
    starts,
)
from exactnorm.explorer.glimpse import SETTLED, STEP, STEPS, score, with_glimpse
from exactnorm.explorer.known import inseparable, overlap
from exactnorm.explorer.picture import at_once, basins_of, with_rest, with_ways
from exactnorm.explorer.plane import kink_lines, plane_of
from exactnorm.explorer.script import script
from exactnorm.explorer.sums import sum_of
from exactnorm.explorer.view import LONGEST_LINK, View, from_link, link, of_problem
from exactnorm.flow import Levels, score_flow
from exactnorm.flow.endpoints import KINDS
from exactnorm.reading.mistakes import BadInput
from exactnorm.reading.text import table_of

OBTUSE = [[0.0, 0.0], [1.0, 0.0], [-0.7, 1.0]]


def parts(query):
    from urllib.parse import parse_qsl

    return dict(parse_qsl(query))


def same(one, other):
    names = ("rho", "flow", "alpha", "T", "schedule", "cloud", "seed", "problem")
    return (
        all(getattr(one, name) == getattr(other, name) for name in names)
        and np.array_equal(one.points, other.points)
        and np.array_equal(one.clicked, other.clicked)
    )


def test_a_link_holds_every_digit_of_a_view():
    rng = np.random.default_rng(1)
    view = View(
        rng.standard_normal((8, 2)) * 1e-7, 1 / 3e8, "probability", 0.1 + 1e-17, math.pi, "edm", 17, 3,
        rng.standard_normal((3, 2)),
    )  # fmt: skip
    assert same(from_link(parts(link(view))), view)
    assert same(from_link(parts(link(of_problem("digits10")))), of_problem("digits10"))
    assert link(View(np.random.default_rng(0).standard_normal((50, 300)), 0.1)) == ""  # too long for an address


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("points=0,0;1&rho=0.1", "no table of numbers"),
        ("points=0,0;1,0", "rho=nan is not finite"),
        ("points=0,0;1,nan&rho=0.1", "must be finite"),
        ("points=0,0;1,0&rho=-1", "above 0"),
        ("points=0,0;1,0&rho=x", "rho='x' is no number"),
        ("points=0,0;1,0&rho=0.1&cloud=1000", "whole number from 0 to 200"),
        ("points=0,0;1,0&rho=0.1&flow=__import__", "give one of"),
        ("points=0,0;1,0&rho=0.1&schedule=os.system", "give one of"),
        ("points=0,0;1,0&rho=0.1&starts=1,2,3;4,5,6", "two coordinates each"),
        ("points=0,0;1,0&rho=0.1&starts=1", "two coordinates each"),
        ("points=0,0;0,0&rho=0.1", "give some that differ"),
        ("points=1,1,1;1,1,1;1,1,1&rho=0", "give some that differ"),
        ("points=0,0;1e-160,0;2e-160,1e-160&rho=0", "smaller unit of length"),
        ("points=0,0;1,0;1e-160,0&rho=0", "points 0 and 2 are 1e-160 apart"),
        ("problem=nothing", "no problem is called"),
        ("points=" + ";".join(["0,0"] * LONGEST_LINK), "longer than"),
        ("points=" + ";".join(f"{n},0" for n in range(70)) + "&rho=0.1", "2 to 60 points"),
        ("points=0,0;1e10,0&rho=0.1", "at most"),
    ],
)
def test_a_link_that_is_none_is_refused_in_words(query, message):
    with pytest.raises(ValueError, match=message):
        from_link(parts(query))


def test_numbers_are_laid_along_a_line_of_the_plane_at_the_same_cost():
    train = problems.univariate().train
    view = View(train.points, train.rho)
    assert view.movable
    assert view.points.shape == (3, 2)
    assert at_once(view).known.upper == pytest.approx(problems.univariate().optimum, rel=1e-12)


def test_what_is_shown_at_once_is_proved_where_a_closed_form_is_and_a_valid_bracket_elsewhere():
    for name in ("orthogonal", "obtuse", "rays"):
        known = at_once(of_problem(name)).known
        assert known.standing == "proved"
        assert known.upper == pytest.approx(problems.named(name).optimum, rel=1e-12)
    for name in ("acute", "scalene", "plane_5", "equilateral"):
        known = at_once(of_problem(name)).known
        low, high = problems.named(name).interval
        assert known.standing == "formulas"
        assert known.lower <= high
        assert known.upper >= low * (1 - 1e-12)


def test_the_field_is_h_of_y_minus_y_and_the_lines_are_where_h_bends():
    picture = at_once(of_problem("obtuse"))
    denoiser = exactnorm.min_norm_denoiser(OBTUSE, 0.1)
    assert np.abs(picture.move - (denoiser(picture.grid) - picture.grid)).max() < 1e-12
    assert len(picture.kinks) == denoiser.network.neurons
    for ends in picture.kinks:
        on = ends.mean(axis=0)
        across = np.array([ends[1, 1] - ends[0, 1], ends[0, 0] - ends[1, 0]])
        step = 1e-4 * across / np.linalg.norm(across)
        bend = denoiser(on + step) - 2 * denoiser(on) + denoiser(on - step)
        assert np.linalg.norm(bend) > 1e-6
        assert np.abs(denoiser.network.w @ ends.T + denoiser.network.b[:, None]).min(axis=0).max() < 1e-9


def test_a_kink_outside_the_picture_is_not_drawn_and_one_along_an_axis_is():
    network = exactnorm.ReLUNetwork(np.ones((3, 2)), [[1, 0], [0, 2], [1, 0]], [-0.5, 0, -9], None, [0, 0])
    lines = kink_lines(network, plane_of(np.zeros((2, 2))), (-1.0, 1.0, -2.0, 2.0))
    assert [np.sort(ends, axis=0).tolist() for ends in lines] == [[[0.5, -2], [0.5, 2]], [[-1, 0], [1, 0]]]


def test_a_set_in_many_dimensions_is_looked_at_in_two_coordinates_of_its_hull():
    view = of_problem("digits5")
    assert not view.movable
    picture = at_once(view)
    hull = picture.frame
    assert np.allclose(hull.axes @ hull.axes.T, np.eye(2), atol=1e-12)
    network, Y = picture.known.network, hull.points(picture.grid)
    assert np.abs(picture.move - (network(Y) - Y) @ hull.axes.T).max() < 1e-9
    on_a_line = View([[0, 0, 0], [1, 1, 1], [3, 3, 3]], 0.1)
    assert np.ptp(at_once(on_a_line).places[:, 1]) < 1e-12


def test_an_infeasible_radius_names_the_largest_and_the_points_that_are_in_each_others_way():
    view = of_problem("infeasible")
    picture = at_once(view)
    low, high = exactnorm.max_radius(view.points)
    assert picture.known is None
    assert picture.obstacle.offending == (0, 1)
    assert low <= picture.obstacle.largest <= high
    assert f"{picture.obstacle.largest:.6g}" in columns.readout(picture)
    with pytest.raises(exactnorm.InfeasibleProblem):
        exactnorm.min_norm_denoiser(view.points, view.rho)
    below = replace(view, rho=0.99 * low)
    assert at_once(below).obstacle is None
    assert inseparable(exactnorm.TrainingSet(below.points, below.rho)) is None


def test_balls_that_meet_and_points_that_coincide_are_told_of_by_their_rows():
    points = np.array([[0.0, 0.0], [5.0, 0.0], [5.0, 1.0]])
    assert overlap(points, 0.499) is None
    assert overlap(points, 0.5).offending == (1, 2)
    assert at_once(View(points, 0.6)).obstacle.offending == (1, 2)
    again = at_once(View([[0, 0], [1, 1], [0, 0]], 0.1))
    assert (again.obstacle.offending, again.obstacle.largest) == ((0, 2), 0.0)


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
    assert "stable virtual training points: {2, 4} from 0." in columns.readout(picture)


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
    with pytest.raises(NoFlowError, match="the largest is below"):
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


def test_basins_have_borders_and_names_so_that_none_is_told_by_its_colour_alone():
    view = of_problem("plane_5")
    picture = at_once(view, exactnorm.min_norm_denoiser(view.points, view.rho))
    found = basins_of(picture)
    tables = basin_layers(found, picture.box, view.points)
    assert sorted(tables["limits"]["name"]) == sorted([*(f"→ {n}" for n in range(5)), "→ {2, 4}"])
    side = found.label.shape[0]
    low, cell = np.array(picture.box)[[0, 2]], (picture.box[1] - picture.box[0]) / side
    at = lambda x, y: found.label[tuple(((np.array([y, x]) - low[::-1]) // cell).astype(int))]  # noqa: E731
    for n, (x, y) in enumerate(zip(tables["limits"]["x"], tables["limits"]["y"], strict=True)):
        assert at(x, y) == n
    edges = np.column_stack([tables["borders"][key] for key in ("x0", "y0", "x1", "y1")])
    middle, along = (edges[:, :2] + edges[:, 2:]) / 2, edges[:, 2:] - edges[:, :2]
    across = along[:, ::-1] / 2
    assert all(at(*(m + a)) != at(*(m - a)) for m, a in zip(middle, across, strict=True))
    differing = (found.label[1:] != found.label[:-1]).sum() + (found.label[:, 1:] != found.label[:, :-1]).sum()
    assert len(edges) == differing > 0


def test_no_two_kinds_of_endpoint_share_a_marker_or_a_hatching():
    assert set(columns.ENDS) == set(KINDS)
    for part in (0, 2):
        assert len({one[part] for one in columns.ENDS.values()}) == len(KINDS)


def test_basins_say_for_every_cell_where_its_flow_ends():
    picture = at_once(of_problem("orthogonal"))
    found = basins_of(picture)
    rows = [(3, 60), (40, 9), (60, 60)]
    ends = score_ways(
        replace(picture.view, clicked=[found.grid[row] for row in rows], cloud=0), picture.frame, picture.known.network
    ).endpoints
    assert np.abs(found.limits[[found.label[row] for row in rows]] - ends).max() < 1e-9


@pytest.mark.parametrize("flow", ["score", "probability"])
def test_the_script_of_a_view_gives_the_numbers_that_the_view_shows(flow):
    points = OBTUSE if flow == "score" else [[0, 0], [1, 0], [0, 2]]
    view = View(points, 0.1, flow, 0.05, 1.0, "ve", 5, 1, [[0.2, 0.7]])
    picture = with_ways(at_once(view))
    names = {}
    with redirect_stdout(StringIO()) as out:
        exec(script(view, [[0.2, 0.7]], feasible=True, radii=3, tol=1e-4), names)
    assert f"cost {picture.known.upper:.9g}" in out.getvalue()
    assert np.abs(names["flow"].endpoint - picture.ways.endpoints).max() < 1e-9


def test_the_script_of_a_flow_that_takes_programs_gives_the_same_ends():
    view = View([[0, 0], [1, 0], [0.4, 0.9]], 0.1, "probability", 0.1, 1.0, "ve", 5, 1, [[0.2, 0.7]])
    ways = probability_ways(view, plane_of(view.points), solved_family(view, lambda _: None))
    names = {}
    with redirect_stdout(StringIO()):
        exec(script(view, [[0.2, 0.7]], feasible=True, radii=RADII, tol=TOL), names)
    assert np.abs(names["flow"].endpoint - ways.endpoints).max() < 1e-9


def test_the_script_of_an_infeasible_view_gives_the_largest_radius():
    view = of_problem("infeasible")
    with redirect_stdout(StringIO()) as out:
        exec(script(view, [], feasible=False, radii=3, tol=1e-4), {})
    assert "0.4472135954" in out.getvalue()


def test_tables_are_read_as_the_command_line_reads_them():
    found = table_of(b"x;y\n0,5;1\n2;3\n", "pasted")
    assert found.numbers.tolist() == [[0.5, 1], [2, 3]]
    assert any("decimal commas" in note for note in found.notes)
    with pytest.raises(BadInput, match="'pasted', line 2, column 2: 'b' is not a number"):
        table_of(b"0,1\n2,b\n", "pasted")


def test_the_door_says_what_is_missing():
    with pytest.raises(ValueError, match="rho is missing"):
        explore([[0, 0], [1, 0]])
    with pytest.raises(ValueError, match="noise balls"):
        explore(exactnorm.TrainingSet.from_samples([[0.0], [1.0]], [[[-0.1]], [[1.1]]]))
