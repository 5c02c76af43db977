"""What a Region sees of the means of recovery: replicas, records, switch, canary, dead letters.

None of these hurts a client today. Each of them is what a failover will need.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from infra.settings.watching import WatchingSettings
from infra.watching import neighbour_alarms
from infra.watching.alarm import MINUTE_S, Alarm, Maths, Page, Watch, sum_of, worst_of
from infra.watching.signals import (
    OwnMetrics,
    ReplicationRule,
    of_function,
    of_queue,
    of_stream,
)

PAGE: Final = "recovery-at-risk"

# How long a failed copy keeps its alarm up: it is failed for good, and is said once.
_FAILED_COPY_PERIODS: Final = 15


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """What a failover will need of one Region.

    Attributes:
        own: The Region's own metrics.
        arriving: Rules that bring copies here, by the kind of bucket.
        leaving: Rules that send copies away, by the kind of bucket.
        stream_name: What carries prediction records to their bucket.
        switch_name: The function that says whether another Region is evacuated.
        dead_letters_name: The queue of what no function could do.
        rpo_s: The objective for lost prediction records.
    """

    own: OwnMetrics
    arriving: Mapping[str, Sequence[ReplicationRule]]
    leaving: Mapping[str, Sequence[ReplicationRule]]
    stream_name: pulumi.Input[str]
    switch_name: pulumi.Input[str]
    dead_letters_name: pulumi.Input[str]
    rpo_s: int


def recovery_watch(recovery: Recovery, settings: WatchingSettings) -> Watch:
    """Return the alarms on what a failover will need."""
    alarms = (
        *(_behind(kind, rules, settings) for kind, rules in recovery.arriving.items()),
        *(_failed(kind, rules) for kind, rules in recovery.leaving.items()),
        _delivery(recovery),
        _switch(recovery),
        _dead_letters(recovery),
        _silent(recovery, settings),
        _observer_silent(recovery),
        _observer_trouble(recovery),
    )
    page = Page(
        slug=PAGE,
        means="Clients are served, but a failover might not keep its objectives.",
        alarms=tuple(alarm.name for alarm in alarms),
        # A lost Region sends no copies and takes none: its own page says so already.
        unless=neighbour_alarms.PAGE,
    )
    return Watch(alarms=alarms, page=page)


def _behind(kind: str, rules: Sequence[ReplicationRule], settings: WatchingSettings) -> Alarm:
    """S3 publishes latency in the Region that copies arrive in.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
    """
    metrics = {
        f"behind{n}": rule.metric("ReplicationLatency", "Maximum") for n, rule in enumerate(rules)
    }
    return Alarm(
        slug="replication-latency",
        about=kind,
        means=f"The {kind} bucket here is behind another Region's.",
        signal=worst_of(metrics, label=f"{kind}: seconds behind"),
        comparison="GreaterThanThreshold",
        threshold=settings.replication_s,
        missing="notBreaching",
        because="S3 begins to say it a quarter of an hour after the rule is made; a lost source"
        " says nothing, and has canary-failure",
    )


def _failed(kind: str, rules: Sequence[ReplicationRule]) -> Alarm:
    """S3 publishes failures in the Region that copies leave from (same source)."""
    metrics = {
        f"failed{n}": rule.metric("OperationsFailedReplication", "Sum")
        for n, rule in enumerate(rules)
    }
    return Alarm(
        slug="replication-failed",
        about=kind,
        means=f"Objects of the {kind} bucket here could not be copied, and will not be retried.",
        signal=sum_of(metrics, label=f"{kind}: failed copies"),
        comparison="GreaterThanThreshold",
        threshold=0,
        of=(1, _FAILED_COPY_PERIODS),
        missing="notBreaching",
        because="S3 says nothing while nothing is copied",
    )


def _delivery(recovery: Recovery) -> Alarm:
    return Alarm(
        slug="delivery-delay",
        means="Prediction records have not reached their bucket for longer than the RPO.",
        signal=of_stream("DeliveryToS3.DataFreshness", "Maximum", recovery.stream_name),
        comparison="GreaterThanThreshold",
        threshold=recovery.rpo_s,
        missing="notBreaching",
        because="Firehose says nothing while nothing is predicted",
    )


def _switch(recovery: Recovery) -> Alarm:
    return Alarm(
        slug="evacuation-switch",
        means="The switch that evacuates another Region cannot be read, or nobody reads it.",
        signal=Maths(
            expression="errors + FILL(unreadable, 0)",
            label="failures of the evacuation switch",
            metrics={
                "errors": of_function("Errors", "Sum", recovery.switch_name),
                "unreadable": recovery.own.of_switch("EvacuationUnreadable", "Sum"),
            },
        ),
        comparison="GreaterThanThreshold",
        threshold=0,
        of=(3, 3),
        missing="breaching",
        because="health checkers ask it several times a second: silence means that they cannot",
    )


def _dead_letters(recovery: Recovery) -> Alarm:
    return Alarm(
        slug="dead-letters",
        means="Something that runs on events or on a schedule failed for good.",
        signal=of_queue(
            "ApproximateNumberOfMessagesVisible", "Maximum", recovery.dead_letters_name
        ),
        comparison="GreaterThanThreshold",
        threshold=0,
        of=(1, 1),
        missing="notBreaching",
        because="SQS says nothing of a queue that has been empty and unused for six hours",
    )


def _silent(recovery: Recovery, settings: WatchingSettings) -> Alarm:
    return Alarm(
        slug="canary-silent",
        means="The canary here does not look at the other Regions.",
        signal=recovery.own.of_canary("CanaryRuns", "Sum"),
        comparison="LessThanThreshold",
        threshold=1,
        of=(3, 3),
        period_s=settings.canary_minutes * MINUTE_S,
        missing="breaching",
        because="a canary that runs always says so: silence is the failure",
    )


def _observer_silent(recovery: Recovery) -> Alarm:
    return Alarm(
        slug="observer-silent",
        means="The observer here does not look, so nothing latches a failover from here.",
        signal=recovery.own.of_observer("ObserverLooks", "Sum"),
        comparison="LessThanThreshold",
        threshold=1,
        of=(3, 3),
        missing="breaching",
        because="an observer that runs always says so: silence is the failure",
    )


def _observer_trouble(recovery: Recovery) -> Alarm:
    return Alarm(
        slug="observer-trouble",
        means="The observer here has met what only a person can mend, and its line says what.",
        signal=recovery.own.of_observer("ObserverTroubles", "Sum"),
        comparison="GreaterThanThreshold",
        threshold=0,
        of=(3, 5),
        missing="notBreaching",
        because="an observer that says nothing has an alarm of its own, observer-silent",
    )
