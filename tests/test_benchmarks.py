"""Benchmarks are not run by the suite; what they import from the package must be there all the same."""

import ast
import importlib.util
from pathlib import Path

BENCHMARKS = sorted((Path(__file__).parent.parent / "benchmarks").glob("*.py"))


def test_what_benchmarks_import_from_the_package_is_there():
    imports = [
        (path.name, node.module, name.name)
        for path in BENCHMARKS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "exactnorm"
        for name in node.names
    ]
    assert {"deadlines.py", "denoisers.py", "flows.py"} <= {name for name, _, _ in imports}
    assert [entry for entry in imports if not is_there(*entry[1:])] == []


def is_there(module, name):
    try:
        return (
            hasattr(importlib.import_module(module), name) or importlib.util.find_spec(f"{module}.{name}") is not None
        )
    except ModuleNotFoundError as missing:
        if missing.name.startswith("exactnorm"):
            return False
    # Of a module that needs a package that is not here, the text says what it defines.
    source = Path(importlib.util.find_spec(module).origin).read_text()
    return name in {node.name for node in ast.parse(source).body if hasattr(node, "name")}
