"""The failover decision: observations in, steps out. A transition table, as data.

The standby judges the primary. Two things move traffic: Route 53's health checks, by themselves,
and this decision, which *latches* a move by the evacuation flag so that a flapping primary does
not flap the traffic, and takes the latch off again behind gates.

What always holds, whatever is observed (each is a test):

1. Stale or missing observations never set or clear the flag, and a gap in observing breaks every
   agreement.
2. An observer that is itself sick decides nothing.
3. The flag is set only while the primary is judged bad by *both* signals (the standby's own
   probe, and Route 53's verdict) and the standby is well, for `agreement_s` without a break.
4. Once latched, a healthy primary alone changes nothing. The latch comes off when someone asked
   for failback, the primary has been well for `hold_down_s` and every gate is open; or when, for
   `agreement_s` without a break, the standby is impaired while the primary is well: a latch never
   keeps traffic on an impaired Region when a healthy one is there.
5. One decision takes at most one step on the flag. A step lost on its way is taken again; a flag
   set by another hand is adopted, and so is one cleared by another hand.

Pure: no I/O, no clock, no randomness; times are handed in, in seconds on any one scale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf


class Sense(StrEnum):
    """A signal once its age is considered."""

    WELL = "well"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One observed yes or no and when it was seen; None was tried and gave no answer."""

    well: bool | None
    seen_at_s: float


@dataclass(frozen=True, kw_only=True)
class Gates:
    """What must hold besides health before traffic may go back; None is not known, so shut."""

    replication_caught_up: bool | None = None
    model_parity: bool | None = None
    capacity: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Observations:
    """Everything one decision is made from, at one instant.

    `primary_probe` is the standby's own look at the primary, `primary_check` Route 53's verdict
    on it; `flag_set` whether the evacuation flag is there.
    """

    at_s: float
    observer: Signal
    primary_probe: Signal
    primary_check: Signal
    standby: Signal
    flag_set: Signal
    gates: Gates = Gates()
    failback_requested: bool = False


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How long is long enough."""

    agreement_s: float
    hold_down_s: float
    stale_after_s: float


class Reading(StrEnum):
    """What the signals say together."""

    BLIND = "cannot tell"
    PRIMARY_WELL = "primary well"
    PRIMARY_BAD = "primary bad, standby well"
    STANDBY_BAD = "standby bad, primary well"
    BOTH_BAD = "primary bad, standby not known to be well"


class Phase(StrEnum):
    """Where traffic is meant to be."""

    SERVING = "serving from the primary"
    LATCHED = "latched on the standby"


class Action(StrEnum):
    """A step for whoever runs the decision."""

    SET_FLAG = "set the evacuation flag"
    CLEAR_FLAG = "clear the evacuation flag"
    REFUSE = "refuse"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step, and the reason the journal keeps."""

    action: Action
    reason: str


@dataclass(frozen=True, kw_only=True)
class State:
    """What a decision leaves for the next: the phase, its last change, the reading and its age."""

    phase: Phase = Phase.SERVING
    changed_at_s: float = -inf
    reading: Reading = Reading.BLIND
    reading_since_s: float = -inf
    observed_at_s: float = -inf


