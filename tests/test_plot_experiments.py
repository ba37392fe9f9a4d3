"""Pictures of the experiments draw the numbers of their tables."""

import numpy as np
import pytest

from exactnorm import (
    experiments,
    plot,
)


def test_the_picture_of_early_stopping_shows_the_table_s_shares_and_probabilities_of_each_box():
    table = experiments.early_stopping(starts=50, longest=(1.0, 3.0))
    curves = [curve.get_xydata() for curve in plot.experiment(table).get_lines()]
    for n, longest in enumerate((1.0, 3.0)):
        rows = [row for row in table.records() if row["longest"] == longest]
        for curve, name in zip(curves[2 * n : 2 * n + 2], ("vertex_share", "probability"), strict=True):
            assert np.array_equal(curve, [[row["T"], row[name]] for row in rows])
    assert np.array_equal(curves[4], [[row["T"], row["memorised"]] for row in table.records()[:16]])


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
    columns = ("way", "width", "samples", "size", "cost", "least", "r2")
    table = experiments.Table("trained-networks", columns, (("Adam", 8, 40, 2, 5.0, 4.0, 0.5),), {}, "")
    line = {c.get_label(): c.get_xdata() for c in plot.experiment(table).get_lines()}["least cost on whole balls"]
    assert line == [4.0, 4.0]


def test_of_several_numbers_of_samples_the_picture_holds_the_shares_over_all_widths_and_the_published_ones():
    columns = ("way", "width", "samples", "size", "stable", "sums", "published")
    rows = [("Adam", 8, 10, 2, 1, 435, 429), ("Adam", 8, 10, 3, 0, 4060, 3390), ("Adam", 9, 10, 2, 2, 435, 429)]
    rows += [("Adam", 9, 10, 3, 7, 4060, 3390), ("Adam", 8, 50, 2, 435, 435, 429), ("Adam", 8, 50, 3, 9, 4060, 3390)]
    rows += [("Adam, dropout", 8, 50, 2, 87, 435, 429)]  # stopped before the others
    axes = plot.experiment(experiments.Table("trained-networks", columns, tuple(rows), {}, ""))
    lines = {c.get_label(): np.asarray(c.get_xydata()).tolist() for c in axes.get_lines()}
    assert lines["Adam: 2"] == [[10, 3 / 870], [50, 1.0]]
    assert lines["Adam, dropout: 2"] == [[50, 0.2]]
    assert lines["Adam: 3"] == [[10, 7 / 8120], [50, 9 / 4060]]
    flat = [c.get_ydata()[0] for c in axes.get_lines() if c.get_label().startswith("_")]
    assert flat == [429 / 435, 3390 / 4060]


def test_a_table_without_rows_is_told_to_be_one():
    table = experiments.Table("trained-networks", ("way", "cost"), (), {}, "", missing=3)
    with pytest.raises(ValueError, match="trained-networks has no rows yet"):
        plot.experiment(table)


def test_the_first_pictures_stand_side_by_side_and_are_of_one_height():
    """The graph and both grids are 1 high whatever their units; a line's slope and a grid's shape stay as they are."""
    table = experiments.first_pictures(rounds=0, grid=5)
    axes = plot.experiment(table, plot.figure().add_subplot())
    by_name = {}
    for record in table.records():
        by_name.setdefault(record["picture"], []).append(record)
    graph, *ways = [line for line in axes.get_lines() if line.get_linestyle() == "-"]
    right = 0.0
    for line, records in zip([graph, *ways], by_name.values(), strict=True):
        x, y = line.get_data()
        on_line = records[0]["y_2"] is None
        # Of a way from y to h(y) the first two of three entries are y and h(y).
        places = np.column_stack([x, y]) if on_line else np.column_stack([x, y])[::3]
        np.testing.assert_allclose([places[:, 1].min(), np.ptp(places[:, 1])], [0, 1], atol=1e-12)
        given = [[r["y_1"], r["predicted_1"] if on_line else r["y_2"]] for r in records]
        np.testing.assert_allclose(np.ptp(places[:, 0]), np.divide(*np.ptp(given, axis=0)), rtol=1e-12)
        assert places[:, 0].min() >= right
        right = places[:, 0].max()
    assert [text.get_text().split(",")[0] for text in axes.texts] == ["h(y) on a line", *list(by_name)[1:]]
