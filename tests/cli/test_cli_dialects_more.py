"""Tables as twenty other programs write them: read rightly, or refused with a sentence that says what to do."""

import gzip

import pytest
from cli_records import strict, written

THREE = "0,0\n1,0\n0.4,0.9\n"
READ = {
    "Octave's comments": "% x y\n% made by octave\n0 0\n1 0\n0.4 0.9\n",
    "C's comments": "// points\n" + THREE,
    "DOS's end of file": (THREE.replace("\n", "\r\n") + "\x1a").encode(),
    "blocks of gnuplot": "0 0\n1 0\n\n\n0.4 0.9\n",
    "plus signs": "+0.0, +0.0\n+1.0, +0.0\n+0.4, +0.9\n",
    "decimal commas, and a delimiter at the end": "0,0;0,0;\n1,0;0,0;\n0,4;0,9;\n",
    "exponents": "0e0;0e0\n1.0E+00;0\n4e-1;9.0e-01\n",
    "bare points": ".0\t.0\n1.\t0.\n.4\t.9\n",
}
REFUSED = {
    "lists of Python": ("[[0, 0], [1, 0], [0.4, 0.9]]\n", "holds brackets"),
    "an array printed by NumPy": ("[[0.  0. ]\n [1.  0. ]\n [0.4 0.9]]\n", "numpy.savetxt"),
    "JSON lines": ('{"x": 0, "y": 0}\n{"x": 1, "y": 0}\n', "holds brackets, as Python and JSON write lists"),
    "a Markdown table": ("| x | y |\n|---|---|\n| 0 | 0 |\n| 1 | 0 |\n", "has a line of dashes"),
    "psql's table": (" x | y\n---+---\n 0 | 0\n 1 | 0\n", "has a line of dashes"),
    "HTML": ("<html><body><table><tr><td>0</td></tr></table></body></html>\n", "save the table alone"),
    "ARFF": ("@relation p\n@attribute x numeric\n@data\n0,0\n1,0\n", "begins with @, as ARFF does"),
    "gzip": (gzip.compress(THREE.encode(), mtime=0), "compressed by gzip: unpack it first"),
    "UTF-32": (THREE.encode("utf-32"), "text in UTF-32: save it in UTF-8"),
    "Fortran's exponents": ("0.0D+00,0.0D+00\n1.0D+00,0.0D+00\n", "'0.0D+00' is not a number: write numbers like"),
    "percent": ("0%,0%\n100%,0%\n", "'0%' is not a number: write numbers like"),
    "a row of sums": ("x,y\n0,0\n1,0\nSum,0\n", "line 4, column 1 (x): 'Sum' is not a number"),
    "units below names": ("x,y\ncm,cm\n0,0\n1,0\n", "line 2, column 1 (x): 'cm' is not a number"),
    "Swiss thousands": ("1'000.5;0\n0;1\n", '"1\'000.5" is not a number: write numbers like'),
    "dates": ("2024-01-01,0,0\n2024-01-02,1,0\n", "--columns takes columns without this one"),
    "words at the end": ("0,0,setosa\n1,0,setosa\n", "'setosa' is not a number; --columns takes"),
    "LibSVM": ("1 1:0.5 2:0.3\n0 1:0.2 2:0.9\n", "'1:0.5' is not a number"),
    "complex numbers": ("0+1j,0\n1,0\n", "give real and imaginary part as two columns"),
    "fractions": ("0,0\n1/2,0\n", "line 2, column 1: '1/2' is not a number"),
    "an infinity": ("0,0\n∞,1\n", "line 2, column 1: '∞' is not a number"),
}


def asked(run, *more):
    return run("solve", "points.csv", "--rho", 0.01, "--estimate", "--json", *more)


@pytest.mark.parametrize("content", READ.values(), ids=READ.keys())
def test_a_table_is_read_whoever_wrote_it(run, folder, content):
    from exactnorm.cli.read_arrays import points

    written(folder, "points.csv", content)
    assert points(folder / "points.csv").tolist() == [[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]]
    status, out, _ = asked(run)
    assert (status, strict(out)["points"], strict(out)["dimension"]) == (0, 3, 2)


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_table_of_numbers_is_refused_with_what_to_do(run, folder, content, sentence):
    written(folder, "points.csv", content)
    status, out, err = asked(run)
    assert (status, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


def test_labels_of_classes_are_told_of_and_left_out_on_demand(run, folder):
    written(folder, "points.csv", "0.1,0.2,0\n1.5,0.3,1\n0.4,0.9,1\n")
    status, out, err = asked(run)
    assert (status, strict(out)["dimension"]) == (0, 3)
    assert "if it holds labels of classes, --columns 1-2 leaves it out" in err
    status, out, err = asked(run, "--columns", "1-2")
    assert (status, strict(out)["dimension"]) == (0, 2)
    assert "labels" not in err


@pytest.mark.parametrize(
    "content", ["0.1,2\n1.5,3\n0.4,9\n", "0,0\n1,1\n0.1,0\n", "1,0\n2,1\n7,1\n", "0.1,0.5\n1.5,3\n0.4,3\n"]
)
def test_coordinates_are_not_taken_for_labels(run, folder, content):
    written(folder, "points.csv", content)
    assert "labels" not in asked(run)[2]
