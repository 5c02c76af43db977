"""The person on call: woken by an alarm, late, with a runbook.

- An alarm has to fire first (`resilience.simulator.alarms`), and its message to get through.
- Then it takes a person a while (`reaction_median_s`, heavy-tailed) to be there.
- The runbook: when a Region that traffic was moved away from has been well for `patience_s`, ask
  for failback; look again every ten minutes; after two refusals, force it. Take back what was
  asked for by mistake.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final

from resilience.failover import IntentKind
from resilience.simulator.alarms import Alarms
from resilience.simulator.engine import MODEL
from resilience.simulator.links import draw_lag_s

if TYPE_CHECKING:
    from random import Random

    from resilience.simulator.faults import Fault
    from resilience.simulator.world import World

AGAIN_S: Final = 600.0
"""How often somebody who was woken looks again."""

PATIENT_TIMES: Final = 2
"""How often failback is asked for before it is forced."""


class Operator:
    """One person. `comes_s` is when somebody is there; inf while everybody sleeps."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        parameters = world.stack.parameters
        self._reaction_s = draw_lag_s(
            random, parameters.reaction_median_s, parameters.reaction_p99_s
        )
        self.comes_s = inf
        self._alarms = Alarms(
            parameters,
            world.timeline,
            alive=lambda: any(not condition.gone for condition in world.conditions),
            troubled=world.troubled,
            ring=self._rings,
        )
        self._well_since: dict[int, float] = {}
        self._asked: dict[int, int] = {}
        self._to_take_back: set[int] = set()

    def page(self) -> None:
        """Something is wrong from now on: an alarm will say so, if nobody has come yet."""
        if self.comes_s == inf:
            self._alarms.trouble()

    def _rings(self) -> None:
        """An alarm fires: somebody will be there in a while."""
        if self.comes_s == inf:
            notified_s = self._world.timeline.now_s + self._world.stack.parameters.notification_s
            self.comes_s = notified_s + self._reaction_s
            self._world.timeline.at(self.comes_s, MODEL, self._look)

    def noticed(self, number: int, *, ready: bool) -> None:
        """A Region became ready, or stopped being so."""
        if ready:
            self._well_since[number] = self._world.timeline.now_s
        else:
            self._well_since.pop(number, None)

    def errs(self, fault: Fault) -> None:
        """Ask for the wrong thing at the wrong time, and be there to take it back."""
        world = self._world
        number = world.stack.order.index(fault.region)
        forced = fault.target.startswith("forced-")
        kind = IntentKind(fault.target.removeprefix("forced-"))
        self._say(kind, number, forced=forced, why="a mistake")
        self._to_take_back.add(number)
        now_s = world.timeline.now_s
        if self.comes_s > now_s:
            self.comes_s = now_s
            world.timeline.at(now_s + AGAIN_S, MODEL, self._look)

    def _look(self, _: object) -> None:
        """Follow the runbook once, and look again later while there is something to do."""
        world = self._world
        for number in sorted(self._to_take_back):
            self._say(IntentKind.RESUME, number, forced=False, why="the mistake is taken back")
        self._to_take_back.clear()
        flagged = sorted({about for _, about in world.health.flags})
        for number in flagged:
            since_s = self._well_since.get(number, world.well_since_start(number))
            if world.timeline.now_s - since_s >= world.stack.parameters.patience_s:
                asked = self._asked.get(number, 0)
                self._asked[number] = asked + 1
                self._say(
                    IntentKind.FAILBACK,
                    number,
                    forced=asked >= PATIENT_TIMES,
                    why="it is well again",
                )
        for number in self._asked:
            if number not in flagged:
                self._asked[number] = 0
        if flagged or world.troubled():
            world.timeline.at(world.timeline.now_s + AGAIN_S, MODEL, self._look)
        else:
            self.comes_s = inf

    def _say(self, kind: IntentKind, number: int, *, forced: bool, why: str) -> None:
        """Write the word into a Region whose table answers; those who watch first."""
        world = self._world
        stack = world.stack
        if kind is IntentKind.PROMOTE:
            order = [number]
        else:
            watchers = [stack.order.index(each) for each in stack.regions[number].watchers]
            order = [
                *watchers,
                *(each for each in range(len(stack.order)) if each != number),
                number,
            ]
        where = next((each for each in order if world.table_answers(each)), None)
        if where is None:
            return
        world.words.give(
            kind, stack.order[number], number, where, forced=forced, by="operator", why=why
        )
        world.spread(where)
