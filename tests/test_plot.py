"""Drawings show the numbers they are given."""

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
    problems,
    rest_points,
    score_flow,
)
from exactnorm.certify.rays import rays_lower_bound
from exactnorm.flow import basins, endpoints
from exactnorm.geometry import Frame
from exactnorm.plot.flows import hyperbox_outline


def certified(problem, make):
    train = problem.train
    network = make(train.points, train.rho)
    error = interpolation_error(network, train.points, train.rho)
    lower = rays_lower_bound(train.points, train.rho, 0)
    certificate = Certificate(network.representation_cost, lower, error, "theorem", "one-sided rays", rays=(0,))
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


def test_trajectories_go_from_starts_through_the_states_to_the_endpoints(in_the_plane):
    starts = np.array([[0.3, 0.4], [0.9, 1.5], [1.5, -0.5]])
    flow = score_flow(in_the_plane, starts, 2.0, times=[0.5, 1.0])
    axes = plot.trajectories(flow, in_the_plane.train)
    drawn = [curve.get_xydata() for curve in axes.get_lines()]
    for n in range(3):
        assert np.allclose(drawn[n], [starts[n], flow.states[0, n], flow.states[1, n], flow.endpoint[n]])
    labelled = {curve.get_label(): curve.get_xydata() for curve in axes.get_lines()}
    assert np.allclose(labelled["endpoints"], flow.endpoint)


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
    path = drawing.get_lines()[0].get_xydata()
    assert np.allclose(np.abs(path[:, 1]), np.abs([0.3, *(flow.states[:, 0] @ axis[0]), flow.endpoint[0] @ axis[0]]))
    assert path[:3, 0].tolist() == [0.0, 0.5, 1.0]
    assert path[3, 0] == (2.0 if horizon == 2 else pytest.approx(1.05))
    assert drawing.get_xlabel() == "flow time $u$"
    assert plot.trajectories(score_flow(min_norm_denoiser(train), train.points[:0], horizon), train).get_lines()


def test_rest_points_are_drawn_stable_and_unstable_apart(in_the_plane):
    points = rest_points(in_the_plane.network)
    labelled = {curve.get_label(): curve.get_xydata() for curve in plot.rest_points(points).get_lines()}
    assert len(labelled["stable rest points"]) == 4
    assert len(labelled["unstable rest points"]) == 5


def test_basins_are_coloured_by_their_limit(in_the_plane):
    grid = np.stack(np.meshgrid(np.linspace(-0.5, 1.5, 12), np.linspace(-0.5, 2.5, 16)), -1)
    found = basins(in_the_plane, grid)
    axes = plot.basins(found)
    assert np.array_equal(axes.collections[0].get_array(), found.label)
    assert len(found.limits) == 4


def test_bars_are_the_shares_of_the_kinds_that_occur(in_the_plane):
    flow = score_flow(in_the_plane, np.random.default_rng(0).standard_normal((50, 2)), np.inf)
    shares = endpoints(flow, in_the_plane.train).shares()
    axes = plot.shares(shares)
    seen = {kind: share.share for kind, share in shares.items() if share.count}
    drawn = {t.get_text(): bar.get_width() for t, bar in zip(axes.get_yticklabels(), axes.patches, strict=True)}
    assert drawn == seen


def test_a_bracket_over_time_keeps_its_numbers():
    axes = plot.bracket([0, 1, 3], [4, 5, 5.1], [6, 5.3, 5.2])
    labelled = {curve.get_label(): curve.get_xydata() for curve in axes.get_lines()}
    assert np.allclose(labelled["lower bound"], [[0, 4], [1, 5], [3, 5.1]])
    assert np.allclose(labelled["cost of the network"], [[0, 6], [1, 5.3], [3, 5.2]])


def test_the_dual_function_of_an_optimal_certificate_is_at_most_1_and_touches_it_at_the_network_s_kinks(on_a_line):
    denoiser = min_norm_denoiser(problems.acute().train)
    axes = plot.dual_function(denoiser, directions=3601)
    angle, value = axes.get_lines()[0].get_xydata().T
    assert np.nanmax(value) == pytest.approx(1, abs=1e-4)
    for kink in axes.get_lines()[1:]:
        assert np.interp(kink.get_xdata()[0], angle, value) == pytest.approx(1, abs=1e-3)
    with pytest.raises(ValueError, match="rests on a theorem"):
        plot.dual_function(on_a_line)


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


def test_the_portrait_holds_the_field_the_kinks_the_hyperbox_the_rest_points_and_the_trajectories(in_the_plane):
    flow = score_flow(in_the_plane, [[0.3, 0.4], [1.5, -3.5]], np.inf, times=[1.0])
    axes = plot.portrait(in_the_plane, flow)
    labelled = {curve.get_label(): curve for curve in axes.get_lines()}
    box = labelled["hyperbox"].get_xydata()
    assert {tuple(corner) for corner in np.round(box, 12) + 0.0} == {(0, 0), (1, 0), (0, 2), (1, 2)}
    assert len(box) == 5
    assert len(labelled["stable rest points"].get_xydata()) == 4
    assert np.allclose(labelled["endpoints"].get_xydata(), flow.endpoint)
    assert {"kinks", "trajectories", "starts", "clean points", "noise balls"} <= set(labelled)
    (quiver,) = (item for item in axes.collections if isinstance(item, Quiver))
    assert np.allclose(np.column_stack([quiver.U, quiver.V]), in_the_plane(quiver.XY) - quiver.XY)
    assert axes.get_ylim()[0] <= -3.5
    assert plot.portrait(in_the_plane).get_lines()


@pytest.mark.parametrize("seed", range(4))
def test_a_hyperbox_in_space_casts_the_shadow_of_its_corners(seed):
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((6, 6)))[0][:4] * [[1.0], [2.0], [0.5], [1.5]]
    origin = rng.standard_normal(6)
    plane = Frame(rng.standard_normal(6), np.linalg.qr(rng.standard_normal((6, 2)))[0].T)
    outline = hyperbox_outline(TrainingSet(origin + np.vstack([np.zeros(6), axes]), 0.1), plane)
    corners = plane.coordinates(origin + np.indices((2,) * 4).reshape(4, -1).T @ axes)
    hull = ConvexHull(corners)
    assert np.allclose(outline[0], outline[-1])
    assert len(outline) == len(hull.vertices) + 1 == 9
    assert np.linalg.norm(outline[1:, None] - corners[hull.vertices], axis=2).min(axis=0).max() < 1e-12
    assert np.linalg.norm(np.diff(outline, axis=0), axis=1).sum() == pytest.approx(
        hull.area
    )  # in the plane, its length
    assert hyperbox_outline(problems.acute().train, Frame(np.zeros(2), np.eye(2))) is None
