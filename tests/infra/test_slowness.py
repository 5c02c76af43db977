"""When the alarm on latency takes a minute for slow: of many requests and of few.

The deployed alarm's own expression and statistics are computed as the emulator's CloudWatch does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator.watch import statistics
from emulator.watch.expressions import Grid, parse
from emulator.watch.metrics import Aggregate

if TYPE_CHECKING:
    from emulator.watch.math_functions import Series, Value
    from tests.infra.graph import Graph, Resource

QUICK_S, SLOW_S = 0.02, 3.0


@pytest.fixture(scope="module")
def alarm(staging: Graph) -> Resource:
    """The alarm of one Region."""
    found, *_ = (
        each
        for each in staging.of("MetricAlarm")
        if each.inputs["name"] == "understudy-staging-latency"
    )
    return found


def slowness(alarm: Resource, *, quick: int, slow: int) -> Value:
    """What the alarm compares with its threshold, in a minute of so many requests."""
    minute = Aggregate()
    for value, count in ((QUICK_S, quick), (SLOW_S, slow)):
        if count:
            minute.add(value, count)
    series: dict[str, Series] = {}
    for query in alarm.inputs["metricQueries"]:
        if "metric" in query:
            assert query["metric"]["metricName"] == "TargetResponseTime"
            value = statistics.value(query["metric"]["stat"], minute)
            series[query["id"]] = {} if value is None or not minute.count else {0: value}
    (returned,) = (each for each in alarm.inputs["metricQueries"] if each.get("returnData"))
    grid = Grid(starts=[0], metrics=series, named=dict[str, "Value"](series))
    return parse(returned["expression"]).compute(grid)


@pytest.mark.parametrize(
    ("quick", "slow", "is_slow"),
    [
        (0, 1, True),
        (0, 5, True),
        (1, 4, True),
        (4, 1, False),
        (59, 1, False),
        (97, 2, False),
        (97, 3, True),
        (99, 2, True),
        (1980, 30, True),
        (1999, 1, False),
    ],
)
def test_a_minute_is_slow_if_a_hundredth_is_or_half_of_few(
    alarm: Resource, *, quick: int, slow: int, is_slow: bool
) -> None:
    found = slowness(alarm, quick=quick, slow=slow)
    assert isinstance(found, dict)
    assert (found[0] > alarm.inputs["threshold"]) is is_slow


def test_a_minute_without_requests_says_nothing(alarm: Resource) -> None:
    assert slowness(alarm, quick=0, slow=0) == {}
    assert alarm.inputs["treatMissingData"] == "notBreaching"
