"""Beyond orthogonal points, width, the first paper's pictures, the large case, costs: two roads to the same numbers."""

import math
from dataclasses import replace

import numpy as np
import pytest

from exactnorm import problems
from exactnorm.closed_form import obtuse_simplex, rays
from exactnorm.experiments import (
    Run,
    beyond_orthogonal,
    costs,
    first_pictures,
    fitted,
    large_rays,
    simulated,
    solved,
    trained_networks,
    unit_memory,
    unit_seconds,
    width,
)
from exactnorm.experiments.beyond_orthogonal import COLUMNS, Angles, observed, predicted
from exactnorm.experiments.costs import against_cover
from exactnorm.experiments.first_pictures import PUBLISHED, digit_triple
from exactnorm.experiments.large_rays import orthogonal_rays, own_chance, score_limits
from exactnorm.experiments.width import certified
from exactnorm.flow import closed_score_flow, orthogonal_lines, rest_points
from exactnorm.patterns import separable_splits


def test_as_many_sums_are_stable_as_rest_points_in_all_regions_say_and_as_the_theorem_predicts():
    table = beyond_orthogonal(families=("obtuse",), starts=10)
    cosines = [record["largest_cosine"] for record in table.records()]
    assert cosines == pytest.approx([math.cos(math.radians(angle)) for angle in table.column("value")], abs=1e-12)
    stable = table.column("stable")
    assert stable == table.column("predicted")
    assert {0, 11} < set(stable)  # all of them at 90°, none at wide angles, some in between
    for angle, count in zip((90.3, 92), (1, 0), strict=True):
        # Three points, so that every region of the network can be gone through.
        u = [[1.0, 0.0], [math.cos(math.radians(angle)), math.sin(math.radians(angle))]]
        X = np.vstack([np.zeros(2), u])
        rho = 0.02
        ends = [one.position for one in rest_points(obtuse_simplex(X, rho)) if one.stable]
        sums = [end for end in ends if np.linalg.norm(X - end, axis=1).min() > 1e-6]
        assert predicted(X, rho) == len(sums) == count


def test_a_regular_simplex_ends_at_its_corners_and_the_table_says_where_its_network_is_from():
    table = beyond_orthogonal(families=("acute", "equilateral"), starts=20)
    for record in table.records():
        assert record["training"] + record["at_sums"] + record["elsewhere"] == pytest.approx(1)
        assert record["lower"] <= record["upper"] * (1 + 1e-9)
    corners = [record for record in table.records() if record["family"] == "equilateral"]
    assert [record["training"] for record in corners] == [1.0] * 4
    optimum = 12 / (3 - 4 * corners[0]["rho"] / math.sqrt(2 / 3))  # three unit vectors: circumradius √(2/3)
    assert corners[0]["upper"] == pytest.approx(optimum, rel=1e-6)
    methods = {record["family"]: record["method"] for record in table.records()}
    assert methods == {"acute": "program", "equilateral": "theorem"}
    assert [s.verdict for s in table.statements] == ["agrees"]
    with pytest.raises(ValueError, match="choose among obtuse"):
        beyond_orthogonal(families=("round",))


def test_beyond_six_digits_the_network_is_said_to_be_a_sum_of_ramps_and_not_the_least_of_all():
    (row,) = observed(Angles("digits", 7.0, 5, 0.1, 60.0, "CLARABEL", np.random.SeedSequence(0)))
    record = dict(zip(COLUMNS, row, strict=True))
    assert (record["points"], record["dimension"], record["method"]) == (7, 64, "ramps")
    assert record["lower"] < record["upper"]
    assert record["sums"] is None


def test_sums_of_ramps_are_looked_for_to_the_end_and_the_program_until_its_time_is_over(monkeypatch):
    solve, asked = solved.min_norm_denoiser, []

    def noted(points, rho, **how):
        asked.append((len(points), how.get("method", "auto"), how.get("time_limit")))
        return solve(points, rho, **how)

    monkeypatch.setattr(solved, "min_norm_denoiser", noted)
    for count in (3.0, 7.0):
        observed(Angles("digits", count, 2, 0.1, 60.0, "CLARABEL", np.random.SeedSequence(0)))
    assert asked == [(3, "auto", 60.0), (7, "ramps", None)]


