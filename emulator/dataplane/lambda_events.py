"""Asynchronous invocations: tried again as Lambda does, and in the end a dead letter.

A function's error is tried twice more, after one and two minutes. A throttle or a fault of Lambda's
own goes back to the queue, at growing intervals from a second to five minutes, until the event is
too old. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from emulator.dataplane.lambda_credentials import RoleError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from emulator.dataplane.lambda_credentials import RoleCredentials, RoleCredentialsCache
    from emulator.dataplane.lambda_invocation import Invocation
    from emulator.dataplane.lambda_metrics import FunctionMetrics
    from emulator.dataplane.lambda_results import InvokeResult
    from emulator.dataplane.world import World
    from emulator.store import Function

RETRY_DELAYS_S: Final = (60.0, 120.0)
"""Emulated waits before an event is tried again after a function error; same source."""

OLDEST_S: Final = 21_600.0
"""Emulated age at which an event is given up, unless the function says otherwise; same source."""

_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 300.0
_TIMEOUT_S: Final = 5


class EventQueue:
    """Runs accepted events until they succeed or are given up."""

    def __init__(
        self,
        world: World,
        admit: Callable[[Function, Invocation], Awaitable[InvokeResult]],
        credentials: RoleCredentialsCache,
        aws_endpoint: str,
        *,
        figures: FunctionMetrics,
    ) -> None:
        self._figures = figures
        self._world = world
        self._admit = admit
        self._credentials = credentials
        self._aws_endpoint = aws_endpoint

    async def run(self, function: Function, invocation: Invocation) -> None:
        """Run one event."""
        clock, retries = self._world.clock, list(RETRY_DELAYS_S)
        if function.event_retries is not None:
            retries = retries[: function.event_retries]
        oldest_s = OLDEST_S if function.event_max_age_s is None else function.event_max_age_s
        accepted_s, wait_s = clock.now_s(), _FIRST_WAIT_S
        self._figures.of_event(invocation, "AsyncEventsReceived", 1, "Count")
        while True:
            age_ms = (clock.now_s() - accepted_s) * 1000
            self._figures.of_event(invocation, "AsyncEventAge", age_ms, "Milliseconds")
            current = self._world.store.function(function.region, function.name)
            if current is None:
                return
            result = await self._admit(current, invocation)
            if result.succeeded:
                return
            if result.function_failed:
                if not retries:
                    break
                await clock.sleep(retries.pop(0))
            else:
                await clock.sleep(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
            if clock.now_s() - accepted_s > oldest_s:
                break
        await self._give_up(invocation, result)

    async def _give_up(self, invocation: Invocation, result: InvokeResult) -> None:
        version = invocation.version
        facts: dict[str, Any] = {"function": version.arn, "region": version.region}
        self._world.events.record("lambda.event_dropped", **facts, reason=result.error)
        self._figures.of_event(invocation, "AsyncEventsDropped", 1, "Count")
        if not version.dead_letter:
            return
        try:
            credentials = await self._credentials.credentials(version)
            await asyncio.to_thread(self._bury, credentials, invocation, result)
        except Exception as error:  # noqa: BLE001  # as in AWS, nobody is told but the metrics
            self._world.events.record("lambda.dead_letter_failed", **facts, reason=str(error))
            self._figures.of_event(invocation, "DeadLetterErrors", 1, "Count")
        else:
            self._world.events.record("lambda.dead_letter", **facts, target=version.dead_letter)

    def _bury(
        self, credentials: RoleCredentials, invocation: Invocation, result: InvokeResult
    ) -> None:
        """Send the event to the function's queue or topic, under the function's own role."""
        target = invocation.version.dead_letter
        service = target.split(":")[2]
        attributes = {
            "RequestID": {"DataType": "String", "StringValue": invocation.request_id},
            "ErrorCode": {"DataType": "Number", "StringValue": str(result.status)},
            "ErrorMessage": {
                "DataType": "String",
                "StringValue": result.payload.decode("utf-8", "replace")[:1024] or "-",
            },
        }
        client = _client(service, target.split(":")[3], credentials, self._aws_endpoint)
        body = invocation.payload.decode()
        try:
            if service == "sqs":
                url = client.get_queue_url(QueueName=target.rsplit(":", 1)[1])["QueueUrl"]
                client.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)
            else:
                client.publish(TopicArn=target, Message=body, MessageAttributes=attributes)
        finally:
            client.close()


def _client(service: str, region: str, credentials: RoleCredentials, endpoint: str) -> Any:
    from botocore.config import Config
    from botocore.session import Session

    if service not in ("sqs", "sns"):
        raise RoleError(f"a dead-letter target is a queue or a topic, not of {service}")
    return Session().create_client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.session_token,
        config=Config(
            connect_timeout=_TIMEOUT_S, read_timeout=_TIMEOUT_S, retries={"total_max_attempts": 2}
        ),
    )
