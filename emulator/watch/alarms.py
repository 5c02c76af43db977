"""The alarms of every Region: configured, set, deleted, and what follows when one changes state."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from emulator.store.backends import ACCOUNT, backend_of, values_of
from emulator.watch import alarm_checks
from emulator.watch.alarm import ALARM, OK, STATES, Alarm, State, utc

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from emulator.clock import Clock
    from emulator.events import EventLog


class AlarmRefusedError(ValueError):
    """CloudWatch refuses a call about an alarm; `code` is its error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Alarms:
    """Keeps alarms in moto's backends. Thread-safe.

    `changed` is called after an alarm has entered a state (with the state it left), in the thread
    that changed it.
    """

    def __init__(
        self, clock: Clock, events: EventLog, changed: Callable[[Alarm, State], None]
    ) -> None:
        self._clock = clock
        self._events = events
        self._changed = changed
        self.lock = threading.RLock()

    def of(self, region: str) -> list[Alarm]:
        """The alarms of a Region."""
        from moto.cloudwatch.models import cloudwatch_backends

        backend = backend_of(cloudwatch_backends, region)
        return [] if backend is None else values_of(backend.alarms)

    def named(self, region: str, name: str) -> Alarm | None:
        """One alarm by name."""
        return next((each for each in self.of(region) if each.name == name), None)

    def state(self, region: str, name: str) -> str | None:
        """State of an alarm; None when there is none."""
        alarm = self.named(region, name)
        return None if alarm is None else alarm.state_value

    def put(self, region: str, told: Mapping[str, Any]) -> Alarm:
        """Create an alarm, or give an existing one a new configuration.

        Raises:
            AlarmRefusedError: With everything that is wrong with it.
        """
        composite = told.get("AlarmRule") is not None
        with self.lock:
            if composite:
                known = {each.name for each in self.of(region)}
                problems = list(alarm_checks.of_composite_alarm(region, told, known))
            else:
                problems = list(alarm_checks.of_metric_alarm(region, told))
            old = self.named(region, str(told["AlarmName"]))
            if old is not None and old.composite != composite:
                problems.append(f"an alarm of another kind is named {old.name}")
            if problems:
                raise AlarmRefusedError("ValidationError", "; ".join(problems))
            now_s = self._clock.now_s()
            if old is not None:
                old.configure(told, now_s)
                old.note(now_s, "ConfigurationUpdate", f"Alarm {old.name!r} updated", {})
                return old
            alarm = Alarm(region, told, now_s)
            alarm.note(now_s, "ConfigurationUpdate", f"Alarm {alarm.name!r} created", {})
            _kept(region)[alarm.name] = alarm
        return alarm

    def delete(self, region: str, names: Collection[str]) -> None:
        """Delete alarms; names that do not exist are passed over.

        Raises:
            AlarmRefusedError: One of them is part of a composite alarm that stays.
        """
        with self.lock:
            for alarm in self.of(region):
                if alarm.rule is None or alarm.name in names:
                    continue
                held = sorted(set(alarm.rule.alarms) & set(names))
                if held:
                    raise AlarmRefusedError(
                        "ValidationError",
                        f"Cannot delete {held[0]} as there are composite alarm(s) depending on "
                        f"it: {alarm.name}",
                    )
            for name in names:
                _kept(region).pop(name, None)

    def set_state(
        self, region: str, name: str, state: str, reason: str, data: Mapping[str, Any] | None
    ) -> None:
        """Set a state by hand; the next evaluation may set another.

        Raises:
            AlarmRefusedError: There is no such alarm or state.
        """
        if state not in STATES:
            raise AlarmRefusedError("ValidationError", f"{state!r} is none of {STATES}")
        with self.lock:
            alarm = self.named(region, name)
            if alarm is None:
                raise AlarmRefusedError("ResourceNotFound", f"there is no alarm {name}")
            self.enter(alarm, state, reason, data)

    def enable_actions(self, region: str, names: Collection[str], *, enabled: bool) -> None:
        """Turn the actions of alarms on or off."""
        with self.lock:
            for alarm in self.of(region):
                if alarm.name in names and alarm.told["ActionsEnabled"] != enabled:
                    alarm.told["ActionsEnabled"] = enabled
                    alarm.note(
                        self._clock.now_s(),
                        "ConfigurationUpdate",
                        f"Actions of {alarm.name!r} {'enabled' if enabled else 'disabled'}",
                        {},
                    )

    def enter(self, alarm: Alarm, value: str, reason: str, data: Mapping[str, Any] | None) -> None:
        """Take an alarm into a state; nothing happens when it is in it."""
        with self.lock:
            if alarm.state.value == value:
                return
            now_s = self._clock.now_s()
            before = alarm.enter(State(value=value, reason=reason, data=data, since_s=now_s))
            self._events.record(
                "alarm.changed",
                region=alarm.region,
                alarm=alarm.name,
                state=value,
                before=before.value,
                reason=reason,
            )
        self._changed(alarm, before)
        self.settle_composites(alarm.region)

    def settle_composites(self, region: str) -> None:
        """Bring every composite alarm of a Region into the state that its rule gives now."""
        for alarm in self.of(region):
            if alarm.rule is None:
                continue
            firing = alarm.rule.decide(lambda name: self.state(region, name))
            value = ALARM if firing else OK
            if alarm.state.value != value:
                self.enter(alarm, value, *self._composite_reason(alarm))
                return  # which settles the others, this one's parents among them

    def _composite_reason(self, alarm: Alarm) -> tuple[str, Mapping[str, Any]]:
        """The alarm of the rule that changed last, and all of them."""
        children = [
            child
            for name in (alarm.rule.alarms if alarm.rule else ())
            if (child := self.named(alarm.region, name)) is not None
        ]
        triggering = [
            {
                "arn": each.alarm_arn,
                "state": {
                    "value": each.state.value,
                    "timestamp": utc(each.state.since_s).isoformat(),
                },
            }
            for each in children
        ]
        latest = max(children, key=lambda each: each.state.since_s, default=alarm)
        at = utc(latest.state.since_s).strftime("%A %d %B, %Y %H:%M:%S UTC")
        reason = f"{latest.alarm_arn} transitioned to {latest.state.value} at {at}"
        return reason, {"triggeringAlarms": triggering}


def _kept(region: str) -> dict[str, Any]:
    from moto.cloudwatch.models import cloudwatch_backends

    kept: dict[str, Any] = cloudwatch_backends[ACCOUNT][region].alarms
    return kept
