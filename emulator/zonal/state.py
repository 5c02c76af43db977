"""What the service remembers: configurations of resources, and shifts, ended ones too."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from emulator.clock import Clock
    from emulator.events import EventLog

Values = dict[str, Any]
"""A structure of the API, as botocore names its members."""

Status = Literal["ACTIVE", "EXPIRED", "CANCELED"]
Kind = Literal["ZONAL_SHIFT", "PRACTICE_RUN"]
Outcome = Literal["PENDING", "SUCCEEDED", "FAILED", "INTERRUPTED"]

PRACTICE_RUN_S: Final = 1_800
"""https://docs.aws.amazon.com/r53recovery/latest/dg/arc-zonal-autoshift.considerations.html"""


@dataclass(kw_only=True)
class Shift:
    """A zonal shift or a practice run. `away_from` is a zone's id, such as `use1-az1`."""

    resource_arn: str
    region: str
    kind: Kind
    away_from: str
    comment: str
    started_s: float
    expires_s: float
    status: Status = "ACTIVE"
    outcome: Outcome | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(kw_only=True)
class Configuration:
    """How a resource is practised with, and whether AWS may shift it by itself."""

    practice: Values | None = None
    autoshift: Literal["ENABLED", "DISABLED"] = "DISABLED"


class Ledger:
    """Every configuration and every shift. Not safe for threads: its owner holds a lock."""

    def __init__(self, clock: Clock, events: EventLog) -> None:
        self._clock = clock
        self._events = events
        self._configurations: dict[str, Configuration] = {}
        self._shifts: dict[str, Shift] = {}

    def now_s(self) -> float:
        """Emulated Unix time, in seconds."""
        return self._clock.now_s()

    def configuration(self, resource_arn: str) -> Configuration:
        """A resource's configuration; an empty one to begin with."""
        return self._configurations.setdefault(resource_arn, Configuration())

    def shifts(self, region: str) -> list[Shift]:
        """Shifts of a Region, the newest last."""
        return [each for each in self._shifts.values() if each.region == region]

    def shift(self, region: str, shift_id: str) -> Shift | None:
        """One shift of a Region; None when there is none of this id."""
        found = self._shifts.get(shift_id)
        return found if found is not None and found.region == region else None

    def applied(self, resource_arn: str) -> Shift | None:
        """The shift that a resource's traffic follows now: there is never more than one."""
        now_s = self.now_s()
        return next(
            (
                each
                for each in self._shifts.values()
                if each.resource_arn == resource_arn
                and each.status == "ACTIVE"
                and now_s < each.expires_s
            ),
            None,
        )

    def active_practice_runs(self) -> list[Shift]:
        """Practice runs that have not ended."""
        return [
            each
            for each in self._shifts.values()
            if each.kind == "PRACTICE_RUN" and each.status == "ACTIVE"
        ]

    def start(self, shift: Shift) -> None:
        """Take up a shift that begins now."""
        self._shifts[shift.id] = shift
        self._note("zonal_shift.started", shift)

    def end(self, shift: Shift, status: Status, *, outcome: Outcome | None = None) -> None:
        """End a shift; a practice run also with its outcome."""
        shift.status = status
        shift.outcome = outcome
        self._note("zonal_shift.ended", shift)

    def expire(self) -> None:
        """End every shift whose time is over. A practice run that gets this far has succeeded."""
        now_s = self.now_s()
        for shift in list(self._shifts.values()):
            if shift.status == "ACTIVE" and now_s >= shift.expires_s:
                practised = shift.kind == "PRACTICE_RUN"
                self.end(shift, "EXPIRED", outcome="SUCCEEDED" if practised else None)

    def _note(self, event: str, shift: Shift) -> None:
        self._events.record(
            event,
            resource=shift.resource_arn,
            away_from=shift.away_from,
            shift=shift.id,
            shift_kind=shift.kind,
            status=shift.status,
            outcome=shift.outcome,
        )
