"""How tables are written elsewhere, and what is read: the same numbers, or one sentence that says what to do."""

import argparse

import numpy as np
import pytest
from cli_records import strict, written

from exactnorm.cli import read
from exactnorm.cli.streams import BadInput

TRIANGLE = [[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]]
PLAIN = "0,0\n1,0\n0.4,0.9\n"
UMLAUT = "Länge,Höhe\n" + PLAIN


def reading(name, *, columns=None, header=None):
    return read.training_points(argparse.Namespace(data=name, columns=columns, header=header))


# What was tried: file, what stands in it, options, and what is said beside the points.
READ = {
    "plain": (PLAIN, {}, ""),
    "a name over two lines": ('"x\n(mm)",y\n' + PLAIN, {}, "columns' names"),
    "names of columns but the first": (
        ",2021,2022\n7,0,0\n8,1,0\n9,0.4,0.9\n",
        {"columns": "2-3"},
        "taken: 2021, 2022",
    ),
    "years, told": ("2021,2022\n" + PLAIN, {"header": True}, ""),
    "quoted numbers, told": ('"1","3"\n' + PLAIN, {"header": True}, ""),
    "with a byte order mark": ("\ufeff" + PLAIN, {}, ""),
    "CR LF": (PLAIN.replace("\n", "\r\n"), {}, ""),
    "CR alone": (PLAIN.replace("\n", "\r"), {}, ""),
    "blanks after commas": ("0, 0\n1, 0\n0.4, 0.9\n", {}, ""),
    "quoted": ('"0","0"\n"1","0"\n"0.4","0.9"\n', {}, ""),
    "names": ("x,y\n" + PLAIN, {}, "the first line holds no number and is taken for the columns' names"),
    "semicolons": ("0;0\n1;0\n0.4;0.9\n", {}, "read as semicolon-separated"),
    "decimal commas": ("0;0\n1;0\n0,4;0,9\n", {}, "read as semicolon-separated with decimal commas"),
    "decimal commas and names": ("x;y\n0,0;0,0\n1,0;0,0\n0,4;0,9\n", {}, "with decimal commas"),
    "tabs": ("0\t0\n1\t0\n0.4\t0.9\n", {}, "read as tab-separated"),
    "tabs and decimal commas": ("0\t0\n1\t0\n0,4\t0,9\n", {}, "read as tab-separated with decimal commas"),
    "blanks": ("0 0\n1 0\n0.4 0.9\n", {}, "read as blank-separated"),
    "columns aligned by blanks": ("  0.0   0.0\n  1.0   0.0\n  0.4   0.9\n", {}, "read as blank-separated"),
    "blanks and decimal commas": ("0 0\n1 0\n0,4 0,9\n", {}, "read as blank-separated with decimal commas"),
    "what numpy.savetxt writes": ("# x y\n0.00e+00 0.00e+00\n1.00e+00 0\n4.0e-01 9.0e-01\n", {}, "blank-separated"),
    "Excel's own line": ("sep=;\n0;0\n1;0\n0,4;0,9\n", {}, "semicolon-separated with decimal commas"),
    "a trailing comma": ("0,0,\n1,0,\n0.4,0.9,\n", {}, "the empty column at the end is left out"),
    "a trailing comma in one line": ("0,0\n1,0,\n0.4,0.9\n", {}, "the empty column at the end is left out"),
    "names and a trailing comma": ("x,y,\n0,0,\n1,0,\n0.4,0.9,\n", {}, "the empty column at the end is left out"),
    "UTF-16": (PLAIN.encode("utf-16"), {}, ""),
    "UTF-16, big end first, with names": (("\ufeffx,y\n" + PLAIN).encode("utf-16-be"), {}, "columns' names"),
    "UTF-16 without a mark": (PLAIN.encode("utf-16-le"), {}, ""),
    "Windows-1252 names": (UMLAUT.encode("cp1252"), {}, "columns' names"),
    "an index left out": (",x,y\n0,0,0\n1,1,0\n2,0.4,0.9\n", {"columns": "2-3"}, "columns taken: x, y"),
    "columns by name": ("id,x,y\n7,0,0\n8,1,0\n9,0.4,0.9\n", {"columns": "x,y"}, "columns taken: x, y"),
    "numbers beside words": ("kind,x,y\na,0,0\nb,1,0\nc,0.4,0.9\n", {"columns": "2,3"}, "columns taken: x, y"),
    "R's names of rows": ('"x" "y"\n"1" 0 0\n"2" 1 0\n"3" 0.4 0.9\n', {"columns": "2-3"}, "columns taken: x, y"),
    "default names, told": ("0,1\n" + PLAIN, {"header": True}, ""),
    "decimal commas in quotes": ('"0,0","0,0"\n"1","0"\n"0,4","0,9"\n', {}, "decimal commas in quotes; 0,0 is 0"),
    "strokes": ("0|0\n1|0\n0.4|0.9\n", {}, "read as separated by |"),
    "blanks after quotes": ('"0" ,"0" \n"1","0"\n"0.4", "0.9"\n', {}, ""),
    "names in quotes, and values": ('"x","y"\n"0","0"\n"1","0"\n"0.4","0.9"\n', {}, "columns' names"),
    "three decimals": ("0;0\n1,000;0\n0,400;0,900\n", {}, "with decimal commas; 1,000 is 1"),
    "three decimals with points": ("0;0\n1.000;0\n0.400;0.900\n", {}, "semicolon-separated; 1.000 is 1"),
    "pandas with index": (",0,1\n0,0,0\n1,1,0\n2,0.4,0.9\n", {"columns": "2-3"}, "columns taken: 0, 1"),
}


