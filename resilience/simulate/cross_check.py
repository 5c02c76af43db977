"""Holds rehearsed recovery times against simulated ones: the same stack, the same losses.

A rehearsal is one throw of the dice: the checkers' phases, the ages of cached answers. So the same
scenario is simulated with many seeds, and the rehearsed time must lie between the shortest and the
longest of them, give or take `bound_s`. Where it does not, one of the two is wrong about the other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final

from resilience.journal import JournalError
from resilience.simulate.tally import rank
from resilience.simulator import Fault, FaultKind, Scenario, stack_of
from resilience.simulator.parameters import Parameters
from resilience.simulator.run import simulate
from resilience.topology import TopologyError, from_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.journal import Journal, Raw
    from resilience.simulator import SimulatedStack
    from resilience.topology import Topology

SEEDS: Final = 400
BEFORE_S: Final = 300.0
"""How long a simulated stack has been well when the loss comes; the journal's own time is less."""

PROBES_S: Final = 2.0
REAL_S: Final = 0.5
"""The bound: what a client's timeout may move a window by, and what a machine adds to every wait,
in wall seconds, which a rehearsal at N times the speed counts N times."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One rehearsal beside its simulations; times in scenario seconds, inf where none came."""

    scenario: str
    stack: str
    settings: str
    speed: float
    rehearsed_s: float
    median_s: float
    shortest_s: float
    longest_s: float
    bound_s: float

    @property
    def off_s(self) -> float:
        """How far outside the simulated times it lies; 0 within them."""
        if self.shortest_s <= self.rehearsed_s <= self.longest_s:
            return 0.0
        return max(self.shortest_s - self.rehearsed_s, self.rehearsed_s - self.longest_s)

    @property
    def agrees(self) -> bool:
        """Whether the two agree within the bound."""
        return self.off_s <= self.bound_s


@dataclass(frozen=True, kw_only=True)
class _Losses:
    """A rehearsal's losses as faults, and what to take off a recovery that counts from later."""

    faults: tuple[Fault, ...]
    counted_from_s: float = 0.0


def bound_s(speed: float) -> float:
    """Say by how much a rehearsal may lie outside the simulated times."""
    return PROBES_S + REAL_S * speed


def compare(journal: Journal, *, seeds: int = SEEDS) -> Comparison:
    """Simulate what was rehearsed, with many seeds.

    Raises:
        JournalError: it is no finished rehearsal of a scenario that can be simulated.
    """
    topology, raw = _rehearsed(journal)
    stack = stack_of(topology, _parameters(journal))
    losses = _LOSSES[journal.run.scenario](topology, journal, raw)
    times = sorted(_recovery_s(stack, losses, seed) for seed in range(seeds))
    timing = topology.timing
    measured = journal.measurements
    recovery_s = None if measured is None else measured.recovery.recovery_time_s
    return Comparison(
        scenario=journal.run.scenario,
        stack=journal.run.stack,
        settings=f"{timing.interval_s:g} s x {timing.failure_threshold}, "
        f"TTL {timing.record_ttl_s:g} s, {len(topology.regions)} Regions",
        speed=journal.run.speed,
        rehearsed_s=inf if recovery_s is None else recovery_s,
        median_s=times[rank(0.5, seeds)],
        shortest_s=times[0],
        longest_s=times[-1],
        bound_s=bound_s(journal.run.speed),
    )


def _rehearsed(journal: Journal) -> tuple[Topology, Raw]:
    run = journal.run
    if run.kind != "rehearsal" or run.scenario not in _LOSSES:
        raise JournalError(
            f"a {run.kind} of {run.scenario}: expected a rehearsal of one of {', '.join(_LOSSES)}"
        )
    if journal.raw is None or journal.topology is None or journal.measurements is None:
        raise JournalError(
            f"the rehearsal of {run.scenario} measured nothing ({journal.verdict}): rehearse it "
            "again"
        )
    try:
        return from_json(json.dumps(journal.topology)), journal.raw
    except (ValueError, TopologyError) as error:
        reason = " ".join(str(error).split("\n")[:3])
        raise JournalError(
            f"the journal's topology is not read by this version ({reason}): rehearse it again"
        ) from error


def _parameters(journal: Journal) -> Parameters:
    """Give the simulated clients what the rehearsal's were: none of them overstays a TTL."""
    run = journal.run
    return Parameters(requests_per_s=run.rate_per_s, clients=run.clients, overstaying_ratio=0.0)


def _recovery_s(stack: SimulatedStack, losses: _Losses, seed: int) -> float:
    ends_s = max(fault.ends_s for fault in losses.faults)
    outcome = simulate(stack, Scenario(losses.faults, ends_s + BEFORE_S, seed))
    if outcome.recovery_s is None:
        return 0.0
    return max(outcome.recovery_s - losses.counted_from_s, 0.0)


def _gone(region: str, for_s: float) -> Fault:
    return Fault(kind=FaultKind.REGION_GONE, region=region, at_s=BEFORE_S, for_s=round(for_s, 3))


def _first_lost(topology: Topology, _: Journal, raw: Raw) -> _Losses:
    away_s = raw.marks.until_s - raw.marks.onset_s
    return _Losses(faults=(_gone(topology.primary.region, away_s),))


def _standby_lost(topology: Topology, _: Journal, raw: Raw) -> _Losses:
    away_s = raw.marks.until_s - raw.marks.onset_s
    return _Losses(faults=(_gone(topology.standby.region, away_s),))


def _first_two_lost(topology: Topology, _: Journal, raw: Raw) -> _Losses:
    away_s = raw.marks.until_s - raw.marks.onset_s
    lost = (topology.primary.region, topology.standby.region)
    return _Losses(faults=tuple(_gone(region, away_s) for region in lost))


def _all_lost(topology: Topology, journal: Journal, raw: Raw) -> _Losses:
    """All go, the standby comes back first: from there on recovery counts."""
    alone_s = raw.marks.onset_s - raw.lost_at_s
    away_s = max(raw.marks.until_s, _return_of_the_first_s(journal, raw)) - raw.lost_at_s
    standby = topology.standby.region
    return _Losses(
        faults=tuple(
            _gone(region.region, alone_s if region.region == standby else away_s)
            for region in topology.regions
        ),
        counted_from_s=alone_s,
    )


def _return_of_the_first_s(journal: Journal, raw: Raw) -> float:
    back = [phase.from_s for phase in journal.phases if phase.name.endswith("the latch holds")]
    return back[0] if back else raw.marks.until_s


_LOSSES: dict[str, Callable[[Topology, Journal, Raw], _Losses]] = {
    "primary-lost": _first_lost,
    "nearest-lost": _first_lost,
    "standby-lost": _standby_lost,
    "first-two-lost": _first_two_lost,
    "all-lost": _all_lost,
}
