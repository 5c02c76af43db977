"""Point-in-time recovery: a table as it was at any second, from what was written since.

moto copies a table as it is now, whatever second it is asked for, and its window stands still.
Here every write is kept from the moment recovery is switched on; a restore is played back from
there. It is done at once: how long AWS takes is not emulated.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from emulator.door.refusals import Refusal
from emulator.tables import groups

if TYPE_CHECKING:
    from emulator.clock import Clock
    from emulator.door.request import ApiRequest
    from emulator.tables.groups import KeyId

_SWITCH: Final = "UpdateContinuousBackups"
_SHOW: Final = "DescribeContinuousBackups"
_RESTORE: Final = "RestoreTableToPointInTime"
_PAST: Final = "past"
_DESCRIPTION: Final = "PointInTimeRecoveryDescription"
_REACHES_BACK_S: Final = 35 * 86_400
# "Typically five minutes before the current time":
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoveryDescription.html
_BEHIND_S: Final = 300


@dataclass(kw_only=True)
class _Kept:
    """What a table held when recovery was switched on, and every write since, oldest first."""

    since_s: float
    items: Any
    writes: list[tuple[float, KeyId, Any | None]] = field(
        default_factory=list["tuple[float, KeyId, Any | None]"]
    )


class Past:
    """Remembers tables' writes. Call it with the lock held that moto's DynamoDB has."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def remember(self, table: Any, key: KeyId) -> None:
        """Keep an item as it is now, if the table's recovery is on."""
        kept = _kept(table)
        if kept is not None:
            item = copy.deepcopy(groups.read_item(table, key))
            kept.writes.append((self._clock.now_s(), key, item))

    def before(self, operation: str, request: ApiRequest) -> Refusal | None:
        """Bring what moto is about to show up to date, or say why a restore is refused."""
        if operation == _SHOW:
            self._show(groups.table_of(request.region, request.document["TableName"]))
        if operation != _RESTORE:
            return None
        table = groups.table_of(request.region, _source(request))
        kept = None if table is None else _kept(table)
        if table is None:
            return None  # moto says so
        if kept is None:
            text = f"Point in time recovery is not enabled for table '{table.name}'"
            code = "PointInTimeRecoveryUnavailableException"
            return Refusal(code=code, message=text, status=400)
        earliest_s, latest_s = self._window(kept)
        if not earliest_s <= self._asked(request, kept) <= latest_s:
            text = (
                f"RestoreDateTime must be between {_stamp(earliest_s).isoformat()} and "
                f"{_stamp(latest_s).isoformat()}"
            )
            return Refusal(code="InvalidRestoreTimeException", message=text, status=400)
        return None

    def after(self, operation: str, request: ApiRequest) -> None:
        """Begin or end what is kept, or bring a restored table to the moment asked for."""
        if operation == _SWITCH:
            table = groups.table_of(request.region, request.document["TableName"])
            wanted = request.document["PointInTimeRecoverySpecification"]
            self._switch(table, on=bool(wanted["PointInTimeRecoveryEnabled"]))
        elif operation == _RESTORE:
            source: Any = groups.table_of(request.region, _source(request))
            target: Any = groups.table_of(request.region, request.document["TargetTableName"])
            kept = _kept(source)
            if kept is not None:
                self._rewind(source, target, kept, self._asked(request, kept))

    def _switch(self, table: Any, *, on: bool) -> None:
        if not on:
            setattr(table, _PAST, None)
        elif _kept(table) is None:
            kept = _Kept(since_s=self._clock.now_s(), items=copy.deepcopy(table.items))
            setattr(table, _PAST, kept)

    def _show(self, table: Any | None) -> None:
        kept = None if table is None else _kept(table)
        if table is not None and kept is not None:
            earliest_s, latest_s = self._window(kept)
            table.continuous_backups[_DESCRIPTION] |= {
                "EarliestRestorableDateTime": earliest_s,
                "LatestRestorableDateTime": latest_s,
            }

    def _window(self, kept: _Kept) -> tuple[float, float]:
        now_s = self._clock.now_s()
        earliest_s = max(kept.since_s, now_s - _REACHES_BACK_S)
        return earliest_s, max(earliest_s, now_s - _BEHIND_S)

    def _asked(self, request: ApiRequest, kept: _Kept) -> float:
        if request.document.get("UseLatestRestorableTime"):
            return self._window(kept)[1]
        return float(request.document.get("RestoreDateTime", 0))

    def _rewind(self, source: Any, target: Any, kept: _Kept, at_s: float) -> None:
        target.items = copy.deepcopy(kept.items)
        for written_s, key, item in kept.writes:
            if written_s <= at_s:
                groups.write_item(target, key, copy.deepcopy(item))
        target.billing_mode = source.billing_mode
        target.sse_specification = source.sse_specification
        target.restore_date_time = _stamp(at_s).replace(tzinfo=None)  # as moto keeps its times


def _kept(table: Any) -> _Kept | None:
    return getattr(table, _PAST, None)


def _source(request: ApiRequest) -> str:
    document = request.document
    return str(document.get("SourceTableName") or document.get("SourceTableArn") or "")


def _stamp(moment_s: float) -> datetime:
    return datetime.fromtimestamp(moment_s, UTC)
