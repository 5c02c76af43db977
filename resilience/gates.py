"""The failback gates, read from the Regions: replication, model parity, capacity.

A gate that cannot be read is None: not known, so shut.
"""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

from resilience.aws import Aws, AwsError
from resilience.failover import Gates, Signal

if TYPE_CHECKING:
    from resilience.topology import Function, Region, Topology
    from resilience.writer import Writer


CAUGHT_UP_S = 20.0
"""A write older than this that is missing somewhere means that replication is behind.

S3 replicates most objects within seconds; 15 minutes is the only promise AWS makes.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html
"""


async def read_gates(aws: Aws, topology: Topology, writer: Writer, *, now_s: float) -> Gates:
    """Read every gate."""
    replication, parity, capacity = await asyncio.gather(
        _replication_caught_up(topology, writer, now_s),
        asyncio.to_thread(_model_parity, aws, topology),
        asyncio.to_thread(_capacity, aws, topology.primary),
    )

    def seen(well: bool | None) -> Signal:  # noqa: FBT001 - a gate is a yes or no
        return Signal(well=well, seen_at_s=now_s)

    return Gates(
        replication_caught_up=seen(replication),
        model_parity=seen(parity),
        capacity=seen(capacity),
    )


async def _replication_caught_up(topology: Topology, writer: Writer, now_s: float) -> bool | None:
    """Every Region holds every write that any acknowledged, but for the last few seconds' worth.

    Writes go on all the time, so the very last ones are always still on their way.
    """
    acknowledged = {
        write.number
        for write in writer.writes
        if write.acknowledged and write.written_s <= now_s - CAUGHT_UP_S
    }
    try:
        held = [await writer.present(region.region) for region in topology.regions]
    except AwsError:
        return None
    return all(acknowledged <= numbers for numbers in held)


def _model_parity(aws: Aws, topology: Topology) -> bool | None:
    """The alias of every Region leads to the same code bytes, now."""
    try:
        digests = {_code(aws, r.region, r.function) for r in topology.regions}
    except AwsError:
        return None
    return len(digests) == 1


def _code(aws: Aws, region: str, function: Function) -> str:
    config = aws.call(
        "lambda",
        "get_function_configuration",
        region=region,
        FunctionName=function.name,
        Qualifier=function.alias,
    )
    return base64.b64decode(config["CodeSha256"]).hex()


def _capacity(aws: Aws, primary: Region) -> bool | None:
    """The primary's function may run at all: nothing has reserved it down to nothing."""
    try:
        reply = aws.call(
            "lambda",
            "get_function_concurrency",
            region=primary.region,
            FunctionName=primary.function.name,
        )
    except AwsError:
        return None
    return reply.get("ReservedConcurrentExecutions") != 0
