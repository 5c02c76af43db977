"""The rules of the package's docstring, checked after a decision, in other words than it used.

Whoever runs a brain asks this after every step: the simulator stops and shrinks, the observer in
AWS keeps its old memory, takes no step, and says so. It reads the raw signals, not the brain's
readings, so that a slip there is seen here.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from resilience.failover.decision import OBSERVER, Watch, shut_gates
from resilience.failover.table import FLAGGED, ORDERS, TABLE, Action, IntentKind, Phase

if TYPE_CHECKING:
    from resilience.failover.brain import Brain, Inputs, Place
    from resilience.failover.decision import Settings, Sighting, Step
    from resilience.failover.epoch import Claim
    from resilience.failover.signals import Signal

_ON_FLAGS = {Action.SET_FLAG, Action.CLEAR_FLAG}


def broken_rules(
    before: Brain,
    inputs: Inputs,
    after: Brain,
    steps: tuple[Step, ...],
    place: Place,
    settings: Settings,
) -> tuple[str, ...]:
    """Name every rule that this decision broke; none for a brain that is right."""
    broken: list[str] = []
    for seen in inputs.sightings:
        then = before.watches.get(seen.target, Watch())
        now = after.watches[seen.target]
        taken = [each for each in steps if each.target == seen.target and each.action in _ON_FLAGS]
        broken += _on_flag(then, now, seen, taken, inputs, settings)
        broken += _on_phase(then, now, seen, inputs.at_s, settings)
    broken += _on_epoch(before, inputs, after, steps, place, settings)
    return tuple(broken)


def _on_flag(
    then: Watch,
    now: Watch,
    seen: Sighting,
    taken: list[Step],
    inputs: Inputs,
    settings: Settings,
) -> list[str]:
    """Hold every step on a flag against rules 1 to 5."""
    if not taken:
        return []

    def fresh(signal: Signal, value: bool) -> bool:  # noqa: FBT001 - a signal is a yes or no
        age_s = inputs.at_s - signal.seen_at_s
        return signal.well is value and 0 <= age_s <= settings.stale_after_s

    broken: list[str] = []
    if len(taken) > 1:
        broken.append(f"5: {len(taken)} steps on the flag of {seen.target} in one decision")
    if not fresh(inputs.observer, True):
        broken.append(f"2: a sick observer moved the flag of {seen.target}")
    step = taken[0]
    if step.by != OBSERVER:
        refuge = fresh(seen.refuge, True)
        asked = _asked_for(step, then, seen, refuge=refuge)
        return broken if asked else [*broken, f"6: {step.action} of {seen.target} by nobody's word"]
    if now.held or (seen.intent is not None and seen.intent.kind is IntentKind.HOLD):
        broken.append(f"6: the flag of {seen.target} was moved while an operator holds it")
    since_s = now.reading_since_s
    steady = 0 <= inputs.at_s - then.observed_at_s <= settings.stale_after_s
    agreed = (
        steady and inputs.at_s >= since_s + settings.agreement_s and then.reading is now.reading
    )
    target_bad = fresh(seen.probe, False) and fresh(seen.verdict, False)
    target_well = fresh(seen.probe, True) and fresh(seen.verdict, True)
    if step.action is Action.SET_FLAG:
        if not (target_bad and fresh(seen.refuge, True) and agreed):
            broken.append(f"3: the flag of {seen.target} was set without agreement")
    else:
        escape = target_well and fresh(seen.refuge, False) and agreed
        open_gates = not shut_gates(seen.gates, inputs.at_s, settings.stale_after_s)
        asked = then.phase is Phase.FAILING_BACK and inputs.at_s >= since_s + settings.hold_down_s
        if not (escape or (asked and target_well and open_gates)):
            broken.append(f"4: the flag of {seen.target} was cleared behind a shut gate")
    return broken


def _asked_for(step: Step, then: Watch, seen: Sighting, *, refuge: bool) -> bool:
    """Tell whether an operator's open word asks for this very step."""
    word = seen.intent
    if word is None or word.target != seen.target or word.by != step.by or word.id == then.done:
        return False
    if word.kind is IntentKind.EVACUATE:
        return step.action is Action.SET_FLAG and (refuge or word.forced)
    return word.kind is IntentKind.FAILBACK and word.forced and step.action is Action.CLEAR_FLAG


def _on_phase(
    then: Watch, now: Watch, seen: Sighting, at_s: float, settings: Settings
) -> list[str]:
    """Hold a change of phase against the tables (rule 6), and the flag as it was seen (rule 5)."""
    starts = {then.phase}
    if 0 <= at_s - seen.flag.seen_at_s <= settings.stale_after_s:
        if seen.flag.well is True and then.phase not in FLAGGED:
            starts = {Phase.LATCHED, then.phase}
        if seen.flag.well is False and then.phase in FLAGGED:
            starts = {Phase.SERVING, then.phase}
    ways = {rule.to for (phase, _), rule in TABLE.items() if phase in starts}
    if seen.intent is not None and seen.intent.target == seen.target:
        kind = seen.intent.kind
        ways |= {
            order.to for (phase, each), order in ORDERS.items() if phase in starts and each is kind
        }
        if kind is IntentKind.FAILBACK and seen.intent.forced and starts & FLAGGED:
            ways.add(Phase.SERVING)
    if now.phase in starts | ways:
        return []
    return [f"6: {seen.target} went from {then.phase} to {now.phase}"]


def _on_epoch(
    before: Brain,
    inputs: Inputs,
    after: Brain,
    steps: tuple[Step, ...],
    place: Place,
    settings: Settings,
) -> list[str]:
    """Hold a claim against rule 7."""
    peers = inputs.peers.values()
    acked = max([before.epoch.ack.number, *(peer.ack.number for peer in peers)])
    known = [peer.claim for peer in peers if peer.claim is not None]
    if before.epoch.claim is not None:
        known.append(before.epoch.claim)
    top = max(known, key=lambda claim: claim.number, default=None)
    claim = after.epoch.claim
    if claim is None or (before.epoch.claim and claim.number == before.epoch.claim.number):
        return []
    broken: list[str] = []
    newest = acked if top is None else max(acked, top.number)
    if claim.number <= newest:
        broken.append(f"7: epoch {claim.number} was claimed while {newest} is known")
    made = [step for step in steps if step.action is Action.CLAIM_EPOCH]
    if len(made) != 1:
        broken.append(f"7: a claim with {len(made)} steps that say so")
        return broken
    promoted = inputs.promote is not None and made[0].by == inputs.promote.by
    first = newest == 0 and place.region == place.order[0]
    heir = top is not None and top.heir == place.region and _granted(top, inputs, place)
    deputy = top is not None and top.deputy == place.region and not top.alone
    ack = before.epoch.ack
    gave = top is not None and ack.number == top.number and ack.heir
    silent_since_s = before.epoch.acked_at_s if before.epoch.beats else inf
    silent = inputs.at_s >= silent_since_s + 2 * settings.lease_s
    latched = any(watch.phase in FLAGGED for watch in after.watches.values())
    vacant = top is not None and top.heir
    waited = deputy and not gave and (latched or vacant) and silent
    if not (promoted or first or heir or waited):
        broken.append(f"7: {place.region} had no right to claim epoch {claim.number}")
    return broken


def _granted(claim: Claim, inputs: Inputs, place: Place) -> bool:
    """Hold an heir's right against what its holder's deputy says."""
    if claim.alone or claim.deputy == place.region:
        return True
    deputy = inputs.peers.get(claim.deputy)
    return (
        deputy is not None
        and deputy.ack.number == claim.number
        and (deputy.ack.heir == place.region)
    )
