"""What a scenario plays on: Regions to lose, clients that probe, an observer that decides."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resilience import intents
from resilience.aws import Aws, AwsError
from resilience.journal import Expectation, Phase
from resilience.measurement import Marks, Steady, recovery_time_s
from resilience.prober import place_of
from resilience.records import Connection, Event, Probe

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from resilience.clock import Clock
    from resilience.failover import IntentKind
    from resilience.observer import Observer
    from resilience.prober import Prober
    from resilience.progress import Progress
    from resilience.rehearsal.plan import Plan
    from resilience.stage import Loss, Stage
    from resilience.topology import Topology
    from resilience.writer import Writer

POLL_REAL_S = 0.2


@dataclass(kw_only=True)
class Scene:
    """Everything a scenario may use, and what it leaves behind for the journal.

    `homes` are the Regions that serve while all are well, one for each place clients are in.
    """

    topology: Topology
    stage: Stage
    aws: Aws
    clock: Clock
    prober: Prober
    writer: Writer
    observer: Observer
    plan: Plan
    steady: Steady
    progress: Progress
    homes: tuple[str, ...]
    phases: list[Phase] = field(default_factory=list[Phase])
    expectations: list[Expectation] = field(default_factory=list[Expectation])
    events: list[Event] = field(default_factory=list[Event])

    @contextmanager
    def phase(self, name: str) -> Generator[float]:
        """Mark a stretch of the run; gives its start."""
        from_s = self.clock.now_s()
        self.progress.step(name)
        try:
            yield from_s
        finally:
            self.phases.append(Phase(name=name, from_s=from_s, until_s=self.clock.now_s()))

    def expect(self, name: str, detail: str, *, held: bool) -> bool:
        """Write down whether something promised was seen."""
        self.expectations.append(Expectation(name=name, held=held, detail=detail))
        if not held:
            self.progress.note(f"not held: {name}: {detail}")
        return held

    async def until(self, condition: Callable[[], bool], deadline_s: float) -> bool:
        """Wait until a condition holds, at most this long. Tells whether it did."""
        give_up_s = self.clock.now_s() + deadline_s
        while not condition():
            if self.clock.now_s() >= give_up_s:
                return False
            self.progress.update(self.recent())
            await asyncio.sleep(POLL_REAL_S)
        return True

    async def lose(self, region: str) -> Loss:
        """Take a Region away."""
        loss = await asyncio.to_thread(self.stage.lose, region)
        onset_s = self.clock.at_unix_s(loss.onset_unix_s)
        self.events.append(
            Event(at_s=onset_s, kind="fault.lost", detail=f"{region} is lost", region=region)
        )
        return loss

    async def give_back(self, loss: Loss) -> float:
        """Give a Region back, and say when."""
        await asyncio.to_thread(self.stage.give_back, loss)
        now_s = self.clock.now_s()
        detail = f"{loss.region} is given back"
        self.events.append(
            Event(at_s=now_s, kind="fault.restored", detail=detail, region=loss.region)
        )
        return now_s

    async def ask(self, kind: IntentKind, region: str) -> None:
        """Give the observers an operator's word, as an operator gives it."""
        asked = intents.word(kind, region, by="rehearsal", reason=f"the rehearsal asks for {kind}")

        def give() -> str:
            now_s = self.stage.emulated_now_s()
            return intents.give(self.aws, self.topology, asked, now_s=now_s)

        took = await asyncio.to_thread(give)
        self.events.append(
            Event(
                at_s=self.clock.now_s(),
                kind="operator.word",
                detail=f"{kind} of {region}, written in {took}",
                region=region,
            )
        )

    def onset_s(self, loss: Loss) -> float:
        """When a loss began, in scenario seconds."""
        return self.clock.at_unix_s(loss.onset_unix_s)

    def settled(self, from_s: float) -> list[Probe]:
        """List the probes since an instant up to the first that is still on its way."""
        until_s = self.prober.settled_until_s()
        return [p for p in self.prober.probes if from_s <= p.scheduled_s < until_s]

    def recovered_since(self, onset_s: float) -> bool:
        """Tell whether an outage began since then and a whole window has held again."""
        until_s = self.prober.settled_until_s()
        seen_s = recovery_time_s(
            self.settled(onset_s), Marks(onset_s=onset_s, until_s=until_s), self.steady
        )
        return seen_s is not None and seen_s > 0

    def home_of(self, client: int) -> str:
        """Name the Region that serves a client while all are well."""
        return self.homes[place_of(client, len(self.homes))]

    def takeover_from(self, *lost: str) -> str:
        """Name the Region that is to serve the clients of the first of these while they are lost.

        With latency records only Route 53 knows: the Region it leads those clients to.
        """
        left = [region.region for region in self.topology.order if region.region not in lost]
        led = self.observer.serving
        nearest = self.topology.routing == "latency" and led in left
        return led if nearest and led is not None else left[0]

    def holds(self, from_s: float, *, kept_too: bool) -> bool:
        """Tell whether replies have been good, and from each client's home, for the steady time.

        Clients that keep connections are moved by DNS only once their connections end, so their
        Region is looked at only where that is what is asked.
        """
        start_s = self.prober.settled_until_s() - self.plan.steady_s
        probes = self.settled(start_s)
        if start_s < from_s or not probes:
            return False
        placed = all(
            p.region == self.home_of(p.client)
            for p in probes
            if p.good and (kept_too or p.connection is Connection.FRESH)
        )
        good = sum(p.good for p in probes)
        return placed and good >= self.steady.success_ratio * len(probes)

    def recent(self) -> str:
        """Say what the last few probes came to."""
        until_s = self.clock.now_s()
        seen = Counter(
            p.region or p.outcome.value
            for p in self.prober.probes[-200:]
            if p.scheduled_s >= until_s - self.steady.window_s
        )
        counted = ", ".join(f"{name} {count}" for name, count in seen.most_common())
        return f"DNS: {self.observer.serving}; last replies: {counted or 'none'}"

    async def held_by(self, region: str) -> frozenset[int] | None:
        """List the writes that a Region holds; None if it cannot be read."""
        try:
            return await self.writer.present(region)
        except AwsError:
            return None
