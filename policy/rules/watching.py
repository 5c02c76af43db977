"""Who is woken, by what, and whether it can be heard."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from policy.rule import Said, alone, each, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource

# Metrics of which little is bad; of all others much is.
_BAD_WHEN_LOW: Final = frozenset(
    {
        *("CanaryRuns", "CanarySuccess", "HealthCheckStatus", "NumberOfBackupJobsCompleted"),
        "ObserverLooks",
    }
)
_MISSING: Final = ("breaching", "notBreaching", "ignore")
_NAMED_IN_A_RULE: Final = re.compile(r'ALARM\("?([^")]+)"?\)')
_LINK: Final = re.compile(r"https://\S+/[a-z][a-z-]*$")


@alone("MetricAlarm")
def alarms_say_what_silence_means(alarm: Resource) -> Iterator[str]:
    """An alarm states what a period without data counts as.

    Left to the default, an alarm goes to INSUFFICIENT_DATA and wakes nobody: just when the thing it
    watches is gone and says nothing any more.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    treatment = alarm.get("treatMissingData")
    if treatment not in _MISSING:
        yield f"treats missing data as {treatment or 'the default'}"


@each("MetricAlarm", "CompositeAlarm")
def alarms_tell_their_regions_topic(alarm: Resource, graph: Graph) -> Iterator[str]:
    """An alarm tells a topic of its own Region when it fires, and when it is over.

    An alarm without an action is a line in a console that nobody looks at; one whose topic stands
    in another Region falls silent with that Region.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
    """
    for actions in ("alarmActions", "okActions"):
        topics = graph.behind(alarm, actions, "Topic")
        if not any(topic.region == alarm.region for topic in topics):
            yield f"{actions} lead to no topic in {alarm.region}"


@alone("MetricAlarm", "CompositeAlarm")
def alarms_end_with_their_runbook(alarm: Resource) -> Iterator[str]:
    """An alarm's description ends with the link to its runbook page.

    Whoever is woken at night reads the description first.

    Source: https://docs.aws.amazon.com/wellarchitected/latest/operational-excellence-pillar/ops_event_response_event_incident_problem_process.html
    """
    if not _LINK.search(str(alarm.get("alarmDescription") or "")):
        yield "has no link to a runbook"


@alone("MetricAlarm")
def alarms_fire_on_the_bad_side(alarm: Resource) -> Iterator[str]:
    """An alarm compares its metric so that it fires when things are bad, not when they are good.

    An inverted comparison is quiet through the outage and is switched off for crying wolf before.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    low = alarm.get("metricName") in _BAD_WHEN_LOW
    comparison = str(alarm.get("comparisonOperator"))
    if comparison.startswith("LessThan") is not low:
        yield f"fires when {alarm.get('metricName') or 'its result'} is {comparison}"


@whole
def every_alarm_makes_up_a_page(graph: Graph) -> Iterator[Said]:
    """Each metric alarm is in the rule of a composite alarm of its Region, and no other name is.

    Only composite alarms wake somebody. An alarm in none of their rules fires unheard; a rule that
    names an alarm which is not there can never be met.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html
    """
    there = {(each.region, each.get("name")): each for each in graph.all("MetricAlarm")}
    named: set[tuple[str | None, object]] = set()
    for page in graph.all("CompositeAlarm"):
        for name in _NAMED_IN_A_RULE.findall(str(page.get("alarmRule"))):
            named.add((page.region, name))
            if (page.region, name) not in there:
                yield page, f"names {name}, which is no alarm in {page.region}"
    for place, alarm in there.items():
        if place not in named:
            yield alarm, "is in no page's rule"


@whole
def every_region_is_watched_by_every_other(graph: Graph) -> Iterator[Said]:
    """Each Region has an alarm on what its canary sees of each other Region.

    What a lost Region says of itself is nothing. Only the others can tell.

    Source: https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_monitor_aws_resources_end_to_end.html
    """
    seen = {
        (alarm.region, alarm.object("dimensions").get("Target"))
        for alarm in graph.matching("MetricAlarm", metricName="CanarySuccess")
    }
    for region in graph.regions:
        for other in graph.regions:
            if other != region and (region, other) not in seen:
                yield f"no alarm in {region} tells of {other}"


@each("Topic")
def topics_are_heard_and_encrypted(topic: Resource, graph: Graph) -> Iterator[str]:
    """A topic that alarms tell is encrypted by a key of the stack, and alarms may publish to it.

    CloudWatch cannot use the key that AWS manages for SNS: its messages would be dropped, and the
    alarm's history alone would say so.

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    if not (
        graph.behind(topic, "kmsMasterKeyId", "Key")
        or graph.behind(topic, "kmsMasterKeyId", "ReplicaKey")
    ):
        yield f"is encrypted by {topic.get('kmsMasterKeyId') or 'no key'}"
    policies = [
        each for each in graph.all("TopicPolicy") if topic in graph.behind(each, "arn", "Topic")
    ]
    if not any("cloudwatch.amazonaws.com" in str(each.get("policy")) for each in policies):
        yield "lets no alarm publish"
