"""Makes a scenario that fails smaller, as long as it still fails.

Greedy and deterministic: whole faults go first, then durations and times become shorter and
rounder, one change at a time. The seed stays: another one would be another run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from resilience.failover import think as real_think
from resilience.simulator.faults import LEVELLED, Fault
from resilience.simulator.run import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from resilience.simulator.outcome import Outcome
    from resilience.simulator.scenario import Scenario
    from resilience.simulator.stack import SimulatedStack
    from resilience.simulator.thinking import Think

RUNS: Final = 400
"""How many scenarios are tried at most."""

_LENGTHS_S: Final = (30.0, 60.0, 120.0, 300.0, 600.0, 900.0)
_ROUND_S: Final = (600.0, 60.0, 10.0, 1.0)
_LEVELS: Final = (1.0, 0.5, 0.1)


def shrink(
    stack: SimulatedStack,
    scenario: Scenario,
    *,
    think: Think = real_think,
    fails: Callable[[Outcome], bool],
) -> Scenario:
    """Find a smaller scenario that fails in the same way.

    Args:
        stack: What is deployed.
        scenario: One that fails.
        think: What observers decide by.
        fails: Whether an outcome is the failure that is looked for.

    Returns:
        The smallest that was found; the scenario itself if nothing smaller fails.
    """
    runs = 0
    smaller = True
    while smaller:
        smaller = False
        for candidate in _simpler(scenario):
            if runs >= RUNS:
                return scenario
            runs += 1
            if fails(simulate(stack, candidate, think=think)):
                scenario, smaller = candidate, True
                break
    return scenario


def _simpler(scenario: Scenario) -> Iterator[Scenario]:
    """Give every scenario that is one step simpler, the greatest steps first."""
    faults = scenario.faults
    if len(faults) > 1:
        for gone in range(len(faults)):
            yield replace(scenario, faults=(*faults[:gone], *faults[gone + 1 :]))
    for place, fault in enumerate(faults):
        for simpler in _simpler_faults(fault):
            changed = sorted(
                (*faults[:place], simpler, *faults[place + 1 :]), key=lambda each: each.at_s
            )
            yield replace(scenario, faults=tuple(changed))


def _simpler_faults(fault: Fault) -> Iterator[Fault]:
    for for_s in _LENGTHS_S:
        if for_s < fault.for_s:
            yield replace(fault, for_s=for_s)
    if fault.kind in LEVELLED and abs(fault.level) <= 1.0:
        for level in _LEVELS:
            if level == fault.level:
                break
            yield replace(fault, level=level)
    for step_s in _ROUND_S:
        at_s = step_s * round(fault.at_s / step_s)
        if at_s == fault.at_s:
            break
        if at_s > 0:
            yield replace(fault, at_s=at_s)
