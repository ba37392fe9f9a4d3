"""Tables of results hold the results' own numbers, in valid HTML and Markdown; notebooks find them by themselves."""

from dataclasses import replace
from fractions import Fraction
from xml.etree import ElementTree

import numpy as np
import pytest

import exactnorm
from exactnorm import bounds, endpoints, experiments, min_norm_denoiser, min_norm_network, problems, theorems
from exactnorm.tables import TextTable, at_least, at_most, counted, ends, stacked


def cells(record):
    """The table as rows of text; parsing fails if the markup is broken."""
    rows = ElementTree.fromstring(record._repr_html_()).iter("tr")
    return [[cell.text or "" for cell in row] for row in rows]


def notes(record):
    return [line.text for line in ElementTree.fromstring(record._repr_html_()).iter("p")]


def test_a_certificate_s_table_holds_its_numbers_and_what_it_rests_on():
    denoiser = min_norm_denoiser(problems.acute().train)
    certificate = denoiser.certificate
    rows = dict(cells(certificate))
    assert Fraction(rows["lower bound"]) <= Fraction(certificate.lower)
    assert Fraction(rows["cost of the network"]) >= Fraction(certificate.upper)
    assert float(rows["lower bound"]) == pytest.approx(certificate.lower, rel=1e-8)
    assert float(rows["cost of the network"]) == pytest.approx(certificate.upper, rel=1e-8)
    assert rows["certificate"] == "computed"
    assert notes(certificate) == [certificate.statement]


def test_a_denoiser_s_table_says_what_it_is_of_and_why_the_solver_stopped():
    denoiser = min_norm_denoiser(problems.orthogonal().train)
    rows = dict(cells(denoiser))
    assert rows["minimum-norm denoiser"] == "theorem"
    assert rows["points"] == "3 in 2 dimensions, affine rank 2"
    assert rows["neurons"] == str(denoiser.network.neurons)
    assert notes(denoiser) == [denoiser.status]


def test_a_fitted_network_has_an_objective_and_no_interpolation_error():
    network = min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0], weight_decay=0.01)
    rows = dict(cells(network))
    assert rows["inputs"] == "3 in 1 dimension, targets in 1"
    assert float(rows["objective at the network"]) == pytest.approx(network.certificate.upper, rel=1e-8)
    assert "interpolation error" not in rows


def test_a_denoiser_of_noisy_samples_counts_them():
    samples = [[[0.0], [0.1]], [[1.0], [1.1], [0.9]]]
    train = exactnorm.TrainingSet.from_samples([[0.0], [1.0]], samples)
    assert dict(cells(min_norm_denoiser(train)))["noisy samples"] == "5"


def test_cheap_bounds_say_what_they_come_from():
    found = bounds(problems.acute().train.points, 0.1)
    lower, upper = (row for _, *row in reversed(cells(found)[1:]))
    assert float(upper[0]) == pytest.approx(found.upper, rel=1e-8)
    assert upper[1] == found.upper_from
    assert float(lower[0]) == pytest.approx(found.lower, rel=1e-8)
    assert lower[1] == "points " + ", ".join(map(str, found.subset))


def test_endpoints_have_a_row_for_every_kind_there_is_and_one_for_memorisation():
    ends = endpoints(np.array([[0.0, 0.0], [1.0, 2.0]]), problems.orthogonal().train)
    assert [row[:2] for row in cells(ends)[1:]] == [
        ["training point", "1"],
        ["virtual training point", "1"],
        ["memorised (ratio below 1/3)", "1"],
    ]


def test_flows_and_rest_points_are_counted_and_named():
    train = problems.orthogonal().train
    denoiser = min_norm_denoiser(train)
    flow = exactnorm.score_flow(denoiser, [[0.3, 0.3], [0.8, 1.9]], np.inf)
    rows = dict(cells(flow))
    assert rows["trajectories"] == "2 in 2 dimensions"
    assert rows["kinks crossed"] == str(len(flow.events))
    assert rows["ended at rest"] == "2"
    found = exactnorm.rest_points(denoiser.network, train.points)
    table = cells(stacked(found))
    assert len(table) == len(found) + 1
    assert ["(1, 2)", "virtual training point", "1, 2", "yes"] in table
    assert ["(0, 0)", "training point", "0", "yes"] in table


