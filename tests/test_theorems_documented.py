"""The page on theory names every check, and no check that does not exist; the file to start from works."""

import re
from pathlib import Path
from textwrap import dedent

from exactnorm.theorems import STATEMENTS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "theory.md").read_text(encoding="utf-8")
RECIPE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


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


def test_the_file_to_start_from_is_a_theorem_that_one_percent_breaks():
    (code,) = re.findall(r"```python\n(.*?)```", RECIPE, re.DOTALL)
    module = {"__name__": "two_points"}
    exec(compile(dedent(code), "CONTRIBUTING.md", "exec"), module)
    assert module["check"]().outcome == "yes"
    constants = module["claimed"].__kwdefaults__
    for name, value in list(constants.items()):
        constants[name] = 1.01 * value
        assert module["check"]().outcome == "no: UNEXPECTED"
        constants[name] = value


def test_the_recipe_names_every_folder_of_theorems():
    folders = [path.parent.name for path in (ROOT / "exactnorm" / "theorems").glob("*/__init__.py")]
    assert len(folders) >= 7
    assert [name for name in folders if f"`{name}`" not in RECIPE] == []
