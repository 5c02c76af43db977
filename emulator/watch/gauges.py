"""Metrics that services publish by themselves, minute by minute, of what they hold.

Gauges are read several times a minute; statistics that do not depend on how often (minimum,
maximum, average) are AWS's, SampleCount and Sum of a gauge are not.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from typing import TYPE_CHECKING, Final

from emulator.store.backends import regional, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emulator.clock import Clock
    from emulator.storage.firehose import Firehose
    from emulator.storage.objects import Objects
    from emulator.storage.replication import Replicator
    from emulator.watch.metrics import Metrics

EVERY_S: Final = 15.0
"""Emulated seconds between looks."""
_SHORTEST_REAL_WAIT_S: Final = 0.1


class Sampler:
    """Reads gauges, each in a thread: they wait for locks that API calls hold."""

    def __init__(self, clock: Clock, gauges: Sequence[Callable[[], None]]) -> None:
        self._clock = clock
        self._gauges = gauges

    async def run(self) -> None:
        """Read every gauge again and again, until cancelled."""
        while True:
            await asyncio.sleep(max(self._clock.real_s(EVERY_S), _SHORTEST_REAL_WAIT_S))
            await asyncio.to_thread(self.read)

    def read(self) -> None:
        """Read every gauge once; one that fails must not silence the others."""
        for gauge in self._gauges:
            try:
                gauge()
            except Exception:  # noqa: BLE001  # a defect of one gauge, said in the emulator's log
                traceback.print_exc(file=sys.stderr)


def queues(metrics: Metrics, clock: Clock) -> Callable[[], None]:
    """AWS/SQS: how many messages wait, and how old the oldest is.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    A message's age is real time passed, at the clock's speed: moto stamps messages in real time.
    """

    def read() -> None:
        from moto.sqs.models import sqs_backends

        for region, backend in regional(sqs_backends):
            for queue in values_of(backend.queues):
                dimensions = {"QueueName": str(queue.name)}
                visible = list(queue.messages)
                now_ms = clock.real_now_s() * 1000
                oldest_ms = min((each.sent_timestamp for each in visible), default=now_ms)
                for name, value, unit in (
                    ("ApproximateNumberOfMessagesVisible", len(visible), "Count"),
                    (
                        "ApproximateNumberOfMessagesNotVisible",
                        queue.approximate_number_of_messages_not_visible,
                        "Count",
                    ),
                    (
                        "ApproximateNumberOfMessagesDelayed",
                        queue.approximate_number_of_messages_delayed,
                        "Count",
                    ),
                    (
                        "ApproximateAgeOfOldestMessage",
                        (now_ms - oldest_ms) / 1000 * clock.speed,
                        "Seconds",
                    ),
                ):
                    metrics.put(region, "AWS/SQS", name, dimensions, float(value), unit=unit)

    return read


def replication(metrics: Metrics, objects: Objects, replicator: Replicator) -> Callable[[], None]:
    """AWS/S3: what replication rules with metrics are behind by, and what they failed to copy.

    What is pending is published in the destination's Region, what failed in the source's.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
    """
    failed_before: dict[tuple[str, str, str], int] = {}

    def read() -> None:
        for rule in replicator.figures():
            source, destination = rule.source_bucket, rule.destination_bucket
            place = (source, destination, rule.rule_id)
            failed = rule.failed_operations - failed_before.get(place, 0)
            failed_before[place] = rule.failed_operations
            if not _measured(objects, *place):
                continue
            dimensions = {
                "SourceBucket": source,
                "DestinationBucket": destination,
                "RuleId": rule.rule_id,
            }
            to_region = objects.region_of(destination)
            if to_region is not None:
                for name, value, unit in (
                    ("ReplicationLatency", rule.latency_s, "Seconds"),
                    ("BytesPendingReplication", rule.pending_bytes, "Bytes"),
                    ("OperationsPendingReplication", rule.pending_operations, "Count"),
                ):
                    metrics.put(to_region, "AWS/S3", name, dimensions, float(value), unit=unit)
            from_region = objects.region_of(source)
            if from_region is not None:
                name = "OperationsFailedReplication"
                metrics.put(from_region, "AWS/S3", name, dimensions, float(failed), unit="Count")

    return read


def _measured(objects: Objects, source: str, destination: str, rule_id: str) -> bool:
    configuration = objects.replication_of(source)
    return configuration is not None and any(
        rule.metrics and rule.destination == destination and rule.id == rule_id
        for rule in configuration.rules
    )


def streams(metrics: Metrics, firehose: Firehose) -> Callable[[], None]:
    """AWS/Firehose: the age of the oldest record that waits.

    https://docs.aws.amazon.com/firehose/latest/dev/cloudwatch-metrics.html
    """

    def read() -> None:
        for region, stream, age_s in firehose.ages():
            dimensions = {"DeliveryStreamName": stream}
            name = "DeliveryToS3.DataFreshness"
            metrics.put(region, "AWS/Firehose", name, dimensions, age_s, unit="Seconds")

    return read
