"""Watches what the deployed observers do during a run, and keeps the timeline. It decides nothing.

Each sense polls at its own pace and leaves a dated signal. So a call that hangs makes one signal
old, and nothing else late.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from resilience.aws import Aws, AwsError
from resilience.evacuation import flag_of
from resilience.failover import FLAGGED, NEVER, Signal, Watch
from resilience.functions.observer_memory import OBSERVER, GarbledError, memory_of
from resilience.records import Event
from resilience.resolver import NameServer, ResolutionError
from resilience.senses import AddressBook, serves, verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from resilience.client import Target
    from resilience.clock import Clock
    from resilience.topology import Region, Topology

POLL_S = 1.0
LOOK_TIMEOUT_S = 2.0
SHORTEST_REAL_POLL_S = 0.5
"""Looks open TLS connections and call APIs: work, which does not run faster with speed."""

DNS_POLL_S = 0.25
SHORTEST_REAL_DNS_POLL_S = 0.1


class Observer:
    """Watches the primary and those that watch it; `run` until cancelled.

    `events` is the timeline as it saw it. `watches` is what the deployed observers in the other
    Regions think of the primary, as far as their items can be read; `latched_at_s` when the flag
    was first seen, None while it is not there.
    """

    def __init__(
        self,
        topology: Topology,
        aws: Aws,
        *,
        name_server: NameServer,
        target: Target,
        clock: Clock,
    ) -> None:
        self.events: list[Event] = []
        self.serving: str | None = None
        self.watches: dict[str, Watch] = {}
        self.latched_at_s: float | None = None
        self.book = AddressBook(topology, name_server)
        self._topology = topology
        self._primary = topology.primary
        self._others = topology.others(self._primary.region)
        self._flag = flag_of(topology, self._primary.region)
        self._aws = aws
        self._target = target
        self._clock = clock
        self._signals: dict[str, Signal] = {}

    @property
    def latched(self) -> bool:
        """Whether an observer keeps traffic away, and its flag is there."""
        phases = {watch.phase for watch in self.watches.values()}
        return self.latched_at_s is not None and bool(phases & FLAGGED)

    @property
    def refusal(self) -> str:
        """What an observer said last about why it does not do what was asked; "" for nothing."""
        told = [watch.told for watch in self.watches.values() if watch.told]
        return told[-1] if told else ""

    async def run(self) -> None:
        """Poll every sense until cancelled."""
        senses: tuple[tuple[str, Callable[[], Awaitable[bool | None]]], ...] = (
            ("dns", self._look_at_dns),
            ("flag", self._look_at_flag),
            ("items", self._look_at_items),
            ("primary_probe", self._look_at_primary),
            ("standby", self._look_at_standby),
            ("check", self._look_at_check),
        )
        async with asyncio.TaskGroup() as group:
            for name, look in senses:
                group.create_task(self._poll(name, look))

    def note(self, kind: str, detail: str, *, region: str | None = None) -> None:
        """Put a line on the timeline, now."""
        self.events.append(Event(at_s=self._clock.now_s(), kind=kind, detail=detail, region=region))

    def signal(self, name: str) -> Signal:
        """Give the latest signal of a sense."""
        return self._signals.get(name, NEVER)

    async def _poll(self, name: str, look: Callable[[], Awaitable[bool | None]]) -> None:
        task = asyncio.current_task()
        # A look may lose a cancel that comes in the moment of its own answer (Python before 3.12,
        # `asyncio.wait_for`, https://github.com/python/cpython/issues/86296): it is asked for here.
        while task is None or not task.cancelling():
            seen_at_s = self._clock.now_s()
            well = await look()
            if well is not self.signal(name).well:
                word = {True: "yes", False: "no", None: "cannot tell"}[well]
                self.note(f"observer.{name}", word)
            self._signals[name] = Signal(well=well, seen_at_s=seen_at_s)
            await self._pause(quick=name == "dns")

    async def _pause(self, *, quick: bool = False) -> None:
        pause_s, real_s = (
            (DNS_POLL_S, SHORTEST_REAL_DNS_POLL_S) if quick else (POLL_S, SHORTEST_REAL_POLL_S)
        )
        await self._clock.sleep(max(pause_s, real_s * self._clock.speed))

    async def _look_at_dns(self) -> bool | None:
        """Note who serves; the signal is whether the name server answered at all."""
        try:
            serving = await self.book.serving()
        except ResolutionError:
            return False
        if serving != self.serving:
            self.note("dns.answer", f"clients are sent to {serving}", region=serving)
        self.serving = serving
        return True

    async def _look_at_flag(self) -> bool | None:
        try:
            holding = await asyncio.to_thread(self._flag.held_by, self._aws)
        except AwsError:
            return None
        if holding and self.latched_at_s is None:
            self.latched_at_s = self._clock.now_s()
            self.note("flag.set", f"in {', '.join(holding)}", region=self._primary.region)
        elif not holding and self.latched_at_s is not None:
            self.latched_at_s = None
            self.note("flag.cleared", "by every observer", region=self._primary.region)
        return bool(holding)

    async def _look_at_items(self) -> bool | None:
        """Read what the others' observers think; the signal is whether it could be read."""
        for region in self._others:
            try:
                found = await asyncio.to_thread(self._items, region.region)
            except AwsError:
                continue
            for watcher, watch in found.items():
                self._note_watch(watcher, watch)
            return True
        return None

    def _items(self, region: str) -> dict[str, Watch]:
        reply = self._aws.call(
            "dynamodb",
            "query",
            region=region,
            TableName=self._topology.table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": OBSERVER}},
        )
        found: dict[str, Watch] = {}
        for item in reply["Items"]:
            try:
                watches = memory_of(item).brain.watches
            except GarbledError:
                continue  # its own observer tells
            if self._primary.region in watches:
                found[item["sk"]["S"]] = watches[self._primary.region]
        return found

    def _note_watch(self, watcher: str, watch: Watch) -> None:
        """Put on the timeline what an observer has come to think, and what it refuses."""
        before = self.watches.get(watcher, Watch())
        self.watches[watcher] = watch
        if watch.phase is not before.phase:
            detail = f"{watcher}: {watch.phase} ({watch.reading})"
            self.note("observer.phase", detail, region=self._primary.region)
        if watch.told and watch.told != before.told:
            detail = f"{watcher}: {watch.told}"
            self.note("failover.refused", detail, region=self._primary.region)

    async def _look_at_primary(self) -> bool | None:
        return await self._serves(self._primary)

    async def _look_at_standby(self) -> bool | None:
        return any(await asyncio.gather(*(self._serves(region) for region in self._others)))

    async def _serves(self, region: Region) -> bool:
        timeout_s = self._clock.timeout_s(LOOK_TIMEOUT_S)
        return await serves(region, self.book.name_server, self._target, timeout_s)

    async def _look_at_check(self) -> bool | None:
        """Route 53's word on the primary, as its name servers tell it."""
        return await verdict(self._primary, self._topology.zone_name, self.book.name_server)


def quiet(observer: Observer) -> bool:
    """Tell whether no observer keeps traffic away from the primary any more."""
    phases = {watch.phase for watch in observer.watches.values()}
    return observer.signal("flag").well is False and not phases & FLAGGED
