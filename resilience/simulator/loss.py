"""How old the oldest write is that has not been replicated yet, at any instant.

Each write has a lag of its own, lognormal; the oldest that is missing is an order statistic of
those on their way: that none older than `a` is missing is the product, over the writes older than
`a`, of the chance that each has arrived. Its distribution is worked out once, and drawn from by
inversion.
"""

from __future__ import annotations

from bisect import bisect_left
from math import erf, log, sqrt
from typing import TYPE_CHECKING, Final

from resilience.simulator.links import Z_99

if TYPE_CHECKING:
    from random import Random

    from resilience.simulator.parameters import Parameters

_LONGEST_S: Final = 900.0


class OldestMissing:
    """The distribution of the oldest missing write's age, in steps of one write."""

    def __init__(self, parameters: Parameters) -> None:
        median_s, p99_s = parameters.s3_lag_median_s, parameters.s3_lag_p99_s
        self._per_s = parameters.writes_per_s
        sigma = log(p99_s / median_s) / Z_99
        count = int(_LONGEST_S * self._per_s)
        self._none_older = [1.0] * (count + 1)
        for number in range(count, 0, -1):
            age_s = number / self._per_s
            arrived = 0.5 * (1.0 + erf(log(age_s / median_s) / sigma / sqrt(2.0)))
            self._none_older[number - 1] = self._none_older[number] * arrived

    def draw_s(self, random: Random) -> float:
        """Draw an age in seconds; 0 if everything has arrived."""
        number = bisect_left(self._none_older, random.random())
        return number / self._per_s
