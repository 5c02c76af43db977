"""The observer against real DNS and TLS on loopback, and an AWS that is half away."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
from failover_world import open_gates
from servers import GOLDEN, Names, RegionServer, authority, name_server, region_server
from topologies import ZONE, topology

from resilience.aws import Aws, AwsMissingError, AwsUnreachableError, Call
from resilience.client import Target
from resilience.clock import Clock
from resilience.failover import FLAGGED, Phase, Settings
from resilience.observer import Observer
from resilience.resolver import NameServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

PREDICT, EAST, WEST = (f"predict.{x}{ZONE}" for x in ("", "us-east-1.", "us-west-2."))
SPEED = 5.0


@dataclass
class Half:
    """An AWS whose Route 53 control plane may be away, and whose S3 keeps the flag."""

    control_plane: bool = False
    objects: set[str] = field(default_factory=set[str])
    healthy: bool = True
    calls: list[str] = field(default_factory=list[str])

    def call(self, service: str, operation: str, *, region: str, **parameters: Any) -> Any:
        call = Call(service=service, operation=operation, region=region)
        self.calls.append(str(call))
        if operation == "get_health_check_status":
            if not self.control_plane:
                raise AwsUnreachableError(call, "closed")
            word = "Success: 200" if self.healthy else "Failure: timed out"
            return {"HealthCheckObservations": [{"StatusReport": {"Status": word}}] * 16}
        key = f"{parameters['Bucket']}/{parameters['Key']}"
        if operation == "put_object":
            self.objects.add(key)
        elif operation == "delete_object":
            self.objects.discard(key)
        elif key not in self.objects:
            raise AwsMissingError(call, "404", "no")
        return {}


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
                settings=Settings(agreement_s=3, hold_down_s=5, stale_after_s=20),
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


def kinds(observer: Observer) -> list[str]:
    return [event.kind for event in observer.events]


def test_a_lost_primary_is_latched_by_one_write_without_any_control_plane(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        observer = world.observer
        await world.until(lambda: observer.serving == "us-east-1", "the primary serves")
        world.east.hang_from = 0
        await asyncio.sleep(2)
        assert observer.state.phase not in FLAGGED, "one signal alone moves nothing"
        world.serve_from("127.0.0.3")
        await world.until(lambda: observer.state.phase is Phase.LATCHED, "the latch")
        await asyncio.sleep(1.5)
        assert world.aws.objects == {"us-west-2-evacuation/evacuation/us-east-1"}
        assert kinds(observer).count("flag.set") == 1
        written = [c for c in world.aws.calls if "put_object" in c]
        assert written == ["s3 put_object in us-west-2"]

    play(tmp_path, story)


def test_failback_waits_for_request_gates_and_hold_down(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        observer = world.observer
        world.aws.objects.add("us-west-2-evacuation/evacuation/us-east-1")
        world.aws.control_plane = True
        world.serve_from("127.0.0.3")
        await world.until(lambda: observer.state.phase is Phase.LATCHED, "the flag is adopted")
        await asyncio.sleep(2)
        assert world.aws.objects, "nobody asked"
        observer.failback_requested = True
        await world.until(lambda: "failover.refused" in kinds(observer), "a refusal")
        assert "replication has not caught up" in observer.events[-1].detail
        observer.gates = open_gates(observer.events[-1].at_s)
        await world.until(lambda: not world.aws.objects, "the flag is cleared")
        await world.until(lambda: observer.state.phase is Phase.SERVING, "serving")

    play(tmp_path, story)


@pytest.mark.parametrize("blind", ["dns", "flag"])
def test_an_observer_that_cannot_see_decides_nothing(tmp_path: Path, blind: str) -> None:
    async def story(world: World) -> None:
        observer = world.observer
        await world.until(lambda: observer.serving == "us-east-1", "the primary serves")
        world.serve_from("127.0.0.3")
        await world.until(lambda: observer.serving == "us-west-2", "the answer moved")
        if blind == "dns":
            assert world.names.transport is not None
            world.names.transport.close()
        else:
            world.aws.call = lambda *_, **__: (_ for _ in ()).throw(  # type: ignore[method-assign]
                AwsUnreachableError(Call(service="s3", operation="x", region="us-west-2"), "gone")
            )
        await asyncio.sleep(1)
        world.east.hang_from = 0
        await asyncio.sleep(4)
        assert "flag.set" not in kinds(observer)
        assert observer.state.phase is Phase.SERVING

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
