"""Open-loop probes: clients send at a fixed rate, whatever happens to earlier requests.

A closed loop (send, wait, send) goes quiet exactly while things are bad and so hides outages; here
each probe has its time on a schedule laid down in advance, and a silence costs as many probes as
it lasted.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from resilience.client import REGION_HEADER, RELEASE_HEADER, Attempt, Client, Target
from resilience.records import Connection, Probe
from resilience.resolver import CachingResolver, NameServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resilience.clock import Clock

CLIENTS = 8
RESOLUTION_DIGITS = 4
"""Times are kept to a tenth of a millisecond, so that a journal holds exactly what was measured."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """How clients behave. Rates and times are on the scenario's clock."""

    rate_per_s: float
    timeout_s: float = 2.0
    clients: int = CLIENTS


def place_of(client: int, places: int) -> int:
    """Say in which place a client is: one that keeps connections beside one that does not."""
    return client // 2 % places


class Prober:
    """Sends probes from several simulated clients in turn, half keeping connections, half not.

    `probes` grows as replies end, in the order they end. With several `name_servers`, clients are
    in as many places: two of a kind beside each other, then the next two (`place_of`).
    """

    def __init__(
        self,
        load: Load,
        *,
        target: Target,
        name_servers: Sequence[NameServer],
        clock: Clock,
        seed: int,
    ) -> None:
        self.probes: list[Probe] = []
        self.clients = load.clients
        self._load = load
        self._golden = len(target.release.golden)
        self._clock = clock
        self._stopping = asyncio.Event()
        self._in_flight: dict[asyncio.Task[None], float] = {}
        self._next_s = clock.now_s()
        self._clients = [
            Client(
                number,
                Connection.KEPT if number % 2 else Connection.FRESH,
                target=target,
                resolver=CachingResolver(
                    name_servers[place_of(number, len(name_servers))],
                    clock.now_s,
                    first_life_ratio=(number + 1) / load.clients,
                ),
                random=Random(f"{seed}/{number}"),  # noqa: S311 - picks addresses, guards nothing
            )
            for number in range(load.clients)
        ]

    async def run(self) -> None:
        """Send probes until `stop`, then wait for those in flight; each has its own deadline."""
        start_s = self._clock.now_s()
        tick = 0
        try:
            while not self._stopping.is_set():
                scheduled_s = start_s + tick / self._load.rate_per_s
                self._next_s = scheduled_s
                await self._clock.sleep_until(scheduled_s)
                task = asyncio.create_task(self._probe(tick, scheduled_s))
                self._in_flight[task] = scheduled_s
                task.add_done_callback(self._in_flight.pop)
                tick += 1
            await asyncio.gather(*tuple(self._in_flight))
        finally:
            for task in self._in_flight:
                task.cancel()
            await asyncio.gather(*tuple(self._in_flight), return_exceptions=True)
            for client in self._clients:
                client.close()

    def stop(self) -> None:
        """Send no more probes."""
        self._stopping.set()

    def settled_until_s(self) -> float:
        """Up to when every probe's outcome is known: the earliest one still on its way."""
        return min(self._in_flight.values(), default=self._next_s)

    async def _probe(self, tick: int, scheduled_s: float) -> None:
        client = self._clients[tick % len(self._clients)]
        # Shift by one each round, so that every client walks through all golden requests.
        index = (tick + tick // len(self._clients)) % self._golden
        timeout_s = self._clock.timeout_s(self._load.timeout_s)
        attempt = await client.ask(index, f"probe-{tick}", timeout_s)
        self.probes.append(self._record(client, scheduled_s, attempt))

    def _record(self, client: Client, scheduled_s: float, attempt: Attempt) -> Probe:
        reply = attempt.reply
        return Probe(
            scheduled_s=round(scheduled_s, RESOLUTION_DIGITS),
            client=client.number,
            connection=client.connection,
            outcome=attempt.outcome,
            latency_s=round(self._clock.now_s() - scheduled_s, RESOLUTION_DIGITS),
            address=attempt.address,
            region=None if reply is None else reply.headers.get(REGION_HEADER),
            release=None if reply is None else reply.headers.get(RELEASE_HEADER),
            status=None if reply is None else reply.status,
        )
