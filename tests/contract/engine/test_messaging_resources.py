"""Topics, queues, rules, schedules and secrets: deployed, read back, changed and deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.contract.engine.play import allow, trust

if TYPE_CHECKING:
    from tests.contract.engine.cloud import Cloud
    from tests.contract.engine.play import Play

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:watch"


def publishing(topic_arn: str, service: str = "events.amazonaws.com") -> str:
    statement = {
        "Sid": "Publish",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sns:Publish",
        "Resource": topic_arn,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_topic_has_a_policy_a_key_and_subscriptions(cloud: Cloud) -> None:
    def script(play: Play, service: str = "events.amazonaws.com") -> None:
        topic = play.resource(
            "aws:sns/topic:Topic", "pager", {"name": "pager", "kmsMasterKeyId": "alias/made"}
        )
        arn = topic.outputs["arn"]
        play.resource(
            "aws:sns/topicPolicy:TopicPolicy",
            "policy",
            {"arn": arn, "policy": publishing(arn, service)},
            uses={"arn": [topic]},
        )
        play.resource(
            "aws:sns/topicSubscription:TopicSubscription",
            "mail",
            {
                "topic": arn,
                "protocol": "email",
                "endpoint": "pager@example.test",
                "filterPolicy": '{"severity": ["high"]}',
            },
            uses={"topic": [topic]},
        )

    cloud.deploy(script)
    arn = "arn:aws:sns:us-east-1:123456789012:pager"
    shown = cloud.call("sns", "GetTopicAttributes", TopicArn=arn)["Attributes"]
    assert shown["KmsMasterKeyId"] == "alias/made"
    cloud.deploy(lambda play: script(play, "cloudwatch.amazonaws.com"))
    assert cloud.steps() == [("update", "policy")]
    cloud.deploy(
        lambda play: play.resource("aws:sns/topic:Topic", "pager", {"name": "pager"}) and None
    )
    shown = cloud.call("sns", "GetTopicAttributes", TopicArn=arn)["Attributes"]
    assert "cloudwatch.amazonaws.com" not in shown["Policy"], "without a policy it is the default"
    assert not cloud.call("sns", "ListSubscriptions")["Subscriptions"]


def test_a_queue_has_a_policy_and_a_dead_letter_queue(cloud: Cloud) -> None:
    def script(play: Play) -> None:
        dead = play.resource("aws:sqs/queue:Queue", "dead", {"name": "dead"})
        redrive = {"deadLetterTargetArn": dead.outputs["arn"], "maxReceiveCount": 3}
        queue = play.resource(
            "aws:sqs/queue:Queue",
            "work",
            {"name": "work", "redrivePolicy": json.dumps(redrive), "sqsManagedSseEnabled": True},
            uses={"redrivePolicy": [dead]},
        )
        policy = publishing(queue.outputs["arn"]).replace("sns:Publish", "sqs:SendMessage")
        play.resource(
            "aws:sqs/queuePolicy:QueuePolicy",
            "policy",
            {"queueUrl": queue.outputs["url"], "policy": policy},
            uses={"queueUrl": [queue]},
        )

    cloud.deploy(script)
    cloud.deploy(lambda _play: None)
    assert cloud.call("sqs", "ListQueues").get("QueueUrls", []) == []


def rule_and_target(play: Play, **target: Any) -> None:
    rule = play.resource(
        "aws:cloudwatch/eventRule:EventRule",
        "restored",
        {"name": "restored", "eventPattern": '{"source": ["aws.backup"]}', "tags": {"a": "b"}},
    )
    play.resource(
        "aws:cloudwatch/eventTarget:EventTarget",
        "validate",
        {"rule": rule.outputs["name"], "targetId": "validate", "arn": FUNCTION, **target},
        uses={"rule": [rule]},
    )


def test_a_rule_and_its_target_are_created_changed_and_deleted(cloud: Cloud) -> None:
    cloud.deploy(rule_and_target)
    paths = {"inputPaths": {"job": "$.detail.restoreJobId"}, "inputTemplate": '{"job": <job>}'}
    retries = {"maximumRetryAttempts": 2, "maximumEventAgeInSeconds": 300}
    cloud.deploy(lambda play: rule_and_target(play, inputTransformer=paths, retryPolicy=retries))
    (target,) = cloud.call("events", "ListTargetsByRule", Rule="restored")["Targets"]
    assert target["InputTransformer"]["InputPathsMap"] == {"job": "$.detail.restoreJobId"}
    assert target["RetryPolicy"]["MaximumRetryAttempts"] == 2
    cloud.deploy(lambda _play: None)
    assert [name for _, name in cloud.steps()] == ["validate", "restored"], "targets go first"


def schedule(play: Play, **more: Any) -> None:
    role = play.resource(
        "aws:iam/role:Role",
        "role",
        {"name": "canary", "assumeRolePolicy": trust("scheduler.amazonaws.com")},
    )
    play.resource(
        "aws:iam/rolePolicy:RolePolicy",
        "invoke",
        {"role": "canary", "policy": allow(["lambda:InvokeFunction"], [FUNCTION])},
        uses={"role": [role]},
    )
    group = play.resource(
        "aws:scheduler/scheduleGroup:ScheduleGroup", "group", {"name": "canaries"}
    )
    play.resource(
        "aws:scheduler/schedule:Schedule",
        "canary",
        {
            "name": "canary",
            "groupName": group.outputs["name"],
            "scheduleExpression": "rate(1 minutes)",
            "flexibleTimeWindow": {"mode": "OFF"},
            "target": {
                "arn": FUNCTION,
                "roleArn": role.outputs["arn"],
                "retryPolicy": {"maximumRetryAttempts": 0},
            },
            **more,
        },
        uses={"target": [role], "groupName": [group]},
    )


def test_a_schedule_is_created_changed_and_deleted(cloud: Cloud) -> None:
    cloud.deploy(schedule)
    cloud.deploy(lambda play: schedule(play, scheduleExpression="cron(0 3 * * ? *)"))
    assert cloud.steps() == [("update", "canary")]
    found = cloud.call("scheduler", "GetSchedule", Name="canary", GroupName="canaries")
    assert found["ScheduleExpression"] == "cron(0 3 * * ? *)"
    cloud.deploy(lambda _play: None)
    assert cloud.call("scheduler", "ListSchedules")["Schedules"] == []


def secret(play: Play, *, filled: bool = False) -> None:
    made = play.resource(
        "aws:secretsmanager/secret:Secret",
        "canary",
        {"name": "canary", "recoveryWindowInDays": 0, "tags": {"a": "b"}},
    )
    if filled:
        play.resource(
            "aws:secretsmanager/secretVersion:SecretVersion",
            "first",
            {"secretId": made.outputs["arn"], "secretString": "{}"},
            uses={"secretId": [made]},
        )


def test_a_secret_is_created_empty_and_filled_later(cloud: Cloud) -> None:
    cloud.deploy(secret)
    refused = cloud.refused("secretsmanager", "GetSecretValue", SecretId="canary")
    assert refused.startswith("ResourceNotFoundException"), "an empty secret has no value"
    cloud.deploy(lambda play: secret(play, filled=True))
    assert cloud.call("secretsmanager", "GetSecretValue", SecretId="canary")["SecretString"] == "{}"
    cloud.deploy(lambda _play: None)
    assert cloud.call("secretsmanager", "ListSecrets")["SecretList"] == []
