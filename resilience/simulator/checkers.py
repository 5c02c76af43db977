"""The Route 53 checkers of one endpoint: sixteen opinions, each on its own phase, and a quorum.

A checker looks every `interval_s` and changes its opinion after `threshold` results in a row
against it; the endpoint is healthy while more than 18 % of those that report say so. Nothing here
looks at every look: while an endpoint answers alike, when the verdict changes is arithmetic. Only
an endpoint that answers some looks and not others makes each change of opinion an event, and how
many looks that takes is drawn at once.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from __future__ import annotations

from math import ceil, floor, inf, log
from typing import TYPE_CHECKING, Final

from resilience.objectives import HEALTHY_SHARE_RATIO

if TYPE_CHECKING:
    from random import Random

REGIONS: Final = (
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
)
"""Where checkers stand, in turn; one in a lost Region does not report.
https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html (Regions)
"""


class Checkers:
    """All checkers of one endpoint. `verdict` is theirs before any inversion.

    Whoever tells them of a change (`change`, `report`) asks `next_s` when to come back, and calls
    `turn` then.
    """

    __slots__ = (
        "_delay_s",
        "_flips",
        "_interval_s",
        "_out",
        "_pass_ratio",
        "_phases",
        "_random",
        "_since_s",
        "_streaks",
        "_threshold",
        "_up",
        "verdict",
    )

    def __init__(
        self, interval_s: float, threshold: int, count: int, random: Random, *, healthy: bool = True
    ) -> None:
        self._interval_s = interval_s
        self._threshold = threshold
        self._phases = [random.random() * interval_s for _ in range(count)]
        self._random = random
        self._up = [healthy] * count
        self._streaks = [0] * count
        self._flips: list[float] = []
        self._out: frozenset[int] = frozenset()
        self._since_s = 0.0
        self._pass_ratio = 1.0 if healthy else 0.0
        self._delay_s = 0.0
        self.verdict = healthy

    def change(self, now_s: float, pass_ratio: float, delay_s: float) -> None:
        """From now on this share of looks passes, and each result is known `delay_s` later.

        A look that still waits for its result when things change is answered as things are then.
        """
        self._count_up_to(now_s)
        self._pass_ratio, self._delay_s = pass_ratio, delay_s
        self._flips = self._draw_flips() if 0.0 < pass_ratio < 1.0 else []
        self._judge()

    def report(self, now_s: float, out: frozenset[int]) -> bool:
        """These checkers, by number, do not report now; tells whether that made a difference.

        Who comes back takes the others' view.
        """
        if out == self._out:
            return False
        self._count_up_to(now_s)
        for back in self._out - out:
            self._up[back], self._streaks[back] = self.verdict, 0
        self._out = out
        if self._flips:
            self._flips = self._draw_flips()
        self._judge()
        return True

    def turn(self, now_s: float) -> None:
        """Work off what `next_s` promised for now."""
        if self._flips:
            for number, flip_s in enumerate(self._flips):
                if flip_s <= now_s:
                    self._up[number] = not self._up[number]
                    self._flips[number] = self._draw_flip(number, flip_s)
        else:
            self._count_up_to(now_s + self._delay_s, exact=True)
        self._judge()

    def next_s(self) -> float:
        """Say when the verdict (or, where looks vary, an opinion) changes next; inf if never."""
        if self._flips:
            return min(self._flips, default=inf)
        rises = self._pass_ratio > 0
        if rises is self.verdict:
            return inf
        against = [
            self._flip_s(number)
            for number, up in enumerate(self._up)
            if up is not rises and number not in self._out
        ]
        reporting = len(self._up) - len(self._out)
        if not reporting:
            return inf
        up = len(against) if not rises else reporting - len(against)
        least = floor(HEALTHY_SHARE_RATIO * reporting) + 1
        needed = least - up if rises else up - least + 1
        return sorted(against)[needed - 1] if needed >= 1 else self._since_s

    def _looks(self, number: int, until_s: float) -> int:
        """Count the looks that a checker began since the last count."""
        phase_s, interval_s = self._phases[number], self._interval_s
        return ceil((until_s - phase_s) / interval_s) - ceil((self._since_s - phase_s) / interval_s)

    def _flip_s(self, number: int) -> float:
        """Say when a checker changes its opinion, if each look goes against it."""
        phase_s, interval_s = self._phases[number], self._interval_s
        first = ceil((self._since_s - phase_s) / interval_s)
        last = first + self._threshold - 1 - self._streaks[number]
        return phase_s + last * interval_s + self._delay_s

    def _count_up_to(self, now_s: float, *, exact: bool = False) -> None:
        """Take in the looks whose results are known by now. `exact`: those that land now, too."""
        until_s = now_s - self._delay_s
        if exact:
            until_s += 1e-9
        if until_s <= self._since_s:
            return
        if not self._flips:
            passes = self._pass_ratio > 0
            for number in range(len(self._up)):
                if number in self._out:
                    continue
                looks = self._looks(number, until_s)
                if not looks:
                    continue
                if self._up[number] is passes:
                    self._streaks[number] = 0
                elif self._streaks[number] + looks >= self._threshold:
                    self._up[number], self._streaks[number] = passes, 0
                else:
                    self._streaks[number] += looks
        self._since_s = until_s

    def _judge(self) -> None:
        reporting = len(self._up) - len(self._out)
        if reporting:
            healthy = sum(up for number, up in enumerate(self._up) if number not in self._out)
            self.verdict = healthy > HEALTHY_SHARE_RATIO * reporting

    def _draw_flips(self) -> list[float]:
        return [self._draw_flip(number, self._since_s) for number in range(len(self._up))]

    def _draw_flip(self, number: int, from_s: float) -> float:
        """Draw when a checker whose looks vary changes its opinion: runs of results against it.

        The streak it had before does not count: as likely as not a look that passes breaks it.
        """
        if number in self._out:
            return inf
        self._streaks[number] = 0
        against = 1 - self._pass_ratio if self._up[number] else self._pass_ratio
        looks = 0
        while True:
            # The length of a run of results against it, before one that is not.
            run = int(log(1.0 - self._random.random()) / log(against))
            if run >= self._threshold:
                looks += self._threshold
                break
            looks += run + 1
            if looks > 1000:  # noqa: PLR2004 - longer than any scenario
                return inf
        phase_s, interval_s = self._phases[number], self._interval_s
        first = ceil((from_s - phase_s) / interval_s)
        return phase_s + (first + looks - 1) * interval_s + self._delay_s
