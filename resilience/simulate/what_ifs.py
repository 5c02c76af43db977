"""One setting changed, and nothing else: what the stack would be then, and what that costs.

Each variant is a topology, as a deploy with that setting would be read back; so it is simulated
like the stack itself. Costs are list prices (`resilience.simulate.prices`) of what changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from resilience.simulate.prices import (
    ALIAS_QUERIES,
    HEALTH_CHECK_FEATURE,
    LATENCY_QUERIES,
    PROVISIONED_CONCURRENCY,
    SECONDS_A_MONTH,
    STANDARD_QUERIES,
)
from resilience.simulator.parameters import Parameters
from resilience.topology import ALIAS_TTL_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from resilience.topology import HealthCheck, Record, Region, Topology

FAST_S: Final = 10.0
SLOW_S: Final = 30.0
SHORT_TTL_S: Final = 10.0
RESOLVERS: Final = 1_000
"""How many resolvers ask for the clients' name all the time: the assumption that query costs rest
on, and said beside them. Each asks once a TTL."""


PROVISIONED: Final = 10
"""How many environments a stack without any would keep started in each Region: what the simulated
load (20 requests a second) keeps busy while every one of them is a cold start."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A stack with one thing changed: a setting, or the share of resolvers that overstay a TTL.

    `month_usd` is what a month costs more; None for what cannot be bought.
    """

    setting: str
    now: str
    then: str
    topology: Topology
    month_usd: float | None
    cost_note: str
    overstaying_ratio: float = 0.0


def variants(topology: Topology) -> tuple[Variant, ...]:
    """Give every variant that differs from the stack; last, what no setting can change."""
    made = (
        *_intervals(topology),
        *_thresholds(topology),
        *_ttls(topology),
        *_holds(topology),
        *_capacities(topology),
    )
    return (*(each for each in made if each.topology != topology), _overstaying(topology))


def with_checks(topology: Topology, change: Callable[[HealthCheck], HealthCheck]) -> Topology:
    """Change every endpoint check: the deep ones and those of the evacuation switch."""
    return with_regions(
        topology,
        lambda region: replace(
            region,
            deep_check=change(region.deep_check),
            watches=tuple(replace(each, check=change(each.check)) for each in region.watches),
        ),
    )


def with_regions(topology: Topology, change: Callable[[Region], Region]) -> Topology:
    """Change every Region."""
    return replace(topology, regions=tuple(change(region) for region in topology.regions))


def with_interval(topology: Topology, interval_s: float) -> Topology:
    """Let checkers look this often."""
    return with_checks(topology, lambda check: replace(check, interval_s=interval_s))


def with_threshold(topology: Topology, threshold: int) -> Topology:
    """Let a checker change its mind after this many looks in a row."""
    return with_checks(topology, lambda check: replace(check, failure_threshold=threshold))


def with_ttl(topology: Topology, ttl_s: float, *, alias: bool) -> Topology:
    """Let every record on the clients' way be kept this long, as an alias or a CNAME."""
    way = set(topology.way)

    def changed(record: Record) -> Record:
        if record not in way:
            return record
        return replace(record, ttl_s=ttl_s, alias=alias, kind="A" if alias else "CNAME")

    return replace(topology, records=tuple(map(changed, topology.records)))


def with_hold(topology: Topology, hold_s: float) -> Topology:
    """Let a Region be well for this long before traffic goes back."""
    return with_regions(topology, lambda region: replace(region, failback_hold_s=hold_s))


def with_provisioned(topology: Topology, environments: int) -> Topology:
    """Keep this many environments started in every Region."""
    return with_regions(
        topology,
        lambda region: replace(
            region, function=replace(region.function, provisioned_concurrency=environments)
        ),
    )


def endpoint_checks(topology: Topology) -> int:
    """Count the health checks that ask an endpoint."""
    return sum(1 + len(region.watches) for region in topology.regions)


