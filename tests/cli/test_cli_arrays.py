"""What arrays, data frames and their files hold instead of points: one sentence each that says what to do."""

import re

import numpy as np
import pytest
from cli_records import strict, written
from scipy import sparse

import exactnorm

TRIANGLE = [[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]]
PLAIN = "0,0\n1,0\n0.4,0.9\n"


ARRAYS = {
    "objects": (np.array([{}, []], dtype=object), "it holds Python objects"),
    "text named .npy": (PLAIN, "it looks like text: name it .csv"),
    "images": (np.zeros((3, 8, 8)), "points.reshape(3, -1)"),
    "complex": (np.array([[1j, 0], [0, 1]]), "numpy.hstack([points.real, points.imag])"),
}


@pytest.mark.parametrize(("content", "sentence"), ARRAYS.values(), ids=ARRAYS.keys())
def test_an_array_that_holds_no_points_is_refused_with_what_to_do(run, folder, content, sentence):
    written(folder, "points.npy", content)
    status, out, err = run("solve", "points.npy", "--rho", 0.1)
    assert (status, out) == (2, "")
    assert sentence in err
    assert "pickle" not in err


def test_an_archive_is_not_taken_for_points(run, folder):
    np.savez(folder / "other.npz", TRIANGLE)
    status, out, err = run("solve", "other.npz", "--rho", 0.1)
    assert (status, out) == (2, "")
    assert "points are read from" in err


def test_half_precision_is_told_of(run, folder):
    np.save(folder / "half.npy", np.array(TRIANGLE, np.float16))
    status, _, err = run("solve", "half.npy", "--rho", 0.1, "--json")
    assert status == 0
    assert "float16 keeps three digits" in err
    with pytest.warns(UserWarning, match="float16 keeps three digits"):
        exactnorm.TrainingSet(np.array(TRIANGLE, np.float16), 0.1)


class Table:
    """What pandas makes of a file with an index, or by `reset_index()`: a first column that is no coordinate."""

    def __init__(self, first, column=(0.0, 1.0, 2.0)):
        self.columns, self.column = (first, "x"), column

    def __array__(self, dtype=None, copy=None):
        return np.array(list(zip(self.column, (1.5, 3.0, 7.0), strict=True)), dtype=dtype)


class Tensor:
    """As PyTorch's of bfloat16, or one that gradients are kept of."""

    def detach(self):
        return self

    def __array__(self, dtype=None, copy=None):
        msg = "no BFloat16"
        raise TypeError(msg)


IN_PYTHON = {
    "masked entries": (np.ma.masked_equal(TRIANGLE, 0.9), "1 masked entry, the first at index (2, 1)"),
    "a sparse matrix": (sparse.csr_array(TRIANGLE), "points.toarray()"),
    "complex numbers": (np.array(TRIANGLE) * 1j, "numpy.hstack([points.real, points.imag])"),
    "images": (np.zeros((5, 3, 4)), "points.reshape(5, -1), and .reshape(-1, 3, 4) brings images back"),
    "a file's name": ("points.csv", "read the file first"),
    "a record": (exactnorm.problems.acute(), "points is a Problem: its points are `.train.points`"),
    "a missing value": (np.array([[0.0, None], [1.0, 2.0]], dtype=object), "points holds None at index (0, 1)"),
    "a word": ([["a", 1.0], [2.0, 3.0]], "give real numbers"),
    "named fields": (
        np.array([(0.0, 0.0), (1.0, 0.0)], dtype=[("x", float), ("y", float)]),
        "named fields, x, y; give real numbers: numpy.lib.recfunctions.structured_to_unstructured(points)",
    ),
    "text": (np.array([["0", "1"], ["1", "0"]]), "points holds text, such as '0'; give real numbers: points.astype"),
    "a tensor that NumPy has no kind for": (
        Tensor(),
        "does not become an array (no BFloat16); give one of NumPy: poin",
    ),
    "an index without a name": (Table("Unnamed: 0"), "index_col=0"),
    "an index by its name": (Table("index"), "by points.drop(columns='index'), or keep it by points.to_numpy()"),
    "an index by its numbers": (Table("n"), "a first column 'n' that counts the rows, 0, 1, …"),
}


@pytest.mark.parametrize(("points", "sentence"), IN_PYTHON.values(), ids=IN_PYTHON.keys())
def test_points_that_are_no_table_of_real_numbers_are_refused_with_the_call_that_makes_them_one(points, sentence):
    with pytest.raises(ValueError, match="points") as refused:
        exactnorm.min_norm_denoiser(points, rho=0.1)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (exactnorm.problems.acute(), "train_or_points is a Problem: give its `.train`"),
        (exactnorm.problems.acute, "points is a function; give real numbers"),
        ("acute", "points is 'acute'; read the file first"),
        (TRIANGLE, "rho is missing"),
    ],
)
def test_without_a_radius_what_are_no_points_is_told_first(given, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        exactnorm.min_norm_denoiser(given)


def test_a_masked_array_without_masked_entries_is_an_array():
    assert exactnorm.TrainingSet(np.ma.array(TRIANGLE), 0.1).points.tolist() == TRIANGLE


@pytest.mark.parametrize("given", [np.ma.masked_equal(TRIANGLE, 0.9), np.array(TRIANGLE) * 1j])
def test_a_network_refuses_masked_and_complex_inputs(given):
    network = exactnorm.ReLUNetwork(np.eye(2), np.eye(2), [0, 0], None, [0, 0])
    with pytest.raises(ValueError, match="inputs"):
        network(given)


def test_an_index_in_an_array_s_file_is_refused_or_told_of_as_in_text(run, folder):
    index = np.column_stack([np.arange(3), TRIANGLE])
    np.save(folder / "index.npy", index)
    status, out, err = run("solve", "index.npy", "--rho", 0.1)
    assert (status, out) == (2, "")
    assert "the first column counts the rows, 0, 1, …" in err
    assert "--columns 2-3 leaves it out, --columns 1-3 keeps it" in err
    costs = {}
    for columns, size in (("2-3", 2), ("1-3", 3)):
        status, out, _ = run("solve", "index.npy", "--rho", 0.1, "--columns", columns, "--json")
        assert status == 0
        costs[columns] = strict(out)["upper"]
        right = exactnorm.min_norm_denoiser(index[:, -size:], rho=0.1).certificate.upper
        assert costs[columns] == pytest.approx(right, rel=1e-9)
    np.save(folder / "gaps.npy", np.array([[3.0, 0.5], [7.0, 0.25], [8.0, 1.0]]))
    status, _, err = run("solve", "gaps.npy", "--rho", 0.1, "--json")
    assert status == 0
    assert "gaps.npy: the first column, 3, 7, …, is read as a coordinate, not as an index: --columns 2" in err


def test_a_data_frame_s_first_column_of_numbers_in_a_row_may_be_a_coordinate_if_it_is_said_so():
    frame = Table("n")
    assert exactnorm.TrainingSet(np.asarray(frame), 0.1).dimension == 2
    with pytest.warns(UserWarning, match=r"the first column of points, 'n', holds 3, 7, … and is taken for a coord"):
        assert exactnorm.TrainingSet(Table("n", (3.0, 7.0, 8.0)), 0.1).dimension == 2
    assert exactnorm.TrainingSet(Table("y", (0.25, 1.0, 2.0)), 0.1).dimension == 2
    with pytest.raises(ValueError, match=r"samples\[1\] has a first column 'index'"):
        exactnorm.TrainingSet.from_samples([[0.0, 0.0], [5.0, 5.0]], [[[0.0, 0.1]], Table("index")])
