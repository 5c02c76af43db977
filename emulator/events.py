"""What happened inside the emulator, in order: the raw material of a rehearsal's timeline.

Kinds are dotted, noun first: `health_check.changed`, `lambda.cold_start`, `replication.done`.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from datetime import datetime

CAPACITY: Final = 50_000


class TellsTime(Protocol):
    """The part of `emulator.clock.Clock` that an event needs."""

    def now(self) -> datetime:
        """Emulated UTC."""
        ...


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened. `facts` hold JSON values only."""

    sequence: int
    emulated_at: datetime
    real_s: float
    kind: str
    facts: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The event as the control API shows it."""
        return {
            "sequence": self.sequence,
            "at": self.emulated_at.isoformat(),
            "real_s": self.real_s,
            "kind": self.kind,
            **self.facts,
        }


class EventLog:
    """A ring of the last `capacity` events, thread-safe. Sequence numbers start at 1."""

    def __init__(self, clock: TellsTime, *, capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._ring: deque[Event] = deque(maxlen=capacity)

    def record(self, kind: str, **facts: Any) -> Event:
        """Append an event that happened now."""
        with self._lock:
            event = Event(
                sequence=next(self._numbers),
                emulated_at=self._clock.now(),
                real_s=time.time(),
                kind=kind,
                facts=facts,
            )
            self._ring.append(event)
        return event

    def since(self, sequence: int = 0) -> tuple[Event, ...]:
        """Events numbered above `sequence` that the ring still holds, oldest first."""
        with self._lock:
            return tuple(event for event in self._ring if event.sequence > sequence)
