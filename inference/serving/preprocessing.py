"""The preprocessing steps, one row at a time, in scikit-learn's own order of arithmetic.

A row is a list of Python floats (float64) and, before encoding, category values; a
missing value is NaN. Each function here builds one step from its description in the
structure file and returns a callable from row to row. The descriptions are written by
`inference.export.preprocessing`.

Arithmetic follows scikit-learn's `transform` methods, so that results are equal bit for
bit: https://github.com/scikit-learn/scikit-learn/blob/main/sklearn/preprocessing/_data.py
(`StandardScaler` subtracts then divides; `MinMaxScaler` multiplies then adds).
"""

from __future__ import annotations

from math import isnan
from operator import itemgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Row = list[Any]
    Step = Callable[[Row], Row]
    Spec = dict[str, Any]


class UnanswerableError(Exception):
    """A well-formed row that the model has no answer for.

    `column` is the place of the value in the step's own input, or None if no single
    value is to blame.
    """

    def __init__(self, expected: str, *, column: int | None = None) -> None:
        super().__init__(expected)
        self.expected = expected
        self.column = column


def _is_missing(value: object) -> bool:
    return isinstance(value, float) and isnan(value)


def _clipped(step: Step, bounds: list[float] | None) -> Step:
    if bounds is None:
        return step
    low, high = bounds

    def clip(row: Row) -> Row:
        return [x if isnan(x) else min(max(x, low), high) for x in step(row)]

    return clip


def scale(spec: Spec) -> Step:
    """`(x - center) / scale`: StandardScaler, RobustScaler, MaxAbsScaler."""
    center: list[float] = spec["center"]
    divisor: list[float] = spec["scale"]

    def step(row: Row) -> Row:
        return [(x - c) / s for x, c, s in zip(row, center, divisor, strict=True)]

    return _clipped(step, spec.get("clip"))


def rescale(spec: Spec) -> Step:
    """`x * scale + offset`: MinMaxScaler."""
    factor: list[float] = spec["scale"]
    offset: list[float] = spec["offset"]

    def step(row: Row) -> Row:
        return [x * s + o for x, s, o in zip(row, factor, offset, strict=True)]

    return _clipped(step, spec.get("clip"))


def impute(spec: Spec) -> Step:
    """SimpleImputer: fill what is missing, then append the missing-value indicators."""
    keep: list[tuple[int, Any]] = list(zip(spec["keep"], spec["fill"], strict=True))
    indicators: list[int] = spec["indicators"]

    def step(row: Row) -> Row:
        filled = [fill if _is_missing(row[i]) else row[i] for i, fill in keep]
        filled += [float(_is_missing(row[i])) for i in indicators]
        return filled

    return step


def _lookup(column: int, spec: Spec) -> Callable[[Any], Any]:
    # A missing value is a category like any other; NaN is no dictionary key, None is.
    codes = dict(zip(spec["categories"], spec["codes"], strict=True))
    unknown = spec["unknown"]
    refuses = unknown == "refused"

    def code(value: Any) -> Any:
        key = None if _is_missing(value) else value
        found = codes.get(key, unknown)
        if refuses and key not in codes:
            raise UnanswerableError("a category the encoder knows", column=column)
        return found

    return code


def one_hot(spec: Spec) -> Step:
    """OneHotEncoder: a 1.0 at the category's place, or nowhere (dropped, ignored)."""
    columns = [(_lookup(i, column), column["width"]) for i, column in enumerate(spec["columns"])]

    def step(row: Row) -> Row:
        encoded: Row = []
        for value, (code, width) in zip(row, columns, strict=True):
            hot = code(value)
            cells = [0.0] * width
            if hot is not None:
                cells[hot] = 1.0
            encoded += cells
        return encoded

    return step


def ordinal(spec: Spec) -> Step:
    """OrdinalEncoder: the category's number; None in the description stands for NaN."""
    columns = [_lookup(i, column) for i, column in enumerate(spec["columns"])]
    nan = float("nan")

    def step(row: Row) -> Row:
        codes = [code(value) for value, code in zip(row, columns, strict=True)]
        return [nan if code is None else code for code in codes]

    return step


def columns(spec: Spec) -> Step:
    """ColumnTransformer: each branch gets its columns; the results stand side by side."""
    branches = [(_pick(b["columns"]), sequence(b["steps"])) for b in spec["branches"]]

    def step(row: Row) -> Row:
        joined: Row = []
        for pick, transform in branches:
            joined += transform(pick(row))
        return joined

    return step


def _pick(places: list[int]) -> Callable[[Row], Row]:
    if len(places) > 1:
        getter = itemgetter(*places)
        return lambda row: list(getter(row))
    return lambda row: [row[i] for i in places]


STEPS: dict[str, Callable[[Spec], Step]] = {
    "scale": scale,
    "rescale": rescale,
    "impute": impute,
    "one_hot": one_hot,
    "ordinal": ordinal,
    "columns": columns,
}


def sequence(specs: list[Spec]) -> Step:
    """The steps of a pipeline, one after the other."""
    steps = [STEPS[spec["step"]](spec) for spec in specs]
    if len(steps) == 1:
        return steps[0]

    def run(row: Row) -> Row:
        for step in steps:
            row = step(row)
        return row

    return run
