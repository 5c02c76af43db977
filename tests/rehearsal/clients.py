"""Clients that ask a stack all the while, and how soon they follow an evacuation.

They run beside the test, each with its own DNS cache. Times are emulated seconds on one clock that
the wall clock of journals and losses translates to.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, replace
from threading import Thread
from typing import TYPE_CHECKING, Final, Self

from resilience.client import Target
from resilience.clock import Clock
from resilience.measurement import Marks, Steady, recovery_time_s
from resilience.prober import Load, Prober
from resilience.records import Connection, Outcome
from resilience.rehearsal.options import default_rate_per_s
from resilience.rehearsal.plan import BUSY_MACHINE_REAL_S
from resilience.resolver import NameServer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from resilience.golden import Release
    from resilience.objectives import Timing
    from resilience.records import Probe
    from resilience.stage import Stage
    from resilience.topology import Topology

STEADY: Final = Steady()
_DNS_WITHIN_REAL_S: Final = 2.0
_END_WITHIN_REAL_S: Final = 60.0


class Clients:
    """Clients of a stack, asking as long as it is entered."""

    def __init__(
        self, stage: Stage, topology: Topology, release: Release, *, speed: float, seed: int
    ) -> None:
        self.clock = Clock(speed)
        credential = stage.credential_for(topology.primary.listener)
        trust = ssl.create_default_context(cafile=str(stage.ca_file))
        self._prober = Prober(
            Load(rate_per_s=default_rate_per_s(speed)),
            target=Target(
                name=topology.predict_name,
                port=stage.https_port,
                trust=credential.present_in(trust),
                release=release,
                credential=credential,
            ),
            name_servers=[NameServer(stage.dns_address, timeout_s=_DNS_WITHIN_REAL_S)],
            clock=self.clock,
            seed=seed,
        )
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Begin to ask."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ask no more, and wait for the last answers."""
        self._loop.call_soon_threadsafe(self._prober.stop)
        self._thread.join(_END_WITHIN_REAL_S)
        assert not self._thread.is_alive(), "clients end"

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._prober.run())
        finally:
            self._loop.close()

    def settled(self) -> tuple[tuple[Probe, ...], float]:
        """Give the requests that have ended, and until when none is on its way any more."""

        async def look() -> tuple[tuple[Probe, ...], float]:
            return tuple(self._prober.probes), self._prober.settled_until_s()

        return asyncio.run_coroutine_threadsafe(look(), self._loop).result(_END_WITHIN_REAL_S)

    def followed_s(
        self, asked_s: float, *, away_from: str, of: Collection[Connection] = tuple(Connection)
    ) -> float | None:
        """Say how long after an instant they were served elsewhere; None if they are not yet.

        Args:
            asked_s: The instant, in scenario seconds.
            away_from: The Region that is left.
            of: The clients that are asked about.
        """
        probes, until_s = self.settled()
        judged = [probe for probe in probes if probe.connection in of]
        return followed_s(judged, asked_s=asked_s, until_s=until_s, away_from=away_from)


def followed_s(
    probes: Iterable[Probe], *, asked_s: float, until_s: float, away_from: str
) -> float | None:
    """Measure how long after a word clients were served well and elsewhere.

    As a recovery is measured: up to the first full window that holds again. An answer of the
    Region that is to be left counts as a bad one. None if no window held before `until_s`.
    """
    judged = [
        replace(probe, outcome=Outcome.WRONG_ANSWER) if probe.region == away_from else probe
        for probe in probes
    ]
    return recovery_time_s(judged, Marks(onset_s=asked_s, until_s=until_s), STEADY)


@dataclass(frozen=True, kw_only=True)
class Promise:
    """How soon after a word clients are served elsewhere, in emulated seconds.

    `allowance_s` is what a busy machine may add, whose work does not run faster with speed.
    """

    promised_s: float
    allowance_s: float

    def check(self, took_s: float | None) -> None:
        """Fail unless clients followed in time."""
        assert took_s is not None, "no client was ever served elsewhere for a whole window"
        assert took_s <= self.promised_s + self.allowance_s, (
            f"clients followed after {took_s:.1f} s: promised are {self.promised_s:g} s (one "
            "window of health checks and a TTL), and a busy machine is allowed "
            f"{self.allowance_s:g} s more"
        )


def promise_of(timing: Timing, *, speed: float) -> Promise:
    """Promise one window of health checks and one TTL."""
    return Promise(
        promised_s=timing.interval_s * timing.failure_threshold + timing.record_ttl_s,
        allowance_s=BUSY_MACHINE_REAL_S * speed,
    )
