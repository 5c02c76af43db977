"""EventBridge rules: events that match one, and times that it names, reach its targets.

Stock moto sends to a few kinds of targets, without permissions, retries or dead letters, and knows
no function and no topic among them; schedules never fire.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from emulator.patches.mending import replace
from emulator.store.backends import ACCOUNT, regional, values_of
from emulator.watch import times
from emulator.watch.delivery import DEFAULT_RETRY, Parcel, Retry
from emulator.watch.event_inputs import body_of
from emulator.watch.permissions import Sender
from emulator.watch.times import ScheduleError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.clock import Clock
    from emulator.faults import FaultBoard
    from emulator.patches.hooks import Hooks
    from emulator.watch.bus import Envelope, EventBus
    from emulator.watch.delivery import Delivery
    from emulator.watch.metrics import Metrics

SERVICE: Final = "events.amazonaws.com"
LOOK_EVERY_S: Final = 1.0
"""Emulated seconds between looks for schedules that are due."""
SHORTEST_REAL_LOOK_S: Final = 0.05
_NEED_ROLES: Final = "arn:aws:states:"
"""Targets that have no policies of their own, so that a role must be given."""


@dataclass(frozen=True, kw_only=True)
class _Due:
    """When a schedule fires next, for the expression it was worked out for."""

    expression: str
    at_s: float | None


class Rules:
    """Matches events with rules and fires their schedules. Runs in one event loop."""

    def __init__(
        self,
        clock: Clock,
        faults: FaultBoard,
        metrics: Metrics,
        bus: EventBus,
        delivery: Delivery,
    ) -> None:
        self._clock = clock
        self._faults = faults
        self._metrics = metrics
        self._bus = bus
        self._delivery = delivery
        self._due: dict[str, _Due] = {}

    async def run(self) -> None:
        """Carry events from the bus to targets, until cancelled."""
        async with self._bus.bell.listening():
            while True:
                events = self._bus.take()
                for event in events:
                    self._match(event)
                if not events:
                    await self._bus.bell.wait(None)

    async def run_schedules(self) -> None:
        """Fire schedules when they are due, until cancelled."""
        while True:
            self.fire_due()
            await asyncio.sleep(max(self._clock.real_s(LOOK_EVERY_S), SHORTEST_REAL_LOOK_S))

    def fire_due(self) -> None:
        """Fire every enabled schedule whose time has come; a lost Region's do not fire."""
        now_s = self._clock.now_s()
        present: set[str] = set()
        for region, rule in _rules():
            expression = rule.scheduled_expression
            if not expression:
                continue
            arn = str(rule.arn)
            present.add(arn)
            due = self._due.get(arn)
            if due is None or due.expression != expression:
                due = self._next(expression, now_s, now_s)
            elif due.at_s is not None and due.at_s <= now_s:
                if rule.state == "ENABLED" and not self._faults.region_lost(region):
                    self._send(rule, self._scheduled_event(region, arn, due.at_s))
                due = self._next(expression, due.at_s, now_s)
            self._due[arn] = due
        for gone in set(self._due) - present:
            del self._due[gone]

    def offer(self, rule: Any, event: Envelope) -> None:
        """Send an event to one rule's targets, if the rule matches it."""
        region = str(rule.region_name)
        pattern = rule.event_pattern
        if rule.state != "ENABLED" or not pattern.get_pattern() or not pattern.matches_event(event):
            return
        self._count(region, rule, "MatchedEvents")
        self._send(rule, event)

    def _match(self, event: Envelope) -> None:
        for region, rule in _rules():
            if region == event["region"] and rule.event_bus_name == "default":
                self.offer(rule, event)

    def _send(self, rule: Any, event: Envelope) -> None:
        self._count(str(rule.region_name), rule, "TriggeredRules")
        for target in list(rule.targets):
            parcel = _parcel(str(rule.arn), target, event)
            self._delivery.soon(lambda parcel=parcel: self._deliver(rule, parcel))

    async def _deliver(self, rule: Any, parcel: Parcel) -> None:
        region = str(rule.region_name)
        outcome = await self._delivery.deliver(parcel)
        self._count(region, rule, "Invocations")
        if outcome.failure is not None:
            self._count(region, rule, "FailedInvocations")
        if outcome.dead_letter is True:
            self._count(region, rule, "InvocationsSentToDlq")
        elif outcome.dead_letter:
            self._count(region, rule, "InvocationsFailedToBeSentToDlq")

    def _next(self, expression: str, after_s: float, now_s: float) -> _Due:
        """The next time of an expression; times that were slept through are passed over."""
        try:
            schedule = times.parse(expression, start_s=after_s, of_rule=True)
        except ScheduleError:
            return _Due(expression=expression, at_s=None)  # refused when it was put
        at_s = schedule.after(after_s)
        while at_s is not None and at_s <= now_s:
            at_s = schedule.after(at_s)
        return _Due(expression=expression, at_s=at_s)

    def _scheduled_event(self, region: str, arn: str, at_s: float) -> Envelope:
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT,
            "time": datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": [arn],
            "detail": {},
        }

    def _count(self, region: str, rule: Any, name: str) -> None:
        dimensions = {"RuleName": str(rule.name)}
        self._metrics.put(region, "AWS/Events", name, dimensions, 1, unit="Count")


