"""What is encrypted, under which key, and whether copies arrive readable."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.graph import UNKNOWN, UndecidedError
from policy.rule import Said, alone, each, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource

_KEY_KINDS: Final = ("Key", "ReplicaKey")
# Whoever may do these reads or writes what the key protects.
_USES: Final = frozenset({"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant"})


def _keys(graph: Graph) -> list[Resource]:
    return [each for kind in _KEY_KINDS for each in graph.all(kind)]


def _key(graph: Graph, reference: object) -> Resource | None:
    if reference == UNKNOWN:
        raise UndecidedError("a key's ARN is known after the deploy")
    return next((each for each in _keys(graph) if each.known_as(reference)), None)


@whole
def every_region_has_the_key_and_its_name(graph: Graph) -> Iterator[Said]:
    """Each Region has the stack's key, one primary and replicas of it, under the same alias.

    What one Region encrypted must open in another while the first is gone; a Region that calls
    another one's key is lost with it.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
    """
    primaries = graph.all("Key")
    if len(primaries) != 1 or not primaries[0].get("multiRegion"):
        yield f"{len(primaries)} keys, where one multi-Region key is expected"
    regions = sorted(str(key.region) for key in _keys(graph))
    # One more is where alarms on health checks stand, in a stack that does not serve from there.
    if not {*graph.regions} <= {*regions} or len(regions) != len({*regions}):
        yield f"keys are in {', '.join(regions) or 'no Region'}"
    names = {
        (alias.region, alias.get("name"))
        for alias in graph.all("Alias")
        if alias.type.startswith("aws:kms/")
    }
    if len(names) != len(regions) or len({name for _, name in names}) != 1:
        yield f"the key goes by {sorted(map(str, names))}"


@alone("Key")
def keys_rotate(key: Resource) -> Iterator[str]:
    """The key's material is renewed every year.

    What leaks of a key's use then opens a year's data at most, and nobody has to remember it.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
    """
    if not key.get("enableKeyRotation"):
        yield "is never rotated"


def _admits(statement: dict[str, Any]) -> str | None:
    """Why a statement lets in more than the roles and services concerned."""
    if statement.get("Effect") != "Allow":
        return None
    actions = statement.get("Action", [])
    listed = [actions] if isinstance(actions, str) else list(actions)
    if wide := [action for action in listed if "*" in action]:
        return f"allows {wide[0]}"
    condition = json.dumps(statement.get("Condition") or {})
    principal = statement.get("Principal")
    if principal in ("*", {"AWS": "*"}):
        return "lets everybody in"
    bound = ("aws:PrincipalArn", "aws:SourceAccount", "kms:EncryptionContext")
    if _USES.intersection(listed) and not any(each in condition for each in bound):
        return f"lets {json.dumps(principal)} use it without saying which roles"
    return None


@alone(*_KEY_KINDS)
def keys_let_in_only_whom_they_name(key: Resource) -> Iterator[str]:
    """A key's policy, and each replica's own, names who may use it.

    The default policy leaves the key to IAM, where one `kms:*` on `*` opens every key there is; a
    replica without a policy gets that one, not its primary's.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    statements = key.document("policy") if key.get("policy") else []
    if not statements:
        yield "has the default policy, by which any role with a wide policy may use it"
    for statement in statements:
        problem = _admits(statement)
        if problem:
            yield f"{problem} (statement {statement.get('Sid')})"


def _in_its_region(user: Resource, graph: Graph, reference: object, what: str) -> Iterator[str]:
    key = _key(graph, reference)
    if key is None:
        yield f"is not under the stack's key: {what} is {reference}"
    elif key.region != user.region:
        yield f"is under the key of {key.region}"


@each("BucketServerSideEncryptionConfiguration")
def buckets_are_under_their_regions_key(config: Resource, graph: Graph) -> Iterator[str]:
    """A bucket under a KMS key is under the stack's, in the bucket's own Region, by bucket keys.

    S3 takes any text for a key and refuses the objects later; without bucket keys every object is
    a call to KMS, whose limits then limit the stack.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """
    for rule in config.items("rules"):
        default = rule.get("applyServerSideEncryptionByDefault") or {}
        if str(default.get("sseAlgorithm")).startswith("aws:kms"):
            yield from _in_its_region(config, graph, default.get("kmsMasterKeyId"), "its key")
            if not rule.get("bucketKeyEnabled"):
                yield "asks KMS for every object"


@each("LogGroup")
def log_groups_are_under_their_regions_key(group: Resource, graph: Graph) -> Iterator[str]:
    """A log group is encrypted under the stack's key of its Region.

    Request ids and prediction bins are in the logs.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    yield from _in_its_region(group, graph, group.get("kmsKeyId"), "kmsKeyId")


@each("BucketReplicationConfig")
def replicas_are_readable_where_they_arrive(config: Resource, graph: Graph) -> Iterator[str]:
    """Replication selects encrypted objects and puts replicas under the destination's own key.

    Without the selection S3 copies none of them and says nothing; under another Region's key the
    replicas are lost with that Region.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
    """
    regions = {
        str(bucket.get("arn")): bucket.region for bucket in graph.behind(config, "rules", "Bucket")
    }
    for rule in config.inputs.get("rules") or []:
        name, criteria = rule.get("id"), rule.get("sourceSelectionCriteria") or {}
        if (criteria.get("sseKmsEncryptedObjects") or {}).get("status") != "Enabled":
            yield f"leaves encrypted objects behind in its rule {name}"
        destination = rule.get("destination") or {}
        reference = (destination.get("encryptionConfiguration") or {}).get("replicaKmsKeyId")
        key = _key(graph, reference)
        if key is None or key.region != regions.get(str(destination.get("bucket"))):
            yield f"puts replicas under {reference} in its rule {name}"


@alone("BucketReplicationConfig")
def replication_keeps_buckets_alike(config: Resource) -> Iterator[str]:
    """Delete markers and changes of replicas are replicated.

    After a failover and back the two Regions must agree on what there is, whichever served.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-for-metadata-changes.html
    """
    for rule in config.inputs.get("rules") or []:
        name, criteria = rule.get("id"), rule.get("sourceSelectionCriteria") or {}
        if (rule.get("deleteMarkerReplication") or {}).get("status") != "Enabled":
            yield f"leaves deletions behind in its rule {name}"
        if (criteria.get("replicaModifications") or {}).get("status") != "Enabled":
            yield f"leaves changes of replicas behind in its rule {name}"
