"""One watcher's decision about one Region it watches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import Final

from resilience.failover.signals import (
    NEVER,
    SHUT,
    Gates,
    Reading,
    Sense,
    Signal,
    read,
    sense,
)
from resilience.failover.table import (
    FLAGGED,
    FORCED_FAILBACK,
    ORDERS,
    TABLE,
    Action,
    IntentKind,
    Order,
    Phase,
    Rule,
    Wait,
)

OBSERVER: Final = "observer"
_ON_FLAGS: Final = frozenset({Action.SET_FLAG, Action.CLEAR_FLAG})


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How long is long enough.

    A holder of the epoch whose deputy has not acknowledged it for `lease_s` holds it no longer;
    the deputy waits twice as long before it claims it (`resilience.failover.epoch`).
    """

    agreement_s: float
    hold_down_s: float
    stale_after_s: float
    lease_s: float = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """What an operator asks for, and why. `forced` asks no gate; the last one given counts."""

    id: str
    kind: IntentKind
    target: str
    by: str
    reason: str
    forced: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """What one watcher knows of one Region it watches, at one instant.

    `flag` is whether this watcher's own flag is there: a "well" flag is one that is set.
    """

    target: str
    probe: Signal = NEVER
    verdict: Signal = NEVER
    refuge: Signal = NEVER
    flag: Signal = NEVER
    gates: Gates = SHUT
    intent: Intent | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """What a decision leaves for the next one about the same Region.

    `done` is the intent that was carried out or given up last, `told` the refusal said last, so
    that neither is done or said twice. `held` keeps automation off the
    flag.
    """

    phase: Phase = Phase.SERVING
    changed_at_s: float = -inf
    reading: Reading = Reading.BLIND
    reading_since_s: float = -inf
    observed_at_s: float = -inf
    held: bool = False
    done: str = ""
    told: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step, about which Region, by whose word, and the reason that the journal keeps."""

    action: Action
    target: str
    reason: str
    by: str = OBSERVER


def decide(
    watch: Watch, seen: Sighting, observer: Signal, at_s: float, settings: Settings
) -> tuple[Watch, tuple[Step, ...]]:
    """Make one decision. Calling it again with the same arguments gives the same answer."""
    stale_s = settings.stale_after_s
    if seen.intent is not None and seen.intent.target != seen.target:
        seen = replace(seen, intent=None)  # a word about another Region
    myself = sense(observer, at_s, stale_s)
    refuge = sense(seen.refuge, at_s, stale_s)
    reading = read(
        myself, sense(seen.probe, at_s, stale_s), sense(seen.verdict, at_s, stale_s), refuge
    )
    watch = _observe(watch, reading, at_s, stale_s)
    if myself is not Sense.WELL:
        return watch, ()
    watch = _follow_flag(watch, seen, at_s, stale_s)
    intent, said = seen.intent, ()
    if intent is not None and intent.id != watch.done:
        watch, said, acted = _obey(watch, seen, intent, refuge, at_s)
        if acted:
            return watch, said
    watch, steps = _apply_table(watch, seen, at_s, settings)
    return watch, (*said, *steps)


def wait_s(rule: Rule, settings: Settings) -> float:
    """Say how long a rule's reading must last."""
    if rule.wait is Wait.NONE:
        return 0.0
    return settings.agreement_s if rule.wait is Wait.AGREEMENT else settings.hold_down_s


def shut_gates(gates: Gates, at_s: float, stale_after_s: float) -> tuple[str, ...]:
    """Name each gate of failback that is not known to be open."""
    shut: list[str] = []
    for text, signal in (
        ("replication has not caught up", gates.replication_caught_up),
        ("the Regions do not serve the same release", gates.model_parity),
        ("it lacks capacity", gates.capacity),
    ):
        word = sense(signal, at_s, stale_after_s)
        if word is not Sense.WELL:
            shut.append(text if word is Sense.BAD else f"{text} (not known)")
    return tuple(shut)


def _observe(watch: Watch, reading: Reading, at_s: float, stale_s: float) -> Watch:
    """Note the reading. A gap in observing, or a clock set back, breaks every agreement."""
    gap_s = at_s - watch.observed_at_s
    broken = not 0 <= gap_s <= stale_s
    return replace(
        watch,
        reading=reading,
        reading_since_s=at_s if broken or reading is not watch.reading else watch.reading_since_s,
        # On a clock that was set back nothing lies in the future.
        changed_at_s=min(watch.changed_at_s, at_s),
        observed_at_s=at_s,
    )


def _follow_flag(watch: Watch, seen: Sighting, at_s: float, stale_s: float) -> Watch:
    """Bring the phase in line with the flag as seen after the last change.

    A lost step and another hand look the same from here and are treated the same: the phase
    becomes what the flag says, and the table acts on that.
    """
    flag = sense(seen.flag, at_s, stale_s)
    if flag is Sense.UNKNOWN or seen.flag.seen_at_s <= watch.changed_at_s:
        return watch
    there = flag is Sense.WELL
    if there is (watch.phase in FLAGGED):
        return _finish(watch, seen.intent)
    return replace(watch, phase=Phase.LATCHED if there else Phase.SERVING)


