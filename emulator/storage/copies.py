"""One copy on its way to one destination: what it carries, and why AWS would fail it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from emulator.storage import encryption
from emulator.storage.roles import Need, denial

if TYPE_CHECKING:
    from emulator.storage.objects import Objects, Version
    from emulator.storage.rules import ReplicationRule

Cargo: TypeAlias = Literal["version", "tags"]


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A version (or delete marker), or its tags alone, on the way to one destination."""

    version: Version
    rule: ReplicationRule
    role_arn: str
    written_s: float
    """Emulated Unix seconds."""
    cargo: Cargo = "version"

    @property
    def identity(self) -> tuple[str, str, str]:
        """Bucket, key and version id of what is copied."""
        return (self.version.bucket, self.version.key, self.version.id)

    @property
    def size_bytes(self) -> int:
        """Bytes it carries."""
        return self.version.size_bytes if self.cargo == "version" else 0


def refusal(copy: Copy, objects: Objects) -> str | None:
    """Why AWS would fail this copy; None when it can be made."""
    source, destination = copy.version.bucket, copy.rule.destination
    if objects.region_of(destination) is None:
        return f"destination bucket {destination} does not exist"
    if not objects.is_versioned(destination):
        return f"destination bucket {destination} does not keep versions"
    sealing, unusable = _key_needs(copy, objects)
    if unusable:
        return unusable
    policies = {each: objects.policies_of(each) for each in (source, destination)}
    needs = _needs(copy, tagged=bool(objects.tags_of(copy.version)))
    return denial(
        copy.role_arn,
        ("s3.amazonaws.com",),
        [
            *((need, policies[bucket]) for bucket, need in needs),
            *((need, ()) for need in sealing),
        ],
        source_arn=f"arn:aws:s3:::{source}",
    )


def _key_needs(copy: Copy, objects: Objects) -> tuple[list[Need], str | None]:
    """What the role must be allowed to do with the keys of both ends."""
    key = copy.version.kms_key
    if key is None or copy.cargo == "tags":
        return [], None
    reads, unreadable = encryption.to_read(objects, copy.version.bucket, key)
    target = copy.rule.destination
    writes, unwritable = encryption.to_replicate(objects, target, copy.rule.replica_key)
    return [*reads, *writes], unreadable or unwritable


def _needs(copy: Copy, *, tagged: bool) -> list[tuple[str, Need]]:
    """(bucket, permission) that the replication role must hold.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
    """
    source, destination = copy.version.bucket, copy.rule.destination
    actions = [
        (source, "", "GetReplicationConfiguration"),
        (source, "", "ListBucket"),
        (source, f"/{copy.version.key}", "GetObjectVersionForReplication"),
        (source, f"/{copy.version.key}", "GetObjectVersionAcl"),
    ]
    if copy.cargo == "version":
        verb = "ReplicateDelete" if copy.version.delete_marker else "ReplicateObject"
        actions.append((destination, f"/{copy.version.key}", verb))
    if tagged or copy.cargo == "tags":
        actions.append((source, f"/{copy.version.key}", "GetObjectVersionTagging"))
        actions.append((destination, f"/{copy.version.key}", "ReplicateTags"))
    return [
        (bucket, Need(action=f"s3:{action}", resource=f"arn:aws:s3:::{bucket}{path}"))
        for bucket, path, action in actions
    ]
