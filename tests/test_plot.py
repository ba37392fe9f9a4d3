"""Drawings show the numbers they are given."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.quiver import Quiver
from scipy.spatial import ConvexHull

from exactnorm import (
    Certificate,
    CertifiedDenoiser,
    TrainingSet,
    closed_form,
    experiments,
    interpolation_error,
    min_norm_denoiser,
    plot,
    probability_flow,
    problems,
    rest_points,
    score_flow,
)
from exactnorm.certify import Rays, dual_profile
from exactnorm.certify.rays import rays_lower_bound
from exactnorm.flow import basins, endpoints
from exactnorm.flow.ways import FINE, hyperbox_outline
from exactnorm.geometry import Frame


def certified(problem, make):
    train = problem.train
    network = make(train.points, train.rho)
    error = interpolation_error(network, train.points, train.rho)
    lower = rays_lower_bound(train.points, train.rho, 0)
    certificate = Certificate(lower, network.representation_cost, error, Rays((0,)))
    return CertifiedDenoiser(train, network, certificate, "closed form")


@pytest.fixture
def on_a_line():
    return certified(problems.univariate(), closed_form.univariate)


@pytest.fixture
def in_the_plane():
    return certified(problems.orthogonal(), closed_form.orthogonal)


def test_the_line_is_the_denoiser_and_its_corners_are_the_kinks(on_a_line):
    axes = plot.line(on_a_line)
    assert isinstance(axes, Axes)
    drawn = {curve.get_label(): curve.get_xydata() for curve in axes.get_lines()}
    y, h = drawn["denoiser h"].T
    assert np.allclose(h, on_a_line(y[:, None])[:, 0], rtol=0, atol=1e-12)
    # Gaps from 0.1 to 0.9 and from 1.1 to 2.4.
    assert np.allclose(np.sort(drawn["kinks"][:, 0]), [0.1, 0.9, 1.1, 2.4])
    assert {0.1, 2.4} <= set(np.round(y, 12))


def test_the_field_has_a_ball_at_every_point_and_arrows_along_h_minus_y(in_the_plane):
    axes = plot.field(in_the_plane, arrows=9)
    (balls,) = (item for item in axes.collections if isinstance(item, PatchCollection))
    centres = np.array([path.get_extents().get_points().mean(axis=0) for path in balls.get_paths()])
    assert np.allclose(centres, in_the_plane.train.points)
    (quiver,) = (item for item in axes.collections if isinstance(item, Quiver))
    move = in_the_plane(quiver.XY) - quiver.XY
    assert np.allclose(np.column_stack([quiver.U, quiver.V]), move)
    assert len(quiver.XY) >= 9


def test_kinks_are_drawn_where_the_neurons_switch(in_the_plane):
    axes = plot.field(in_the_plane)
    network = in_the_plane.network
    lines = [line for line in axes.get_lines() if line.get_label() == "kinks" or line.get_label().startswith("_")]
    assert len(lines) == network.neurons == 4
    for n, line in enumerate(lines):
        for point in (line.get_xy1(), line.get_xy2()):
            assert network.w[n] @ point + network.b[n] == pytest.approx(0, abs=1e-12)


def test_images_are_drawn_row_by_row_unchanged():
    digits, _ = problems.digit_images()
    axes = plot.images([digits[:5], digits[7:9]], (8, 8), labels=["first", "second"])
    shown = axes.get_images()
    expected = np.vstack([digits[:5], digits[7:9]]).reshape(-1, 8, 8)
    assert np.array_equal([image.get_array() for image in shown], expected)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["first", "second"]
    # The second row lies below the first, and the second image to the right of the first.
    extents = np.array([image.get_extent() for image in shown])
    assert extents[5, 3] < extents[0, 2]
    assert extents[1, 0] > extents[0, 1]


def test_a_given_axes_is_drawn_on_and_returned(on_a_line, in_the_plane):
    figure = plot.figure()
    first, second, third = figure.subplots(1, 3)
    assert plot.line(on_a_line, first) is first
    assert plot.field(in_the_plane, second) is second
    assert plot.images([np.eye(4).reshape(4, 4)], (2, 2), third) is third
    assert first.get_lines()
    assert second.get_lines()
    assert len(third.get_images()) == 4


def test_a_drawing_of_the_wrong_dimension_is_refused(on_a_line, in_the_plane):
    with pytest.raises(ValueError, match="points in 1 dimension; the denoiser has 2"):
        plot.line(in_the_plane)
    with pytest.raises(ValueError, match="points in 2 dimensions; the denoiser has 1"):
        plot.field(on_a_line)


def test_without_matplotlib_the_error_names_the_extra():
    code = "import sys; sys.modules['matplotlib'] = None; import exactnorm.plot"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("pip install 'exactnorm[plot]'")


def curves(axes):
    """The drawn trajectories."""
    label = lambda curve: curve.get_label() == "trajectories" or curve.get_label().startswith("_")  # noqa: E731
    return [curve.get_xydata() for curve in axes.get_lines() if label(curve) and curve.get_alpha() == 0.7]


def distance_from(drawn, point):
    """The distance of a point from a line through points."""
    a, b = drawn[:-1], drawn[1:]
    along = np.clip(((point - a) * (b - a)).sum(1) / np.maximum(((b - a) ** 2).sum(1), 1e-300), 0, 1)
    return np.linalg.norm(a + along[:, None] * (b - a) - point, axis=1).min()


STARTS = np.array([[1.5, 0.6], [0.9, 1.5], [1.5, -0.5]])


@pytest.mark.parametrize("horizon", [6.0, np.inf])
@pytest.mark.parametrize("times", [None, [0.5, 1.0]])
def test_trajectories_are_the_curves_that_an_integrator_follows_whatever_the_flow_recorded(
    in_the_plane, times, horizon
):
    flow = score_flow(in_the_plane, STARTS, horizon, times=times)
    axes = plot.trajectories(flow, in_the_plane.train)
    followed = score_flow(in_the_plane, STARTS, 6.0, method="ivp", times=np.linspace(0, 5.9, 30))
    for n, drawn in enumerate(curves(axes)):
        assert np.allclose(drawn[0], STARTS[n])
        assert np.allclose(drawn[-1], flow.endpoint[n])
        assert max(distance_from(drawn, state) for state in followed.states[:, n]) < 2 * FINE
    labelled = {curve.get_label(): curve.get_xydata() for curve in axes.get_lines()}
    assert np.allclose(labelled["endpoints"], flow.endpoint)
    # The straight lines that were drawn before are no curves of this flow.
    straight = np.stack([STARTS[0], followed.endpoint[0]])
    assert max(distance_from(straight, state) for state in followed.states[:, 0]) > 0.05


@pytest.mark.parametrize("method", ["pieces", "ivp"])
def test_ways_of_a_probability_flow_pass_through_its_states(in_the_plane, method):
    def follow(sigmas):
        return probability_flow(
            lambda rho: closed_form.orthogonal(in_the_plane.train.points, rho), STARTS[:2], "edm", alpha=0.2, T=1.0,
            train=in_the_plane.train.points, sigmas=sigmas, method=method, sigma_end=0.05,
            **({"steps": 60} if method == "pieces" else {}),
        )  # fmt: skip

    axes = plot.trajectories(follow(None), in_the_plane.train)
    states = follow(np.geomspace(0.9, 0.06, 10)).states
    for n, drawn in enumerate(curves(axes)):
        assert max(distance_from(drawn, state) for state in states[:, n]) < 2 * FINE


def test_a_flow_that_was_pickled_is_drawn_through_its_states_and_without_any_there_is_no_line(in_the_plane):
    flow = pickle.loads(pickle.dumps(score_flow(in_the_plane, STARTS, 2.0, times=[0.5, 1.0])))
    assert flow.again is None
    drawn = curves(plot.trajectories(flow, in_the_plane.train))
    assert np.allclose(drawn[0], [STARTS[0], flow.states[0, 0], flow.states[1, 0], flow.endpoint[0]])
    none = pickle.loads(pickle.dumps(score_flow(in_the_plane, STARTS, 2.0)))
    assert not curves(plot.trajectories(none, in_the_plane.train))


def visible(artist, figure):
    """Whether an artist lies within its figure, as drawn."""
    box, page = artist.get_window_extent(), figure.bbox
    return box.x0 >= page.x0 and box.y0 >= page.y0 and box.x1 <= page.x1 and box.y1 <= page.y1


@pytest.mark.parametrize("size", [(7, 5), (5, 4), (9, 3)])
@pytest.mark.parametrize("given", [False, True])
def test_labels_and_legends_lie_within_the_picture(in_the_plane, size, given):
    figure = plot.figure(*size)
    axes = figure.add_subplot()
    flow = score_flow(in_the_plane, STARTS, np.inf) if given else None
    plot.portrait(in_the_plane, flow, axes, rest=rest_points(in_the_plane))
    figure.draw_without_rendering()
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert ("starts" in names) == ("trajectories" in names) == given
    for artist in (legend, axes.xaxis.label, axes.yaxis.label):
        assert visible(artist, figure)


def test_in_a_figure_of_several_the_legend_stands_in_its_own_axes(in_the_plane):
    first, second = plot.figure(8, 4).subplots(1, 2)
    for axes in (first, second):
        assert plot.trajectories(score_flow(in_the_plane, STARTS, np.inf), in_the_plane.train, axes).get_legend()


def test_trajectories_in_space_are_drawn_in_the_hull_s_plane():
    train = problems.orthonormal().train
    denoiser = min_norm_denoiser(train)
    flow = score_flow(denoiser, np.eye(5)[:2] * 0.7, np.inf)
    labelled = {curve.get_label(): curve.get_xydata() for curve in plot.trajectories(flow, train).get_lines()}
    # Distances in the drawn plane never exceed those in space.
    assert labelled["clean points"].shape == (6, 2)
    assert np.linalg.norm(labelled["clean points"][1] - labelled["clean points"][0]) <= 1 + 1e-12


@pytest.mark.parametrize("dimension", [1, 3])
@pytest.mark.parametrize("horizon", [2.0, np.inf])
def test_on_a_line_the_coordinate_is_drawn_against_flow_time(dimension, horizon):
    axis = np.linalg.qr(np.random.default_rng(0).standard_normal((dimension, dimension)))[0][:1]
    axis *= np.sign(axis[0, 0]) if dimension == 1 else 1.0
    train = TrainingSet(np.array([[0.0], [1.0], [2.5]]) * axis, 0.1)
    flow = score_flow(min_norm_denoiser(train), np.array([[0.3], [1.4]]) * axis, horizon, times=[0.5, 1.0])
    drawing = plot.trajectories(flow, train)
    for n, path in enumerate(curves(drawing)):
        y = np.interp([0.0, 0.5, 1.0], *path.T)
        assert np.allclose(np.abs(y), np.abs([[0.3, 1.4][n], *(flow.states[:, n] @ axis[0])]), atol=2 * FINE)
        # The way ends where its endpoint is drawn, and does not jump there.
        assert np.abs(path[-1, 1]) == pytest.approx(np.abs(flow.endpoint[n] @ axis[0]), abs=2.5 * FINE)
        assert path[-1, 0] == drawing.get_xlim()[1] == (2.0 if horizon == 2 else pytest.approx(path[-1, 0]))
        assert np.abs(np.diff(path[:, 1])).max() < 0.1
    assert drawing.get_xlabel() == "flow time $u$"
    assert plot.trajectories(score_flow(min_norm_denoiser(train), train.points[:0], horizon), train).get_lines()


def test_rest_points_are_drawn_stable_and_unstable_apart(in_the_plane):
    points = rest_points(in_the_plane.network)
    labelled = {curve.get_label(): curve.get_xydata() for curve in plot.rest_points(points).get_lines()}
    assert len(labelled["stable rest points"]) == 4
    assert len(labelled["unstable rest points"]) == 5
    axes = plot.rest_points(points)
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_aspect()) == ("$y_1$", "$y_2$", 1.0)


def test_basins_are_coloured_by_their_limit(in_the_plane):
    grid = np.stack(np.meshgrid(np.linspace(-0.5, 1.5, 12), np.linspace(-0.5, 2.5, 16)), -1)
    found = basins(in_the_plane, grid)
    axes = plot.basins(found)
    assert np.array_equal(axes.collections[0].get_array(), found.label)
    (limits,) = axes.get_lines()
    assert np.array_equal(limits.get_xydata(), found.limits)
    assert (limits.get_markerfacecolor(), limits.get_markeredgecolor()) == ("black", "white")
    assert len(found.limits) == 4


def test_bars_are_the_shares_of_the_kinds_that_occur(in_the_plane):
    flow = score_flow(in_the_plane, np.random.default_rng(0).standard_normal((50, 2)), np.inf)
    shares = endpoints(flow, in_the_plane.train).shares()
    axes = plot.shares(shares)
    seen = {kind: share.share for kind, share in shares.items() if share.count}
    drawn = {t.get_text(): bar.get_width() for t, bar in zip(axes.get_yticklabels(), axes.patches, strict=True)}
    assert drawn == seen


@pytest.mark.parametrize("rounds", [([0, 1, 3], [4, 5, 5.1], [6, 5.3, 5.2]), ([0.02], [5.1698], [5.1699])])
def test_a_bracket_over_time_keeps_its_numbers_and_its_last_pair_has_a_length(rounds):
    seconds, lower, upper = rounds
    axes = plot.bracket(*rounds)
    steps, marks = axes.get_lines()[::3], axes.get_lines()[1::3]
    for values, step, mark in zip((upper, lower), steps, marks, strict=True):
        assert np.allclose(mark.get_xydata(), np.column_stack([seconds, values]))
        assert np.allclose(step.get_xydata()[:-1], np.column_stack([seconds, values]))
        assert step.get_xdata()[-1] > 1.05 * seconds[-1]
        assert step.get_ydata()[-1] == values[-1]
    axes.figure.draw_without_rendering()
    assert axes.yaxis.get_major_formatter().get_offset() == ""


def test_the_dual_function_of_an_optimal_certificate_is_at_most_1_and_touches_it_at_the_network_s_kinks(on_a_line):
    denoiser = min_norm_denoiser(problems.acute().train)
    axes = plot.dual_function(dual_profile(denoiser, directions=3601))
    angle, value = axes.get_lines()[0].get_xydata().T
    assert np.nanmax(value) == pytest.approx(1, abs=1e-4)
    for kink in axes.get_lines()[1:]:
        assert np.interp(kink.get_xdata()[0], angle, value) == pytest.approx(1, abs=1e-3)
    with pytest.raises(ValueError, match="does not rest on dual matrices"):
        dual_profile(on_a_line)


def test_the_picture_of_early_stopping_shows_the_table_s_shares():
    table = experiments.early_stopping(starts=50)
    axes = plot.experiment(table)
    curve = axes.get_lines()[0].get_xydata()
    assert np.array_equal(curve, np.column_stack([table.column("T"), table.column("vertex_share")]))


def test_the_picture_of_where_flows_end_has_one_curve_for_each_flow_and_kind_that_occurs():
    table = experiments.where_flows_end(starts=40)
    labelled = {curve.get_label(): curve.get_xydata() for curve in plot.experiment(table).get_lines()}
    rows = [r for r in table.records() if r["flow"] == "score" and r["points"] == 30]
    assert labelled["score flow: virtual"][-1, 1] == pytest.approx(np.mean([r["virtual"] for r in rows]))
    assert "probability flow: boundary" in labelled


def test_a_table_hands_over_means_of_the_rows_that_agree_and_pictures_draw_these():
    columns = ("data", "rho", "removed", "road", "rms")
    rows = [("a", 0.1, n, "formula", value) for n, value in ((0, 5.0), (1, 1.0), (2, 3.0))]
    rows += [("a", 0.05, n, "formula", value) for n, value in ((0, 4.0), (1, 7.0), (2, None))]
    table = experiments.Table("leave-one-out", columns, (*rows, ("a", 0.1, 1, "program", 99.0)), {}, "")
    assert table.means("rms", by=("road", "rho")) == {
        ("formula", 0.1): 3.0,
        ("formula", 0.05): 5.5,
        ("program", 0.1): 99.0,
    }
    curves = {c.get_label(): c.get_xydata().tolist() for c in plot.experiment(table).get_lines()}
    assert curves == {"a: $x_0$": [[0.05, 4.0], [0.1, 5.0]], "a: others": [[0.05, 7.0], [0.1, 2.0]]}


def test_bars_of_scores_are_mean_correlations_over_the_radii():
    rows = [("s", "a", 0.1, 0.2), ("s", "a", 0.2, 0.6), ("s", "b", 0.1, -0.5), ("t", "a", 0.1, 0.9)]
    rows += [("exact", "a", 0.1, 1.0), ("s", "a", None, 7.0), ("t", "a", 0.2, None)]
    table = experiments.Table("attribution-scores", ("score", "data", "rho", "pearson"), tuple(rows), {}, "")
    axes = plot.experiment(table)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["s", "t"]
    drawn = {bars.get_label(): [bar.get_height() for bar in bars] for bars in axes.containers}
    assert drawn == {"a": [pytest.approx(0.4), 0.9], "b": [-0.5, 0.0]}  # no bar where nothing was judged


def test_lines_of_an_inertia_end_and_of_trained_networks_are_numbers_of_their_tables():
    columns = ("points", "distance", "distance_of_points", "scaled")
    table = experiments.Table("inertia-end", columns, ((4, 1.0, 2.0, 3.0), (9, 0.5, 1.0, 5.0)), {}, "")
    line = {c.get_label(): c.get_xydata() for c in plot.experiment(table).get_lines()}["4.00 $n^{-2/5}$"]
    assert np.allclose(line, [[4, 4 * 4**-0.4], [9, 4 * 9**-0.4]])
    columns = ("way", "width", "size", "cost", "least", "r2")
    table = experiments.Table("trained-networks", columns, (("Adam", 8, 2, 5.0, 4.0, 0.5),), {}, "")
    line = {c.get_label(): c.get_xdata() for c in plot.experiment(table).get_lines()}["least cost on whole balls"]
    assert line == [4.0, 4.0]


def test_the_portrait_holds_the_field_the_kinks_the_hyperbox_the_rest_points_and_the_trajectories(in_the_plane):
    flow = score_flow(in_the_plane, [[0.3, 0.4], [1.5, -3.5]], np.inf, times=[1.0])
    axes = plot.portrait(in_the_plane, flow, rest=rest_points(in_the_plane))
    labelled = {curve.get_label(): curve for curve in axes.get_lines()}
    box = labelled["hyperbox"].get_xydata()
    assert {tuple(corner) for corner in np.round(box, 12) + 0.0} == {(0, 0), (1, 0), (0, 2), (1, 2)}
    assert len(box) == 5
    assert len(labelled["stable rest points"].get_xydata()) == 4
    assert np.allclose(labelled["endpoints"].get_xydata(), flow.endpoint)
    assert {"kinks", "trajectories", "starts", "clean points", "noise balls"} <= set(labelled)
    (quiver,) = (item for item in axes.collections if isinstance(item, Quiver))
    assert np.allclose(np.column_stack([quiver.U, quiver.V]), in_the_plane(quiver.XY) - quiver.XY)
    assert axes.get_ylim()[0] < -3.5
    rest, clean = (labelled[name] for name in ("stable rest points", "clean points"))
    assert rest.get_markersize() > clean.get_markersize() + 4
    assert rest.get_zorder() < clean.get_zorder()
    alone = {curve.get_label() for curve in plot.portrait(in_the_plane).get_lines()}
    assert {"hyperbox", "clean points"} <= alone
    assert not {"starts", "endpoints", "trajectories", "stable rest points"} & alone


@pytest.mark.parametrize("seed", range(4))
def test_a_hyperbox_in_space_casts_the_shadow_of_its_corners(seed):
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((6, 6)))[0][:4] * [[1.0], [2.0], [0.5], [1.5]]
    origin = rng.standard_normal(6)
    plane = Frame(rng.standard_normal(6), np.linalg.qr(rng.standard_normal((6, 2)))[0].T)
    outline = hyperbox_outline(origin + np.vstack([np.zeros(6), axes]), plane)
    corners = plane.coordinates(origin + np.indices((2,) * 4).reshape(4, -1).T @ axes)
    hull = ConvexHull(corners)
    assert np.allclose(outline[0], outline[-1])
    assert len(outline) == len(hull.vertices) + 1 == 9
    assert np.linalg.norm(outline[1:, None] - corners[hull.vertices], axis=2).min(axis=0).max() < 1e-12
    assert np.linalg.norm(np.diff(outline, axis=0), axis=1).sum() == pytest.approx(
        hull.area
    )  # in the plane, its length
    assert hyperbox_outline(problems.acute().train.points, Frame(np.zeros(2), np.eye(2))) is None


def test_endpoints_that_were_classified_are_drawn_by_kind(in_the_plane):
    flow = score_flow(in_the_plane, [*STARTS, [0.9, 0.3], [1.2, 1.7]], np.inf)
    ends = endpoints(flow, in_the_plane.train)
    axes = plot.trajectories(flow, in_the_plane.train, ends=ends)
    labelled = {curve.get_label(): curve for curve in axes.get_lines()}
    for kind in ("training point", "virtual training point"):
        assert np.allclose(labelled[f"ends: {kind}"].get_xydata(), flow.endpoint[ends.kind == kind])
    assert len({labelled[f"ends: {kind}"].get_color() for kind in ("training point", "virtual training point")}) == 2
    assert "endpoints" not in labelled


def test_images_are_drawn_in_their_own_shape_and_flat_rows_in_that_of_the_others():
    pictures = np.arange(2 * 3 * 4, dtype=float).reshape(2, 3, 4)
    axes = plot.images([pictures, pictures.reshape(2, 1, 3, 4), pictures.reshape(2, 12)])
    shown = [np.asarray(image.get_array()) for image in axes.get_images()]
    assert len(shown) == 6
    for n, image in enumerate(shown):
        assert np.array_equal(image, pictures[n % 2])
    with pytest.raises(ValueError, match=r"are flat: give shape=\(height, width\)"):
        plot.images([pictures.reshape(2, 12)])
    with pytest.raises(ValueError, match=r"a row of shape \(3, 4\) for images of 3 by 4 pixels"):
        plot.images([pictures[0]], (3, 4))
