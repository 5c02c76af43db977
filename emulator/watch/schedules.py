"""EventBridge Scheduler: schedules fire their one target, under the role they were given.

Stock moto keeps schedules and never fires them.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from emulator.patches.mending import replace
from emulator.storage.roles import denial
from emulator.store.backends import regional, values_of
from emulator.watch import times
from emulator.watch.delivery import DEFAULT_RETRY, Parcel, Retry
from emulator.watch.permissions import Sender
from emulator.watch.rules import LOOK_EVERY_S, SHORTEST_REAL_LOOK_S
from emulator.watch.times import ScheduleError, Times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.clock import Clock
    from emulator.faults import FaultBoard
    from emulator.watch.delivery import Delivery
    from emulator.watch.metrics import Metrics

SERVICE: Final = "scheduler.amazonaws.com"


@dataclass(frozen=True, kw_only=True)
class _Due:
    """When a schedule fires next, for the settings it was worked out for."""

    settings: tuple[Any, ...]
    times: Times | None
    at_s: float | None


class Schedules:
    """Fires schedules. Runs in one event loop."""

    def __init__(
        self, clock: Clock, faults: FaultBoard, metrics: Metrics, delivery: Delivery
    ) -> None:
        self._clock = clock
        self._faults = faults
        self._metrics = metrics
        self._delivery = delivery
        self._due: dict[str, _Due] = {}

    async def run(self) -> None:
        """Fire schedules when they are due, until cancelled."""
        while True:
            self.fire_due()
            await asyncio.sleep(max(self._clock.real_s(LOOK_EVERY_S), SHORTEST_REAL_LOOK_S))

    def fire_due(self) -> None:
        """Fire every enabled schedule whose time has come; a lost Region's do not fire."""
        now_s = self._clock.now_s()
        present: set[str] = set()
        for region, group, schedule in _schedules():
            arn = str(schedule.arn)
            present.add(arn)
            due = self._due.get(arn)
            if due is None or due.settings != _settings(schedule):
                due = _worked_out(schedule, now_s)
            elif due.at_s is not None and due.at_s <= now_s:
                if schedule.state == "ENABLED" and not self._faults.region_lost(region):
                    self._fire(region, group, schedule)
                due = self._following(due, now_s)
                if due.at_s is None and schedule.action_after_completion == "DELETE":
                    group.schedules.pop(schedule.name, None)
            self._due[arn] = due
        for gone in set(self._due) - present:
            del self._due[gone]

    def _following(self, due: _Due, now_s: float) -> _Due:
        at_s = due.at_s
        while due.times is not None and at_s is not None and at_s <= now_s:
            at_s = due.times.after(at_s)
        return _Due(settings=due.settings, times=due.times, at_s=at_s)

    def _fire(self, region: str, group: Any, schedule: Any) -> None:
        end = _moment(schedule.end_date)
        if end is not None and self._clock.now_s() > end:
            return
        name = str(group.name)
        parcel = _parcel(str(schedule.arn), schedule.target)
        self._count(region, name, "InvocationAttemptCount")
        self._delivery.soon(lambda: self._deliver(region, name, parcel))

    async def _deliver(self, region: str, group: str, parcel: Parcel) -> None:
        outcome = await self._delivery.deliver(parcel)
        if outcome.attempts:
            self._count(region, group, "InvocationAttemptCount", outcome.attempts)
        if outcome.failure is None:
            return
        self._count(region, group, "TargetErrorCount")
        self._count(region, group, "InvocationDroppedCount")
        if outcome.dead_letter is True:
            self._count(region, group, "InvocationsSentToDeadLetterCount")
        elif outcome.dead_letter:
            self._count(region, group, "InvocationsFailedToBeSentToDeadLetterCount")

    def _count(self, region: str, group: str, name: str, value: float = 1) -> None:
        dimensions = {"ScheduleGroup": group}
        self._metrics.put(region, "AWS/Scheduler", name, dimensions, value, unit="Count")


