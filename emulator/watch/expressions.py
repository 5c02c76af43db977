"""Metric math: expressions over time series, as far as alarms and dashboards here use it. Pure.

Known: numbers, ids, `+ - * / ^`, comparisons, `AND`/`&&`, `OR`/`||`, `METRICS()` and
`METRICS("text")`, and the functions of `emulator.watch.math_functions`. Others are refused by name.
A series is a map from the start of a period to a value; arithmetic on two series has a value only
where both have one. Over an array AVG, MAX, MIN and SUM give a series; over a series, a number.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emulator.watch import math_functions as functions
from emulator.watch.math_functions import ExpressionError, Series, Value, as_series, pointwise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The periods an expression is computed over, oldest first, and what it may name."""

    starts: Sequence[int]
    metrics: Mapping[str, Series]
    """What `METRICS()` ranges over: the queries that are metrics, not expressions."""
    named: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Expression:
    """A parsed expression."""

    text: str
    ids: frozenset[str]
    tree: ast.expr

    def compute(self, grid: Grid) -> Value:
        """The expression's value.

        Raises:
            ExpressionError: Operands do not fit.
        """
        return _compute(self.tree, grid)


_BINARY: Final[dict[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARE: Final[dict[type[ast.cmpop], Callable[[float, float], bool]]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FILLERS: Final = frozenset({"REPEAT", "LINEAR"})
_ID: Final = re.compile(r"[a-z]\w*")


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        ExpressionError: It is malformed or uses what is not emulated.
    """
    if text.lstrip().upper().startswith(("SELECT", "SEARCH(")):
        raise ExpressionError(f"queries and SEARCH are not emulated: {text!r}")
    # The rest of the grammar is Python's own.
    spelled = re.sub(r"\bAND\b|&&", " and ", text)
    spelled = re.sub(r"\bOR\b|\|\|", " or ", spelled).replace("^", "**")
    try:
        tree = ast.parse(spelled.strip(), mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(f"{text!r} is no expression: {error.msg}") from error
    return Expression(text=text, ids=_ids(tree), tree=tree)


def _ids(tree: ast.expr) -> frozenset[str]:
    """The ids that an expression names; refuses what cannot be computed."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in called and node.id not in _FILLERS:
            if not _ID.fullmatch(node.id):
                raise ExpressionError(f"{node.id!r} is neither an id nor a function known here")
            found.add(node.id)
        elif isinstance(node, ast.expr) and not _known(node):
            raise ExpressionError(
                f"{ast.unparse(node)!r} is not emulated in metric math; functions known are "
                f"{', '.join(sorted(functions.NAMES))}"
            )
    return frozenset(found)


def _known(node: ast.expr) -> bool:
    """Whether a node, by itself, is part of the language."""
    match node:
        case ast.BinOp(op=op):
            return type(op) in _BINARY
        case ast.Compare(ops=[op]):
            return type(op) in _COMPARE
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            return name in functions.NAMES
        case ast.UnaryOp(op=ast.USub()) | ast.Constant(value=int() | float() | str()):
            return True
        case _:
            return isinstance(node, ast.Name | ast.BoolOp | ast.List)


def _compute(node: ast.expr, grid: Grid) -> Value:
    """The value of a node of a tree that `_ids` has let through."""
    value: Value
    match node:
        case ast.Constant(value=int() | float() as number):
            value = float(number)
        case ast.Name(id=name) if name in grid.named:
            value = grid.named[name]
        case ast.UnaryOp(operand=inner):
            value = pointwise(operator.mul, -1.0, _compute(inner, grid))
        case ast.BinOp(left=left, op=op, right=right):
            value = pointwise(_BINARY[type(op)], _compute(left, grid), _compute(right, grid))
        case ast.BoolOp(op=op, values=sides):
            value = _logic(all if isinstance(op, ast.And) else any, sides, grid)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            compare = _COMPARE[type(op)]
            sides = _compute(left, grid), _compute(right, grid)
            value = pointwise(lambda a, b: float(compare(a, b)), *sides)
        case ast.List(elts=items):
            value = [as_series(_compute(each, grid), grid.starts) for each in items]
        case ast.Call(func=ast.Name(id=name), args=args):
            value = _call(name, args, grid)
        case _:
            raise ExpressionError(f"{ast.unparse(node)!r} has no value here")
    return value


def _logic(fold: Callable[[list[bool]], bool], sides: Sequence[ast.expr], grid: Grid) -> Value:
    first, *others = (_compute(each, grid) for each in sides)
    for each in others:
        first = pointwise(lambda a, b: float(fold([bool(a), bool(b)])), first, each)
    return first


def _call(name: str, args: Sequence[ast.expr], grid: Grid) -> Value:
    if name == "METRICS":
        return _metrics(args, grid)
    if name == "FILL":
        return _fill(args, grid)
    return functions.apply(name, [_compute(each, grid) for each in args], grid.starts)


def _metrics(args: Sequence[ast.expr], grid: Grid) -> Value:
    match args:
        case []:
            text = ""
        case [ast.Constant(value=str() as text)]:
            pass
        case _:
            raise ExpressionError('METRICS takes nothing or one text: METRICS("errors")')
    return [series for name, series in grid.metrics.items() if text in name]


def _fill(args: Sequence[ast.expr], grid: Grid) -> Value:
    match args:
        case [filled, ast.Name(id="REPEAT")]:
            return functions.repeat(_compute(filled, grid), grid.starts)
        case [_, ast.Name(id="LINEAR")]:
            raise ExpressionError("FILL with LINEAR is not emulated; REPEAT or a value is")
        case [filled, filler]:
            return functions.fill(_compute(filled, grid), _compute(filler, grid), grid.starts)
        case _:
            raise ExpressionError(f"FILL takes two arguments, not {len(args)}")
