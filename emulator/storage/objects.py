"""Buckets and object versions in moto's S3: the one place of storage that knows how it keeps them.

Calls that write take `lock`, the one the front door holds while moto answers an S3 call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from emulator.storage.rules import ReplicationConfiguration, from_xml_dict
from emulator.store.backends import ACCOUNT, PARTITION, values_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from emulator.policy import Document

Status: TypeAlias = Literal["PENDING", "COMPLETED", "FAILED", "REPLICA", "NONE"]
"""`NONE`: seen when it was written, and no rule covered it."""

# Attributes on moto's version that carry what moto has no place for.
_STATUS: Final = "replication_status"
_TAGGED_S: Final = "tags_changed_s"


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of an object, or a delete marker. `stored` is moto's own."""

    bucket: str
    key: str
    id: str
    delete_marker: bool
    size_bytes: int
    stored: Any

    @property
    def kms_key(self) -> str | None:
        """The KMS key it is encrypted with, as it was named; None for S3's own keys."""
        algorithm = str(getattr(self.stored, "encryption", None) or "")
        return getattr(self.stored, "kms_key_id", None) if algorithm.startswith("aws:kms") else None

    @property
    def status(self) -> Status | None:
        """Its replication status; None when it was never looked at."""
        return getattr(self.stored, _STATUS, None)

    def mark(self, status: Status) -> None:
        """Set the replication status."""
        setattr(self.stored, _STATUS, status)


class Objects:
    """Reads and writes of buckets by name."""

    def __init__(self, lock: threading.RLock) -> None:
        self.lock = lock

    def buckets(self) -> list[str]:
        """The name of every bucket."""
        return [str(bucket.name) for bucket in values_of(self._backend().buckets)]

    def region_of(self, bucket: str) -> str | None:
        """The bucket's own Region; None when there is no such bucket."""
        found = self._bucket(bucket)
        return None if found is None else str(found.region_name)

    def is_versioned(self, bucket: str) -> bool:
        """Whether the bucket exists and keeps versions."""
        found = self._bucket(bucket)
        return found is not None and bool(found.is_versioned)

    def policies_of(self, bucket: str) -> tuple[Document, ...]:
        """The bucket's policy, where it has one."""
        found = self._bucket(bucket)
        return (found.policy.decode(),) if found is not None and found.policy else ()

    def default_key(self, bucket: str) -> str | None:
        """The KMS key that new objects of a bucket are encrypted with; None for S3's own."""
        found = self._bucket(bucket)
        rule: Mapping[str, Any] = (found.encryption or {}).get("Rule") or {} if found else {}
        default: Mapping[str, Any] = rule.get("ApplyServerSideEncryptionByDefault") or {}
        return default.get("KMSMasterKeyID") or None

    def replication_of(self, bucket: str) -> ReplicationConfiguration | None:
        """The bucket's replication; None when it has none or keeps no versions."""
        found = self._bucket(bucket)
        raw: Mapping[str, Any] | None = getattr(found, "replication", None)
        if raw is None or not self.is_versioned(bucket):
            return None
        return from_xml_dict(raw)

    def versions(self, bucket: str, key: str | None) -> list[Version]:
        """Every version under a key, oldest first; of every key when `key` is None."""
        found = self._bucket(bucket)
        if found is None:
            return []
        with self.lock:
            keys = list(found.keys) if key is None else [key]
            return [
                self._view(bucket, name, stored)
                for name in keys
                for stored in found.keys.getlist(name, None) or ()
            ]

    def version(self, bucket: str, key: str, version_id: str | None) -> Version | None:
        """One version by id, or the current one; None when it has gone."""
        versions = self.versions(bucket, key)
        if version_id is None:
            return versions[-1] if versions else None
        return next((each for each in versions if each.id == version_id), None)

    def tags_of(self, version: Version) -> dict[str, str]:
        """The object's tags; a delete marker has none."""
        if version.delete_marker:
            return {}
        return dict(self._backend().tagger.get_tag_dict_for_resource(version.stored.arn))

    def put(self, bucket: str, key: str, body: bytes, *, metadata: Mapping[str, str]) -> None:
        """Store an object as PutObject would, bucket defaults included."""
        with self.lock:
            stored = self._backend().put_object(bucket, key, body)
            stored.set_metadata(dict(metadata))

    def stamp_tags(self, version: Version, at_s: float) -> None:
        """Remember when an object's tags were changed (emulated Unix seconds)."""
        setattr(version.stored, _TAGGED_S, at_s)

    def copy_tags(self, version: Version, destination: str) -> None:
        """Bring a version's tags to the same version elsewhere, unless its own are newer."""
        with self.lock:
            there = self.version(destination, version.key, version.id)
            changed_s = getattr(version.stored, _TAGGED_S, 0.0)
            if there is None or getattr(there.stored, _TAGGED_S, 0.0) > changed_s:
                return
            self._backend().tagger.delete_all_tags_for_resource(there.stored.arn)
            self._backend().tagger.copy_tags(version.stored.arn, there.stored.arn)
            setattr(there.stored, _TAGGED_S, changed_s)

    def deliver(self, bucket: str, key: str, body: bytes) -> None:
        """Store what AWS itself delivers; a bucket that has gone takes nothing."""
        if self._bucket(bucket) is not None:
            self.put(bucket, key, body, metadata={})

    def copy(
        self, version: Version, destination: str, *, storage_class: str | None, kms_key: str | None
    ) -> None:
        """Replicate a version: same bytes, version id, ETag, times, metadata and tags."""
        from moto.s3.models import FakeDeleteMarker

        with self.lock:
            backend = self._backend()
            bucket = backend.get_bucket(destination)
            if version.delete_marker:
                replica = FakeDeleteMarker(key=version.stored.key)
                _take_identity(replica, version.stored)
                bucket.keys[version.key] = replica
            else:
                source = version.stored
                replica = backend.put_object(
                    destination,
                    version.key,
                    source.value,
                    storage=storage_class or source.storage_class,
                    etag=source.etag.strip('"'),
                    multipart=source.multipart,
                    lock_mode=source.lock_mode,
                    lock_legal_status=source.lock_legal_status,
                    lock_until=source.lock_until,
                    checksum_value=source.checksum_value,
                    disable_notification=True,
                    encryption="aws:kms" if version.kms_key else None,
                    kms_key_id=kms_key if version.kms_key else None,
                )
                replica.checksum_algorithm = source.checksum_algorithm
                replica.set_metadata(dict(source.metadata))
                _take_identity(replica, source)
                backend.tagger.copy_tags(source.arn, replica.arn)
            setattr(replica, _STATUS, "REPLICA")
            # Two-way replication orders versions by when they were first written.
            bucket.keys.setlist(
                version.key,
                sorted(bucket.keys.getlist(version.key), key=lambda each: each.last_modified),
            )

    def _view(self, bucket: str, key: str, stored: Any) -> Version:
        from moto.s3.models import FakeDeleteMarker

        marker = isinstance(stored, FakeDeleteMarker)
        return Version(
            bucket=bucket,
            key=key,
            id=str(stored.version_id),
            delete_marker=marker,
            size_bytes=0 if marker else int(stored.size),
            stored=stored,
        )

    def _bucket(self, name: str) -> Any | None:
        return self._backend().buckets.get(name)

    def _backend(self) -> Any:
        from moto.s3.models import s3_backends

        return s3_backends[ACCOUNT][PARTITION]


def _take_identity(replica: Any, source: Any) -> None:
    """A replica keeps its source's version id and creation time."""
    replica._version_id = source.version_id  # noqa: SLF001  # moto gives no other way to keep the id
    replica.last_modified = source.last_modified
