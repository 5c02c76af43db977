"""Bringing back what is verified into what serves: what a person decides, and asks for by name.

Nothing is deleted. A bucket keeps what was there as an older version, which is why one without
versions is left alone; of a table, what was replaced is in its recovery window. What the live one
has and the place has not stays. Replication carries what is brought back to the other Regions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from resilience.aws import AwsMissingError, AwsRefusedError
from resilience.functions.restored_items import kept
from resilience.restore.errors import RestoreFailedError, RestoreRefusedError
from resilience.restore.verify_bucket import digest_of
from resilience.restore.verify_table import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resilience.aws import Aws
    from resilience.functions.restored_items import Item, Kept
    from resilience.restore.order import Order

# What Regions agree by belongs to its moment: an old epoch, word or lock is a wrong one.
OF_THE_MOMENT: Final = frozenset({"drill", "intent", "observer"})
_LOST_RACE: Final = "ConditionalCheckFailedException"


@dataclass(frozen=True, kw_only=True)
class Switched:
    """What bringing back came to.

    Attributes:
        target: The live bucket or table, in the Region of the restore.
        brought: Keys that were written.
        right: How many were right already.
        newer: Keys that were left alone, because the live item was written since.
        of_the_moment: How many items were left out, because they belong to their moment.
    """

    target: str
    brought: tuple[str, ...]
    right: int
    newer: tuple[str, ...] = ()
    of_the_moment: int = 0


def into_bucket(
    aws: Aws, order: Order, place: str, target: str, digests: Mapping[str, str]
) -> Switched:
    """Copy verified objects into the live bucket, but what is right there. Changes AWS state.

    Idempotent, and goes on where it was interrupted: what was copied is right, and is not copied
    again. Objects never change, so one that differs is what the restore is for.

    Raises:
        RestoreRefusedError: the live bucket keeps no versions.
        RestoreFailedError: what was copied does not read as what was verified.
        AwsError: S3 cannot be asked, or refuses.
    """
    shown = aws.call("s3", "get_bucket_versioning", region=order.region, Bucket=target)
    if shown.get("Status") != "Enabled":
        raise RestoreRefusedError(
            f"bucket {target} keeps no versions ({shown.get('Status', 'never did')}): expected "
            "Enabled, or what is replaced would be gone; run pulumi up first"
        )
    brought: list[str] = []
    for key, digest in sorted(digests.items()):
        if _digest_there(aws, order.region, target, key) == digest:
            continue
        aws.call(
            "s3",
            "copy_object",
            region=order.region,
            Bucket=target,
            Key=key,
            CopySource={"Bucket": place, "Key": key},
        )
        if (found := digest_of(aws, order.region, target, key)) != digest:
            raise RestoreFailedError(
                f"{key} in {target} has the digest {found} after it was copied: expected {digest}; "
                "somebody writes there, stop that and run the same again"
            )
        brought.append(key)
    return Switched(target=target, brought=tuple(brought), right=len(digests) - len(brought))


def into_table(  # noqa: PLR0913 - what decides over each item
    aws: Aws,
    order: Order,
    place: str,
    target: str,
    digests: Mapping[str, str],
    *,
    over_newer: bool,
    now: datetime,
) -> Switched:
    """Write verified items into the live table, but what is right there. Changes AWS state.

    Each write is conditional on what was read, so a writer who is quicker is not overwritten.
    Idempotent; what was brought back differs from the restored item in `written_at` alone, and is
    known by that. Items that have expired stay away, and so do those that belong to their moment.

    Args:
        aws: The account.
        order: What was restored.
        place: The table that it was restored into.
        target: The live table, in the order's Region.
        digests: The items that are verified.
        over_newer: Whether a live item that was written after the order's moment is replaced.
        now: What goes into `written_at`.

    Raises:
        AwsError: DynamoDB cannot be asked, or refuses.
    """
    restored, live = read(aws, order.region, place), read(aws, order.region, target)
    brought: list[str] = []
    newer: list[str] = []
    right = of_the_moment = 0
    for name in sorted(digests):
        item, there = restored.items.get(name), live.items.get(name)
        if item is None or kept(item, now.timestamp()).expired:
            continue
        if item[restored.keys[0]].get("S") in OF_THE_MOMENT:
            of_the_moment += 1
        elif there is not None and _same(item, there, now):
            right += 1
        elif there is not None and _written(there, now) > order.moment and not over_newer:
            newer.append(name)
        else:
            dated: Item = {**item, "written_at": {"S": now.isoformat()}}
            condition = _still(there, restored.keys)
            done = _put(aws, order.region, target, dated, condition=condition)
            (brought if done else newer).append(name)
    return Switched(
        target=target,
        brought=tuple(brought),
        right=right,
        newer=tuple(newer),
        of_the_moment=of_the_moment,
    )


def _digest_there(aws: Aws, region: str, bucket: str, key: str) -> str | None:
    try:
        return digest_of(aws, region, bucket, key)
    except AwsMissingError:
        return None


def _same(item: Item, there: Item, now: datetime) -> bool:
    """Whether two items say the same; when they were written is not what they say."""

    def said(each: Item) -> Kept:
        undated = {name: value for name, value in each.items() if name != "written_at"}
        return kept(undated, now.timestamp())

    return said(item) == said(there)


def _written(item: Item, now: datetime) -> datetime:
    written = kept(item, now.timestamp()).written
    return written.astimezone(UTC) if written > datetime.min.replace(tzinfo=UTC) else written


def _put(aws: Aws, region: str, table: str, item: Item, *, condition: Mapping[str, Any]) -> bool:
    """Write an item if the live one is still as it was read; whether it was."""
    try:
        aws.call("dynamodb", "put_item", region=region, TableName=table, Item=item, **condition)
    except AwsRefusedError as error:
        if error.code != _LOST_RACE:
            raise
        return False
    return True


def _still(there: Item | None, keys: list[str]) -> dict[str, Any]:
    """Give the condition that an item is as it was read, attribute by attribute, or not there."""
    named = {"#key": keys[0]}
    if there is None:
        return {
            "ConditionExpression": "attribute_not_exists(#key)",
            "ExpressionAttributeNames": named,
        }
    names = [name for name in sorted(there) if name not in keys]
    clauses = [f"#a{index} = :a{index}" for index in range(len(names))]
    condition: dict[str, Any] = {
        "ConditionExpression": " AND ".join(["attribute_exists(#key)", *clauses]),
        "ExpressionAttributeNames": named
        | {f"#a{index}": name for index, name in enumerate(names)},
    }
    values = {f":a{index}": there[name] for index, name in enumerate(names)}
    return condition | ({"ExpressionAttributeValues": values} if values else {})
