"""`exactnorm solve`: data in, a bracket out."""

import os

import numpy as np
import pytest
from cli_records import KEYS, strict, written

import exactnorm
from exactnorm import problems
from exactnorm.meanings import ended


def test_solve_json_is_one_strict_object_with_the_documented_keys_and_a_bracket_around_the_optimum(run):
    status, out, err = run("solve", "obtuse", "--json")
    record = strict(out)
    assert status == 0
    assert list(record) == KEYS
    assert not err
    optimum = problems.obtuse().optimum
    assert record["lower"] <= optimum * (1 + 1e-9)
    assert record["upper"] >= optimum * (1 - 1e-9)
    assert record["gap"] <= 1e-6
    assert (record["points"], record["dimension"], record["rank"], record["rho"]) == (3, 2, 2, 0.1)


def test_solve_prints_a_table_and_says_what_is_and_is_not_shown(run):
    status, out, _ = run("solve", "acute")
    assert status == 0
    for phrase in ("cost of the network", "lower bound", "relative gap", "interpolation error", "neurons", "5.16987"):
        assert phrase in out
    assert "not a proof of an upper bound" in " ".join(out.split())


def test_solve_reads_csv_and_npy_alike(run, folder):
    points = problems.acute().train.points
    (folder / "points.csv").write_text("\ufeff0,0\n 1.0 , 0\r\n\n4e-1,0.9\n", encoding="utf-8")
    np.save(folder / "points.npy", points)
    brackets = []
    for name in ("points.csv", "points.npy"):
        status, out, _ = run("solve", name, "--rho", 0.1, "--json")
        assert status == 0
        record = strict(out)
        brackets.append((record["lower"], record["upper"]))
    assert brackets[0] == brackets[1]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_problem_wins_over_a_file_or_folder_of_its_name_and_says_so(run, folder, kind):
    (folder / "acute").mkdir() if kind == "folder" else (folder / "acute").write_text("0\n1\n", encoding="utf-8")
    status, out, err = run("solve", "acute", "--json")
    assert (status, err) == (0, f"acute: the problem of that name; the {kind} ./acute is not read\n")
    assert strict(out)["rho"] == 0.1


def test_a_named_problem_takes_another_radius(run):
    status, out, _ = run("solve", "univariate", "--rho", 0.2, "--json")
    assert status == 0
    record = strict(out)
    exact = 2 * 1 / (1 - 0.4) + 2 * 1.5 / (1.5 - 0.4)
    assert record["rho"] == 0.2
    assert record["lower"] <= exact * (1 + 1e-9)
    assert record["upper"] >= exact * (1 - 1e-9)


def test_out_holds_the_denoiser_and_its_certificate_and_is_announced_on_stderr(run, folder):
    status, out, err = run("solve", "acute", "--json", "--out", "result.npz")
    assert status == 0
    assert err == "wrote result.npz\n"
    denoiser = exactnorm.load(folder / "result.npz")
    lower, upper, error = exactnorm.check_certificate(denoiser.certificate, denoiser.train, denoiser.network)
    record = strict(out)
    assert (lower, upper, error) == pytest.approx(
        (record["lower"], record["upper"], record["interpolation_error"]), rel=1e-9, abs=1e-12
    )


def test_a_bracket_wider_than_the_tolerance_is_printed_with_exit_status_1(run):
    status, out, _ = run("solve", "acute", "--tol", "1e-15", "--json")
    record = strict(out)
    assert status == 1
    assert 0 < record["lower"] <= record["upper"]
    assert record["gap"] > 1e-15


def test_a_first_line_of_names_is_said_to_be_one_and_left_out(run, folder):
    numbers = "0,0\n1,0\n0.4,0.9\n"
    (folder / "named.csv").write_text("x,y\n" + numbers, encoding="utf-8")
    (folder / "bare.csv").write_text(numbers, encoding="utf-8")
    status, out, err = run("solve", "named.csv", "--rho", 0.1, "--json")
    assert (status, err) == (0, "named.csv: the first line holds no number and is taken for the columns' names\n")
    named, bare = strict(out), strict(run("solve", "bare.csv", "--rho", 0.1, "--json")[1])
    assert named | {"seconds": 0} == bare | {"seconds": 0}


