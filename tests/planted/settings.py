"""Settings that are known to be bad: topologies as a deploy with one mistake would be read back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resilience.simulate.what_ifs import (
    with_checks,
    with_hold,
    with_interval,
    with_regions,
    with_threshold,
    with_ttl,
)
from tests.planted.plant import Plant

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.topology import HealthCheck, Record, Region, Topology


def _with_records(change: Callable[[Record], Record]) -> Callable[[Topology], Topology]:
    return lambda found: replace(found, records=tuple(map(change, found.records)))


def _shared_dependency(found: Topology) -> Topology:
    """Every deep check asks the first Region, as one that asks a shared database would."""
    host = found.primary.deep_check.host
    return with_regions(
        found, lambda region: replace(region, deep_check=replace(region.deep_check, host=host))
    )


def _watched_by_itself(found: Topology) -> Topology:
    """Each Region's evacuation flag is read from the Region itself."""

    def own(region: Region) -> Region:
        watches = tuple(
            replace(each, check=replace(each.check, host=region.deep_check.host))
            for each in region.watches
        )
        return replace(region, watches=watches)

    return with_regions(found, own)


def _not_inverted(check: HealthCheck) -> HealthCheck:
    return replace(check, inverted=False)


def _one_is_enough(region: Region) -> Region:
    return replace(region, serving_check=replace(region.serving_check, child_threshold=1))


def _standby_alone(change: Callable[[Region], Region]) -> Callable[[Topology], Topology]:
    """Change every Region but the first."""

    def changed(found: Topology) -> Topology:
        first = found.primary.region
        return with_regions(found, lambda each: each if each.region == first else change(each))

    return changed


def _capacity(reserved: int) -> Callable[[Region], Region]:
    return lambda region: replace(
        region, function=replace(region.function, reserved_concurrency=reserved)
    )


def _other_release(region: Region) -> Region:
    return replace(region, function=replace(region.function, code_sha256="f" * 64))


def _not_replicated(region: Region) -> Region:
    return replace(region, prediction_bucket=replace(region.prediction_bucket, replicates_to=()))


def _keep_alive(seconds: float) -> Callable[[Region], Region]:
    return lambda region: replace(
        region, load_balancer=replace(region.load_balancer, client_keep_alive_s=seconds)
    )


def _nowhere_else(record: Record) -> Record:
    """The way onward from a Region's link leads back to the same Region's load balancer."""
    return replace(record, health_check_id=None) if record.failover_role == "PRIMARY" else record


SETTINGS = (
    Plant(
        name="ttl-300",
        mistake="Records may be kept for 300 s.",
        change=lambda found: with_ttl(found, 300.0, alias=False),
    ),
    Plant(
        name="threshold-10",
        mistake="A checker needs ten failures in a row.",
        change=lambda found: with_threshold(found, 10),
    ),
    Plant(
        name="slow-checks",
        mistake="Checkers look every 30 s, and need four failures.",
        change=lambda found: with_threshold(with_interval(found, 30.0), 4),
    ),
    Plant(
        name="keep-alive-3600",
        mistake="Load balancers keep clients' connections for an hour.",
        change=lambda found: with_regions(found, _keep_alive(3600.0)),
    ),
    Plant(
        name="hold-down-0",
        mistake="A Region that has been well for no time at all gets its traffic back.",
        change=lambda found: with_hold(found, 0.0),
        why_not="Failback is asked for by people, who wait longer than it (`patience_s`); a brain "
        "that ignores the hold-down it was given is found (`hold-down-ignored`).",
    ),
    Plant(
        name="shared-dependency",
        mistake="The deep checks of all Regions ask one thing that they share.",
        change=_shared_dependency,
    ),
    Plant(
        name="flag-at-home",
        mistake="A Region's evacuation flag is read from that Region itself.",
        change=_watched_by_itself,
    ),
    Plant(
        name="not-inverted",
        mistake="Evacuation checks are not inverted: no flag means evacuated.",
        change=lambda found: with_regions(
            found,
            lambda region: replace(
                region,
                watches=tuple(
                    replace(each, check=_not_inverted(each.check)) for each in region.watches
                ),
            ),
        ),
    ),
    Plant(
        name="one-check-is-enough",
        mistake="A Region serves if any one of its checks is healthy.",
        change=lambda found: with_regions(found, _one_is_enough),
    ),
    Plant(
        name="checks-disabled",
        mistake="The checks were disabled in an incident and stayed so.",
        change=lambda found: with_checks(found, lambda check: replace(check, disabled=True)),
    ),
    Plant(
        name="no-health-check",
        mistake="Records without a health check: they always count as healthy.",
        change=_with_records(_nowhere_else),
    ),
    Plant(
        name="cold-standby",
        mistake="The standby's function is stopped (reserved concurrency 0) to save money.",
        change=_standby_alone(_capacity(0)),
    ),
    Plant(
        name="small-standby",
        mistake="The standby's function may run once at a time.",
        change=_standby_alone(_capacity(1)),
    ),
    Plant(
        name="other-release",
        mistake="The standby serves another release than the primary.",
        change=_standby_alone(_other_release),
    ),
    Plant(
        name="not-replicated",
        mistake="Predictions are not replicated.",
        change=lambda found: with_regions(found, _not_replicated),
    ),
)
