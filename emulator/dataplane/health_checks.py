"""Route 53's health checkers: sixteen an endpoint, each on its own phase, and their quorum.

What is modelled is said in `health_quorum` (arithmetic) and `health_probe` (one request). A
checker in a lost Region neither sends nor counts. Calculated checks and checks on alarms follow
their inputs at once; AWS takes some seconds to bring a change to its DNS servers (unverified, not
modelled).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from emulator.addresses import checker_address
from emulator.dataplane import health_quorum as quorum
from emulator.dataplane.health_probe import CheckerTls, Probed, probe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from emulator.addresses import Block
    from emulator.dataplane.world import World
    from emulator.store import HealthCheck

ENDPOINT_TYPES: Final = frozenset({"HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP"})

LOOK_EVERY_S: Final = 0.25
"""Real seconds between looks for new checks, deleted ones and alarm states."""


PUBLISH_EVERY_S: Final = 15.0
"""Emulated seconds between points of a check's metrics; AWS has one a minute."""

METRICS_REGION: Final = "us-east-1"


class CheckerReport(NamedTuple):
    """What one checker says, as GetHealthCheckStatus shows it."""

    region: str
    ip: str
    healthy: bool
    reason: str
    checked_at: datetime


@dataclass(kw_only=True)
class _Checker:
    """One checker of one health check. `due_s` is emulated Unix time.

    `out`: its Region was lost when it was due. It counts again once it has asked again, and begins
    with what the others say: an opinion from before the loss is worth nothing.
    """

    number: int
    region: str
    ip: str
    due_s: float
    streak: quorum.Streak = field(default_factory=quorum.Streak)
    last: Probed | None = None
    checked_at: datetime | None = None
    out: bool = False


