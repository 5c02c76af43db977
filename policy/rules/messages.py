"""What is said between parts: encrypted where it is said, and kept where it could not be heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.rule import each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource


@each("Queue", "Secret", optional=True)
def messages_are_under_their_regions_key(kept: Resource, graph: Graph) -> Iterator[str]:
    """Queues and secrets are encrypted under the stack's key of their own Region.

    The key that AWS manages for queues refuses EventBridge and SNS: what they send is lost without
    a word. A secret under another Region's key cannot be read while that is lost.

    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    key = "kmsKeyId" if kept.kind == "Secret" else "kmsMasterKeyId"
    keys = graph.behind(kept, key, "Key", "ReplicaKey")
    if [each_key.region for each_key in keys] != [kept.region]:
        yield f"is not under its Region's key, but {kept.inputs.get(key)}"


@each("EventTarget", optional=True)
def what_events_call_keeps_dead_letters(target: Resource, graph: Graph) -> Iterator[str]:
    """A function that events call keeps those it could not handle, in its own Region.

    Lambda takes an event, tries it three times and drops it: without dead letters nobody learns
    that a verdict was never given.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
    """
    called = [
        function
        for alias in graph.behind(target, "arn", "Alias")
        for function in graph.behind(alias, "functionName", "Function")
        if function.region == target.region  # its name is the same in every Region
    ]
    for function in called:
        queues = graph.behind(function, "deadLetterConfig", "Queue")
        if [queue.region for queue in queues] != [target.region]:
            yield f"calls {function.name}, which drops what it could not handle"


@each("Schedule", optional=True)
def schedules_keep_dead_letters(schedule: Resource, graph: Graph) -> Iterator[str]:
    """What is run by the clock keeps what could not be delivered, in its own Region.

    A schedule whose target refuses is silent: dead letters are what an alarm can see of it.

    Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    """
    queues = graph.behind(schedule, "target", "Queue")
    if [queue.region for queue in queues] != [schedule.region]:
        yield "drops what could not be delivered"
