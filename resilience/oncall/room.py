"""What each Region can carry, against what a failover demands of it.

A failover sends one Region the whole load. Every Region reserves enough for that
([ADR 0011](docs/adr/0011-give-every-region-capacity-for-the-whole-load.md)), so the largest
reservation is the stack's own word on how much it is; what was really busy at the same time in all
Regions together may be more. Reading is apart from judging, which is pure.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from resilience.aws import answered_at
from resilience.capacity_reader import provisioned_concurrency, reserved_concurrency

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from resilience.aws import Aws
    from resilience.topology import Region

LOOKS_BACK = timedelta(hours=24)
_PERIOD_S = 300


@dataclass(frozen=True, kw_only=True)
class Room:
    """A Region's concurrency, in environments that may be busy at a time.

    Attributes:
        region: Where.
        reserved: Kept for the function, and its ceiling; None: nothing is; 0 stops it.
        provisioned: Kept started.
        quota: The account's.
        unreserved: What all functions without a reservation share.
    """

    region: str
    reserved: int | None
    provisioned: int
    quota: int
    unreserved: int


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What a failover demands of one Region, and where that is known from."""

    concurrency: int
    known_from: str


@dataclass(frozen=True, kw_only=True)
class Carries:
    """Whether a Region carries the whole load, and why (not)."""

    region: str
    carries: bool
    why: str


def read_room(aws: Aws, region: Region) -> Room:
    """Read one Region's capacity. Reads only.

    Raises:
        AwsError: the Region does not answer, or refuses.
    """
    function = region.function
    account = aws.call("lambda", "get_account_settings", region=region.region)
    limit = account["AccountLimit"]
    return Room(
        region=region.region,
        reserved=reserved_concurrency(aws, region.region, function.name),
        provisioned=provisioned_concurrency(aws, region.region, function.name, function.alias),
        quota=int(limit["ConcurrentExecutions"]),
        unreserved=int(limit["UnreservedConcurrentExecutions"]),
    )


def read_busy(aws: Aws, region: Region) -> dict[datetime, int]:
    """Read how many environments were busy at a time at most, in each five minutes of a day.

    Raises:
        AwsError: the Region does not answer, or refuses.
    """
    now = answered_at(aws.call("sts", "get_caller_identity", region=region.region))
    reply: Any = aws.call(
        "cloudwatch",
        "get_metric_statistics",
        region=region.region,
        Namespace="AWS/Lambda",
        MetricName="ConcurrentExecutions",
        Dimensions=[{"Name": "FunctionName", "Value": region.function.name}],
        StartTime=now - LOOKS_BACK,
        EndTime=now,
        Period=_PERIOD_S,
        Statistics=["Maximum"],
    )
    return {point["Timestamp"]: int(point["Maximum"]) for point in reply["Datapoints"]}


def busy_together(busy: Iterable[Mapping[datetime, int]]) -> int:
    """Add up what was busy in all Regions in the same five minutes, and give the most."""
    together: Counter[datetime] = Counter()
    for region in busy:
        together.update(region)
    return max(together.values(), default=0)


def demand_of(rooms: Sequence[Room], *, stated: int | None, busy: int = 0) -> Demand:
    """Say what a failover demands: what was stated, else the larger of what is known.

    Args:
        rooms: The Regions that could be read.
        stated: What an operator says it is.
        busy: What was busy in all Regions together.
    """
    if stated is not None:
        return Demand(concurrency=stated, known_from="as stated")
    reserved = max((room.reserved or 0 for room in rooms), default=0)
    if busy > reserved:
        return Demand(concurrency=busy, known_from="busy in all Regions together, last 24 h")
    if reserved:
        return Demand(concurrency=reserved, known_from="the largest reservation of any Region")
    return Demand(concurrency=busy, known_from="nothing is reserved; busy together, last 24 h")


def carries(room: Room, demand: Demand) -> Carries:
    """Judge one Region."""

    def verdict(why: str, *, carried: bool) -> Carries:
        return Carries(region=room.region, carries=carried, why=why)

    if room.reserved == 0:
        return verdict("reserved concurrency 0: it is stopped", carried=False)
    if room.reserved is None:
        enough = room.unreserved >= demand.concurrency
        shared = f"{room.unreserved} are shared with the account's other functions"
        return verdict(shared if enough else f"only {shared}", carried=enough)
    if room.reserved < demand.concurrency:
        short = demand.concurrency - room.reserved
        return verdict(f"{short} short: its reservation is a ceiling", carried=False)
    if room.provisioned >= demand.concurrency:
        return verdict("all of it is kept started", carried=True)
    cold = demand.concurrency - room.provisioned
    return verdict(f"{cold} of them start cold", carried=True)
