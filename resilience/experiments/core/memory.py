"""A drill's memory: one item of the stack's table, and one that says which drill may run.

`pk` is "drill"; `sk` is the drill's id, or "lock". Every write is on condition of the version that
was read, so that of two hands on one drill the later one finds out before it does anything. The
items live in the standby's Region: conditions hold within one Region of a global table.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from resilience.experiments.core.change import Act, Change
from resilience.experiments.core.packing import (
    packed_probes,
    packed_writes,
    unpacked_probes,
    unpacked_writes,
)
from resilience.experiments.core.world import CallError
from resilience.records import Event

if TYPE_CHECKING:
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.world import World
    from resilience.records import Probe, Write

DRILL: Final = "drill"
LOCK: Final = "lock"
LEASE_S: Final = 300.0
"""A drill that has not written for so long is taken for dead."""

_RACED: Final = "ConditionalCheckFailedException"
_KEPT_DAYS: Final = 400


class RacedError(Exception):
    """Another hand wrote this drill's memory: it was taken over, or the step runs twice."""


class GarbledDrillError(Exception):
    """What is in the table is no drill's memory."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Something the experiment promised to see, and whether it did."""

    name: str
    held: bool
    detail: str


@dataclass(frozen=True, kw_only=True)
class Drill:
    """All that is kept between two steps. Times are Unix seconds on the drill's clock.

    Attributes:
        version: How often it was written.
        owner: Who runs it: `host:pid:...` of a laptop, or an execution.
        step: The step that is next or under way.
        changes: What is to be made and taken back, written down before anything is made.
        made: How many of them were begun.
        undone: Whether all of them were taken back.
        onset_s: When the first change was made; `until_s` when they were taken back.
        from_s: Where the steady state before began; `ended_s` where the one after was held.
        verdict: `met`, `missed`, `broken`, `refused`, or empty while it is open.
        probes: What clients saw, where the world does not keep that itself.
        writes: The numbered writes that were made before the first change.
        held_at_onset: Their numbers that the Region which takes over held just before that change,
            `held_at_end` at the end; None if nobody looked, or could.
    """

    id: str
    experiment: str
    options: dict[str, str] = field(default_factory=dict[str, str])
    owner: str = ""
    version: int = 0
    step: str = "begin"
    began_s: float = 0.0
    steady_s: float | None = None
    onset_s: float | None = None
    until_s: float | None = None
    from_s: float | None = None
    ended_s: float | None = None
    step_since_s: float = 0.0
    changes: tuple[Change, ...] = ()
    made: int = 0
    undone: bool = False
    asked_s: float | None = None
    verdict: str = ""
    why: str = ""
    stopped: str = ""
    expected: tuple[Expected, ...] = ()
    events: tuple[Event, ...] = ()
    probes: tuple[Probe, ...] = ()
    writes: tuple[Write, ...] = ()
    held_at_onset: tuple[int, ...] | None = None
    held_at_end: tuple[int, ...] | None = None

    def saying(self, at_s: float, kind: str, detail: str, region: str | None = None) -> Drill:
        """Add a line to the timeline."""
        event = Event(at_s=round(at_s, 3), kind=kind, detail=detail, region=region)
        return replace(self, events=(*self.events, event))


@dataclass(frozen=True, kw_only=True)
class Lock:
    """Which drill may run, who runs it, and when it wrote last (on its own clock)."""

    holder: str
    owner: str
    beat_s: float
    version: int


