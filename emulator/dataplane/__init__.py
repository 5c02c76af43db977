"""The traffic data plane: DNS, health checks, load balancers and Lambda, serving what is deployed.

Everything runs in one event loop. Reading order: `store` (what is deployed), `dns_answers`,
`health_quorum`, `load_balancers`, `lambda_service`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.addresses import LoadBalancerNumbers
from emulator.dataplane.alb_access_logs import AccessLogs, Keep
from emulator.dataplane.alb_firewall import RateLimits
from emulator.dataplane.alb_firewall_logs import FirewallLogs
from emulator.dataplane.alb_tokens import Tokens
from emulator.dataplane.dns import DnsServer, Names
from emulator.dataplane.health_checks import CheckerReport, HealthCheckers
from emulator.dataplane.health_quorum import CHECKERS_IN_A_REGION
from emulator.dataplane.lambda_environment import Network
from emulator.dataplane.lambda_service import LambdaService
from emulator.dataplane.load_balancers import Backends, LoadBalancers
from emulator.dataplane.target_health import TargetHealth, TargetStatus
from emulator.dataplane.world import World
from emulator.outside import Outside
from emulator.watch.metrics import Metrics

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.addresses import Block
    from emulator.certificates import Authority
    from emulator.clock import Clock
    from emulator.dataplane.dns import ZonesAway
    from emulator.dataplane.lambda_logs import ShipLogs
    from emulator.dataplane.lambda_provisioning import ProvisionedStatus
    from emulator.dataplane.lambda_results import InvokeResult
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.store import Store

__all__ = ["CheckerReport", "DataPlane", "TargetStatus"]


class DataPlane:
    """Serves the deployed state. Make it, start it, use it and stop it in one event loop.

    `health_status` and `target_health` only read; call them in the loop's thread as well.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # the seam agreed with the emulator process
        self,
        store: Store,
        clock: Clock,
        faults: FaultBoard,
        events: EventLog,
        block: Block,
        certificates: Authority,
        aws_endpoint: str,
        ship_logs: ShipLogs,
        *,
        work_dir: Path | None = None,
        checkers_in_a_region: int = CHECKERS_IN_A_REGION,
        metrics: Metrics | None = None,
        outside: Outside | None = None,
        keep: Keep | None = None,
        zones_away: ZonesAway = lambda _arn: frozenset(),
        seed: int = 0,
    ) -> None:
        world = World(
            store=store,
            clock=clock,
            faults=faults,
            events=events,
            metrics=metrics or Metrics(clock, faults),
            seed=seed,
        )
        numbers = LoadBalancerNumbers(block)
        self._functions = LambdaService(
            world,
            ship_logs=ship_logs,
            aws_endpoint=aws_endpoint,
            network=Network(dns=block.dns, ca_file=certificates.ca_file),
            work_dir=work_dir or certificates.work_dir,
        )
        self._targets = TargetHealth(world, self._functions)
        self._checks = HealthCheckers(
            world, block, resolve=self.addresses, checkers_in_a_region=checkers_in_a_region
        )
        self._names = Names(
            world,
            numbers,
            checks=self._checks,
            targets=self._targets,
            zones_away=zones_away,
        )
        self._dns = DnsServer(self._names, block.dns)
        backends = Backends(
            world=world,
            functions=self._functions,
            certificates=certificates,
            chance=world.chance("weighted target groups"),
            tokens=Tokens(outside or Outside(), clock),
            access_logs=AccessLogs(clock, keep),
            rate_limits=RateLimits(clock),
            firewall_logs=FirewallLogs(ship_logs),
        )
        self._balancers = LoadBalancers(backends, numbers, block)

    async def start(self) -> None:
        """Begin to serve.

        Raises:
            OSError: the DNS endpoint is in use; nothing is left running then.
        """
        await self._dns.start()
        await self._functions.start()
        await self._balancers.start()
        await self._targets.start()
        await self._checks.start()

    async def stop(self) -> None:
        """End every socket, task and worker process. Idempotent."""
        await self._checks.stop()
        await self._targets.stop()
        await self._balancers.stop()
        await self._functions.stop()
        await self._dns.stop()

    async def invoke(
        self,
        name_or_arn: str,
        qualifier: str | None,
        payload: bytes,
        *,
        region: str,
        event: bool = False,
    ) -> InvokeResult:
        """Invoke a function as Lambda's Invoke does; never raises for what AWS answers.

        An `event` is accepted at once (202) and run later, with Lambda's own retries.
        """
        return await self._functions.invoke(
            name_or_arn,
            qualifier,
            payload,
            region=region,
            invocation_type="Event" if event else "RequestResponse",
        )

    def provisioned(self, region: str, function: str, qualifier: str) -> ProvisionedStatus:
        """How many environments are ready of those provisioned, for its API operations."""
        return self._functions.provisioned(region, function, qualifier)

    def addresses(self, name: str) -> tuple[str, ...]:
        """IPv4 addresses of a name, as DNS answers it now."""
        return self._names.addresses(name)

    def health_status(self, check_id: str) -> list[CheckerReport]:
        """What each checker says of a health check, for GetHealthCheckStatus."""
        return self._checks.reports(check_id)

    def target_health(self, target_group_arn: str) -> list[TargetStatus]:
        """Health of each target of a group, for DescribeTargetHealth."""
        return self._targets.statuses(target_group_arn)
