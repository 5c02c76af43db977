"""What the Regions of a stack replicate to each other: the table's items, and objects.

With eventual consistency each direction between two Regions is a link of its own. A strong table
has no lag, and answers only where a majority of its Regions can be reached.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/multi-region-strong-consistency-gt.html
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from resilience.simulator.links import Link, draw_lag_s

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from resilience.simulator.engine import Timeline
    from resilience.simulator.stack import SimulatedStack


class Replication:
    """Links between all Regions, by number: `table[one][other]`, `objects[one][other]`."""

    def __init__(self, stack: SimulatedStack, random: Random, timeline: Timeline) -> None:
        parameters, count = stack.parameters, len(stack.regions)
        self.strong = stack.strong_table
        self._timeline = timeline
        self._numbers = range(count)
        self._cuts: dict[tuple[int, int], int] = {}

        def links(
            median_s: float, p99_s: float, per_s: float, drain_per_s: float
        ) -> list[list[Link]]:
            return [
                [
                    Link(
                        min(draw_lag_s(random, median_s, p99_s), p99_s) if median_s else 0.0,
                        per_s=per_s,
                        drain_per_s=drain_per_s,
                    )
                    for _ in self._numbers
                ]
                for _ in self._numbers
            ]

        median_s = 0.0 if self.strong else parameters.table_lag_median_s
        self.table = links(median_s, parameters.table_lag_p99_s, 0.0, inf)
        self.objects = links(
            parameters.s3_lag_median_s,
            parameters.s3_lag_p99_s,
            parameters.writes_per_s,
            parameters.backlog_per_s,
        )

    def around(self, number: int) -> list[tuple[int, int]]:
        """Give every direction between a Region and the others."""
        others = [each for each in self._numbers if each != number]
        return [(number, each) for each in others] + [(each, number) for each in others]

    def caught_up(self, one: int, other: int, within_s: float) -> bool:
        """Tell whether the Regions have what the other wrote more than `within_s` ago."""
        now_s = self._timeline.now_s
        return all(
            now_s - self.objects[here][there].horizon_s(now_s) < within_s
            for here, there in ((one, other), (other, one))
        )

    def hold(
        self, pairs: Sequence[tuple[int, int]], *, table: bool, objects: bool
    ) -> list[tuple[int, int]]:
        """Stall directions; gives those in which objects were not stalled before."""
        now_s = self._timeline.now_s
        if table:
            for pair in pairs:
                if self.strong:
                    self._cuts[pair] = self._cuts.get(pair, 0) + 1
                else:
                    self.table[pair[0]][pair[1]].hold(now_s)
        return [pair for pair in pairs if objects and self.objects[pair[0]][pair[1]].hold(now_s)]

    def release(
        self, pairs: Sequence[tuple[int, int]], *, table: bool, objects: bool
    ) -> list[tuple[float, tuple[int, int]]]:
        """Let directions go on; gives when what waited will have arrived, in each."""
        now_s = self._timeline.now_s
        clear: list[tuple[float, tuple[int, int]]] = []
        for pair in pairs:
            links: list[Link] = []
            if table and self.strong:
                self._cuts[pair] -= 1
            elif table:
                links.append(self.table[pair[0]][pair[1]])
            if objects:
                links.append(self.objects[pair[0]][pair[1]])
            clear += [(link.clear_s(), pair) for link in links if link.release(now_s)]
        return clear

    def cut_off(self) -> set[int]:
        """Give the Regions whose strong table does not answer for want of a majority."""
        if not self.strong:
            return set()
        lost = {
            number: sum(
                bool(self._cuts.get((number, other)) or self._cuts.get((other, number)))
                for other in self._numbers
                if other != number
            )
            for number in self._numbers
        }
        return {number for number, count in lost.items() if count * 2 >= len(self._numbers)}
