"""Copies what a Region lacks from the Region that has it; each copy once, and verified by digest.

Every write is conditional (an object only where its key is free, an item only over an older one),
so that nothing newer is ever replaced, and doing it twice is doing it once.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from resilience.aws import AwsRefusedError
from resilience.oncall.lacking import Lacking, LackingItem, LackingObject, written_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from resilience.aws import Aws
    from resilience.topology import Region

_REFUSED_CONDITION: Final = frozenset(
    {"PreconditionFailed", "412", "ConditionalCheckFailedException"}
)
_KEPT_HEADERS: Final = ("ContentType", "ContentEncoding", "Metadata")


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What came of a replay.

    Attributes:
        copied: How many were copied and verified now.
        before: How many an earlier run had copied, as its checkpoint says.
        there: What was found to be there already, in another form; left as it is.
        unverified: What did not read back as it was written.
        copied_bytes: How much of objects was copied now.
    """

    copied: int
    before: int
    there: tuple[str, ...]
    unverified: tuple[str, ...]
    copied_bytes: int


class Checkpoint:
    """One line for each thing that was copied and verified: its name and its digest.

    A line that was cut short by a kill is no line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: dict[str, str] = {}
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    name, digest = json.loads(line)
                except ValueError:
                    continue
                self.done[name] = digest

    def add(self, name: str, digest: str) -> None:
        """Write one down; it is on disk when this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([name, digest]) + "\n")
        self.done[name] = digest


class Replay:
    """Copies from one Region into another. Changes AWS state in `destination` alone.

    Args:
        aws: The account.
        source: The Region that has what is lacking.
        destination: The Region that lacks it.
        table: The stack's table.
        checkpoint: What an earlier run had copied.
        tell: Told of each thing.
    """

    def __init__(
        self,
        aws: Aws,
        source: Region,
        destination: Region,
        *,
        table: str | None,
        checkpoint: Checkpoint,
        tell: Callable[[str], None],
    ) -> None:
        self._aws = aws
        self._source, self._destination = source, destination
        self._table = table
        self._checkpoint = checkpoint
        self._tell = tell

    def run(self, lacking: Lacking) -> Replayed:
        """Copy all of it.

        Raises:
            AwsError: a Region does not answer any more; what was copied is in the checkpoint.
        """
        before, copied, copied_bytes = 0, 0, 0
        there: list[str] = []
        unverified: list[str] = []
        for each in (*lacking.objects, *lacking.items):
            name = name_of(each)
            if name in self._checkpoint.done:
                before += 1
                continue
            digest, size = self._copy(each)
            if digest is None:
                there.append(name)
            elif self._read_back(each) != digest:
                unverified.append(name)
                self._tell(f"does not read back as it was written: {name}")
            else:
                self._checkpoint.add(name, digest)
                copied, copied_bytes = copied + 1, copied_bytes + size
                self._tell(f"copied and verified: {name}, sha256 {digest[:12]}")
        return Replayed(
            copied=copied,
            before=before,
            there=tuple(there),
            unverified=tuple(unverified),
            copied_bytes=copied_bytes,
        )

    def _copy(self, each: LackingObject | LackingItem) -> tuple[str | None, int]:
        """Copy one; gives the digest of what was read and its size, None where it was there."""
        try:
            if isinstance(each, LackingObject):
                return self._copy_object(each)
            return self._copy_item(each)
        except AwsRefusedError as error:
            if error.code in _REFUSED_CONDITION:
                return None, 0
            raise

    def _copy_object(self, each: LackingObject) -> tuple[str, int]:
        reply = self._aws.call(
            "s3",
            "get_object",
            region=self._source.region,
            Bucket=self._source.prediction_bucket.name,
            Key=each.key,
            VersionId=each.version_id,
        )
        body: bytes = reply["Body"].read()
        kept = {name: reply[name] for name in _KEPT_HEADERS if reply.get(name)}
        self._aws.call(
            "s3",
            "put_object",
            region=self._destination.region,
            Bucket=self._destination.prediction_bucket.name,
            Key=each.key,
            Body=body,
            IfNoneMatch="*",
            **kept,
        )
        return hashlib.sha256(body).hexdigest(), len(body)

    def _copy_item(self, each: LackingItem) -> tuple[str, int]:
        item = self._item(self._source, each)
        self._aws.call(
            "dynamodb",
            "put_item",
            region=self._destination.region,
            TableName=self._table,
            Item=item,
            ConditionExpression="attribute_not_exists(pk) OR written_at < :written_at",
            ExpressionAttributeValues={":written_at": {"S": written_at(item)}},
        )
        return item_digest(item), 0

    def _read_back(self, each: LackingObject | LackingItem) -> str:
        if isinstance(each, LackingItem):
            return item_digest(self._item(self._destination, each))
        reply = self._aws.call(
            "s3",
            "get_object",
            region=self._destination.region,
            Bucket=self._destination.prediction_bucket.name,
            Key=each.key,
        )
        return hashlib.sha256(reply["Body"].read()).hexdigest()

    def _item(self, region: Region, each: LackingItem) -> dict[str, Any]:
        reply = self._aws.call(
            "dynamodb",
            "get_item",
            region=region.region,
            TableName=self._table,
            Key={"pk": {"S": each.pk}, "sk": {"S": each.sk}},
            ConsistentRead=True,
        )
        found: dict[str, Any] = reply.get("Item", {})
        return found


def name_of(each: LackingObject | LackingItem) -> str:
    """Name what was lacking: the same name for the same thing at any time."""
    if isinstance(each, LackingObject):
        return f"object {each.key} version {each.version_id}"
    return f"item {each.pk}/{each.sk} of {each.written_at}"


def item_digest(item: dict[str, Any]) -> str:
    """Give the SHA-256 of an item's canonical JSON, lower-case hex."""
    text = json.dumps(item, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()
