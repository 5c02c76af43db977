"""Metric data queries: metrics and expressions over them, as GetMetricData and alarms take them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from emulator.watch import expressions, statistics
from emulator.watch.expressions import Expression, Grid
from emulator.watch.math_functions import ExpressionError, Series, Value
from emulator.watch.metrics import MetricId, Metrics
from emulator.watch.statistics import StatisticError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_PERIOD_S: Final = 60
_SHORT_PERIODS_S: Final = (1, 5, 10, 20, 30)


class QueryError(ValueError):
    """Queries that CloudWatch would refuse; the message is a sentence about the parameter."""


@dataclass(frozen=True, kw_only=True)
class MetricQuery:
    """One query for one statistic of one metric."""

    metric: MetricId
    statistic: str
    period_s: int
    unit: str | None


@dataclass(frozen=True, kw_only=True)
class Query:
    """One query: a metric or an expression."""

    id: str
    label: str
    returned: bool
    period_s: int | None
    of: MetricQuery | Expression


@dataclass(frozen=True, kw_only=True)
class Window:
    """Which periods are read. `phase_s` moves their grid, for alarms that look back from now."""

    start_s: int
    end_s: int
    phase_s: int = 0

    def starts(self, period_s: int) -> list[int]:
        """Starts of the window's periods."""
        return list(range(self.first(period_s), self.end_s, period_s))

    def first(self, period_s: int) -> int:
        """Start of the period that the window begins in."""
        return self.start_s - (self.start_s - self.phase_s) % period_s


def dimensions_of(raw: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """Dimensions out of the API's list."""
    return {each["Name"]: each["Value"] for each in raw or ()}


def parse(raw: Sequence[Mapping[str, Any]]) -> tuple[Query, ...]:
    """Read queries.

    Raises:
        QueryError: One of them is malformed, or names an id that is not there.
    """
    queries = tuple(_query(each, number) for number, each in enumerate(raw, start=1))
    ids = [each.id for each in queries]
    if len(set(ids)) < len(ids):
        raise QueryError(f"the ids {ids} are not distinct")
    for each in queries:
        if isinstance(each.of, Expression):
            unknown = each.of.ids - set(ids)
            if unknown:
                raise QueryError(f"expression {each.of.text!r} names unknown {sorted(unknown)}")
    return queries


def check_period(period_s: int) -> None:
    """Refuse a period that CloudWatch does not know.

    Raises:
        QueryError: Says which are known.
    """
    if period_s not in _SHORT_PERIODS_S and (period_s <= 0 or period_s % 60):
        raise QueryError(f"period {period_s} is not 1, 5, 10, 20, 30 or a multiple of 60")


def _query(raw: Mapping[str, Any], number: int) -> Query:
    stat, text = raw.get("MetricStat"), raw.get("Expression")
    if (stat is None) == (text is None):
        raise QueryError(
            f"MetricDataQueries.member.{number}: exactly one of MetricStat and Expression is needed"
        )
    period_s = raw.get("Period")
    try:
        of = _metric(stat) if stat is not None else expressions.parse(str(text))
    except (ExpressionError, StatisticError) as error:
        raise QueryError(f"MetricDataQueries.member.{number}: {error}") from error
    return Query(
        id=str(raw["Id"]),
        label=str(raw.get("Label") or _default_label(raw)),
        returned=raw.get("ReturnData") is not False,
        period_s=None if period_s is None else int(period_s),
        of=of,
    )


def _default_label(raw: Mapping[str, Any]) -> str:
    stat = raw.get("MetricStat")
    return str(stat["Metric"]["MetricName"] if stat else raw["Id"])


def _metric(raw: Mapping[str, Any]) -> MetricQuery:
    metric = raw["Metric"]
    statistics.check(str(raw["Stat"]))
    check_period(int(raw["Period"]))
    return MetricQuery(
        metric=MetricId.of(
            str(metric["Namespace"]),
            str(metric["MetricName"]),
            dimensions_of(metric.get("Dimensions")),
        ),
        statistic=str(raw["Stat"]),
        period_s=int(raw["Period"]),
        unit=raw.get("Unit"),
    )


def period_of(queries: Sequence[Query]) -> int:
    """The period that expressions are computed at: the shortest of the metrics'."""
    given = [each.of.period_s for each in queries if isinstance(each.of, MetricQuery)]
    given += [each.period_s for each in queries if each.period_s is not None]
    return min(given, default=DEFAULT_PERIOD_S)


def compute(
    metrics: Metrics, region: str, queries: Sequence[Query], window: Window
) -> dict[str, Value]:
    """The value of every query, by id.

    Raises:
        QueryError: An expression has no value, or expressions name each other in a circle.
    """
    period_s = period_of(queries)
    found: dict[str, Value] = {}
    series: dict[str, Series] = {}
    for each in queries:
        if isinstance(each.of, MetricQuery):
            found[each.id] = series[each.id] = read(metrics, region, each.of, window)
    waiting = [each for each in queries if isinstance(each.of, Expression)]
    while waiting:
        ready = [
            each
            for each in waiting
            if isinstance(each.of, Expression) and each.of.ids <= set(found)
        ]
        if not ready:
            raise QueryError(f"expressions name each other: {[each.id for each in waiting]}")
        grid = Grid(starts=window.starts(period_s), metrics=series, named=dict(found))
        for each in ready:
            assert isinstance(each.of, Expression)  # noqa: S101  # chosen by it above
            try:
                found[each.id] = each.of.compute(grid)
            except ExpressionError as error:
                raise QueryError(f"{each.id}: {error}") from error
            waiting.remove(each)
    return found


def read(metrics: Metrics, region: str, query: MetricQuery, window: Window) -> Series:
    """One statistic of one metric over a window."""
    aggregates = metrics.periods(
        region,
        query.metric,
        start_s=window.first(query.period_s),
        end_s=window.end_s,
        period_s=query.period_s,
        phase_s=window.phase_s,
        unit=query.unit,
    )
    found = {start: statistics.value(query.statistic, each) for start, each in aggregates.items()}
    return {start: value for start, value in found.items() if value is not None}
