"""Alarms, topics, rules and schedules at work: evaluated, sent, refused, tried again."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.watch.watch import Watch
from tests.contract.engine.cloud import Invoked
from tests.contract.engine.play import allow, trust
from tests.unit.emulator.conftest import HandClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.engine.cloud import Cloud, NoHooks

REGION = "us-east-1"
ACCOUNT = "123456789012"
DEADLINE_S = 20.0


class Scene:
    """A watch on a clock moved by hand, and a function that remembers its events."""

    def __init__(self, cloud: Cloud, hooks: NoHooks) -> None:
        self.cloud = cloud
        self.clock = HandClock(1_800_000_000.0)
        self.clock.speed = 1000.0
        self.faults = FaultBoard()
        self.events = EventLog(self.clock)
        self.watch = Watch(self.clock, self.faults, self.events)
        self.watch.connect(self._invoke)
        self.received: list[dict[str, Any]] = []
        self.answers: list[Invoked] = []
        hooks.watch = self.watch

    async def _invoke(
        self,
        name_or_arn: str,
        qualifier: str | None,
        payload: bytes,
        *,
        region: str,
        event: bool = False,
    ) -> Invoked:
        del name_or_arn, qualifier, region
        assert event, "services invoke functions asynchronously"
        answer = self.answers.pop(0) if self.answers else Invoked(status=202)
        if answer.error is None:
            self.received.append(json.loads(payload))
        return answer

    def until(self, happened: Callable[[], object]) -> None:
        """Let deliveries run until something is the case."""

        async def run() -> None:
            flows = [
                asyncio.create_task(flow())
                for flow in (self.watch.delivery.run, self.watch.rules.run)
            ]
            async with asyncio.timeout(DEADLINE_S):
                while not happened():  # noqa: ASYNC110  # anything at all may be waited for
                    await asyncio.sleep(0.01)
            for flow in flows:
                flow.cancel()
            await asyncio.gather(*flows, return_exceptions=True)

        asyncio.run(run())

    def minutes(self, *values: float | None) -> None:
        """Let minutes pass, each with a value of the metric (None: nothing came)."""
        for value in values:
            if value is not None:
                dimensions = {"FunctionName": "predict"}
                self.watch.metrics.put(REGION, "AWS/Lambda", "Errors", dimensions, value)
            self.clock.at_s += 60
            self.watch.evaluator.evaluate(int(self.clock.at_s), minute=True)

    def alarm(self, name: str = "errors", **more: Any) -> None:
        told: dict[str, Any] = {
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Dimensions": [{"Name": "FunctionName", "Value": "predict"}],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0.0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        }
        self.cloud.call("cloudwatch", "PutMetricAlarm", AlarmName=name, **(told | more))

    def state(self, name: str = "errors") -> str | None:
        return self.watch.alarms.state(REGION, name)

    def topic(self, name: str = "pager") -> str:
        return str(self.cloud.call("sns", "CreateTopic", Name=name)["TopicArn"])

    def queue(self, name: str, service: str | None) -> str:
        """A queue that a service may send to; None: nobody may."""
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        attributes = {} if service is None else {"Policy": _policy(service, "sqs:SendMessage", arn)}
        self.cloud.call("sqs", "CreateQueue", QueueName=name, Attributes=attributes)
        return arn

    def messages(self, name: str) -> list[dict[str, Any]]:
        url = self.cloud.call("sqs", "GetQueueUrl", QueueName=name)["QueueUrl"]
        found = self.cloud.call(
            "sqs",
            "ReceiveMessage",
            QueueUrl=url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
        )
        return list(found.get("Messages", []))

    def function(self, service: str | None) -> str:
        """A function that a service may invoke; None: nobody may."""
        arn = self.cloud.function("watch")
        if service is not None:
            self.cloud.call(
                "lambda",
                "AddPermission",
                FunctionName="watch",
                StatementId="in",
                Action="lambda:InvokeFunction",
                Principal=service,
            )
        return arn

    def noted(self, kind: str) -> list[dict[str, Any]]:
        return [each.facts for each in self.events.since() if each.kind == kind]

    def sum_of(self, namespace: str, name: str) -> float:
        return sum(
            point.total
            for metric in self.watch.metrics.ids(REGION)
            if (metric.namespace, metric.name) == (namespace, name)
            for point in self.watch.metrics.periods(
                REGION, metric, start_s=0, end_s=3e9, period_s=60
            ).values()
        )


def _policy(service: str, action: str, arn: str) -> str:
    statement = {
        "Sid": "Send",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": arn,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def scene(cloud: Cloud, hooks: NoHooks) -> Scene:
    return Scene(cloud, hooks)


def test_an_alarm_fires_within_its_period_and_reaches_its_topic(scene: Scene) -> None:
    topic = scene.topic()
    queue = scene.queue("pages", "sns.amazonaws.com")
    scene.cloud.call("sns", "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=queue)
    scene.alarm(AlarmActions=[topic], OKActions=[topic], AlarmDescription="runbook: here")
    scene.minutes(0)
    assert scene.state() == "OK"
    scene.minutes(2)
    assert scene.state() == "ALARM"
    scene.until(lambda: len(scene.noted("sns.delivered")) == 2)
    bodies = [json.loads(json.loads(each["Body"])["Message"]) for each in scene.messages("pages")]
    assert [each["NewStateValue"] for each in bodies] == ["OK", "ALARM"]
    assert bodies[1]["AlarmDescription"] == "runbook: here"
    assert "1 out of the last 1 datapoints [2.0" in bodies[1]["NewStateReason"]
    assert scene.sum_of("AWS/SNS", "NumberOfNotificationsDelivered") == 2


def test_m_of_n_waits_for_m(scene: Scene) -> None:
    scene.alarm(EvaluationPeriods=3, DatapointsToAlarm=2)
    scene.minutes(0, 0, 5, 0)
    assert scene.state() == "OK"
    scene.minutes(5)
    assert scene.state() == "ALARM", "two of the last three breach"
    scene.minutes(0, 0)
    assert scene.state() == "OK"


@pytest.mark.parametrize(
    ("treatment", "state"),
    [
        ("notBreaching", "OK"),
        ("breaching", "ALARM"),
        ("missing", "INSUFFICIENT_DATA"),
        ("ignore", "OK"),
    ],
)
def test_missing_data_is_treated_as_declared(scene: Scene, treatment: str, state: str) -> None:
    scene.alarm(TreatMissingData=treatment)
    scene.minutes(0, None, None)
    assert scene.state() == "OK", "the last real point is still within the evaluation range"
    scene.minutes(None)
    assert scene.state() == state


def test_a_five_minute_alarm_looks_every_minute(scene: Scene) -> None:
    scene.alarm(Period=300, Threshold=9.0)
    scene.minutes(0, 5, 5)
    assert scene.state() == "ALARM", "the window slides: it does not wait for five minutes to end"


def test_an_alarm_on_metric_math_and_on_a_percentile(scene: Scene) -> None:
    metric = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": [{"Name": "FunctionName", "Value": "predict"}],
    }
    queries = [
        {"Id": "e", "Expression": "FILL(m, 1) * 10", "ReturnData": True},
        {
            "Id": "m",
            "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"},
            "ReturnData": False,
        },
    ]
    scene.cloud.call(
        "cloudwatch",
        "PutMetricAlarm",
        AlarmName="math",
        Metrics=queries,
        EvaluationPeriods=1,
        Threshold=30.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    scene.cloud.call(
        "cloudwatch",
        "PutMetricAlarm",
        AlarmName="p99",
        ExtendedStatistic="p99",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=metric["Dimensions"],
        Period=60,
        EvaluationPeriods=1,
        Threshold=3.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    scene.minutes(None)
    assert scene.state("math") == "OK", "what is filled is no missing data"
    scene.minutes(4)
    assert (scene.state("math"), scene.state("p99")) == ("ALARM", "ALARM")


def test_a_lost_regions_alarms_stand_still(scene: Scene) -> None:
    scene.alarm(TreatMissingData="breaching")
    scene.minutes(0)
    fault = scene.faults.lose("region", REGION)
    scene.minutes(None, None, None, None)
    assert scene.state() == "OK", "the CloudWatch that would evaluate is lost with its Region"
    scene.faults.restore(fault.id)
    scene.minutes(None)
    assert scene.state() == "ALARM"


def test_a_topic_that_does_not_admit_cloudwatch_gets_nothing_and_the_history_says_so(
    scene: Scene,
) -> None:
    topic = scene.topic()
    policy = _policy("events.amazonaws.com", "sns:Publish", topic)
    scene.cloud.call(
        "sns", "SetTopicAttributes", TopicArn=topic, AttributeName="Policy", AttributeValue=policy
    )
    scene.alarm(AlarmActions=[topic])
    scene.minutes(1)
    scene.until(lambda: scene.noted("delivery.failed"))
    assert scene.noted("sns.published") == []
    items = scene.cloud.call(
        "cloudwatch", "DescribeAlarmHistory", AlarmName="errors", HistoryItemType="Action"
    )["AlarmHistoryItems"]
    assert items[0]["HistorySummary"].startswith("Failed to execute action")
    assert "cloudwatch.amazonaws.com is not authorized" in items[0]["HistorySummary"]


def topic_under_a_key(scene: Scene, *, admits: str) -> str:
    """A topic encrypted with a key whose policy admits the account and one service."""
    topic = scene.topic()
    key = scene.cloud.call("kms", "CreateKey")["KeyMetadata"]["Arn"]
    document = scene.cloud.call("kms", "GetKeyPolicy", KeyId=key, PolicyName="default")["Policy"]
    grown = json.loads(document)
    grown["Statement"].append(
        {
            "Sid": "Publish",
            "Effect": "Allow",
            "Principal": {"Service": admits},
            "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
            "Resource": "*",
        }
    )
    policy = json.dumps(grown)
    scene.cloud.call("kms", "PutKeyPolicy", KeyId=key, PolicyName="default", Policy=policy)
    scene.cloud.call(
        "sns",
        "SetTopicAttributes",
        TopicArn=topic,
        AttributeName="KmsMasterKeyId",
        AttributeValue=key,
    )
    return topic


def test_a_topic_under_a_key_gets_what_the_keys_policy_lets_in(scene: Scene) -> None:
    scene.alarm(AlarmActions=[topic_under_a_key(scene, admits="cloudwatch.amazonaws.com")])
    scene.minutes(1)
    scene.until(lambda: scene.noted("sns.published"))


def test_a_topic_under_a_key_that_does_not_admit_cloudwatch_gets_nothing(scene: Scene) -> None:
    scene.alarm(AlarmActions=[topic_under_a_key(scene, admits="events.amazonaws.com")])
    scene.minutes(1)
    scene.until(lambda: scene.noted("delivery.failed"))
    assert "kms:GenerateDataKey" in scene.noted("delivery.failed")[0]["reason"]
    assert scene.noted("sns.published") == []


def test_a_function_is_an_alarms_action_if_it_lets_cloudwatch_in(scene: Scene) -> None:
    function = scene.function("lambda.alarms.cloudwatch.amazonaws.com")
    scene.alarm(AlarmActions=[function])
    scene.minutes(1)
    scene.until(lambda: scene.received)
    assert scene.received[0]["alarmData"]["state"]["value"] == "ALARM"
    assert scene.received[0]["source"] == "aws.cloudwatch"


def test_a_composite_alarm_follows_its_alarms_and_is_held_back_by_its_suppressor(
    scene: Scene,
) -> None:
    topic = scene.topic()
    scene.alarm()
    scene.alarm("maintenance", Threshold=1e9)
    scene.cloud.call(
        "cloudwatch",
        "PutCompositeAlarm",
        AlarmName="region",
        AlarmRule="ALARM(errors)",
        AlarmActions=[topic],
        ActionsSuppressor="maintenance",
        ActionsSuppressorWaitPeriod=60,
        ActionsSuppressorExtensionPeriod=60,
    )
    scene.cloud.call(
        "cloudwatch",
        "SetAlarmState",
        AlarmName="maintenance",
        StateValue="ALARM",
        StateReason="planned work",
    )
    scene.minutes(0)  # by hand until the next evaluation, as in AWS
    scene.cloud.call(
        "cloudwatch",
        "SetAlarmState",
        AlarmName="maintenance",
        StateValue="ALARM",
        StateReason="planned work",
    )
    scene.cloud.call(
        "cloudwatch", "SetAlarmState", AlarmName="errors", StateValue="ALARM", StateReason="x"
    )
    assert scene.state("region") == "ALARM", "a composite alarm changes with its alarms"
    shown = scene.cloud.call("cloudwatch", "DescribeAlarms", AlarmTypes=["CompositeAlarm"])
    assert shown["CompositeAlarms"][0]["ActionsSuppressedBy"] == "Alarm"
    scene.minutes(5)
    shown = scene.cloud.call("cloudwatch", "DescribeAlarms", AlarmTypes=["CompositeAlarm"])
    assert shown["CompositeAlarms"][0]["ActionsSuppressedBy"] == "ExtensionPeriod"
    assert scene.noted("sns.published") == []
    scene.minutes(5)
    scene.until(lambda: scene.noted("sns.published"))


def test_alarm_changes_are_events_that_rules_send_on(scene: Scene) -> None:
    function = scene.function("events.amazonaws.com")
    pattern = {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {"state": {"value": ["ALARM"]}, "alarmName": [{"prefix": "err"}]},
    }
    scene.cloud.call("events", "PutRule", Name="alarms", EventPattern=json.dumps(pattern))
    target = {"Id": "watch", "Arn": function, "InputPath": "$.detail.alarmName"}
    scene.cloud.call("events", "PutTargets", Rule="alarms", Targets=[target])
    scene.alarm()
    scene.minutes(0, 1)
    scene.until(lambda: scene.received)
    assert scene.received == ["errors"], "OK does not match, ALARM does"
    assert scene.sum_of("AWS/Events", "Invocations") == 1


def test_a_target_without_permission_fails_to_its_dead_letter_queue(scene: Scene) -> None:
    function = scene.function(None)
    dead = scene.queue("dead", "events.amazonaws.com")
    scene.cloud.call("events", "PutRule", Name="restored", EventPattern='{"source":["aws.backup"]}')
    target = {"Id": "watch", "Arn": function, "DeadLetterConfig": {"Arn": dead}}
    scene.cloud.call("events", "PutTargets", Rule="restored", Targets=[target])
    scene.watch.bus.emit(REGION, "aws.backup", "Restore Job State Change", {"status": "COMPLETED"})
    scene.until(lambda: scene.sum_of("AWS/Events", "InvocationsSentToDlq"))
    (letter,) = scene.messages("dead")
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert json.loads(letter["Body"])["detail"] == {"status": "COMPLETED"}
    assert scene.received == []
    assert scene.sum_of("AWS/Events", "FailedInvocations") == 1


def test_a_throttled_target_is_tried_again(scene: Scene) -> None:
    function = scene.function("events.amazonaws.com")
    scene.cloud.call("events", "PutRule", Name="restored", EventPattern='{"source":["aws.backup"]}')
    scene.cloud.call(
        "events", "PutTargets", Rule="restored", Targets=[{"Id": "watch", "Arn": function}]
    )
    scene.answers = [Invoked(status=429, error="TooManyRequestsException")] * 2
    scene.watch.bus.emit(REGION, "aws.backup", "Restore Job State Change", {})
    scene.until(lambda: scene.received)


def test_events_put_by_hand_match_rules_too(scene: Scene) -> None:
    function = scene.function("events.amazonaws.com")
    scene.cloud.call("events", "PutRule", Name="own", EventPattern='{"source":["shop"]}')
    scene.cloud.call("events", "PutTargets", Rule="own", Targets=[{"Id": "watch", "Arn": function}])
    entry = {"Source": "shop", "DetailType": "sold", "Detail": '{"n": 1}'}
    scene.cloud.call("events", "PutEvents", Entries=[entry])
    scene.until(lambda: scene.received)
    assert scene.received[0]["time"] == "2027-01-15T08:00:00Z", "on the emulated clock"


def test_a_rules_schedule_fires_on_the_emulated_clock(scene: Scene) -> None:
    function = scene.function("events.amazonaws.com")
    scene.cloud.call("events", "PutRule", Name="tick", ScheduleExpression="rate(5 minutes)")
    scene.cloud.call(
        "events", "PutTargets", Rule="tick", Targets=[{"Id": "watch", "Arn": function}]
    )
    scene.watch.rules.fire_due()
    for _ in range(2):
        scene.clock.at_s += 300
        scene.watch.rules.fire_due()
    scene.until(lambda: len(scene.received) == 2)
    assert scene.received[0]["detail-type"] == "Scheduled Event"
    assert scene.received[1]["time"] == "2027-01-15T08:10:00Z"
    scene.cloud.call("events", "DisableRule", Name="tick")
    scene.clock.at_s += 300
    scene.watch.rules.fire_due()
    assert scene.sum_of("AWS/Events", "TriggeredRules") == 2, "a disabled rule does not fire"


def schedule(scene: Scene, role: str, function: str, **target: Any) -> None:
    scene.cloud.call(
        "scheduler",
        "CreateSchedule",
        Name="canary",
        ScheduleExpression="rate(1 minute)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": function, "RoleArn": role, "Input": '{"probe": true}', **target},
    )


def scheduler_role(scene: Scene, function: str, service: str = "scheduler.amazonaws.com") -> str:
    role = scene.cloud.call(
        "iam", "CreateRole", RoleName="canary", AssumeRolePolicyDocument=trust(service)
    )["Role"]["Arn"]
    scene.cloud.call(
        "iam",
        "PutRolePolicy",
        RoleName="canary",
        PolicyName="invoke",
        PolicyDocument=allow(["lambda:InvokeFunction"], [function]),
    )
    return str(role)


def test_a_schedule_invokes_its_function_under_its_role(scene: Scene) -> None:
    function = scene.function(None)
    schedule(scene, scheduler_role(scene, function), function)
    for _ in range(3):
        scene.watch.schedules.fire_due()
        scene.clock.at_s += 60
    scene.until(lambda: len(scene.received) == 2)
    assert scene.received[0] == {"probe": True}
    scene.faults.lose("region", REGION)
    scene.watch.schedules.fire_due()
    assert scene.sum_of("AWS/Scheduler", "InvocationAttemptCount") == 2, "lost Regions fire nothing"


def test_a_schedule_whose_role_may_not_invoke_sends_a_dead_letter(scene: Scene) -> None:
    function = scene.function(None)
    role = scheduler_role(scene, "arn:aws:lambda:us-east-1:123456789012:function:other")
    dead = scene.queue("dead", None)
    scene.cloud.call(
        "iam",
        "PutRolePolicy",
        RoleName="canary",
        PolicyName="letters",
        PolicyDocument=allow(["sqs:SendMessage"], [dead]),
    )
    schedule(scene, role, function, DeadLetterConfig={"Arn": dead})
    scene.watch.schedules.fire_due()
    scene.clock.at_s += 1
    scene.watch.schedules.fire_due()
    scene.until(lambda: scene.sum_of("AWS/Scheduler", "InvocationsSentToDeadLetterCount"))
    (letter,) = scene.messages("dead")
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"


def test_a_schedule_that_scheduler_could_not_run_is_refused(scene: Scene) -> None:
    function = scene.function(None)
    role = scheduler_role(scene, function, "lambda.amazonaws.com")
    target = {"Arn": function, "RoleArn": role}
    base: dict[str, Any] = {"Name": "c", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
    refused = scene.cloud.refused(
        "scheduler", "CreateSchedule", ScheduleExpression="rate(1 minute)", **base
    )
    assert "must allow AWS EventBridge Scheduler to assume the role" in refused
    refused = scene.cloud.refused(
        "scheduler", "CreateSchedule", ScheduleExpression="rate(1 week)", **base
    )
    assert "Invalid Schedule Expression" in refused


def test_a_topic_reaches_a_function_that_lets_it_in(scene: Scene) -> None:
    function = scene.function("sns.amazonaws.com")
    topic = scene.topic()
    scene.cloud.call("sns", "Subscribe", TopicArn=topic, Protocol="lambda", Endpoint=function)
    scene.cloud.call("sns", "Publish", TopicArn=topic, Subject="s", Message="m")
    scene.until(lambda: scene.received)
    record = scene.received[0]["Records"][0]
    assert (record["Sns"]["Subject"], record["Sns"]["Message"]) == ("s", "m")
    assert record["Sns"]["TopicArn"] == topic


def test_a_notification_nobody_may_deliver_goes_to_the_subscriptions_dead_letter_queue(
    scene: Scene,
) -> None:
    topic = scene.topic()
    closed, dead = scene.queue("closed", None), scene.queue("dead", "sns.amazonaws.com")
    redrive = json.dumps({"deadLetterTargetArn": dead})
    scene.cloud.call(
        "sns",
        "Subscribe",
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=closed,
        Attributes={"RedrivePolicy": redrive},
    )
    scene.cloud.call("sns", "Publish", TopicArn=topic, Message="m")
    scene.until(lambda: scene.sum_of("AWS/SNS", "NumberOfNotificationsRedrivenToDlq"))
    assert scene.messages("closed") == [], "its policy does not admit the topic"
    assert len(scene.messages("dead")) == 1
    assert scene.sum_of("AWS/SNS", "NumberOfNotificationsFailed") == 1


def test_mail_is_recorded_and_filters_hold(scene: Scene) -> None:
    topic = scene.topic()
    scene.cloud.call(
        "sns", "Subscribe", TopicArn=topic, Protocol="email", Endpoint="pager@example.test"
    )
    queue = scene.queue("high", "sns.amazonaws.com")
    scene.cloud.call(
        "sns",
        "Subscribe",
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=queue,
        Attributes={"FilterPolicy": '{"severity": ["high"]}', "RawMessageDelivery": "true"},
    )
    for severity in ("low", "high"):
        attributes = {"severity": {"DataType": "String", "StringValue": severity}}
        scene.cloud.call(
            "sns", "Publish", TopicArn=topic, Message=severity, MessageAttributes=attributes
        )
    scene.until(lambda: scene.noted("sns.delivered"))
    assert [each["Body"] for each in scene.messages("high")] == ["high"]
    assert [each["message"] for each in scene.noted("sns.recorded")] == ["low", "high"]


def test_metrics_are_put_listed_and_read_through_the_api(scene: Scene) -> None:
    data = [{"MetricName": "Sold", "Value": float(each), "Unit": "Count"} for each in (1, 2, 3)]
    scene.cloud.call("cloudwatch", "PutMetricData", Namespace="Shop", MetricData=data)
    assert scene.cloud.call("cloudwatch", "ListMetrics", Namespace="Shop")["Metrics"] == [
        {"Namespace": "Shop", "MetricName": "Sold", "Dimensions": []}
    ]
    during: dict[str, Any] = {
        "StartTime": scene.clock.now() - timedelta(hours=1),
        "EndTime": scene.clock.now() + timedelta(hours=1),
    }
    stat = {"Metric": {"Namespace": "Shop", "MetricName": "Sold"}, "Period": 60, "Stat": "p50"}
    queries = [{"Id": "m", "MetricStat": stat}, {"Id": "e", "Expression": "m * 10"}]
    found = scene.cloud.call("cloudwatch", "GetMetricData", MetricDataQueries=queries, **during)
    values = {each["Id"]: each["Values"] for each in found["MetricDataResults"]}
    assert values == {"m": [2.0], "e": [20.0]}
    (point,) = scene.cloud.call(
        "cloudwatch",
        "GetMetricStatistics",
        Namespace="Shop",
        MetricName="Sold",
        Period=60,
        Statistics=["Sum"],
        ExtendedStatistics=["p99"],
        **during,
    )["Datapoints"]
    assert (point["Sum"], point["ExtendedStatistics"], point["Unit"]) == (
        6.0,
        {"p99": 3.0},
        "Count",
    )


def test_cloudwatch_refuses_metrics_it_would_refuse(scene: Scene) -> None:
    datum = {"MetricName": "Errors", "Value": 1.0}
    refused = scene.cloud.refused(
        "cloudwatch", "PutMetricData", Namespace="AWS/Lambda", MetricData=[datum]
    )
    assert "The value AWS/ for parameter Namespace is invalid" in refused
    queries = [{"Id": "e", "Expression": "nobody * 2"}]
    refused = scene.cloud.refused(
        "cloudwatch",
        "GetMetricData",
        MetricDataQueries=queries,
        StartTime=scene.clock.now() - timedelta(hours=1),
        EndTime=scene.clock.now(),
    )
    assert "names unknown ['nobody']" in refused
