"""Log lines: into CloudWatch Logs, and from there through subscriptions to Firehose.

`LogShipper.ship` is what the data plane calls with a function's lines. It writes them into moto's
log groups (so that the API reads them back); moto then hands every event it stores, however it
came, to `LogShipper.deliver`, which replaces moto's own, unbuffered and unfiltered delivery.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from emulator.bell import Bell
from emulator.storage import streams
from emulator.storage.filters import compile_pattern
from emulator.storage.roles import Need, denial
from emulator.store.backends import ACCOUNT, backend_of
from emulator.store.functions import read_functions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.storage.firehose import Firehose
    from emulator.store.functions import FunctionVersion
    from emulator.watch.emf import EmbeddedMetrics

_DATA_MESSAGE: Final = "DATA_MESSAGE"


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """One subscription filter of a log group."""

    name: str
    pattern: str
    destination_arn: str
    role_arn: str | None


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """Lines of one log stream on their way to CloudWatch Logs."""

    region: str
    group: str
    stream: str
    lines: Sequence[tuple[int, str]]


class LogShipper:
    """Carries log lines. Thread-safe; a lost Region keeps its lines until it is back."""

    def __init__(
        self,
        firehose: Firehose,
        faults: FaultBoard,
        events: EventLog,
        embedded: EmbeddedMetrics | None = None,
    ) -> None:
        self._embedded = embedded
        self._firehose = firehose
        self._faults = faults
        self._events = events
        self._lock = threading.Lock()
        self._waiting: list[_Batch] = []
        self._bell = Bell(faults)

    def ship(
        self, region: str, log_group: str, log_stream: str, events: Sequence[tuple[int, str]]
    ) -> None:
        """Take a function's lines, given as (emulated Unix milliseconds, line). Never blocks.

        Lines are lost, with an event saying why, where Lambda would lose them: the role may not
        write, or the group does not exist and the role may not create it.
        """
        if events:
            with self._lock:
                self._waiting.append(
                    _Batch(region=region, group=log_group, stream=log_stream, lines=events)
                )
            self._bell.ring()

    async def run(self) -> None:
        """Write what was taken, until cancelled."""
        async with self._bell.listening():
            while True:
                if batches := self._take_writable():
                    await asyncio.to_thread(self._write, batches)
                else:
                    await self._bell.wait(None)

    def deliver(
        self,
        region: str,
        group: str,
        stream: str,
        subscription: Subscription,
        events: Sequence[Mapping[str, Any]],
    ) -> None:
        """Send the events that a subscription's pattern matches to its delivery stream."""
        matcher = compile_pattern(subscription.pattern)
        matching = [event for event in events if matcher(event["message"])]
        if not matching:
            return
        reason = subscription_refusal(region, group, subscription)
        if reason is not None:
            self._events.record(
                "logs.subscription_failed",
                region=region,
                log_group=group,
                subscription=subscription.name,
                lines=len(matching),
                reason=reason,
            )
            return
        record = {
            "messageType": _DATA_MESSAGE,
            "owner": ACCOUNT,
            "logGroup": group,
            "logStream": stream,
            "subscriptionFilters": [subscription.name],
            "logEvents": [{**event, "id": str(event["id"])} for event in matching],
        }
        body = gzip.compress(json.dumps(record, separators=(",", ":")).encode(), mtime=0)
        to_region, name = streams.stream_of_arn(subscription.destination_arn)
        self._firehose.accept(to_region, name, [body])

    def _take_writable(self) -> list[_Batch]:
        """The batches whose Region is there; the others stay."""
        with self._lock:
            writable = [each for each in self._waiting if not self._faults.region_lost(each.region)]
            self._waiting = [
                each for each in self._waiting if self._faults.region_lost(each.region)
            ]
        return writable

    def _write(self, batches: Sequence[_Batch]) -> None:
        for batch in batches:
            reason = _write_refusal(batch)
            if reason is not None:
                self._events.record(
                    "logs.lost",
                    region=batch.region,
                    log_group=batch.group,
                    lines=len(batch.lines),
                    reason=reason,
                )
                continue
            _open_stream(batch).put_log_events(
                [{"timestamp": at_ms, "message": line} for at_ms, line in batch.lines]
            )
            if self._embedded is not None:
                for _, line in batch.lines:
                    self._embedded.take(batch.region, batch.group, line)


def subscription_refusal(region: str, group: str, subscription: Subscription) -> str | None:
    """Why CloudWatch Logs may not put records into the subscription's delivery stream."""
    arn = subscription.destination_arn
    if streams.find(*streams.stream_of_arn(arn)) is None:
        return f"delivery stream {arn} does not exist"
    if not subscription.role_arn:
        return f"subscription {subscription.name} to Firehose names no role"
    need = Need(
        action="firehose:PutRecordBatch", resource=arn, context={"aws:SourceAccount": ACCOUNT}
    )
    services = ("logs.amazonaws.com", f"logs.{region}.amazonaws.com")
    source_arn = f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{group}:*"
    return denial(subscription.role_arn, services, [(need, ())], source_arn=source_arn)


def _write_refusal(batch: _Batch) -> str | None:
    """Why Lambda may not write these lines under the function's role.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
    """
    function = _writer(batch)
    if function is None:  # no function's group: nothing to hold the writer to
        return None
    group_arn = f"arn:aws:logs:{batch.region}:{ACCOUNT}:log-group:{batch.group}"
    stream_arn = f"{group_arn}:log-stream:{batch.stream}"
    needs: list[tuple[Need, Sequence[Any]]] = [
        (Need(action="logs:CreateLogStream", resource=stream_arn), ()),
        (Need(action="logs:PutLogEvents", resource=stream_arn), ()),
    ]
    if _group(batch) is None:
        needs.insert(0, (Need(action="logs:CreateLogGroup", resource=f"{group_arn}:*"), ()))
    services = ("lambda.amazonaws.com",)
    return denial(function.role, services, needs, source_arn=function.arn)


def _writer(batch: _Batch) -> FunctionVersion | None:
    """The function that logs to this group."""
    for function in read_functions():
        for version in function.versions:
            if function.region == batch.region and version.log_group == batch.group:
                return version
    return None


def _open_stream(batch: _Batch) -> Any:
    """Moto's log stream, created with its group where missing."""
    from moto.logs.models import logs_backends

    backend = logs_backends[ACCOUNT][batch.region]
    if batch.group not in backend.groups:
        backend.create_log_group(batch.group, {})
    group = backend.groups[batch.group]
    if batch.stream not in group.streams:
        backend.create_log_stream(batch.group, batch.stream)
    return group.streams[batch.stream]


def _group(batch: _Batch) -> Any | None:
    from moto.logs.models import logs_backends

    backend = backend_of(logs_backends, batch.region)
    return None if backend is None else backend.groups.get(batch.group)
