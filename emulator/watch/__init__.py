"""What watches the emulated AWS: metrics, alarms, and events on their way to who acts on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.watch import alarm_messages
from emulator.watch.alarms import Alarms
from emulator.watch.bus import EventBus
from emulator.watch.metrics import Metrics

if TYPE_CHECKING:
    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.watch.alarm import Alarm, State

__all__ = ["EventBus", "Metrics", "Watch"]


class Watch:
    """The parts, joined."""

    def __init__(self, clock: Clock, faults: FaultBoard, events: EventLog) -> None:
        self.metrics = Metrics(clock, faults)
        self.bus = EventBus(clock, faults, events)
        self.alarms = Alarms(clock, events, self._alarm_changed)

    def _alarm_changed(self, alarm: Alarm, before: State) -> None:
        """Tell the bus."""
        self.bus.emit(
            alarm.region,
            "aws.cloudwatch",
            "CloudWatch Alarm State Change",
            alarm_messages.event_detail(alarm, before),
            resources=[alarm.alarm_arn],
        )
