"""Runs a drill step by step, so that it survives being killed between any two calls.

Each step reads the drill's memory, does a bounded piece of work, writes what it did, and says
what is next. Calling a step again does no harm. Before a change is made, all changes and how they
are taken back are written down; whoever comes next, the same drill or another one, takes back
whatever is written, in reverse order, whether or not it was made.

    begin -> steady-before -> inject -> watch ... -> rollback -> steady-after ... -> report
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from resilience.experiments.core.guards import refusals
from resilience.experiments.core.memory import LEASE_S, Drill, Lock
from resilience.experiments.core.steps import Answer, Steps

if TYPE_CHECKING:
    from collections.abc import Mapping

STEPS: Final = ("begin", "steady-before", "inject", "watch", "rollback", "steady-after", "report")


@dataclass(frozen=True, kw_only=True)
class Stepper(Steps):
    """One hand on drills of one stack. `owner` says whose; `alive` whether another owner lives."""

    def step(self, name: str, drill: str, experiment: str, options: Mapping[str, str]) -> Answer:
        """Do one step. Changes AWS state as the experiment says; idempotent.

        Raises:
            CallError: AWS refused something, or did not answer; the step may be tried again.
            RacedError: another hand has this drill.
            RolledBackInPartError: `rollback` could not take everything back; try it again.
        """
        if name == "begin":
            return self._begin(drill, experiment, options)
        found = self.ledger.drill(drill)
        if found is None:
            why = f"there is no drill {drill}: begin it"
            return Answer(
                drill=drill, experiment=experiment, step=name, next=None, verdict="broken", why=why
            )
        if found.step == "over":
            self.ledger.release(found)
            return self._answer(found, name, None)
        if found.verdict == "refused" and name != "report":
            return self._answer(found, name, "report")
        if found.undone and name in {"steady-before", "inject", "watch"}:
            return self._answer(found, name, "steady-after")
        if name in {"steady-before", "inject", "watch"}:
            self.ledger.take(found)
        steps = {
            "steady-before": self._steady_before,
            "inject": self._inject,
            "watch": self._watch,
            "rollback": self._rollback,
            "steady-after": self._steady_after,
            "report": self._report,
        }
        return steps[name](found)

    def give_up(self, drill: str, why: str) -> None:
        """Write down that a drill broke, after its rollback. Changes its memory alone."""
        found = self._known(drill)
        if not found.verdict:
            found = found.saying(self.world.now_s(), "drill.broken", why)
            self.ledger.write(replace(found, verdict="broken", why=why))

    def unfinished(self) -> Drill | None:
        """Give the drill that holds the lock, if its owner does not live any more."""
        lock = self.ledger.lock()
        if lock is None or self.lives(lock):
            return None
        return self.ledger.drill(lock.holder)

    def recover(self, drill: Drill) -> Drill:
        """Take back what another hand left, and give up its drill. Changes AWS state; idempotent.

        Returns:
            The drill, whose `steady-after` and `report` are still to be done.
        """
        why = f"it stopped in step {drill.step}, and {self.owner} took it back"
        if drill.step == "over":
            return drill
        mine = replace(drill, owner=self.owner, verdict=drill.verdict or "broken")
        mine = replace(mine, why=mine.why or why).saying(self.world.now_s(), "drill.recovered", why)
        mine = self.ledger.write(mine)
        self._rollback(mine)
        return self._enter(self._known(mine.id), "steady-after")

    def lives(self, lock: Lock) -> bool:
        """Tell whether the owner of a lock may still run its drill."""
        return self.alive(lock) and self.world.now_s() - lock.beat_s <= LEASE_S

    def _begin(self, name: str, experiment: str, options: Mapping[str, str]) -> Answer:
        known = self.ledger.drill(name)
        if known is not None and known.step != "begin":
            following = "report" if known.verdict == "refused" else known.step
            return self._answer(known, "begin", None if known.step == "over" else following)
        now_s = self.world.now_s()
        drill = known or Drill(
            id=name,
            experiment=experiment,
            options=self.catalogue[experiment].options(options),
            owner=self.owner,
            began_s=now_s,
        )
        other = self.ledger.lock()
        if other is not None and other.holder != name:
            if self.lives(other):
                why = f"drill {other.holder} of {other.owner} is running"
                return self._refuse(drill, why)
            left = self.ledger.drill(other.holder)
            if left is not None:
                self.recover(left)
                self.step("report", left.id, left.experiment, {})
            else:
                self.ledger.free(other)
        hit = drill.options.get("region", self.ground.primary.region)
        reasons = refusals(self.world, self.ground, self.catalogue[experiment], self.asked, hit)
        if reasons:
            return self._refuse(drill, "; ".join(reasons))
        drill = self.ledger.write(drill)
        self.ledger.take(drill)
        drill = self._enter(drill.saying(now_s, "drill.begun", f"by {self.owner}"), "steady-before")
        return self._answer(drill, "begin", "steady-before")

    def _refuse(self, drill: Drill, why: str) -> Answer:
        refused = replace(drill, verdict="refused", why=why)
        refused = self.ledger.write(refused.saying(self.world.now_s(), "drill.refused", why))
        return self._answer(refused, "begin", "report")
