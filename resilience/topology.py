"""What is deployed, as frozen data: the one model for every rung of the proof ladder.

Read back through AWS APIs by `resilience.topology_reader`, never from settings: a rehearsal of a
stack is a rehearsal of what it *is*. Roles are not written down here: they follow from the
records that lead clients (`Topology.order`), and roles move.
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
    latency_region: str | None = None
    health_check_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Watch:
    """The check by which one Region, the watcher, can take another out."""

    watcher: str
    check: HealthCheck


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
class TokenDemand:
    """What a listener wants of bearer tokens; `claims` are names and the values they must hold."""

    issuer: str
    jwks_endpoint: str
    claims: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A load balancer's listener: whom it lets in, and where it forwards to."""

    arn: str
    port: int
    protocol: str
    default_target_group_arn: str | None
    rules: tuple[ListenerRule, ...]
    tokens: TokenDemand | None = None
    client_certificates: bool = False


@dataclass(frozen=True, kw_only=True)
class LoadBalancer:
    """A load balancer and the names of its zones.

    `client_keep_alive_s` is how long it keeps a client's connection at most; an hour unless set.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
    """

    arn: str
    host: str
    zones: tuple[str, ...]
    client_keep_alive_s: float = 3600.0


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function behind its alias: version, code digest (lower-case hex SHA-256) and invokers.

    `reserved_concurrency` is None without a reservation; `provisioned_concurrency` is its alias's.
    """

    name: str
    alias: str
    alias_arn: str
    version: str
    code_sha256: str
    release_digest: str | None
    memory_mb: int
    timeout_s: float
    invocable_by: tuple[str, ...]
    reserved_concurrency: int | None = None
    provisioned_concurrency: int = 0


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket and the buckets that its enabled replication rules copy to."""

    name: str
    versioned: bool
    replicates_to: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ObserverSettings:
    """How a Region's observer is deployed: its function, how often it looks, what it waits for."""

    function: str
    look_s: float
    agreement_s: float
    hold_down_s: float
    stale_after_s: float
    lease_s: float
    caught_up_s: float


@dataclass(frozen=True, kw_only=True)
class Region:
    """One Region of a stack, and who watches it, nearest first.

    `release_present`: its own bucket holds the code it serves. `observer` is None where nothing
    decides: Route 53 alone moves clients.
    """

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
    watches: tuple[Watch, ...]
    serving_check: HealthCheck
    objectives: Objectives
    failback_hold_s: float
    observer: ObserverSettings | None = None


@dataclass(frozen=True)
class Topology:
    """A deployed stack. Regions are in the settings' order.

    `joint_checks` are the health checks that records follow and no single Region owns;
    `table_name` and `table_consistency` (`eventual` or `strong`) are those of the table that the
    Regions share.
    """

    project: str
    stack: str
    zone_id: str
    zone_name: str
    predict_name: str
    records: tuple[Record, ...]
    regions: tuple[Region, ...]
    joint_checks: tuple[HealthCheck, ...] = ()
    table_consistency: str = "eventual"
    table_name: str | None = None

    def region(self, name: str) -> Region:
        """Find a Region by name."""
        for region in self.regions:
            if region.region == name:
                return region
        expected = ", ".join(region.region for region in self.regions)
        raise TopologyError(f"no Region {name!r} in stack {self.stack}: expected one of {expected}")

    def led_to(self, record: Record) -> Region | None:
        """Give the Region that a record is for, by its set identifier; None if it is for none."""
        return next((each for each in self.regions if each.region == record.set_identifier), None)

    def at(self, name: str) -> tuple[Record, ...]:
        """Give the records of a name."""
        return tuple(record for record in self.records if record.name == name)

    @cached_property
    def way(self) -> tuple[Record, ...]:
        """The records that decide where clients go: all that follow from the clients' name."""
        found: dict[str, tuple[Record, ...]] = {}
        ahead = [self.predict_name]
        while ahead:
            name = ahead.pop(0)
            if name not in found and (records := self.at(name)):
                found[name] = records
                ahead += [target for record in records for target in record.targets]
        return tuple(record for records in found.values() for record in records)

    @cached_property
    def routing(self) -> str:
        """How clients are led: `latency` (to the nearest Region) or `failover` (to the first)."""
        nearest = any(record.latency_region is not None for record in self.way)
        return "latency" if nearest else "failover"

    @cached_property
    def order(self) -> tuple[Region, ...]:
        """The Regions in the order they are preferred in, each once.

        Along the failover chain; with latency records, where each client has an order of its own,
        in the settings' order.
        """
        if self.routing == "latency":
            return self.regions
        found: list[Region] = []
        seen: set[str] = set()
        name: str | None = self.predict_name
        while name is not None and name not in seen:
            seen.add(name)
            records = self.at(name)
            leading = [record for record in records if record.failover_role == "PRIMARY"]
            found += [region for record in leading if (region := self.led_to(record)) is not None]
            onward = [record for record in records if record.failover_role != "PRIMARY"]
            name = onward[0].targets[0] if onward else None
        return tuple(dict.fromkeys(found))

    @cached_property
    def primary(self) -> Region:
        """The Region that serves while all are well; the first of those that do with latency."""
        return self._ordered(0)

    @cached_property
    def standby(self) -> Region:
        """The Region that takes over from the primary while the rest are well."""
        return self._ordered(1)

    def others(self, name: str) -> tuple[Region, ...]:
        """Give the Regions that are not this one, in order."""
        return tuple(region for region in self.order if region.region != name)

    def watchers(self, name: str) -> tuple[Region, ...]:
        """Give the Regions that can evacuate this one, nearest first."""
        return tuple(self.region(watch.watcher) for watch in self.region(name).watches)

    @cached_property
    def objectives(self) -> Objectives:
        """The stack's objectives, as its primary Region holds them."""
        return self.primary.objectives

    @cached_property
    def timing(self) -> Timing:
        """The settings that bound a failover away from the primary.

        A chain of records adds nothing: each is renewed at most its own TTL after it changed, and
        all change on the same looks of the same checkers.
        """
        check = self.primary.deep_check
        if check.interval_s is None or check.failure_threshold is None:
            raise TopologyError(
                f"health check {check.id} has no interval or threshold: expected an endpoint "
                f"check of {self.primary.regional_name}, got {check.kind}"
            )
        return Timing(
            interval_s=check.interval_s,
            failure_threshold=check.failure_threshold,
            record_ttl_s=max(record.ttl_s for record in self.way if record.set_identifier),
        )

    def require_two_roles(self) -> None:
        """Raise `TopologyError` unless there is a primary, a standby, and a timing to plan by."""
        _ = (self.primary, self.standby, self.timing)

    def _ordered(self, place: int) -> Region:
        if place < len(self.order):
            return self.order[place]
        led = ", ".join(region.region for region in self.order) or "no Region"
        raise TopologyError(
            f"the records of {self.predict_name} lead to {led}: expected a chain of failover "
            "records, or latency records, over two Regions or more; deploy the stack again"
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
