"""The table that a stack's Regions share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.rule import Said, each, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource


def _replicas(table: Resource) -> list[dict[str, Any]]:
    """Replicas in the table's own resource; of their values some may not be known yet."""
    return list(table.inputs.get("replicas") or ())


def tables(graph: Graph) -> Iterator[tuple[str, Resource]]:
    """Every Region that the table is in, and the resource that puts it there."""
    for table in (*graph.of("Table"), *graph.all("TableReplica")):
        yield str(table.region), table
        for replica in _replicas(table):
            yield str(replica["regionName"]), table


@whole
def every_region_has_the_table(graph: Graph) -> Iterator[Said]:
    """Every Region has a replica of the table.

    The epoch that says which Region is active must be readable where there is still a Region.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
    """
    regions = [region for region, _ in tables(graph)]
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
    named = "serverSideEncryption" if table.kind == "Table" else "kmsKeyArn"
    expected = {str(table.region)}
    found = {str(key.region) for key in graph.behind(table, named, "Key", "ReplicaKey")}
    if _replicas(table):
        expected |= {str(each["regionName"]) for each in _replicas(table)}
        found |= {str(key.region) for key in graph.behind(table, "replicas", "Key", "ReplicaKey")}
    if found != expected:
        yield f"is under {'the keys of ' + ', '.join(sorted(found)) if found else 'no key of ours'}"
