"""Replication from one Region to another: its lag, stalls, and the backlog that follows one.

A link keeps one lag for a whole scenario, drawn from a heavy-tailed distribution up to its 99th
percentile: that of the next item is near that of the last (unverified), and a run needs no draw an
item. A link that is slower than that for hours is not healthy: that is a fault's business. What
was written when a link stalled arrives once the backlog before it has drained.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html
"""

from __future__ import annotations

from math import exp, inf, log
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

Z_99: Final = 2.3263478740408408
"""The standard normal's 99th percentile."""


def draw_lag_s(random: Random, median_s: float, p99_s: float) -> float:
    """Draw from the lognormal distribution with this median and 99th percentile."""
    return median_s * exp(random.gauss(0.0, 1.0) * log(p99_s / median_s) / Z_99)


class Link:
    """One direction between two Regions.

    `per_s` is what is written a second, `drain_per_s` what a backlog loses a second.
    """

    __slots__ = ("_drain", "_holds", "_stalls", "lag_s")

    def __init__(self, lag_s: float, *, per_s: float = 0.0, drain_per_s: float = inf) -> None:
        self.lag_s = lag_s
        self._drain = per_s / drain_per_s
        self._holds = 0
        self._stalls: list[tuple[float, float]] = []

    @property
    def stalled(self) -> bool:
        """Whether nothing arrives now."""
        return self._holds > 0

    def hold(self, now_s: float) -> bool:
        """Stall it for one more reason; tells whether that made a difference."""
        self._holds += 1
        if self._holds > 1:
            return False
        if self._stalls and now_s < self._clear_s(self._stalls[-1]):
            # What the last stall left is still on its way, and stays there.
            self._stalls[-1] = (self._stalls[-1][0], inf)
        else:
            self._stalls.append((now_s, inf))
        return True

    def release(self, now_s: float) -> bool:
        """Take one reason away; tells whether it moves again."""
        self._holds -= 1
        if self._holds:
            return False
        self._stalls[-1] = (self._stalls[-1][0], now_s)
        return True

    def clear_s(self) -> float:
        """Say when the backlog of the last stall has arrived; -inf if there was none."""
        return self._clear_s(self._stalls[-1]) if self._stalls else -inf

    def horizon_s(self, at_s: float) -> float:
        """Say up to when what was written has arrived, at any time up to now."""
        for stall in reversed(self._stalls):
            if stall[0] <= at_s:
                if at_s < self._clear_s(stall):
                    return stall[0] - self.lag_s
                break
        return at_s - self.lag_s

    def arrival_s(self, written_s: float) -> float:
        """Say when what was written arrives, as far as is known now; inf while it is stalled."""
        at_s = written_s + self.lag_s
        for stall in self._stalls:
            if stall[0] < at_s < self._clear_s(stall):
                return self._clear_s(stall)
        return at_s

    def _clear_s(self, stall: tuple[float, float]) -> float:
        begin_s, end_s = stall
        return end_s + self.lag_s + (end_s - begin_s) * self._drain if end_s < inf else inf
