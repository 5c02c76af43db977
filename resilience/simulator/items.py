"""The items one Region's observer wrote, by look, and which of them has arrived somewhere.

An observer writes one item a look. As long as each says what the one before said but for a beat
that rises, they are one row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resilience.failover import Ack, Claim


@dataclass(slots=True)
class _Row:
    """Items written at each look from `first` to `last`. `follows`: they acknowledge its beats."""

    first: int
    last: float
    beat: int
    claim: Claim | None
    ack: Ack
    follows: int | None


@dataclass(frozen=True, slots=True)
class Item:
    """One item: at which look it was written, and what it says.

    `follows` is the Region whose newest beat it acknowledges, as it had arrived at that look; None
    if `ack` says it all.
    """

    look: int
    beat: int
    claim: Claim | None
    ack: Ack
    follows: int | None


class Items:
    """All items of one observer, whose looks are `look_s` apart from `first_s` on."""

    __slots__ = ("_first_s", "_look_s", "_rows")

    def __init__(self, first_s: float, look_s: float) -> None:
        self._first_s = first_s
        self._look_s = look_s
        self._rows: list[_Row] = []

    def time_s(self, look: int) -> float:
        """Say when a look was."""
        return self._first_s + look * self._look_s

    def write(
        self, look: int, beat: int, claim: Claim | None, ack: Ack, *, follows: int | None
    ) -> bool:
        """Note what is written at a look; tells whether others will read something new in it."""
        last = self._rows[-1] if self._rows else None
        if last is not None:
            alike = (
                last.last == inf
                and last.claim == claim
                and last.follows == follows
                and last.ack.number == ack.number
                and last.ack.heir == ack.heir
                and (follows is not None or last.ack == ack)
                and last.beat + look - last.first == beat
            )
            if alike:
                return False
            last.last = min(last.last, look - 1)
        self._rows.append(_Row(look, inf, beat, claim, ack, follows))
        return (
            last is None
            or last.claim != claim
            or last.ack.number != ack.number
            or last.ack.heir != ack.heir
            or last.last < look - 1
        )

    def close(self, look: int) -> None:
        """Nothing was written after this look."""
        if self._rows:
            self._rows[-1].last = min(self._rows[-1].last, look)

    def by(self, written_s: float) -> Item | None:
        """Give the newest item that was written by this time."""
        look = floor((written_s - self._first_s) / self._look_s)
        for row in reversed(self._rows):
            if row.first <= look:
                at = int(min(look, row.last))
                if at < row.first:
                    continue
                return Item(at, row.beat + at - row.first, row.claim, row.ack, row.follows)
        return None
