"""The world of a drill that is run from a laptop: boto3, open-loop clients, a name server.

Clients probe in an event loop of their own thread while steps run: what they see is what a
rehearsal's clients see, by the same prober.
"""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import TimeoutError as LateError
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from resilience.aws import AwsRefusedError, AwsUnreachableError
from resilience.experiments.core.world import CallError
from resilience.prober import Load, Prober
from resilience.resolver import NameServer, ResolutionError
from resilience.senses import serves, verdict
from resilience.writer import period_s

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from resilience.aws import Aws
    from resilience.client import Target
    from resilience.clock import Clock
    from resilience.records import Probe
    from resilience.topology import Topology

Result = TypeVar("Result")

LOOK_TIMEOUT_S: Final = 2.0
POLL_REAL_S: Final = 0.1
START_REAL_S: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Seat:
    """Where the laptop sits: what it reaches AWS by, what clients ask, whose clock counts.

    `origin_s` is the drill's Unix time at the clock's zero: an emulator's time may be another.
    """

    topology: Topology
    aws: Aws
    target: Target
    name_server: tuple[str, int]
    clock: Clock
    origin_s: float
    rate_per_s: float
    seed: int = 0


class LaptopWorld:
    """`core.world.World` on a laptop. A context manager: clients probe while it is entered."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self._why = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        timeout_s = seat.clock.timeout_s(LOOK_TIMEOUT_S)
        self._server = NameServer(seat.name_server, timeout_s=timeout_s)
        self._look_s = timeout_s
        self._prober: Prober | None = None
        self._probing: Any = None

    def __enter__(self) -> Self:
        """Let clients probe."""
        self._thread.start()
        self._prober = self._run(self._made(self.seat.target, self.seat.rate_per_s))
        self._probing = asyncio.run_coroutine_threadsafe(self._prober.run(), self._loop)
        return self

    def __exit__(self, *_: object) -> None:
        """Let them end, and close the loop."""
        if self._prober is not None:
            self._loop.call_soon_threadsafe(self._prober.stop)
            self._probing.result(START_REAL_S + 2 * self._look_s)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_REAL_S)
        self._loop.close()

    def stop(self, why: str) -> None:
        """Ask the drill to end at its next look."""
        self._why = self._why or why

    def stopped(self) -> str:
        """Say why the drill is to end: somebody said so, or the clients do not run any more."""
        if self._probing is not None and self._probing.done():
            return self._why or f"the clients ended: {self._probing.exception()}"
        return self._why

    def now_s(self) -> float:
        """Unix time on the drill's clock."""
        return self.seat.origin_s + self.seat.clock.now_s()

    def call(self, service: str, operation: str, *, region: str, **parameters: Any) -> Any:
        """Make one call to AWS."""
        try:
            return self.seat.aws.call(service, operation, region=region, **parameters)
        except AwsRefusedError as error:
            raise CallError(str(error.call), error.code, error.explanation) from error
        except AwsUnreachableError as error:
            code = "NoCredentials" if "credentials" in str(error).lower() else ""
            raise CallError(str(error.call), code, error.explanation) from error

    def watch(self, for_s: float, meanwhile: Callable[[], None] | None = None) -> tuple[Probe, ...]:
        """Wait while clients probe, in a thread of their own; their probes stay here."""
        due_s = self.now_s()
        end_s = due_s + for_s
        while self.now_s() < end_s and not self.stopped():
            if meanwhile is not None and self.now_s() >= due_s:
                due_s = self.now_s() + period_s(self.seat.clock.speed)
                meanwhile()
            time.sleep(POLL_REAL_S)
        return ()

    def probes(self, kept: Sequence[Probe]) -> tuple[Probe, ...]:
        """Give every probe whose outcome, and that of all before it, is known; in Unix times."""
        if self._prober is None:
            return tuple(kept)
        until_s = self._prober.settled_until_s()
        return tuple(
            replace(each, scheduled_s=round(each.scheduled_s + self.seat.origin_s, 4))
            for each in tuple(self._prober.probes)
            if each.scheduled_s < until_s
        )

    def own_probes(self) -> tuple[Probe, ...]:
        """Give them in seconds of the run's own clock, as a journal has them."""
        if self._prober is None:
            return ()
        until_s = self._prober.settled_until_s()
        return tuple(p for p in tuple(self._prober.probes) if p.scheduled_s < until_s)

    def request_ids(self, probes: Sequence[Probe]) -> frozenset[str]:
        """Name requests as the prober does: by their place in the open loop's schedule."""
        rate_per_s = self.seat.rate_per_s
        first_s = min((p.scheduled_s for p in self.probes(())), default=0.0)
        return frozenset(f"probe-{round((p.scheduled_s - first_s) * rate_per_s)}" for p in probes)

    def serves(self, region: str) -> bool:
        """Ask a Region one golden request by its own name."""
        place = self.seat.topology.region(region)
        return self._run(serves(place, self._server, self.seat.target, self._look_s))

    def healthy(self, region: str) -> bool | None:
        """Ask the name server for Route 53's verdict."""
        topology = self.seat.topology
        return self._run(verdict(topology.region(region), topology.zone_name, self._server))

    def leads_to(self) -> frozenset[str] | None:
        """Ask where clients are led."""
        return self._resolved(self.seat.topology.predict_name)

    def addresses(self, region: str) -> frozenset[str]:
        """Ask for a Region's addresses."""
        return self._resolved(self.seat.topology.region(region).regional_name) or frozenset()

    def burst(self, region: str, *, rate_per_s: float, for_s: float) -> tuple[Probe, ...]:
        """Send a step load to a Region's own name, open loop, by clients that keep nothing."""
        name = self.seat.topology.region(region).regional_name
        target = replace(self.seat.target, name=name)

        async def burst() -> tuple[Probe, ...]:
            prober = await self._made(target, rate_per_s)
            sending = asyncio.ensure_future(prober.run())
            await self.seat.clock.sleep(for_s)
            prober.stop()
            await sending
            return tuple(prober.probes)

        return self._run(burst(), within_s=for_s / self.seat.clock.speed + 4 * self._look_s)

    async def _made(self, target: Target, rate_per_s: float) -> Prober:
        return Prober(
            Load(rate_per_s=rate_per_s),
            target=target,
            name_servers=(self._server,),
            clock=self.seat.clock,
            seed=self.seat.seed,
        )

    def _resolved(self, name: str) -> frozenset[str] | None:
        try:
            return frozenset(self._run(self._server.resolve(name)).addresses)
        except ResolutionError:
            return None

    def _run(self, work: Coroutine[Any, Any, Result], *, within_s: float = 0.0) -> Result:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(START_REAL_S + within_s + 4 * self._look_s)
        except LateError:
            future.cancel()
            raise
