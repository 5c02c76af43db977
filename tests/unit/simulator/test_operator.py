"""The person on call: woken by an alarm, late; asks for failback; takes mistakes back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from topologies import topology

from resilience.failover import IntentKind
from resilience.simulator import SimulatedStack, from_text, stack_of
from resilience.simulator.parameters import Parameters
from resilience.simulator.run import play

STACK = stack_of(topology(2))


def quick(stack: SimulatedStack) -> SimulatedStack:
    """Give a stack whose operator is there as soon as the phone rings."""
    parameters = replace(stack.parameters, reaction_median_s=1.0, reaction_p99_s=1.1)
    return replace(stack, parameters=parameters)


def asked(stack: SimulatedStack, text: str) -> list[tuple[float, IntentKind, bool]]:
    """Give each word that was given: when, what, and whether it was forced."""
    _, world = play(stack, from_text(text))
    return sorted(
        (written_s, intent.kind, intent.forced)
        for words in world.words._given.values()
        for written_s, _, intent in words
    )


def test_nobody_is_woken_while_all_is_well() -> None:
    _, world = play(STACK, from_text("seed=1 for=3600"))
    assert world.operator.comes_s == float("inf")


def test_failback_is_asked_for_once_the_region_has_been_well_for_a_while() -> None:
    words = asked(quick(STACK), "seed=1 region-gone(us-east-1)@600+600")
    assert [kind for _, kind, _ in words] == [IntentKind.FAILBACK]
    asked_s = words[0][0]
    assert asked_s >= 1200 + Parameters().patience_s


def test_an_alarm_fires_when_its_period_is_over_and_its_metric_there() -> None:
    _, world = play(quick(STACK), from_text("seed=1 for=700 region-gone(us-east-1)@600+3000"))
    parameters = Parameters()
    detected_s = world.turned[0][0]
    ends_s = (detected_s // parameters.alarm_period_s + 1) * parameters.alarm_period_s
    rings_s = ends_s + parameters.alarm_delay_s + parameters.notification_s
    assert world.operator.comes_s == pytest.approx(rings_s + 1.0, abs=0.5)


def test_nobody_is_woken_while_no_region_lives_to_send_data() -> None:
    both = "region-gone(us-east-1)@600+900 region-gone(us-west-2)@600+900"
    _, world = play(quick(STACK), from_text(f"seed=1 for=1400 {both}"))
    assert world.operator.comes_s > 1500


def test_failback_that_the_gates_refuse_is_forced_in_the_end() -> None:
    gone = "region-gone(us-east-1)@600+120 replication-stalled(us-east-1,us-west-2)@600+9000"
    words = asked(quick(STACK), f"seed=1 {gone}")
    assert [forced for _, _, forced in words][:3] == [False, False, True]


def test_what_was_asked_for_by_mistake_is_taken_back() -> None:
    words = asked(STACK, "seed=1 operator-errs(us-east-1,hold)@600+0")
    assert [kind for _, kind, _ in words] == [IntentKind.HOLD, IntentKind.RESUME]


@pytest.mark.parametrize("mistake", ["evacuate", "forced-evacuate", "promote", "withdraw"])
def test_no_mistake_breaks_a_rule(mistake: str) -> None:
    outcome, world = play(STACK, from_text(f"seed=1 operator-errs(us-west-2,{mistake})@600+0"))
    assert outcome.violations == ()
    assert not world.health.flags, "it was put right in the end"
