"""What watches the emulated AWS: metrics, alarms, and events on their way to who acts on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.watch.bus import EventBus
from emulator.watch.metrics import Metrics

if TYPE_CHECKING:
    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import FaultBoard

__all__ = ["EventBus", "Metrics", "Watch"]


class Watch:
    """The parts, joined."""

    def __init__(self, clock: Clock, faults: FaultBoard, events: EventLog) -> None:
        self.metrics = Metrics(clock, faults)
        self.bus = EventBus(clock, faults, events)
