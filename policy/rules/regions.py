"""Regions stand alone, and each is a full match for every other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.rule import Said, each, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource

# Services whose resources belong to no Region.
_GLOBAL: Final = ("aws:iam/", "aws:route53/")
# Resource types that have no tags: settings of something else, which has them.
_UNTAGGED: Final = frozenset(
    {
        *("Route", "RouteTableAssociation", "TargetGroupAttachment", "CertificateValidation"),
        *("Alias", "Permission", "LogSubscriptionFilter", "RolePolicy", "Record"),
        *("WebAclAssociation", "WebAclLoggingConfiguration", "ZonalAutoshiftConfiguration"),
        *("ProvisionedConcurrencyConfig", "LifecyclePolicy", "RepositoryPolicy"),
        "ReplicationConfiguration",
        *("BucketVersioning", "BucketServerSideEncryptionConfiguration"),
        *("BucketPublicAccessBlock", "BucketOwnershipControls", "BucketPolicy"),
        *("BucketLifecycleConfiguration", "BucketReplicationConfig"),
        "BucketObjectLockConfiguration",
        *("TopicPolicy", "TopicSubscription", "Schedule", "Dashboard", "EventTarget"),
        *("VaultLockConfiguration", "Selection", "RestoreTestingSelection"),
    }
)
# Stands where drills run from, and serves nobody.
_DRILL: Final = "-drill"
# Route 53's metrics are in this Region only, and so is what hears of them, in a stack that may
# serve from elsewhere: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
_HEALTH_METRICS_REGION: Final = "us-east-1"
_ABOUT_HEALTH: Final = frozenset(
    {
        *("MetricAlarm", "CompositeAlarm", "Topic", "TopicPolicy", "TopicSubscription"),
        *("ReplicaKey", "Alias"),
    }
)
# What leads from one Region into another by its nature; a dashboard shows all side by side.
_ACROSS: Final = frozenset(
    {"BucketReplicationConfig", "Dashboard", "Plan", "ReplicaKey", "TableReplica"}
)


@whole
def regional_resources_state_their_region(graph: Graph) -> Iterator[Said]:
    """Every regional resource states one of the stack's Regions.

    What takes its Region from the provider's default moves when that changes, and cannot be
    updated on the day the default Region is the one that is lost.

    Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/aws-service-types.html
    """
    for resource in graph.custom:
        if resource.type.startswith(_GLOBAL):
            continue
        about_health = resource.kind in _ABOUT_HEALTH and resource.region == _HEALTH_METRICS_REGION
        if resource.region not in graph.regions and not about_health:
            yield resource, f"leaves its Region to the provider (it states {resource.region})"


@whole
def resources_are_tagged(graph: Graph) -> Iterator[Said]:
    """Every resource that can carry tags says project, stack, Region and name.

    At night the question is whose this is and which stack it belongs to; cost and clean-up ask the
    same by day.

    Source: https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html
    """
    for resource in graph.custom:
        if resource.kind in _UNTAGGED:
            continue
        tags = resource.object("tags")
        missing = [key for key in ("Name", "project", "stack", "region") if not tags.get(key)]
        if missing:
            yield resource, f"is tagged {tags}, without {', '.join(missing)}"
        elif resource.region not in {None, tags["region"]}:
            yield resource, f"stands in {resource.region} and is tagged {tags['region']}"
        elif tags["stack"] != graph.outputs.get("stack", tags["stack"]):
            yield resource, f"is tagged as part of stack {tags['stack']}"


@whole
def resources_belong_to_a_component(graph: Graph) -> Iterator[Said]:
    """Every resource is a child of one of the program's components.

    A component is what an operator targets (`--target '**us-east-1**'`) when only one Region can
    be reached; what stands outside is forgotten.

    Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/regions.html
    """
    parents = {each.urn for each in graph.components}
    for resource in graph.custom:
        if resource.parent not in parents:
            yield resource, f"has left its component for {resource.parent or 'none'}"


@whole
def regions_are_built_alone(graph: Graph) -> Iterator[Said]:
    """No Region's resource waits for another Region's, save what leads from one into another.

    While a Region is lost, the others must still be deployable.

    Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/static-stability.html
    """
    for resource in graph.custom:
        if resource.region is None or resource.kind in _ACROSS or _spans_regions(resource):
            continue
        for urn in sorted(resource.dependencies):
            other = graph.resources.get(urn)
            if other is None or _spans_regions(other):
                continue
            if other.region not in {None, resource.region}:
                yield resource, f"in {resource.region} waits for {other} in {other.region}"


@each("Function")
def standbys_match_the_primary(function: Resource, graph: Graph) -> Iterator[str]:
    """A function has in every Region the same memory, time limit and capacity ahead of demand.

    After a failover the standby takes the whole load at once, cold: a smaller one is throttled
    just then.

    Source: https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_fault_isolation_multiaz_region_system.html
    """
    keys = (
        *("memorySize", "timeout", "reservedConcurrentExecutions", "ephemeralStorage"),
        *("architectures", "runtime", "handler", "snapStart", "packageType"),
    )
    if str(function.get("name")).endswith(_DRILL):
        return
    twins = graph.matching("Function", name=function.get("name"))
    first = min(twins, key=lambda twin: _rank(graph, twin))
    missing = set(graph.regions) - {twin.region for twin in twins}
    if missing:
        yield f"is not in {', '.join(sorted(missing))}"
    for key in keys:
        if function.get(key) != first.get(key):
            yield (
                f"has {key} {function.get(key)} in {function.region}, and {first.get(key)} in"
                f" {first.region}"
            )


@whole
def provisioned_capacity_is_the_same_everywhere(graph: Graph) -> Iterator[Said]:
    """Where one Region has environments provisioned, every Region has as many.

    Environments provisioned in the primary alone make the first minutes of the standby the slow
    ones.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
    """
    key = "provisionedConcurrentExecutions"
    sums = {
        region: sum(int(each.get(key) or 0) for each in found)
        for region, found in graph.per_region("ProvisionedConcurrencyConfig").items()
    }
    if len(set(sums.values())) > 1:
        told = ", ".join(f"{count} in {region}" for region, count in sums.items())
        yield f"environments are provisioned unevenly: {told}"


@whole
def every_region_spans_the_same_zones(graph: Graph) -> Iterator[Said]:
    """Every Region has subnets in as many availability zones, three or more, each in its own.

    A standby in fewer zones is lost with one of them, just when it is all there is.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#availability-zones
    """
    subnets = graph.per_region("Subnet")
    counts = {region: len(found) for region, found in subnets.items()}
    if len(set(counts.values())) > 1 or min(counts.values(), default=0) < 3:  # noqa: PLR2004 - three zones, as said above
        yield f"the Regions have subnets in {counts} availability zones"
    for found in subnets.values():
        zones = [each.get("availabilityZone") for each in found]
        if len(set(zones)) != len(zones):
            yield f"two subnets are in one availability zone: {', '.join(map(str, zones))}"


def _spans_regions(resource: Resource) -> bool:
    """Whether it is a strong table, all of whose members AWS makes in one call."""
    return resource.kind == "Table" and bool(resource.items("replicas"))


def _rank(graph: Graph, resource: Resource) -> int:
    regions = graph.regions
    return regions.index(resource.region) if resource.region in regions else len(regions)
