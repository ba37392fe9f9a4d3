"""A path of certified denoisers: levels, flows along it, refinement, and its files."""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import exactnorm.path
from exactnorm import TrainingSet, load, min_norm_denoiser, problems, save
from exactnorm.certify import check_certificate
from exactnorm.closed_form import equilateral_triangle
from exactnorm.flow import closed_probability_flow, probability_flow
from exactnorm.path import DenoiserPath, refined, refined_flow

ORTHOGONAL = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.4]])


def test_levels_are_used_up_to_the_geometric_mean_of_neighbours():
    path = DenoiserPath(ORTHOGONAL, [0.2, 0.05, 0.4])
    assert path.radii.tolist() == [0.05, 0.2, 0.4]
    assert path.switches == pytest.approx([0.1, np.sqrt(0.08)])
    assert path(0.099).train.rho == 0.05
    assert path(0.101).train.rho == 0.2
    assert path(1e-9).train.rho == 0.05
    assert path(9.0).train.rho == 0.4
    assert path.gap < 1e-9


def test_a_flow_along_a_fine_path_is_near_the_continuous_familys():
    Y = np.random.default_rng(0).normal(0.5, 0.6, (30, 2))
    exact = closed_probability_flow(ORTHOGONAL, 1.0, Y, 0.3)
    errors = []
    for levels in (5, 40):
        path = DenoiserPath(ORTHOGONAL, np.geomspace(0.003, 0.3, levels))
        flow = probability_flow(path, Y, "edm", alpha=1.0, T=0.3)
        assert flow.complete
        errors.append(np.abs(flow.endpoint - exact).mean())
    assert errors[1] < errors[0] / 4
    assert errors[1] < 5e-3


@pytest.mark.parametrize("levels", [5, 6, 8, 11, 16])
def test_the_error_that_is_said_along_a_path_is_at_least_the_one_that_is_made(levels):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        points = np.vstack([np.zeros(2), np.diag(rng.uniform(0.5, 2.0, 2))])
        T = rng.uniform(0.2, 0.95) * points.max(axis=0).min() / 2
        Y = points.mean(axis=0) + 0.6 * rng.standard_normal((20, 2))
        path = DenoiserPath(points, np.geomspace(T * 10 ** rng.uniform(-3, -1), T, levels))
        flow = probability_flow(path, Y, "edm", alpha=1.0, T=T)
        off = np.linalg.norm(flow.endpoint - closed_probability_flow(points, 1.0, Y, T), axis=1).max()
        assert 1e-6 < off < flow.error + flow.residual


def test_along_a_path_of_fewer_than_five_levels_no_error_is_said():
    for levels in (1, 2, 4):
        flow = probability_flow(
            DenoiserPath(ORTHOGONAL, np.geomspace(0.3, 0.01, levels)), [0.4, 1.0], "edm", alpha=1, T=0.3
        )
        assert flow.error is None
        assert "with too few levels to judge the error by" in flow.status


@pytest.mark.parametrize("levels", range(3, 12))
def test_the_coarser_path_lengthens_every_stretch_and_keeps_the_ends(levels):
    path = DenoiserPath(ORTHOGONAL, np.geomspace(0.01, 0.3, levels))
    kept = np.searchsorted(path.radii, path.coarser.radii)
    assert (kept[0], kept[-1]) == (0, levels - 1)
    assert set(np.diff(kept)) <= {2, 3}
    assert all(path.coarser.denoisers[n] is path.denoisers[k] for n, k in enumerate(kept))


def test_refining_keeps_what_is_solved_and_stops_when_endpoints_settle():
    path = DenoiserPath(ORTHOGONAL, np.geomspace(0.01, 0.3, 5))
    finer = refined(path)
    assert len(finer.radii) == 10
    assert finer.rho_min == pytest.approx(0.1 * path.rho_min)
    assert finer.denoisers[1] is path.denoisers[0]
    start = [0.45, 0.2]
    flow, finest = refined_flow(path, start, "edm", alpha=1.0, T=0.3, settle=2e-3)
    assert flow.complete
    assert len(finest.radii) > 5
    exact = closed_probability_flow(ORTHOGONAL, 1.0, start, 0.3)
    assert np.abs(flow.endpoint - exact).max() < 1e-2
    never, _ = refined_flow(path, start, "edm", alpha=1.0, T=0.3, settle=1e-15, max_levels=10)
    assert not never.complete
    assert "not settled" in never.status


