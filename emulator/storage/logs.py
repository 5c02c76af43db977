"""Log lines: into CloudWatch Logs, and from there through subscriptions to Firehose.

`LogShipper.ship` is what the data plane calls with a function's lines. It writes them into moto's
log groups (so that the API reads them back); moto then hands every event it stores, however it
came, to `LogShipper.deliver`, which replaces moto's own, unbuffered and unfiltered delivery.
"""

from __future__ import annotations

import gzip
import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from emulator.storage import streams
from emulator.storage.filters import compile_pattern
from emulator.storage.roles import Need, denial
from emulator.store.backends import ACCOUNT, backend_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.storage.firehose import Firehose

_LAMBDA_GROUPS: Final = "/aws/lambda/"
_DATA_MESSAGE: Final = "DATA_MESSAGE"


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """One subscription filter of a log group."""

    name: str
    pattern: str
    destination_arn: str
    role_arn: str | None


class LogShipper:
    """Carries log lines. Thread-safe; a lost Region keeps its lines until it is back."""

    def __init__(self, firehose: Firehose, faults: FaultBoard, events: EventLog) -> None:
        self._firehose = firehose
        self._faults = faults
        self._events = events
        self._lock = threading.Lock()
        self._frozen: list[tuple[str, str, str, Sequence[tuple[int, str]]]] = []

    def ship(
        self, region: str, log_group: str, log_stream: str, events: Sequence[tuple[int, str]]
    ) -> None:
        """Write a function's lines, given as (emulated Unix milliseconds, line).

        Lines are lost, with an event saying why, where Lambda would lose them: the role may not
        write, or the group does not exist and the role may not create it.
        """
        if not events:
            return
        if self._faults.region_lost(region):
            with self._lock:
                self._frozen.append((region, log_group, log_stream, events))
            return
        reason = _write_refusal(region, log_group, log_stream)
        if reason is not None:
            self._events.record(
                "logs.lost", region=region, log_group=log_group, lines=len(events), reason=reason
            )
            return
        stream = _open_stream(region, log_group, log_stream)
        with self._lock:  # moto's log streams are not safe for threads
            stream.put_log_events([{"timestamp": at_ms, "message": line} for at_ms, line in events])

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
        reason = subscription_refusal(region, subscription)
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

    async def run(self) -> None:
        """Ship what was frozen when its Region is back, until cancelled."""
        import asyncio

        version = self._faults.version
        while True:
            version = await self._faults.wait_changed(since=version)
            with self._lock:
                frozen, self._frozen = self._frozen, []
            for region, group, stream, events in frozen:
                await asyncio.to_thread(self.ship, region, group, stream, events)


def subscription_refusal(region: str, subscription: Subscription) -> str | None:
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
    return denial(subscription.role_arn, services, [(need, ())])


def _write_refusal(region: str, log_group: str, log_stream: str) -> str | None:
    """Why Lambda may not write these lines under the function's role.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
    """
    role_arn = _function_role(region, log_group)
    if role_arn is None:  # no function of ours: nothing to hold the writer to
        return None
    group_arn = f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{log_group}"
    needs: list[tuple[Need, Sequence[Any]]] = [
        (Need(action="logs:CreateLogStream", resource=f"{group_arn}:log-stream:{log_stream}"), ()),
        (Need(action="logs:PutLogEvents", resource=f"{group_arn}:log-stream:{log_stream}"), ()),
    ]
    if _group(region, log_group) is None:
        needs.insert(0, (Need(action="logs:CreateLogGroup", resource=f"{group_arn}:*"), ()))
    return denial(role_arn, ("lambda.amazonaws.com",), needs)


def _function_role(region: str, log_group: str) -> str | None:
    """The role of the function that logs to this group."""
    from moto.awslambda.models import lambda_backends

    backend = backend_of(lambda_backends, region)
    if backend is None:
        return None
    own = log_group.removeprefix(_LAMBDA_GROUPS)
    for function in backend.list_functions():
        configured = (getattr(function, "logging_config", None) or {}).get("LogGroup")
        if configured == log_group or (not configured and function.function_name == own):
            return str(function.role)
    return None


def _open_stream(region: str, log_group: str, log_stream: str) -> Any:
    """Moto's log stream, created with its group where missing."""
    from moto.logs.models import logs_backends

    backend = logs_backends[ACCOUNT][region]
    if log_group not in backend.groups:
        backend.create_log_group(log_group, {})
    group = backend.groups[log_group]
    if log_stream not in group.streams:
        backend.create_log_stream(log_group, log_stream)
    return group.streams[log_stream]


def _group(region: str, log_group: str) -> Any | None:
    from moto.logs.models import logs_backends

    backend = backend_of(logs_backends, region)
    return None if backend is None else backend.groups.get(log_group)