class Wait(StrEnum):
    """Which setting a rule waits for."""

    AGREEMENT = "agreement_s"
    HOLD_DOWN = "hold_down_s"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row: in this phase, a reading that lasts this long leads there, by this action."""

    wait: Wait
    action: Action
    to: Phase
    gated: bool = False


TABLE: dict[tuple[Phase, Reading], Rule] = {
    (Phase.SERVING, Reading.PRIMARY_BAD): Rule(
        wait=Wait.AGREEMENT, action=Action.SET_FLAG, to=Phase.LATCHED
    ),
    (Phase.LATCHED, Reading.PRIMARY_WELL): Rule(
        wait=Wait.HOLD_DOWN, action=Action.CLEAR_FLAG, to=Phase.SERVING, gated=True
    ),
    (Phase.LATCHED, Reading.STANDBY_BAD): Rule(
        wait=Wait.AGREEMENT, action=Action.CLEAR_FLAG, to=Phase.SERVING
    ),
}
"""Every change there is. A phase and reading without a row stay where they are."""


def sense(signal: Signal, at_s: float, stale_after_s: float) -> Sense:
    """Read one signal: unknown if it gave no answer, is stale, or claims to be from the future."""
    if signal.well is None or not 0 <= at_s - signal.seen_at_s <= stale_after_s:
        return Sense.UNKNOWN
    return Sense.WELL if signal.well else Sense.BAD


def read(observer: Sense, probe: Sense, check: Sense, standby: Sense) -> Reading:
    """Judge what the signals say together: the trigger's truth table, in four lines.

    The primary is well or bad only when both of its signals say so; a disagreement is not
    knowing, and not knowing is never a reason to act.
    """
    if observer is not Sense.WELL or probe is not check or probe is Sense.UNKNOWN:
        return Reading.BLIND
    if probe is Sense.BAD:
        return Reading.PRIMARY_BAD if standby is Sense.WELL else Reading.BOTH_BAD
    return Reading.STANDBY_BAD if standby is Sense.BAD else Reading.PRIMARY_WELL


def shut_gates(observations: Observations) -> tuple[str, ...]:
    """Name each failback gate that is not known to be open."""
    named = (
        ("replication has not caught up", observations.gates.replication_caught_up),
        ("the Regions do not serve the same release", observations.gates.model_parity),
        ("the primary lacks capacity", observations.gates.capacity),
    )
    return tuple(
        text if value is False else f"{text} (not known)" for text, value in named if not value
    )


def _follow_flag(state: State, flag: Sense, observations: Observations) -> State:
    """Bring the phase in line with the flag as seen after the last change (rule 5).

    A lost step and another hand look the same from here and are treated the same: the phase
    becomes what the flag says, and the table acts on that.
    """
    unseen = observations.flag_set.seen_at_s <= state.changed_at_s
    if flag is Sense.UNKNOWN or unseen:
        return state
    phase = Phase.LATCHED if flag is Sense.WELL else Phase.SERVING
    return state if phase is state.phase else replace(state, phase=phase)


def decide(
    state: State, observations: Observations, settings: Settings
) -> tuple[State, tuple[Step, ...]]:
    """Make one decision. Calling it again with the same arguments gives the same answer."""
    at_s = observations.at_s
    observer, probe, check, standby, flag = (
        sense(signal, at_s, settings.stale_after_s)
        for signal in (
            observations.observer,
            observations.primary_probe,
            observations.primary_check,
            observations.standby,
            observations.flag_set,
        )
    )
    reading = read(observer, probe, check, standby)
    gap = at_s - state.observed_at_s > settings.stale_after_s
    if gap or reading is not state.reading:
        state = replace(state, reading=reading, reading_since_s=at_s)
    state = replace(state, observed_at_s=at_s)
    if observer is not Sense.WELL:
        return state, ()
    state = _follow_flag(state, flag, observations)
    return _apply_table(state, observations, settings)


def _apply_table(
    state: State, observations: Observations, settings: Settings
) -> tuple[State, tuple[Step, ...]]:
    """Look the phase and reading up, wait as the row says, pass its gates, take its step."""
    rule = TABLE.get((state.phase, state.reading))
    if rule is None:
        return state, _explain(state, observations)
    wait_s = settings.agreement_s if rule.wait is Wait.AGREEMENT else settings.hold_down_s
    held_s = observations.at_s - state.reading_since_s
    obstacles = () if held_s >= wait_s else (f"{state.reading} for less than {wait_s:g} s",)
    if rule.gated:
        if not observations.failback_requested:
            return state, ()
        obstacles += shut_gates(observations)
    if obstacles:
        refusal = Step(action=Action.REFUSE, reason=f"failback: {'; '.join(obstacles)}")
        return state, (refusal,) if rule.gated else ()
    moved = replace(state, phase=rule.to, changed_at_s=observations.at_s)
    return moved, (Step(action=rule.action, reason=f"{state.reading} for {held_s:.0f} s"),)


def _explain(state: State, observations: Observations) -> tuple[Step, ...]:
    """Say why a step that someone may be waiting for has no row."""
    if state.phase is Phase.SERVING and state.reading is Reading.BOTH_BAD:
        return (Step(action=Action.REFUSE, reason=f"failover: {state.reading}"),)
    if state.phase is Phase.LATCHED and observations.failback_requested:
        return (Step(action=Action.REFUSE, reason=f"failback: {state.reading}"),)
    return ()
