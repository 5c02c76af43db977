"""All that one Region's observer decides at one instant: every Region it watches, and the epoch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING, Final

from resilience.failover.decision import (
    Intent,
    Settings,
    Sighting,
    Step,
    Watch,
    decide,
)
from resilience.failover.epoch import NO_EPOCH, Epoch, Neighbourhood, Peer, advance
from resilience.failover.signals import Sense, Signal, sense
from resilience.failover.table import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_WATCHES: Final[Mapping[str, Watch]] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where an observer stands: its Region, the Regions by preference, and its own deputy."""

    region: str
    order: tuple[str, ...]
    deputy: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Brain:
    """What an observer remembers, kept in its Region's own item. `promoted` was done last."""

    watches: Mapping[str, Watch] = field(default_factory=lambda: _NO_WATCHES)
    epoch: Epoch = NO_EPOCH
    observed_at_s: float = -inf
    promoted: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """Everything one decision is made from, at one instant on this Region's clock.

    Attributes:
        at_s: Now.
        observer: Whether this observer is in a state to judge: it could read and write its own
            Region's data plane, and ask the name servers.
        sightings: One for each Region it watches, each time: what is left out is forgotten.
        peers: The other Regions' items, by Region, as replicated here.
        promote: An operator's open word that this Region is to hold the epoch.
    """

    at_s: float
    observer: Signal
    sightings: tuple[Sighting, ...]
    peers: Mapping[str, Peer]
    promote: Intent | None = None


def think(
    brain: Brain, inputs: Inputs, place: Place, settings: Settings
) -> tuple[Brain, tuple[Step, ...]]:
    """Make one decision. Calling it again with the same arguments gives the same answer.

    Whoever runs it writes the new brain down first, on condition that nobody else did, and takes
    the steps after that: a step without its memory could be taken twice by two who know nothing
    of each other, a memory without its step is made good at the next look.
    """
    watches: dict[str, Watch] = {}
    steps: list[Step] = []
    for seen in inputs.sightings:
        watch = brain.watches.get(seen.target, Watch())
        watches[seen.target], taken = decide(watch, seen, inputs.observer, inputs.at_s, settings)
        steps += taken
    promote, refused = _promote(brain, inputs, place)
    steps += refused
    epoch, taken = advance(
        brain.epoch,
        Neighbourhood(
            region=place.region,
            order=place.order,
            deputy=place.deputy,
            peers=inputs.peers,
            watches=watches,
        ),
        promote,
        inputs.at_s,
        settings,
        well=_well(inputs, settings),
        unbroken=0 <= inputs.at_s - brain.observed_at_s <= settings.stale_after_s,
    )
    answered = refused or any(step.action is Action.CLAIM_EPOCH for step in taken)
    word = inputs.promote if refused else promote
    return (
        Brain(
            watches=watches,
            epoch=epoch,
            observed_at_s=inputs.at_s,
            promoted=word.id if answered and word is not None else brain.promoted,
        ),
        (*steps, *taken),
    )


def with_flag_step_done(brain: Brain, target: str, at_s: float) -> Brain:
    """Note when a step on a flag ended: a look that began before says nothing about it."""
    watch = replace(brain.watches[target], changed_at_s=at_s)
    return replace(brain, watches={**brain.watches, target: watch})


def _promote(brain: Brain, inputs: Inputs, place: Place) -> tuple[Intent | None, tuple[Step, ...]]:
    """Give an operator's word that this Region is to hold the epoch, if it is to be obeyed now.

    Who remembers nothing cannot tell a new word from one that was obeyed long ago.
    """
    word = inputs.promote
    if word is None or word.target != place.region or word.id == brain.promoted:
        return None, ()
    if brain.observed_at_s > -inf:
        return word, ()
    reason = f"promote of {place.region}: it may be an old word, nothing is remembered; ask again"
    return None, (Step(action=Action.REFUSE, target=place.region, reason=reason),)


def _well(inputs: Inputs, settings: Settings) -> bool:
    return sense(inputs.observer, inputs.at_s, settings.stale_after_s) is Sense.WELL
