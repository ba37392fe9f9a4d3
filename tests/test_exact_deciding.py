"""Which balls decide a pattern: by hulls, against linear programs over the cone of kinks."""

import time

import numpy as np
import pytest
from scipy.optimize import linprog

from exactnorm import TrainingSet, check_certificate, min_norm_denoiser, problems
from exactnorm.certify.balls.cell import cell_rows
from exactnorm.exact.balls.cells import essential_rows, whole_cells
from exactnorm.exact.balls.deciding import deciding_balls
from exactnorm.exact.balls.problem import Reduced, reduced
from exactnorm.exact.balls.tree import shortest_tree
from exactnorm.geometry import affine_hull, non_negative
from exactnorm.patterns import swept

CUBE = np.stack(np.meshgrid([0, 1.0], [0, 1.0], [0, 1.0]), -1).reshape(-1, 3)
SETS = {
    "general in the plane": problems.gaussian(9, 2, seed=0).train,
    "general in space": problems.gaussian(7, 3, seed=0).train,
    "general in four dimensions": problems.gaussian(7, 4, seed=0).train,
    "grid": TrainingSet(np.stack(np.meshgrid(np.arange(3.0), np.arange(3.0)), -1).reshape(-1, 2), 0.1),
    "cube": TrainingSet(CUBE, 0.1),
    "points without balls": TrainingSet(CUBE[:6], 0.0),
    "simplex": problems.gaussian(5, 4, seed=0).train,
    "line": problems.gaussian(8, 1, seed=0).train,
}


def matters(G, n):
    """How far the other conditions let condition n be violated, in a box."""
    others = np.delete(G, n, axis=0)
    box = [(-1, 1)] * (G.shape[1] - 1) + [(0, 1)]
    return -linprog(G[n], A_ub=-others, b_ub=np.zeros(len(others)), bounds=box).fun


@pytest.mark.parametrize("name", SETS)
def test_a_ball_decides_exactly_where_the_other_conditions_let_its_own_be_violated(name):
    problem = reduced(SETS[name])
    rows = deciding_balls(problem)
    cells = whole_cells(problem.patterns, problem.rank)
    chosen = np.random.default_rng(0).permutation(len(cells))[:12]
    for k in chosen:
        G = cell_rows(cells[k], problem.points, problem.rho)
        by = np.array([matters(G, n) for n in range(len(G))])
        assert ((by < 1e-9) | (by > 1e-6)).all()  # no ball on the edge: rounding decides nothing here
        np.testing.assert_array_equal(rows[k], by > 1e-6)
        np.testing.assert_array_equal(np.flatnonzero(rows[k]), essential_rows(cells[k], problem.points, problem.rho))


def test_the_deciding_balls_of_thousands_of_patterns_of_a_hundred_points_take_seconds():
    train = problems.gaussian(100, 2, seed=0).train
    frame = affine_hull(train.points)
    X, rho = frame.coordinates(train.points), train.rho / frame.scale
    directions = np.random.default_rng(0).standard_normal((300, 2))
    patterns = np.unique(swept(X, rho, directions / np.linalg.norm(directions, axis=1)[:, None]), axis=0)[-1000:]
    problem = Reduced(frame, X, rho, patterns, train.separation / frame.scale, shortest_tree(X, rho))
    start = time.process_time()
    rows = deciding_balls(problem)
    assert time.process_time() - start < 3  # one after another, each by a program of its own: six
    assert 3 < rows.sum(axis=1).mean() < 12


def test_the_clock_is_looked_at_for_every_pattern():
    calls = []
    problem = reduced(SETS["grid"])
    deciding_balls(problem, lambda: calls.append(0))
    assert len(calls) >= len(problem.patterns)


def test_weights_are_as_near_to_their_target_as_is_said():
    # SciPy says 0.376 of its own weights here, which is more than 1.9 off (1.17.1).
    A, b = np.array([[1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [-1.0, 0.0, -1.0]]), np.array([1.0, 1.0, 0.0])
    weights, off = non_negative(A, b)
    assert weights.min() >= 0
    assert off == pytest.approx(np.linalg.norm(A @ weights - b), rel=1e-12)


def on_arms(dimension, seed, centre):
    """Points on both sides of the origin along every axis, each as far as it likes; and the origin itself."""
    arms = np.vstack([np.eye(dimension), -np.eye(dimension)])
    points = arms * np.random.default_rng(seed).uniform(0.5, 2, (2 * dimension, 1))
    points = np.vstack([points, np.zeros(dimension)]) if centre else points
    return TrainingSet(points, 0.25 * TrainingSet(points, 0.0).separation)


@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize(("dimension", "seed"), [(4, 1), (4, 2), (5, 0)])
def test_no_ball_on_arms_that_cross_is_left_out_that_the_others_do_not_imply(dimension, seed, centre):
    problem = reduced(on_arms(dimension, seed, centre))
    rows = deciding_balls(problem)
    for cell, decides in zip(whole_cells(problem.patterns, problem.rank), rows, strict=True):
        G = cell_rows(cell, problem.points, problem.rho)
        box = [(-1, 1)] * (G.shape[1] - 1) + [(0, 1)]
        for n in np.flatnonzero(~decides):
            others = G[decides]
            assert -linprog(G[n], A_ub=-others, b_ub=np.zeros(len(others)), bounds=box).fun < 1e-9


def test_what_is_solved_of_arms_that_cross_does_not_depend_on_where_they_are():
    ends = -np.diag([1.36, 0.79, 0.8, 0.87]), np.diag([1.3, 0.93, 1.86, 1.8])
    found = []
    for centre in ([0, 0, 0, 0], [30.81, 11.18, -18.71, -8.82]):
        points = np.vstack(ends) + centre
        train = TrainingSet(points, TrainingSet(points, 0.0).separation / 4)
        found.append(min_norm_denoiser(train, method="program"))
        lower, _, _ = check_certificate(found[-1].certificate, train, found[-1].network)
        assert lower >= found[-1].certificate.lower * (1 - 1e-9)
    here, there = (one.certificate for one in found)
    assert here.lower <= there.upper
    assert there.lower <= here.upper
