"""What is deployed, as frozen data: the one model for every rung of the proof ladder.

Read back through AWS APIs by `resilience.topology_reader`, never from settings: a rehearsal of a
stack is a rehearsal of what it *is*. Roles are not written down here: they follow from the
failover records (`Topology.primary`, `Topology.standby`), and roles move.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

from pydantic import TypeAdapter

from resilience.objectives import Objectives, Timing

ALIAS_TTL_S = 60.0
"""An alias to a load balancer has this TTL, fixed.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
"""


class TopologyError(Exception):
    """What is deployed cannot be read as a topology."""


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """A Route 53 health check; `children` and `child_threshold` are for calculated ones."""

    id: str
    kind: str
    inverted: bool
    disabled: bool
    host: str | None = None
    path: str | None = None
    port: int | None = None
    search: str | None = None
    interval_s: float | None = None
    failure_threshold: int | None = None
    children: tuple[str, ...] = ()
    child_threshold: int | None = None


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record set that leads traffic; `ttl_s` is the effective one (an alias has a fixed TTL)."""

    name: str
    kind: str
    targets: tuple[str, ...]
    alias: bool
    ttl_s: float
    set_identifier: str | None = None
    failover_role: str | None = None
    health_check_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class TargetGroup:
    """A target group and what is registered in it."""

    arn: str
    health_check_enabled: bool
    targets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ListenerRule:
    """A path rule of a listener: requests for `paths` go to a target group."""

    paths: tuple[str, ...]
    target_group: TargetGroup


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A load balancer's listener and where it forwards to."""

    arn: str
    port: int
    protocol: str
    default_target_group_arn: str | None
    rules: tuple[ListenerRule, ...]


@dataclass(frozen=True, kw_only=True)
class LoadBalancer:
    """A load balancer and the names of its zones."""

    arn: str
    host: str
    zones: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function behind its alias: version, code digest (lower-case hex SHA-256) and invokers."""

    name: str
    alias: str
    alias_arn: str
    version: str
    code_sha256: str
    release_digest: str | None
    memory_mb: int
    timeout_s: float
    invocable_by: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket and the buckets that its enabled replication rules copy to."""

    name: str
    versioned: bool
    replicates_to: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Region:
    """One Region of a stack. `release_present`: its own bucket holds the code it serves."""

    region: str
    regional_name: str
    load_balancer: LoadBalancer
    listener: Listener
    target_group: TargetGroup
    function: Function
    evacuation_function: str
    release_bucket: Bucket
    prediction_bucket: Bucket
    evacuation_bucket: str
    release_present: bool
    deep_check: HealthCheck
    evacuation_check: HealthCheck
    serving_check: HealthCheck
    objectives: Objectives
    failback_hold_s: float


@dataclass(frozen=True)
class Topology:
    """A deployed stack. Regions are in the settings' order."""

    project: str
    stack: str
    zone_id: str
    zone_name: str
    predict_name: str
    records: tuple[Record, ...]
    regions: tuple[Region, ...]

    def region(self, name: str) -> Region:
        """Find a Region by name."""
        for region in self.regions:
            if region.region == name:
                return region
        expected = ", ".join(region.region for region in self.regions)
        raise TopologyError(f"no Region {name!r} in stack {self.stack}: expected one of {expected}")

    @cached_property
    def predict_records(self) -> tuple[Record, ...]:
        """The records clients resolve."""
        return tuple(record for record in self.records if record.name == self.predict_name)

    @cached_property
    def primary(self) -> Region:
        """The Region whose failover record is PRIMARY."""
        return self._by_role("PRIMARY")

    @cached_property
    def standby(self) -> Region:
        """The Region whose failover record is SECONDARY."""
        return self._by_role("SECONDARY")

    def other(self, name: str) -> Region:
        """Give the Region that is not this one (a stack has two)."""
        return self.standby if name == self.primary.region else self.primary

    @cached_property
    def objectives(self) -> Objectives:
        """The stack's objectives, as its primary Region holds them."""
        return self.primary.objectives

    @cached_property
    def timing(self) -> Timing:
        """The settings that bound a failover away from the primary."""
        check = self.primary.deep_check
        if check.interval_s is None or check.failure_threshold is None:
            raise TopologyError(
                f"health check {check.id} has no interval or threshold: expected an endpoint "
                f"check of {self.primary.regional_name}, got {check.kind}"
            )
        return Timing(
            interval_s=check.interval_s,
            failure_threshold=check.failure_threshold,
            record_ttl_s=max(record.ttl_s for record in self.predict_records),
        )

    def require_two_roles(self) -> None:
        """Raise `TopologyError` unless there is a primary, a standby, and a timing to plan by."""
        _ = (self.primary, self.standby, self.timing)

    def _by_role(self, role: str) -> Region:
        for record in self.predict_records:
            if record.failover_role == role and record.set_identifier is not None:
                return self.region(record.set_identifier)
        raise TopologyError(
            f"{self.predict_name} has no {role} failover record: expected one for each Region; "
            "deploy the stack again"
        )


_ADAPTER = TypeAdapter(Topology)


def to_json(topology: Topology) -> str:
    """Write a topology as canonical JSON: sorted keys, no spaces."""
    return json.dumps(
        _ADAPTER.dump_python(topology, mode="json"), sort_keys=True, separators=(",", ":")
    )


def from_json(text: str) -> Topology:
    """Read what `to_json` wrote."""
    return _ADAPTER.validate_json(text)


def digest(topology: Topology) -> str:
    """Give the SHA-256 of the canonical JSON, lower-case hex."""
    return hashlib.sha256(to_json(topology).encode()).hexdigest()
