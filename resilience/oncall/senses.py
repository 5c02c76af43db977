"""The senses of a look: each is one question about one Region or one name. Reads only."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from resilience.aws import Aws, AwsMissingError
from resilience.oncall import outside as clients
from resilience.oncall.copies import read_copying
from resilience.oncall.room import read_room
from resilience.oncall.sight import Firing, RestoreTest
from resilience.oncall.table_view import TableView, read_table
from resilience.topology import TopologyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from resilience.deployed_stack import DeployedStack
    from resilience.oncall.outside import Outside, Probed
    from resilience.topology import Region, Topology

T = TypeVar("T")

WHO_SERVES: Final = "who serves"
SERVICES: Final = ("dynamodb", "s3", "lambda", "cloudwatch", "backup", "sts")


@dataclass
class Once(Generic[T]):
    """Makes something when it is first asked for, and for nobody again."""

    make: Callable[[], T]
    made: list[T] = field(default_factory=list[T])
    making: Lock = field(default_factory=Lock)

    def __call__(self) -> T:
        """Give it."""
        with self.making:
            if not self.made:
                self.made.append(self.make())
            return self.made[0]


def sense(what: str, region: str) -> str:
    """Name a sense of one Region: `alarms of us-west-2`."""
    return f"{what} of {region}"


def questions(
    stack: DeployedStack, outside: Outside, release_at: Path
) -> dict[str, Callable[[], Any]]:
    """List everything that a look asks, by its name."""
    topology, aws = stack.topology, stack.aws
    release = Once(lambda: clients.release_of(stack, release_at))
    credential = Once(lambda: clients.credential_for(stack))

    def probe(region: Region) -> Probed:
        return clients.probe(region.regional_name, release(), credential(), outside)

    asked: dict[str, Callable[[], Any]] = {
        WHO_SERVES: partial(clients.serving, topology, outside),
    }
    for region in topology.regions:
        here = region.region
        asked |= {
            sense("own probe", here): partial(probe, region),
            sense("Route 53's verdict", here): partial(
                clients.verdict, region, topology.zone_name, outside
            ),
            sense("table", here): partial(_table, aws, topology, here),
            sense("flags", here): partial(_flags, aws, topology, region),
            sense("code", here): partial(_code, aws, region),
            sense("capacity", here): partial(read_room, aws, region),
            sense("alarms", here): partial(_firing, aws, topology, here),
            sense("copies", here): partial(read_copying, aws, topology, region),
            sense("restore tests", here): partial(_restore_test, aws, here),
        }
    return asked


def _table(aws: Aws, topology: Topology, region: str) -> TableView:
    if topology.table_name is None:
        raise TopologyError(f"stack {topology.stack} has no table: deploy this project's program")
    return read_table(aws, region, topology.table_name)


def _flags(aws: Aws, topology: Topology, watcher: Region) -> tuple[str, ...]:
    """Name the Regions on which a watcher holds a flag."""
    watched = [
        each.region
        for each in topology.regions
        if any(watch.watcher == watcher.region for watch in each.watches)
    ]
    return tuple(
        target for target in watched if flag_is_there(aws, watcher, f"evacuation/{target}")
    )


def flag_is_there(aws: Aws, watcher: Region, key: str) -> bool:
    """Tell whether a watcher's bucket holds a flag. Raises `AwsError`."""
    try:
        aws.call(
            "s3",
            "head_object",
            region=watcher.region,
            Bucket=watcher.evacuation_bucket,
            Key=key,
        )
    except AwsMissingError:
        return False
    return True


def _code(aws: Aws, region: Region) -> str:
    """Read the digest of the code that the alias serves, lower-case hex SHA-256."""
    function = region.function
    alias = aws.call(
        "lambda",
        "get_alias",
        region=region.region,
        FunctionName=function.name,
        Name=function.alias,
    )
    config = aws.call(
        "lambda",
        "get_function_configuration",
        region=region.region,
        FunctionName=function.name,
        Qualifier=str(alias["FunctionVersion"]),
    )
    return base64.b64decode(config["CodeSha256"]).hex()


def _firing(aws: Aws, topology: Topology, region: str) -> tuple[Firing, ...]:
    reply = aws.call(
        "cloudwatch",
        "describe_alarms",
        region=region,
        AlarmNamePrefix=f"{topology.project}-{topology.stack}-",
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        StateValue="ALARM",
    )
    found = [*reply.get("CompositeAlarms", ()), *reply.get("MetricAlarms", ())]
    return tuple(
        Firing(name=each["AlarmName"], since=each["StateUpdatedTimestamp"]) for each in found
    )


def _restore_test(aws: Aws, region: str) -> RestoreTest | None:
    """Find the last restore that was judged in a Region; jobs are kept for a month or so."""
    pages = aws.pages("backup", "list_restore_jobs", region=region)
    judged = [
        RestoreTest(
            region=region,
            source=str(job.get("SourceResourceArn", job.get("RecoveryPointArn", ""))),
            verdict=str(job["ValidationStatus"]),
            ended_at=job["CompletionDate"],
        )
        for page in pages
        for job in page["RestoreJobs"]
        if job.get("ValidationStatus") in {"SUCCESSFUL", "FAILED"} and "CompletionDate" in job
    ]
    return max(judged, key=lambda each: each.ended_at, default=None)