class Ledger:
    """Reads and writes what drills remember. Changes the stack's table alone.

    Raises `CallError` for a table that cannot be reached, `RacedError` for a lost race.
    """

    def __init__(self, world: World, ground: Ground) -> None:
        self._world = world
        self._region = ground.standby.region
        self._table = ground.table

    def drill(self, name: str) -> Drill | None:
        """Read a drill; None if there is none of that name."""
        item = self._get(name)
        return None if item is None else drill_of(item["state"]["S"])

    def drills(self) -> tuple[Drill, ...]:
        """Read every drill that is remembered."""
        reply = self._world.call(
            "dynamodb",
            "query",
            region=self._region,
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": DRILL}},
            ConsistentRead=True,
        )
        return tuple(drill_of(i["state"]["S"]) for i in reply["Items"] if i["sk"]["S"] != LOCK)

    def write(self, drill: Drill) -> Drill:
        """Write a drill over the version that it was read at; gives it as it stands now."""
        written = replace(drill, version=drill.version + 1)
        item = {
            "pk": {"S": DRILL},
            "sk": {"S": drill.id},
            "version": {"N": str(written.version)},
            "state": {"S": text_of(written)},
            "expires_at": {"N": str(int(self._world.now_s() + _KEPT_DAYS * 86400))},
        }
        self._put(item, drill.version, f"drill {drill.id} was written by another hand")
        return written

    def lock(self) -> Lock | None:
        """Read which drill may run; None if none does."""
        item = self._get(LOCK)
        if item is None or not item["holder"]["S"]:
            return None
        return Lock(
            holder=item["holder"]["S"],
            owner=item["owner"]["S"],
            beat_s=float(item["beat_at"]["N"]),
            version=int(item["version"]["N"]),
        )

    def take(self, drill: Drill) -> None:
        """Take the lock, or say again that the drill that holds it lives."""
        self._beat(drill, holder=drill.id)

    def release(self, drill: Drill) -> None:
        """Give the lock back, if this drill holds it."""
        found = self.lock()
        if found is not None and found.holder == drill.id:
            self._beat(drill, holder="")

    def free(self, lock: Lock) -> None:
        """Take the lock from a drill that nobody remembers."""
        self._write_lock("", "", lock.version)

    def _beat(self, drill: Drill, *, holder: str) -> None:
        item = self._get(LOCK)
        held = "" if item is None else item["holder"]["S"]
        if held not in ("", drill.id):
            raise RacedError(f"drill {held} holds the lock")
        version = 0 if item is None else int(item["version"]["N"])
        self._write_lock(holder, drill.owner, version)

    def _write_lock(self, holder: str, owner: str, over: int) -> None:
        wanted = {
            "pk": {"S": DRILL},
            "sk": {"S": LOCK},
            "version": {"N": str(over + 1)},
            "holder": {"S": holder},
            "owner": {"S": owner},
            "beat_at": {"N": repr(self._world.now_s())},
        }
        self._put(wanted, over, "another drill took the lock")

    def _get(self, name: str) -> Any:
        return self._world.call(
            "dynamodb",
            "get_item",
            region=self._region,
            TableName=self._table,
            Key={"pk": {"S": DRILL}, "sk": {"S": name}},
            ConsistentRead=True,
        ).get("Item")

    def _put(self, item: dict[str, Any], over: int, raced: str) -> None:
        item["hand"] = {"S": uuid.uuid4().hex}  # no other write looks like this one
        item["written_at"] = {"S": datetime.fromtimestamp(self._world.now_s(), UTC).isoformat()}
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(version)"}
        if over:
            condition = {
                "ConditionExpression": "version = :version",
                "ExpressionAttributeValues": {":version": {"N": str(over)}},
            }
        try:
            self._world.call(
                "dynamodb",
                "put_item",
                region=self._region,
                TableName=self._table,
                Item=item,
                **condition,
            )
        except CallError as error:
            if error.code == _RACED and not self._landed(item):
                raise RacedError(raced) from error
            if error.code != _RACED:
                raise

    def _landed(self, item: dict[str, Any]) -> bool:
        """A write whose answer was lost is sent again, and meets itself."""
        return self._get(item["sk"]["S"]) == item


def text_of(drill: Drill) -> str:
    """Write a drill as JSON."""
    raw = asdict(replace(drill, probes=(), writes=()))
    raw["probes"] = packed_probes(drill.probes)
    raw["writes"] = packed_writes(drill.writes)
    return json.dumps(raw, separators=(",", ":"), sort_keys=True)


def drill_of(text: str) -> Drill:
    """Read what `text_of` wrote.

    Raises:
        GarbledDrillError: it is something else.
    """
    try:
        raw: dict[str, Any] = json.loads(text)
        made: dict[str, Any] = {
            "changes": tuple(_change(each) for each in raw.pop("changes")),
            "expected": tuple(Expected(**each) for each in raw.pop("expected")),
            "events": tuple(Event(**each) for each in raw.pop("events")),
            "probes": unpacked_probes(raw.pop("probes")),
            # Drills are remembered for longer than they have made writes.
            "writes": unpacked_writes(raw.pop("writes", [])),
            "held_at_onset": _numbers(raw.pop("held_at_onset", None)),
            "held_at_end": _numbers(raw.pop("held_at_end", None)),
        }
        return Drill(**raw, **made)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise GarbledDrillError(f"no drill's memory: {error}") from error


def _numbers(raw: list[int] | None) -> tuple[int, ...] | None:
    return None if raw is None else tuple(raw)


def _change(raw: dict[str, Any]) -> Change:
    def act(each: dict[str, Any]) -> Act:
        facts: dict[str, Any] = dict(each)
        facts["tolerates"] = tuple(each["tolerates"])
        return Act(**facts)

    return Change(what=raw["what"], do=act(raw["do"]), undo=act(raw["undo"]))
