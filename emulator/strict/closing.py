"""What AWS accepts and then silently does not do, looked for once a deployment is complete.

Neither rule can be held when the resource is put: the role's policy may come later, and AWS
itself looks only when it copies an object or delivers a batch.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from emulator.door.actions import Need
from emulator.storage import encryption
from emulator.storage.objects import Objects
from emulator.storage.roles import denial
from emulator.strict import backends, closing_backups

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from emulator.engine.state import ResourceState

REPLICATION: Final = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
ENCRYPTION: Final = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
DELIVERY: Final = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
_SAMPLE: Final = "example-object"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
_ON_SOURCE: Final = ("GetReplicationConfiguration", "ListBucket")
_ON_SOURCE_OBJECTS: Final = (
    "GetObjectVersionForReplication",
    "GetObjectVersionAcl",
    "GetObjectVersionTagging",
)
_ON_REPLICAS: Final = ("ReplicateObject", "ReplicateTags")


def problems(resources: Iterable[ResourceState]) -> Iterator[tuple[str, str]]:
    """URN and explanation for each resource that would silently do nothing in AWS."""
    resources = list(resources)
    yield from closing_backups.problems(resources)
    for resource in resources:
        if resource.type == REPLICATION:
            yield from ((resource.urn, each) for each in _replication(resource.inputs))
        elif resource.type == DELIVERY:
            yield from ((resource.urn, each) for each in _delivery(resource.inputs))
        elif resource.type == ENCRYPTION:
            yield from ((resource.urn, each) for each in _encryption(resource.inputs))


def _encryption(inputs: dict[str, Any]) -> Iterator[str]:
    """S3 takes any text for a key, and then refuses every object."""
    bucket = str(inputs["bucket"])
    if backends.bucket_region(bucket) is not None:
        _, unusable = encryption.to_write(_objects(), bucket)
        if unusable:
            yield f"every object put into {bucket} would be refused: {unusable}"


def _replication(inputs: dict[str, Any]) -> Iterator[str]:
    source = str(inputs["bucket"])
    for rule in inputs["rules"]:
        if rule.get("status") != "Enabled":
            continue
        target = str(rule["destination"]["bucket"]).rpartition(":::")[2]
        on_replicas: list[str] = list(_ON_REPLICAS)
        if (rule.get("deleteMarkerReplication") or {}).get("status") == "Enabled":
            on_replicas.append("ReplicateDelete")
        prefix = _prefix(rule)
        needs = [
            *((source, "", action) for action in _ON_SOURCE),
            *((source, f"/{prefix}{_SAMPLE}", action) for action in _ON_SOURCE_OBJECTS),
            *((target, f"/{prefix}{_SAMPLE}", action) for action in on_replicas),
        ]
        sealing, unusable = _replica_keys(rule, source, target)
        denied = unusable or _denied(
            str(inputs["role"]),
            "s3.amazonaws.com",
            needs,
            sealing,
            source_arn=f"arn:aws:s3:::{source}",
        )
        if denied:
            yield (
                f"rule {rule.get('id', '')!r} would replicate nothing from {source} to {target}: "
                f"{denied} (AWS accepts the rule and marks every object FAILED)"
            )


def _replica_keys(rule: dict[str, Any], source: str, target: str) -> encryption.Asked:
    """What the role needs of the keys at both ends."""
    key = _objects().default_key(source)
    if key is None:
        return [], None
    criteria = (rule.get("sourceSelectionCriteria") or {}).get("sseKmsEncryptedObjects") or {}
    if criteria.get("status") != "Enabled":
        return [], f"objects are encrypted with {key}, and the rule does not select those"
    sealing = (rule["destination"].get("encryptionConfiguration") or {}).get("replicaKmsKeyId")
    reads, unreadable = encryption.to_read(_objects(), source, key)
    writes, unwritable = encryption.to_replicate(_objects(), target, sealing)
    return [*reads, *writes], unreadable or unwritable


def _objects() -> Objects:
    return Objects(threading.RLock())


def _prefix(rule: dict[str, Any]) -> str:
    chosen = rule.get("filter") or {}
    return str((chosen.get("and") or chosen).get("prefix") or rule.get("prefix") or "")


def _delivery(inputs: dict[str, Any]) -> Iterator[str]:
    target = inputs["extendedS3Configuration"]
    bucket = str(target["bucketArn"]).rpartition(":::")[2]
    if backends.bucket_region(bucket) is None:
        yield f"the stream's bucket {bucket} does not exist"
        return
    prefix = str(target.get("prefix") or "").partition("!{")[0]
    needs = [(bucket, f"/{prefix}{_SAMPLE}", "PutObject")]
    stream_arn = str(inputs.get("arn", ""))
    sealing, unusable = encryption.to_write(_objects(), bucket)
    denied = unusable or _denied(
        str(target["roleArn"]), "firehose.amazonaws.com", needs, sealing, source_arn=stream_arn
    )
    if denied:
        yield f"the stream would deliver nothing to {bucket}: {denied} (AWS accepts the stream)"


def _denied(
    role_arn: str,
    service: str,
    needs: list[tuple[str, str, str]],
    sealing: list[Need],
    *,
    source_arn: str,
) -> str | None:
    """Why a service cannot do all of this under a role; None when it can."""
    on_buckets = [
        (Need(action=f"s3:{action}", resource=f"arn:aws:s3:::{bucket}{path}"), _policies(bucket))
        for bucket, path, action in needs
    ]
    on_keys = [(need, ()) for need in sealing]
    return denial(role_arn, (service,), [*on_buckets, *on_keys], source_arn=source_arn)


def _policies(bucket: str) -> tuple[str, ...]:
    found = backends.s3().buckets.get(bucket)
    raw = found.policy if found is not None else None
    return (raw.decode() if isinstance(raw, bytes) else str(raw),) if raw else ()