def _intervals(topology: Topology) -> Iterator[Variant]:
    now_s = topology.timing.interval_s
    then_s = SLOW_S if now_s == FAST_S else FAST_S
    checks = endpoint_checks(topology)
    sign = 1 if then_s < now_s else -1
    yield Variant(
        setting="healthCheckIntervalSeconds",
        now=f"{now_s:g}",
        then=f"{then_s:g}",
        topology=with_interval(topology, then_s),
        month_usd=sign * checks * HEALTH_CHECK_FEATURE.usd,
        cost_note=f"the fast interval of {checks} endpoint checks",
    )


def _thresholds(topology: Topology) -> Iterator[Variant]:
    now = topology.timing.failure_threshold
    for then in (now - 1, now + 1):
        if 1 <= then <= 10:  # noqa: PLR2004 - what Route 53 takes
            yield Variant(
                setting="failureThreshold",
                now=str(now),
                then=str(then),
                topology=with_threshold(topology, then),
                month_usd=0.0,
                cost_note="free of charge",
            )


def _ttls(topology: Topology) -> Iterator[Variant]:
    led = next(record for record in topology.way if record.set_identifier)
    now_s, alias = topology.timing.record_ttl_s, led.alias
    options = ((SHORT_TTL_S, False), (ALIAS_TTL_S, True))
    now_usd = _queries_usd(topology, now_s, alias=alias)
    for then_s, as_alias in options:
        if (then_s, as_alias) == (now_s, alias):
            continue
        yield Variant(
            setting="recordType, recordTtlSeconds",
            now=_led(now_s, alias=alias),
            then=_led(then_s, alias=as_alias),
            topology=with_ttl(topology, then_s, alias=as_alias),
            month_usd=_queries_usd(topology, then_s, alias=as_alias) - now_usd,
            cost_note=f"if {RESOLVERS:,} resolvers ask once a TTL",
        )


def _led(ttl_s: float, *, alias: bool) -> str:
    return f"{'alias' if alias else 'cname'}, {ttl_s:g}"


def _queries_usd(topology: Topology, ttl_s: float, *, alias: bool) -> float:
    """Price the queries of a month. Every name on the way is one, which a CNAME makes two or more.

    An alias within the zone is followed by Route 53 itself, and leads to a load balancer.
    """
    if alias:
        return ALIAS_QUERIES.usd
    price = LATENCY_QUERIES if topology.routing == "latency" else STANDARD_QUERIES
    names = 2  # the clients' name, and the link or the latency records it leads to
    millions = RESOLVERS * names * SECONDS_A_MONTH / ttl_s / 1e6
    return millions * price.usd


def _holds(topology: Topology) -> Iterator[Variant]:
    now_s = topology.primary.failback_hold_s
    for then_s in (now_s / 2, now_s * 2):
        yield Variant(
            setting="failbackHoldSeconds",
            now=f"{now_s:g}",
            then=f"{then_s:g}",
            topology=with_hold(topology, then_s),
            month_usd=0.0,
            cost_note="free of charge",
        )


def _capacities(topology: Topology) -> Iterator[Variant]:
    function, regions = topology.primary.function, len(topology.regions)
    now = function.provisioned_concurrency
    then = 0 if now else PROVISIONED
    more = provisioned_usd(then - now, function.memory_mb, regions)
    yield Variant(
        setting="provisionedConcurrency",
        now=str(now),
        then=str(then),
        topology=with_provisioned(topology, then),
        month_usd=more,
        cost_note=f"{abs(then - now)} environments of {function.memory_mb} MB in {regions} Regions",
    )


def _overstaying(topology: Topology) -> Variant:
    usual = Parameters()
    return Variant(
        setting="(resolvers)",
        now="keep the TTL",
        then=f"{100 * usual.overstaying_ratio:g} % keep answers {usual.overstay_s:g} s",
        topology=topology,
        month_usd=None,
        cost_note="no setting of a stack changes that",
        overstaying_ratio=usual.overstaying_ratio,
    )


def provisioned_usd(environments: int, memory_mb: int, regions: int) -> float:
    """Price environments kept started in every Region for a month."""
    gb_s = environments * memory_mb / 1024 * SECONDS_A_MONTH * regions
    return gb_s * PROVISIONED_CONCURRENCY.usd
