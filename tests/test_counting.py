"""Points are counted from 0, in messages, tables and files; lines and columns of a file from 1."""

import re
from pathlib import Path

import numpy as np
import pytest

import exactnorm
from exactnorm import TrainingSet, closed_form
from exactnorm.cli import main
from exactnorm.closed_form.collinear import line_direction
from exactnorm.explorer import columns
from exactnorm.explorer.picture import at_once
from exactnorm.explorer.view import View

OUT = [9.0, 9.0]
TOUCHING = [OUT, [0.0, 0.0], [0.5, 0.0]]
SQUARE = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
EQUAL = [OUT, [0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
RAYS = np.array([[0.0, 0.0], [4.0, 0.0], [8.0, 0.0], [0.0, 4.0]])


def of(call):
    """What an error says."""
    with pytest.raises((ValueError, TypeError)) as refused:
        call()
    return str(refused.value)


# What is said of the points; the rows of the array that it is about, counted as NumPy does.
SAID = {
    "equal": (lambda: of(lambda: TrainingSet(EQUAL)), {1, 3}),
    "too small": (lambda: of(lambda: TrainingSet([[1e-150], [3.0], [2e-150]])), {0, 2}),
    "overlap": (lambda: of(lambda: TrainingSet(TOUCHING, 0.3)), {1, 2}),
    "overlap, with a radius": (lambda: of(lambda: exactnorm.min_norm_denoiser(TOUCHING, 0.3)), {1, 2}),
    "too near": (lambda: of(lambda: exactnorm.min_norm_denoiser([[1e9, 0], [0, 0], [1e-9, 0], [3, 1e8]], 0.0)), {1, 2}),
    "no network": (
        lambda: of(lambda: exactnorm.min_norm_denoiser([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]], 0.46)), {0, 1, 2},
    ),
    "no line": (lambda: of(lambda: line_direction(np.array([[0.0, 0.0], [1.0, 0.1], [2.0, 0.0]]))), {1}),
    "not at right angles": (
        lambda: of(lambda: closed_form.orthogonal(np.array([[0.0, 0.0], [4.0, 0.0], [-4.0, 0.1]]), 0.1)), {0, 1, 2},
    ),
    "a sample": (lambda: of(lambda: TrainingSet.from_samples(SQUARE, [[[0, 0]], [[4, 0]], [[1]]])), {2}),
    "an entry": (lambda: of(lambda: TrainingSet([[0.0, 0.0], [1.0, np.nan]])).split("index")[1], {1}),
    "two inputs": (lambda: of(lambda: exactnorm.FiniteProblem([[0.0], [1.0], [1.0]], [0.0, 1.0, 2.0])), {1, 2}),
    "the explorer, overlap": (lambda: columns.readout(at_once(View(np.array(TOUCHING), 0.3))), {1, 2}),
    "a flow": (
        lambda: of(
            lambda: exactnorm.probability_flow(
                lambda rho: closed_form.rays(RAYS, rho), RAYS, "edm", alpha=1.0, T=3.0, train=RAYS[[3, 0, 1]]
            )
        ),
        {0, 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("said", "rows"), SAID.values(), ids=SAID.keys())
def test_a_message_counts_points_as_rows_of_their_array(said, rows):
    text = said()
    about = re.search(r"(?:points?|inputs|samples\[|\() ?(\d+(?:(?:, | and )\d+)*)", text)
    found = {int(n) for n in re.findall(r"\d+", about[1])}
    assert found <= rows, text
    assert found, text


def test_a_table_of_ends_and_rest_points_names_members_as_rows():
    denoiser = exactnorm.min_norm_denoiser([[0, 0], [1, 0], [0, 2]], rho=0.1)
    ends = exactnorm.endpoints([[1.0, 2.0], [0.0, 2.0]], denoiser.train)
    assert ends.members == ((1, 2), (2,))
    assert ends.nearest.tolist() == [1, 2] or ends.nearest[1] == 2
    rows = {one.table().rows[0][0]: one.table().rows[0][2] for one in exactnorm.rest_points(denoiser)}
    assert (rows["(1, 2)"], rows["(0, 2)"], rows["(0, 0)"]) == ("1, 2", "2", "0")


@pytest.mark.parametrize(
    ("points", "samples", "said"),
    [
        ("0,0\n4,0\n0,4\n", "0,0.1,0\n3,4,0.1\n2,0,4.1\n", "sample 1: its first column is 3; give the row"),
        ("x,y\n0,0\n4,0\n0,nan\n", None, "line 4, column 2 (y)"),
        ("0,0\n4,0\n4,0\n", None, "points 1 and 2 are equal"),
        ("x,y\n0,0\n4,0\n4,0\n", None, "points 1 and 2 are equal"),
    ],
)  # fmt: skip
def test_the_command_counts_points_and_samples_from_0_and_lines_and_columns_from_1(
    points, samples, said, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("points.csv").write_text(points)
    more = ["--rho", "0.1"]
    if samples is not None:
        Path("samples.csv").write_text(samples)
        more = ["--samples-file", "samples.csv"]
    assert main(["solve", "points.csv", *more]) == 2
    assert said in capsys.readouterr().err


def test_the_convention_is_stated_once_in_the_docs_and_in_the_help(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    docs = Path(__file__).parents[1] / "docs"
    stated = "Points and samples are counted from 0"
    pages = [page.name for page in docs.glob("**/*.md") if stated in page.read_text(encoding="utf-8")]
    assert pages == ["own-points.md"]
    with pytest.raises(SystemExit):
        main(["solve", "--help"])
    assert "points are counted from 0, lines and columns of a file from 1" in " ".join(capsys.readouterr().out.split())
