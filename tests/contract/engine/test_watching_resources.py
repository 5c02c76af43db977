"""Alarms, dashboards, topics, rules and schedules: deployed, read back, changed, deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.contract.engine.play import REGION

if TYPE_CHECKING:
    from tests.contract.engine.cloud import Cloud
    from tests.contract.engine.play import Play

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"


def errors_alarm(**more: Any) -> dict[str, Any]:
    return {
        "name": "errors",
        "namespace": "AWS/Lambda",
        "metricName": "Errors",
        "dimensions": {"FunctionName": "predict"},
        "statistic": "Sum",
        "period": 60,
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 0,
        "evaluationPeriods": 3,
        "datapointsToAlarm": 2,
        "treatMissingData": "notBreaching",
        **more,
    }


def test_alarms_are_created_changed_and_deleted(cloud: Cloud) -> None:
    def script(play: Play, threshold: float = 0.0) -> None:
        topic = play.resource("aws:sns/topic:Topic", "pager", {"name": "pager"})
        metric = errors_alarm(alarmActions=[topic.outputs["arn"]], threshold=threshold)
        alarm = play.resource(ALARM, "errors", metric, uses={"alarmActions": [topic]})
        rule = {"alarmName": "region", "alarmRule": f'ALARM("{alarm.outputs["name"]}")'}
        play.resource(COMPOSITE, "region", rule, uses={"alarmRule": [alarm]})

    cloud.deploy(script)
    (found,) = cloud.call("cloudwatch", "DescribeAlarms")["MetricAlarms"]
    assert found["StateValue"] == "INSUFFICIENT_DATA", "a new alarm knows nothing yet"
    assert found["DatapointsToAlarm"] == 2
    kinds = ["CompositeAlarm"]
    (found,) = cloud.call("cloudwatch", "DescribeAlarms", AlarmTypes=kinds)["CompositeAlarms"]
    assert found["AlarmRule"] == 'ALARM("errors")'

    cloud.deploy(lambda play: script(play, threshold=5.0))
    assert cloud.steps() == [("update", "errors")]
    (found,) = cloud.call("cloudwatch", "DescribeAlarms")["MetricAlarms"]
    assert found["Threshold"] == 5.0

    cloud.deploy(lambda _play: None)
    deleted = [name for op, name in cloud.steps() if op == "delete"]
    assert deleted[0] == "region", "a composite alarm goes before what it is made of"
    assert cloud.call("cloudwatch", "DescribeAlarms")["MetricAlarms"] == []


def test_an_alarm_on_metric_math_reads_back_as_sent(cloud: Cloud) -> None:
    def metric(name: str) -> dict[str, Any]:
        return {
            "namespace": "AWS/Lambda",
            "metricName": name,
            "dimensions": {"FunctionName": "predict"},
            "period": 60,
            "stat": "Sum",
        }

    inputs = {
        "name": "share",
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 1,
        "evaluationPeriods": 3,
        "metricQueries": [
            {"id": "share", "expression": "100 * errors / calls", "returnData": True},
            {"id": "errors", "metric": metric("Errors")},
            {"id": "calls", "metric": metric("Invocations")},
        ],
    }
    cloud.deploy(lambda play: play.resource(ALARM, "share", inputs) and None)
    (found,) = cloud.call("cloudwatch", "DescribeAlarms")["MetricAlarms"]
    assert [each["Id"] for each in found["Metrics"] if each["ReturnData"]] == ["share"]


def test_cloudwatch_refuses_what_it_would_refuse(cloud: Cloud) -> None:
    far = "arn:aws:sns:eu-west-1:123456789012:pager"
    for wrong, reason in (
        ({"alarmActions": [far]}, "Invalid region eu-west-1"),
        ({"datapointsToAlarm": 4}, "DatapointsToAlarm must be less"),
        ({"period": 45}, "Period 45 is not"),
        ({"extendedStatistic": "p99"}, "Exactly one element of Statistic"),
        ({"period": 3600, "evaluationPeriods": 200}, "across more than 604800 seconds"),
        ({"treatMissingData": "fine"}, "not supported for TreatMissingData"),
    ):
        inputs = errors_alarm(**wrong)
        refusal = cloud.refusal(
            lambda play, given=inputs: play.resource(ALARM, "a", given) and None
        )
        assert reason in refusal, f"{wrong} must be refused"
    cloud.deploy(lambda play: play.resource(ALARM, "a", errors_alarm()) and None)


def test_a_composite_alarm_names_alarms_that_exist(cloud: Cloud) -> None:
    refused = cloud.refused(
        "cloudwatch", "PutCompositeAlarm", AlarmName="region", AlarmRule="ALARM(nobody)"
    )
    assert "['nobody'] in the alarm rule do not exist in us-east-1" in refused
    refused = cloud.refused(
        "cloudwatch", "PutCompositeAlarm", AlarmName="region", AlarmRule="ALARM(nobody"
    )
    assert "AlarmRule is malformed" in refused


def test_an_alarm_that_a_composite_alarm_needs_is_not_deleted(cloud: Cloud) -> None:
    cloud.deploy(lambda play: play.resource(ALARM, "a", errors_alarm()) and None)
    cloud.call("cloudwatch", "PutCompositeAlarm", AlarmName="region", AlarmRule="ALARM(errors)")
    refused = cloud.refused("cloudwatch", "DeleteAlarms", AlarmNames=["errors"])
    assert "composite alarm(s) depending on it: region" in refused
    cloud.call("cloudwatch", "DeleteAlarms", AlarmNames=["region"])
    cloud.call("cloudwatch", "DeleteAlarms", AlarmNames=["errors"])


def test_states_are_set_by_hand_and_kept_in_the_history(cloud: Cloud) -> None:
    cloud.deploy(lambda play: play.resource(ALARM, "a", errors_alarm()) and None)
    cloud.call(
        "cloudwatch", "SetAlarmState", AlarmName="errors", StateValue="ALARM", StateReason="a drill"
    )
    items = cloud.call("cloudwatch", "DescribeAlarmHistory", AlarmName="errors")
    (change,) = (
        each for each in items["AlarmHistoryItems"] if each["HistoryItemType"] == "StateUpdate"
    )
    assert change["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to ALARM"
    assert json.loads(change["HistoryData"])["newState"]["stateReason"] == "a drill"
    refused = cloud.refused(
        "cloudwatch", "SetAlarmState", AlarmName="nobody", StateValue="OK", StateReason="x"
    )
    assert refused.startswith("ResourceNotFound")


def test_a_dashboard_is_kept_as_it_was_sent(cloud: Cloud) -> None:
    body = json.dumps({"widgets": []})
    inputs = {"dashboardName": "both-regions", "dashboardBody": body}
    kind = "aws:cloudwatch/dashboard:Dashboard"
    cloud.deploy(lambda play: play.resource(kind, "d", inputs) and None)
    found = cloud.call("cloudwatch", "GetDashboard", region=REGION, DashboardName="both-regions")
    assert json.loads(found["DashboardBody"]) == {"widgets": []}
    cloud.deploy(lambda _play: None)
    assert cloud.call("cloudwatch", "ListDashboards")["DashboardEntries"] == []
