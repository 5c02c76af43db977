"""From a scenario that fails to a smaller one that still does.

Faults are left out, first many at a time; then each is made shorter, its times rounder, its level
plainer, as long as the scenario still fails. It ends where no such step leaves it failing, or
after `most_runs`. Nothing is drawn: the same scenario always shrinks to the same one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from resilience.failover import think as real_think
from resilience.simulator.faults import LEVELLED, FaultKind
from resilience.simulator.run import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from resilience.simulator.faults import Fault
    from resilience.simulator.outcome import Outcome
    from resilience.simulator.scenario import Scenario
    from resilience.simulator.stack import SimulatedStack
    from resilience.simulator.thinking import Think

_ROUND_S: Final = (600.0, 300.0, 60.0, 10.0, 1.0)
_LEVELS: Final = (1.0, 5.0, 10.0, 60.0, 0.5)


def shrink(
    stack: SimulatedStack,
    scenario: Scenario,
    *,
    think: Think = real_think,
    fails: Callable[[Outcome], bool],
    most_runs: int = 400,
) -> Scenario:
    """Make a scenario smaller as long as its outcome `fails`; one that does not is given back."""
    runs = 0

    def failing(candidate: Scenario) -> bool:
        nonlocal runs
        runs += 1
        return runs <= most_runs and fails(simulate(stack, candidate, think=think))

    if not failing(scenario):
        return scenario
    while True:
        smaller = next((each for each in _smaller(scenario) if failing(each)), None)
        if smaller is None:
            return scenario
        scenario = smaller


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    """Give scenarios that are a step smaller, the largest steps first."""
    faults = scenario.faults
    size = len(faults) // 2
    while size >= 1:
        for at in range(0, len(faults), size):
            yield replace(scenario, faults=faults[:at] + faults[at + size :])
        size //= 2
    for at, fault in enumerate(faults):
        for plainer in _plainer(fault):
            yield replace(scenario, faults=(*faults[:at], plainer, *faults[at + 1 :]))


def _plainer(fault: Fault) -> Iterator[Fault]:
    """Give faults that are shorter, rounder or plainer than this one."""
    if fault.kind is not FaultKind.OPERATOR_ERRS:
        yield from (
            replace(fault, for_s=for_s)
            for for_s in _rounder(fault.for_s / 2)
            if for_s < fault.for_s
        )
        yield from (
            replace(fault, for_s=for_s)
            for for_s in _rounder(fault.for_s)
            if for_s <= fault.for_s and _roundness(for_s) < _roundness(fault.for_s)
        )
    yield from (
        replace(fault, at_s=at_s)
        for at_s in _rounder(fault.at_s)
        if _roundness(at_s) < _roundness(fault.at_s)
    )
    if fault.kind in LEVELLED and fault.level not in _LEVELS:
        shares = fault.kind in {
            FaultKind.REQUESTS_FAIL,
            FaultKind.DNS_LIES,
            FaultKind.OBSERVER_FLAKY,
        }
        for level in (1.0, 0.5) if shares else _LEVELS:
            yield replace(fault, level=level if fault.level > 0 else -level)


def _rounder(seconds: float) -> Iterator[float]:
    """Give round numbers near this one, the roundest first."""
    for unit_s in _ROUND_S:
        near = round(seconds / unit_s) * unit_s
        if near > 0:
            yield near


def _roundness(seconds: float) -> int:
    """Number the roundest unit that these are whole numbers of; less is rounder."""
    for place, unit_s in enumerate(_ROUND_S):
        if seconds % unit_s == 0:
            return place
    return len(_ROUND_S)
