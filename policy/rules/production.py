"""What a stack that clients depend on must have, and others may go without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.rule import Said, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph


@whole
def production_is_not_deleted_by_a_slip(graph: Graph) -> Iterator[Said]:
    """In production the zone is protected, and load balancers and buckets refuse to be deleted.

    A zone made anew has other name servers, which its parent does not know: no failover helps.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
    """
    if not graph.production:
        return
    for zone in graph.of("Zone"):
        if not zone.protect or zone.asked("forceDestroy"):
            yield zone, "can be deleted by one command"
    for balancer in graph.of("LoadBalancer"):
        if not balancer.get("enableDeletionProtection"):
            yield balancer, "has no deletion protection"
    for bucket in graph.of("Bucket"):
        if bucket.asked("forceDestroy"):
            yield bucket, "is emptied and deleted by one command"