@pytest.mark.parametrize(("content", "options", "said"), READ.values(), ids=READ.keys())
def test_a_table_is_read_as_its_numbers_whatever_its_dialect(folder, capsys, content, options, said):
    written(folder, "points.csv", content)
    np.testing.assert_array_equal(reading("points.csv", **options), TRIANGLE)
    err = capsys.readouterr().err
    assert said in err if said else not err


REFUSED = {
    "an index without a name": (",x,y\n0,0,0\n1,1,0\n2,0.4,0.9\n", "has no name", "--columns 2-3 leaves it out"),
    "an index that pandas read again": ("Unnamed: 0,x,y\n0,0,0\n1,1,0\n", "has no name", "--columns 2-3"),
    "an index by its name": ("ID,x\n7,0\n9,1\n4,3\n", "'ID', is an index by its name", "--columns 2 leaves it out"),
    "an index with a name": ("n,x,y\n0,0,0\n1,1,0\n2,0.4,0.9\n", "counts the rows, 0, 1, …", "--columns 2-3"),
    "an index without names": ("1,0.5,0\n2,1,0\n3,0.4,0.9\n", "counts the rows, 1, 2, …", "--columns 1-3 keeps it"),
    "R's names of rows": ('"x" "y"\n"1" 0 0\n"2" 1 0\n"3" 0.4 0.9\n', "has no name", "--columns 2-3"),
    "an index that begins later": ("5,0.5,0\n6,1,0\n7,0.4,0.9\n", "counts the rows, 5, 6, …", "--columns 2-3"),
    "years as names": ("2021,2022\n3,4\n7,6\n", "the first line, 2021, 2022, may hold", "--header or --no-header"),
    "years that go back by ten": ("2010,2000,1990\n3,4,5\n7,6,8\n", "2010, 2000, 1990, may hold", "--no-header"),
    "names from 1 above fractions": ("1,2\n0.5,0.1\n3,2.5\n", "the first line, 1, 2, may hold", "--no-header"),
    "names in quotes above none": ('"7","3"\n1,0\n4,9\n', "7, 3, is in quotes and the others are not", "--header or"),
    "decimal commas that are two columns": (
        "0,5\n0,05\n1,5\n",
        "0,05 is written as one number with a decimal comma",
        "",
    ),
    "negative decimal commas": ("-0,5\n1,5\n2,5\n", "-0,5 is written as one number", "write decimals with a point"),
    "default names": ("0,1\n" + PLAIN, "the first line, 0, 1, may hold", "--header or --no-header"),
    "default names of many columns": ("0,1,2,3\n0,0,1,1\n", "0, 1, 2, …, may hold", "--no-header"),
    "NA": ("x,y\n0,0\n1,NA\n", "line 3, column 2 (y): 'NA' is a missing value", "points must be complete"),
    "an empty cell": ("0,0\n1,\n2,3\n", "line 2, column 2: there is a missing value", "points must be complete"),
    "a word": ("0,0\n1,one\n", "line 2, column 2: 'one' is not a number", ""),
    "names that are partly numbers": ("x,2\n0,0\n1,1\n", "'x' is not a number", "--header says"),
    "a complex number": ("0,1+2j\n1,0\n", "'1+2j' is a complex number", "as two columns"),
    "infinity": ("0,0\n1,inf\n", "'inf' is not finite", "line 2"),
    "digits in groups": ("0,0\n1_000,1\n", "'1_000' is not a number", ""),
    "a long line": ("0,0\n1,2,3\n", "line 2: 3 values, but the first row has 2", ""),
    "decimal commas in one column": ("x\n0,5\n1,5\n", "2 values below 1 name", "write decimals with a point"),
    "two dialects at once": ("x;y\na,1;5\nb,2;5\n", "'a,1' is not a number", ""),
    "a column of words": (
        "kind,x,y\na,0,0\nb,1,0\n",
        "column 1 (kind): 'a' is not a number",
        "--columns takes columns",
    ),
    "a quoted cell over two lines": ('x,y\n"1\n2",3\n4,5\n', "line 2, column 1 (x): '1\\n2' goes over", "within its"),
    "a quote that is not closed": ('1,2\n"3,4\n', "line 2: a quote is opened and not closed", '"3,4'),
    "a digit beside a quoted one": ('1,2\n"2"3,4\n', "line 2: something stands beside the quotes", '"2"3,4'),
    "a quoted digit beside one": ('1,2\n2,"3"4\n', "line 2: something stands beside the quotes", '2,"3"4'),
    "points between thousands": ("1.234,5;2,5\n3,5;4\n", "'1.234,5' is not a number", "like -1234.5"),
    "commas between thousands": ('"1,234.5","2"\n3,4\n', "line 1, column 1: '1,234.5' is", "like -1234.5"),
    "blanks between thousands": ("1 234,5;2 345,5\n3,5;4\n", "line 1, column 1: '1 234,5' is", "like -1234.5"),
    "narrow blanks": ("1\u202f234,5;2\u202f345\n3;4\n", "line 1, column 1: ", "like -1234.5"),
    "no-break spaces": ("0\u00a00\n1\u00a00\n0.4\u00a00.9\n", "'\\xa0' is a no-break space", "between numbers write a"),
    "minus signs": ("−1,−2\n3,4\n5,6\n", "line 1, column 1: '−1' is not a number", "sign; write -1"),
    "en dashes": ("1,2\n3,–4.5\n", "'–4.5' is not a number: '–' is a typographic minus sign", "write -4.5"),
    "Arabic digits": ("١,٢\n3,4\n5,6\n", "line 1, column 1: '١' is not a number", "with digits 0 to 9"),
    "wide digits": ("１,２\n3,4\n5,6\n", "line 1, column 1: '１' is not a number", "with digits 0 to 9"),
    "hexadecimal": ("0x1,0x2\n3,4\n5,6\n", "line 1, column 1: '0x1' is not a number", "--header says"),
    "money": ("$1,$2\n3,4\n5,6\n", "line 1, column 1: '$1' is not a number", "--header says"),
    "truth values": ("True,False\n1,0\n0,1\n", "line 1, column 1: 'True' is not a number", "--header says"),
    "too large": ("1e400,0\n1,0\n", "line 1, column 1: '1e400' is not finite", ""),
    "names alone": ("x,y\n", "'x' is not a number", ""),
    "an array named .csv": (b"\x93NUMPY\x01\x00", "is not a text file, but an array of NumPy", "name it .npy"),
    "an archive named .csv": (b"PK\x03\x04rest", "is not a text file, but an archive", ".xlsx"),
}


