"""Looks for a planted fault by simulation: what finds it, after how many scenarios.

A plant is found by a *rule* that is broken, or by an *objective* that the judged scenarios miss,
or, failing both, by a *finding*: `simulate` looks at a topology before it plays anything.
The sound stack breaks no rule, meets its objectives on the same seeds and has no finding; a test
says so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resilience.findings import find
from resilience.objectives import judge
from resilience.simulate.options import JUDGED
from resilience.simulate.play import Plan, row_of, scenario_of, seed_of
from resilience.simulate.stacks import simulated
from resilience.simulate.tally import Tally
from resilience.simulator import FAULT_CLASSES, to_text
from resilience.simulator.run import simulate
from resilience.simulator.shrink import shrink

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.objectives import Objectives
    from resilience.simulator import Outcome, Scenario, SimulatedStack
    from resilience.topology import Topology
    from tests.planted.plant import Plant

SEED = 1
JUDGED_SCENARIOS = 100
"""Enough for a 99th percentile of the outages among them."""

LIMIT_S = 60.0
"""Of one core: how busy a machine is otherwise is no matter of the simulator."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What found a plant, and the smallest scenario that still does."""

    by: str
    scenarios: int
    seconds: float
    scenario: str
    detail: str


class _Played:
    """A plant's brain, playing."""

    def __init__(self, plant: Plant) -> None:
        self._think = plant.make_think()

    def play(self, stack: SimulatedStack, scenario: Scenario) -> Outcome:
        return simulate(stack, scenario, think=self._think)

    def shrink(
        self, stack: SimulatedStack, scenario: Scenario, fails: Callable[[Outcome], bool]
    ) -> Scenario:
        return shrink(stack, scenario, think=self._think, fails=fails)


def hunt(plant: Plant, topology: Topology, *, limit_s: float = LIMIT_S) -> Found | None:
    """Look for a plant until it is found or the time is up."""
    stack = simulated(plant.change(topology))
    began_s = time.process_time()
    found = by_objective(plant, stack, began_s) if plant.kind == "setting" else None
    found = found or _by_rule(plant, topology, began_s, limit_s)
    return found or _by_finding(plant.change(topology))


def _by_rule(plant: Plant, topology: Topology, began_s: float, limit_s: float) -> Found | None:
    """Play until a rule breaks that holds on the sound stack with the real brain."""
    sound, stack = simulated(topology), simulated(plant.change(topology))
    plan = Plan(seed=SEED, classes=plant.classes or FAULT_CLASSES)
    brain, index = _Played(plant), 0
    while time.process_time() - began_s < limit_s:
        scenario = scenario_of(stack, plan, index)
        index += 1
        outcome = brain.play(stack, scenario)
        if not outcome.violations or simulate(sound, scenario).violations:
            continue
        seconds = time.process_time() - began_s
        rule = outcome.violations[0].rule
        small = brain.shrink(
            stack, scenario, lambda seen, rule=rule: any(v.rule == rule for v in seen.violations)
        )
        seen = next(v for v in brain.play(stack, small).violations if v.rule == rule)
        return Found(
            by=f"rule: {rule}",
            scenarios=index,
            seconds=seconds,
            scenario=to_text(small),
            detail=seen.detail,
        )
    return None


def _by_finding(topology: Topology) -> Found | None:
    """Look at the topology: what playing for the whole time did not find, this finds at once."""
    began_s = time.process_time()
    findings = find(topology)
    if not findings:
        return None
    return Found(
        by="finding, before anything is played",
        scenarios=0,
        seconds=time.process_time() - began_s,
        scenario="",
        detail=str(findings[0]),
    )


def by_objective(plant: Plant, stack: SimulatedStack, began_s: float) -> Found | None:
    """Hold what is judged against the objectives, as the command does."""
    plan = Plan(seed=SEED, classes=tuple(name for name in FAULT_CLASSES if name in JUDGED))
    brain = _Played(plant)
    tally = Tally(plan.classes, JUDGED, lambda index: seed_of(plan, index))
    for index in range(JUDGED_SCENARIOS):
        outcome = brain.play(stack, scenario_of(stack, plan, index))
        tally.add(index, row_of(outcome, index % len(plan.classes)))
    judged = tally.judged()
    assert judged is not None
    verdicts = judge(
        stack.objectives,
        recovery_time_s=0.0 if judged.recovery is None else judged.recovery.p99.value,
        data_loss_window_s=judged.data_loss.p99.value,
        availability_ratio=judged.availability.p99.value,
    )
    missed = [verdict for verdict in verdicts if not verdict.met]
    if not missed:
        return None
    seconds = time.process_time() - began_s
    verdict = missed[0]
    figure = {
        "rto_s": judged.recovery.worst if judged.recovery else judged.data_loss.worst,
        "rpo_s": judged.data_loss.worst,
        "availability": judged.availability.worst,
    }[verdict.objective]
    small = brain.shrink(
        stack,
        scenario_of(stack, plan, figure.seed - seed_of(plan, 0)),
        lambda seen: misses(seen, verdict.objective, stack.objectives),
    )
    measured = "never" if verdict.measured is None else f"{verdict.measured:.2f}"
    return Found(
        by=f"objective: {verdict.objective}",
        scenarios=JUDGED_SCENARIOS,
        seconds=seconds,
        scenario=to_text(small),
        detail=f"99th percentile {measured}, promised {verdict.bound:g}",
    )


def misses(outcome: Outcome, objective: str, objectives: Objectives) -> bool:
    """Tell whether one scenario alone misses an objective."""
    if objective == "rto_s":
        return outcome.recovery_s is not None and outcome.recovery_s > objectives.rto_s
    if objective == "rpo_s":
        return outcome.data_loss_window_s > objectives.rpo_s
    return outcome.availability_ratio < objectives.availability_ratio
