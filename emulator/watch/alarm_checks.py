"""What CloudWatch refuses of an alarm. Each check yields the sentence of a ValidationError.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from emulator.watch import alarm_rule, queries, statistics
from emulator.watch.alarm import ACTIONS_OF
from emulator.watch.alarm_verdict import COMPARISONS, MISSING_TREATMENTS
from emulator.watch.queries import QueryError
from emulator.watch.statistics import StatisticError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

MOST_ACTIONS: Final = 5
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400
_WEEK_S: Final = 604_800
_SHORT_S: Final = (10, 20, 30)
_NOT_EMULATED: Final = (
    "ThresholdMetricId",
    "EvaluationCriteria",
    "EvaluationInterval",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "ActionConfiguration",
)


def of_metric_alarm(region: str, told: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a metric alarm."""
    yield from (f"{name} is not emulated" for name in _NOT_EMULATED if told.get(name) is not None)
    yield from _of_actions(region, told)
    if told.get("ComparisonOperator") not in COMPARISONS:
        yield f"ComparisonOperator must be one of {', '.join(COMPARISONS)}"
    if told.get("Threshold") is None:
        yield "Threshold is required"
    periods = told.get("EvaluationPeriods")
    if not periods:
        yield "EvaluationPeriods is required"
    elif (told.get("DatapointsToAlarm") or periods) > periods:
        yield "DatapointsToAlarm must be less than or equal to EvaluationPeriods"
    if told.get("TreatMissingData", "missing") not in MISSING_TREATMENTS:
        yield f"Option {told.get('TreatMissingData')} is not supported for TreatMissingData"
    if told.get("Metrics"):
        yield from _of_queries(told)
    else:
        yield from _of_metric(told)


def of_composite_alarm(
    region: str, told: Mapping[str, Any], known: Collection[str]
) -> Iterator[str]:
    """What is wrong with a composite alarm, where the alarms `known` exist."""
    if told.get("ActionConfiguration") is not None:
        yield "ActionConfiguration is not emulated"
    yield from _of_actions(region, told)
    try:
        rule = alarm_rule.parse(str(told.get("AlarmRule", "")))
    except alarm_rule.RuleError as error:
        yield f"AlarmRule is malformed: {error}"
        return
    missing = sorted(set(rule.alarms) - set(known))
    if missing:
        yield f"the alarms {missing} in the alarm rule do not exist in {region}"
    if told["AlarmName"] in rule.alarms:
        yield "an alarm cannot be part of its own rule"
    suppressor = told.get("ActionsSuppressor")
    if suppressor is None:
        return
    if alarm_rule.name_of(suppressor) not in known:
        yield f"the suppressor alarm {suppressor} does not exist in {region}"
    for member in ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"):
        if told.get(member) is None:
            yield f"{member} is required with ActionsSuppressor"


def _of_actions(region: str, told: Mapping[str, Any]) -> Iterator[str]:
    for member in ACTIONS_OF.values():
        actions: list[str] = told.get(member) or []
        if len(actions) > MOST_ACTIONS:
            yield f"{member} has {len(actions)} actions; at most {MOST_ACTIONS} are taken"
        for arn in actions:
            parts = arn.split(":", 5)
            if len(parts) < 6 or parts[0] != "arn":  # noqa: PLR2004  # an ARN has six parts
                yield f"Invalid arn syntax: {arn}"
            elif parts[2] not in ("sns", "lambda"):
                yield f"action {arn}: only topics and functions are emulated as actions"
            elif parts[3] != region:
                yield f"Invalid region {parts[3]} specified. Only {region} is supported."


def _of_metric(told: Mapping[str, Any]) -> Iterator[str]:
    for member in ("MetricName", "Namespace", "Period"):
        if not told.get(member):
            yield f"{member} is required for an alarm on a metric"
    statistic, extended = told.get("Statistic"), told.get("ExtendedStatistic")
    if (statistic is None) == (extended is None):
        yield "Exactly one element of Statistic or ExtendedStatistic must be set"
    elif extended is not None:
        try:
            statistics.check(extended)
        except StatisticError as error:
            yield str(error)
    if told.get("Period"):
        yield from _of_period(int(told["Period"]), told)


def _of_queries(told: Mapping[str, Any]) -> Iterator[str]:
    besides = [name for name in ("MetricName", "Namespace", "Period", "Statistic") if name in told]
    if besides:
        yield f"{', '.join(besides)} must not be given together with Metrics"
    try:
        parsed = queries.parse(told["Metrics"])
    except QueryError as error:
        yield str(error)
        return
    returned = [each.id for each in parsed if each.returned]
    if len(returned) != 1:
        yield f"exactly one element of Metrics must return data; {returned} do"
    yield from _of_period(queries.period_of(parsed), told)


def _of_period(period_s: int, told: Mapping[str, Any]) -> Iterator[str]:
    if period_s not in _SHORT_S and (period_s <= 0 or period_s % 60):
        yield f"Period {period_s} is not 10, 20, 30 or a multiple of 60"
    longest = _DAY_S if period_s < _HOUR_S else _WEEK_S
    if period_s * int(told.get("EvaluationPeriods") or 1) > longest:
        yield f"Metrics cannot be checked across more than {longest} seconds"
