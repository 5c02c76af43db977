"""Health checks at work: what checkers hear, when verdicts turn, and what statuses follow.

A check that asks a Region hears something else when that Region's condition or flags change. Its
checkers then say when their verdict will turn, and that is an event.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from resilience.simulator.checkers import REGIONS, Checkers
from resilience.simulator.engine import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from resilience.simulator.condition import Condition
    from resilience.simulator.engine import Timeline
    from resilience.simulator.stack import SimulatedStack


class Health:
    """The health of a stack. `statuses` are the checks', in the order of the stack's checks.

    `flags` are the evacuation flags that stand, as pairs of watcher and watched; whoever changes
    one says so with `asked_again`. `turned` is called after each change of a status.
    """

    def __init__(
        self,
        stack: SimulatedStack,
        random: Random,
        timeline: Timeline,
        conditions: Sequence[Condition],
        turned: Callable[[tuple[bool, ...]], None],
    ) -> None:
        parameters = stack.parameters
        self.flags: set[tuple[int, int]] = set()
        self._request_s = parameters.request_s
        self._timeline = timeline
        self._conditions = conditions
        self._turned = turned
        self._names = stack.order
        self._count = parameters.checkers
        self._checks = stack.compiled.checks
        self._asked: list[list[int]] = [[] for _ in stack.regions]
        self._heard = [self._hears(index) for index in range(len(self._checks.endpoints))]
        self._verdicts = [True] * len(stack.checks)
        self._checkers: list[Checkers] = []
        self._due = [inf] * len(self._heard)
        for index, endpoint in enumerate(self._checks.endpoints):
            healthy = self._heard[index][0] > 0
            self._verdicts[endpoint.check] = healthy
            self._checkers.append(
                Checkers(
                    endpoint.interval_s,
                    endpoint.threshold,
                    parameters.checkers,
                    random,
                    healthy=healthy,
                )
            )
            if endpoint.region is not None:
                self._asked[endpoint.region].append(index)
        self._deep = [self._checks.number[region.deep_check] for region in stack.regions]
        self._serving = [self._checks.number[region.serving_check] for region in stack.regions]
        self.statuses = self._checks.statuses(tuple(self._verdicts))

    def ready(self, number: int) -> bool:
        """Give Route 53's verdict on a Region: the status of its deep check."""
        return self.statuses[self._deep[number]]

    def in_service(self, number: int) -> bool:
        """Give the status of a Region's serving check, which its records follow."""
        return self.statuses[self._serving[number]]

    def asked_again(self, number: int) -> None:
        """A Region may answer its checks differently from now on."""
        for index in self._asked[number]:
            heard = self._hears(index)
            if heard != self._heard[index]:
                self._heard[index] = heard
                self._checkers[index].change(self._timeline.now_s, *heard)
                self._plan(index)
        self._judge()

    def report(self) -> None:
        """Checkers in lost Regions report no more; those of Regions that are back do again."""
        lost = {
            name
            for name, condition in zip(self._names, self._conditions, strict=True)
            if condition.gone
        }
        out = frozenset(
            number for number in range(self._count) if REGIONS[number % len(REGIONS)] in lost
        )
        for index, checkers in enumerate(self._checkers):
            if checkers.report(self._timeline.now_s, out):
                self._plan(index)
        self._judge()

    def _hears(self, index: int) -> tuple[float, float]:
        endpoint = self._checks.endpoints[index]
        if endpoint.region is None:
            return 0.0, 0.0
        stands = (endpoint.region, endpoint.about) in self.flags
        return self._conditions[endpoint.region].look(
            endpoint, flagged=stands, request_s=self._request_s
        )

    def _plan(self, index: int) -> None:
        due_s = self._checkers[index].next_s()
        self._due[index] = due_s
        if due_s < inf:
            self._timeline.at(due_s, MODEL, self._turn, (index, due_s))

    def _turn(self, what: tuple[int, float]) -> None:
        index, due_s = what
        if self._due[index] == due_s:
            self._checkers[index].turn(self._timeline.now_s)
            self._plan(index)
            self._judge()

    def _judge(self) -> None:
        """Work out the statuses from the verdicts."""
        changed = False
        for endpoint, checkers in zip(self._checks.endpoints, self._checkers, strict=True):
            if checkers.verdict is not self._verdicts[endpoint.check]:
                self._verdicts[endpoint.check] = checkers.verdict
                changed = True
        if changed:
            before, self.statuses = self.statuses, self._checks.statuses(tuple(self._verdicts))
            self._turned(before)
