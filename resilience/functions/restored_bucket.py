"""A restored bucket, held against the digests in its keys and against its replica.

A release is known by the digest in its own key, everything else by its replica, which S3 brought
to the same Region by another way. Objects never change: whatever differs is wrong.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3

from resilience.functions.restore_findings import RESERVE_MS, SETTLED, Findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

_RELEASE: Final = re.compile(r"releases/([0-9a-f]{64})\.zip")
_CHUNK_BYTES: Final = 1024 * 1024

_S3: Final[Any] = boto3.client("s3")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An object as a listing shows it."""

    size_bytes: int
    written: datetime


def inspect(job: dict[str, Any], twin: str, remaining_ms: Callable[[], int]) -> Findings:
    """Read a restored bucket and its replica `twin` for as long as there is time; changes nothing.

    Names and sizes are always compared.
    """
    restored = job["CreatedResourceArn"].rpartition(":")[2]
    found, replicas = _listed(restored), _listed(twin)
    findings = Findings(what="objects")
    _compare_names(findings, found, replicas, job["RecoveryPointCreationDate"] - SETTLED)
    for key in _in_reading_order(found, job["RestoreJobId"]):
        if remaining_ms() < RESERVE_MS:
            findings.unread += 1
        else:
            _compare_bytes(findings, restored, twin if key in replicas else None, key)
    if found and not (findings.by_digest or findings.by_replica or findings.problems):
        findings.problems.append(f"none of {len(found)} objects could be held against anything")
    return findings


def _compare_names(
    findings: Findings,
    found: dict[str, Stored],
    replicas: dict[str, Stored],
    settled_before: datetime,
) -> None:
    findings.problems += [
        f"{key} is missing, and has been there since {replica.written.isoformat()}"
        for key, replica in replicas.items()
        if key not in found and replica.written < settled_before
    ]
    findings.problems += [
        f"{key} has {stored.size_bytes} bytes, its replica {replicas[key].size_bytes}"
        for key, stored in found.items()
        if key in replicas and stored.size_bytes != replicas[key].size_bytes
    ]


def _compare_bytes(findings: Findings, restored: str, twin: str | None, key: str) -> None:
    release = _RELEASE.fullmatch(key)
    if release is None and twin is None:
        findings.alone += 1
        return
    digest = _digest(restored, key)
    if release is not None:
        findings.by_digest += digest == release[1]
        if digest != release[1]:
            findings.problems.append(f"{key} has the digest {digest}")
    elif twin is not None:
        expected = _digest(twin, key)
        findings.by_replica += digest == expected
        if digest != expected:
            findings.problems.append(f"{key} differs from its replica in {twin}")


def _in_reading_order(found: dict[str, Stored], job_id: str) -> Iterator[str]:
    """Releases first; the rest in an order of this job's own, so that tests add up over time."""

    def place(key: str) -> tuple[bool, str]:
        shuffled = hashlib.sha256(f"{job_id} {key}".encode()).hexdigest()
        return _RELEASE.fullmatch(key) is None, shuffled

    yield from sorted(found, key=place)


def _listed(bucket: str) -> dict[str, Stored]:
    pages = _S3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {
        each["Key"]: Stored(size_bytes=each["Size"], written=each["LastModified"])
        for page in pages
        for each in page.get("Contents", ())
    }


def _digest(bucket: str, key: str) -> str:
    digest = hashlib.sha256()
    body = _S3.get_object(Bucket=bucket, Key=key)["Body"]
    for chunk in iter(lambda: body.read(_CHUNK_BYTES), b""):
        digest.update(chunk)
    return digest.hexdigest()
