"""The functions of metric math, over values that are computed already. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions-list
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Series: TypeAlias = dict[int, float]
"""Starts of periods to values."""
Value: TypeAlias = float | Series | list[Series]


class ExpressionError(ValueError):
    """An expression that is malformed, or uses what is not emulated."""


_FOLD: Final[dict[str, Callable[[Sequence[float]], float]]] = {
    "AVG": lambda values: sum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "SUM": sum,
}
_EACH: Final[dict[str, Callable[[float], float]]] = {
    "ABS": abs,
    "CEIL": math.ceil,
    "FLOOR": math.floor,
}
_STEPWISE: Final = ("DIFF", "RATE", "RUNNING_SUM")
NAMES: Final = frozenset({*_FOLD, *_EACH, *_STEPWISE, "FILL", "IF", "METRICS"})


def apply(name: str, values: Sequence[Value], starts: Sequence[int]) -> Value:
    """A function's value over `starts`, the periods in question.

    Raises:
        ExpressionError: The arguments do not fit.
    """
    if name == "IF":
        return _if(values, starts)
    if name in _FOLD:
        return _folded(_FOLD[name], values)
    if len(values) != 1:
        raise ExpressionError(f"{name} takes one argument, not {len(values)}")
    if name in _EACH:
        act = _EACH[name]
        return pointwise(lambda one, _other: float(act(one)), values[0], 0.0)
    return _stepwise(name, as_series(values[0], starts))


def pointwise(act: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Arithmetic, point by point; dividing by zero gives no value, as in CloudWatch."""
    if isinstance(left, list) or isinstance(right, list):
        arrays = left if isinstance(left, list) else cast("list[Series]", right)
        return [
            cast(
                "Series",
                pointwise(act, each, right) if left is arrays else pointwise(act, left, each),
            )
            for each in arrays
        ]
    if isinstance(left, dict) or isinstance(right, dict):
        starts = left if isinstance(left, dict) else cast("Series", right)
        found: Series = {}
        for start in starts:
            one = left.get(start) if isinstance(left, dict) else left
            other = right.get(start) if isinstance(right, dict) else right
            result = None if one is None or other is None else _safely(act, one, other)
            if result is not None:
                found[start] = result
        return found
    result = _safely(act, left, right)
    return {} if result is None else result


def _safely(act: Callable[[float, float], float], one: float, other: float) -> float | None:
    try:
        result = act(one, other)
    except (ZeroDivisionError, OverflowError):
        return None
    return result if isinstance(result, float | int) and math.isfinite(result) else None  # pyright: ignore[reportUnnecessaryIsInstance]  # a negative number to a fraction is complex


def as_series(value: Value, starts: Sequence[int]) -> Series:
    """One series; a number is one that never changes.

    Raises:
        ExpressionError: It is an array of them.
    """
    if isinstance(value, list):
        raise ExpressionError("an array of series stands where one series is expected")
    return value if isinstance(value, dict) else dict.fromkeys(starts, value)


def fill(filled: Value, filler: Value, starts: Sequence[int]) -> Value:
    """`FILL(series, value)`: what is missing is taken from the filler."""
    if isinstance(filled, list):
        return [_filled(each, filler, starts) for each in filled]
    return _filled(as_series(filled, starts), filler, starts)


def _filled(series: Series, filler: Value, starts: Sequence[int]) -> Series:
    return {**as_series(filler, starts), **series}


def repeat(filled: Value, starts: Sequence[int]) -> Value:
    """`FILL(series, REPEAT)`: what is missing is what came before it."""
    if isinstance(filled, list):
        return [_repeated(each, starts) for each in filled]
    return _repeated(as_series(filled, starts), starts)


def _repeated(series: Series, starts: Sequence[int]) -> Series:
    found: Series = {}
    last: float | None = None
    for start in starts:
        last = series.get(start, last)
        if last is not None:
            found[start] = last
    return found


def _if(values: Sequence[Value], starts: Sequence[int]) -> Value:
    """`IF(condition, then)` leaves periods out where the condition is 0."""
    if len(values) not in (2, 3):
        raise ExpressionError(f"IF takes two or three arguments, not {len(values)}")
    if not any(isinstance(each, dict) for each in values):
        raise ExpressionError("IF needs a series among its arguments")
    condition, *branches = (as_series(each, starts) for each in values)
    found: Series = {}
    for start in starts:
        if start in condition:
            branch = 0 if condition[start] != 0 else 1
            if branch < len(branches) and start in branches[branch]:
                found[start] = branches[branch][start]
    return found


def _folded(fold: Callable[[Sequence[float]], float], values: Sequence[Value]) -> Value:
    """One series out of an array (or of several arguments); one number out of one series."""
    if len(values) == 1 and isinstance(values[0], dict):
        return fold(list(values[0].values())) if values[0] else {}
    arrays: list[Series] = []
    numbers: list[float] = []
    for each in values:
        if isinstance(each, list):
            arrays += each
        elif isinstance(each, dict):
            arrays.append(each)
        else:
            numbers.append(each)
    if not arrays:
        return fold(numbers)
    starts = sorted({start for series in arrays for start in series})
    return {
        start: fold([*numbers, *(series[start] for series in arrays if start in series)])
        for start in starts
    }


def _stepwise(name: str, series: Series) -> Series:
    found: Series = {}
    before: tuple[int, float] | None = None
    total = 0.0
    for start in sorted(series):
        total += series[start]
        if name == "RUNNING_SUM":
            found[start] = total
        elif before is not None:
            step = series[start] - before[1]
            found[start] = step if name == "DIFF" else step / (start - before[0])
        before = start, series[start]
    return found
