"""What an operator says, as it is written into the stack's table and arrives in each Region.

The table is replicated: a word is read where it was written at once, elsewhere when it has
arrived. The last one given about a Region counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resilience.failover import Intent, IntentKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resilience.simulator.engine import Timeline
    from resilience.simulator.links import Link


class Words:
    """Every word given, by the Region it is about."""

    def __init__(self, timeline: Timeline, table: Sequence[Sequence[Link]]) -> None:
        self._timeline = timeline
        self._table = table
        self._given: dict[int, list[tuple[float, int, Intent]]] = {}
        self._count = 0

    def give(  # noqa: PLR0913 - a word has this many parts
        self,
        kind: IntentKind,
        target: str,
        number: int,
        where: int,
        *,
        forced: bool,
        by: str,
        why: str,
    ) -> Intent:
        """Write a word about Region `number` in Region `where`, now."""
        self._count += 1
        intent = Intent(
            id=str(self._count), kind=kind, target=target, by=by, reason=why, forced=forced
        )
        self._given.setdefault(number, []).append((self._timeline.now_s, where, intent))
        return intent

    def latest(self, number: int, reader: int) -> Intent | None:
        """Read the last word about a Region that has arrived at the reader."""
        for written_s, where, intent in reversed(self._given.get(number, ())):
            if self._arrived(written_s, where, reader):
                return intent
        return None

    def promotion(self, reader: int) -> Intent | None:
        """Read the last word about the reader's own Region, if it promotes it."""
        intent = self.latest(reader, reader)
        return intent if intent is not None and intent.kind is IntentKind.PROMOTE else None

    def _arrived(self, written_s: float, where: int, reader: int) -> bool:
        if where == reader:
            return True
        return written_s <= self._table[where][reader].horizon_s(self._timeline.now_s)
