"""What the simulator knows of a stack: plain numbers, taken from what is deployed.

Nothing is judged here: a record that leads nowhere or a check that asks the wrong host is carried
along as it is, so that a stack that is wrong behaves wrongly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from resilience.failover import Settings
from resilience.simulator.checks import Checks
from resilience.simulator.loss import OldestMissing
from resilience.simulator.parameters import Parameters
from resilience.simulator.stack_records import Records
from resilience.topology import ObserverSettings

if TYPE_CHECKING:
    from resilience.objectives import Objectives
    from resilience.topology import HealthCheck, Record, Region, Topology

UNOBSERVED: Final = ObserverSettings(
    function="",
    look_s=10.0,
    agreement_s=20.0,
    hold_down_s=300.0,
    stale_after_s=30.0,
    lease_s=60.0,
    caught_up_s=300.0,
)
"""Settings of an observer that is not there: it never looks."""


@dataclass(frozen=True, kw_only=True)
class SimulatedRegion:
    """One Region: who it is to DNS, what it can carry, who watches it, how its observer is set.

    `reserved_concurrency` is None without a reservation. `watchers` are the Regions whose flags
    can take it out, nearest first; `copies_to` those its acknowledged writes are replicated to.
    `observed`: an observer looks from here; without one Route 53 alone moves clients.
    """

    region: str
    host: str
    regional_name: str
    zones: int
    deep_check: str
    serving_check: str
    watchers: tuple[str, ...]
    watch_checks: tuple[str, ...]
    copies_to: tuple[str, ...]
    code: str
    reserved_concurrency: int | None
    provisioned_concurrency: int
    client_keep_alive_s: float
    observed: bool
    look_s: float
    caught_up_s: float
    settings: Settings


@dataclass(frozen=True, slots=True)
class Compiled:
    """What follows from a stack, shared by its runs: it keeps answers, and changes none."""

    checks: Checks
    records: Records
    oldest: OldestMissing


@dataclass(frozen=True, kw_only=True)
class SimulatedStack:
    """A stack as the models need it. Picklable; equal stacks and scenarios have equal outcomes.

    `order` are the Regions by preference, as the records lead to them.
    """

    name: str
    predict_name: str
    order: tuple[str, ...]
    regions: tuple[SimulatedRegion, ...]
    checks: tuple[HealthCheck, ...]
    records: tuple[Record, ...]
    latency: bool
    strong_table: bool
    objectives: Objectives
    record_ttl_s: float
    parameters: Parameters = field(default_factory=Parameters)

    @cached_property
    def _by_name(self) -> dict[str, SimulatedRegion]:
        return {each.region: each for each in self.regions}

    @cached_property
    def compiled(self) -> Compiled:
        """What follows from the stack alone, worked out once."""
        return Compiled(Checks(self), Records(self), OldestMissing(self.parameters))

    def region(self, name: str) -> SimulatedRegion:
        """Find a Region by name; raises `KeyError`."""
        return self._by_name[name]


def stack_of(topology: Topology, parameters: Parameters | None = None) -> SimulatedStack:
    """Take from a topology what the models need.

    Raises:
        TopologyError: its records do not lead to two Regions or more.
    """
    topology.require_two_roles()
    checks = {check.id: check for check in topology.joint_checks}
    for region in topology.regions:
        own = (region.deep_check, region.serving_check, *(each.check for each in region.watches))
        checks |= {check.id: check for check in own}
    order = tuple(region.region for region in topology.order)
    return SimulatedStack(
        name=topology.stack,
        predict_name=topology.predict_name,
        order=order,
        regions=tuple(_region(topology, topology.region(name)) for name in order),
        checks=tuple(checks[each] for each in sorted(checks)),
        records=topology.records,
        latency=topology.routing == "latency",
        strong_table=topology.table_consistency == "strong",
        objectives=topology.objectives,
        record_ttl_s=topology.timing.record_ttl_s,
        parameters=parameters or Parameters(),
    )


def _region(topology: Topology, region: Region) -> SimulatedRegion:
    observer = region.observer or UNOBSERVED
    buckets = {each.prediction_bucket.name: each.region for each in topology.regions}
    return SimulatedRegion(
        region=region.region,
        host=region.load_balancer.host,
        regional_name=region.regional_name,
        zones=len(region.load_balancer.zones),
        deep_check=region.deep_check.id,
        serving_check=region.serving_check.id,
        watchers=tuple(watch.watcher for watch in region.watches),
        watch_checks=tuple(watch.check.id for watch in region.watches),
        copies_to=tuple(
            buckets[name] for name in region.prediction_bucket.replicates_to if name in buckets
        ),
        code=region.function.code_sha256,
        reserved_concurrency=region.function.reserved_concurrency,
        provisioned_concurrency=region.function.provisioned_concurrency,
        client_keep_alive_s=region.load_balancer.client_keep_alive_s,
        observed=region.observer is not None,
        look_s=observer.look_s,
        caught_up_s=observer.caught_up_s,
        settings=Settings(
            agreement_s=observer.agreement_s,
            hold_down_s=observer.hold_down_s,
            stale_after_s=observer.stale_after_s,
            lease_s=observer.lease_s,
        ),
    )
