"""Writes travel between the replicas of a global table.

Under eventual consistency (MREC) a write is acknowledged where it was made and arrives elsewhere
after a lag; where two Regions wrote the same item, the later write stands everywhere, and a
condition is held against the Region's own copy. Under strong consistency (MRSC) a write is
acknowledged once every replica that can be reached has it; two of the three Regions must be
there. A Region that is lost gets what it missed when it returns, and sends what it had not sent.

The lag is drawn from a lognormal distribution with `ReplicationLag`'s parameters: DynamoDB
promises none and says "typically within a second".
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

from __future__ import annotations

import asyncio
import copy
import heapq
import itertools
import random
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from emulator.bell import Bell
from emulator.lag import ReplicationLag
from emulator.tables import groups
from emulator.tables.groups import Stamp
from emulator.tables.past import Past

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.tables.groups import Group, KeyId

_QUORUM: Final = 2
_LAG: Final = ReplicationLag(median_s=0.4, p99_s=1.0)


@dataclass(frozen=True, kw_only=True)
class _Write:
    """One item's state on its way to one Region; `item` is None for a deletion."""

    table: str
    key: KeyId
    item: Any | None
    stamp: Stamp
    target: str


class TableReplicator:
    """Carries writes between replicas. Call it with `lock` held, the one moto's DynamoDB has."""

    def __init__(
        self,
        clock: Clock,
        faults: FaultBoard,
        events: EventLog,
        *,
        seed: int = 0,
        lag: ReplicationLag = _LAG,
    ) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self._faults = faults
        self._events = events
        self.lag = lag
        self.past = Past(clock)
        self._random = random.Random(seed)  # noqa: S311  # a seeded draw, not a secret
        self._order = itertools.count()
        self._queue: list[tuple[float, int, _Write]] = []
        self._held: list[_Write] = []
        self._bell = Bell(faults)

    def reachable(self, group: Group) -> list[str]:
        """The members of a global table that are not lost."""
        return [each for each in group.members if not self._faults.region_lost(each)]

    def has_quorum(self, group: Group) -> bool:
        """Whether a strong table can take writes and strong reads now."""
        return group.mode == "EVENTUAL" or len(self.reachable(group)) >= _QUORUM

    def catch_up(self, region: str) -> None:
        """Bring a Region's strong replicas what they missed, before anybody looks at them."""
        with self.lock:
            held, self._held = self._held, []
            for write in held:
                if write.target == region and self._mode(write) == "STRONG":
                    self._apply(write)
                else:
                    self._held.append(write)

    def written(self, region: str, name: str, keys: Iterable[KeyId]) -> None:
        """Keep and send what a successful call has just written in one Region."""
        table = groups.table_of(region, name)
        if table is None:
            return
        group = groups.group_of(table)
        stamp = Stamp(self._clock.now_s(), region)
        with self.lock:
            for key in keys:
                self.past.remember(table, key)
                if group is None:
                    continue
                groups.stamps_of(table)[key] = stamp
                item = copy.deepcopy(groups.read_item(table, key))
                for target in (each for each in group.regions if each != region):
                    self._send(
                        _Write(table=group.name, key=key, item=item, stamp=stamp, target=target),
                        group,
                    )
        self._bell.ring()

    def backlog(self) -> int:
        """How many writes are on their way or held."""
        with self.lock:
            return len(self._queue) + len(self._held)

    async def run(self) -> None:
        """Apply what is due, until cancelled."""
        async with self._bell.listening():
            while True:
                wait_s = await asyncio.to_thread(self._carry_out)
                await self._bell.wait(wait_s)

    def _send(self, write: _Write, group: Group) -> None:
        if group.mode == "STRONG" and not self._cut_off(write):
            self._apply(write)
        elif group.mode == "STRONG":
            self._held.append(write)
        else:
            self._push(write)

    def _push(self, write: _Write) -> None:
        due_s = self._clock.now_s() + self.lag.draw_s(self._random)
        heapq.heappush(self._queue, (due_s, next(self._order), write))

    def _carry_out(self) -> float | None:
        """Apply what is due; returns real seconds until the next one (None: nothing queued)."""
        with self.lock:
            held, self._held = self._held, []
            for write in held:
                if self._cut_off(write):
                    self._held.append(write)
                elif self._mode(write) == "STRONG":
                    self._apply(write)
                else:
                    self._push(write)  # with a fresh lag: it catches up, it does not jump
            now_s = self._clock.now_s()
            while self._queue and self._queue[0][0] <= now_s:
                write = heapq.heappop(self._queue)[2]
                if self._cut_off(write):
                    self._held.append(write)
                else:
                    self._apply(write)
            return self._clock.real_s(self._queue[0][0] - now_s) if self._queue else None

    def _cut_off(self, write: _Write) -> bool:
        return any(self._faults.region_lost(each) for each in (write.target, write.stamp.region))

    def _mode(self, write: _Write) -> str | None:
        table = groups.table_of(write.target, write.table)
        group = None if table is None else groups.group_of(table)
        return None if group is None else group.mode

    def _apply(self, write: _Write) -> None:
        """Bring one write to its Region, unless a later one is there."""
        table = groups.table_of(write.target, write.table)
        if table is None or groups.group_of(table) is None:
            return  # the replica has left meanwhile
        stamps = groups.stamps_of(table)
        facts = {"table": write.table, "from": write.stamp.region, "to": write.target}
        if stamps.get(write.key, Stamp()) > write.stamp:
            self._events.record("table.superseded", **facts)
            return
        stamps[write.key] = write.stamp
        groups.write_item(table, write.key, copy.deepcopy(write.item))
        self.past.remember(table, write.key)
        lag_s = round(self._clock.now_s() - write.stamp.at_s, 3)
        self._events.record("table.replicated", **facts, lag_s=lag_s)
