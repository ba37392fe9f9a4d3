"""Trajectories, rest points, basins, shares and portraits are drawn where they are."""

import pickle

import numpy as np
import pytest
from formulas import certified
from matplotlib.quiver import Quiver
from scipy.spatial import ConvexHull

from exactnorm import (
    TrainingSet,
    closed_form,
    min_norm_denoiser,
    plot,
    probability_flow,
    problems,
    rest_points,
    score_flow,
)
from exactnorm.flow import basins, endpoints
from exactnorm.flow.ways import FINE, hyperbox_outline
from exactnorm.geometry import Frame


@pytest.fixture
def in_the_plane():
    return certified(problems.orthogonal(), closed_form.orthogonal)


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
    assert not limits.get_clip_on()  # those on the edge of the grid are whole


def test_bars_are_the_shares_of_the_kinds_that_occur(in_the_plane):
    flow = score_flow(in_the_plane, np.random.default_rng(0).standard_normal((50, 2)), np.inf)
    shares = endpoints(flow, in_the_plane.train).shares()
    axes = plot.shares(shares)
    seen = {kind: share.share for kind, share in shares.items() if share.count}
    drawn = {t.get_text(): bar.get_width() for t, bar in zip(axes.get_yticklabels(), axes.patches, strict=True)}
    assert drawn == seen


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
