"""Who is woken: how to break these rules, and what they then say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.policy.breaking import Broken, case, change, drop, first

if TYPE_CHECKING:
    from policy import Graph


def tell_the_other_region(graph: Graph) -> None:
    alarm = first(graph, "MetricAlarm", "us-east-1-watch-alarms-latency")
    topic = first(graph, "Topic", "us-west-2")
    alarm.inputs["okActions"] = [topic.outputs["arn"]]


def drop_from_its_page(graph: Graph) -> None:
    page = first(graph, "CompositeAlarm", "region-impaired")
    page.inputs["alarmRule"] = page.inputs["alarmRule"].replace("-availability", "-latency")


def look_at_itself(graph: Graph) -> None:
    alarm = first(graph, "MetricAlarm", "us-east-1-watch-alarms-canary-failure-us-west-2")
    alarm.inputs["dimensions"]["Target"] = "us-east-1"


BREAKS: tuple[Broken, ...] = (
    case(
        "alarms-say-what-silence-means",
        "treats missing data as the default",
        change("MetricAlarm", "availability", treatMissingData=None),
    ),
    case(
        "alarms-say-what-silence-means",
        "treats missing data as missing",
        change("MetricAlarm", "canary-silent", treatMissingData="missing"),
    ),
    case(
        "alarms-tell-their-regions-topic",
        "alarmActions lead to no topic",
        change("MetricAlarm", "throttles", alarmActions=None),
    ),
    case(
        "alarms-tell-their-regions-topic",
        "okActions lead to no topic in us-east-1",
        tell_the_other_region,
    ),
    case(
        "alarms-tell-their-regions-topic",
        "alarmActions lead to no topic",
        change("CompositeAlarm", "region-impaired", alarmActions=None),
    ),
    case(
        "alarms-end-with-their-runbook",
        "no link to a runbook",
        change("MetricAlarm", "latency", alarmDescription="It is slow."),
    ),
    case(
        "alarms-fire-on-the-bad-side",
        "fires when CanarySuccess is GreaterThanThreshold",
        change("MetricAlarm", "canary-failure", comparisonOperator="GreaterThanThreshold"),
    ),
    case(
        "alarms-fire-on-the-bad-side",
        "fires when Throttles is LessThanThreshold",
        change("MetricAlarm", "throttles", comparisonOperator="LessThanThreshold"),
    ),
    case("every-alarm-makes-up-a-page", "is in no page's rule", drop_from_its_page),
    case(
        "every-alarm-makes-up-a-page",
        "which is no alarm in us-east-1",
        drop("MetricAlarm", "us-east-1-watch-alarms-dead-letters"),
    ),
    case(
        "every-region-is-watched-by-every-other",
        "no alarm in us-east-1 tells of us-west-2",
        look_at_itself,
    ),
    case(
        "topics-are-heard-and-encrypted",
        "is encrypted by alias/aws/sns",
        change("Topic", "pager", kmsMasterKeyId="alias/aws/sns"),
    ),
    case("topics-are-heard-and-encrypted", "lets no alarm publish", drop("TopicPolicy")),
)
