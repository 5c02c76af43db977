"""The observer: looks at the primary from the others' side, decides, and takes the steps.

Each sense polls at its own pace and leaves a dated signal; the decision is made from whatever
signals there are. So a call that hangs makes one signal old, and nothing else late.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from resilience.aws import Aws, AwsError
from resilience.evacuation import flag_of
from resilience.failover import (
    FLAGGED,
    NEVER,
    Action,
    Gates,
    Intent,
    IntentKind,
    Settings,
    Sighting,
    Signal,
    Step,
    Watch,
    decide,
)
from resilience.records import Event
from resilience.resolver import NameServer, ResolutionError
from resilience.senses import AddressBook, check_healthy, serves

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
    """Watches the primary on behalf of the Regions that would take over; `run` until cancelled.

    The standby of the decision is all of these together: it is well while any of them is.
    `events` is the timeline as it saw it. Set `failback_requested` to ask for failback, and
    `gates` as they become known.
    """

    def __init__(
        self,
        topology: Topology,
        aws: Aws,
        *,
        name_server: NameServer,
        target: Target,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self.events: list[Event] = []
        self.state = Watch()
        self.failback_requested = False
        self.gates = Gates()
        self.serving: str | None = None
        self.book = AddressBook(topology, name_server)
        self._primary = topology.primary
        self._others = topology.others(self._primary.region)
        self._flag = flag_of(topology, self._primary.region)
        self._aws = aws
        self._target = target
        self._clock = clock
        self._settings = settings
        self._signals: dict[str, Signal] = {}

    async def run(self) -> None:
        """Poll every sense and decide, until cancelled."""
        senses: tuple[tuple[str, Callable[[], Awaitable[bool | None]]], ...] = (
            ("dns", self._look_at_dns),
            ("flag", self._look_at_flag),
            ("primary_probe", self._look_at_primary),
            ("standby", self._look_at_standby),
            ("check", self._look_at_check),
        )
        async with asyncio.TaskGroup() as group:
            for name, look in senses:
                group.create_task(self._poll(name, look))
            group.create_task(self._decide_forever())

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
            return await asyncio.to_thread(self._flag.read, self._aws)
        except AwsError:
            return None

    async def _look_at_primary(self) -> bool | None:
        return await self._serves(self._primary)

    async def _look_at_standby(self) -> bool | None:
        return any(await asyncio.gather(*(self._serves(region) for region in self._others)))

    async def _serves(self, region: Region) -> bool:
        timeout_s = self._clock.timeout_s(LOOK_TIMEOUT_S)
        return await serves(region, self.book.name_server, self._target, timeout_s)

    async def _look_at_check(self) -> bool | None:
        """Route 53's verdict on the primary: from its API, else from what it answers clients.

        The API's control plane may be lost with the primary; the answers are a global data plane.
        They tell nothing while the flag is set: then another is answered whatever the check.
        """
        verdict = await asyncio.to_thread(check_healthy, self._aws, self._primary.deep_check)
        if verdict is not None or self.state.phase in FLAGGED or self.serving is None:
            return verdict
        return self.serving == self._primary.region

    async def _decide_forever(self) -> None:
        while True:
            await self._decide()
            await self._pause()

    async def _decide(self) -> None:
        at_s = self._clock.now_s()
        dns, flag = self.signal("dns"), self.signal("flag")
        observer_well = bool(dns.well) and flag.well is not None
        observer = Signal(well=observer_well, seen_at_s=min(dns.seen_at_s, flag.seen_at_s))
        seen = Sighting(
            target=self._primary.region,
            probe=self.signal("primary_probe"),
            verdict=self.signal("check"),
            refuge=self.signal("standby"),
            flag=flag,
            gates=self.gates,
            intent=self._intent() if self.failback_requested else None,
        )
        self.state, steps = decide(self.state, seen, observer, at_s, self._settings)
        for step in steps:
            await self._take(step)

    def _intent(self) -> Intent:
        return Intent(
            id="rehearsal",
            kind=IntentKind.FAILBACK,
            target=self._primary.region,
            by="rehearsal",
            reason="the rehearsal asks for failback",
        )

    async def _take(self, step: Step) -> None:
        region = self._primary.region
        if step.action in {Action.REFUSE, Action.NOTIFY}:
            kind = "failover.refused" if step.action is Action.REFUSE else "failover.notified"
            self.note(kind, step.reason, region=region)
            return
        try:
            if step.action is Action.SET_FLAG:
                took = await asyncio.to_thread(
                    self._flag.set, self._aws, reason=step.reason, by="observer"
                )
                self.note("flag.set", f"{step.reason}, in {', '.join(took)}", region=region)
            else:
                await asyncio.to_thread(self._flag.clear, self._aws)
                self.failback_requested = False
                self.note("flag.cleared", step.reason, region=region)
        except AwsError as error:
            self.note("flag.failed", str(error), region=region)
        # A look at the flag that began before the write ended says nothing about it.
        self.state = replace(self.state, changed_at_s=self._clock.now_s())
