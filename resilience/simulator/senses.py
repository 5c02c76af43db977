"""What one observer's look finds: plain yes, no and unknown, before they are dated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resilience.failover import Intent
    from resilience.simulator.observer import Observer
    from resilience.simulator.world import World


@dataclass(frozen=True, slots=True)
class Target:
    """What is seen of one watched Region; see `resilience.failover.Sighting`."""

    probe: bool | None
    verdict: bool | None
    refuge: bool | None
    flag: bool | None
    caught_up: bool | None
    parity: bool | None
    capacity: bool | None
    intent: Intent | None


@dataclass(frozen=True, slots=True)
class Sensed:
    """Everything that one look finds. `well`: the observer itself is in a state to judge."""

    well: bool
    targets: tuple[Target, ...]
    promote: Intent | None


def look_around(world: World, observer: Observer) -> Sensed:
    """Look at everything now."""
    here = observer.number
    lied_to = here in world.lied_observers
    flags_out = world.conditions[here].flags_out > 0
    ready = [False if lied_to else world.ready(number) for number in range(len(world.conditions))]
    well = sum(ready)
    targets: list[Target] = []
    for number in observer.targets:
        condition = world.conditions[number]
        capacity = not (condition.throttled or condition.gone or condition.cold_s)
        targets.append(
            Target(
                probe=world.probe(here, number),
                verdict=ready[number],
                refuge=well - ready[number] > 0,
                flag=None if flags_out else (here, number) in world.flags,
                caught_up=world.caught_up(here, number),
                parity=world.same_release(here, number),
                capacity=capacity and world.carries_all(number),
                intent=world.words.latest(number, here),
            )
        )
    return Sensed(not flags_out, tuple(targets), world.words.promotion(here))
