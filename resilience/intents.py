"""An operator's word to the observers: evacuate, failback, withdraw, hold, resume, promote.

A word is one item of the stack's table, about one Region; the last one given counts. It is
written in a Region that can be reached, another than the one that it is about where there is one,
and replicated from there. Observers carry it out, or say why not. Data plane only.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from resilience.aws import AwsError
from resilience.failover import Intent, IntentKind
from resilience.functions.observer_memory import INTENT, intent_item, intent_of
from resilience.topology import TopologyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from resilience.aws import Aws
    from resilience.functions.observer_memory import Item
    from resilience.topology import Topology

Result = TypeVar("Result")

LASTS_S: Final = 6 * 3600
"""How long a word counts: who finds one of yesterday does not know whether it still holds."""


def word(
    kind: IntentKind, target: str, *, by: str, reason: str, forced: bool = False, name: str = ""
) -> Intent:
    """Make a word. A `name` of one's own makes giving it twice the same as giving it once.

    Raises:
        ValueError: nobody says it, or it has no reason: the journal keeps both.
    """
    if not by.strip() or not reason.strip():
        raise ValueError(f"{kind} of {target} by {by!r} because {reason!r}: expected who and why")
    return Intent(
        id=name or str(uuid.uuid4()), kind=kind, target=target, by=by, reason=reason, forced=forced
    )


def give(aws: Aws, topology: Topology, intent: Intent, *, now_s: float) -> str:
    """Write a word, and name the Region that took it. Changes AWS state; idempotent by its id.

    Args:
        aws: The account.
        topology: The stack; the target is one of its Regions.
        intent: The word.
        now_s: Unix time, from which the word counts for `LASTS_S`.

    Raises:
        TopologyError: the stack has no such Region, or no table.
        AwsError: no Region took it.
    """
    topology.region(intent.target)
    table = _table(topology)
    item = intent_item(
        intent,
        written_at=datetime.fromtimestamp(now_s, UTC).isoformat(),
        expires_at_s=int(now_s + LASTS_S),
    )

    def put(region: str) -> str:
        aws.call("dynamodb", "put_item", region=region, TableName=table, Item=item)
        return region

    return _first(_places(topology, intent.target), put)


def read(aws: Aws, topology: Topology, target: str, *, now_s: float) -> Intent | None:
    """Read the word about a Region that counts now.

    Raises:
        TopologyError: the stack has no such Region, or no table.
        AwsError: no Region could be read.
        GarbledError: what is there is no word.
    """
    topology.region(target)
    table = _table(topology)
    key = {"pk": {"S": INTENT}, "sk": {"S": target}}

    def get(region: str) -> Item | None:
        found: Item | None = aws.call(
            "dynamodb", "get_item", region=region, TableName=table, Key=key, ConsistentRead=True
        ).get("Item")
        return found

    item = _first(_places(topology, target), get)
    return None if item is None else intent_of(item, now_s)


def _table(topology: Topology) -> str:
    if topology.table_name is None:
        raise TopologyError(f"stack {topology.stack} has no table: deploy this project's program")
    return topology.table_name


def _places(topology: Topology, target: str) -> Sequence[str]:
    """List the Regions to try: those that watch the target, the others, itself at last."""
    watchers = [region.region for region in topology.watchers(target)]
    rest = [each.region for each in topology.regions if each.region not in {*watchers, target}]
    return (*watchers, *rest, target)


def _first(places: Sequence[str], do: Callable[[str], Result]) -> Result:
    """Do it in the first Region that can."""
    errors: list[AwsError] = []
    for place in places:
        try:
            return do(place)
        except AwsError as error:
            errors.append(error)
    raise errors[0]
