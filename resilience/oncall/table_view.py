"""What the stack's table says in one Region: observers' memories, operators' words, drills.

Each Region has a copy of its own. What one says about another is as old as replication is late.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from resilience.aws import answered_at
from resilience.functions.observer_memory import (
    INTENT,
    OBSERVER,
    GarbledError,
    Memory,
    intent_of,
    memory_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resilience.aws import Aws
    from resilience.failover import Intent

DRILL: Final = "drill"
_LOCK: Final = "lock"
_NEWEST_DRILLS: Final = 4


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What an observer wrote down last, as it is to be read in some Region."""

    memory: Memory
    written_at: datetime


@dataclass(frozen=True, kw_only=True)
class OpenWord:
    """An operator's word that counts now, and until when."""

    intent: Intent
    written_at: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class TableView:
    """The table as one Region has it.

    Attributes:
        region: Where it was read.
        at: When, on AWS's clock.
        observers: What each Region's observer remembers.
        words: The words that count.
        drills: The newest drills: `id`, `began_at`, `experiment`, `verdict` and `why`.
        garbled: What could not be understood.
    """

    region: str
    at: datetime
    observers: Mapping[str, Observed] = field(default_factory=dict[str, Observed])
    words: tuple[OpenWord, ...] = ()
    drills: tuple[Mapping[str, str], ...] = ()
    garbled: tuple[str, ...] = ()

    def age_s(self, observer: str) -> float | None:
        """Tell how old an observer's item is here; None if there is none."""
        found = self.observers.get(observer)
        return None if found is None else (self.at - found.written_at).total_seconds()


def read_table(aws: Aws, region: str, table: str) -> TableView:
    """Read one Region's copy. Reads only.

    Raises:
        AwsError: the Region does not answer, or refuses.
    """
    observers, at = _query(aws, region, table, OBSERVER)
    words, _ = _query(aws, region, table, INTENT)
    # Drills are named by when they began; the lock comes after all of them by its name.
    drills, _ = _query(aws, region, table, DRILL, newest=_NEWEST_DRILLS)
    garbled: list[str] = []
    return TableView(
        region=region,
        at=at,
        observers=_observers(observers, garbled),
        words=_words(words, at, garbled),
        drills=_drills(drills, garbled),
        garbled=tuple(garbled),
    )


def _query(
    aws: Aws, region: str, table: str, partition: str, *, newest: int | None = None
) -> tuple[list[Any], datetime]:
    limit = {} if newest is None else {"Limit": newest, "ScanIndexForward": False}
    reply = aws.call(
        "dynamodb",
        "query",
        region=region,
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": partition}},
        **limit,
    )
    return list(reply["Items"]), answered_at(reply)


def _observers(items: list[Any], garbled: list[str]) -> dict[str, Observed]:
    found: dict[str, Observed] = {}
    for item in items:
        name = item["sk"]["S"]
        try:
            written_at = datetime.fromisoformat(item["written_at"]["S"]).astimezone(UTC)
            found[name] = Observed(memory=memory_of(item), written_at=written_at)
        except (GarbledError, KeyError, ValueError) as error:
            garbled.append(f"the item of the observer in {name}: {error}")
    return found


def _words(items: list[Any], at: datetime, garbled: list[str]) -> tuple[OpenWord, ...]:
    found: list[OpenWord] = []
    for item in items:
        try:
            intent = intent_of(item, at.timestamp())
            expires_at = datetime.fromtimestamp(float(item["expires_at"]["N"]), UTC)
        except (GarbledError, KeyError, ValueError) as error:
            garbled.append(f"the word about {item['sk']['S']}: {error}")
            continue
        if intent is not None:
            written_at = item.get("written_at", {}).get("S", "")
            found.append(OpenWord(intent=intent, written_at=written_at, expires_at=expires_at))
    return tuple(found)


def _drills(items: list[Any], garbled: list[str]) -> tuple[Mapping[str, str], ...]:
    """Read of each drill what it was and what came of it: its memory is a JSON text, `state`."""
    found: list[Mapping[str, str]] = []
    for item in items:
        name = item["sk"]["S"]
        if name == _LOCK:
            continue
        try:
            state = json.loads(item["state"]["S"])
            began_at = datetime.fromtimestamp(float(state["began_s"]), UTC).isoformat()
            told = {each: str(state.get(each, "")) for each in ("experiment", "verdict", "why")}
        except (ValueError, KeyError, TypeError) as error:
            garbled.append(f"the drill {name}: {error!r}")
            continue
        found.append({"id": name, "began_at": began_at, **told})
    return tuple(found)
