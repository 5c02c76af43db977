"""What S3 says of a replication rule under way: the figures behind its replication metrics.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from emulator.storage.copies import Copy

Place = tuple[str, str, str]
"""Source bucket, destination bucket, rule id: the dimensions of S3's replication metrics."""


@dataclass(frozen=True, kw_only=True)
class RuleFigures:
    """One rule at one moment."""

    source_bucket: str
    destination_bucket: str
    rule_id: str
    pending_bytes: int
    pending_operations: int
    latency_s: float
    """Age of the oldest thing not copied yet, in emulated seconds; 0 when nothing waits."""
    failed_operations: int
    """Since the emulator started: a metric takes the difference between two looks."""


def place(copy: Copy) -> Place:
    """The rule a copy is made by."""
    return (copy.version.bucket, copy.rule.destination, copy.rule.id)


def figures(
    pending: Iterable[Copy], failed: Counter[Place], rules: Iterable[Place], *, now_s: float
) -> list[RuleFigures]:
    """Figures of every rule that is deployed or has anything to show."""
    waiting: dict[Place, list[Copy]] = {}
    for copy in pending:
        waiting.setdefault(place(copy), []).append(copy)
    return [
        RuleFigures(
            source_bucket=each[0],
            destination_bucket=each[1],
            rule_id=each[2],
            pending_bytes=sum(copy.size_bytes for copy in waiting.get(each, ())),
            pending_operations=len(waiting.get(each, ())),
            latency_s=now_s
            - min((copy.written_s for copy in waiting.get(each, ())), default=now_s),
            failed_operations=failed[each],
        )
        for each in sorted({*rules, *waiting, *failed})
    ]