def _finish(watch: Watch, intent: Intent | None) -> Watch:
    """Mark an intent as carried out once what it asked for is seen to be so."""
    if intent is None or intent.id == watch.done:
        return watch
    away = intent.kind is IntentKind.EVACUATE and watch.phase is Phase.EVACUATED
    back = intent.kind is IntentKind.FAILBACK and watch.phase not in FLAGGED
    return replace(watch, done=intent.id) if away or back else watch


def _obey(
    watch: Watch, seen: Sighting, intent: Intent, refuge: Sense, at_s: float
) -> tuple[Watch, tuple[Step, ...], bool]:
    """Do what an operator asks; the last value tells whether that was this decision's step.

    An evacuation that is refused waits for a refuge, until the word is another; the table goes on.
    """
    if intent.kind in {IntentKind.HOLD, IntentKind.RESUME}:
        held = intent.kind is IntentKind.HOLD
        return replace(watch, held=held, done=intent.id), (), False
    order = ORDERS.get((watch.phase, intent.kind))
    if intent.kind is IntentKind.FAILBACK and intent.forced and watch.phase in FLAGGED:
        order = FORCED_FAILBACK
    if order is None:
        # There is no failback to withdraw. Other words are as asked once the flag is seen to be.
        done = intent.id if intent.kind is IntentKind.WITHDRAW else watch.done
        return replace(watch, done=done), (), False
    if order.needs_refuge and refuge is not Sense.WELL and not intent.forced:
        reason = f"evacuation of {seen.target}: no other Region is known to be well"
        return *_refuse(watch, seen.target, reason), False
    watch = _move(watch, order, at_s)
    if order is FORCED_FAILBACK:
        # What is still bad is not latched again before it is agreed on anew.
        watch = replace(watch, reading_since_s=at_s)
    if intent.kind is IntentKind.WITHDRAW:
        watch = replace(watch, done=intent.id)
    return watch, _step(order.action, seen.target, intent.reason, by=intent.by), True


def _apply_table(
    watch: Watch, seen: Sighting, at_s: float, settings: Settings
) -> tuple[Watch, tuple[Step, ...]]:
    """Look the phase and reading up, wait as the row says, pass its gates, take its step."""
    rule = TABLE.get((watch.phase, watch.reading))
    if rule is None:
        if watch.phase is Phase.FAILING_BACK:
            return _refuse(watch, seen.target, f"failback of {seen.target}: {watch.reading}")
        return watch, ()
    needed_s = wait_s(rule, settings)
    obstacles: tuple[str, ...] = ()
    if at_s < watch.reading_since_s + needed_s:
        obstacles = (f"{watch.reading} for less than {needed_s:g} s",)
    if rule.gated:
        obstacles += shut_gates(seen.gates, at_s, settings.stale_after_s)
    held = watch.held and rule.action in _ON_FLAGS
    if held and not rule.gated and not obstacles:
        reason = f"{rule.action} of {seen.target}: {watch.reading}, but an operator holds it"
        return _refuse(watch, seen.target, reason)
    if held:
        obstacles += ("an operator holds it",)
    if obstacles:
        if not rule.gated:
            return watch, ()
        return _refuse(watch, seen.target, f"failback of {seen.target}: {'; '.join(obstacles)}")
    # A failback that was asked for ends with the target bad again, and never undoes a later latch.
    given_up = rule.to is Phase.LATCHED
    reason = f"{watch.reading}" + (f" for {needed_s:g} s" if needed_s else "")
    watch = _move(watch, rule, at_s)
    if given_up and seen.intent is not None and seen.intent.kind is IntentKind.FAILBACK:
        watch = replace(watch, done=seen.intent.id)
    return watch, _step(rule.action, seen.target, reason)


def _move(watch: Watch, row: Rule | Order, at_s: float) -> Watch:
    """Change the phase; only a step on the flag makes older looks at the flag worthless."""
    flag = row.action in {Action.SET_FLAG, Action.CLEAR_FLAG}
    return replace(watch, phase=row.to, changed_at_s=at_s if flag else watch.changed_at_s, told="")


def _step(
    action: Action | None, target: str, reason: str, *, by: str = OBSERVER
) -> tuple[Step, ...]:
    if action is None:
        return ()
    return (Step(action=action, target=target, reason=reason, by=by),)


def _refuse(watch: Watch, target: str, reason: str) -> tuple[Watch, tuple[Step, ...]]:
    """Say why not, once."""
    if watch.told == reason:
        return watch, ()
    return replace(watch, told=reason), _step(Action.REFUSE, target, reason)
