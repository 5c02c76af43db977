"""Metrics as CloudWatch keeps them: aggregates by metric, unit and minute, on the emulated clock.

A metric is named by namespace, name and the exact set of its dimensions; CloudWatch never adds up
over dimensions by itself. Values are not kept one by one: each point holds what statistics need
(count, sum, extremes) and how often each value came, for percentiles. That distribution is exact
for `EXACT_VALUES` different values and rounds further ones to two significant digits, so a point's
size is bounded whatever the traffic.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from emulator.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from emulator.faults import FaultBoard

STANDARD_RESOLUTION_S: Final = 60
"""What AWS services publish at; custom metrics may ask for 1 s."""

POINTS_KEPT: Final = 4320
"""Of each metric and unit; three days of minutes, where CloudWatch keeps 15."""

EXACT_VALUES: Final = 100
METRICS_KEPT: Final = 20_000
"""New metrics beyond are dropped; far above what a deployment here makes."""


class MetricId(NamedTuple):
    """What names a metric inside a Region. `dimensions` are (name, value), ordered by name."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> MetricId:
        """The id of a metric whose dimensions are a map."""
        return cls(namespace, name, tuple(sorted(dimensions.items())))


@dataclass(slots=True)
class Aggregate:
    """What came within one period. `values` says how often each value came."""

    count: float = 0.0
    total: float = 0.0
    minimum: float = float("inf")
    maximum: float = float("-inf")
    values: dict[float, float] = field(default_factory=dict[float, float])

    def add(self, value: float, count: float = 1.0) -> None:
        """Take in `count` samples of one value."""
        self.add_statistics(count, value * count, value, value)
        if value not in self.values and len(self.values) >= EXACT_VALUES:
            value = float(f"{value:.2g}")
        self.values[value] = self.values.get(value, 0.0) + count

    def add_statistics(self, count: float, total: float, minimum: float, maximum: float) -> None:
        """Take in samples of which only the statistics are known: percentiles do not see them."""
        self.count += count
        self.total += total
        self.minimum = min(self.minimum, minimum)
        self.maximum = max(self.maximum, maximum)

    def merge(self, other: Aggregate) -> None:
        """Take in all of another aggregate."""
        self.add_statistics(other.count, other.total, other.minimum, other.maximum)
        for value, count in other.values.items():
            self.values[value] = self.values.get(value, 0.0) + count


class _Series:
    """The points of one metric, by unit and start of their period."""

    __slots__ = ("by_unit", "resolution_s")

    def __init__(self) -> None:
        self.resolution_s = STANDARD_RESOLUTION_S
        self.by_unit: dict[str, dict[int, Aggregate]] = {}

    def point(self, unit: str, at_s: float, resolution_s: int) -> Aggregate:
        self.resolution_s = min(self.resolution_s, resolution_s)
        start_s = int(at_s // resolution_s) * resolution_s
        points = self.by_unit.setdefault(unit, {})
        found = points.get(start_s)
        if found is None:
            found = points[start_s] = Aggregate()
            if len(points) > POINTS_KEPT:
                del points[min(points)]
        return found


class Metrics:
    """Every metric of every Region. Thread-safe; `put` costs microseconds.

    What a lost Region would say is dropped: to whoever watches it, real loss is missing data.
    """

    def __init__(self, clock: Clock | None = None, faults: FaultBoard | None = None) -> None:
        self._clock = clock or Clock()
        self._faults = faults
        self._lock = threading.Lock()
        self._regions: dict[str, dict[MetricId, _Series]] = {}

    def put(  # noqa: PLR0913  # a metric has this many parts
        self,
        region: str,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        value: float,
        *,
        unit: str = "None",
        at_s: float | None = None,
        count: float = 1.0,
        resolution_s: int = STANDARD_RESOLUTION_S,
    ) -> None:
        """Record `count` samples of a value.

        Args:
            region: Whose CloudWatch it goes to.
            namespace: `AWS/Lambda`, or a program's own.
            name: e.g. `Invocations`.
            dimensions: The exact set; a metric with fewer dimensions is another metric.
            value: The sample.
            unit: One of CloudWatch's units (`Count`, `Seconds`, `Milliseconds`, ...).
            at_s: Emulated Unix time; by default now.
            count: How many samples of this value.
            resolution_s: 60, or 1 for a high-resolution metric.
        """
        with self._lock:
            point = self._point(
                region, MetricId.of(namespace, name, dimensions), unit, at_s, resolution_s
            )
            if point is not None:
                point.add(value, count)

    def put_statistics(  # the parts of PutMetricData's StatisticValues
        self, region: str, metric: MetricId, given: Aggregate, *, unit: str, at_s: float | None
    ) -> None:
        """Record samples of which only statistics are known.

        Percentiles see them only if they were one sample, or all of one value.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
        """
        with self._lock:
            point = self._point(region, metric, unit, at_s, STANDARD_RESOLUTION_S)
            if point is not None:
                point.merge(given)

    def periods(  # noqa: PLR0913  # a query has this many parts
        self,
        region: str,
        metric: MetricId,
        *,
        start_s: float,
        end_s: float,
        period_s: int,
        phase_s: int = 0,
        unit: str | None = None,
    ) -> dict[int, Aggregate]:
        """Aggregates of each period that holds data, by its start, oldest first.

        Periods are aligned with the epoch (and `phase_s`, for alarms, whose periods end when they
        look); one belongs to the answer when its start lies in [start_s, end_s).
        """
        merged: dict[int, Aggregate] = {}
        with self._lock:
            for at_s, point in self._points(region, metric, unit, start_s, end_s + period_s):
                period = int((at_s - phase_s) // period_s) * period_s + phase_s
                if start_s <= period < end_s:
                    merged.setdefault(period, Aggregate()).merge(point)
        return dict(sorted(merged.items()))

    def ids(self, region: str) -> list[MetricId]:
        """Every metric that a Region has data of."""
        with self._lock:
            return list(self._regions.get(region, ()))

    def regions(self) -> list[str]:
        """Regions that have data."""
        with self._lock:
            return list(self._regions)

    def unit(self, region: str, metric: MetricId) -> str:
        """The unit that a metric was first put with; `None` where there is no data."""
        with self._lock:
            series = self._regions.get(region, {}).get(metric)
            return "None" if series is None else next(iter(series.by_unit), "None")

    def _point(
        self, region: str, metric: MetricId, unit: str, at_s: float | None, resolution_s: int
    ) -> Aggregate | None:
        """The point to add to; None when nobody may. Lock held."""
        if self._faults is not None and self._faults.region_lost(region):
            return None
        known = self._regions.setdefault(region, {})
        series = known.get(metric)
        if series is None:
            if len(known) >= METRICS_KEPT:
                return None
            series = known[metric] = _Series()
        return series.point(unit, self._clock.now_s() if at_s is None else at_s, resolution_s)

    def _points(
        self, region: str, metric: MetricId, unit: str | None, start_s: float, end_s: float
    ) -> Iterator[tuple[int, Aggregate]]:
        """Points from `start_s` to `end_s`, in any order. Lock held."""
        series = self._regions.get(region, {}).get(metric)
        if series is None:
            return
        units: Iterable[str] = series.by_unit if unit is None else (unit,)
        step_s = series.resolution_s
        first, last = int(start_s // step_s) * step_s, int(end_s)
        for each in units:
            points = series.by_unit.get(each, {})
            if (last - first) // step_s < len(points):  # alarms look at a few of many
                for at_s in range(first, last, step_s):
                    if at_s in points:
                        yield at_s, points[at_s]
            else:
                yield from points.items()
