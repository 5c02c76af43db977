"""Brains with one fault each, for tests of what finds them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resilience.failover import (
    FLAGGED,
    Action,
    Brain,
    Claim,
    Gates,
    Inputs,
    Place,
    Settings,
    Signal,
    Step,
    think,
)

if TYPE_CHECKING:
    from typing import TypeAlias

    Thought: TypeAlias = "tuple[Brain, tuple[Step, ...]]"


def never_latches(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
    after, steps = think(brain, inputs, place, settings)
    return after, tuple(step for step in steps if step.action is not Action.SET_FLAG)


def never_unlatches(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
    after, steps = think(brain, inputs, place, settings)
    return after, tuple(step for step in steps if step.action is not Action.CLEAR_FLAG)


def inverted(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
    """Takes well for bad, as the trigger of a published reference architecture does."""

    def flip(signal: Signal) -> Signal:
        return replace(signal, well=None if signal.well is None else not signal.well)

    seen = tuple(
        replace(each, probe=flip(each.probe), verdict=flip(each.verdict))
        for each in inputs.sightings
    )
    return think(brain, replace(inputs, sightings=seen), place, settings)


def trusts_itself(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
    well = Signal(well=True, seen_at_s=inputs.at_s)
    return think(brain, replace(inputs, observer=well), place, settings)


def takes_missing_for_well(
    brain: Brain, inputs: Inputs, place: Place, settings: Settings
) -> Thought:
    def well(signal: Signal) -> Signal:
        return replace(signal, well=True) if signal.well is None else signal

    seen = tuple(
        replace(
            each,
            probe=well(each.probe),
            verdict=well(each.verdict),
            refuge=well(each.refuge),
            gates=Gates(
                replication_caught_up=well(each.gates.replication_caught_up),
                model_parity=well(each.gates.model_parity),
                capacity=well(each.gates.capacity),
            ),
        )
        for each in inputs.sightings
    )
    return think(brain, replace(inputs, sightings=seen), place, settings)


def asks_no_gate(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
    yes = Signal(well=True, seen_at_s=inputs.at_s)
    gates = Gates(replication_caught_up=yes, model_parity=yes, capacity=yes)
    seen = tuple(replace(each, gates=gates) for each in inputs.sightings)
    return think(brain, replace(inputs, sightings=seen), place, settings)


def waits_for_nothing(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
    return think(brain, inputs, place, replace(settings, agreement_s=0))


def claims_without_right(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
    """Claims the epoch as soon as traffic is latched away, whatever the holder does."""
    after, steps = think(brain, inputs, place, settings)
    latched = any(watch.phase in FLAGGED for watch in after.watches.values())
    if not latched or after.epoch.claim is not None:
        return after, steps
    claims = [peer.claim.number for peer in inputs.peers.values() if peer.claim is not None]
    claim = Claim(number=max(claims, default=0) + 1, alone=True, deputy=place.deputy)
    step = Step(action=Action.CLAIM_EPOCH, target=place.region, reason="it wants to")
    return replace(after, epoch=replace(after.epoch, claim=claim)), (*steps, step)
