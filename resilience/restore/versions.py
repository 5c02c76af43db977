"""What a versioned bucket held at a moment: corrupted data replicates, and so do its versions.

A later write only covers what was there. The version that was current at a moment is the newest
one written up to then; a delete marker means that there was nothing.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from resilience.aws import Aws


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of an object, or a delete marker."""

    key: str
    id: str
    written: datetime
    size_bytes: int
    marker: bool = False


History = dict[str, tuple[Version, ...]]
"""Every version by key, newest first."""


def history(aws: Aws, region: str, bucket: str) -> History:
    """List every version in a bucket. Reads only.

    Raises:
        AwsError: it cannot be read.
    """
    found: list[Version] = []
    for page in aws.pages("s3", "list_object_versions", region=region, Bucket=bucket):
        found += [
            Version(
                key=each["Key"],
                id=each["VersionId"],
                written=each["LastModified"],
                size_bytes=each["Size"],
            )
            for each in page.get("Versions", ())
        ]
        found += [
            Version(
                key=each["Key"],
                id=each["VersionId"],
                written=each["LastModified"],
                size_bytes=0,
                marker=True,
            )
            for each in page.get("DeleteMarkers", ())
        ]
    return by_key(found)


def by_key(versions: Iterable[Version]) -> History:
    """Put versions in order: by key, newest first."""
    found: dict[str, list[Version]] = {}
    for version in versions:
        found.setdefault(version.key, []).append(version)
    return {
        key: tuple(sorted(each, key=lambda one: one.written, reverse=True))
        for key, each in sorted(found.items())
    }


def current_at(versions: Sequence[Version], moment: datetime) -> Version | None:
    """Find the version that was current at a moment; None when there was none, or a marker."""
    newest = next((each for each in versions if each.written <= moment), None)
    return None if newest is None or newest.marker else newest


def held_at(found: History, moment: datetime) -> Mapping[str, Version]:
    """Give everything that a bucket held at a moment, by key."""
    current = {key: current_at(each, moment) for key, each in found.items()}
    return {key: each for key, each in current.items() if each is not None}