@pytest.mark.parametrize(("content", "what", "advice"), REFUSED.values(), ids=REFUSED.keys())
def test_a_table_that_may_be_read_in_two_ways_or_none_is_refused_with_what_to_do(folder, content, what, advice):
    written(folder, "points.csv", content)
    with pytest.raises(BadInput) as refused:
        reading("points.csv")
    assert what in str(refused.value)
    assert advice in str(refused.value)


TOLD = {
    "two columns of whole numbers": ("3,5\n1,2\n4,7\n", "read as two columns of whole numbers"),
    "names with fractions": (
        "0.0,1.0\n0.5,0.25\n1.0,0.75\n",
        "the first line, 0.0, 1.0, is read as a point and not as names",
    ),
    "numbers in sequence": ("1,2\n3,4\n9,7\n", "the first line, 1, 2, is read as a point and not as names"),
    "numbers above fractions": ("2,4\n0.5,0.1\n3,2.5\n", "the first line, 2, 4, is read as a point"),
    "an index in another order": ("2,0.5\n0,0.25\n3,1\n1,7\n", "is read as a coordinate, not as an index: --columns 2"),
    "an index with gaps": ("3,0.5\n7,0.25\n8,1\n", "the first column, 3, 7, …, is read as a coordinate"),
    "a single 0 above whole numbers": ("0\n3\n7\n", "the first line, 0, is read as a number and not as a name"),
}