def _rules() -> list[tuple[str, Any]]:
    from moto.events.models import events_backends

    return [
        (region, rule)
        for region, backend in regional(events_backends)
        for bus in values_of(backend.event_buses)
        for rule in values_of(bus.rules)
    ]


def _parcel(rule_arn: str, target: Mapping[str, Any], event: Envelope) -> Parcel:
    arn = str(target["Arn"])
    given = target.get("RetryPolicy") or {}
    retry = Retry(
        attempts=int(given.get("MaximumRetryAttempts", DEFAULT_RETRY.attempts)),
        max_age_s=float(given.get("MaximumEventAgeInSeconds", DEFAULT_RETRY.max_age_s)),
    )
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    return Parcel(
        arn=arn,
        body=body_of(target, event, rule_arn),
        sender=Sender(service=SERVICE, source_arn=rule_arn, role_arn=target.get("RoleArn")),
        retry=retry,
        dead_letter_arn=(target.get("DeadLetterConfig") or {}).get("Arn"),
        about={"RULE_ARN": rule_arn, "TARGET_ARN": arn},
        more={"group_id": group} if group else None,
    )


def apply(hooks: Callable[[], Hooks]) -> None:
    """Match and send in moto's place; refuse schedules and targets that would never be served."""
    from moto.events.exceptions import ValidationException
    from moto.events.models import EventsBackend, Rule

    stock_put = EventsBackend.put_rule
    stock_put_targets = EventsBackend.put_targets

    def send(self: Any, original_event: dict[str, Any], transform_input: bool = True) -> None:  # noqa: FBT001, FBT002  # moto's own signature
        del transform_input
        now = hooks().watch.bus.now()
        event = {key: each for key, each in original_event.items() if key != "ingestion-time"}
        event["time"] = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        hooks().watch.rules.offer(self, event)

    def put(self: Any, name: str, *args: Any, **named: Any) -> Any:
        expression = named.get("scheduled_expression")
        if expression:
            try:
                times.parse(expression, start_s=0.0, of_rule=True)
            except ScheduleError as error:
                raise ValidationException(
                    f"Parameter ScheduleExpression is not valid. ({error})"
                ) from error
        return stock_put(self, name, *args, **named)

    def put_targets(self: Any, name: str, event_bus_arn: str, targets: list[dict[str, Any]]) -> Any:
        for target in targets:
            if str(target.get("Arn")).startswith(_NEED_ROLES) and not target.get("RoleArn"):
                raise ValidationException(f"RoleArn is required for target {target['Arn']}.")
        return stock_put_targets(self, name, event_bus_arn, targets)

    replace(EventsBackend, "put_targets", put_targets)
    replace(Rule, "send_to_targets", send)
    replace(EventsBackend, "put_rule", put)
