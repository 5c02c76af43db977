"""Restored items, held against those of a replica: what time explains passes, nothing else does.

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

"Long before" is a day (`SETTLED`). An item that does not say when it was written counts as one
that always was. Pure: no I/O; the one judge of restore tests and of restores.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from resilience.functions.restore_findings import Findings

_WRITTEN_AT: Final = "written_at"
_EXPIRES_AT: Final = "expires_at"
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)

Item = dict[str, dict[str, Any]]
"""An item as DynamoDB's API writes it: names, types, values."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is remembered of an item: a digest of all of it, its age, and whether it is over."""

    digest: bytes
    written: datetime
    expired: bool


def compare(
    findings: Findings, name: str, item: Kept, replica: Kept | None, settled: datetime
) -> bool:
    """Hold a restored item against its replica's, count what it is, and tell if they are equal."""
    if replica is None:
        findings.since += item.expired
        findings.alone += not item.expired
    elif item.digest == replica.digest:
        findings.by_replica += 1
    elif replica.written > item.written and replica.written >= settled:
        findings.since += 1
    else:
        findings.problems.append(f"{name} differs from its replica")
    return replica is not None and item.digest == replica.digest


def find_missing(
    findings: Findings, found: Mapping[str, Kept], replicas: Mapping[str, Kept], settled: datetime
) -> None:
    """Count what the replica has and the restored table has not."""
    for name, replica in replicas.items():
        if name in found:
            continue
        if replica.written >= settled:
            findings.since += 1
        else:
            findings.problems.append(f"{name} is missing, and is in its replica")


def kept(item: Item, now_s: float) -> Kept:
    """Remember an item; `now_s` (Unix time) decides whether it is over."""
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
        expired=float(item.get(_EXPIRES_AT, {}).get("N", "inf")) <= now_s,
    )


def size_of(items: Iterable[Item]) -> int:
    """Give the bytes of items in their canonical form: their JSON."""
    return sum(len(json.dumps(_plain(item), ensure_ascii=False).encode()) for item in items)


def name_of(item: Item, keys: Sequence[str]) -> str:
    """The item's key as one text."""
    return "/".join(_text(item[key]) for key in keys)


def key_names(shown: Mapping[str, Any]) -> list[str]:
    """The names of a table's keys, partition key first; `shown` is DescribeTable's `Table`."""
    return [
        each["AttributeName"]
        for each in sorted(shown["KeySchema"], key=lambda each: each["KeyType"])
    ]


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
