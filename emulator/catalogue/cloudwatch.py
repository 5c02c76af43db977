"""CloudWatch: metric alarms, composite alarms and dashboards."""

from __future__ import annotations

from typing import Any, Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Name,
    Read,
    ResourceType,
    Subject,
    Tags,
    Values,
    emulated,
    own_id,
    recorded,
)


def _alarm_arn(subject: Subject) -> str:
    return subject.arn("cloudwatch", f"alarm:{subject.id}")


def _alarm_tags() -> Tags:
    return Tags(
        with_create=lambda given: {"Tags": tags.as_list(given)},
        put=lambda subject, given: (
            "TagResource",
            {"ResourceARN": _alarm_arn(subject), "Tags": tags.as_list(given)},
        ),
        drop=lambda subject, keys: (
            "UntagResource",
            {"ResourceARN": _alarm_arn(subject), "TagKeys": keys},
        ),
    )


_READ_TAGS: Final = Read(
    operation="ListTagsForResource",
    params={"ResourceARN": _alarm_arn},
    at="Tags",
    into="Tags",
    when="tags",
)


def _dimensions(value: dict[str, str]) -> list[Values]:
    return [{"name": name, "value": each} for name, each in sorted(value.items())]


def _queries(value: list[dict[str, Any]]) -> list[Values]:
    """Pulumi's metric queries as AWS's: what is not said to be returned is not."""
    return [_query(each) for each in value]


def _query(query: dict[str, Any]) -> Values:
    shown: Values = {key: each for key, each in query.items() if key != "metric"}
    shown.setdefault("returnData", False)
    metric: dict[str, Any] | None = query.get("metric")
    if metric is not None:
        shown["metricStat"] = {
            "metric": {
                "namespace": metric.get("namespace"),
                "metricName": metric["metricName"],
                "dimensions": _dimensions(metric.get("dimensions") or {}),
            },
            "period": metric["period"],
            "stat": metric["stat"],
            "unit": metric.get("unit"),
        }
    return shown


METRIC_ALARM: Final = ResourceType(
    type="aws:cloudwatch/metricAlarm:MetricAlarm",
    service="cloudwatch",
    inputs={
        "name": emulated(aws="AlarmName", force_new=True),
        "alarmDescription": emulated(unset=""),
        "actionsEnabled": emulated(default=True),
        "alarmActions": emulated(unset=[]),
        "okActions": emulated(aws="OKActions", unset=[]),
        "insufficientDataActions": emulated(unset=[]),
        "comparisonOperator": emulated(required=True),
        "evaluationPeriods": emulated(required=True),
        "datapointsToAlarm": emulated(),
        "threshold": emulated(),
        "treatMissingData": emulated(default="missing"),
        "evaluateLowSampleCountPercentiles": emulated(aws="EvaluateLowSampleCountPercentile"),
        "namespace": emulated(),
        "metricName": emulated(),
        "dimensions": emulated(convert=_dimensions),
        "statistic": emulated(),
        "extendedStatistic": emulated(),
        "period": emulated(),
        "unit": emulated(),
        "metricQueries": emulated(aws="Metrics", convert=_queries),
    },
    absent="evaluationCriteria evaluationInterval evaluationWindow thresholdMetricId "
    "warmUpConfiguration",
    create=(Call(operation="PutMetricAlarm"),),
    id=lambda subject: subject.get("name"),
    reads=(
        Read(
            operation="DescribeAlarms",
            params={"AlarmNames": [own_id], "AlarmTypes": ["MetricAlarm"]},
            at="MetricAlarms[0]",
        ),
        _READ_TAGS,
    ),
    update=(Call(operation="PutMetricAlarm", whole=True),),
    delete=(Call(operation="DeleteAlarms", only="", extra={"AlarmNames": [own_id]}),),
    outputs={"arn": "AlarmArn"},
    tags=_alarm_tags(),
    name=Name(max_length=255),
    identity="name",
)

COMPOSITE_ALARM: Final = ResourceType(
    type="aws:cloudwatch/compositeAlarm:CompositeAlarm",
    service="cloudwatch",
    inputs={
        "alarmName": emulated(required=True, force_new=True),
        "alarmDescription": emulated(unset=""),
        "alarmRule": emulated(required=True),
        "actionsEnabled": emulated(default=True, force_new=True),
        "alarmActions": emulated(unset=[]),
        "okActions": emulated(aws="OKActions", unset=[]),
        "insufficientDataActions": emulated(unset=[]),
        "actionsSuppressor": emulated(
            spread={
                "alarm": "ActionsSuppressor",
                "waitPeriod": "ActionsSuppressorWaitPeriod",
                "extensionPeriod": "ActionsSuppressorExtensionPeriod",
            }
        ),
    },
    create=(Call(operation="PutCompositeAlarm"),),
    id=lambda subject: subject.get("alarmName"),
    reads=(
        Read(
            operation="DescribeAlarms",
            params={"AlarmNames": [own_id], "AlarmTypes": ["CompositeAlarm"]},
            at="CompositeAlarms[0]",
        ),
        _READ_TAGS,
    ),
    update=(Call(operation="PutCompositeAlarm", whole=True),),
    delete=(Call(operation="DeleteAlarms", only="", extra={"AlarmNames": [own_id]}),),
    outputs={"arn": "AlarmArn"},
    tags=_alarm_tags(),
    identity="alarmName",
)

DASHBOARD: Final = ResourceType(
    type="aws:cloudwatch/dashboard:Dashboard",
    service="cloudwatch",
    inputs={
        "dashboardName": emulated(required=True, force_new=True),
        "dashboardBody": recorded(
            "its shape is checked; nothing is drawn", required=True, json=True
        ),
    },
    create=(Call(operation="PutDashboard"),),
    id=lambda subject: subject.get("dashboardName"),
    reads=(Read(operation="GetDashboard", params={"DashboardName": own_id}),),
    update=(Call(operation="PutDashboard"),),
    delete=(Call(operation="DeleteDashboards", only="", extra={"DashboardNames": [own_id]}),),
    outputs={"dashboardArn": "DashboardArn"},
    identity="dashboardName",
)

TYPES: Final = (METRIC_ALARM, COMPOSITE_ALARM, DASHBOARD)