def test_a_path_of_solved_programs_follows_the_closed_form_and_survives_its_files(tmp_path):
    angles = np.array([0.3, 0.3 + 2 * np.pi / 3, 0.3 + 4 * np.pi / 3])
    points = np.column_stack([np.cos(angles), np.sin(angles)])
    radii = np.array([0.05, 0.2])
    path = DenoiserPath(points, radii, tol=1e-5)
    save(tmp_path / "path", path)
    again = load(tmp_path / "path")
    np.testing.assert_array_equal(again.radii, path.radii)
    for h in again.denoisers:
        lower, upper, _ = check_certificate(h.certificate, h.train, h.network)
        assert upper - lower <= 1e-5 * upper
    Y = np.random.default_rng(1).normal(0, 0.7, (5, 2))
    solved = probability_flow(again, Y, "edm", alpha=1.0, T=0.2)

    closed = replace(again.family, denoiser=lambda rho: equilateral_triangle(points, 0.05 if rho < 0.1 else 0.2))
    assert np.abs(solved.endpoint - probability_flow(closed, Y, "edm", alpha=1.0, T=0.2).endpoint).max() < 1e-3


def test_damaged_or_missing_files_are_refused(tmp_path):
    path = DenoiserPath(ORTHOGONAL, [0.1])
    save(tmp_path / "a", path)
    with pytest.raises(FileExistsError, match="not empty"):
        save(tmp_path / "a", path)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nowhere")
    level = {"levels": 1, "tol": 1.0}
    for changed in ({"levels": 0}, {"levels": True}, {"tol": 10**400}, {"tol": -1.0}, {"tol": None}):
        (tmp_path / "a" / "path.json").write_text(json.dumps(level | changed))
        with pytest.raises(ValueError, match="path"):
            load(tmp_path / "a")
    for text in ("{", json.dumps({"tol": 1.0})):
        (tmp_path / "a" / "path.json").write_text(text)
        with pytest.raises(ValueError, match="path"):
            load(tmp_path / "a")
    (tmp_path / "a" / "path.json").write_text(json.dumps({"levels": 2, "tol": 1.0}))
    with pytest.raises(FileNotFoundError, match="level0001"):
        load(tmp_path / "a")
    (tmp_path / "a" / "level0001.npz").write_bytes((tmp_path / "a" / "level0000.npz").read_bytes())
    with pytest.raises(ValueError, match="distinct"):
        load(tmp_path / "a")
    (tmp_path / "a" / "level0001.npz").write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="level0001"):
        load(tmp_path / "a")


def test_refining_needs_two_levels_and_a_distance():
    path = DenoiserPath(ORTHOGONAL, [0.1])
    with pytest.raises(ValueError, match="two levels"):
        refined_flow(path, [0.1, 0.2], "edm", alpha=1.0, T=0.1, settle=1e-3)
    for settle in (0.0, math.nan):
        with pytest.raises(ValueError, match="settle"):
            refined_flow(DenoiserPath(ORTHOGONAL, [0.1, 0.2]), [0.1, 0.2], "edm", alpha=1.0, T=0.1, settle=settle)


def test_a_saved_path_gives_the_same_flow_and_refines_on(tmp_path):
    path = DenoiserPath(ORTHOGONAL, np.geomspace(0.02, 0.3, 4), tol=1e-5)
    save(tmp_path / "path", path)
    again = load(tmp_path / "path")
    assert again.tol == path.tol
    Y = np.random.default_rng(2).normal(0.5, 0.6, (20, 2))
    flows = [
        probability_flow(p, Y, "ve", alpha=1.0, T=0.09).endpoint for p in (path, again, refined(path), refined(again))
    ]
    np.testing.assert_array_equal(flows[0], flows[1])
    np.testing.assert_array_equal(flows[2], flows[3])
    assert np.abs(flows[2] - flows[0]).max() > 1e-4


@pytest.mark.parametrize(
    ("radii", "message"), [([], "at least one"), ([0.1, 0.1], "distinct"), ([0.0], "positive"), ([0.1, 0.6], "overlap")]
)
def test_wrong_radii_are_refused(radii, message):
    with pytest.raises(ValueError, match=message):
        DenoiserPath(ORTHOGONAL, radii)


def test_denoisers_of_other_radii_and_flows_beyond_the_path_are_refused():
    path = DenoiserPath(ORTHOGONAL, [0.1, 0.2])
    with pytest.raises(ValueError, match="not those"):
        DenoiserPath(ORTHOGONAL, [0.1, 0.3], path.denoisers)
    with pytest.raises(ValueError, match="reaches up to"):
        probability_flow(path, [0.1, 0.2], "edm", alpha=1.0, T=0.3)
    with pytest.raises(ValueError, match="leave out steps"):
        probability_flow(path, [0.1, 0.2], "edm", alpha=1.0, T=0.2, steps=5)


