"""What is wrong with a deployed stack before anything is broken.

Each rule looks at the topology alone and names the resource, what is wrong with it, and what that
would cost in a loss. A finding never stops a rehearsal: it is what the rehearsal's failure is
explained by. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from resilience.topology import Function, HealthCheck, Record, Region, Topology


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing wrong: the resource, the cause, and what to change."""

    resource: str
    cause: str
    next_step: str

    def __str__(self) -> str:
        """Read as one line."""
        return f"{self.resource}: {self.cause}; {self.next_step}"


Rule = Callable[[Topology], Iterator[Finding]]


def find(topology: Topology) -> tuple[Finding, ...]:
    """Apply every rule."""
    return tuple(finding for rule in RULES for finding in rule(topology))


def evacuation_checks(topology: Topology) -> Iterator[Finding]:
    """An evacuation check is inverted, and looks at the flag in another Region."""
    for region in topology.regions:
        check = region.evacuation_check
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
        needed = {region.deep_check.id, region.evacuation_check.id}
        if set(check.children) != needed:
            yield Finding(
                resource=resource,
                cause=f"is calculated from {sorted(check.children)}, not from the Region's deep "
                f"and evacuation checks {sorted(needed)}",
                next_step="give it these two children",
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


def failover_records(topology: Topology) -> Iterator[Finding]:
    """The predict records are one PRIMARY and one SECONDARY, checked, each to its own Region."""
    roles = sorted(str(record.failover_role) for record in topology.predict_records)
    if roles != ["PRIMARY", "SECONDARY"]:
        yield Finding(
            resource=f"records {topology.predict_name}",
            cause=f"have the roles {', '.join(roles) or 'none'}, so Route 53 cannot fail over "
            "between two Regions",
            next_step="declare exactly one PRIMARY and one SECONDARY",
        )
    for record in topology.predict_records:
        yield from _record(topology, record)


def _record(topology: Topology, record: Record) -> Iterator[Finding]:
    resource = f"record {record.name} ({record.set_identifier})"
    region = next((r for r in topology.regions if r.region == record.set_identifier), None)
    if record.health_check_id is None:
        yield Finding(
            resource=resource,
            cause="has no health check, so it always counts as healthy",
            next_step="attach the Region's serving check",
        )
    elif region is not None and record.health_check_id != region.serving_check.id:
        yield Finding(
            resource=resource,
            cause=f"is led by health check {record.health_check_id}, not by its Region's serving "
            f"check {region.serving_check.id}",
            next_step="attach the Region's serving check",
        )
    if region is not None and not _reaches(topology, record, region):
        yield Finding(
            resource=resource,
            cause=f"leads to {', '.join(record.targets)}, which is not {region.region}'s load "
            f"balancer {region.load_balancer.host}",
            next_step="point it at its own Region",
        )


def _reaches(topology: Topology, record: Record, region: Region) -> bool:
    """Follow a record by name to its Region's load balancer, through names of the same zone."""
    seen: set[str] = set()
    names = set(record.targets)
    while names - seen:
        if region.load_balancer.host in names:
            return True
        seen |= names
        names = {t for each in topology.records if each.name in names for t in each.targets}
    return False


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


def check_timing(topology: Topology) -> Iterator[Finding]:
    """Endpoint checks say how often they look and when they give up."""
    for region in topology.regions:
        for check in (region.deep_check, region.evacuation_check):
            if not _timed(check):
                yield Finding(
                    resource=f"health check {check.id} of {region.region}",
                    cause="has no interval or failure threshold, so nothing bounds its failover",
                    next_step="set request_interval and failure_threshold",
                )


def _timed(check: HealthCheck) -> bool:
    return check.interval_s is not None and check.failure_threshold is not None


RULES: tuple[Rule, ...] = (
    evacuation_checks,
    deep_checks,
    serving_checks,
    failover_records,
    targets,
    releases,
    replication,
    check_timing,
)
