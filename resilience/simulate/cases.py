"""The stacks that a simulation plays: the one asked for, and each with one setting changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from resilience.simulate.options import JUDGED
from resilience.simulate.play import Chunk, Plan, chunks, seed_of
from resilience.simulate.record import Baseline, WhatIf
from resilience.simulate.stacks import simulated
from resilience.simulate.tally import PLACES, Tally
from resilience.simulate.what_ifs import Variant, variants
from resilience.simulator.scenario import HOUR_S

if TYPE_CHECKING:
    from resilience.simulate.options import Options
    from resilience.simulate.play import Done
    from resilience.simulator import SimulatedStack
    from resilience.topology import Topology

WHAT_IF_SCENARIOS: Final = 440
"""On how many scenarios each changed setting is tried, of the judged classes, and of all."""


@dataclass
class Case:
    """One stack to be played, and what has been counted of it."""

    stack: SimulatedStack
    plan: Plan
    count: int
    tally: Tally
    variant: Variant | None = None

    def chunks(self) -> list[Chunk]:
        """Cut it up."""
        return chunks(self.stack, self.plan, count=self.count)

    def take(self, done: Done) -> None:
        """Count a chunk."""
        for place, row in enumerate(done.rows):
            self.tally.add(done.first + place, row)


def case_of(stack: SimulatedStack, plan: Plan, count: int, variant: Variant | None = None) -> Case:
    """Make a case with nothing counted yet."""
    return Case(
        stack=stack,
        plan=plan,
        count=count,
        tally=Tally(plan.classes, JUDGED, lambda index: seed_of(plan, index)),
        variant=variant,
    )


def tried(topology: Topology, options: Options) -> tuple[Case, ...]:
    """Give the stack and each variant twice: for recovery times, and for all that may happen."""
    if not options.what_ifs:
        return ()
    plan, count = options.plan, min(options.scenarios, WHAT_IF_SCENARIOS)
    judged = tuple(name for name in plan.classes if name in JUDGED)
    plans = [
        Plan(seed=plan.seed, classes=each, duration_s=plan.duration_s)
        for each in (judged, plan.classes)
        if each
    ]
    return tuple(
        case_of(stack, each, count, variant)
        for variant, stack in (
            (None, simulated(topology)),
            *(
                (each, simulated(each.topology, overstaying_ratio=each.overstaying_ratio))
                for each in variants(topology)
            ),
        )
        for each in plans
    )


def compared(tried: tuple[Case, ...]) -> tuple[Baseline | None, list[WhatIf]]:
    """Compare each variant with the stack as it is, on the same seeds; what saves most first."""
    figures: dict[int, _Figures] = {}
    kept: dict[int, Variant | None] = {}
    for case in tried:
        figures.setdefault(id(case.variant), _Figures()).take(case)
        kept[id(case.variant)] = case.variant
    base = figures.pop(id(None), None)
    if base is None:
        return None, []
    found = [_what_if(variant, figures[key], base) for key, variant in kept.items() if variant]
    return (
        Baseline(
            scenarios=tried[0].count,
            recovery_median_s=base.median_s,
            recovery_p99_s=base.p99_s,
            unavailable_s=base.unavailable_s,
        ),
        sorted(found, key=lambda each: (-(each.saves_p99_s or 0.0), -each.saves_unavailable_s)),
    )


@dataclass
class _Figures:
    """What is compared of one stack. `unavailable_s` is over all classes."""

    median_s: float | None = None
    p99_s: float | None = None
    unavailable_s: float = 0.0

    def take(self, case: Case) -> None:
        """Take what a case of this stack gave: of the judged classes first, then of all."""
        judged = case.tally.judged()
        if judged is not None and self.p99_s is None and judged.recovery is not None:
            self.median_s, self.p99_s = judged.recovery.median.value, judged.recovery.p99.value
        self.unavailable_s = case.tally.unavailable_s(case.plan.duration_s or HOUR_S)


def _what_if(variant: Variant, figures: _Figures, base: _Figures) -> WhatIf:
    known = figures.p99_s is not None and base.p99_s is not None
    return WhatIf(
        setting=variant.setting,
        now=variant.now,
        then=variant.then,
        recovery_median_s=figures.median_s,
        recovery_p99_s=figures.p99_s,
        unavailable_s=figures.unavailable_s,
        saves_p99_s=round(base.p99_s - figures.p99_s, PLACES) if known else None,  # type: ignore[operator]
        saves_unavailable_s=round(base.unavailable_s - figures.unavailable_s, PLACES),
        month_usd=None if variant.month_usd is None else round(variant.month_usd, 2),
        cost_note=variant.cost_note,
    )
