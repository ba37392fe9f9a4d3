"""The page on dialects says of each file what the command line does with it: every row is read again."""

import re
from pathlib import Path

import pytest

from exactnorm.cli.streams import BadInput
from exactnorm.cli.text_table import read

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "dialects.md"
ROW = re.compile(r"^\| (.+?) \| `(.*?)` \| (?:`(.*?)`)? *\| (.*) \|$", re.MULTILINE)
ENCODINGS = {"UTF-16": "utf-16", "Windows-1252": "cp1252", "with a mark": "utf-8-sig"}
ROWS = ROW.findall(PAGE.read_text(encoding="utf-8"))


def happens(file, options, capsys):
    """What is read of a file, and said of it, in the words of the page."""
    header = True if "--header" in options else False if "--no-header" in options else None
    columns = options.split()[-1] if "--columns" in options else None
    name = re.escape(str(file))
    try:
        table = read(file, header, columns)
    except BadInput as mistake:
        return "refused: " + re.sub(rf"^'{name}'(?:, |: | )?", "", str(mistake))
    notes = [re.sub(rf"^{name}: ", "", line) for line in capsys.readouterr().err.splitlines()]
    return "; ".join([f"**{table.shape[0]} × {table.shape[1]}**", *notes])


@pytest.mark.parametrize(("title", "text", "options", "said"), ROWS, ids=[f"{n}" for n in range(len(ROWS))])
def test_a_row_of_the_page_says_what_happens(title, text, options, said, tmp_path, capsys):
    encoding = next((code for name, code in ENCODINGS.items() if name in title), "utf-8")
    ends = {"CR alone": "\r", "CRLF": "\r\n"}
    end = next((end for name, end in ends.items() if name in title), "\n")
    lines = text.replace("⇥", "\t").replace("␣", " ").replace("\\|", "|").replace("↵", "\n").split("⏎")
    file = tmp_path / "points.csv"
    file.write_bytes("".join(line + end for line in lines).encode(encoding))
    assert happens(file, options, capsys).replace("|", "\\|") == said


def test_the_page_has_many_rows_read_and_refused():
    outcomes = [said.startswith("refused: ") for *_, said in ROWS]
    assert len(ROWS) == PAGE.read_text(encoding="utf-8").count("\n| ") - 3  # but for the headings of three tables
    assert min(sum(outcomes), len(outcomes) - sum(outcomes)) > 15
