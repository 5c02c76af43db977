"""Open-loop probes over real DNS, TLS and HTTP on loopback."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from servers import (
    GOLDEN,
    NAME,
    RELEASE,
    Names,
    RegionServer,
    authority,
    name_server,
    region_server,
)

from resilience.client import Target
from resilience.clock import Clock
from resilience.prober import Load, Prober, place_of
from resilience.records import Connection, Outcome
from resilience.resolver import NameServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

RATE = 40.0


@dataclass
class World:
    one: RegionServer
    two: RegionServer
    names: Names
    prober: Prober
    clock: Clock

    async def probe_for(self, seconds: float, *events: tuple[float, Callable[[], object]]) -> None:
        running = asyncio.create_task(self.prober.run())
        start = self.clock.now_s()
        for at_s, act in events:
            await self.clock.sleep_until(start + at_s)
            act()
        await self.clock.sleep_until(start + seconds)
        self.prober.stop()
        await asyncio.wait_for(running, 20)

    def shift(self) -> None:
        self.names.answers[NAME] = ("A", ["127.0.0.3"], 1)


def play(folder: Path, story: Callable[[World], Awaitable[None]], *, trusted: bool = True) -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack:
            ca = authority(folder / "ca")
            trust = authority(folder / ("ca" if trusted else "other"))
            tls = ca.server_context([NAME])
            one, two = RegionServer("one"), RegionServer("two")
            port = await stack.enter_async_context(region_server(one, "127.0.0.2", 0, tls))
            await stack.enter_async_context(region_server(two, "127.0.0.3", port, tls))
            names, address = await stack.enter_async_context(
                name_server({NAME: ("A", ["127.0.0.2"], 1)})
            )
            clock = Clock()
            prober = Prober(
                Load(rate_per_s=RATE, timeout_s=1.0, clients=4),
                target=Target(
                    name=NAME,
                    port=port,
                    trust=ssl.create_default_context(cafile=str(trust.ca_file)),
                    release=GOLDEN,
                ),
                name_servers=[NameServer(address, timeout_s=1)],
                clock=clock,
                seed=1,
            )
            await story(World(one, two, names, prober, clock))

    asyncio.run(asyncio.wait_for(run(), 60))


def test_right_answers_are_good_and_say_who_gave_them(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.probe_for(1)
        probes = world.prober.probes
        assert len(probes) >= RATE * 0.9
        assert all(p.good and p.region == "one" and p.release == RELEASE for p in probes)
        assert {p.address for p in probes} == {"127.0.0.2"}

    play(tmp_path, story)


def test_slow_replies_never_delay_the_next_probe(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.one.delay_s = 0.7
        await world.probe_for(2)
        times = sorted(p.scheduled_s for p in world.prober.probes)
        gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert all(gap == pytest.approx(1 / RATE, abs=0.001) for gap in gaps), "an open loop"
        assert world.one.requests >= RATE * 2 * 0.9, "probes were sent while others waited"

    play(tmp_path, story)


def test_half_the_clients_keep_connections_and_half_do_not(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.probe_for(2)
        fresh = sum(p.connection is Connection.FRESH for p in world.prober.probes)
        assert fresh == pytest.approx(len(world.prober.probes) / 2, abs=1)
        assert fresh < world.one.connections <= fresh + 6, "kept connections were reused"

    play(tmp_path, story)


def test_kept_connections_stay_where_they_are_when_dns_moves(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.probe_for(4, (1, world.shift))
        late = [p for p in world.prober.probes if p.scheduled_s > world.clock.now_s() - 1.5]
        assert {p.region for p in late if p.connection is Connection.FRESH} == {"two"}
        assert {p.region for p in late if p.connection is Connection.KEPT} == {"one"}

    play(tmp_path, story)


def test_a_region_that_hangs_costs_timeouts_until_clients_have_moved(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        def hang() -> None:
            world.one.hang_from = 0
            world.shift()

        await world.probe_for(5, (1, hang))
        outcomes = {p.outcome for p in world.prober.probes if not p.good}
        assert outcomes == {Outcome.TIMEOUT}
        late = [p for p in world.prober.probes if p.scheduled_s > world.clock.now_s() - 2.5]
        assert late
        assert all(p.good and p.region == "two" for p in late), "kept clients moved as well"

    play(tmp_path, story)


def test_a_connection_closed_while_idle_costs_no_reply(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.probe_for(2, (1, world.one.drop_connections))
        bad = [p for p in world.prober.probes if not p.good and p.connection is Connection.KEPT]
        assert bad == []

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"release": "b" * 64}, Outcome.WRONG_ANSWER),
        ({"status": 503}, Outcome.BAD_STATUS),
    ],
    ids=["another release", "503"],
)
def test_a_wrong_answer_is_told_from_a_right_one(
    tmp_path: Path, change: dict[str, object], outcome: Outcome
) -> None:
    async def story(world: World) -> None:
        for name, value in change.items():
            setattr(world.one, name, value)
        await world.probe_for(0.5)
        assert {p.outcome for p in world.prober.probes} == {outcome}

    play(tmp_path, story)


def test_a_certificate_of_another_authority_is_not_accepted(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.probe_for(0.5)
        assert {p.outcome for p in world.prober.probes} == {Outcome.NO_CONNECTION}
        assert world.one.requests == 0, "nothing was sent to an unverified server"

    play(tmp_path, story, trusted=False)


def test_a_name_without_address_is_a_bad_reply_not_an_error(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.names.answers.clear()
        await world.probe_for(0.5)
        assert {p.outcome for p in world.prober.probes} == {Outcome.NO_ADDRESS}

    play(tmp_path, story)


def test_probes_on_their_way_are_not_counted_as_settled(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.one.delay_s = 0.5
        running = asyncio.create_task(world.prober.run())
        await asyncio.sleep(1)
        behind_s = world.clock.now_s() - world.prober.settled_until_s()
        assert 0.4 < behind_s < 1.0, "the earliest probe on its way bounds what is known"
        world.prober.stop()
        await asyncio.wait_for(running, 10)

    play(tmp_path, story)


def test_every_place_has_a_client_that_keeps_connections_and_one_that_does_not() -> None:
    for places in (1, 2, 3, 5):
        held = {(place_of(client, places), client % 2) for client in range(2 * places)}
        assert held == {(place, kind) for place in range(places) for kind in (0, 1)}
