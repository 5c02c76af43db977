"""The actions that are emulated: their parameters, what they need and what they break.

Each breaks something of the data plane, for as long as it lasts. Parameters, resource types and
permissions are those of https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html;
the names of targets (`Buckets`, `Tables`, `Subnets`) are those that templates use. What is not
emulated of an action is refused by name.

- `aws:s3:bucket-pause-replication`: replication rules of the bucket whose destination is in
  `region` stand; what was written meanwhile is copied when it ends.
- `aws:dynamodb:global-table-pause-replication`: nothing reaches or leaves the table's replica of
  the experiment's Region. Of a table with strong consistency it is refused: what AWS does there is
  unverified.
- `aws:network:disrupt-connectivity`: with the scope `all` nothing reaches a load balancer's node in
  the subnet's Availability Zone. With `availability-zone` traffic between the network's subnets is
  cut: there is none here (functions are not in the network), and clients are not concerned.
- `aws:fis:wait`: time passes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from emulator.injection.errors import InjectionError
from emulator.storage.roles import Need
from emulator.store.backends import backend_of, region_of, values_of
from emulator.tables import groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from emulator.faults import FaultKind
    from emulator.storage.objects import Objects

    Broken = Iterator[tuple[FaultKind, str]]
    Parameters = Mapping[str, str]

SHORTEST_S: Final = 60
LONGEST_S: Final = 12 * 3_600
_DURATION: Final = re.compile(r"PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")
_PAUSE: Final = {"s3:IsReplicationPauseRequest": "true"}
_ASKED: Final = {"aws:RequestTag/managedByFIS": "true"}
_MADE: Final = {"aws:ResourceTag/managedByFIS": "true", "ec2:ResourceTag/managedByFIS": "true"}
_NEW_LIST: Final = "network-acl/acl-00000000000000000"
"""The access list that the service puts before a subnet, whose id nobody knows before."""
_TABLE_CALLS: Final = (
    "DescribeTable",
    "GetResourcePolicy",
    "PutResourcePolicy",
    "DeleteResourcePolicy",
)
_LOOKS: Final = ("DescribeNetworkAcls", "DescribeSubnets", "DescribeVpcs")


@dataclass(frozen=True, kw_only=True)
class Action:
    """One kind of action."""

    id: str
    description: str
    target: str = ""
    """The name of its target in a template; empty for an action without one."""
    resource_type: str = ""
    required: frozenset[str] = frozenset({"duration"})
    optional: frozenset[str] = frozenset()
    choices: Mapping[str, tuple[str, ...]]
    needs: Callable[[str], Sequence[Need]]
    """What the role must be allowed on a resource (ARN)."""
    breaks: Callable[[Objects, str, Parameters], Broken]
    """What it breaks of a resource: kinds and targets of faults; an InjectionError if it cannot."""


def duration_s(text: str) -> int:
    """Seconds of an ISO 8601 duration such as `PT1H30M`.

    Raises:
        ValueError: It is none, or not between one minute and twelve hours.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"duration {text!r} is no ISO 8601 duration like PT5M")
    hours, minutes, seconds = (int(each or 0) for each in found.groups())
    lasts_s = 3_600 * hours + 60 * minutes + seconds
    if not SHORTEST_S <= lasts_s <= LONGEST_S:
        raise ValueError(f"duration {text!r} is not between 1 minute and 12 hours")
    return lasts_s


def _no_needs(_arn: str) -> Sequence[Need]:
    return ()


def _breaks_nothing(_objects: Objects, _arn: str, _parameters: Parameters) -> Broken:
    yield from ()


def _bucket_needs(arn: str) -> Sequence[Need]:
    return (
        Need(action="s3:ListAllMyBuckets", resource="*"),
        Need(action="s3:GetReplicationConfiguration", resource=arn, context=_PAUSE),
        Need(action="s3:PutReplicationConfiguration", resource=arn, context=_PAUSE),
        Need(action="s3:PauseReplication", resource=arn),
    )


def _listed(parameters: Parameters, name: str) -> frozenset[str]:
    return frozenset(each.strip() for each in parameters.get(name, "").split(",") if each.strip())


