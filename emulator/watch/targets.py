"""Sends to topics, queues, functions and state machines for services that act by themselves.

Every check that AWS makes before it sends is made here; the answer says whether trying again helps.
Nothing here runs in the event loop's way: calls into moto are made in a thread.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from emulator.store import functions
from emulator.store.backends import backend_of, region_of
from emulator.watch import permissions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from emulator.faults import FaultBoard
    from emulator.watch.permissions import Sender


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why nothing was sent."""

    code: str
    """The error code that a dead-letter queue is told."""
    reason: str
    again: bool = False
    """Whether the target may take it later: it is away or throttles, rather than refuses."""


class Answer(Protocol):
    """What the data plane answers to an invocation."""

    @property
    def status(self) -> int:
        """HTTP status of Lambda's API."""
        ...

    @property
    def payload(self) -> bytes:
        """The answer, or Lambda's error."""
        ...

    @property
    def error(self) -> str | None:
        """None where it was accepted."""
        ...


class Invoke(Protocol):
    """`DataPlane.invoke`."""

    def __call__(
        self,
        name_or_arn: str,
        qualifier: str | None,
        payload: bytes,
        *,
        region: str,
        event: bool = False,
    ) -> Awaitable[Answer]:
        """Invoke a function."""
        ...


Execute: TypeAlias = "Callable[[str, str], str | None]"
"""Starts an execution of a state machine (ARN) with an input; why there is none, or None."""


class Targets:
    """What can be sent to. `connect` gives it the data plane, before anything is sent."""

    def __init__(self, faults: FaultBoard) -> None:
        self._faults = faults
        self._invoke: Invoke | None = None
        self._execute: Execute | None = None

    def connect(self, invoke: Invoke, *, execute: Execute | None = None) -> None:
        """Functions are invoked, and state machines executed, through these from now on."""
        self._invoke = invoke
        self._execute = execute

    async def send(
        self, arn: str, body: str, sender: Sender, *, more: dict[str, Any] | None = None
    ) -> Failure | None:
        """Send to whatever an ARN names; None when it was taken.

        `more`: for a queue, further parameters of SendMessage; for a topic, of Publish.
        """
        service = arn.split(":")[2]
        if self._faults.region_lost(region_of(arn)):
            return Failure(code="ServiceUnavailable", reason=f"{arn} is away", again=True)
        if service == "lambda":
            return await self._to_function(arn, body, sender)
        if service == "sqs":
            return await asyncio.to_thread(self._to_queue, arn, body, sender, more or {})
        if service == "sns":
            return await asyncio.to_thread(self._to_topic, arn, body, sender, more or {})
        if service == "states":
            return await asyncio.to_thread(self._to_machine, arn, body, sender)
        return Failure(code="UNSUPPORTED_TARGET", reason=f"{service} is not emulated as a target")

    async def _to_function(self, arn: str, body: str, sender: Sender) -> Failure | None:
        parts = arn.split(":")
        function = functions.read_function(parts[3], parts[6])
        if function is None:
            return Failure(code="RESOURCE_NOT_FOUND", reason=f"function {arn} does not exist")
        reason = permissions.may_invoke(sender, function, arn)
        if reason is not None:
            return Failure(code="NO_PERMISSIONS", reason=reason)
        if self._invoke is None:
            return Failure(code="ServiceUnavailable", reason="Lambda is not there", again=True)
        answer = await self._invoke(arn, None, body.encode(), region=parts[3], event=True)
        if answer.error is None:
            return None
        again = answer.status == 429 or answer.status >= 500  # noqa: PLR2004  # HTTP
        return Failure(code=answer.error, reason=answer.payload.decode(), again=again)

    def _to_machine(self, arn: str, body: str, sender: Sender) -> Failure | None:
        """Start an execution: a role must be given, and be allowed to.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
        """
        if sender.role_arn is None:
            return Failure(code="NO_PERMISSIONS", reason=f"no role is given to start {arn}")
        reason = permissions.may(sender, "states:StartExecution", arn, ())
        if reason is not None:
            return Failure(code="NO_PERMISSIONS", reason=reason)
        if self._execute is None:
            return Failure(code="ServiceUnavailable", reason="States is not there", again=True)
        refusal = self._execute(arn, body)
        return None if refusal is None else Failure(code="SDK_CLIENT_ERROR", reason=refusal)

    def _to_queue(
        self, arn: str, body: str, sender: Sender, more: dict[str, Any]
    ) -> Failure | None:
        from moto.sqs.models import sqs_backends

        region, name = region_of(arn), arn.rpartition(":")[2]
        backend = backend_of(sqs_backends, region)
        queue = None if backend is None else backend.queues.get(name)
        if backend is None or queue is None:
            return Failure(code="RESOURCE_NOT_FOUND", reason=f"queue {arn} does not exist")
        documents = [str(queue.policy)] if queue.policy else []
        reason = permissions.may(sender, "sqs:SendMessage", arn, documents)
        key_id = queue.kms_master_key_id
        if reason is None and key_id:
            reason = permissions.may_use_key(sender, str(key_id), region)
        if reason is not None:
            return Failure(code="NO_PERMISSIONS", reason=reason)
        backend.send_message(queue_name=name, message_body=body, validate_group_id=False, **more)
        return None

    def _to_topic(
        self, arn: str, body: str, sender: Sender, more: dict[str, Any]
    ) -> Failure | None:
        from moto.sns.models import sns_backends

        region = region_of(arn)
        backend = backend_of(sns_backends, region)
        topic = None if backend is None else backend.topics.get(arn)
        if topic is None:
            return Failure(code="RESOURCE_NOT_FOUND", reason=f"topic {arn} does not exist")
        reason = permissions.may(sender, "sns:Publish", arn, [str(topic.policy)])
        if reason is None and topic.kms_master_key_id:
            reason = permissions.may_use_key(sender, str(topic.kms_master_key_id), region)
        if reason is not None:
            return Failure(code="NO_PERMISSIONS", reason=reason)
        topic.publish(body, **more)
        return None