@pytest.mark.parametrize(("content", "sentence"), TOLD.values(), ids=TOLD.keys())
def test_what_could_be_meant_otherwise_is_told(folder, capsys, content, sentence):
    written(folder, "points.csv", content)
    expected = [[float(cell) for cell in line.split(",")] for line in content.split()]
    assert reading("points.csv").tolist() == expected
    assert sentence in capsys.readouterr().err


def test_columns_chosen_beside_names_do_not_make_a_point_of_the_names(folder):
    written(folder, "points.csv", "id,2021,2022\n7,0,0\n9,1,0\n")
    with pytest.raises(BadInput, match="'id' stands beside 2021, 2022 in the first line"):
        reading("points.csv", columns="2-3")
    assert reading("points.csv", columns="2-3", header=True).tolist() == [[0, 0], [1, 0]]
    written(folder, "points.csv", "kind,2021,2022\na,0,0\nb,1,0\n")
    with pytest.raises(BadInput, match="the first line, 2021, 2022, may hold a table's default names"):
        reading("points.csv", columns="2-3")


def test_columns_that_two_dialects_read_as_different_numbers_are_refused(folder):
    written(folder, "points.csv", "a;1,5\nb;2,5\n")
    with pytest.raises(
        BadInput, match="comma-separated and as semicolon-separated with decimal commas, with different"
    ):
        reading("points.csv", columns="2")


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ("0", "no column 0; columns are counted from 1 to 2"),
        ("1-3", "no column 1-3"),
        ("z", "no column 'z'; there are x, y"),
        ("1,x", "a column is named twice"),
    ],
)
def test_columns_that_are_not_there_are_refused(folder, columns, sentence):
    written(folder, "points.csv", "x,y\n" + PLAIN)
    with pytest.raises(BadInput, match=sentence):
        reading("points.csv", columns=columns)


def test_no_header_keeps_the_first_line_as_a_point(folder):
    written(folder, "points.csv", "0,1\n" + PLAIN)
    assert reading("points.csv", header=False).tolist() == [[0.0, 1.0], *TRIANGLE]


def test_a_column_without_a_name_is_told_of(folder, capsys):
    written(folder, "points.csv", "0\n1\n2.5\n")
    assert reading("points.csv").tolist() == [[0.0], [1.0], [2.5]]
    assert "the first line, 0, is read as a number and not as a name" in capsys.readouterr().err
    assert reading("points.csv", header=True).tolist() == [[1.0], [2.5]]


def test_what_was_a_silent_wrong_answer_is_solved_as_asked(run, folder):
    written(folder, "index.csv", ",0,1\n0,0,0\n1,1,0\n2,0.4,0.9\n")
    status, out, err = run("solve", "index.csv", "--rho", 0.1, "--json")
    assert (status, out) == (2, "")
    assert "--columns 2-3" in err
    status, out, _ = run("solve", "index.csv", "--rho", 0.1, "--columns", "2-3", "--json")
    assert (status, strict(out)["dimension"]) == (0, 2)
    status, out, _ = run("flow", "index.csv", "--columns", "2-3", "--flow", "score", "--rho", 0.1, "--json")
    assert status == 0


def test_options_of_files_are_refused_where_there_is_no_text_file(run, folder):
    np.save(folder / "points.npy", TRIANGLE)
    for options, sentence in (
        (("acute", "--columns", "1"), "are for files"),
        (("points.npy", "--no-header"), "--header is for text files"),
        (("points.npy", "--columns", "x"), "no column 'x'"),
    ):
        status, out, err = run("solve", *options, "--rho", 0.1)
        assert (status, out) == (2, "")
        assert sentence in err
    assert reading("points.npy", columns="2,1").tolist() == [[y, x] for x, y in TRIANGLE]


def test_who_gives_no_radius_is_told_how_large_it_may_be(run, folder):
    written(folder, "points.csv", PLAIN)
    status, out, err = run("solve", "points.csv")
    assert (status, out) == (2, "")
    # Two balls would fit up to 0.4924; a line between the base and the apex above it only up to half the height.
    assert err.endswith("give the noise radius of these points with --rho R, at most 0.449999\n")
