"""The papers' experiments: tables that add up, two roads to the same ends, and numbers known beforehand."""

import inspect
import math
import sys
from dataclasses import replace

import numpy as np
import pytest

from exactnorm import plot
from exactnorm.certify.certified import INTERRUPTED
from exactnorm.closed_form import orthogonal
from exactnorm.experiments import (
    EXPERIMENTS,
    Run,
    early_stopping,
    early_stopping_map,
    leave_one_out_formula,
    solved,
    stable_virtual_points,
    where_flows_end,
)
from exactnorm.experiments.early_stopping import COLUMNS, Stop, _statements, beyond, followed
from exactnorm.flow import closed_score_flow, endpoints, score_flow

SMALL = {
    "stable-virtual-points": {"points": 6, "perturbations": (0.0, 1e-3)},
    "where-flows-end": {"starts": 60, "dimension": 6, "counts": (2, 5)},
    "early-stopping": {"starts": 60, "points": 3, "longest": (1.0, 2.0)},
    "early-stopping-map": {"starts": 20, "times": 6},
    "beyond-orthogonal": {"starts": 10, "families": ("obtuse",)},
    "first-pictures": {"grid": 3, "width": 16, "rounds": 1},
    "width": {"sets": 3},
    "memorisation": {"counts": (2, 3), "starts": 12},
    "large-rays": {"starts": 400, "rays": 10, "per_ray": 4},
    "costs": {"sizes": ((4, 2),), "sets": 1},
    "leave-one-out": {"inputs": 20, "sets": ("orthonormal",), "radii": (0.1,)},
    "attribution-levels": {"samples": 10, "sets": ("orthonormal",), "radii": (0.05, 0.2)},
    "other-denoisers": {"starts": 20, "levels": 3, "sets": ("orthonormal",)},
    "trained-networks": {"widths": (12,), "points": 3, "samples": (6,), "steps": 20, "starts": 5, "sizes": (2,)},
    "inertia-end": {"counts": (4, 9), "sets": 2},
    "linear-one-step": {"counts": (3, 12), "runs": 3, "dimension": 4},
    "attribution-scores": {"samples": 6, "sets": ("obtuse",), "radii": (0.1,), "width": 8, "steps": 20},
}


@pytest.mark.parametrize("name", list(EXPERIMENTS))
def test_tables_are_tidy_and_come_out_the_same_from_their_seed(name):
    table = EXPERIMENTS[name](seed=3, **SMALL[name])
    assert table.name == name
    assert table.rows == EXPERIMENTS[name](seed=3, **SMALL[name]).rows
    assert table.rows != EXPERIMENTS[name](seed=4, **SMALL[name]).rows
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert table.records()[0][table.columns[0]] == table.column(table.columns[0])[0]
    # What parameters leave out could differ between the two halves of a table that was resumed.
    asked = inspect.signature(EXPERIMENTS[name]).parameters
    given = {word: one.default for word, one in asked.items() if word != "run"} | {"seed": 3} | SMALL[name]
    assert table.parameters == given
    assert table.reading
    assert table.statements
    assert table.missing == 0
    assert table.versions["exactnorm"]
    assert all(s.text and s.evidence for s in table.statements)
    if name == "stable-virtual-points":  # the published shares stand beside those of thirty points
        assert len(plot.experiment(table).get_lines()) == 4
    else:
        assert plot.experiment(table).has_data()


def test_every_sum_is_stable_for_the_exact_denoiser_and_not_for_a_badly_perturbed_one():
    table = stable_virtual_points(points=6, perturbations=(0.0, 0.5), sizes=(2, 3))
    for row in table.records():
        assert row["total"] == math.comb(6, row["size"])
        if row["perturbation"] == 0:
            assert row["stable"] == row["total"]
        elif row["threshold"] == 1e-9:
            assert row["stable"] == 0
    assert [s.verdict for s in table.statements] == ["agrees"]


def test_the_published_counts_stand_beside_those_of_thirty_points_only():
    table = stable_virtual_points(sizes=(2,), perturbations=(0.0,))
    assert {(r["stable"], r["total"], r["published"]) for r in table.records()} == {(435, 435, 429)}
    assert set(stable_virtual_points(points=5, sizes=(2,), perturbations=(0.0,)).column("published")) == {None}


