"""What is wrong with a deployed stack before anything is broken.

Each rule looks at the topology alone and names the resource, what is wrong with it, and what that
would cost in a loss. A finding never stops a rehearsal: it is what the rehearsal's failure is
explained by. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resilience import findings_health, findings_records
from resilience.finding import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.topology import Function, Region, Topology

__all__ = ["RULES", "Finding", "find"]


def find(topology: Topology) -> tuple[Finding, ...]:
    """Apply every rule."""
    return tuple(finding for rule in RULES for finding in rule(topology))


def targets(topology: Topology) -> Iterator[Finding]:
    """A Region's listener leads to its own function, by its alias, with health checks on."""
    for region in topology.regions:
        group = region.target_group
        resource = f"target group {group.arn} of {region.region}"
        if group.targets != (region.function.alias_arn,):
            yield Finding(
                resource=resource,
                cause=f"leads to {', '.join(group.targets) or 'nothing'}, not to its own Region's "
                f"function {region.function.alias_arn}",
                next_step="register the Region's own alias and nothing else",
            )
        if not group.health_check_enabled:
            yield Finding(
                resource=resource,
                cause="has its health check off, which is the default for Lambda targets",
                next_step="turn health_check.enabled on",
            )
        if region.listener.default_target_group_arn != group.arn:
            yield Finding(
                resource=f"listener {region.listener.arn} of {region.region}",
                cause=f"forwards to {region.listener.default_target_group_arn}, not to its own "
                f"target group {group.arn}",
                next_step="forward to the Region's own target group",
            )
        yield from _permission(region)


def _permission(region: Region) -> Iterator[Finding]:
    allowed = region.function.invocable_by
    if not any(arn in {"*", region.target_group.arn} for arn in allowed):
        yield Finding(
            resource=f"function {region.function.alias_arn}",
            cause="may not be invoked by its load balancer: its policy allows "
            f"{', '.join(allowed) or 'no load balancer'}",
            next_step="give elasticloadbalancing.amazonaws.com lambda:InvokeFunction on the alias",
        )


def releases(topology: Topology) -> Iterator[Finding]:
    """Every Region serves the same bytes, and holds them in its own bucket."""
    digests = {region.function.code_sha256 for region in topology.regions}
    if len(digests) > 1:
        yield Finding(
            resource="functions " + ", ".join(_named(r.function) for r in topology.regions),
            cause="run different code, so a failover changes the model",
            next_step="deploy one release to every Region",
        )
    for region in topology.regions:
        if not region.release_present:
            yield Finding(
                resource=f"bucket {region.release_bucket.name}",
                cause=f"does not hold releases/{region.function.code_sha256}.zip, the code that "
                f"{region.region} serves",
                next_step="upload the release to each Region's own bucket",
            )


def _named(function: Function) -> str:
    return f"{function.alias_arn} ({function.code_sha256[:12]})"


def replication(topology: Topology) -> Iterator[Finding]:
    """Prediction and release buckets replicate to every other Region's."""
    for region in topology.regions:
        for other in topology.regions:
            pairs = (
                (region.release_bucket, other.release_bucket.name),
                (region.prediction_bucket, other.prediction_bucket.name),
            )
            for bucket, target in pairs if other is not region else ():
                if target not in bucket.replicates_to:
                    yield Finding(
                        resource=f"bucket {bucket.name}",
                        cause=f"does not replicate to {target}",
                        next_step="declare an enabled replication rule both ways",
                    )


RULES: tuple[Rule, ...] = (
    findings_health.watchers,
    findings_health.evacuation_checks,
    findings_health.deep_checks,
    findings_health.serving_checks,
    findings_records.clients_name,
    findings_records.failover_chain,
    findings_records.latency_records,
    targets,
    releases,
    replication,
    findings_health.check_timing,
)
