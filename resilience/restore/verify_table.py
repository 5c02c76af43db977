"""A restored table, held item by item against its live replicas (`restored_items` judges).

A table keeps no versions, so of two that differ without a later `written_at` one is wrong, and
nothing here tells which. The operator may know, because the live one is why there is a restore:
then the restored item counts as right by that word alone, and the report says how many did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resilience.aws import AwsError
from resilience.functions.restore_findings import Findings
from resilience.functions.restored_items import (
    compare,
    find_missing,
    kept,
    key_names,
    name_of,
    size_of,
)
from resilience.restore.errors import RestoreFailedError
from resilience.restore.verified import Verified, settled

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from resilience.aws import Aws
    from resilience.functions.restored_items import Item, Kept
    from resilience.restore.order import Order
    from resilience.restore.stock import Stock


@dataclass(frozen=True, kw_only=True)
class Items:
    """All of a table, by each item's key as one text."""

    keys: list[str]
    items: Mapping[str, Item]

    def kept(self, now: datetime) -> dict[str, Kept]:
        """Give what is remembered of each."""
        return {name: kept(item, now.timestamp()) for name, item in self.items.items()}


def read(aws: Aws, region: str, table: str) -> Items:
    """Read all of a table, consistently. Reads only; raises `AwsError`."""
    shown = aws.call("dynamodb", "describe_table", region=region, TableName=table)["Table"]
    keys = key_names(shown)
    pages = aws.pages("dynamodb", "scan", region=region, TableName=table, ConsistentRead=True)
    items = {name_of(item, keys): item for page in pages for item in page["Items"]}
    return Items(keys=keys, items=items)


def verify(
    aws: Aws, stock: Stock, order: Order, place: str, *, trusted: bool, now: datetime
) -> Verified:
    """Read all of a place and judge it. Reads only.

    Args:
        aws: The account.
        stock: What the stack keeps: where the live replicas are.
        order: What was restored.
        place: The table that it was restored into, in the order's Region.
        trusted: Whether the restored items count where they and the live ones dispute.
        now: Which items are over.

    Raises:
        RestoreFailedError: the two have different keys.
        AwsError: the place, or every live replica, cannot be read.
    """
    restored, live = read(aws, order.region, place), _live(aws, stock, order)
    if restored.keys != live.keys:
        raise RestoreFailedError(
            f"table {place} has the key {restored.keys}, the live one {live.keys}: expected the "
            "same; it was restored from another table"
        )
    found, there = restored.kept(now), live.kept(now)
    findings, digests, by_word = Findings(what="items"), dict[str, str](), 0
    for name, item in found.items():
        problems = len(findings.problems)
        if compare(findings, name, item, there.get(name), settled(order)):
            digests[name] = item.digest.hex()
        elif trusted:
            by_word += 1
            digests[name] = item.digest.hex()
            del findings.problems[problems:]
    find_missing(findings, found, there, settled(order))
    if not found and order.size_bytes:
        findings.problems.append(f"it is empty, and its backup has {order.size_bytes} bytes")
    if found and findings.alone == len(found) and not trusted:
        findings.problems.append(f"none of {len(found)} items could be held against anything")
    return Verified(
        findings=findings,
        count=len(found),
        size_bytes=size_of(restored.items.values()),
        digests=digests,
        trusted=by_word,
    )


def _live(aws: Aws, stock: Stock, order: Order) -> Items:
    """Read the live table, best in another Region than the one it was backed up in."""
    others = [each for each in stock.regions if each != order.source_region]
    others.sort(key=lambda each: each != order.region)
    errors: list[AwsError] = []
    for region in (*others, order.source_region):
        try:
            return read(aws, region, stock.name(order.what, region))
        except AwsError as error:
            errors.append(error)
    raise errors[0]
