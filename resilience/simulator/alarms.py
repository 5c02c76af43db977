"""The alarms that wake somebody: each Region's canary looks at the others, period by period.

An alarm is evaluated when a period is over and its metric has arrived. One failing point in it
pages. A Region that is lost sends no points, and its alarms treat missing data as not breaching
(`infra.watching.neighbour_alarms`): the alarm that fires is a living neighbour's, and while none
lives nobody is woken. Route 53's own metrics are in us-east-1 alone and are not counted on.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from resilience.simulator.engine import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.simulator.engine import Timeline
    from resilience.simulator.parameters import Parameters


class Alarms:
    """Every Region's alarms on its neighbours, as one. `ring` is called when one fires.

    `alive` tells whether any Region is there to send a point, `troubled` whether there is still
    something that a canary would see.
    """

    def __init__(
        self,
        parameters: Parameters,
        timeline: Timeline,
        *,
        alive: Callable[[], bool],
        troubled: Callable[[], bool],
        ring: Callable[[], None],
    ) -> None:
        self._period_s = parameters.alarm_period_s
        self._delay_s = parameters.alarm_delay_s
        self._timeline = timeline
        self._alive = alive
        self._troubled = troubled
        self._ring = ring
        self._due = False

    def trouble(self) -> None:
        """A canary would see something from now on: the period's alarm will say so."""
        if not self._due:
            self._due = True
            period = floor(self._timeline.now_s / self._period_s)
            ends_s = (period + 1) * self._period_s
            self._timeline.at(ends_s + self._delay_s, MODEL, self._evaluate)

    def _evaluate(self, _: object) -> None:
        self._due = False
        if self._alive():
            self._ring()
        elif self._troubled():
            self.trouble()