class HealthCheckers:
    """Runs every deployed health check and knows each one's status."""

    def __init__(
        self,
        world: World,
        block: Block,
        *,
        resolve: Callable[[str], Sequence[str]],
        checkers_in_a_region: int = quorum.CHECKERS_IN_A_REGION,
    ) -> None:
        self._world = world
        self._store = world.store
        self._clock = world.clock
        self._faults = world.faults
        self._block = block
        self._resolve = resolve
        self._per_region = checkers_in_a_region
        self._tls = CheckerTls.make()
        self._checkers: dict[str, list[_Checker]] = {}
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._probes: set[asyncio.Task[None]] = set()
        self._base: dict[str, bool] = {}
        self._known: dict[str, bool] = {}
        self._look: asyncio.Task[None] | None = None
        self._seen = 0
        self._published_s = 0.0

    async def start(self) -> None:
        """Begin to check."""
        self._look = asyncio.create_task(self._look_around())

    async def stop(self) -> None:
        """End every checker. Idempotent."""
        tasks = [*self._runs.values(), *self._probes]
        if self._look is not None:
            tasks.append(self._look)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._runs.clear()

    def healthy(self, check_id: str) -> bool:
        """Status of a check; a check that does not exist holds nothing back and is healthy."""
        check = self._store.health_check(check_id)
        return True if check is None else self._status(check)

    def reports(self, check_id: str) -> list[CheckerReport]:
        """What each reporting checker of a check on an endpoint last said."""
        return [
            CheckerReport(
                region=checker.region,
                ip=checker.ip,
                healthy=checker.streak.healthy,
                reason=checker.last.reason,
                checked_at=checker.checked_at,
            )
            for checker in self._reporting(check_id)
            if checker.last is not None and checker.checked_at is not None
        ]

    def _status(self, check: HealthCheck) -> bool:
        return quorum.status(check, base=self._base_status, find=self._store.health_check)

    def _base_status(self, check: HealthCheck) -> bool:
        """Whether the endpoint or the alarm of a check is healthy, before inversion."""
        before = self._base.get(check.id, quorum.INITIALLY_HEALTHY)
        if check.type in ENDPOINT_TYPES:
            healthy = self._count(check.id).verdict(before=before)
        elif check.type == "CLOUDWATCH_METRIC":
            # AWS follows the alarm's metric, not its state; here the state is what is evaluated.
            # A lost Region sends no metric data, and so the setting for that decides.
            state = "INSUFFICIENT_DATA"
            if not self._faults.region_lost(check.alarm_region):
                state = self._store.alarm_state(check.alarm_region, check.alarm_name)
            healthy = quorum.alarm_healthy(state, check.insufficient_data_status, last_known=before)
        else:
            healthy = before
        self._base[check.id] = healthy
        return healthy

    def _count(self, check_id: str) -> quorum.Count:
        return quorum.count(each.streak.healthy for each in self._reporting(check_id))

    def _reporting(self, check_id: str) -> list[_Checker]:
        return [
            checker
            for checker in self._checkers.get(check_id, ())
            if not checker.out and not self._faults.region_lost(checker.region)
        ]

    async def _look_around(self) -> None:
        """Start checkers of new checks, end those of deleted ones, note what changed."""
        while True:
            checks = self._store.health_checks()
            for check in checks:
                if check.type in ENDPOINT_TYPES and check.id not in self._runs:
                    self._checkers[check.id] = self._new_checkers(check)
                    self._runs[check.id] = asyncio.create_task(self._run(check.id))
            for gone in set(self._runs) - {check.id for check in checks}:
                self._runs.pop(gone).cancel()
                del self._checkers[gone]
                self._known.pop(gone, None)
            self._note_changes(checks)
            self._publish(checks)
            await asyncio.sleep(LOOK_EVERY_S)

    def _new_checkers(self, check: HealthCheck) -> list[_Checker]:
        regions = [
            region
            for region in check.regions or quorum.CHECKER_REGIONS
            for _ in range(self._per_region)
        ]
        # Ids differ from run to run; the order of creation does not, so the seed fixes the phases.
        self._seen += 1
        chance = self._world.chance(f"phases of health check {self._seen}")
        now_s = self._clock.now_s()
        return [
            _Checker(
                number=n,
                region=region,
                ip=checker_address(n),
                due_s=now_s + chance.random() * check.interval_s,
            )
            for n, region in enumerate(regions)
        ]

    async def _run(self, check_id: str) -> None:
        """Send each checker's request when it is due, at a fixed rate, never in bursts."""
        while True:
            checker = min(self._checkers[check_id], key=lambda each: each.due_s)
            await self._clock.sleep(checker.due_s - self._clock.now_s())
            check = self._store.health_check(check_id)
            if check is None:
                return
            missed = max(int((self._clock.now_s() - checker.due_s) // check.interval_s), 0)
            checker.due_s += check.interval_s * (missed + 1)
            checker.out = checker.out or self._faults.region_lost(checker.region)
            if check.disabled or self._faults.region_lost(checker.region):
                continue
            task = asyncio.create_task(self._send(check, checker))
            self._probes.add(task)
            task.add_done_callback(self._probes.discard)

    async def _send(self, check: HealthCheck, checker: _Checker) -> None:
        addresses = [check.ip_address] if check.ip_address else self._resolve(check.fqdn)
        address = addresses[checker.number % len(addresses)] if addresses else ""
        if not address:
            result = Probed(passed=False, reason=f"Failure: DNS resolution of {check.fqdn} failed.")
        elif not address.startswith("127."):
            reason = f"Failure: {address} is outside the emulator, which reaches loopback only."
            result = Probed(passed=False, reason=reason)
        else:
            port = self._block.listener_port(check.port)
            came_from = self._block.checker(checker.number)
            result = await probe(
                check, address, port, world=self._world, tls=self._tls, came_from=came_from
            )
        if self._faults.region_lost(checker.region):
            return  # lost while it asked: its answer reaches nobody
        checker.last = result
        checker.checked_at = self._clock.now()
        if checker.out:
            checker.out = False
            checker.streak = quorum.Streak(healthy=self._base_status(check))
        if checker.streak.observe(passed=result.passed, threshold=check.failure_threshold):
            self._note_changes(self._store.health_checks())

    def _note_changes(self, checks: Sequence[HealthCheck]) -> None:
        """Record each check whose status is not what it was."""
        for check in checks:
            healthy = self._status(check)
            before = self._known.get(check.id)
            self._known[check.id] = healthy
            if before is not None and before != healthy:
                self._world.events.record(
                    "health_check.changed", **self._facts(check, healthy=healthy)
                )

    def _publish(self, checks: Sequence[HealthCheck]) -> None:
        """Tell CloudWatch, which keeps Route 53's metrics in us-east-1 alone.

        https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
        """
        now_s = self._clock.now_s()
        if now_s - self._published_s < PUBLISH_EVERY_S:
            return
        self._published_s = now_s
        for check in checks:
            figures = [("HealthCheckStatus", float(self._status(check)), "None")]
            if check.type in ENDPOINT_TYPES:
                counted = self._count(check.id)
                if counted.reporting:
                    share = 100 * counted.healthy / counted.reporting
                    figures.append(("HealthCheckPercentageHealthy", share, "Percent"))
            elif check.type == "CALCULATED":
                children = (self._store.health_check(each) for each in check.children)
                healthy = sum(child is not None and self._status(child) for child in children)
                figures.append(("ChildHealthCheckHealthyCount", float(healthy), "None"))
            for name, value, unit in figures:
                dimensions = {"HealthCheckId": check.id}
                self._world.metrics.put(
                    METRICS_REGION, "AWS/Route53", name, dimensions, value, unit=unit
                )

    def _facts(self, check: HealthCheck, *, healthy: bool) -> dict[str, Any]:
        counted = self._count(check.id)
        facts: dict[str, Any] = {"id": check.id, "type": check.type, "healthy": healthy}
        if check.type in ENDPOINT_TYPES:
            facts |= {
                "target": f"{check.fqdn or check.ip_address}:{check.port}{check.path}",
                "inverted": check.inverted,
                "checkers_healthy": counted.healthy,
                "checkers_reporting": counted.reporting,
            }
        return facts
