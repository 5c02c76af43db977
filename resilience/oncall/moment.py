"""What matters of a stack while a word about one Region is carried out, at one moment.

Asked of data planes of Regions that are not said to be lost, side by side, and as a client.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from resilience.oncall import outside as clients
from resilience.oncall.merge import Merged, merge
from resilience.oncall.senses import WHO_SERVES, Once, flag_is_there, sense
from resilience.oncall.table_view import TableView, read_table
from resilience.side_by_side import ask
from resilience.topology import TopologyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from resilience.deployed_stack import DeployedStack
    from resilience.oncall.outside import Outside, Probed
    from resilience.topology import Region

MOMENT_WITHIN_S: Final = 4.0
_CLIENT: Final = "a client's request"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What was seen at one moment about a Region, the target.

    Attributes:
        merged: The table, as far as it could be read.
        flagged_by: Regions that hold a flag on the target; None if none of them could be asked.
        serving: The Region that DNS leads to; None if it did not say.
        served_by: The Region that answered a client that came by the name; "" for none.
        unseen: What could not be seen, and why.
    """

    merged: Merged
    flagged_by: tuple[str, ...] | None
    serving: str | None
    served_by: str
    unseen: dict[str, str]


class Moments:
    """Looks at what matters about a target, again and again. Reads only."""

    def __init__(
        self, stack: DeployedStack, target: str, outside: Outside, release_at: Path
    ) -> None:
        self._stack = stack
        self._target = target
        self._outside = outside
        self._release = Once(lambda: clients.release_of(stack, release_at))
        self._credential = Once(lambda: clients.credential_for(stack))
        lost = stack.aws.lost
        self._healthy = [each for each in stack.topology.regions if each.region not in lost]
        self._watchers = [each for each in stack.topology.watchers(target) if each in self._healthy]
        for region in self._healthy:
            stack.aws.ready("dynamodb", region.region)
            stack.aws.ready("s3", region.region)

    def now(self) -> Moment:
        """Look once."""
        topology, aws = self._stack.topology, self._stack.aws
        key = f"evacuation/{self._target}"
        asked: dict[str, Callable[[], Any]] = {
            WHO_SERVES: partial(clients.serving, topology, self._outside),
            _CLIENT: self._as_client,
            **{sense("table", each.region): partial(self._table, each) for each in self._healthy},
            **{
                sense("flag", each.region): partial(flag_is_there, aws, each, key)
                for each in self._watchers
            },
        }
        answers = ask(asked, within_s=MOMENT_WITHIN_S)
        views = [answers[sense("table", each.region)].value for each in self._healthy]
        flags = {each.region: answers[sense("flag", each.region)].value for each in self._watchers}
        known = [region for region, there in flags.items() if there is not None]
        client: Probed | None = answers[_CLIENT].value
        return Moment(
            merged=merge([view for view in views if view is not None]),
            flagged_by=tuple(each for each in known if flags[each]) if known else None,
            serving=answers[WHO_SERVES].value,
            served_by=client.served_by if client is not None and client.well else "",
            unseen={name: each.why for name, each in answers.items() if each.why is not None},
        )

    def _table(self, region: Region) -> TableView:
        table = self._stack.topology.table_name
        if table is None:
            raise TopologyError(f"stack {self._stack.topology.stack} has no table: deploy it again")
        return read_table(self._stack.aws, region.region, table)

    def _as_client(self) -> Probed:
        name = self._stack.topology.predict_name
        return clients.probe(name, self._release(), self._credential(), self._outside)
