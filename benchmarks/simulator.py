"""How fast scenarios are simulated: a second's worth on one core, as Regions and scenarios grow.

The stacks are prod's, as they were read back from an emulated deploy (`topologies/`): an hour and
twenty requests a second each, drawn from every class of faults. Time is the process's own, so
that what else the machine does counts as little as it can; the better of two turns counts.
"""

from __future__ import annotations

import gc
import resource
import sys
import time
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.table import Row
from resilience.simulator import SimulatedStack, draw, stack_of
from resilience.simulator.run import simulate
from resilience.topology import from_json

if TYPE_CHECKING:
    from collections.abc import Iterable

TOPOLOGIES: Final = Path(__file__).parent / "topologies"
COUNTS: Final = (2, 3, 5, 8)
LEAST_A_SECOND: Final = 300
SCENARIOS: Final = 200
TURNS: Final = 2
MANY: Final = 10_000
CORES: Final = 2
GIB: Final = 2**30
LINEAR: Final = 1.15
"""What eight times the scenarios may take of eight times the time; the rest is the machine's."""


def measure() -> list[Row]:
    """Time scenarios on prod with two Regions and more, and watch the memory of ten thousand."""
    stacks = {count: prod(count) for count in COUNTS}
    play(stacks[2], range(20))
    costs = {count: _best(stack, SCENARIOS) for count, stack in stacks.items()}
    two_s, events = costs[2]
    return [
        Row(
            figure=f"scenarios a second needed / reached (prod, 2 Regions; {LEAST_A_SECOND}/s)",
            value=LEAST_A_SECOND * two_s / SCENARIOS,
            at_most=1.0,
            detail=f"{SCENARIOS / two_s:.0f} scenarios/s, {events / two_s:.0f} events/s",
        ),
        *(_growth(count, *costs[count], two_s) for count in COUNTS[1:]),
        _linear(stacks[2]),
        *_many(stacks[2]),
    ]


def prod(count: int) -> SimulatedStack:
    """Read prod's topology with this many Regions."""
    stack = stack_of(from_json((TOPOLOGIES / f"prod-{count}.json").read_text()))
    return replace(stack, parameters=replace(stack.parameters, overstaying_ratio=0.0))


def play(stack: SimulatedStack, seeds: Iterable[int]) -> int:
    """Simulate drawn scenarios; gives how many events there were."""
    return sum(simulate(stack, draw(stack, seed)).events for seed in seeds)


def _best(stack: SimulatedStack, scenarios: int) -> tuple[float, int]:
    """Give the shortest time of some turns, and the events of one."""
    times: list[float] = []
    events = 0
    for _ in range(TURNS):
        gc.collect()
        began_s = time.process_time()
        events = play(stack, range(scenarios))
        times.append(time.process_time() - began_s)
    return min(times), events


def _growth(count: int, cost_s: float, events: int, two_s: float) -> Row:
    return Row(
        figure=f"time of {count} Regions / that of 2, over the square of their ratio",
        value=cost_s / two_s / (count / 2) ** 2,
        at_most=1.0,
        detail=f"{SCENARIOS / cost_s:.0f} scenarios/s, {events / cost_s:.0f} events/s",
    )


def _linear(stack: SimulatedStack) -> Row:
    few, many = 100, 800
    few_s, many_s = _best(stack, few)[0], _best(stack, many)[0]
    # Those scenarios are others, so what they have to do is taken out: events, not scenarios.
    few_events, many_events = play(stack, range(few)), play(stack, range(many))
    return Row(
        figure=f"time an event in {many} scenarios / in {few}",
        value=(many_s / many_events) / (few_s / few_events),
        at_most=LINEAR,
        detail=f"{few_s:.2f} s and {many_s:.2f} s",
    )


def _many(stack: SimulatedStack) -> list[Row]:
    """Simulate ten thousand on two cores, each process keeping the outcomes of its half."""
    share = MANY // CORES
    seeds = [range(core * share, (core + 1) * share) for core in range(CORES)]
    began_s = time.perf_counter()
    with get_context("spawn").Pool(CORES) as pool:
        peaks = pool.starmap(_keep, [(stack, each) for each in seeds])
    took_s = time.perf_counter() - began_s
    return [
        Row(
            figure=f"memory of {MANY} scenarios in {CORES} processes, GiB",
            value=sum(peaks) / GIB,
            at_most=1.0,
            detail=f"{took_s:.0f} s by the clock, {MANY / took_s:.0f} scenarios/s",
        )
    ]


def _keep(stack: SimulatedStack, seeds: range) -> int:
    """Keep every outcome; gives this process's peak of memory in bytes."""
    kept = [simulate(stack, draw(stack, seed)) for seed in seeds]
    if len(kept) != len(seeds):
        raise RuntimeError(f"{len(kept)} outcomes of {len(seeds)} scenarios")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
