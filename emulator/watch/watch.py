"""Everything that watches, joined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.watch import alarm_messages
from emulator.watch.alarm_actions import AlarmActions
from emulator.watch.alarms import Alarms
from emulator.watch.bus import EventBus
from emulator.watch.delivery import Delivery
from emulator.watch.evaluator import Evaluator
from emulator.watch.metrics import Metrics
from emulator.watch.notifications import Notifier
from emulator.watch.rules import Rules
from emulator.watch.schedules import Schedules

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.watch.alarm import Alarm, State
    from emulator.watch.targets import Execute, Invoke


class Watch:
    """The parts, joined. `connect` it with the data plane, and run its `flows`."""

    def __init__(self, clock: Clock, faults: FaultBoard, events: EventLog) -> None:
        self.metrics = Metrics(clock, faults)
        self.bus = EventBus(clock, faults, events)
        self.delivery = Delivery(clock, faults, events)
        self.notifier = Notifier(clock, events, self.metrics, self.delivery)
        self.alarms = Alarms(clock, events, self._alarm_changed)
        self.actions = AlarmActions(clock, self.delivery)
        self.evaluator = Evaluator(clock, faults, self.metrics, self.alarms, self._settle_actions)

        self.rules = Rules(clock, faults, self.metrics, self.bus, self.delivery)
        self.schedules = Schedules(clock, faults, self.metrics, self.delivery)

    def connect(self, invoke: Invoke, *, execute: Execute | None = None) -> None:
        """Functions are invoked, and state machines executed, through these from now on."""
        self.delivery.connect(invoke, execute=execute)

    def flows(self) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
        """What is to run in the event loop for as long as the emulator serves."""
        return (
            self.delivery.run,
            self.evaluator.run,
            self.rules.run,
            self.rules.run_schedules,
            self.schedules.run,
        )

    def _alarm_changed(self, alarm: Alarm, before: State) -> None:
        """Tell the bus, and do what the alarm says."""
        self.bus.emit(
            alarm.region,
            "aws.cloudwatch",
            "CloudWatch Alarm State Change",
            alarm_messages.event_detail(alarm, before),
            resources=[alarm.alarm_arn],
        )
        self.actions.due(alarm, before, self.alarms)

    def _settle_actions(self) -> None:
        self.actions.settle(self.alarms)