def test_shares_add_up_to_one_and_lie_in_their_intervals():
    for row in where_flows_end(**SMALL["where-flows-end"]).records():
        total = sum(row[k] for k in ("training", "virtual", "boundary", "interior", "outside"))
        assert total == pytest.approx(1.0)
        for kind in ("training", "virtual"):
            assert row[f"{kind}_low"] <= row[kind] <= row[f"{kind}_high"]


def test_the_ends_of_the_experiment_are_those_of_the_exact_pieces_on_the_same_network():
    rng = np.random.default_rng(0)
    points = np.vstack([np.zeros(6), np.linalg.qr(rng.standard_normal((6, 6)))[0][:4]])
    Y = points.mean(axis=0) + rng.standard_normal((80, 6))
    closed = endpoints(closed_score_flow(points, 0.1, Y, math.inf), points)
    pieces = endpoints(score_flow(orthogonal(points, 0.1), Y, math.inf), points)
    np.testing.assert_array_equal(closed.kind, pieces.kind)
    assert closed.members == pieces.members
    assert len(set(closed.kind)) > 1


def test_the_threshold_tells_apart_every_start_at_every_time_in_every_box():
    table = early_stopping(starts=80, points=3, longest=(1.0, 1.7, 6.0))
    for row in table.records():
        assert row["below"] + row["above"] == 80
        assert row["below_on_vertex"] == row["below"]
        assert row["above_on_vertex"] == 0
    assert 0 < table.column("below")[8] < 80
    assert [s.verdict for s in table.statements] == ["agrees"] * 4


def test_in_a_box_each_start_s_threshold_is_that_of_its_sides():
    """τ from the flow's formula at the starts against the sides and the noise themselves, of the longest box."""
    unit = Stop(5.0, 0.3, 7, 50, 3, 0.5, 0.4, 12)
    Y, tau, _, _ = followed(unit)
    rng = np.random.default_rng(7)
    axes = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    sides = np.array([1.0, np.sqrt(5), 5.0])
    t = 0.25 * sides + 0.4 * sides * (rng.standard_normal((50, 3)) @ axes.T)
    assert pytest.approx(t, abs=1e-12) == Y @ axes.T
    ends = np.where((t > 0) & (t < sides), np.minimum(t, sides - t), 0.0).max(axis=1)
    assert tau == pytest.approx((ends / 0.5) ** 2, rel=1e-9, abs=1e-15)


def test_the_probability_of_a_vertex_is_the_share_of_many_thresholds():
    for longest, T in ((1.0, 0.5), (2.5, 0.9), (4.0, 0.1)):
        unit = Stop(longest, T, 8, 100_000, 3, 0.5, 0.4, 2)
        share, chance = float(np.mean(followed(unit)[1] < T)), beyond(unit)
        assert 0.01 < chance < 0.99
        assert abs(share - chance) < 4 * math.sqrt(chance * (1 - chance) / 100_000)  # standard deviations


def test_counts_that_the_probabilities_forbid_and_shares_that_rise_with_the_sides_are_told():
    table = early_stopping(starts=80, points=3, times=4, longest=(1.0, 2.0))
    column = COLUMNS.index("longest")
    swapped = tuple((3 - row[column], *row[1:]) for row in table.rows)
    verdicts = {s.text.split(",")[0]: s.verdict for s in _statements(swapped)}
    assert verdicts["The longer the sides of the box"] == "differs"
    wrong = tuple((*row[:9], 0.01, *row[10:]) for row in table.rows)
    assert [s.verdict for s in _statements(wrong)][-1] == "differs"


def test_a_longest_side_shorter_than_the_shortest_is_refused():
    for experiment, longest in ((early_stopping, (1.0, 0.5)), (early_stopping_map, 0.5)):
        with pytest.raises(ValueError, match="give a length from 1 on"):
            experiment(longest=longest)


@pytest.mark.parametrize("longest", [1.0, 3.0])
def test_in_the_plane_every_pair_of_time_and_start_lies_on_its_side_of_the_threshold(longest):
    table = early_stopping_map(starts=40, times=8, longest=longest)
    records = table.records()
    assert len(records) == 40 * 8
    assert {record["vertex"] for record in records} == {True, False}
    for record in records:
        # The threshold itself, by its formula: the farthest that a coordinate between 0 and 1 is from either.
        angle = np.linalg.qr(np.random.default_rng(0).standard_normal((2, 2)))[0]
        t = angle @ [record["y_1"], record["y_2"]]
        tau = max((min(c, L - c) / 0.5) ** 2 if 0 < c < L else 0.0 for c, L in zip(t, (1, longest), strict=True))
        assert record["tau"] == pytest.approx(tau, rel=1e-9)
        assert record["vertex"] == (record["T"] > tau)
    assert [s.verdict for s in table.statements] == ["agrees"]


