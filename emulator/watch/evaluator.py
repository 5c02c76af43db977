"""Evaluates alarms over emulated time, as CloudWatch does.

An alarm is evaluated every minute (every 10 s if its period is shorter than a minute) over periods
that end then, whatever their length: a 5-minute alarm looks at 5 minutes that slide by one.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
A lost Region's alarms stand still: the CloudWatch that evaluates them is lost with it.
"""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from emulator.store.backends import regional
from emulator.watch import queries, statistics
from emulator.watch.alarm import ALARM, INSUFFICIENT_DATA, OK
from emulator.watch.alarm_verdict import COMPARISONS, Sensitivity, Verdict, verdict
from emulator.watch.math_functions import Series, as_series
from emulator.watch.metrics import MetricId
from emulator.watch.queries import MetricQuery, QueryError, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emulator.clock import Clock
    from emulator.faults import FaultBoard
    from emulator.watch.alarm import Alarm
    from emulator.watch.alarms import Alarms
    from emulator.watch.metrics import Metrics

TICK_S: Final = 10
MINUTE_S: Final = 60
SETTLE_S: Final = 5.0
"""Emulated seconds between the end of a period and the look at it: log lines and metrics of the
period are still on their way when it ends. AWS names no number (unverified)."""

_SHORTEST_REAL_WAIT_S: Final = 0.02
_WORDS: Final = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}


