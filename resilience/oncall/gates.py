"""What a failback waits for, gate by gate, as one watcher of the Region says it. Pure.

The gates are the watcher's own, and so is the word on them: what it refused at its last look
(`Watch.told`) names every gate that is shut. What it remembers says how far each one is, and the
brain itself, asked what it would do if nothing changed, when the failback would come.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Final

from resilience.failover import (
    Gates,
    Inputs,
    Peer,
    Phase,
    Place,
    Reading,
    Settings,
    Sighting,
    Signal,
    next_change_s,
    shut_gates,
)
from resilience.functions.observer_memory import Memory  # noqa: TC001 - named in a public signature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resilience.failover import Watch
    from resilience.topology import ObserverSettings

_NOT_KNOWN: Final = " (not known)"
_HELD: Final = "an operator holds it"


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One gate of a failback, as one watcher sees it: open or shut, and how far it is."""

    name: str
    is_open: bool
    detail: str


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What one watcher waits for before it lets a Region have its traffic back.

    `soonest_s` is how many seconds are left at least, if nothing changes; inf: then never.
    """

    watcher: str
    phase: Phase
    gates: tuple[Gate, ...]
    soonest_s: float

    @property
    def shut(self) -> tuple[Gate, ...]:
        """The gates that are shut."""
        return tuple(gate for gate in self.gates if not gate.is_open)


def waiting(
    watcher: str,
    target: str,
    memories: Mapping[str, Memory],
    settings: ObserverSettings,
    at_s: float,
) -> Waiting | None:
    """Say what a watcher waits for; None if it does not watch the Region, or wrote nothing.

    Args:
        watcher: The Region whose observer is asked.
        target: The Region that is to get its traffic back.
        memories: What the observers remember, by Region.
        settings: How the watcher is deployed.
        at_s: Now, on AWS's clock, in Unix seconds.
    """
    memory = memories.get(watcher)
    watch = None if memory is None else memory.brain.watches.get(target)
    if memory is None or watch is None:
        return None
    well_s = max(at_s - watch.reading_since_s, 0.0) if watch.reading is Reading.WELL else 0.0
    well = watch.reading is Reading.WELL and well_s >= settings.hold_down_s
    gates = [
        Gate(
            name="well for the hold-down",
            is_open=well,
            detail=f"{watch.reading.value} for {well_s:.0f} s of {settings.hold_down_s:.0f}"
            if watch.reading is Reading.WELL
            else watch.reading.value,
        ),
        *(_told_gate(text, watch, memory, target, at_s) for text in _gate_texts()),
        Gate(
            name="not held",
            is_open=not watch.held,
            detail=_HELD if watch.held else "automation is on",
        ),
    ]
    # What else is shut opens when it opens; a hold-down is a matter of time alone.
    others_open = watch.phase is Phase.FAILING_BACK and all(gate.is_open for gate in gates[1:])
    soonest_s = _soonest_s(watcher, target, memories, settings, at_s) if others_open else inf
    return Waiting(watcher=watcher, phase=watch.phase, gates=tuple(gates), soonest_s=soonest_s)


_NAMES: Final = ("replication caught up", "the same release", "capacity for it")


def _gate_texts() -> tuple[str, ...]:
    """Give the brain's own words for each gate that is shut, in its order."""
    bad = Signal(well=False, seen_at_s=0.0)
    gates = Gates(replication_caught_up=bad, model_parity=bad, capacity=bad)
    return shut_gates(gates, 0.0, 1.0)


def _told_gate(text: str, watch: Watch, memory: Memory, target: str, at_s: float) -> Gate:
    name = _NAMES[_gate_texts().index(text)]
    if watch.phase is not Phase.FAILING_BACK or watch.reading is not Reading.WELL:
        # A watcher looks at gates once a failback was asked for, and its Region is well.
        return Gate(name=name, is_open=False, detail="not asked yet")
    if text in watch.told:
        unknown = f"{text}{_NOT_KNOWN}" in watch.told
        return Gate(name=name, is_open=False, detail="not known yet" if unknown else text)
    detail = "seen at its last look"
    if name == _NAMES[0] and target in memory.markers.acked:
        age_s = max(at_s - memory.markers.acked[target], 0.0)
        detail = f"a marker went there and back {age_s:.0f} s ago"
    return Gate(name=name, is_open=True, detail=detail)


def _soonest_s(
    watcher: str,
    target: str,
    memories: Mapping[str, Memory],
    settings: ObserverSettings,
    at_s: float,
) -> float:
    """Ask the brain when it would do something, if all that it saw last stays as it is."""
    brain = memories[watcher].brain
    # What it saw at its last look is taken to be so now.
    at_s = max(at_s, brain.observed_at_s)
    brain = replace(brain, observed_at_s=at_s)
    well = Signal(well=True, seen_at_s=at_s)
    seen = Gates(replication_caught_up=well, model_parity=well, capacity=well)
    order = tuple(memories)
    inputs = Inputs(
        at_s=at_s,
        observer=well,
        sightings=tuple(
            _as_read(each, watch.reading, at_s, gates=seen if each == target else Gates())
            for each, watch in brain.watches.items()
        ),
        peers={
            name: Peer(
                region=name,
                beat=memory.brain.epoch.beat,
                claim=memory.brain.epoch.claim,
                ack=memory.brain.epoch.ack,
                seen_at_s=at_s,
            )
            for name, memory in memories.items()
            if name != watcher
        },
    )
    deputy = next((name for name in order if name != watcher), watcher)
    due_s = next_change_s(
        brain,
        inputs,
        Place(region=watcher, order=order, deputy=deputy),
        Settings(
            agreement_s=settings.agreement_s,
            hold_down_s=settings.hold_down_s,
            stale_after_s=settings.stale_after_s,
            lease_s=settings.lease_s,
        ),
    )
    return inf if due_s == inf else max(due_s - at_s, 0.0)


def _as_read(target: str, reading: Reading, at_s: float, *, gates: Gates) -> Sighting:
    """Give signals that are read as they were: what stays as it is."""

    def signal(*, well: bool | None) -> Signal:
        return Signal(well=well, seen_at_s=at_s)

    probe, verdict, refuge = {
        Reading.WELL: (True, True, True),
        Reading.REFUGE_BAD: (True, True, False),
        Reading.TARGET_BAD: (False, False, True),
        Reading.BOTH_BAD: (False, False, False),
        Reading.SPLIT: (True, False, True),
        Reading.BLIND: (None, None, None),
    }[reading]
    return Sighting(
        target=target,
        probe=signal(well=probe),
        verdict=signal(well=verdict),
        refuge=signal(well=refuge),
        gates=gates,
    )
