"""Deliveries under way: tried, tried again while that helps, and given to a dead-letter queue.

Work is handed in from any thread and done in the event loop, each delivery a task of its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from emulator.bell import Bell
from emulator.watch.targets import Execute, Failure, Invoke, Targets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.watch.permissions import Sender

Work: TypeAlias = Callable[[], Coroutine[Any, Any, None]]

_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class Retry:
    """How long a delivery is tried again while its target is away."""

    attempts: int
    """Tries after the first."""
    max_age_s: float


DEFAULT_RETRY: Final = Retry(attempts=185, max_age_s=86_400.0)
"""Of EventBridge rules and schedules.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
"""


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """Something to deliver."""

    arn: str
    body: str
    sender: Sender
    retry: Retry = DEFAULT_RETRY
    dead_letter_arn: str | None = None
    about: Mapping[str, str] | None = None
    """Attributes of the message in the dead-letter queue, besides the failure's."""
    more: Mapping[str, Any] | None = None
    """Further parameters of the target's call."""


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What became of a parcel."""

    failure: Failure | None
    attempts: int
    """Tries after the first."""
    dead_letter: Failure | bool = False
    """True: it is in the dead-letter queue; a failure: it could not be put there."""


class Delivery:
    """Runs deliveries. Make it anywhere; `run` belongs to one event loop."""

    def __init__(self, clock: Clock, faults: FaultBoard, events: EventLog) -> None:
        self._clock = clock
        self._events = events
        self._targets = Targets(faults)
        self._lock = threading.Lock()
        self._waiting: deque[Work] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._bell = Bell(faults)

    def connect(self, invoke: Invoke, *, execute: Execute | None = None) -> None:
        """Functions are invoked, and state machines executed, through these from now on."""
        self._targets.connect(invoke, execute=execute)

    def soon(self, work: Work) -> None:
        """Have work done in the event loop. Thread-safe; never blocks."""
        with self._lock:
            self._waiting.append(work)
        self._bell.ring()

    async def run(self) -> None:
        """Begin what is handed in, until cancelled; deliveries under way end with it."""
        async with self._bell.listening():
            try:
                while True:
                    with self._lock:
                        ready = list(self._waiting)
                        self._waiting.clear()
                    for work in ready:
                        task = asyncio.create_task(work())
                        self._tasks.add(task)
                        task.add_done_callback(self._tasks.discard)
                    if not ready:
                        await self._bell.wait(None)
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    async def deliver(self, parcel: Parcel) -> Delivered:
        """Deliver a parcel, or find out why not."""
        first_s = self._clock.now_s()
        wait_s, attempts = _FIRST_WAIT_S, 0
        while True:
            failure = await self._targets.send(
                parcel.arn, parcel.body, parcel.sender, more=dict(parcel.more or {})
            )
            if failure is None:
                return Delivered(failure=None, attempts=attempts)
            age_s = self._clock.now_s() - first_s
            if (
                not failure.again
                or attempts >= parcel.retry.attempts
                or age_s + wait_s > parcel.retry.max_age_s
            ):
                break
            await self._clock.sleep(wait_s)
            wait_s, attempts = min(2 * wait_s, _LONGEST_WAIT_S), attempts + 1
        self._events.record(
            "delivery.failed",
            target=parcel.arn,
            source=parcel.sender.source_arn,
            code=failure.code,
            reason=failure.reason,
            attempts=attempts,
        )
        if parcel.dead_letter_arn is None:
            return Delivered(failure=failure, attempts=attempts)
        letter = await self._targets.send(
            parcel.dead_letter_arn,
            parcel.body,
            parcel.sender,
            more=_letter(failure, attempts, parcel.about or {}),
        )
        return Delivered(failure=failure, attempts=attempts, dead_letter=letter or True)


def _letter(failure: Failure, attempts: int, about: Mapping[str, str]) -> dict[str, Any]:
    """A dead letter's attributes: what failed.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    attributes = {
        "ERROR_CODE": failure.code,
        "ERROR_MESSAGE": failure.reason[:1024],
        "RETRY_ATTEMPTS": str(attempts),
        **about,
    }
    return {
        "message_attributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        }
    }
