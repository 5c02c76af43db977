"""What one Region has and another lacks: object versions of predictions, and items of the table.

Replication copies both ways, so what is only in one Region was acknowledged there and had not left
when it was lost. An object is known by its key and version (a replica keeps its source's version
id); an item by its key, and by when it was written. What was deleted here meanwhile looks the same
as what never came: nothing is but by its `expires_at`, and what has expired is left out.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resilience.aws import Aws

OWN: Final = ("observer", "intent", "drill")
"""Items that their own writers keep up to date: a copy of an old one would undo what they do."""

_MARKERS: Final = "markers/"


@dataclass(frozen=True, kw_only=True)
class LackingObject:
    """A version of an object that the other bucket does not have."""

    key: str
    version_id: str
    written_at: datetime
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class LackingItem:
    """An item that the other replica does not have, or has an older one of."""

    pk: str
    sk: str
    written_at: str


@dataclass(frozen=True, kw_only=True)
class Lacking:
    """All that a Region lacks of another's, oldest first."""

    source: str
    destination: str
    objects: tuple[LackingObject, ...]
    items: tuple[LackingItem, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.objects) + len(self.items)

    def oldest(self) -> datetime | None:
        """When the oldest was written; None without any that says so."""
        times = [each.written_at for each in self.objects]
        for item in self.items:
            try:
                times.append(datetime.fromisoformat(item.written_at).astimezone(UTC))
            except ValueError:
                continue
        return min(times, default=None)


Version = tuple[str, str]


def versions(aws: Aws, region: str, bucket: str) -> dict[Version, Mapping[str, Any]]:
    """List the versions of a bucket's objects, delete markers not among them. Reads only.

    Raises:
        AwsError: the Region does not answer, or refuses.
    """
    pages = aws.pages("s3", "list_object_versions", region=region, Bucket=bucket)
    return {
        (each["Key"], each["VersionId"]): each
        for page in pages
        for each in page.get("Versions", ())
        if not each["Key"].startswith(_MARKERS)
    }


def lacking_objects(
    there: Mapping[Version, Mapping[str, Any]],
    here: Mapping[Version, Mapping[str, Any]],
) -> tuple[LackingObject, ...]:
    """List the newest version of each key that is there alone, oldest first.

    Keys are never written twice: they carry the request or the batch. A key that is here under
    another version, and as long, was replayed before (an ETag under a KMS key is no digest:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html).
    """
    known = {(key, each["Size"]) for (key, _), each in here.items()}
    found = [
        LackingObject(
            key=key,
            version_id=version_id,
            written_at=each["LastModified"],
            size_bytes=int(each["Size"]),
        )
        for (key, version_id), each in there.items()
        if each.get("IsLatest")
        and (key, version_id) not in here
        and (key, each["Size"]) not in known
    ]
    return tuple(sorted(found, key=lambda each: (each.written_at, each.key)))


def items(aws: Aws, region: str, table: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Read the items of a replica of the table, but for those that observers keep. Reads only.

    Raises:
        AwsError: the Region does not answer, or refuses.
    """
    pages = aws.pages("dynamodb", "scan", region=region, TableName=table, ConsistentRead=True)
    return {
        (each["pk"]["S"], each["sk"]["S"]): each
        for page in pages
        for each in page["Items"]
        if each["pk"]["S"] not in OWN
    }


def lacking_items(
    there: Mapping[tuple[str, str], Mapping[str, Any]],
    here: Mapping[tuple[str, str], Mapping[str, Any]],
    at_s: float,
) -> tuple[LackingItem, ...]:
    """List the items that are there alone, or newer there: the later write stands.

    Args:
        there: The items of the Region that was lost.
        here: Those of the one that took over.
        at_s: Now, in Unix seconds: what has expired by then is not lacking.
    """
    found = [
        LackingItem(pk=pk, sk=sk, written_at=written_at(item))
        for (pk, sk), item in there.items()
        if float(item.get("expires_at", {}).get("N", "inf")) > at_s
        and ((pk, sk) not in here or written_at(here[pk, sk]) < written_at(item))
    ]
    return tuple(sorted(found, key=lambda each: (each.written_at, each.pk, each.sk)))


def written_at(item: Mapping[str, Any]) -> str:
    """Give when an item was written, as it says itself; "" if it does not."""
    return str(item.get("written_at", {}).get("S", ""))


def total_bytes(objects: Iterable[LackingObject]) -> int:
    """Add up sizes."""
    return sum(each.size_bytes for each in objects)