def _pause_bucket(objects: Objects, arn: str, parameters: Parameters) -> Broken:
    bucket = arn.rpartition(":")[2]
    found = objects.replication_of(bucket)
    buckets, prefixes = _listed(parameters, "destinationBuckets"), _listed(parameters, "prefixes")
    paused = [
        rule
        for rule in (found.rules if found else ())
        if objects.region_of(rule.destination) == parameters["region"]
        and (not buckets or rule.destination in buckets)
        and (not prefixes or rule.prefix in prefixes)
    ]
    if not paused:
        raise InjectionError(f"{bucket} replicates to nothing in {parameters['region']}")
    for rule in paused:
        yield "bucket_replication", f"{bucket}/{rule.id}"


def _table_needs(arn: str) -> Sequence[Need]:
    return tuple(Need(action=f"dynamodb:{each}", resource=arn) for each in _TABLE_CALLS)


def _pause_table(_objects: Objects, arn: str, _parameters: Parameters) -> Broken:
    region, name = region_of(arn), arn.rpartition("/")[2]
    table = groups.table_of(region, name)
    group = None if table is None else groups.group_of(table)
    if group is None:
        raise InjectionError(f"{arn} is no global table")
    if group.mode == "STRONG":
        raise InjectionError(f"{arn} has strong consistency; pausing it is not emulated")
    yield "table_replication", f"{region}/{name}"


def _subnet(arn: str) -> Any:
    """Moto's subnet.

    Raises:
        InjectionError: It has gone.
    """
    from moto.ec2.models import ec2_backends

    backend = backend_of(ec2_backends, region_of(arn))
    name = arn.rpartition("/")[2]
    zones = values_of(backend.subnets) if backend else ()
    found: Any = next((each[name] for each in zones if name in each), None)
    if found is None:
        raise InjectionError(f"{arn} does not exist any more")
    return found


def _subnet_needs(arn: str) -> Sequence[Need]:
    """Put an access list of the service's own before a subnet, and take it away again.

    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSFaultInjectionSimulatorNetworkAccess.html
    """
    place = arn.rpartition(":")[0]
    new, network = f"{place}:{_NEW_LIST}", f"{place}:vpc/{_subnet(arn).vpc_id}"
    tagging = _ASKED | {"ec2:CreateAction": "CreateNetworkAcl"}
    return (
        *(Need(action=f"ec2:{each}", resource="*") for each in _LOOKS),
        Need(action="ec2:CreateNetworkAcl", resource=new, context=_ASKED),
        Need(action="ec2:CreateNetworkAcl", resource=network, context=_ASKED),
        Need(action="ec2:CreateTags", resource=new, context=tagging),
        Need(action="ec2:CreateNetworkAclEntry", resource=new, context=_MADE),
        Need(action="ec2:ReplaceNetworkAclAssociation", resource=new, context=_MADE),
        Need(action="ec2:ReplaceNetworkAclAssociation", resource=arn),
        Need(action="ec2:DeleteNetworkAcl", resource=new, context=_MADE),
    )


def _disrupt(_objects: Objects, arn: str, parameters: Parameters) -> Broken:
    zone = str(_subnet(arn).availability_zone_id)
    if parameters["scope"] == "all":
        yield "zone", zone


_ACTIONS: Final = (
    Action(
        id="aws:fis:wait",
        description="Runs the FIS wait action.",
        choices={},
        needs=_no_needs,
        breaks=_breaks_nothing,
    ),
    Action(
        id="aws:s3:bucket-pause-replication",
        description="Pauses replication from buckets to those of a Region.",
        target="Buckets",
        resource_type="aws:s3:bucket",
        required=frozenset({"duration", "region"}),
        optional=frozenset({"destinationBuckets", "prefixes"}),
        choices={},
        needs=_bucket_needs,
        breaks=_pause_bucket,
    ),
    Action(
        id="aws:dynamodb:global-table-pause-replication",
        description="Pauses replication of global tables to and from this Region.",
        target="Tables",
        resource_type="aws:dynamodb:global-table",
        choices={},
        needs=_table_needs,
        breaks=_pause_table,
    ),
    Action(
        id="aws:network:disrupt-connectivity",
        description="Denies traffic of subnets.",
        target="Subnets",
        resource_type="aws:ec2:subnet",
        required=frozenset({"duration", "scope"}),
        choices={"scope": ("all", "availability-zone")},
        needs=_subnet_needs,
        breaks=_disrupt,
    ),
)
KNOWN: Final[Mapping[str, Action]] = {each.id: each for each in _ACTIONS}
"""Every action that is emulated, by its id."""
