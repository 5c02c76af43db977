"""The observer's senses: each looks at one thing and says yes, no, or nothing.

Nothing here decides. A look that could not be made is None, never a guess.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resilience.client import OK, Target
from resilience.http_client import HttpConnection, HttpError
from resilience.resolver import NameServer, ResolutionError

if TYPE_CHECKING:
    from resilience.topology import Region, Topology

WELL = "192.0.2.1"
"""What the name of a verdict leads to while Route 53 finds the Region's deep check well."""


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


async def verdict(region: Region, zone_name: str, name_server: NameServer) -> bool | None:
    """Ask the name servers for Route 53's word on a Region's deep check; None without an answer.

    An answer is all there is: nobody listens at these addresses (`infra/verdicts.py`).
    """
    try:
        answer = await name_server.resolve(f"verdict.{region.region}.{zone_name}")
    except ResolutionError:
        return None
    return answer.addresses == (WELL,)


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