BAD_DATA = {
    "names that are partly numbers": ("half.csv", "x,2\n0,0\n1,1\n", "line 1, column 1: 'x' is not a number"),
    "names and nothing else": ("names.csv", "x,y\n", "line 1, column 1: 'x' is not a number"),
    "a missing file": ("gone.csv", None, "there is no file 'gone.csv'"),
    "an empty csv": ("empty.csv", "\n \n", "is empty"),
    "an empty npy": ("empty.npy", b"", "is not a .npy file of numbers"),
    "text in a csv": ("text.csv", "0,0\n1,one\n", "line 2, column 2: 'one' is not a number"),
    "ragged rows": ("ragged.csv", "0,0\n1,2,3\n", "line 2: 3 values, but the first row has 2"),
    "bytes that are not text": ("bytes.csv", b"\x89\x00\x01", "is not a text file"),
    "an object array": ("objects.npy", np.array([{}, []], dtype=object), "is not a .npy file of numbers"),
    "not a npy file": ("other.npy", b"PK\x03\x04 and so on", "is not a .npy file of numbers"),
    "text in a npy": ("text.npy", np.array([["a", "b"]]), "give real numbers"),
    "complex numbers": ("complex.npy", np.array([[1j, 0], [0, 1]]), "give real numbers"),
    "NaN": ("nan.csv", "0,0\n1,nan\n", "line 2, column 2: 'nan' is a missing value"),
    "infinity": ("infinite.npy", np.array([[0.0, 1.0], [np.inf, 2.0]]), "every entry must be finite"),
    "one point": ("one.csv", "1.5,2\n", "at least two points"),
    "a cube of numbers": ("cube.npy", np.zeros((2, 2, 2)), "one point a row"),
    "duplicate points": ("twice.csv", "0,0.5\n1,1\n0,0.5\n", "points 0 and 2 are equal"),
    "balls that overlap": ("near.csv", "0,0\n1,1\n0.1,0\n", "points 0 and 2 are 0.1 apart"),
    "another kind of file": ("points.xml", "0,0\n1,1\n", "points are read from .csv, .tsv, .txt and .npy files"),
}


