"""The table that a stack's Regions share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.rule import Said, each, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource


def _replicas(table: Resource) -> list[dict[str, Any]]:
    return table.items("replicas")


@whole
def every_region_has_the_table(graph: Graph) -> Iterator[Said]:
    """Every Region has a replica of the table.

    The epoch that says which Region is active must be readable where there is still a Region.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
    """
    tables = graph.of("Table")
    regions = [str(each.region) for each in (*tables, *graph.all("TableReplica"))]
    regions += [str(found["regionName"]) for table in tables for found in _replicas(table)]
    if sorted(regions) != sorted(graph.regions):
        yield f"the table is in {', '.join(sorted(regions))}"


@each("Table", "TableReplica")
def tables_can_be_had_back(table: Resource, graph: Graph) -> Iterator[str]:
    """Each replica can be restored to any second, and goes only where the stack may go.

    A wrong write is replicated in under a second: the past is the only copy of what was right.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html
    """
    recovery = table.get("pointInTimeRecovery")
    kept = recovery.get("enabled") if isinstance(recovery, dict) else recovery  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]  # JSON
    if not kept:
        yield "cannot be restored to a point in time"
    for replica in _replicas(table):
        if not replica.get("pointInTimeRecovery"):
            yield f"cannot be restored to a point in time in {replica.get('regionName')}"
    wanted = any(each.get("enableDeletionProtection") for each in graph.of("LoadBalancer"))
    if wanted and not table.get("deletionProtectionEnabled"):
        yield "is deleted without a word, where load balancers are not"


@each("Table", "TableReplica")
def tables_are_under_their_regions_key(table: Resource, graph: Graph) -> Iterator[str]:
    """Each replica is encrypted under the stack's key of its own Region.

    A replica under another Region's key is lost with that Region.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    """
    sealing = table.object("serverSideEncryption") if table.kind == "Table" else {}
    named = {table.region: sealing.get("kmsKeyArn") or table.get("kmsKeyArn")}
    named |= {str(each["regionName"]): each.get("kmsKeyArn") for each in _replicas(table)}
    keys = (*graph.all("Key"), *graph.all("ReplicaKey"))
    for region, reference in named.items():
        if not any(key.known_as(reference) and key.region == region for key in keys):
            yield f"is under {reference} in {region}"
