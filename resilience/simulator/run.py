"""One run: a stack, a scenario, and what came of them."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final

from resilience.failover import think as real_think
from resilience.measurement import Steady
from resilience.simulator.inflict import plan_faults
from resilience.simulator.outcome import Outcome, Split, Violation
from resilience.simulator.split import split
from resilience.simulator.world import World

if TYPE_CHECKING:
    from resilience.simulator.scenario import Scenario
    from resilience.simulator.stack import SimulatedStack
    from resilience.simulator.thinking import Think

__all__ = ["Outcome", "Split", "Violation", "play", "settle", "simulate"]

STEADY: Final = Steady()
SETTLE_S: Final = 600.0
LONGEST_SETTLE_S: Final = 6 * 3600.0
"""How long people have, once faults are over, until what does not hold never will."""


def simulate(
    stack: SimulatedStack, scenario: Scenario, *, think: Think = real_think, skip: bool = True
) -> Outcome:
    """Run a scenario against a stack.

    Args:
        stack: What is deployed.
        scenario: What goes wrong, and the seed.
        think: What observers decide by; one that was broken on purpose is found out.
        skip: Leave out looks at which nothing can be decided. The outcome is the same without.

    Raises:
        ValueError: the scenario names a Region that the stack does not have.
    """
    return play(stack, scenario, think=think, skip=skip)[0]


def play(
    stack: SimulatedStack, scenario: Scenario, *, think: Think = real_think, skip: bool = True
) -> tuple[Outcome, World]:
    """Run a scenario; gives the world as it was at the end, too."""
    world = World(stack, scenario.seed, think=think, skip=skip)
    onsets = plan_faults(world, scenario.faults)
    world.timeline.run(scenario.duration_s)
    outages = world.clients.ledger.outages(STEADY, onsets, scenario.duration_s)
    availability = world.clients.ledger.availability_ratio(scenario.duration_s)
    ends_s = max((fault.ends_s for fault in scenario.faults), default=0.0)
    settle(world, max(scenario.duration_s, ends_s))
    worst = max(outages, key=lambda each: each.recovery_s, default=None)
    return (
        Outcome(
            recovery_s=None if worst is None else worst.recovery_s,
            parts=None if worst is None or worst.until_s == inf else split(world, worst),
            data_loss_window_s=world.data_loss_window_s,
            availability_ratio=availability,
            outages=len(outages),
            violations=world.judge.violations,
            events=world.timeline.events,
        ),
        world,
    )


def settle(world: World, from_s: float) -> None:
    """Give people time after the faults; then hold the end against what must be so.

    A run that broke a rule already is not given that time: what follows from it tells nothing.
    """
    until_s = from_s
    while True:
        world.timeline.run(until_s)
        for observer in world.observers:
            observer.settle(until_s)
        if world.judge.violations or world.judge.settled():
            return
        if until_s >= from_s + LONGEST_SETTLE_S:
            world.judge.ending()
            return
        until_s += SETTLE_S
