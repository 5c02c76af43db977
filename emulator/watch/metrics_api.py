"""CloudWatch's API for metrics: put, listed and read, over our own store.

Stock moto takes PutMetricData, and answers metric math and percentiles with nothing.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from emulator.watch import queries, statistics
from emulator.watch.alarm import utc
from emulator.watch.math_functions import Series, as_series
from emulator.watch.metrics import STANDARD_RESOLUTION_S, Aggregate, MetricId
from emulator.watch.queries import QueryError, Window
from emulator.watch.statistics import StatisticError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from emulator.watch.metrics import Metrics

PAGE: Final = 500
MOST_POINTS: Final = 1440
_NO_VALUE: Final = "InvalidParameterValue"


class MetricRefusedError(ValueError):
    """CloudWatch refuses a call about metrics; `code` is its error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def put(metrics: Metrics, region: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """PutMetricData.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
    """
    namespace = str(asked["Namespace"])
    if namespace.startswith("AWS/"):
        raise MetricRefusedError(_NO_VALUE, "The value AWS/ for parameter Namespace is invalid.")
    for number, datum in enumerate(asked.get("MetricData") or (), start=1):
        try:
            _put_datum(metrics, region, namespace, datum)
        except ValueError as error:
            raise MetricRefusedError(_NO_VALUE, f"MetricData.member.{number}: {error}") from error
    return {}


def _put_datum(metrics: Metrics, region: str, namespace: str, datum: Mapping[str, Any]) -> None:
    dimensions = queries.dimensions_of(datum.get("Dimensions"))
    name, unit = str(datum["MetricName"]), str(datum.get("Unit") or "None")
    at_s = _seconds(datum.get("Timestamp"))
    resolution_s = int(datum.get("StorageResolution") or STANDARD_RESOLUTION_S)
    given = datum.get("StatisticValues")
    if given is not None:
        found = Aggregate()
        found.add_statistics(given["SampleCount"], given["Sum"], given["Minimum"], given["Maximum"])
        metric = MetricId.of(namespace, name, dimensions)
        metrics.put_statistics(region, metric, found, unit=unit, at_s=at_s)
        return
    values = datum.get("Values") or [datum.get("Value", math.nan)]
    counts = datum.get("Counts") or [1.0] * len(values)
    if len(values) != len(counts):
        raise ValueError("Values and Counts must be of the same size")
    for value, count in zip(values, counts, strict=True):
        if not math.isfinite(value):
            raise ValueError(f"the value {value} is not a number")
        metrics.put(
            region,
            namespace,
            name,
            dimensions,
            value,
            unit=unit,
            at_s=at_s,
            count=count,
            resolution_s=resolution_s,
        )


def get_data(metrics: Metrics, region: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """GetMetricData.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
    """
    window = _window(asked)
    newest_first = asked.get("ScanBy") != "TimestampAscending"
    try:
        parsed = queries.parse(asked.get("MetricDataQueries") or ())
        values = queries.compute(metrics, region, parsed, window)
    except QueryError as error:
        raise MetricRefusedError("ValidationError", str(error)) from error
    starts = window.starts(queries.period_of(parsed))
    results: list[dict[str, Any]] = []
    for query in parsed:
        if query.returned:
            value = values[query.id]
            series = value if isinstance(value, list) else [as_series(value, starts)]
            results += [_result(query, each, newest_first=newest_first) for each in series]
    return {"MetricDataResults": results, "Messages": []}


def _result(query: queries.Query, series: Series, *, newest_first: bool) -> dict[str, Any]:
    points = sorted(series.items(), reverse=newest_first)
    return {
        "Id": query.id,
        "Label": query.label,
        "Timestamps": [utc(start) for start, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": "Complete",
    }


def get_statistics(metrics: Metrics, region: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """GetMetricStatistics.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
    """
    basic, extended = asked.get("Statistics") or [], asked.get("ExtendedStatistics") or []
    if not basic and not extended:
        raise MetricRefusedError(
            "InvalidParameterCombination", "Must specify either Statistics or ExtendedStatistics"
        )
    window, period_s = _window(asked), int(asked["Period"])
    try:
        queries.check_period(period_s)
        for name in extended:
            statistics.check(name)
    except (QueryError, StatisticError) as error:
        raise MetricRefusedError(_NO_VALUE, str(error)) from error
    if (window.end_s - window.start_s) / period_s > MOST_POINTS:
        raise MetricRefusedError(
            "InvalidParameterCombination",
            f"You have requested more than {MOST_POINTS} datapoints; raise the Period",
        )
    metric = MetricId.of(
        str(asked["Namespace"]),
        str(asked["MetricName"]),
        queries.dimensions_of(asked.get("Dimensions")),
    )
    unit = asked.get("Unit") or metrics.unit(region, metric)
    periods = metrics.periods(
        region,
        metric,
        start_s=window.start_s - window.start_s % period_s,
        end_s=window.end_s,
        period_s=period_s,
        unit=asked.get("Unit"),
    )
    points: list[dict[str, Any]] = []
    for start, found in periods.items():
        point: dict[str, Any] = {
            "Timestamp": utc(start),
            "Unit": unit or metrics.unit(region, metric),
        }
        point |= {name: statistics.value(name, found) for name in basic}
        if extended:
            point["ExtendedStatistics"] = {name: statistics.value(name, found) for name in extended}
        points.append(point)
    return {"Label": asked["MetricName"], "Datapoints": points}


def listed(metrics: Metrics, region: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """ListMetrics.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html
    """
    wanted = [(each["Name"], each.get("Value")) for each in asked.get("Dimensions") or ()]
    found = [
        metric
        for metric in metrics.ids(region)
        if asked.get("Namespace") in (None, metric.namespace)
        and asked.get("MetricName") in (None, metric.name)
        and all(_has(metric.dimensions, name, value) for name, value in wanted)
    ]
    first = int(asked.get("NextToken") or 0)
    answer: dict[str, Any] = {
        "Metrics": [
            {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
            }
            for metric in found[first : first + PAGE]
        ]
    }
    if len(found) > first + PAGE:
        answer["NextToken"] = str(first + PAGE)
    return answer


ACTIONS: Final[dict[str, Callable[[Metrics, str, Mapping[str, Any]], dict[str, Any]]]] = {
    "put_metric_data": put,
    "get_metric_data": get_data,
    "get_metric_statistics": get_statistics,
    "list_metrics": listed,
}


def _has(dimensions: Iterable[tuple[str, str]], name: str, value: str | None) -> bool:
    return any(own == name and value in (None, each) for own, each in dimensions)


def _window(asked: Mapping[str, Any]) -> Window:
    start_s, end_s = _seconds(asked["StartTime"]), _seconds(asked["EndTime"])
    if start_s is None or end_s is None or start_s >= end_s:
        raise MetricRefusedError(
            "ValidationError", "The parameter StartTime must be less than the parameter EndTime."
        )
    return Window(start_s=int(start_s), end_s=math.ceil(end_s))


def _seconds(moment: datetime | float | None) -> float | None:
    return moment.timestamp() if isinstance(moment, datetime) else moment
