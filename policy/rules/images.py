"""Container images: what a Region runs, or may go back to, is there and stays what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.rule import Said, each, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource


@each("Repository", optional=True)
def images_stay_what_they_are(repository: Resource, graph: Graph) -> Iterator[str]:
    """A repository's tags never move, what is pushed is scanned, and it is under the stack's key.

    A tag that moves makes one name two images: nobody knows any more what the way back leads to.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
    """
    if repository.get("imageTagMutability") != "IMMUTABLE":
        yield "lets a tag be moved to another image"
    if not repository.object("imageScanningConfiguration").get("scanOnPush"):
        yield "scans nothing of what is pushed"
    keys = graph.behind(repository, "encryptionConfigurations", "Key", "ReplicaKey")
    if [key.region for key in keys] != [repository.region]:
        yield "is not under the stack's key of its Region"


@whole
def images_are_copied_to_every_region(graph: Graph) -> Iterator[Said]:
    """Where functions run an image, each Region has its repository, and copies go both ways.

    What is pushed to one Region alone cannot be started in another on the day that one is lost.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html
    """
    if not any(function.get("imageUri") for function in graph.of("Function")):
        return
    for region, found in graph.per_region("Repository").items():
        if not found:
            yield f"{region} has no repository for the image it runs"
    for config in graph.all("ReplicationConfiguration"):
        told: dict[str, Any] = config.object("replicationConfiguration")
        reached = {
            str(to.get("region"))
            for rule in told.get("rules") or []
            for to in rule.get("destinations") or []
        }
        missed = set(graph.regions) - reached - {str(config.region)}
        if missed:
            yield config, f"copies nothing to {', '.join(sorted(missed))}"
