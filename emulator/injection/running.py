"""Experiments under way: from one state to the next, and what they break given back.

pending, initiating (targets are looked for), running, then completed, stopped or failed:
https://docs.aws.amazon.com/fis/latest/userguide/experiments.html. How long the first two take is
unverified; here it is one look each. Experiments of a lost Region stand still, and what they have
broken stays broken until it is back.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emulator.injection import actions, checks, targets
from emulator.injection.errors import InjectionError
from emulator.storage.roles import Need, denial

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import Fault, FaultBoard
    from emulator.injection.state import Account, ActionRun, Experiment
    from emulator.policy import Document
    from emulator.storage.objects import Objects
    from emulator.watch.bus import EventBus

SOURCE: Final = "aws.fis"
DETAIL_TYPE: Final = "FIS Experiment State Change"
HALTED: Final = "Experiment halted by stop condition."
_ALARM: Final = "ALARM"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What experiments act on, are told to, and are stopped by."""

    objects: Objects
    clock: Clock
    faults: FaultBoard
    events: EventLog
    bus: EventBus
    alarm_state: Callable[[str, str], str | None]
    """State of an alarm by Region and name; None when there is none."""


class Runner:
    """Moves experiments on. Not safe for threads: its owner holds a lock."""

    def __init__(self, account: Account, around: Surroundings, *, seed: int = 0) -> None:
        self._account = account
        self._around = around
        self._clock = around.clock
        self._faults = around.faults
        self._chance = random.Random(seed)  # noqa: S311  # a sample of targets, not secrets

    def tick(self) -> None:
        """Do all that is due now."""
        for experiment in self._account.open():
            if not self._faults.region_lost(experiment.region):
                self._move(experiment)

    def stop(self, experiment: Experiment, reason: str) -> None:
        """End an experiment's actions now, and it with them."""
        self._enter(experiment, "stopping", reason)
        self._end(experiment, "stopped", reason)

    def note(self, experiment: Experiment, before: str, reason_before: str = "") -> None:
        """Say that an experiment has come to another state."""
        self._around.events.record(
            "experiment.changed",
            experiment=experiment.arn,
            template=experiment.template_id,
            status=experiment.status,
            reason=experiment.reason,
        )
        self._around.bus.emit(
            experiment.region,
            SOURCE,
            DETAIL_TYPE,
            {
                "experiment-id": experiment.id,
                "experiment-template-id": experiment.template_id,
                "new-state": {"status": experiment.status, "reason": experiment.reason},
                "old-state": {"status": before, "reason": reason_before},
            },
            resources=[experiment.arn],
        )

    def _move(self, experiment: Experiment) -> None:
        try:
            match experiment.status:
                case "pending":
                    self._enter(experiment, "initiating", "Experiment is initiating.")
                case "initiating":
                    self._initiate(experiment)
                case _:
                    self._carry_on(experiment)
        except InjectionError as error:
            self._end(experiment, "failed", str(error))

    def _initiate(self, experiment: Experiment) -> None:
        experiment.started_s = self._clock.now_s()
        self._look_for_targets(experiment)
        self._enter(experiment, "running", "Experiment is running.")
        self._carry_on(experiment)

    def _look_for_targets(self, experiment: Experiment) -> None:
        told = experiment.told
        options = told.get("experimentOptions") or {}
        for name, target in (told.get("targets") or {}).items():
            if target.get("resourceTags"):
                needs = (Need(action="tag:GetResources", resource="*"),)
                self._require(experiment, needs)
            found = targets.resolve(target, experiment.region, self._chance)
            if not found and options.get("emptyTargetResolutionMode", "fail") == "fail":
                raise InjectionError(f"Target resolution returned empty set: target {name}")
            experiment.resolved[name] = found

    def _carry_on(self, experiment: Experiment) -> None:
        if self._must_halt(experiment):
            self.stop(experiment, HALTED)
            return
        now_s = self._clock.now_s()
        # What ends makes room for what waits for it, so the order of looks does not matter.
        while True:
            moved = [self._move_action(experiment, run, now_s) for run in _open(experiment)]
            if not any(moved):
                break
        if not _open(experiment):
            self._end(experiment, "completed", "Experiment completed.")

    def _must_halt(self, experiment: Experiment) -> bool:
        return any(
            self._around.alarm_state(experiment.region, checks.alarm_name(each["value"])) == _ALARM
            for each in experiment.told["stopConditions"]
            if each["source"] == checks.ALARM
        )

    def _move_action(self, experiment: Experiment, run: ActionRun, now_s: float) -> bool:
        """Begin or end an action whose time it is; whether there was something to do."""
        if run.status == "running":
            if now_s < run.ends_s:
                return False
            self._end_action(run, "completed", "Action was completed.")
            return True
        waits_for = [experiment.actions[name] for name in run.told.get("startAfter", ())]
        if not all(each.over for each in waits_for):
            return False
        if experiment.actions_mode == "skip-all":
            self._end_action(run, "skipped", "Action was skipped: actionsMode is skip-all.")
            return True
        self._begin(experiment, run, now_s)
        return True

    def _begin(self, experiment: Experiment, run: ActionRun, now_s: float) -> None:
        kind = actions.KNOWN[run.told["actionId"]]
        parameters = run.told.get("parameters") or {}
        named = (run.told.get("targets") or {}).get(kind.target)
        arns = experiment.resolved.get(named, ()) if named else ()
        if named and not arns:
            self._end_action(run, "skipped", "Action was skipped: it has no targets.")
            return
        try:
            for arn in arns:
                self._require(experiment, kind.needs(arn), self._policies_of(arn))
            broken = {
                each for arn in arns for each in kind.breaks(self._around.objects, arn, parameters)
            }
        except InjectionError as error:
            self._end_action(run, "failed", str(error))
            raise InjectionError(f"Action {run.name} failed: {error}") from error
        run.started_s, run.ends_s = now_s, now_s + actions.duration_s(parameters["duration"])
        run.status, run.reason = "running", "Action is running."
        run.faults = [self._faults.lose(fault, target) for fault, target in sorted(broken)]
        for fault in run.faults:
            self._tell("fault.begun", fault)

    def _policies_of(self, arn: str) -> Sequence[Document]:
        return self._around.objects.policies_of(arn.rpartition(":")[2]) if ":s3:" in arn else ()

    def _require(
        self, experiment: Experiment, needs: Sequence[Need], policies: Sequence[Document] = ()
    ) -> None:
        """Fail an experiment whose role may not do what it has to."""
        reason = denial(
            experiment.told["roleArn"],
            (checks.SERVICE,),
            [(each, policies) for each in needs],
            source_arn=experiment.arn,
        )
        if reason is not None:
            raise InjectionError(f"not authorized: {reason}")

    def _end_action(self, run: ActionRun, status: str, reason: str) -> None:
        run.status, run.reason = status, reason
        if run.started_s is not None:
            run.ended_s = self._clock.now_s()
        given_back, run.faults = run.faults, ()
        for fault in given_back:
            self._faults.restore(fault.id)
            self._tell("fault.ended", fault)

    def _end(self, experiment: Experiment, status: str, reason: str) -> None:
        """End an experiment, and every action that is not over."""
        for run in _open(experiment):
            begun = run.status == "running"
            ended = "stopped" if begun else "cancelled"
            self._end_action(run, ended, f"Action was {ended}: {reason}")
        experiment.ended_s = self._clock.now_s()
        self._enter(experiment, status, reason)

    def _enter(self, experiment: Experiment, status: str, reason: str) -> None:
        before, reason_before = experiment.status, experiment.reason
        experiment.status, experiment.reason = status, reason
        self.note(experiment, before, reason_before)

    def _tell(self, event: str, fault: Fault) -> None:
        self._around.events.record(
            event, fault=fault.id, target_kind=fault.kind, target=fault.target
        )


def _open(experiment: Experiment) -> list[ActionRun]:
    return [each for each in experiment.actions.values() if not each.over]
