"""Metric math over series with gaps."""

from __future__ import annotations

import pytest

from emulator.watch.expressions import Grid, parse
from emulator.watch.math_functions import ExpressionError, Value

STARTS = [0, 60, 120]
ERRORS = {0: 1.0, 120: 4.0}
CALLS = {0: 10.0, 60: 5.0, 120: 8.0}


def compute(text: str, **more: Value) -> Value:
    named = {"errors": ERRORS, "calls": CALLS, "none": {0: 0.0}, **more}
    metrics = {"errors": ERRORS, "calls": CALLS}
    return parse(text).compute(Grid(starts=STARTS, metrics=metrics, named=named))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("errors / calls * 100", {0: 10.0, 120: 50.0}),
        ("FILL(errors, 0) / calls", {0: 0.1, 60: 0.0, 120: 0.5}),
        ("FILL(errors, REPEAT)", {0: 1.0, 60: 1.0, 120: 4.0}),
        ("calls - 3 * 2", {0: 4.0, 60: -1.0, 120: 2.0}),
        ("-(calls)", {0: -10.0, 60: -5.0, 120: -8.0}),
        ("calls / none", {}),
        ("IF(calls > 6, errors, 9)", {0: 1.0, 60: 9.0, 120: 4.0}),
        ("IF(calls > 6 AND errors > 1, 1, 0)", {0: 0.0, 120: 1.0}),
        ("IF(calls >= 8 || errors == 1, 1)", {0: 1.0, 120: 1.0}),
        ("SUM(METRICS())", {0: 11.0, 60: 5.0, 120: 12.0}),
        ("MAX(METRICS('call'))", {0: 10.0, 60: 5.0, 120: 8.0}),
        ("MAX([errors, 3])", {0: 3.0, 60: 3.0, 120: 4.0}),
        ("MIN([errors, calls])", {0: 1.0, 60: 5.0, 120: 4.0}),
        ("SUM(calls)", 23.0),
        ("AVG(errors)", 2.5),
        ("RATE(calls)", {60: -5 / 60, 120: 3 / 60}),
        ("DIFF(calls)", {60: -5.0, 120: 3.0}),
        ("RUNNING_SUM(calls)", {0: 10.0, 60: 15.0, 120: 23.0}),
        ("ABS(0 - calls)", CALLS),
    ],
)
def test_expressions_have_cloudwatchs_values(text: str, value: Value) -> None:
    assert compute(text) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SEARCH('x', 'Sum', 60)", "SEARCH are not emulated"),
        ("SELECT AVG(x) FROM y", "not emulated"),
        ("ANOMALY_DETECTION_BAND(calls)", "not emulated"),
        ("calls +", "no expression"),
        ("Calls * 2", "neither an id nor a function"),
        ("calls[0]", "not emulated"),
        ("FILL(calls, LINEAR)", "LINEAR is not emulated"),
        ("nobody * 2", "no value here"),
        ("IF(1, 2)", "needs a series"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(text: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason):
        compute(text)
