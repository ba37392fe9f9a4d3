"""Benchmarks are not run by the suite; what they import from the package must be there all the same."""

import ast
import importlib
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
    missing = [entry for entry in imports if not hasattr(importlib.import_module(entry[1]), entry[2])]
    assert missing == []
