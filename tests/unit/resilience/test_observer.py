"""Watching the observers: real DNS and TLS on loopback, and an AWS that is half there."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from servers import GOLDEN, Names, RegionServer, authority, name_server, region_server
from topologies import ZONE, topology

from resilience.aws import Aws, AwsMissingError, AwsUnreachableError, Call
from resilience.client import Target
from resilience.clock import Clock
from resilience.failover import Brain, Phase, Watch
from resilience.functions.observer_memory import Memory, item_of
from resilience.observer import Observer, quiet
from resilience.resolver import NameServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

PREDICT, EAST, WEST = (f"predict.{x}{ZONE}" for x in ("", "us-east-1.", "us-west-2."))
VERDICT = f"verdict.us-east-1.{ZONE}"
SPEED = 5.0


@dataclass
class Half:
    """An AWS that keeps the flag and the deployed observers' items, and may be out of reach."""

    objects: set[str] = field(default_factory=set[str])
    items: dict[str, Watch] = field(default_factory=dict[str, Watch])
    away: bool = False
    calls: list[str] = field(default_factory=list[str])

    def call(self, service: str, operation: str, *, region: str, **parameters: Any) -> Any:
        call = Call(service=service, operation=operation, region=region)
        self.calls.append(str(call))
        if self.away:
            raise AwsUnreachableError(call, "closed")
        if operation == "query":
            return {"Items": [self._item(watcher, watch) for watcher, watch in self.items.items()]}
        assert operation == "head_object", "it looks, and touches nothing"
        if f"{parameters['Bucket']}/{parameters['Key']}" not in self.objects:
            raise AwsMissingError(call, "404", "no")
        return {}

    def _item(self, watcher: str, watch: Watch) -> Any:
        memory = Memory(since_s=0.0, brain=Brain(watches={"us-east-1": watch}))
        return item_of(memory, watcher, release="", written_at="")


@dataclass
class World:
    east: RegionServer
    west: RegionServer
    names: Names
    aws: Half
    observer: Observer

    def serve_from(self, address: str) -> None:
        self.names.answers[PREDICT] = ("A", [address], 10)

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 - what it did is what is looked at
                await asyncio.sleep(0.05)
        assert condition(), what


def play(folder: Path, story: Callable[[World], Awaitable[None]]) -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack:
            ca = authority(folder)
            tls = ca.server_context([PREDICT, EAST, WEST])
            east, west = RegionServer("us-east-1"), RegionServer("us-west-2")
            port = await stack.enter_async_context(region_server(east, "127.0.0.2", 0, tls))
            await stack.enter_async_context(region_server(west, "127.0.0.3", port, tls))
            names, address = await stack.enter_async_context(
                name_server(
                    {
                        EAST: ("A", ["127.0.0.2"], 60),
                        WEST: ("A", ["127.0.0.3"], 60),
                        PREDICT: ("A", ["127.0.0.2"], 10),
                        VERDICT: ("A", ["192.0.2.1"], 10),
                    }
                )
            )
            aws = Half()
            observer = Observer(
                topology(),
                cast("Aws", aws),
                name_server=NameServer(address, timeout_s=1),
                target=Target(
                    name=PREDICT,
                    port=port,
                    trust=ssl.create_default_context(cafile=str(ca.ca_file)),
                    release=GOLDEN,
                ),
                clock=Clock(SPEED),
            )
            running = asyncio.create_task(observer.run())
            try:
                await story(World(east, west, names, aws, observer))
                assert not running.done(), "the observer goes on whatever it sees"
            finally:
                while not running.done():  # one cancel may be lost to a time-out of that moment
                    running.cancel()
                    await asyncio.wait({running}, timeout=1)

    asyncio.run(asyncio.wait_for(run(), 60))


def last(observer: Observer, kind: str) -> str:
    return [event.detail for event in observer.events if event.kind == kind][-1]


def kinds(observer: Observer) -> list[str]:
    return [event.kind for event in observer.events]


def test_what_the_deployed_observers_do_is_put_on_the_timeline(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        observer = world.observer
        await world.until(lambda: observer.serving == "us-east-1", "the primary serves")
        await world.until(lambda: quiet(observer), "nobody keeps traffic away")
        world.east.hang_from = 0
        world.serve_from("127.0.0.3")
        world.names.answers[VERDICT] = ("A", ["192.0.2.2"], 10)
        await world.until(lambda: observer.signal("check").well is False, "Route 53's word")
        world.aws.items["us-west-2"] = Watch(phase=Phase.LATCHED)
        await world.until(lambda: "observer.phase" in kinds(observer), "a phase")
        assert not observer.latched, "a thought is no flag"
        world.aws.objects.add("us-west-2-evacuation/evacuation/us-east-1")
        await world.until(lambda: observer.latched, "the latch")
        assert last(observer, "flag.set") == "in us-west-2"
        assert last(observer, "dns.answer") == "clients are sent to us-west-2"
        world.aws.items["us-west-2"] = Watch(phase=Phase.FAILING_BACK, told="not yet")
        await world.until(lambda: observer.refusal == "not yet", "a refusal")
        assert last(observer, "failover.refused") == "us-west-2: not yet"
        world.aws.items["us-west-2"] = Watch()
        await world.until(lambda: observer.refusal == "", "the word was obeyed")
        assert not quiet(observer), "the flag is still there"
        world.aws.objects.clear()
        await world.until(lambda: quiet(observer), "traffic may go back")
        assert kinds(observer).count("flag.set") == kinds(observer).count("flag.cleared") == 1

    play(tmp_path, story)


def test_what_cannot_be_read_is_neither_latched_nor_quiet(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        observer = world.observer
        world.aws.away = True
        await world.until(lambda: observer.serving == "us-east-1", "the primary serves")
        await world.until(lambda: "query" in str(world.aws.calls), "it asked")
        await asyncio.sleep(1)
        assert not observer.latched
        assert not quiet(observer)

    play(tmp_path, story)


def test_an_observer_ends_though_a_look_loses_the_cancel(tmp_path: Path) -> None:
    """As `asyncio.wait_for` does in Python 3.11 when the answer comes in that moment."""
    lost: list[str] = []

    async def look() -> bool:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            lost.append("cancel")
        return True

    async def story(world: World) -> None:
        polling = asyncio.create_task(world.observer._poll("dns", look))
        await asyncio.sleep(0)
        polling.cancel()
        async with asyncio.timeout(20):
            await polling
        assert lost == ["cancel"], "the poll ended by itself"

    play(tmp_path, story)
