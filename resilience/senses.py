"""The observer's senses: each looks at one thing and says yes, no, or nothing.

Nothing here decides. A look that could not be made is None, never a guess.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resilience.aws import Aws, AwsError
from resilience.client import OK, Target
from resilience.http_client import HttpConnection, HttpError
from resilience.objectives import HEALTHY_SHARE_RATIO
from resilience.resolver import NameServer, ResolutionError
from resilience.topology_reader import GLOBAL_REGION

if TYPE_CHECKING:
    from resilience.topology import HealthCheck, Region, Topology


async def serves(region: Region, name_server: NameServer, target: Target, timeout_s: float) -> bool:
    """Look at a Region from outside, as a client: is a golden request answered right in time?

    Not by `/health/ready`: that is for Route 53's health checkers alone.
    """
    try:
        async with asyncio.timeout(timeout_s):
            answer = await name_server.resolve(region.regional_name)
            connection = await HttpConnection.open(
                answer.addresses[0],
                target.port,
                server_name=region.regional_name,
                trust=target.trust,
            )
            try:
                reply = await connection.send(target.question(region.regional_name, 0))
            finally:
                connection.abort()
    except (TimeoutError, ResolutionError, HttpError):
        return False
    return reply.status == OK and target.release.right(0, reply.body)


def check_healthy(aws: Aws, check: HealthCheck) -> bool | None:
    """Ask Route 53 for its verdict on an endpoint check; None while its control plane is away.

    The API gives each checker's word; the verdict is the 18 % rule over them.
    """
    try:
        reply = aws.call(
            "route53", "get_health_check_status", region=GLOBAL_REGION, HealthCheckId=check.id
        )
    except AwsError:
        return None
    words = [each["StatusReport"]["Status"] for each in reply["HealthCheckObservations"]]
    if not words:
        return None
    passing = sum(word.startswith("Success") for word in words)
    return passing > HEALTHY_SHARE_RATIO * len(words)


@dataclass
class AddressBook:
    """Which addresses belong to which Region, learnt from the regional names. Addresses add up."""

    topology: Topology
    name_server: NameServer
    addresses: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    async def refresh(self) -> None:
        """Ask for every regional name. Raises `ResolutionError`."""
        for region in self.topology.regions:
            answer = await self.name_server.resolve(region.regional_name)
            self.addresses.setdefault(region.region, set()).update(answer.addresses)

    def region_of(self, addresses: tuple[str, ...]) -> str | None:
        """Name the Region that all of these belong to; None if they do not belong to one."""
        for region, known in self.addresses.items():
            if known.issuperset(addresses):
                return region
        return None

    async def serving(self) -> str | None:
        """Name the Region that the authoritative name server sends clients to now.

        Raises:
            ResolutionError: it did not answer.
        """
        answer = await self.name_server.resolve(self.topology.predict_name)
        region = self.region_of(answer.addresses)
        if region is None:
            await self.refresh()
            region = self.region_of(answer.addresses)
        return region