def test_of_networks_that_are_not_shown_to_be_least_no_statement_agrees_or_differs(monkeypatch):
    solve = solved.min_norm_denoiser

    def too_soon(points, rho, **how):
        found = solve(points, rho, **how)
        return replace(found, certificate=replace(found.certificate, lower=0.9 * found.certificate.upper))

    how = {"families": ("obtuse", "nearly orthogonal", "equilateral"), "starts": 2}
    assert [s.verdict for s in beyond_orthogonal(**how).statements] == ["agrees"] * 3
    monkeypatch.setattr(solved, "min_norm_denoiser", too_soon)
    table = beyond_orthogonal(**how)
    assert [s.verdict for s in table.statements] == ["not comparable"] * 3
    assert "not shown to be least: equilateral 3" in table.statements[1].evidence
    assert table.reading.startswith("The time was over before these networks were shown to be least: obtuse 90, ")


def test_minimisers_have_fewer_neurons_than_points_squared_and_of_two_points_on_a_line_exactly_none():
    table = width(sets=8, shapes=((2, 1, 1), (4, 2, 2)))
    for record in table.records():
        assert record["N_squared"] == record["N"] ** 2
        assert 0 <= record["neurons"] <= record["N_squared"]
        assert record["gap"] <= 1e-6
    # A line goes through two points, by the skip connection alone.
    assert {r["neurons"] for r in table.records() if (r["network"], r["N"]) == ("skip", 2)} == {0}
    assert min(r["neurons"] for r in table.records() if r["network"] == "plain") > 0
    assert [s.verdict for s in table.statements] == ["agrees"]


def test_a_network_that_costs_nothing_but_a_rounding_counts_as_certified_and_one_with_a_gap_does_not():
    rows = (
        ("skip", 3, 2, 2, 0, 0, 9, 0.0, 8.8e-16, 1.0),
        ("skip", 4, 2, 2, 1, 1, 16, 1.0, 1.0 + 1e-8, 1e-8),
        ("skip", 4, 2, 2, 2, 3, 16, 1.0, 1.1, 0.09),
    )
    assert certified(rows, 1e-6) == list(rows[:2])


def test_what_was_not_trained_is_said_to_be_unknown_and_no_number():
    table = trained_networks(
        widths=(8,), ways=("augmented Lagrangian",), points=3, samples=(4,), rounds=1, starts=4, sizes=(2,)
    )
    said = [statement.evidence for statement in table.statements]
    assert "unknown with weight decay, unknown without" in said[-1]
    assert not any("nan" in one for one in said)


def test_digit_triples_have_the_published_angles_to_a_hundredth_of_a_degree():
    for angle in PUBLISHED.values():
        x, found = digit_triple(angle)
        assert found == pytest.approx(angle, abs=0.01)
        sides = [x[1] - x[0], x[2] - x[0]]
        cosine = sides[0] @ sides[1] / np.linalg.norm(sides[0]) / np.linalg.norm(sides[1])
        assert math.degrees(math.acos(cosine)) == pytest.approx(found, abs=1e-9)
        lengths = [np.linalg.norm(x[i] - x[j]) for i, j in ((1, 2), (0, 1), (0, 2))]
        assert max(lengths) == lengths[0]  # opposite the angle, which is then the largest
        assert all((problems.digit_images()[0] == point).all(axis=1).any() for point in x)


def test_the_pictures_hold_the_closed_forms_and_the_trained_network_is_near_them():
    table = first_pictures(grid=7)
    records = table.records()
    line = [record for record in records if record["picture"] == "univariate"]
    net = rays(problems.univariate().train.points, 0.1)
    assert np.array([r["predicted_1"] for r in line]) == pytest.approx(net([[r["y_1"]] for r in line])[:, 0], abs=1e-12)
    assert line[0]["upper"] == pytest.approx(2 * 1 / 0.8 + 2 * 1.5 / 1.3)
    assert len(records) == 5 * 7 + 2 * 49
    assert [s.verdict for s in table.statements] == ["agrees"] * 3
    assert [s.verdict for s in first_pictures(grid=3, rounds=0).statements] == ["not comparable"] * 3


def test_the_ends_of_the_large_case_are_those_of_the_closed_flow_at_any_radius():
    lines = orthogonal_rays(4, 3, 0)
    points = np.vstack(
        [np.zeros(4), *(knots[1:, None] * axis for knots, axis in zip(lines.knots, lines.axes, strict=True))]
    )
    Y = points.mean(axis=0) + 2 * np.random.default_rng(1).standard_normal((200, 4))
    ends, _ = score_limits(lines, Y)
    for rho in (0.01, 0.2):
        assert np.abs(ends - closed_score_flow(orthogonal_lines(points), rho, Y, math.inf)).max() < 1e-12


