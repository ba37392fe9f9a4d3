"""The page on theory names every check, and no check that does not exist."""

import re
from pathlib import Path

from exactnorm.theorems import STATEMENTS

PAGE = (Path(__file__).parents[1] / "docs" / "theory.md").read_text(encoding="utf-8")


def test_every_statement_is_on_the_page():
    assert [name for name in STATEMENTS if f"`{name}`" not in PAGE] == []


def test_every_check_on_the_page_exists():
    named = {
        name
        for line in re.findall(r"Checks?:((?:\s*(?:and )?`[^`]+`,?)+)", PAGE)
        for name in re.findall(r"`([^`]+)`", line)
    }
    assert len(named) > 25
    assert named <= set(STATEMENTS)