@pytest.mark.parametrize(("name", "content", "sentence"), BAD_DATA.values(), ids=BAD_DATA.keys())
def test_bad_data_is_one_sentence_on_stderr_and_exit_status_2(run, folder, name, content, sentence):
    written(folder, name, content)
    before = sorted(os.listdir(folder))
    status, out, err = run("solve", name, "--rho", 0.1, "--out", "result.npz")
    assert (status, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1
    assert sorted(os.listdir(folder)) == before


BAD_OPTIONS = {
    "an unknown problem": (("nonsense",), "no problem is called 'nonsense'"),
    "a negative rho": (("acute", "--rho", "-0.1"), "rho=-0.1 is negative"),
    "rho is NaN": (("acute", "--rho", "nan"), "rho=nan is not finite"),
    "rho is text": (("acute", "--rho", "small"), "--rho small: that is no number"),
    "a rho that is too large": (("acute", "--rho", "0.5"), "use rho <= 0.4"),
    "tol is zero": (("acute", "--tol", "0"), "--tol 0: the tolerance must be positive"),
    "tol is NaN": (("acute", "--tol", "nan"), "--tol=nan is not finite"),
    "a negative time limit": (("acute", "--time-limit", "-1"), "--time-limit -1: the time limit must be positive"),
    "an unknown solver": (
        ("acute", "--solver", "NOSUCH"),
        "--solver='NOSUCH': CVXPY finds no such solver of semidefinite programs here; it finds CLARABEL, SCS",
    ),
    "an output file of another kind": (("acute", "--out", "result.json"), "ends in .npz"),
    "an output folder that is not there": (("acute", "--out", "no/result.npz"), "there is no directory 'no'"),
    "an unknown option": (("acute", "--nonsense"), "--nonsense: there is no such option"),
    "a directory as data": ((".",), "'.' is a directory"),
}


@pytest.mark.parametrize(("options", "sentence"), BAD_OPTIONS.values(), ids=BAD_OPTIONS.keys())
def test_a_bad_option_is_a_sentence_on_stderr_and_exit_status_2(run, folder, options, sentence):
    status, out, err = run("solve", *options)
    assert (status, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err
    assert not os.listdir(folder)


def test_a_file_needs_a_radius(run, folder):
    (folder / "points.csv").write_text("0,0\n1,1\n", encoding="utf-8")
    status, out, err = run("solve", "points.csv")
    assert (status, out) == (2, "")
    assert "--rho" in err


@pytest.mark.parametrize(
    ("problem", "told"),
    [("univariate", ""), ("acute", ""), ("orthonormal", "dimensions are drawn as score flows from 100 starts")],
)
def test_solve_draws_what_it_found_in_any_dimension(run, folder, problem, told):
    status, out, err = run("solve", problem, "--plot", "picture.png", "--json")
    assert status == 0
    assert strict(out)["gap"] <= 1e-6
    assert told in err
    assert err.endswith("wrote picture.png\n")
    assert (folder / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("folder")
def test_every_mistake_is_told_at_once(run):
    options = ("--tol", "y", "--time-limit", 0, "--weight-decay", 1, "--out", "x.csv", "--plot", "x.csv", "--estimate")
    status, out, err = run("solve", "none.csv", *options, "--nonsense", "--rho", 1)
    assert (status, out) == (2, "")
    first, *others = err.splitlines()
    assert first == "exactnorm solve: 9 mistakes:"
    for told in (
        "--tol y",
        "--nonsense",
        "no file 'none.csv'",
        "--time-limit 0",
        "--weight-decay goes",
        "--out x.csv",
        "--plot x.csv",
        "leave --out",
        "leave --plot",
    ):
        assert sum(told in line for line in others) == 1, told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("acute",), ("cost of a network is", "affine rank is", "A pattern says", "Dual multipliers are")),
        (("acute",), ("tol: the", "A round looks", "The minimiser is", "The block program is")),
        (("orthogonal",), ("cost of a network is", "affine rank is", "Rays begin")),
        (("points.csv", "--samples-file", "samples.npy", "--weight-decay", 0.01), ("The objective is", "Dual mult")),
    ],
)
def test_the_words_of_the_table_are_explained_below_it(run, folder, arguments, words):
    written(folder, "points.csv", "0\n1\n")
    np.save(folder / "samples.npy", np.array([[[-0.1], [0.1]], [[0.9], [1.1]]]))
    status, out, _ = run("solve", *arguments)
    assert status == 0
    explained = " ".join(out.split("└")[1].split())
    assert [word for word in words if word not in explained] == []


def test_every_technical_word_of_a_status_is_explained():
    """In what sentences say of how solving ended, as they stand in the code."""
    said = (
        "the gap is within tol; 1 round, 22 cells; uniqueness of the minimiser is not shown; block program over 3",
        "the minimiser is unique, as far as the computed dual tells: it touches its bound at 6 kinks only",
        "8 living patterns of affine rank 2 have too many faces to look at them again and again; 12 rounds in a row",
        "the network is a sum of ramps; no sum of ramps costs less than 3, as all 8 cuts that live say",
    )
    words = ("tol", "round", "minimiser", "block program", "touches", "lives", "face", "ramp", "cut")
    explained = " ".join(meaning for status in said for meaning in ended(status))
    assert [word for word in words if word not in explained] == []
    assert ended("the closed form for points on one-sided rays was taken") == []
    assert ended("deliver surfaces: tolerance") == []
