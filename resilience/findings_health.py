"""What is wrong with the health checks of a deployed stack. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resilience.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.topology import HealthCheck, Topology

WATCHERS = 2
"""Who watches a Region, where there are as many others: with one lost, the other evacuates."""


def watchers(topology: Topology) -> Iterator[Finding]:
    """Each Region is watched by two others, or by the only other one there is."""
    for region in topology.regions:
        found = {watch.watcher for watch in region.watches} - {region.region}
        needed = min(WATCHERS, len(topology.regions) - 1)
        if len(found) < needed:
            yield Finding(
                resource=f"Region {region.region}",
                cause=f"is watched by {', '.join(sorted(found)) or 'no other Region'}, so with "
                f"{'one' if found else 'or without one'} Region lost it cannot be evacuated",
                next_step=f"let {needed} other Regions serve its evacuation flag",
            )


def evacuation_checks(topology: Topology) -> Iterator[Finding]:
    """An evacuation check is inverted, and looks at the flag in another Region."""
    for region, watch in ((r, watch) for r in topology.regions for watch in r.watches):
        check = watch.check
        resource = f"evacuation check {check.id} of {region.region}"
        if not check.inverted:
            yield Finding(
                resource=resource,
                cause="is not inverted, so 'not evacuated' reads as unhealthy and no Region "
                "counts as serving",
                next_step="set invert_healthcheck on it",
            )
        if check.path != f"/evacuation/{region.region}":
            yield Finding(
                resource=resource,
                cause=f"looks at {check.path}, so it does not see this Region's flag",
                next_step=f"set its path to /evacuation/{region.region}",
            )
        if check.host == region.regional_name:
            yield Finding(
                resource=resource,
                cause=f"looks at {check.host}, the Region it is to evacuate, and dies with it",
                next_step="let it look at the flag served from another Region",
            )
        elif check.host != topology.region(watch.watcher).regional_name:
            yield Finding(
                resource=resource,
                cause=f"looks at {check.host}, not at its watcher {watch.watcher}",
                next_step=f"let it look at {topology.region(watch.watcher).regional_name}",
            )


def deep_checks(topology: Topology) -> Iterator[Finding]:
    """A deep check looks at its own Region's readiness by string match, straight."""
    for region in topology.regions:
        check = region.deep_check
        resource = f"deep check {check.id} of {region.region}"
        wrong = (
            (check.kind != "HTTPS_STR_MATCH", f"is {check.kind}, which does not read the answer"),
            (check.inverted, "is inverted, so a ready Region reads as unhealthy"),
            (check.disabled, "is disabled, so it is healthy whatever happens"),
            (check.host != region.regional_name, f"looks at {check.host}, not at its own Region"),
            (check.path != "/health/ready", f"looks at {check.path}, not at readiness"),
        )
        for is_wrong, cause in wrong:
            if is_wrong:
                yield Finding(
                    resource=resource,
                    cause=cause,
                    next_step=f"let it match the body of https://{region.regional_name}"
                    "/health/ready",
                )


def serving_checks(topology: Topology) -> Iterator[Finding]:
    """A Region serves only when its deep check and its evacuation check are both healthy."""
    for region in topology.regions:
        check = region.serving_check
        resource = f"serving check {check.id} of {region.region}"
        needed = {region.deep_check.id, *(watch.check.id for watch in region.watches)}
        if set(check.children) != needed:
            yield Finding(
                resource=resource,
                cause=f"is calculated from {sorted(check.children)}, not from the Region's deep "
                f"and evacuation checks {sorted(needed)}",
                next_step="give it these children",
            )
        if check.child_threshold != len(needed):
            yield Finding(
                resource=resource,
                cause=f"needs {check.child_threshold} healthy children, so one unhealthy child "
                "does not move traffic"
                if (check.child_threshold or 0) < len(needed)
                else f"needs {check.child_threshold} healthy children of {len(needed)}, so it is "
                "never healthy",
                next_step=f"set its threshold to {len(needed)}",
            )


def check_timing(topology: Topology) -> Iterator[Finding]:
    """Endpoint checks say how often they look and when they give up."""
    for region in topology.regions:
        for check in (region.deep_check, *(watch.check for watch in region.watches)):
            if not _timed(check):
                yield Finding(
                    resource=f"health check {check.id} of {region.region}",
                    cause="has no interval or failure threshold, so nothing bounds its failover",
                    next_step="set request_interval and failure_threshold",
                )


def _timed(check: HealthCheck) -> bool:
    return check.interval_s is not None and check.failure_threshold is not None
