"""What is inside a recovery point, and how it is taken from and given back to a resource.

Only current versions of objects are kept: a restore gives back the latest version of each, which
is what AWS Backup restores when it is not asked for more.
https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-s3.html
"""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from emulator.store.backends import ACCOUNT, PARTITION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.storage.objects import Objects


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """The current version of one object."""

    key: str
    body: bytes
    metadata: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class BucketContents:
    """The objects of a bucket, by key."""

    objects: tuple[StoredObject, ...]

    @property
    def size_bytes(self) -> int:
        """All bodies together."""
        return sum(len(each.body) for each in self.objects)


@dataclass(frozen=True, kw_only=True)
class TableContents:
    """A table's definition and items: moto's own table, copied."""

    table: Any

    @property
    def size_bytes(self) -> int:
        """Roughly, as items have no size here."""
        return sum(len(repr(each.attrs)) for each in self.table.all_items())


Contents: TypeAlias = BucketContents | TableContents


def of_bucket(
    objects: Objects, bucket: str, *, readable: Callable[[str | None], bool]
) -> BucketContents:
    """Take the current version of every object whose key is `readable`; others are left out."""
    current = {each.key: each for each in objects.versions(bucket, None)}  # the last one wins
    return BucketContents(
        objects=tuple(
            StoredObject(
                key=key,
                body=bytes(version.stored.value),
                metadata=dict(version.stored.metadata),
                tags=objects.tags_of(version),
            )
            for key, version in sorted(current.items())
            if not version.delete_marker and readable(version.kms_key)
        )
    )


def into_bucket(objects: Objects, bucket: str, contents: BucketContents) -> None:
    """Put every object into a bucket."""
    backend = _s3()
    for each in contents.objects:
        with objects.lock:
            stored = backend.put_object(bucket, each.key, each.body, disable_notification=True)
            stored.set_metadata(dict(each.metadata))
            backend.put_object_tagging(stored, dict(each.tags))


def create_bucket(objects: Objects, bucket: str, region: str) -> None:
    """Make a new, empty, versioned bucket, as a restore into a new bucket does."""
    backend = _s3()
    with objects.lock:
        backend.create_bucket(bucket, region)
        backend.put_bucket_versioning(bucket, "Enabled")


def delete_bucket(objects: Objects, bucket: str) -> None:
    """Remove a bucket with everything in it."""
    backend = _s3()
    with objects.lock:
        if bucket in backend.buckets:
            backend.buckets[bucket].keys.clear()
            backend.delete_bucket(bucket)


def table_of(region: str, name: str) -> Any | None:
    """Moto's table; None when there is none."""
    from moto.dynamodb.models import dynamodb_backends

    return dynamodb_backends[ACCOUNT][region].tables.get(name)


def of_table(table: Any) -> TableContents:
    """Take a table's definition and all its items."""
    return TableContents(table=copy.deepcopy(table))


def into_new_table(region: str, name: str, contents: TableContents) -> str:
    """Make a table with what is in a recovery point; returns its ARN."""
    from moto.dynamodb.models import dynamodb_backends
    from moto.dynamodb.models.table import Backup, RestoredTable

    backup = Backup(account_id=ACCOUNT, region_name=region, name=name, table=contents.table)
    restored: Any = RestoredTable(name, account_id=ACCOUNT, region=region, backup=backup)
    restored.billing_mode = contents.table.billing_mode
    dynamodb_backends[ACCOUNT][region].tables[name] = restored
    return str(restored.table_arn)


def delete_table(region: str, name: str) -> None:
    """Remove a table with everything in it."""
    from moto.dynamodb.models import dynamodb_backends

    dynamodb_backends[ACCOUNT][region].tables.pop(name, None)


def damaged(contents: Contents) -> Contents:
    """The same with a byte changed: what a restore test is there to find.

    The largest object's middle byte; in a table a character of every item, because what changes
    all the time cannot be held against anything.
    """
    if isinstance(contents, TableContents):
        return _damaged_table(contents)
    if not contents.size_bytes:
        return contents
    worst = max(contents.objects, key=lambda each: len(each.body))
    middle = len(worst.body) // 2
    body = bytearray(worst.body)
    body[middle] ^= 1
    changed = dataclasses.replace(worst, body=bytes(body))
    return BucketContents(
        objects=tuple(changed if each is worst else each for each in contents.objects)
    )


def _damaged_table(contents: TableContents) -> TableContents:
    table = copy.deepcopy(contents.table)
    keys = {*table.hash_key_names, *table.range_key_names}
    for item in table.all_items():
        texts = (
            value
            for name, value in item.attrs.items()
            if name not in keys and value.type == "S" and value.value
        )
        if text := next(texts, None):
            text.value = chr(ord(text.value[0]) ^ 1) + text.value[1:]
    return TableContents(table=table)


def _s3() -> Any:
    from moto.s3.models import s3_backends

    return s3_backends[ACCOUNT][PARTITION]