def test_levels_are_solved_with_the_means_given_and_refinements_alike():
    seen = []
    acute = [[0, 0], [1, 0], [0.4, 0.9]]
    with ThreadPoolExecutor(2) as executor:
        path = DenoiserPath(acute, [0.1, 0.2], tol=1e-4, progress=seen.append, executor=executor)
        solved = len(seen)
        assert path.gap <= 1e-4
        assert solved >= 2
        finer = refined(path)
    assert len(seen) > solved
    assert finer.progress == path.progress
    assert finer.gap <= 1e-4
    assert "executor" not in repr(path)


def interrupted_at(radius):
    """A report that is Ctrl-C at the first bracket of a level."""
    solve, levels = exactnorm.path.min_norm_denoiser, []

    def level(points, rho, **options):
        levels.append(rho)
        return solve(points, rho, **options)

    def stop(bracket):
        if levels[-1] == radius and bracket.lower > 0 and np.isfinite(bracket.upper):
            raise KeyboardInterrupt

    return level, stop


@pytest.mark.parametrize(("at", "kept"), [(0.1, 1), (0.2, 2), (0.3, 3)])
def test_an_interrupted_path_ends_with_the_level_that_was_interrupted(monkeypatch, at, kept):
    level, stop = interrupted_at(at)
    monkeypatch.setattr(exactnorm.path, "min_norm_denoiser", level)
    path = DenoiserPath([[0, 0], [1, 0], [0.4, 0.9]], [0.3, 0.1, 0.2], progress=stop)
    assert path.interrupted
    assert path.radii.tolist() == [0.1, 0.2, 0.3][:kept]
    assert [h.interrupted for h in path.denoisers] == [False] * (kept - 1) + [True]
    assert 0 < path.gap < 1


def test_ctrl_c_before_there_is_any_bracket_leaves_no_path_and_later_one_without_that_level(monkeypatch):
    def none_at(radius):
        def level(points, rho, **options):
            if rho == radius:
                raise KeyboardInterrupt
            return min_norm_denoiser(points, rho, **options)

        return level

    monkeypatch.setattr(exactnorm.path, "min_norm_denoiser", none_at(0.1))
    with pytest.raises(KeyboardInterrupt):
        DenoiserPath(ORTHOGONAL, [0.1, 0.2])
    monkeypatch.setattr(exactnorm.path, "min_norm_denoiser", none_at(0.2))
    path = DenoiserPath(ORTHOGONAL, [0.1, 0.2, 0.3])
    assert path.radii.tolist() == [0.1]
    assert path.interrupted
    assert not DenoiserPath(ORTHOGONAL, [0.1]).interrupted


@pytest.mark.parametrize("name", ["min_norm_denoiser", "probability_flow"])
def test_an_interrupted_refinement_leaves_the_flow_of_the_path_before(monkeypatch, name):
    path = DenoiserPath(ORTHOGONAL, np.geomspace(0.02, 0.3, 3))
    first = probability_flow(path, [0.4, 1.0], "edm", alpha=1, T=0.3)

    whole = getattr(exactnorm.path, name)

    def stop(*given, **options):
        if given[0] is path:
            return whole(*given, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(exactnorm.path, name, stop)
    flow, finest = refined_flow(path, [0.4, 1.0], "edm", alpha=1, T=0.3, settle=1e-12)
    assert finest is path
    assert np.array_equal(flow.endpoint, first.endpoint)
    assert not flow.complete
    assert flow.status.endswith("interrupted")


def test_the_time_limit_of_a_path_is_that_of_all_its_levels_and_again_of_those_that_are_added(
    processor_clock, monkeypatch
):
    solve, took = exactnorm.path.min_norm_denoiser, []

    def timed(*arguments, **options):
        start = processor_clock()
        try:
            return solve(*arguments, **options)
        finally:
            took.append(processor_clock() - start)

    monkeypatch.setattr(exactnorm.path, "min_norm_denoiser", timed)
    points = problems.digits(7).train.points
    largest = TrainingSet(points).separation / 2
    path = DenoiserPath(points, largest * np.array([0.02, 0.1, 0.5, 0.8]), time_limit=2.0)
    assert sum(took) < 1.1 * 2 + 1  # a single one of them takes longer to close its gap
    assert all(0 < h.certificate.lower <= h.certificate.upper < np.inf for h in path.denoisers)
    assert path.gap > 1e-6
    took.clear()
    away = points.mean(axis=0) + largest * np.random.default_rng(0).standard_normal((3, points.shape[1]))
    flow, finer = refined_flow(path, away, "ve", alpha=1.0, T=(0.8 * largest) ** 2, settle=1e-12)
    assert sum(took) < 1.1 * 2 + 1
    assert len(finer.radii) >= 8
    assert flow.error > 1e-9
    assert not flow.complete
    assert flow.status.endswith("the time limit of 2 s was reached")
