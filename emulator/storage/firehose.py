"""Firehose: records are buffered by the deployed hints, processed, and put into a bucket.

A buffer is flushed when its oldest record is as old as the interval hint, or when it holds as many
bytes as the size hint. A lost Region freezes its buffers. What the role may not write stays in the
buffer and is tried again after an interval, as Firehose retries S3 for up to 24 hours
(https://docs.aws.amazon.com/firehose/latest/dev/retry.html).
"""

from __future__ import annotations

import asyncio
import random
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from emulator.storage import encryption, streams
from emulator.storage.roles import Need, denial
from emulator.watch.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.storage.objects import Objects
    from emulator.storage.replication import Replicator

_LONGEST_POLL_S: Final = 1.0  # emulated; a buffer is flushed at most this much late
_SHORTEST_REAL_POLL_S: Final = 0.02


@dataclass(kw_only=True)
class _Buffer:
    """What waits in one delivery stream."""

    opened_s: float
    """Emulated Unix seconds at which the oldest record came, or of the last vain try."""
    arrived_s: float
    records: list[bytes] = field(default_factory=list[bytes])
    size_bytes: int = 0


class Firehose:
    """Every delivery stream's buffer. `accept` may be called from any thread."""

    def __init__(  # noqa: PLR0913  # the emulator's shared parts, handed in
        self,
        objects: Objects,
        replicator: Replicator,
        clock: Clock,
        faults: FaultBoard,
        events: EventLog,
        *,
        metrics: Metrics | None = None,
        seed: int = 0,
    ) -> None:
        self._metrics = metrics or Metrics(clock, faults)
        self._objects = objects
        self._replicator = replicator
        self._clock = clock
        self._faults = faults
        self._events = events
        self._random = random.Random(seed)  # noqa: S311  # names of objects, not secrets
        self._lock = threading.Lock()
        self._buffers: dict[tuple[str, str], _Buffer] = {}

    def accept(self, region: str, stream: str, records: Sequence[bytes]) -> None:
        """Buffer records for a stream."""
        now_s = self._clock.now_s()
        with self._lock:
            buffer = self._buffers.setdefault(
                (region, stream), _Buffer(opened_s=now_s, arrived_s=now_s)
            )
            buffer.records.extend(records)
            buffer.size_bytes += sum(map(len, records))
        self._count(region, stream, "IncomingRecords", len(records))
        self._count(region, stream, "IncomingBytes", sum(map(len, records)), unit="Bytes")

    def ages(self) -> list[tuple[str, str, float]]:
        """Region, stream and age in emulated seconds of the oldest record that waits."""
        now_s = self._clock.now_s()
        with self._lock:
            return [
                (region, name, now_s - each.arrived_s)
                for (region, name), each in self._buffers.items()
                if each.records
            ]

    def _count(
        self, region: str, stream: str, name: str, value: float, *, unit: str = "Count"
    ) -> None:
        dimensions = {"DeliveryStreamName": stream}
        self._metrics.put(region, "AWS/Firehose", name, dimensions, value, unit=unit)

    def buffered(self) -> dict[str, int]:
        """Records waiting, by stream name."""
        with self._lock:
            return {name: len(each.records) for (_, name), each in self._buffers.items()}

    async def run(self) -> None:
        """Flush what is due, until cancelled."""
        while True:
            await asyncio.sleep(max(self._clock.real_s(_LONGEST_POLL_S), _SHORTEST_REAL_POLL_S))
            for region, name in self._due():
                # In a thread: it waits for moto's lock, which an API call may be holding.
                await asyncio.to_thread(self._flush, region, name)

    def _due(self) -> list[tuple[str, str]]:
        now_s = self._clock.now_s()
        with self._lock:
            waiting = list(self._buffers.items())
        due: list[tuple[str, str]] = []
        for (region, name), buffer in waiting:
            if self._faults.region_lost(region):
                continue
            stream = streams.find(region, name)
            if stream is None:  # deleted with records in it: they go with it
                self._drop(region, name)
            elif (
                now_s - buffer.opened_s >= stream.interval_s
                or buffer.size_bytes >= stream.size_bytes
            ):
                due.append((region, name))
        return due

    def _drop(self, region: str, name: str) -> None:
        with self._lock:
            gone = self._buffers.pop((region, name), None)
        if gone is not None:
            self._events.record(
                "firehose.lost",
                region=region,
                stream=name,
                records=len(gone.records),
                reason="the delivery stream was deleted",
            )

    def _flush(self, region: str, name: str) -> None:
        stream = streams.find(region, name)
        with self._lock:
            buffer = self._buffers.pop((region, name), None)
        if stream is None or buffer is None:
            return
        facts = {"region": region, "stream": name, "bucket": stream.bucket}
        arrived = datetime.fromtimestamp(buffer.arrived_s, UTC)
        key = streams.object_key(stream, arrived, self._random)
        reason = self._refusal(region, stream, key)
        if reason is not None:
            self._events.record("firehose.failed", **facts, reason=reason)
            self._count(region, name, "DeliveryToS3.Success", 0)
            self._give_back(region, name, buffer)
            return
        try:
            body = streams.process(stream, buffer.records)
        except streams.RecordError as error:
            self._events.record(
                "firehose.lost", **facts, records=len(buffer.records), reason=str(error)
            )
            return
        if not body:
            return
        metadata = {"Content-Type": "application/octet-stream"}
        self._objects.put(stream.bucket, key, streams.compressed(stream, body), metadata=metadata)
        self._replicator.written(stream.bucket, key)
        age_s = round(self._clock.now_s() - buffer.arrived_s, 3)
        self._count(region, name, "DeliveryToS3.Success", 1)
        self._count(region, name, "DeliveryToS3.Records", len(buffer.records))
        self._count(region, name, "DeliveryToS3.Bytes", len(body), unit="Bytes")
        self._count(region, name, "DeliveryToS3.DataFreshness", age_s, unit="Seconds")
        self._events.record(
            "firehose.delivered", **facts, key=key, records=len(buffer.records), age_s=age_s
        )

    def _refusal(self, region: str, stream: streams.DeliveryStream, key: str) -> str | None:
        """Why the stream cannot deliver now."""
        bucket_region = self._objects.region_of(stream.bucket)
        if bucket_region is None:
            return f"bucket {stream.bucket} does not exist"
        if self._faults.bucket_lost(stream.bucket) or self._faults.region_lost(bucket_region):
            return f"bucket {stream.bucket} in {bucket_region} is lost"
        need = Need(action="s3:PutObject", resource=f"arn:aws:s3:::{stream.bucket}/{key}")
        policies = self._objects.policies_of(stream.bucket)
        sealing, unusable = encryption.to_write(self._objects, stream.bucket)
        if unusable:
            return unusable
        return denial(
            stream.role_arn,
            ("firehose.amazonaws.com",),
            [(need, policies), *((each, ()) for each in sealing)],
            source_arn=streams.arn_of(region, stream.name),
        )

    def _give_back(self, region: str, name: str, buffer: _Buffer) -> None:
        """Keep what could not be delivered, in front of what came meanwhile; wait an interval."""
        buffer.opened_s = self._clock.now_s()
        with self._lock:
            newer = self._buffers.get((region, name))
            if newer is not None:
                buffer.records.extend(newer.records)
                buffer.size_bytes += newer.size_bytes
            # Only time leads to the next try, or a full buffer would be tried without end.
            self._buffers[region, name] = buffer