def _schedules() -> list[tuple[str, Any, Any]]:
    from moto.scheduler.models import scheduler_backends

    return [
        (region, group, schedule)
        for region, backend in regional(scheduler_backends)
        for group in values_of(backend.schedule_groups)
        for schedule in values_of(group.schedules)
    ]


def _settings(schedule: Any) -> tuple[Any, ...]:
    return (
        schedule.schedule_expression,
        schedule.schedule_expression_timezone,
        schedule.start_date,
    )


def _worked_out(schedule: Any, now_s: float) -> _Due:
    """The first time, counted from now or from the start date.

    A rate without a start date fires at once, and then every so often.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based
    """
    expression, zone, start_date = _settings(schedule)
    start = _moment(start_date)
    begins_s = max(now_s, start or 0.0)
    try:
        found = times.parse(expression, start_s=begins_s, zone=zone)
    except ScheduleError:
        return _Due(settings=_settings(schedule), times=None, at_s=None)
    at_once = isinstance(found, times.Rate)
    return _Due(
        settings=_settings(schedule),
        times=found,
        at_s=begins_s if at_once else found.after(begins_s),
    )


def _moment(value: Any) -> float | None:
    """A date of moto's: Unix time, or text."""
    if value is None or isinstance(value, int | float):
        return value
    return datetime.fromisoformat(str(value)).timestamp()


def _parcel(schedule_arn: str, target: Mapping[str, Any]) -> Parcel:
    given = target.get("RetryPolicy") or {}
    return Parcel(
        arn=str(target["Arn"]),
        body=str(target.get("Input") or "{}"),
        sender=Sender(service=SERVICE, source_arn=schedule_arn, role_arn=target["RoleArn"]),
        retry=Retry(
            attempts=int(given.get("MaximumRetryAttempts", DEFAULT_RETRY.attempts)),
            max_age_s=float(given.get("MaximumEventAgeInSeconds", DEFAULT_RETRY.max_age_s)),
        ),
        dead_letter_arn=(target.get("DeadLetterConfig") or {}).get("Arn"),
        about={"SCHEDULE_ARN": schedule_arn, "TARGET_ARN": str(target["Arn"])},
    )


def apply() -> None:
    """Refuse schedules that AWS refuses, and keep what moto forgets on an update."""
    from moto.scheduler.exceptions import ScheduleGroupNotFound, ValidationException
    from moto.scheduler.models import EventBridgeSchedulerBackend, Schedule

    stock_create = EventBridgeSchedulerBackend.create_schedule
    stock_update = EventBridgeSchedulerBackend.update_schedule
    stock_shown = Schedule.to_dict

    def check(self: Any, given: Mapping[str, Any]) -> None:
        group = given.get("group_name") or "default"
        if group not in self.schedule_groups:
            raise ScheduleGroupNotFound(group)
        try:
            times.parse(
                given["schedule_expression"],
                start_s=0.0,
                zone=given.get("schedule_expression_timezone") or "UTC",
            )
        except ScheduleError as error:
            raise ValidationException(message=f"Invalid Schedule Expression. {error}") from error
        place = f"arn:aws:scheduler:{self.region_name}:{self.account_id}"
        arn = f"{place}:schedule/{group}/{given['name']}"
        reason = denial(str(given["target"]["RoleArn"]), (SERVICE,), (), source_arn=arn)
        if reason is not None:
            raise ValidationException(
                message="The execution role you provide must allow AWS EventBridge Scheduler to "
                f"assume the role. ({reason})"
            )

    def create(self: Any, **given: Any) -> Any:
        check(self, given)
        return stock_create(self, **given)

    def update(self: Any, **given: Any) -> Any:
        check(self, given)
        return stock_update(self, **given)

    def shown(self: Any, short: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002  # moto's own signature
        members = stock_shown(self, short=short)
        return {name: value for name, value in members.items() if value is not None}

    replace(EventBridgeSchedulerBackend, "create_schedule", create)
    replace(EventBridgeSchedulerBackend, "update_schedule", update)
    replace(Schedule, "to_dict", shown)
