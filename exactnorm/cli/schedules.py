"""Noise schedules by name, with constants, as a formula in t, or as a table; nothing is run but arithmetic."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from exactnorm.cli import text_table
from exactnorm.cli.streams import BadInput
from exactnorm.flow.schedule import SCHEDULES, Schedule, cosine, named_schedule, variance_preserving
from exactnorm.flow.schedule_table import schedule_from_arrays

Function = Callable[[float], float]

NAMES = tuple(SCHEDULES)
WITH_CONSTANTS: dict[str, Callable[..., Schedule]] = {"vp": variance_preserving, "cosine": cosine}
FUNCTIONS = (
    "sqrt",
    "exp",
    "expm1",
    "log",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
)
CONSTANTS = {"pi": math.pi, "e": math.e}
OPERATORS: dict[type, Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
LONGEST = 200
"""Letters in a formula."""


def schedule(text: str, scale: str | None, last: float) -> Schedule:
    """The schedule that `--schedule` and `--scale` ask for; one by formula or table ends at `last`.

    Raises
    ------
    BadInput
        If it is none, or `--scale` goes with a schedule that has its own.
    """
    name, _, constants = text.partition("(")
    path = Path(text)
    own = text in NAMES or name in WITH_CONSTANTS or path.suffix.lower() in (".csv", ".tsv", ".txt")
    if own and scale is not None:
        msg = f"--scale goes with a formula; --schedule {text} has a scale of its own"
        raise BadInput(msg)
    if text in NAMES:
        return named_schedule(text)
    if name in WITH_CONSTANTS:
        return with_constants(name, constants, text)
    if own:
        return tabulated(path)
    return Schedule(text, formula(text, "--schedule"), formula(scale or "1", "--scale"), last)


def with_constants(name: str, constants: str, text: str) -> Schedule:
    """A named schedule with other constants than its usual ones: vp(0.1, 20), cosine(0.008)."""
    try:
        return WITH_CONSTANTS[name](*(float(one) for one in constants.removesuffix(")").split(",")))
    except (TypeError, ValueError) as mistake:
        msg = f"--schedule {text}: {mistake}; write vp(BETA_MIN, BETA_MAX) or cosine(OFFSET)"
        raise BadInput(msg) from mistake


def formula(text: str, option: str) -> Function:
    """The function of t that a formula is.

    Raises
    ------
    BadInput
        If it holds anything but numbers, t, pi, e, + - * / **, parentheses and a few functions.
    """
    known = f"a formula is made of t, numbers, pi, e, + - * / **, and {', '.join(FUNCTIONS)}"
    try:
        if len(text) > LONGEST:
            msg = f"it is longer than {LONGEST} letters"
            raise ValueError(msg)
        return computed(ast.parse(text.strip().replace("^", "**"), mode="eval").body)
    except SyntaxError as mistake:
        names = f"; schedules with a name are {', '.join(NAMES)}"
        msg = f"{option} {text}: that is no formula: {known}{names}"
        raise BadInput(msg) from mistake
    except (ValueError, RecursionError, MemoryError) as mistake:
        names = f"; schedules with a name are {', '.join(NAMES)}" if text.isidentifier() else ""
        msg = f"{option} {text}: {mistake}: {known}{names}"
        raise BadInput(msg) from mistake


def computed(node: ast.expr) -> Function:
    """The function of t that a part of a formula is; ``ValueError`` says which part is none."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            value = float(number)
            return lambda _: value
        case ast.Name(id="t"):
            return float
        case ast.Name(id=name) if name in CONSTANTS:
            return lambda _: CONSTANTS[name]
        case ast.BinOp() | ast.UnaryOp() if type(node.op) in OPERATORS:
            act = OPERATORS[type(node.op)]
            parts = [computed(part) for part in operands(node)]
            return lambda t: act(*(part(t) for part in parts))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            call, inner = getattr(math, name), computed(argument)
            return lambda t: float(call(inner(t)))
    msg = f"{ast.unparse(node)!r} is not known"
    raise ValueError(msg)


def operands(node: ast.BinOp | ast.UnaryOp) -> Iterator[ast.expr]:
    """What an operator acts on."""
    if isinstance(node, ast.BinOp):
        yield node.left
    yield node.right if isinstance(node, ast.BinOp) else node.operand


def tabulated(path: Path) -> Schedule:
    """A schedule from a table of t, sigma and, in a third column, the scale; monotone curves go through its rows.

    Without a row for t = 0, the noise level is 0 and the scale 1 there.
    """
    try:
        table: Any = text_table.read(path, None, None, index=True)
    except OSError as failed:
        msg = f"--schedule {path}: {failed.strerror or failed}"
        raise BadInput(msg) from failed
    if table.shape[1] not in (2, 3):
        msg = f"--schedule {path}: {table.shape[1]} columns; give t, sigma and, if it is not 1, the scale"
        raise BadInput(msg)
    try:
        return schedule_from_arrays(*table.T, name=path.name)
    except ValueError as mistake:
        msg = f"--schedule {path}: t and sigma must increase from row to row, from t = 0 or later: {mistake}"
        raise BadInput(msg) from mistake
