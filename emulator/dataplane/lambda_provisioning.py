"""Provisioned concurrency: environments that are started before anybody asks for them.

What is provisioned on an alias follows the alias: over its versions by their weights, and to
another version when it is moved. What died, or was lost, is started again.
https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.dataplane.lambda_pool import Pool
    from emulator.dataplane.world import World
    from emulator.store import Function, FunctionVersion

LOOK_EVERY_S: Final = 0.2
"""Real seconds between looks at what is asked for."""


@dataclass(frozen=True, kw_only=True)
class ProvisionedStatus:
    """How far the environments of a version or alias have come."""

    available: int
    failure: str | None = None


class Provisioner:
    """Keeps as many environments started as are provisioned."""

    def __init__(
        self,
        world: World,
        pool_of: Callable[[FunctionVersion], Pool],
        pools: Callable[[], list[Pool]],
    ) -> None:
        self._world = world
        self._pool_of = pool_of
        self._pools = pools

    async def run(self) -> None:
        """Look, again and again."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    def look(self) -> None:
        """Have every pool keep what is asked of its version now."""
        wanted: Counter[FunctionVersion] = Counter()
        for function in self._world.store.provisioned_functions():
            if self._world.function_lost(function.region, function.arn):
                continue
            for each in function.provisioned:
                wanted.update(allotted(function, each.qualifier, each.requested))
        for pool in self._pools():
            pool.provision(wanted.pop(pool.version, 0))
        for version, count in wanted.items():
            self._pool_of(version).provision(count)

    def status(self, region: str, name: str, qualifier: str) -> ProvisionedStatus:
        """What is ready for a version or alias; nothing when it is not known."""
        function = self._world.store.function(region, name)
        if function is None or self._world.function_lost(region, function.arn):
            return ProvisionedStatus(available=0)
        pools = {pool.version: pool for pool in self._pools()}
        requested = sum(e.requested for e in function.provisioned if e.qualifier == qualifier)
        allotment = allotted(function, qualifier, requested)
        found = [(pools[version], n) for version, n in allotment.items() if version in pools]
        failures = [pool.provisioning_failure for pool, _ in found if pool.provisioning_failure]
        return ProvisionedStatus(
            available=sum(min(pool.provisioned, n) for pool, n in found),
            failure=failures[0] if failures else None,
        )


def allotted(function: Function, qualifier: str, requested: int) -> Counter[FunctionVersion]:
    """How many environments each version behind a qualifier gets; together they are `requested`."""
    shares = sorted(function.shares(qualifier), key=lambda each: each[1])
    allotment: Counter[FunctionVersion] = Counter()
    for version, share in shares[:-1]:
        allotment[version] = round(requested * share)
    if shares:
        allotment[shares[-1][0]] = requested - allotment.total()
    return allotment
