"""What an alarm that changes state says: to the event bus, to a topic, to a function. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from emulator.store.backends import ACCOUNT
from emulator.watch.alarm import utc

if TYPE_CHECKING:
    from emulator.watch.alarm import Alarm, State


def event_detail(alarm: Alarm, before: State) -> dict[str, Any]:
    """The detail of a "CloudWatch Alarm State Change" event."""
    return {
        "alarmName": alarm.name,
        "state": _state(alarm.state),
        "previousState": _state(before),
        "configuration": _configuration(alarm),
    }


def function_event(alarm: Alarm, before: State) -> dict[str, Any]:
    """The event of a function that is an alarm's action."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.alarm_arn,
        "accountId": ACCOUNT,
        "time": _time(alarm.state.since_s),
        "region": alarm.region,
        "alarmData": event_detail(alarm, before),
    }


def notification(alarm: Alarm, before: State) -> tuple[str, str]:
    """Subject and message of what a topic gets."""
    told = alarm.told
    message: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": told.get("AlarmDescription"),
        "AWSAccountId": ACCOUNT,
        "NewStateValue": alarm.state.value,
        "NewStateReason": alarm.state.reason,
        "StateChangeTime": _time(alarm.state.since_s),
        "Region": alarm.region,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before.value,
        "OKActions": told["OKActions"],
        "AlarmActions": told["AlarmActions"],
        "InsufficientDataActions": told["InsufficientDataActions"],
    }
    if alarm.composite:
        message["AlarmRule"] = told["AlarmRule"]
    else:
        message["Trigger"] = _trigger(told)
    return f'{alarm.state.value}: "{alarm.name}" in {alarm.region}', json.dumps(message)


def _trigger(told: dict[str, Any]) -> dict[str, Any]:
    kept = (
        "MetricName",
        "Namespace",
        "Statistic",
        "ExtendedStatistic",
        "Unit",
        "Period",
        "EvaluationPeriods",
        "DatapointsToAlarm",
        "ComparisonOperator",
        "Threshold",
        "TreatMissingData",
        "Metrics",
    )
    shown = {name: told[name] for name in kept if told.get(name) is not None}
    shown["Dimensions"] = [
        {"name": each["Name"], "value": each["Value"]} for each in told.get("Dimensions") or ()
    ]
    return shown


def _configuration(alarm: Alarm) -> dict[str, Any]:
    told = alarm.told
    if alarm.composite:
        members = {
            "alarmRule": told["AlarmRule"],
            "actionsSuppressor": told.get("ActionsSuppressor"),
            "actionsSuppressorWaitPeriod": told.get("ActionsSuppressorWaitPeriod"),
            "actionsSuppressorExtensionPeriod": told.get("ActionsSuppressorExtensionPeriod"),
        }
        return {name: value for name, value in members.items() if value is not None}
    return {"description": told.get("AlarmDescription", ""), "metrics": _metrics(told)}


def _metrics(told: dict[str, Any]) -> list[dict[str, Any]]:
    raw: list[dict[str, Any]] = told.get("Metrics") or [
        {
            "Id": "m1",
            "MetricStat": {
                "Metric": {
                    "Namespace": told["Namespace"],
                    "MetricName": told["MetricName"],
                    "Dimensions": told.get("Dimensions") or [],
                },
                "Period": told["Period"],
                "Stat": told.get("Statistic") or told.get("ExtendedStatistic"),
            },
        }
    ]
    return [_metric(each) for each in raw]


def _metric(raw: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": raw["Id"], "returnData": raw.get("ReturnData") is not False}
    if "Expression" in raw:
        return shown | {"expression": raw["Expression"], "label": raw.get("Label", "")}
    stat = raw["MetricStat"]
    metric = stat["Metric"]
    dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions") or ()}
    return shown | {
        "metricStat": {
            "metric": {
                "namespace": metric["Namespace"],
                "name": metric["MetricName"],
                "dimensions": dimensions,
            },
            "period": stat["Period"],
            "stat": stat["Stat"],
        }
    }


def _state(state: State) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "value": state.value,
        "reason": state.reason,
        "timestamp": _time(state.since_s),
    }
    if state.data is not None:
        shown["reasonData"] = state.data_text
    return shown


def _time(at_s: float) -> str:
    return utc(at_s).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