class Evaluator:
    """Evaluates the alarms of every Region. `evaluate` is called from one thread at a time."""

    def __init__(
        self,
        clock: Clock,
        faults: FaultBoard,
        metrics: Metrics,
        alarms: Alarms,
        settled: Callable[[], None],
    ) -> None:
        """`settled` is called at the end of every tick."""
        self._settled = settled
        self._clock = clock
        self._faults = faults
        self._metrics = metrics
        self._alarms = alarms

    async def run(self) -> None:
        """Evaluate at every tick, until cancelled; ticks that were slept through are one."""
        last = 0
        while True:
            tick = int((self._clock.now_s() - SETTLE_S) // TICK_S) * TICK_S
            if tick > last:
                minute = last < tick - tick % MINUTE_S
                await asyncio.to_thread(self.evaluate, tick, minute=minute)
                last = tick
            wait_s = self._clock.real_s(last + TICK_S + SETTLE_S - self._clock.now_s())
            await asyncio.sleep(max(wait_s, _SHORTEST_REAL_WAIT_S))

    def evaluate(self, at_s: int, *, minute: bool) -> None:
        """Evaluate what is due at a tick.

        Args:
            at_s: Emulated Unix time, a multiple of `TICK_S`.
            minute: Whether a minute has ended, so that alarms of a minute and more are due too.
        """
        for region, alarm in self._present():
            if alarm.composite or self._faults.region_lost(region):
                continue
            short = alarm.period_s < MINUTE_S
            if short or minute:
                self._evaluate_one(alarm, at_s if short else at_s - at_s % MINUTE_S)
        for region in {region for region, _ in self._present()}:
            if not self._faults.region_lost(region):
                self._alarms.settle_composites(region)
        self._settled()

    def _present(self) -> list[tuple[str, Alarm]]:
        from moto.cloudwatch.models import cloudwatch_backends

        return [
            (region, alarm)
            for region, _ in regional(cloudwatch_backends)
            for alarm in self._alarms.of(region)
        ]

    def _evaluate_one(self, alarm: Alarm, at_s: int) -> None:
        told = alarm.told
        how = sensitivity_of(alarm)
        period_s = alarm.period_s
        starts = list(range(at_s - how.range * period_s, at_s, period_s))
        window = Window(start_s=starts[0], end_s=at_s, phase_s=at_s)
        try:
            series = self._series(alarm, window)
        except QueryError as error:
            self._alarms.enter(alarm, INSUFFICIENT_DATA, f"Evaluation error: {error}", None)
            return
        breaches = COMPARISONS[told["ComparisonOperator"]]
        points = [
            breaches(series[start], told["Threshold"]) if start in series else None
            for start in starts
        ]
        found = verdict(points, how)
        if found.state is not None and not self._too_few_samples(alarm, window):
            recent = [(start, series[start]) for start in starts if start in series]
            evaluated = recent[-how.periods :]
            self._alarms.enter(
                alarm,
                found.state,
                _reason(alarm, found, how, evaluated),
                _reason_data(alarm, period_s, at_s, evaluated),
            )

    def _series(self, alarm: Alarm, window: Window) -> Series:
        """What the alarm compares with its threshold."""
        if not alarm.queries:
            return queries.read(self._metrics, alarm.region, _query(alarm), window)
        values = queries.compute(self._metrics, alarm.region, alarm.queries, window)
        returned = next(each for each in alarm.queries if each.returned)
        return as_series(values[returned.id], window.starts(alarm.period_s))

    def _too_few_samples(self, alarm: Alarm, window: Window) -> bool:
        """Whether a percentile of the last period says nothing, and the alarm is to ignore that.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
        """
        if alarm.told.get("EvaluateLowSampleCountPercentile") != "ignore":
            return False
        share = (statistics.percentile_of(alarm.told.get("ExtendedStatistic") or "") or 0) / 100
        if not 0 < share < 1:
            return False
        query = _query(alarm)
        periods = self._metrics.periods(
            alarm.region,
            query.metric,
            start_s=window.end_s - query.period_s,
            end_s=window.end_s,
            period_s=query.period_s,
            phase_s=window.phase_s,
            unit=query.unit,
        )
        samples = sum(each.count for each in periods.values())
        return samples < 10 / (min(share, 1 - share))


def sensitivity_of(alarm: Alarm) -> Sensitivity:
    """How an alarm counts. Alarms on DynamoDB's metrics always ignore missing data.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    told = alarm.told
    periods = int(told["EvaluationPeriods"])
    dynamodb = told.get("Namespace") == "AWS/DynamoDB"
    return Sensitivity(
        periods=periods,
        to_alarm=int(told.get("DatapointsToAlarm") or periods),
        missing="ignore" if dynamodb else str(told.get("TreatMissingData") or "missing"),
    )


def _query(alarm: Alarm) -> MetricQuery:
    told = alarm.told
    return MetricQuery(
        metric=MetricId.of(
            told["Namespace"], told["MetricName"], queries.dimensions_of(told.get("Dimensions"))
        ),
        statistic=str(told.get("Statistic") or told.get("ExtendedStatistic")),
        period_s=int(told["Period"]),
        unit=told.get("Unit"),
    )


def _reason(
    alarm: Alarm, found: Verdict, how: Sensitivity, evaluated: Sequence[tuple[int, float]]
) -> str:
    """The state's reason, worded as CloudWatch words it."""
    if found.state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {found.filled} datapoints were unknown."
    treated = how.missing[0].upper() + how.missing[1:]
    if not evaluated:
        return (
            f"Threshold Crossed: no datapoints were received for {how.periods} periods and "
            f"{found.filled} missing datapoints were treated as [{treated}]."
        )
    values = ", ".join(f"{value} ({_stamp(start)})" for start, value in reversed(evaluated))
    crossed = found.state == ALARM
    count = found.breaching if crossed else found.evaluated - found.breaching
    needed = how.to_alarm if crossed else how.periods - how.to_alarm + 1
    change = f"{OK} -> {ALARM}" if crossed else f"{ALARM} -> {OK}"
    negation = "" if crossed else "not "
    return (
        f"Threshold Crossed: {count} out of the last {found.evaluated} datapoints [{values}] "
        f"{'was' if count == 1 else 'were'} {negation}{_WORDS[alarm.told['ComparisonOperator']]} "
        f"the threshold ({alarm.told['Threshold']}) (minimum {needed} "
        f"datapoint{'' if needed == 1 else 's'} for {change} transition)."
    )


def _reason_data(
    alarm: Alarm, period_s: int, at_s: int, evaluated: Sequence[tuple[int, float]]
) -> dict[str, Any]:
    told = alarm.told
    data: dict[str, Any] = {
        "version": "1.0",
        "queryDate": _moment(at_s),
        "period": period_s,
        "recentDatapoints": [value for _, value in evaluated],
        "threshold": told["Threshold"],
        "evaluatedDatapoints": [
            {"timestamp": _moment(start), "value": value} for start, value in evaluated
        ],
    }
    statistic = told.get("Statistic") or told.get("ExtendedStatistic")
    if statistic:
        data["statistic"] = statistic
    if evaluated:
        data["startDate"] = _moment(evaluated[0][0])
    return data


def _stamp(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%d/%m/%y %H:%M:%S")


def _moment(at_s: float) -> str:
    at = datetime.fromtimestamp(math.floor(at_s), UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
