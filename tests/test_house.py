"""The tree in CONTRIBUTING is that of the package, no module has grown out of one idea, the naive verifier is plain."""

import ast
import re
import sys
from pathlib import Path

import exactnorm

PACKAGE = Path(exactnorm.__file__).parent
TREE = re.search(
    r"    exactnorm/\n(.*?)\n\n", Path(__file__).parents[1].joinpath("CONTRIBUTING.md").read_text(), re.DOTALL
)[1]


def test_every_room_and_every_module_at_the_top_is_in_the_tree_and_no_other():
    rooms = {f"{one.parent.name}/" for one in PACKAGE.rglob("__init__.py")} - {"exactnorm/"}
    assert set(re.findall(r"\w+/", TREE)) == rooms
    modules = {one.stem for one in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    named = {word for line in TREE.splitlines() for word in re.findall(r"(\w+)(?= |$)", re.split(r" {4,}\b", line)[0])}
    assert named == modules


def test_no_module_has_more_than_300_lines():
    sizes = {str(one.relative_to(PACKAGE)): len(one.read_text().splitlines()) for one in PACKAGE.rglob("*.py")}
    assert len(sizes) > 300
    assert {name: size for name, size in sizes.items() if size > 300} == {}


def test_the_naive_verifier_is_plain_python_of_under_200_lines():
    files = {one.stem: one for one in Path(__file__).parent.glob("naive_*.py")}
    assert len(files["naive_verifier"].read_text().splitlines()) < 200
    for name, file in files.items():
        nodes = list(ast.walk(ast.parse(file.read_text())))
        names = {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
        names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
        assert names - set(sys.stdlib_module_names) <= set(files) - {name}
