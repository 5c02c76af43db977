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
    """Look at everything now. What could not be looked at is None, never a guess."""
    here = observer.number
    verdicts = [world.verdict(here, number) for number in world.numbers]
    own = world.conditions[here]
    return Sensed(
        not own.flags_out,
        tuple(_target(world, here, number, verdicts) for number in observer.targets),
        world.words.promotion(here),
    )


def _target(world: World, here: int, number: int, verdicts: list[bool | None]) -> Target:
    own, condition = world.conditions[here], world.conditions[number]
    # Release and capacity are read from the answers that it gives to this Region.
    answers = not world.unreachable.get((here, number)) and not condition.gone
    others = [verdict for other, verdict in enumerate(verdicts) if other != number]
    carries = not (condition.throttled or condition.cold_s) and world.capacity.carries_all(number)
    return Target(
        probe=world.probe(here, number),
        verdict=verdicts[number],
        refuge=True if True in others else None if None in others else False,
        flag=None if own.flags_out else (here, number) in world.health.flags,
        caught_up=None if own.writes_out else world.caught_up(here, number),
        parity=world.same_release(here, number) if answers else None,
        capacity=carries if answers else None,
        intent=world.words.latest(number, here),
    )