def test_noisy_points_come_back_as_often_as_the_normal_distribution_says(tmp_path):
    table = large_rays(starts=4000, rays=20, per_ray=5, sigmas=(0.1, 0.2), block=500)
    assert [s.verdict for s in table.statements] == ["agrees"]
    assert sum(table.column("starts")) == 4000
    again = large_rays(starts=4000, rays=20, per_ray=5, sigmas=(0.1, 0.2), block=500, run=Run(out=tmp_path))
    assert again == table
    assert len(unit_seconds(tmp_path, "large-rays")) == 8
    memory = unit_memory(tmp_path, "large-rays")
    assert memory == sorted(memory)  # the most that one process has held never falls
    assert 0.02 < memory[0] < 20  # GiB of an interpreter with NumPy, not kB and not bytes
    # The probability itself, by drawing: one ray with gaps of 1, a point in the middle.
    noise = np.random.default_rng(0).standard_normal(200_000)
    knots = np.array([[0.0, 1.0, 2.0]])
    for place, share in ((1, (np.abs(0.4 * noise) < 0.5).mean()), (2, (0.4 * noise > -0.5).mean())):
        assert own_chance(knots, np.array([0]), np.array([place]), 0.4)[0] == pytest.approx(share, abs=0.005)
    with pytest.raises(ValueError, match="starts=1"):
        large_rays(starts=1)


def test_on_many_workers_a_sweep_takes_as_long_as_what_bounds_it():
    free = {"hand_out": 0.0, "start": 0.0}
    assert simulated([1.0] * 12, 4, **free).seconds == 3.0
    assert simulated([1.0] * 12, 4, **free).efficiency == 1.0
    assert simulated([1.0] * 13, 4, **free).seconds == 4.0
    alone = simulated([2.0, 1.0, 3.0], 1, hand_out=0.5, start=1.0)
    assert alone.seconds == 1.0 + 6.0 + 3 * 0.5
    assert simulated([9.0, 1.0, 1.0], 50, **free).bound == "longest unit"
    many = simulated([0.01] * 5000, 1000, hand_out=0.01, start=0.0)
    assert many.bound == "scheduler"
    assert many.seconds == pytest.approx(50.0, rel=1e-3)
    assert simulated([1.0] * 100, 10, start=60.0).bound == "start"
    for wrong in ([], [-1.0]):
        with pytest.raises(ValueError, match="at least one"):
            simulated(wrong, 3)


def test_a_model_of_the_cost_finds_the_numbers_it_was_made_from():
    N, r = np.array([4, 5, 6, 7, 5, 6]), np.array([2, 2, 3, 3, 4, 4])
    model = fitted(N, r, 0.1 * 2 ** (N / 1.5 + r / 0.7))
    assert (model.factor, model.double_n, model.double_r, model.spread) == pytest.approx((0.1, 1.5, 0.7, 1.0))
    assert model(8, 3) == pytest.approx(0.1 * 2 ** (8 / 1.5 + 3 / 0.7))
    with pytest.raises(ValueError, match="vary apart"):
        fitted([4, 5, 6, 7], [3, 4, 5, 6], [1, 2, 3, 4])


def test_costs_are_brackets_of_the_named_sets():
    table = costs(sizes=((4, 2),), sets=1)
    (record,) = table.records()
    assert record["patterns"] == 6  # of four points in general position in the plane
    assert record["lower"] <= record["upper"] * (1 + 1e-9)
    assert record["gap"] <= 1e-5
    assert [statement.verdict for statement in table.statements] == ["agrees"]
    assert "as many in 1 of 1 sets" in table.statements[0].evidence


def test_splits_by_hyperplanes_are_as_many_as_are_found_on_a_line_in_a_simplex_and_on_a_circle():
    assert [separable_splits(N, 1) for N in (2, 5, 9)] == [1, 4, 8]  # a cut between two neighbours on the line
    assert [separable_splits(N, N - 1) for N in (2, 5, 9)] == [1, 15, 255]  # a simplex: every split, 2^(N−1) − 1
    # Points on a circle: two of the N arcs between neighbours are cut.
    assert [separable_splits(N, 2) for N in (4, 6, 8)] == [6, 15, 28]


def test_more_patterns_than_hyperplanes_split_would_differ():
    (statement,) = against_cover(((4, 2, 0, 7, 6, 1.0, 1.0, 0.0),))
    assert statement.verdict == "differs"
