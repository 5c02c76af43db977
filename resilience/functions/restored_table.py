"""A restored table, held item by item against its replica, which DynamoDB keeps here itself.

What differs is judged by `restored_items`. The recovery point itself tells whether there was
anything in it: an empty table from one that has bytes is a problem, whatever the replica holds.

Both tables are read whole, and digests are held in memory: some 300 bytes an item, so that a
function of 1 GB has room for two million. When time is short the rest is left unread, and what of
it is missing is not looked for.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import boto3

from resilience.functions.restore_findings import RESERVE_MS, SETTLED, Findings
from resilience.functions.restored_items import compare, find_missing, kept, key_names, name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.functions.restored_items import Kept

_DYNAMODB: Final[Any] = boto3.client("dynamodb")


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
            compare(findings, name, item, replicas.get(name), settled)
        else:
            findings.unread += 1
    if whole:
        find_missing(findings, found, replicas, settled)
        if not found and job.get("BackupSizeInBytes", 0):
            findings.problems.append(
                f"it is empty, and its backup has {job['BackupSizeInBytes']} bytes"
            )
    if found and findings.alone == len(found):
        findings.problems.append(f"none of {len(found)} items could be held against anything")
    return findings


def _read(
    table: str, keys: list[str], remaining_ms: Callable[[], int]
) -> tuple[dict[str, Kept], bool]:
    """Every item by its key, and whether that is all of them."""
    found: dict[str, Kept] = {}
    for page in _DYNAMODB.get_paginator("scan").paginate(TableName=table):
        for item in page.get("Items", ()):
            found[name_of(item, keys)] = kept(item, time.time())
        if remaining_ms() < RESERVE_MS and "LastEvaluatedKey" in page:
            return found, False
    return found, True


def _key_names(table: str) -> list[str]:
    return key_names(_DYNAMODB.describe_table(TableName=table)["Table"])


def _count(table: str) -> int:
    """How many items a table says it has; DynamoDB counts them every six hours."""
    return int(_DYNAMODB.describe_table(TableName=table)["Table"]["ItemCount"])
