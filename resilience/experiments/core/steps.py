"""The steps of a drill between its begin and its end, each a bounded piece of work.

`resilience.experiments.core.stepper` says in which order they come, and who may do them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from resilience.experiments.core import asking
from resilience.experiments.core.change import perform
from resilience.experiments.core.experiment import View
from resilience.experiments.core.guards import STOPPING, Asked, ringing
from resilience.experiments.core.memory import Drill, Expected, Ledger, Lock, RacedError
from resilience.experiments.core.steady import flags, replies_hold, unsteady
from resilience.experiments.core.verdict import MOVED, ONSET, UNHEALTHY, conclude
from resilience.experiments.core.world import CallError
from resilience.experiments.core.writes import Writes, lost_for_good, none_lost
from resilience.measurement import Steady

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resilience.experiments.core.experiment import Experiment
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.world import World

LOOK_S: Final = 5.0
"""How long clients probe in one step."""

STEADY_S: Final = 2 * Steady().window_s
SCHEDULE_S: Final = 60.0
LOOKS_OF_A_MARKER: Final = 6
MARGIN_S: Final = 60.0


class RolledBackInPartError(Exception):
    """Some of what was changed could not be taken back; it stays written down."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a step came to: which is next (None at the end), after how long, and the verdict."""

    drill: str
    experiment: str
    step: str
    next: str | None
    wait_s: float = 0.0
    verdict: str | None = None
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Give it as the state machine reads it."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The bodies of the steps; `owner` says whose hand, `alive` whether another owner lives."""

    world: World
    ground: Ground
    catalogue: Mapping[str, Experiment]
    asked: Asked
    owner: str
    alive: Callable[[Lock], bool]

    @property
    def ledger(self) -> Ledger:
        """Where drills are remembered."""
        return Ledger(self.world, self.ground)

    def _steady_before(self, drill: Drill) -> Answer:
        drill = self._written(drill) if self._leaves(drill) else self._looked(drill)
        now_s = self.world.now_s()
        problems = unsteady(self.world, self.ground)
        if not problems and not replies_hold(self.world.probes(drill.probes), now_s):
            problems = ("clients do not get right answers",)
        ground = self.ground
        longest_s = 2 * ground.turn_s + ground.ttl_s + STEADY_S + ground.slack_s
        if self.world.stopped():
            problems, longest_s = (self.world.stopped(),), 0.0
        if problems:
            drill = replace(drill, steady_s=None)
            if now_s - drill.step_since_s > longest_s:
                why = f"there is no steady state to begin from: {'; '.join(problems)}"
                drill = replace(drill, verdict="refused", why=why)
                drill = self.ledger.write(drill.saying(now_s, "drill.refused", why))
                return self._answer(drill, "steady-before", "report")
        elif drill.steady_s is None:
            drill = replace(drill, steady_s=now_s - LOOK_S)
        if drill.steady_s is not None and now_s - drill.steady_s >= STEADY_S:
            drill = replace(drill, from_s=drill.steady_s)
            drill = self._expect(drill, "steady state before", "it held")
            return self._answer(self._enter(drill, "inject"), "steady-before", "inject")
        return self._again(drill, "steady-before")

    def _inject(self, drill: Drill) -> Answer:
        experiment = self.catalogue[drill.experiment]
        if not drill.changes:
            changes = experiment.plan(self.world, self.ground, drill)
            for change in changes:
                drill = drill.saying(self.world.now_s(), "drill.planned", change.what)
            drill = self.ledger.write(replace(drill, changes=changes))
        for number in range(drill.made, len(drill.changes)):
            change = drill.changes[number]
            if self.world.stopped():
                return self._stop(drill, self.world.stopped(), "inject")
            drill = self.ledger.write(replace(self._begun(drill), made=number))
            perform(self.world, change.do)
            drill = replace(drill, made=number + 1)
            drill = drill.saying(self.world.now_s(), "drill.injected", change.what)
        return self._answer(self._enter(drill, "watch"), "inject", "watch")

    def _begun(self, drill: Drill) -> Drill:
        """Note when the first change is made, and which writes are elsewhere by then.

        Recovery is counted from here, and so is what is lost.
        """
        if drill.onset_s is not None:
            return drill
        writes = self._writes(drill)
        if self._leaves(drill):
            made = (*drill.writes, writes.put(len(drill.writes)))
            drill = replace(drill, writes=made, held_at_onset=writes.held())
        onset_s, region = round(self.world.now_s(), 3), writes.hit.region
        drill = drill.saying(onset_s, ONSET, f"{drill.experiment} begins", region)
        return replace(drill, onset_s=onset_s)

    def _watch(self, drill: Drill) -> Answer:
        experiment = self.catalogue[drill.experiment]
        drill = self._noticed(self._looked(drill))
        view = self._view(drill)
        if why := self._must_stop(view):
            return self._stop(drill, why, "watch")
        late = view.lasted_s > experiment.deadline_s(self.ground) + self.ground.slack_s
        if not (experiment.done(view) or late):
            return self._again(drill, "watch")
        drill = replace(drill, expected=(*drill.expected, *experiment.judge(view)))
        return self._answer(self._enter(drill, "rollback"), "watch", "rollback")

    def _noticed(self, drill: Drill) -> Drill:
        """Note when Route 53 first gives the Region up, and when it first leads elsewhere."""
        view = self._view(drill)
        region, now_s = view.target.region, self.world.now_s()
        kinds = {each.kind for each in drill.events}
        if UNHEALTHY not in kinds and self.world.healthy(region) is False:
            drill = drill.saying(now_s, UNHEALTHY, f"Route 53 does not find {region} well", region)
        if MOVED not in kinds and view.led_away():
            drill = drill.saying(now_s, MOVED, f"clients are led away from {region}", region)
        return drill

    def _must_stop(self, view: View) -> str:
        """Say which stop condition is met: whoever runs it, an alarm, or clients out too long."""
        if why := self.world.stopped():
            return why
        for place in self.ground.places:
            if place.region != view.target.region:
                for alarm in ringing(self.world, self.ground, place.region, STOPPING):
                    return f"alarm {alarm} is up in {place.region}, which the drill does not hit"
        longest_s = self.catalogue[view.drill.experiment].outage_s(self.ground)
        good = [p.scheduled_s for p in view.probes if p.good]
        newest_s = max((p.scheduled_s for p in view.probes), default=0.0)
        if longest_s and newest_s - max(good, default=view.onset_s) > longest_s:
            return f"no client got a right answer for {longest_s:g} s"
        return ""

    def _stop(self, drill: Drill, why: str, step: str) -> Answer:
        now_s = self.world.now_s()
        drill = replace(drill, stopped=why).saying(now_s, "drill.stopped", why)
        missed = Expected(name="no stop condition is met", held=False, detail=why)
        drill = replace(drill, expected=(*drill.expected, missed))
        return self._answer(self._enter(drill, "rollback"), step, "rollback")

    def _rollback(self, drill: Drill) -> Answer:
        failed: list[str] = []
        for change in reversed(drill.changes):
            try:
                perform(self.world, change.undo)
            except CallError as error:
                failed.append(f"{change.what}: {error}")
        if failed:
            raise RolledBackInPartError(
                f"{len(failed)} of {len(drill.changes)} changes could not be taken back "
                f"({'; '.join(failed)}): they stay written down as drill {drill.id}; mend what is "
                "in the way, then run: ./run drill --recover"
            )
        if not drill.undone:
            now_s = self.world.now_s()
            drill = replace(drill, undone=True, until_s=drill.until_s or now_s)
            for change in reversed(drill.changes):
                drill = drill.saying(now_s, "drill.undone", change.what)
            drill = self._enter(drill, "steady-after")
        return self._answer(drill, "rollback", "steady-after" if drill.changes else "report")

    def _steady_after(self, drill: Drill) -> Answer:
        drill = self._looked(drill)
        ground, now_s = self.ground, self.world.now_s()
        problems = unsteady(self.world, ground)
        drill = self._ask_back(drill)
        if not problems and not replies_hold(self.world.probes(drill.probes), now_s):
            problems = ("clients do not get right answers",)
        steady_s = None if problems else drill.steady_s
        if drill.step != "steady-after":  # a drill that never got here on its own way
            drill = self._enter(drill, "steady-after")
        if not problems and (steady_s is None or steady_s < drill.step_since_s):
            steady_s = now_s
        drill = replace(drill, steady_s=steady_s)
        held = steady_s is not None and now_s - steady_s >= STEADY_S - LOOK_S
        back_s = ground.hold_s + SCHEDULE_S + LOOKS_OF_A_MARKER * ground.look_s
        longest_s = back_s + 2 * ground.turn_s + ground.ttl_s + MARGIN_S + ground.slack_s
        late = now_s - drill.step_since_s > longest_s
        if not late and not held:
            return self._again(drill, "steady-after")
        # What broke is not judged, and needs no write to come over.
        if self._leaves(drill) and drill.onset_s is not None and not drill.verdict:
            writes = self._writes(drill)
            drill = replace(drill, held_at_end=writes.held())
            lost = lost_for_good(drill, writes.hit)
            if not late and (lost is None or lost.missing):
                return self._again(drill, "steady-after")
            drill = replace(drill, expected=(*drill.expected, none_lost(lost)))
        after = self.catalogue[drill.experiment].judge_after(self._view(drill))
        drill = replace(drill, expected=(*drill.expected, *after))
        detail = "it held again" if held else "; ".join(problems)
        drill = replace(drill, ended_s=self.world.now_s())
        drill = self._expect(drill, "steady state after", detail, held=held)
        return self._answer(self._enter(drill, "report"), "steady-after", "report")

    def _ask_back(self, drill: Drill) -> Drill:
        """Ask observers that latched to let clients back, once they could: nobody else will."""
        now_s, patience_s = self.world.now_s(), self.ground.hold_s + 2 * SCHEDULE_S
        if not drill.changes or (drill.asked_s is not None and now_s - drill.asked_s < patience_s):
            return drill
        for region in sorted({region for region, _ in flags(self.world, self.ground)}):
            if self.world.serves(region) and self.world.healthy(region):
                name = f"{drill.id}-{int(now_s)}"
                perform(self.world, asking.word(self.ground, "failback", region, drill=name))
                detail = f"observers to fail back to {region}"
                drill = replace(drill, asked_s=now_s).saying(now_s, "drill.asked", detail, region)
        return drill

    def _report(self, drill: Drill) -> Answer:
        if not drill.verdict:
            verdict, why = conclude(self._view(drill), self.catalogue[drill.experiment])
            drill = replace(drill, verdict=verdict, why=why)
        if self._leaves(drill) and drill.step != "begin":
            self._writes(drill).clear()
        drill = self._enter(drill, "over")
        self.ledger.release(drill)
        return self._answer(drill, "report", None)

    def _looked(self, drill: Drill) -> Drill:
        return replace(drill, probes=(*drill.probes, *self.world.watch(LOOK_S)))

    def _written(self, drill: Drill) -> Drill:
        """Look, and make numbered writes meanwhile."""
        made, writes = [*drill.writes], self._writes(drill)
        probes = self.world.watch(LOOK_S, lambda: made.append(writes.put(len(made))))
        return replace(drill, probes=(*drill.probes, *probes), writes=tuple(made))

    def _leaves(self, drill: Drill) -> bool:
        return self.catalogue[drill.experiment].leaves

    def _writes(self, drill: Drill) -> Writes:
        hit = self.ground.place(drill.options.get("region", self.ground.primary.region))
        return Writes(world=self.world, ground=self.ground, hit=hit, drill=drill.id)

    def _view(self, drill: Drill) -> View:
        probes = self.world.probes(drill.probes)
        return View(world=self.world, ground=self.ground, drill=drill, probes=probes)

    def _expect(self, drill: Drill, name: str, detail: str, *, held: bool = True) -> Drill:
        expected = Expected(name=name, held=held, detail=detail)
        return replace(drill, expected=(*drill.expected, expected))

    def _enter(self, drill: Drill, step: str) -> Drill:
        return self.ledger.write(replace(drill, step=step, step_since_s=self.world.now_s()))

    def _again(self, drill: Drill, step: str) -> Answer:
        return self._answer(self.ledger.write(drill), step, step)

    def _known(self, name: str) -> Drill:
        found = self.ledger.drill(name)
        if found is None:
            raise RacedError(f"drill {name} was deleted while it ran")
        return found

    def _answer(self, drill: Drill, step: str, following: str | None) -> Answer:
        return Answer(
            drill=drill.id,
            experiment=drill.experiment,
            step=step,
            next=following,
            verdict=drill.verdict or None,
            why=drill.why,
        )
