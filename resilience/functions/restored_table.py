"""A restored table, held item by item against its replica, which DynamoDB keeps here itself.

Items change, so a difference alone proves nothing. Every writer puts `written_at` (ISO 8601, UTC)
into its item; with it a difference is told from a fault:

| restored item | replica's item | it is |
| --- | --- | --- |
| the same | the same | right |
| differs | written later, and not long before the backup | changed since |
| differs | anything else | a problem |
| is missing | written around the backup or since | changed since |
| is missing | written long before, or without `written_at` | a problem |
| is there, its `expires_at` is past | is missing | changed since |
| is there | is missing | alone |

"Long before" is a day. An item that does not say when it was written counts as one that always
was. The recovery point itself tells whether there was anything in it: an empty table from one
that has bytes is a problem, whatever the replica holds.

Both tables are read whole, and digests are held in memory: some 300 bytes an item, so that a
function of 1 GB has room for two million. When time is short the rest is left unread, and what of
it is missing is not looked for.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import boto3

from resilience.functions.restore_findings import RESERVE_MS, SETTLED, Findings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_WRITTEN_AT: Final = "written_at"
_EXPIRES_AT: Final = "expires_at"
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)

_DYNAMODB: Final[Any] = boto3.client("dynamodb")

Item = dict[str, dict[str, Any]]
"""An item as DynamoDB's API writes it: names, types, values."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is remembered of an item: a digest of all of it, its age, and whether it is over."""

    digest: bytes
    written: datetime
    expired: bool


def inspect(job: dict[str, Any], twin: str, remaining_ms: Callable[[], int]) -> Findings:
    """Read a restored table and its replica `twin` while there is time; changes nothing."""
    restored, findings = job["CreatedResourceArn"].rpartition("/")[2], Findings(what="items")
    keys = _key_names(restored)
    if keys != _key_names(twin):
        findings.problems.append(f"its key is {keys}, its replica's {_key_names(twin)}")
        return findings
    replicas, twin_whole = _read(twin, keys, remaining_ms)
    found, whole = _read(restored, keys, remaining_ms)
    findings.unread = 0 if whole else max(_count(restored) - len(found), 1)
    settled = job["RecoveryPointCreationDate"] - SETTLED
    for name, item in found.items():
        if twin_whole or name in replicas:
            _compare(findings, name, item, replicas.get(name), settled)
        else:
            findings.unread += 1
    if whole:
        _find_missing(findings, found, replicas, settled)
        if not found and job.get("BackupSizeInBytes", 0):
            findings.problems.append(
                f"it is empty, and its backup has {job['BackupSizeInBytes']} bytes"
            )
    if found and findings.alone == len(found):
        findings.problems.append(f"none of {len(found)} items could be held against anything")
    return findings


def _compare(
    findings: Findings, name: str, item: Kept, replica: Kept | None, settled: datetime
) -> None:
    if replica is None:
        findings.since += item.expired
        findings.alone += not item.expired
    elif item.digest == replica.digest:
        findings.by_replica += 1
    elif replica.written > item.written and replica.written >= settled:
        findings.since += 1
    else:
        findings.problems.append(f"{name} differs from its replica")


def _find_missing(
    findings: Findings, found: Mapping[str, Kept], replicas: Mapping[str, Kept], settled: datetime
) -> None:
    for name, replica in replicas.items():
        if name in found:
            continue
        if replica.written >= settled:
            findings.since += 1
        else:
            findings.problems.append(f"{name} is missing, and is in its replica")


def _read(
    table: str, keys: list[str], remaining_ms: Callable[[], int]
) -> tuple[dict[str, Kept], bool]:
    """Every item by its key, and whether that is all of them."""
    found: dict[str, Kept] = {}
    for page in _DYNAMODB.get_paginator("scan").paginate(TableName=table):
        for item in page.get("Items", ()):
            found["/".join(_text(item[key]) for key in keys)] = _kept(item)
        if remaining_ms() < RESERVE_MS and "LastEvaluatedKey" in page:
            return found, False
    return found, True


def _kept(item: Item) -> Kept:
    told = item.get(_WRITTEN_AT, {}).get("S", "")
    try:
        written = datetime.fromisoformat(told)
    except ValueError:
        written = _ALWAYS
    # Without a time zone it cannot be compared with anything: as if it said nothing.
    written = written if written.tzinfo else _ALWAYS
    text = json.dumps(_plain(item), sort_keys=True, ensure_ascii=False)
    return Kept(
        digest=hashlib.sha256(text.encode()).digest(),
        written=written,
        expired=float(item.get(_EXPIRES_AT, {}).get("N", "inf")) <= time.time(),
    )


def _plain(value: Any) -> Any:
    """A value as JSON can hold it, the same for the same item: sets have no order."""
    if isinstance(value, dict):
        items: dict[str, Any] = value
        return {
            name: sorted(map(_text_of, each)) if name in ("SS", "NS", "BS") else _plain(each)
            for name, each in items.items()
        }
    if isinstance(value, list):
        values: list[Any] = value
        return [_plain(each) for each in values]
    return _text_of(value) if isinstance(value, bytes) else value


def _text_of(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _text(value: Mapping[str, Any]) -> str:
    return _text_of(next(iter(value.values())))


def _key_names(table: str) -> list[str]:
    shown = _DYNAMODB.describe_table(TableName=table)["Table"]["KeySchema"]
    return [each["AttributeName"] for each in sorted(shown, key=lambda each: each["KeyType"])]


def _count(table: str) -> int:
    """How many items a table says it has; DynamoDB counts them every six hours."""
    return int(_DYNAMODB.describe_table(TableName=table)["Table"]["ItemCount"])