@pytest.mark.parametrize("name", list(EXPERIMENTS))
def test_every_experiment_that_was_killed_in_a_unit_or_in_a_line_is_gone_on_with_to_the_same_table(name, tmp_path):
    whole = EXPERIMENTS[name](seed=3, **SMALL[name], run=Run(out=tmp_path))
    assert whole.missing == 0
    file = tmp_path / f"{name}.jsonl"
    head, *lines = file.read_bytes().splitlines(keepends=True)
    kept = len(lines) // 2
    file.write_bytes(b"".join([head, *lines[:kept]]) + lines[kept][:-7])
    again = EXPERIMENTS[name](seed=3, **SMALL[name], run=Run(out=tmp_path, resume=True))
    assert again == whole
    assert again.csv() == whole.csv()
    assert len(file.read_bytes().splitlines()) == 1 + len(lines)


NOTHING_TO_COMPARE = [
    ("early-stopping", {"times": 1, "longest": (1.0,)}, {"Started at a smaller T", "The longer the sides"}),
    ("where-flows-end", {"counts": (1,), "starts": 20}, {"Score flow ends mostly", "The more training points"}),
    ("linear-one-step", {"counts": (12,)}, {"The divergence falls"}),
    ("linear-one-step", {"counts": (3,)}, {"The divergence falls"}),
    ("width", {"tol": 1e-300, "shapes": ((4, 2, 2),)}, {"For vector outputs"}),
    ("inertia-end", {"sets": 1}, {"From n points of a manifold"}),
]


@pytest.mark.parametrize(("name", "given", "silent"), NOTHING_TO_COMPARE)
def test_a_statement_about_several_rows_is_neither_met_nor_refuted_by_too_few(name, given, silent):
    table = EXPERIMENTS[name](**SMALL[name] | given)
    said = {s.text: s.verdict for s in table.statements}
    found = [verdict for start in silent for text, verdict in said.items() if text.startswith(start)]
    assert found == ["not comparable"] * len(silent)
    assert plot.experiment(table).has_data()


def test_a_single_input_on_no_slope_is_no_counterexample_to_the_formula():
    table = leave_one_out_formula(seed=3, inputs=1, sets=("orthonormal",), radii=(0.1,))
    assert min(r["rms"] for r in table.records()) < 1e-12  # of some point nothing but a rounding is left
    assert table.statements[0].verdict == "agrees"


SOLVE = {
    "beyond-orthogonal": {"starts": 2, "families": ("equilateral",)},
    "leave-one-out": {"inputs": 2, "sets": ("obtuse",), "radii": (0.1,)},
    "attribution-levels": {"samples": 2, "sets": ("obtuse",), "radii": (0.1,)},
    "other-denoisers": {"starts": 2, "levels": 2, "sets": ("line",)},
}
"""Sizes at which something is solved, where `SMALL` has closed forms only."""


@pytest.mark.parametrize(
    "name", sorted({*SOLVE, "first-pictures", "memorisation", "width", "costs", "trained-networks"})
)
def test_a_unit_whose_solution_ctrl_c_cut_short_is_not_finished(name, monkeypatch):
    def cut_short(solve):
        def interrupted(*data, **how):
            return replace(solve(*data, **how), status=f"{INTERRUPTED}: the best bracket so far")

        return interrupted

    for door in ("min_norm_denoiser", "min_norm_network"):
        monkeypatch.setattr(solved, door, cut_short(getattr(solved, door)))
    table = EXPERIMENTS[name](**SMALL[name] | SOLVE.get(name, {}))
    assert table.missing > 0
    assert "interrupted" in table.reading


def test_no_experiment_solves_by_another_door_than_the_one_that_minds_ctrl_c():
    rooms = [module for name, module in sys.modules.items() if name.startswith("exactnorm.experiments.")]
    assert solved in rooms
    doors = ("min_norm_denoiser", "min_norm_network")
    assert [room.__name__ for room in rooms if any(hasattr(room, door) for door in doors)] == [solved.__name__]
