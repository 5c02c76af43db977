"""Plays numbered scenarios of a stack, in chunks that any process can do.

A scenario is known by the run's seed and its number: its class is the next in turn, its seed is
made of both. So a chunk needs nothing but the stack and two numbers, and means the same anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from random import Random
from typing import TYPE_CHECKING, Final

from resilience.measurement import PARTS
from resilience.simulate.tally import NO_OUTAGE, Row
from resilience.simulator import FAULT_CLASSES, FaultKind, draw
from resilience.simulator.run import simulate
from resilience.simulator.scenario import double

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.simulator import Outcome, Scenario, SimulatedStack, Violation

SEEDS_A_RUN: Final = 1_000_000_000
"""Scenarios of run seed 1 have the seeds 1000000000, 1000000001, ...: no two runs share one."""

AND: Final = "+"
"""Between two kinds of fault in the name of a class: both, overlapping as often as not."""

CHUNK: Final = 100
"""Scenarios done in one go: a fraction of a second, and a message of a few kilobytes."""

KEPT_VIOLATIONS: Final = 3
"""How many violations of one rule are carried along: the first ones; the rest are counted."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is played: everything that decides a scenario but its number.

    `duration_s` is how long each scenario is; None leaves it to the grammar. Classes take turns.
    """

    seed: int
    classes: tuple[str, ...] = FAULT_CLASSES
    duration_s: float | None = None

    @property
    def chosen(self) -> bool:
        """Whether these are not simply all classes."""
        return self.classes != FAULT_CLASSES


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Scenarios `first` to `first` + `count` - 1 of a plan, on a stack."""

    stack: SimulatedStack
    plan: Plan
    first: int
    count: int


@dataclass(frozen=True, kw_only=True)
class Found:
    """A violation, and the number of its scenario."""

    index: int
    violation: Violation


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a chunk gave: a row a scenario, how often each rule broke, the first times it did."""

    first: int
    rows: tuple[Row, ...]
    broken: dict[str, int]
    found: tuple[Found, ...]


def seed_of(plan: Plan, index: int) -> int:
    """Give the seed of a scenario."""
    return plan.seed * SEEDS_A_RUN + index


def index_of(plan: Plan, seed: int) -> int | None:
    """Give the number of the scenario with a seed; None if it is of another run."""
    run, index = divmod(seed, SEEDS_A_RUN)
    return index if run == plan.seed else None


def scenario_of(stack: SimulatedStack, plan: Plan, index: int) -> Scenario:
    """Draw a scenario by its number."""
    fault_class, seed = plan.classes[index % len(plan.classes)], seed_of(plan, index)
    if AND in fault_class:
        first, second = map(FaultKind, fault_class.split(AND))
        random = Random(seed)  # noqa: S311 - picks faults, guards nothing
        scenario = double(stack, random, seed, kinds=(first, second))
    else:
        scenario = draw(stack, seed, classes=(fault_class,))
    return scenario if plan.duration_s is None else replace(scenario, duration_s=plan.duration_s)


def is_class(name: str) -> bool:
    """Tell whether this names a fault class, or two kinds of fault at once."""
    kinds = {kind.value for kind in FaultKind}
    both = name.split(AND)
    return name in FAULT_CLASSES or (len(both) == 2 and set(both) <= kinds)  # noqa: PLR2004


def chunks(
    stack: SimulatedStack, plan: Plan, *, count: int, first: int = 0, size: int = CHUNK
) -> list[Chunk]:
    """Cut scenarios `first` to `count` - 1 into chunks: the same ones whoever does them."""
    return [
        Chunk(stack=stack, plan=plan, first=start, count=min(size, count - start))
        for start in range(first, count, size)
    ]


def play(chunk: Chunk) -> Done:
    """Play the scenarios of a chunk."""
    rows: list[Row] = []
    broken: dict[str, int] = {}
    found: list[Found] = []
    for index in range(chunk.first, chunk.first + chunk.count):
        outcome = simulate(chunk.stack, scenario_of(chunk.stack, chunk.plan, index))
        rows.append(row_of(outcome, index % len(chunk.plan.classes)))
        for violation in _first_of_each(outcome):
            broken[violation.rule] = broken.get(violation.rule, 0) + 1
            if broken[violation.rule] <= KEPT_VIOLATIONS:
                found.append(Found(index=index, violation=violation))
    return Done(first=chunk.first, rows=tuple(rows), broken=broken, found=tuple(found))


def row_of(outcome: Outcome, place: int) -> Row:
    """Keep what the statistics need."""
    split = outcome.parts
    return Row(
        place=place,
        recovery_s=NO_OUTAGE if outcome.recovery_s is None else outcome.recovery_s,
        parts_s=(0.0,) * len(PARTS)
        if split is None
        else tuple(float(getattr(split, name)) for name in PARTS),
        loss_s=outcome.data_loss_window_s,
        availability_ratio=outcome.availability_ratio,
        events=outcome.events,
        violated=bool(outcome.violations),
    )


def recovered(outcome: Outcome) -> bool:
    """Tell whether no outage was left at the end."""
    return outcome.recovery_s != inf


def _first_of_each(outcome: Outcome) -> Iterator[Violation]:
    """Give the first violation of each rule."""
    seen: set[str] = set()
    for violation in outcome.violations:
        if violation.rule not in seen:
            seen.add(violation.rule)
            yield violation
