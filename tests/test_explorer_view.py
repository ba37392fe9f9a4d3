"""What the explorer shows is what the package computes; no browser is needed to say so."""

import math
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from runpy import run_path

import numpy as np
import pytest

import exactnorm
from exactnorm import problems
from exactnorm.explorer import columns, explore
from exactnorm.explorer.coloured import basin_layers
from exactnorm.explorer.flows import (
    RADII,
    TOL,
    probability_ways,
    score_ways,
    solved_family,
)
from exactnorm.explorer.known import inseparable, overlap
from exactnorm.explorer.page.taken import denoiser_npz, python
from exactnorm.explorer.picture import at_once, basins_of, with_rest, with_ways
from exactnorm.explorer.plane import kink_lines, plane_of
from exactnorm.explorer.script import script
from exactnorm.explorer.view import LONGEST_LINK, View, from_link, link, of_problem
from exactnorm.flow.endpoints import KINDS
from exactnorm.reading.mistakes import BadInput
from exactnorm.reading.text import table_of
from exactnorm.tables import limit

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
        ("points=0,0;1,0", "rho is missing"),
        ("points=0,0;1,nan&rho=0.1", "must be finite"),
        ("points=0,0;1,0&rho=-1", "from 0 and at most"),
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
    assert limit(picture.obstacle.largest) in columns.readout(picture)
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
        exec(script(view, [[0.2, 0.7]], feasible=True, regions=1000, radii=3, tol=1e-4), names)
    assert f"cost {picture.known.upper:.9g}" in out.getvalue()
    assert np.abs(names["flow"].endpoint - picture.ways.endpoints).max() < 1e-9


def test_the_script_of_a_flow_that_takes_programs_gives_the_same_ends():
    view = View([[0, 0], [1, 0], [0.4, 0.9]], 0.1, "probability", 0.1, 1.0, "ve", 5, 1, [[0.2, 0.7]])
    ways = probability_ways(view, plane_of(view.points), solved_family(view, lambda _: None))
    names = {}
    with redirect_stdout(StringIO()):
        exec(script(view, [[0.2, 0.7]], feasible=True, regions=1000, radii=RADII, tol=TOL), names)
    assert np.abs(names["flow"].endpoint - ways.endpoints).max() < 1e-9


def test_the_script_of_an_infeasible_view_gives_the_largest_radius():
    view = of_problem("infeasible")
    with redirect_stdout(StringIO()) as out:
        exec(script(view, [], feasible=False, regions=1000, radii=3, tol=1e-4), {})
    assert "0.4472135954" in out.getvalue()
    # Of equal points there is none: the page says so, and so does the script.
    equal = at_once(View([[0, 2], [1, 0], [0, 2]], 0.1))
    with redirect_stdout(StringIO()) as out:
        exec(python(equal)[2].decode(), {})
    assert out.getvalue() == "points 0 and 2 are equal\n"
    assert "points 0 and 2 are equal" in columns.readout(equal)


