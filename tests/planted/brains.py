"""Brains that are known to be bad: the real one, fed or heard wrongly in one way.

None of them is part of the product. Each is what a plausible slip in `resilience.failover`, or in
the code around it, would come to.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

from resilience import failover
from resilience.failover import (
    FLAGGED,
    NEVER,
    Action,
    Brain,
    Claim,
    Gates,
    Inputs,
    Intent,
    IntentKind,
    Phase,
    Place,
    Settings,
    Sighting,
    Signal,
    Step,
)
from resilience.failover.epoch import Ack
from resilience.failover.signals import Reading
from tests.planted.plant import Plant, Think, Thought

if TYPE_CHECKING:
    from collections.abc import Callable


def _seeing(change: Callable[[Sighting, Inputs], Sighting]) -> Callable[[], Think]:
    """A brain that sees every watched Region changed in one way."""

    def think(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
        seen = tuple(change(each, inputs) for each in inputs.sightings)
        return failover.think(brain, replace(inputs, sightings=seen), place, settings)

    return lambda: think


def _set_to(change: Callable[[Settings], Settings]) -> Callable[[], Think]:
    """A brain that goes by other settings than it was given."""

    def think(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
        return failover.think(brain, inputs, place, change(settings))

    return lambda: think


def _plain(think: Think) -> Callable[[], Think]:
    return lambda: think


def _not(signal: Signal) -> Signal:
    return replace(signal, well=None if signal.well is None else not signal.well)


def _well(at_s: float) -> Signal:
    return Signal(well=True, seen_at_s=at_s)


def _known(signal: Signal, at_s: float, *, well: bool) -> Signal:
    return Signal(well=well, seen_at_s=at_s) if signal.well is None else signal


def _inverted(seen: Sighting, _: Inputs) -> Sighting:
    return replace(seen, probe=_not(seen.probe), verdict=_not(seen.verdict))


def _missing_is(*, well: bool) -> Think:
    """A look that could not see counts as one that saw everything well, or everything bad."""

    def think(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
        at_s = inputs.at_s
        blind = inputs.observer.well is not True
        said = Signal(well=well, seen_at_s=at_s)

        def filled(signal: Signal) -> Signal:
            return said if blind or signal.well is None else signal

        seen = tuple(
            replace(
                each,
                probe=filled(each.probe),
                verdict=filled(each.verdict),
                refuge=_known(each.refuge, at_s, well=True),
                flag=_known(each.flag, at_s, well=False),
            )
            for each in inputs.sightings
        )
        changed = replace(inputs, observer=_well(at_s), sightings=seen)
        return failover.think(brain, changed, place, settings)

    return think


def _open_gates(seen: Sighting, inputs: Inputs) -> Sighting:
    yes = _well(inputs.at_s)
    return replace(seen, gates=Gates(replication_caught_up=yes, model_parity=yes, capacity=yes))


AGO_S = 1000.0
"""A clock that is set back by more than this is that of another scenario."""


class _Memory(dict[str, Any]):
    """What a brain remembers beside its item, until the next scenario begins."""

    def __init__(self) -> None:
        super().__init__()
        self._now_s = -inf

    def at(self, at_s: float) -> None:
        """Begin again if this is another scenario."""
        if at_s < self._now_s - AGO_S:
            self.clear()
        self._now_s = at_s


def _believing_old() -> Think:
    """Keeps the last answer of each signal for ever: no answer is the last answer."""
    kept = _Memory()

    def think(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
        kept.at(inputs.at_s)

        def old(target: str, name: str, signal: Signal) -> Signal:
            key = f"{place.region} {target} {name}"
            if signal.well is not None:
                kept[key] = signal
            return replace(kept.get(key, signal), seen_at_s=inputs.at_s)

        seen = tuple(
            replace(
                each,
                probe=old(each.target, "probe", each.probe),
                verdict=old(each.target, "verdict", each.verdict),
                refuge=old(each.target, "refuge", each.refuge),
                flag=old(each.target, "flag", each.flag),
            )
            for each in inputs.sightings
        )
        changed = replace(inputs, sightings=seen, observer=_well(inputs.at_s))
        return failover.think(brain, changed, place, settings)

    return think


def _trusting(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
    return failover.think(brain, replace(inputs, observer=_well(inputs.at_s)), place, settings)


def _without_latch(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
    after, steps = failover.think(brain, inputs, place, settings)
    watches = {
        target: replace(watch, phase=Phase.SERVING)
        if watch.phase in FLAGGED and brain.watches[target].phase not in FLAGGED
        else watch
        for target, watch in after.watches.items()
        if target in brain.watches
    }
    kept = tuple(step for step in steps if step.action is not Action.SET_FLAG)
    return replace(after, watches={**after.watches, **watches}), kept


def _clearing_when_well(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
    after, steps = failover.think(brain, inputs, place, settings)
    watches, more = dict(after.watches), list(steps)
    for target, watch in after.watches.items():
        taken = any(step.target == target for step in steps)
        if watch.phase is Phase.LATCHED and watch.reading is Reading.WELL and not taken:
            watches[target] = replace(watch, phase=Phase.SERVING, changed_at_s=inputs.at_s)
            more.append(Step(action=Action.CLEAR_FLAG, target=target, reason="it is well"))
    return replace(after, watches=watches), tuple(more)


def _asking_for_failback(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
    def asked(seen: Sighting) -> Sighting:
        watch = brain.watches.get(seen.target)
        if watch is None or watch.phase not in FLAGGED:
            return seen
        word = Intent(
            id=f"automatic at {watch.changed_at_s}",
            kind=IntentKind.FAILBACK,
            target=seen.target,
            by=failover.OBSERVER,
            reason="automatic failback",
            forced=True,
        )
        well = seen.probe.well and seen.verdict.well
        return replace(seen, intent=word) if well and seen.intent is None else seen

    seen = tuple(map(asked, inputs.sightings))
    return failover.think(brain, replace(inputs, sightings=seen), place, settings)


def _top(inputs: Inputs) -> tuple[str, Claim] | None:
    claims = [(peer.region, peer.claim) for peer in inputs.peers.values() if peer.claim]
    return max(claims, key=lambda each: each[1].number, default=None)


def _claims(brain: Brain, place: Place, number: int) -> Brain:
    claim = Claim(number=number, alone=True, deputy=place.deputy)
    return replace(brain, epoch=replace(brain.epoch, claim=claim, ack=Ack()))


def _advancing_at_will(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
    """Claims the epoch with the latch, whoever holds it: no lease is waited for."""
    after, steps = failover.think(brain, inputs, place, settings)
    top = _top(inputs)
    latched = any(step.action is Action.SET_FLAG for step in steps)
    mine = after.epoch.claim
    if not latched or top is None or (mine is not None and mine.number >= top[1].number):
        return after, steps
    step = Step(action=Action.CLAIM_EPOCH, target=place.region, reason="latched")
    return _claims(after, place, top[1].number + 1), (*steps, step)


def _acknowledging_always(
    brain: Brain, inputs: Inputs, place: Place, settings: Settings
) -> Thought:
    after, steps = failover.think(brain, inputs, place, settings)
    top = _top(inputs)
    if top is None or top[1].deputy != place.region or after.epoch.claim is not None:
        return after, steps
    ack = Ack(number=top[1].number, beat=inputs.peers[top[0]].beat)
    # It goes on waiting for its own silence, and so claims while it still acknowledges.
    return replace(after, epoch=replace(after.epoch, ack=ack)), steps


def _holding_for_ever(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
    """A holder renews its lease by itself, whatever its deputy says."""
    after, steps = failover.think(brain, inputs, place, settings)
    if after.epoch.claim is None:
        return after, steps
    return replace(after, epoch=replace(after.epoch, confirmed_at_s=inputs.at_s)), steps


def _comparing_clocks() -> Think:
    """Dates its holder's last beat by the holder's own clock, as if both told the same time."""
    clocks = _Memory()

    def think(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
        clocks.at(inputs.at_s)
        clocks[place.region] = inputs.at_s
        top = _top(inputs)
        if top is not None and top[1].deputy == place.region and top[0] in clocks:
            since_s = inputs.at_s - clocks[top[0]]
            if since_s >= settings.lease_s / 2:
                acked = replace(brain.epoch, acked_at_s=-inf)
                brain = replace(brain, epoch=acked)
        return failover.think(brain, inputs, place, settings)

    return think


def _forgetting(_: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
    return failover.think(Brain(), inputs, place, settings)


def _stuttering(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> Thought:
    after, steps = failover.think(brain, inputs, place, settings)
    return after, tuple(step for step in steps for _ in range(2))


def _without_hold(seen: Sighting, _: Inputs) -> Sighting:
    word = seen.intent
    return replace(seen, intent=None) if word and word.kind is IntentKind.HOLD else seen


def _forced(seen: Sighting, _: Inputs) -> Sighting:
    return seen if seen.intent is None else replace(seen, intent=replace(seen.intent, forced=True))


def _resetting_the_number(
    brain: Brain, inputs: Inputs, place: Place, settings: Settings
) -> Thought:
    """Begins the count again with each claim."""
    after, steps = failover.think(brain, inputs, place, settings)
    claim = after.epoch.claim
    if claim is None or not any(step.action is Action.CLAIM_EPOCH for step in steps):
        return after, steps
    return replace(after, epoch=replace(after.epoch, claim=replace(claim, number=1))), steps


BRAINS = (
    Plant(
        name="inverted-trigger",
        mistake="The trigger's alarm logic is inverted, as published in a reference stack.",
        make_think=_seeing(_inverted),
    ),
    Plant(
        name="missing-is-healthy",
        mistake="Missing data is treated as healthy.",
        make_think=_plain(_missing_is(well=True)),
    ),
    Plant(
        name="missing-is-failing",
        mistake="Missing data is treated as failing.",
        make_think=_plain(_missing_is(well=False)),
    ),
    Plant(
        name="no-latch",
        mistake="Nothing latches a move: the flag is never set.",
        make_think=_plain(_without_latch),
    ),
    Plant(
        name="observer-trusts-itself",
        mistake="An observer that is itself sick decides.",
        make_think=_plain(_trusting),
    ),
    Plant(
        name="probe-alone",
        mistake="The watcher's own probe decides alone.",
        make_think=_seeing(lambda seen, _: replace(seen, verdict=seen.probe)),
    ),
    Plant(
        name="verdict-alone",
        mistake="Route 53's verdict decides alone.",
        make_think=_seeing(lambda seen, _: replace(seen, probe=seen.verdict)),
    ),
    Plant(
        name="refuge-not-asked",
        mistake="A Region is taken out though no other is well.",
        make_think=_seeing(lambda seen, inputs: replace(seen, refuge=_well(inputs.at_s))),
    ),
    Plant(
        name="no-agreement",
        mistake="One look decides: no agreement over time.",
        make_think=_set_to(lambda settings: replace(settings, agreement_s=0.0)),
    ),
    Plant(
        name="stale-believed",
        mistake="What was seen last is believed until something else is seen.",
        make_think=_believing_old,
    ),
    Plant(
        name="hold-down-ignored",
        mistake="Failback does not wait for the hold-down.",
        make_think=_set_to(lambda settings: replace(settings, hold_down_s=0.0)),
    ),
    Plant(
        name="failback-without-catch-up",
        mistake="Failback asks no gate: replication may lag, releases differ, capacity lack.",
        make_think=_seeing(_open_gates),
    ),
    Plant(
        name="failback-by-itself",
        mistake="Failback is automatic.",
        make_think=_plain(_asking_for_failback),
    ),
    Plant(
        name="cleared-when-well",
        mistake="The flag is cleared because the primary is healthy, for no other reason.",
        make_think=_plain(_clearing_when_well),
    ),
    Plant(
        name="flag-not-looked-at",
        mistake="An observer goes by what it decided, and never looks whether its flag is there.",
        make_think=_seeing(lambda seen, _: replace(seen, flag=NEVER)),
        classes=("observer-flaky+region-gone",),
    ),
    Plant(
        name="hold-ignored",
        mistake="An operator's hold does not keep automation off.",
        make_think=_seeing(_without_hold),
        classes=("two-faults", "many-faults"),
    ),
    Plant(
        name="every-word-forced",
        mistake="Every word of an operator is carried out as if it were forced.",
        make_think=_seeing(_forced),
    ),
    Plant(
        name="forgetful",
        mistake="The observer's memory is lost at every look.",
        make_think=_plain(_forgetting),
    ),
    Plant(
        name="stutter",
        mistake="Every step is taken twice.",
        make_think=_plain(_stuttering),
    ),
    Plant(
        name="epoch-without-condition",
        mistake="The epoch is advanced with the latch, whoever holds it.",
        make_think=_plain(_advancing_at_will),
    ),
    Plant(
        name="epoch-begins-again",
        mistake="Each claim of the epoch begins its count again.",
        make_think=_plain(_resetting_the_number),
    ),
    Plant(
        name="deputy-acknowledges-always",
        mistake="A deputy acknowledges a holder that it has latched traffic away from.",
        make_think=_plain(_acknowledging_always),
    ),
    Plant(
        name="claim-without-waiting",
        mistake="A deputy claims the epoch before the holder's lease is over.",
        make_think=_set_to(lambda settings: replace(settings, lease_s=settings.lease_s / 4)),
    ),
    Plant(
        name="lease-without-end",
        mistake="A holder renews its lease by itself, whatever its deputy says.",
        make_think=_plain(_holding_for_ever),
    ),
    Plant(
        name="clocks-compared",
        mistake="A deputy dates the holder's beats by the holder's clock.",
        make_think=_comparing_clocks,
    ),
)
