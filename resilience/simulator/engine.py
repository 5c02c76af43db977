"""Virtual time: a heap of what is to happen, worked off in order of time, priority and sequence.

Two events at the same time happen in the order of their priorities, and of two with the same
priority the one that was planned first: nothing is left to a hash or an address.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

FAULT: Final = 0
"""What the world does comes first."""

MODEL: Final = 1
LOOK: Final = 2
"""An observer sees the world as it is once all that happened at that instant has happened."""

JUDGE: Final = 3


class Timeline:
    """The events to come. `now_s` is the time of the one that is being worked off."""

    __slots__ = ("_heap", "_sequence", "events", "now_s")

    def __init__(self) -> None:
        self.now_s = -inf
        self.events = 0
        self._heap: list[tuple[float, int, int, Callable[[Any], None], Any]] = []
        self._sequence = 0

    def at(self, at_s: float, priority: int, act: Callable[[Any], None], what: Any = None) -> None:
        """Plan `act(what)`; what lies in the past happens next."""
        self._sequence += 1
        heappush(self._heap, (at_s, priority, self._sequence, act, what))

    def run(self, until_s: float) -> None:
        """Work off everything planned up to and including `until_s`."""
        heap = self._heap
        while heap and heap[0][0] <= until_s:
            at_s, _, _, act, what = heappop(heap)
            self.now_s = max(self.now_s, at_s)
            self.events += 1
            act(what)
        self.now_s = until_s