@pytest.mark.parametrize(
    ("points", "clicked"),
    [([[0, 0], [1, 0], [0, 2]], [[0.2, 0.7]]), ([[0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 1]], [[0.3, 0.2]])],
)
def test_the_script_says_the_shares_of_the_bars_and_draws_the_view(points, clicked, tmp_path, monkeypatch, capsys):
    picture = with_ways(at_once(View(points, 0.1, clicked=clicked, cloud=30)))
    (tmp_path / "explored.py").write_bytes(python(picture)[2])
    monkeypatch.setattr(sys, "argv", ["explored.py", str(tmp_path / "picture.png")])
    run_path(str(tmp_path / "explored.py"), run_name="__main__")
    said, bars = capsys.readouterr().out, columns.shares(picture.ways.cloud)
    assert len(bars["kind"]) > 1
    for kind, count, low, high in zip(bars["kind"], bars["count"], bars["low"], bars["high"], strict=True):
        assert f"{kind}: {count}, {low:.3f} to {high:.3f}\n" in said
    assert said.count("rest point ") == 1  # one table, not one for each
    assert (tmp_path / "picture.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_script_of_a_view_whose_rest_points_are_too_many_to_look_for_says_so_as_the_page_does():
    view = replace(of_problem("generic_simplex_6"), cloud=3)
    picture = with_rest(at_once(view, exactnorm.min_norm_denoiser(view.points, view.rho)))
    assert picture.rest is None
    shown = columns.readout(picture)
    assert "rest points were not looked for: kinks cut what matters into more than 20,000 regions" in shown
    with redirect_stdout(StringIO()) as out:
        exec(python(picture)[2].decode(), names := {})
    assert "rest points were not looked for: " in out.getvalue()
    assert "training point: 3 of 3" in out.getvalue()
    assert names["rest"] == []


def test_the_script_of_a_denoiser_that_was_given_takes_that_one(tmp_path, monkeypatch):
    view = replace(of_problem("orthogonal"), cloud=3)
    solved = exactnorm.min_norm_denoiser(view.points, view.rho, method="program")  # though there is a closed form
    picture = with_ways(with_rest(at_once(view, solved)))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "denoiser.npz").write_bytes(denoiser_npz(picture)[2])
    with redirect_stdout(StringIO()) as out:
        exec(python(picture, given=True)[2].decode(), names := {})
    shown = solved.certificate
    assert f"cost {shown.upper:.9g}, lower bound {shown.lower:.9g}, computed\n" in out.getvalue()
    assert np.abs(names["flow"].endpoint - picture.ways.endpoints).max() < 1e-9


def test_where_points_and_sums_lie_behind_each_other_one_label_names_them_and_the_words_name_all():
    picture = with_rest(at_once(of_problem("orthonormal")))
    found = columns.layers(picture)
    wide = picture.box[1] - picture.box[0]
    for layer, named in (("points", 3), ("stable", 4)):
        table = found[layer]
        labels = [(x, y) for x, y, name in zip(table["x"], table["y"], table["name"], strict=True) if name]
        assert len(labels) == named
        apart = np.linalg.norm(np.subtract(labels, np.array(labels)[:, None]), axis=2) + np.eye(named)
        assert apart.min() > 0.1 * wide
    assert sorted(name for name in found["points"]["name"] if name) == ["0, 3, 4, 5", "1", "2"]
    sums = {"{1, 2} and 7 more", "{1, 3} and 6 more", "{2, 3} and 6 more", "{3, 4} and 3 more"}
    assert {name for name in found["stable"]["name"] if name} == sums  # 26; the other 6 of the 32 are points
    told = columns.readout(picture)
    assert len(found["stable"]["what"]) == 32
    assert told.count("{") == 26
    # In the plane nothing is behind anything.
    assert columns.layers(at_once(of_problem("rays")))["points"]["name"] == list("01234")


def test_a_sum_seen_from_another_point_than_0_says_so_and_its_basin_has_the_same_name():
    for points, name in (([[0, 0], [1, 0], [0, 2]], "{1, 2}"), ([[1, 0], [0, 0], [0, 2]], "{0, 2} from 1")):
        picture = with_rest(at_once(View(points, 0.1)))
        assert [name for name in columns.rest(picture, stable=True)["name"] if name] == [name]
        layers = basin_layers(basins_of(picture), picture.box, picture.view.points)
        assert f"→ {name}" in layers["limits"]["name"]


def test_the_script_of_a_view_without_a_flow_says_why_and_gives_the_rest():
    picture = at_once(View(OBTUSE, 0.1, "probability", alpha=2.0))
    text = python(picture)[2].decode()
    assert "# No flow was followed: at T the balls have radius alpha·sigma_T = 2, and they may" in text
    with redirect_stdout(StringIO()) as out:
        exec(text, {})
    assert f"cost {picture.known.upper:.9g}" in out.getvalue()
    assert "stable" in out.getvalue()


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