def test_checks_problems_and_experiments_stack_to_one_row_each():
    check = theorems.Check("a<b|c", "nobody", "open", 4.0, 5.0, "=", 1e-6, None, "x < y")
    assert cells(stacked([check, check]))[1:] == [["a<b|c", "5", "=", "4", "1.0e+00", "open", "no, open"]] * 2
    assert notes(check) == ["a<b|c (nobody): x < y"]
    assert len(cells(stacked(problems.listing()))) == len(problems.listing()) + 1
    table = experiments.early_stopping(starts=10)
    assert len(cells(table)) == len(table.rows) + 1
    assert table.reading in notes(table)


def test_an_unexpected_outcome_is_said_loudly():
    def outcome(claimed, expected):
        return theorems.Check("a", "nobody", "proved", claimed, 4.0, "=", 1e-6, expected, "").outcome

    assert [outcome(4.0, True), outcome(5.0, False), outcome(5.0, True), outcome(4.0, False), outcome(4.0, None)] == [
        "yes",
        "no, as expected",
        "no: UNEXPECTED",
        "yes: UNEXPECTED",
        "yes, open",
    ]


def test_markdown_has_the_same_cells_and_escapes_bars():
    check = theorems.Check("a|b", "nobody", "proved", 4.0, 4.0, "=", 1e-6, True, "why")
    lines = check._repr_markdown_().splitlines()
    assert lines[1] == "| " + " | ".join(["---"] * 7) + " |"
    assert lines[2:] == ["| a\\|b | 4 | = | 4 | 0.0e+00 | proved | yes |", "", "a|b (nobody): why"]
    text = stacked([check])
    assert text._repr_markdown_() == text.markdown() == check._repr_markdown_()


def test_different_kinds_of_records_do_not_stack():
    problem = problems.orthogonal()
    with pytest.raises(ValueError, match="2 records with 2 kinds"):
        stacked([problem, bounds(problem.train.points, 0.1)])
    with pytest.raises(ValueError, match="0 records"):
        stacked([])


@pytest.mark.parametrize("value", [1 / 3, 5.16987494, 1e-12 / 7, 123456789.5, 0.0, 2.0])
def test_nine_digits_never_narrow_a_bracket(value):
    assert Fraction(at_most(value)) <= Fraction(value) <= Fraction(at_least(value))
    assert Fraction(at_least(value)) - Fraction(at_most(value)) <= Fraction(value) / 10**8


def test_what_is_not_finite_is_named():
    assert (at_least(float("inf")), at_most(float("-inf"))) == ("inf", "-inf")


def test_a_table_without_a_note_has_no_paragraph():
    table = TextTable(("a",), (("1",),))
    assert notes(table) == []
    assert table.markdown() == "| a |\n| --- |\n| 1 |"


def test_records_with_arrays_are_one_line():
    train = exactnorm.TrainingSet(np.arange(2000.0).reshape(1000, 2), 0.1)
    denoiser = exactnorm.min_norm_denoiser([[0.0], [1.0], [3.0]], 0.1)
    path = exactnorm.DenoiserPath([[0.0], [1.0]], [0.1, 0.2])
    problem = exactnorm.FiniteProblem(np.eye(50), np.eye(50))
    for record in (train, denoiser.network, path, problem):
        assert len(repr(record)) < 200
        assert "\n" not in repr(record)
    assert repr(train) == "TrainingSet(points=<1000×2>, rho=0.1)"


def test_a_bracket_of_one_number_shows_one_number_and_no_gap():
    found = exactnorm.min_norm_denoiser(problems.orthogonal().train).certificate
    found = replace(found, lower=found.upper)
    assert found.gap == 0
    rows = dict(found.table().rows)
    assert rows["lower bound"] == rows["cost of the network"] == repr(found.lower)
    assert rows["relative gap"] == "0"
    assert ends(1 / 3, 2 / 3) == ("0.333333333", "0.666666667")
    assert (counted(1, "round"), counted(2, "round")) == ("1 round", "2 rounds")


def test_a_line_shows_tiny_arrays_and_counts_records():
    denoiser = min_norm_denoiser(problems.orthogonal().train)
    assert "position=[1, 2]" in repr(exactnorm.rest_points(denoiser)[0])
    path = exactnorm.DenoiserPath(denoiser.train.points, [0.05, 0.1])
    assert "denoisers=<2 of CertifiedDenoiser>" in repr(path)
