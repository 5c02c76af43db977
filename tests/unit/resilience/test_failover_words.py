"""An operator's word in odd company: refused, forced, held, replaced, or about another Region."""

from __future__ import annotations

from dataclasses import replace

import pytest
from brain_world import REGIONS, World
from failover_world import SETTINGS, observed, run

from resilience.failover import (
    Action,
    Intent,
    IntentKind,
    Phase,
    Watch,
    broken_rules,
    decide,
    think,
)

A, B, C = REGIONS[:3]


def asked(kind: IntentKind, number: str = "1", *, forced: bool = False) -> Intent:
    return Intent(id=number, kind=kind, target=A, by="ops", reason="a test", forced=forced)


def test_a_word_about_another_region_is_no_word() -> None:
    elsewhere = replace(asked(IntentKind.EVACUATE), target=B)
    watch, actions = run(Watch(), *(observed(float(t), intent=elsewhere) for t in range(9)))
    assert (watch.phase, actions) == (Phase.SERVING, [])
    world = World(2)
    world.run(40)
    world.promotes[B] = replace(asked(IntentKind.PROMOTE), target=A)
    world.run(8)
    assert world.holders() == [A]


def test_a_refused_evacuation_does_not_stop_the_rest() -> None:
    leave = asked(IntentKind.EVACUATE)
    watch, actions = run(
        Watch(),
        *(
            observed(float(t), probe=False, verdict=False, refuge=False, intent=leave)
            for t in range(20)
        ),
    )
    assert (watch.phase, set(actions)) == (Phase.BOTH_IMPAIRED, {Action.REFUSE, Action.NOTIFY})
    watch, actions = run(watch, observed(20, probe=False, verdict=False, intent=leave))
    assert (watch.phase, actions) == (Phase.EVACUATED, [Action.SET_FLAG])


def test_a_forced_failback_of_a_bad_region_stands_until_agreed_anew() -> None:
    """Without a hold automation latches again, but not before it agreed anew."""
    back = asked(IntentKind.FAILBACK, forced=True)
    watch, actions = run(
        Watch(), *(observed(float(t), probe=False, verdict=False) for t in range(6))
    )
    assert actions == [Action.SET_FLAG]
    flag, at = True, []
    for tick in range(6, 20):
        seen = observed(float(tick), probe=False, verdict=False, flag=flag, intent=back)
        watch, steps = decide(watch, *seen, SETTINGS)
        for step in steps:
            at.append((tick, step.action))
            flag = step.action is Action.SET_FLAG
    assert at == [(6, Action.CLEAR_FLAG), (11, Action.SET_FLAG)]


def test_a_forced_failback_stands_for_good_under_a_hold() -> None:
    held = Watch(phase=Phase.LATCHED, held=True, observed_at_s=5)
    back = asked(IntentKind.FAILBACK, forced=True)
    watch, actions = run(
        held,
        *(
            observed(6.0 + t, probe=False, verdict=False, flag=t == 0, intent=back)
            for t in range(60)
        ),
    )
    assert actions == [Action.CLEAR_FLAG, Action.REFUSE]
    assert watch.done == "1"


def test_a_failback_that_was_open_when_automation_latched_is_over() -> None:
    """Its flag was never seen: the word must not undo a latch that came after it."""
    back = asked(IntentKind.FAILBACK)
    watch, actions = run(
        Watch(),
        *(observed(float(t), probe=False, verdict=False, flag=None, intent=back) for t in range(9)),
    )
    assert actions == [Action.SET_FLAG]
    watch, actions = run(watch, *(observed(9.0 + t, flag=True, intent=back) for t in range(90)))
    assert (watch.phase, actions) == (Phase.LATCHED, [])


def test_a_failback_that_nobody_needs_to_withdraw_is_done_with() -> None:
    watch, _ = run(Watch(), observed(1, intent=asked(IntentKind.WITHDRAW)))
    assert watch.done == "1"


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("signals", [{"probe": False, "verdict": False}, {"refuge": False}, {}])
def test_a_hold_keeps_automation_off_the_flag_in_every_phase(
    phase: Phase, signals: dict[str, bool]
) -> None:
    watch = Watch(phase=phase, held=True, observed_at_s=0)
    flag = phase in {Phase.LATCHED, Phase.EVACUATED, Phase.FAILING_BACK}
    seen = [observed(1.0 + t, flag=flag, **signals) for t in range(90)]
    _, actions = run(watch, *seen)
    assert not {Action.SET_FLAG, Action.CLEAR_FLAG} & set(actions)
    assert actions.count(Action.REFUSE) <= 2, "the same refusal is not said again and again"


def test_a_flag_moved_under_a_hold_is_a_broken_rule() -> None:
    """Break what the check guards, and see it fail."""
    world = World(2)
    world.run(40)
    world.lost = {A}
    world.run(8)
    world.now_s += 4
    before, node, inputs = world.nodes[B].brain, world.nodes[B], world.inputs(B)
    after, steps = think(before, inputs, node.place, SETTINGS)
    assert [step.action for step in steps] == [Action.SET_FLAG]
    assert broken_rules(before, inputs, after, steps, node.place, SETTINGS) == ()
    held = replace(after, watches={A: replace(after.watches[A], held=True)})
    broken = broken_rules(before, inputs, held, steps, node.place, SETTINGS)
    assert broken == (f"6: the flag of {A} was moved while an operator holds it",)
    # A brain that never heard the word is no excuse.
    word = Intent(id="1", kind=IntentKind.HOLD, target=A, by="somebody", reason="a deploy")
    unheard = replace(inputs, sightings=(replace(inputs.sightings[0], intent=word),))
    assert broken_rules(before, unheard, after, steps, node.place, SETTINGS) == broken


@pytest.mark.parametrize(
    "change",
    [{"by": "somebody"}, {"id": "done"}, {"kind": IntentKind.FAILBACK}, {"target": B}],
)
def test_a_step_by_a_word_that_does_not_ask_for_it_is_a_broken_rule(
    change: dict[str, object],
) -> None:
    world = World(2)
    world.run(40)
    world.ask(IntentKind.EVACUATE, A)
    node, inputs = world.nodes[B], world.inputs(B)
    before = replace(node.brain, watches={A: replace(node.brain.watches[A], done="done")})
    after, steps = think(before, inputs, node.place, SETTINGS)
    assert broken_rules(before, inputs, after, steps, node.place, SETTINGS) == ()
    (seen,) = inputs.sightings
    assert seen.intent is not None
    wrong = replace(inputs, sightings=(replace(seen, intent=replace(seen.intent, **change)),))
    broken = broken_rules(before, wrong, after, steps, node.place, SETTINGS)
    assert f"6: set the evacuation flag of {A} by nobody's word" in broken
