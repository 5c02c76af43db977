"""The default event bus of every Region: what AWS services say happened, on its way to rules.

Each event has EventBridge's envelope. Events of a lost Region are not emitted: its services are
gone with it.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
"""

from __future__ import annotations

import threading
import uuid
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from emulator.bell import Bell
from emulator.store.backends import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import FaultBoard

WAITING_AT_MOST: Final = 10_000

Envelope = dict[str, Any]
"""An event as rules match it and targets get it."""


class EventBus:
    """Takes events from any thread; `take` hands them to whoever delivers."""

    def __init__(self, clock: Clock, faults: FaultBoard, events: EventLog) -> None:
        self._clock = clock
        self._faults = faults
        self._events = events
        self._lock = threading.Lock()
        self._waiting: deque[Envelope] = deque(maxlen=WAITING_AT_MOST)
        self.bell = Bell(faults)

    def emit(
        self,
        region: str,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        *,
        resources: Sequence[str] = (),
    ) -> None:
        """Put an event on a Region's default bus. Never blocks.

        Args:
            region: Whose bus.
            source: The service, e.g. `aws.backup`.
            detail_type: e.g. `Restore Job State Change`.
            detail: JSON values only, in the service's own shape.
            resources: ARNs of what the event is about.
        """
        if self._faults.region_lost(region):
            return
        envelope: Envelope = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": datetime.fromtimestamp(self._clock.now_s(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": list(resources),
            "detail": dict(detail),
        }
        self._events.record(
            "event_bus.event", region=region, source=source, detail_type=detail_type
        )
        self.put(envelope)

    def now(self) -> datetime:
        """Emulated UTC."""
        return self._clock.now()

    def put(self, envelope: Envelope) -> None:
        """Put an event on the bus that has its envelope already."""
        with self._lock:
            self._waiting.append(envelope)
        self.bell.ring()

    def take(self) -> list[Envelope]:
        """The events that wait, oldest first; they wait no longer."""
        with self._lock:
            waiting = list(self._waiting)
            self._waiting.clear()
        return waiting
