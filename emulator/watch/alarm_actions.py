"""What an alarm does when it changes state, and when a composite alarm holds that back.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html
(action suppression: wait period, extension period)
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from emulator.watch import alarm_messages
from emulator.watch.alarm import ALARM
from emulator.watch.alarm_rule import name_of
from emulator.watch.delivery import Parcel, Retry
from emulator.watch.permissions import Sender

if TYPE_CHECKING:
    from emulator.clock import Clock
    from emulator.watch.alarm import Alarm, State
    from emulator.watch.alarms import Alarms
    from emulator.watch.delivery import Delivery

TOPIC_SERVICE: Final = "cloudwatch.amazonaws.com"
FUNCTION_SERVICE: Final = "lambda.alarms.cloudwatch.amazonaws.com"
_ONCE: Final = Retry(attempts=0, max_age_s=0.0)


@dataclass(kw_only=True)
class _Held:
    """Actions that a suppressor holds back."""

    alarm: Alarm
    before: State
    since_s: float


class AlarmActions:
    """Carries out actions, with a line in the alarm's history for each."""

    def __init__(self, clock: Clock, delivery: Delivery) -> None:
        self._clock = clock
        self._delivery = delivery
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}

    def due(self, alarm: Alarm, before: State, alarms: Alarms) -> None:
        """Act on a change of state, now or when the suppressor lets go."""
        suppressor = alarm.told.get("ActionsSuppressor")
        if suppressor is None or not alarm.told["ActionsEnabled"]:
            self._act(alarm, before)
            return
        suppressing = alarms.state(alarm.region, name_of(suppressor)) == ALARM
        with self._lock:
            now_s = self._clock.now_s()
            self._held[alarm.alarm_arn] = _Held(alarm=alarm, before=before, since_s=now_s)
            self._suppress(alarm, "Alarm" if suppressing else "WaitPeriod")

    def settle(self, alarms: Alarms) -> None:
        """Let go of what need not be held any longer."""
        released: list[_Held] = []
        with self._lock:
            for arn, held in list(self._held.items()):
                if self._still_held(held, alarms):
                    continue
                del self._held[arn]
                held.alarm.suppressed_by = None
                released.append(held)
        for held in released:
            self._act(held.alarm, held.before)

    def _still_held(self, held: _Held, alarms: Alarms) -> bool:
        """Whether the suppressor, or one of its periods, holds the actions. Lock held."""
        alarm, told = held.alarm, held.alarm.told
        suppressor = told.get("ActionsSuppressor")
        if suppressor is None or alarms.named(alarm.region, alarm.name) is not alarm:
            return False
        if alarms.state(alarm.region, name_of(suppressor)) == ALARM:
            self._suppress(alarm, "Alarm")
            return True
        now_s = self._clock.now_s()
        if alarm.suppressed_by == "Alarm":
            held.since_s = now_s
            self._suppress(alarm, "ExtensionPeriod")
        waits = alarm.suppressed_by == "WaitPeriod"
        period = "ActionsSuppressorWaitPeriod" if waits else "ActionsSuppressorExtensionPeriod"
        return now_s - held.since_s < float(told[period])

    def _suppress(self, alarm: Alarm, by: str) -> None:
        alarm.suppressed_by = by
        alarm.suppressed_reason = f"Actions suppressed by {by}"

    def _act(self, alarm: Alarm, before: State) -> None:
        if not alarm.told["ActionsEnabled"]:
            return
        state = alarm.state
        for arn in alarm.actions(state.value):
            parcel = _parcel(alarm, before, arn)
            self._delivery.soon(lambda arn=arn, parcel=parcel: self._carry_out(alarm, arn, parcel))

    async def _carry_out(self, alarm: Alarm, arn: str, parcel: Parcel) -> None:
        outcome = await self._delivery.deliver(parcel)
        failure = outcome.failure
        done = f"Successfully executed action {arn}"
        data: dict[str, Any] = {
            "actionState": "Succeeded" if failure is None else "Failed",
            "stateUpdateTimestamp": int(alarm.state.since_s * 1000),
            "notificationResource": arn,
            "error": None if failure is None else failure.reason,
        }
        summary = done if failure is None else f"Failed to execute action {arn}: {failure.reason}"
        alarm.note(self._clock.now_s(), "Action", summary, data)


def _parcel(alarm: Alarm, before: State, arn: str) -> Parcel:
    if arn.split(":")[2] == "lambda":
        body = json.dumps(alarm_messages.function_event(alarm, before))
        sender = Sender(service=FUNCTION_SERVICE, source_arn=alarm.alarm_arn)
        return Parcel(arn=arn, body=body, sender=sender, retry=_ONCE)
    subject, body = alarm_messages.notification(alarm, before)
    sender = Sender(service=TOPIC_SERVICE, source_arn=alarm.alarm_arn, owns_source=True)
    return Parcel(arn=arn, body=body, sender=sender, retry=_ONCE, more={"subject": subject[:100]})
