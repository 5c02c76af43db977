"""Whole runs: what a scenario comes to, always the same, with and without skipping."""

from __future__ import annotations

from dataclasses import replace

import pytest
from topologies import topology

from resilience.simulator import Outcome, SimulatedStack, draw, from_text, stack_of, to_text
from resilience.simulator.run import play, simulate

STACKS = {count: stack_of(topology(count)) for count in (2, 3)}
GONE = "region-gone(us-east-1)@600+900"


def run(text: str, stack: SimulatedStack = STACKS[2]) -> Outcome:
    return simulate(stack, from_text(text))


def test_nothing_wrong_costs_nothing() -> None:
    outcome = run("seed=1 for=3600")
    assert outcome.recovery_s is None
    assert outcome.availability_ratio == 1.0
    assert outcome.violations == ()


@pytest.mark.parametrize("seed", range(20))
def test_a_lost_primary_is_left_within_the_bounds_of_checks_and_ttl(seed: int) -> None:
    outcome = run(f"seed={seed} {GONE}")
    assert outcome.parts is not None
    assert 20 <= outcome.parts.detect <= 36
    assert outcome.violations == ()
    assert outcome.outages == 1, "failback costs no outage"


def test_a_lost_standby_costs_nothing() -> None:
    outcome = run("seed=1 region-gone(us-west-2)@600+900")
    assert outcome.recovery_s is None
    assert outcome.availability_ratio == 1.0


def test_the_same_scenario_always_comes_to_the_same() -> None:
    texts = [to_text(draw(STACKS[2], seed)) for seed in range(20)]
    assert [run(text) for text in texts] == [run(text) for text in reversed(texts)][::-1]


@pytest.mark.parametrize("count", [2, 3])
def test_leaving_out_looks_that_decide_nothing_changes_nothing(count: int) -> None:
    stack = STACKS[count]
    for seed in range(4):
        scenario = draw(stack, 20 + seed)
        (outcome, world), (whole, other) = (
            play(stack, scenario, skip=skip) for skip in (True, False)
        )
        assert replace(outcome, events=0) == replace(whole, events=0), to_text(scenario)
        for one, two in zip(world.observers, other.observers, strict=True):
            assert one.brain == two.brain, to_text(scenario)


@pytest.mark.parametrize("count", [2, 3])
def test_a_sound_stack_and_the_real_brain_break_no_rule(count: int) -> None:
    stack = STACKS[count]
    for seed in range(40):
        scenario = draw(stack, seed)
        assert simulate(stack, scenario).violations == (), to_text(scenario)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        # Nobody latches what an operator holds.
        (2, "seed=1007372 throttled(us-east-1)@303+192.3 operator-errs(us-east-1,hold)@359.1+0"),
        # A Region that clients are led to counts as broken from when it broke, not from before.
        (3, "seed=401741 throttled(us-east-1)@951.6+121.6 region-slow(us-west-2,=4.2)@968.2+36.3"),
        # The epoch is handed over by its deputy's grant, which is another item's news.
        (3, "seed=20 throttled(us-east-1)@421.3+890.8 clock-skewed(us-east-1,=-0.7)@547.2+179.4"),
        # A table that is slower than a lease for hours, in which nobody holds, is not healthy.
        (2, "seed=3000097322 observer-dead(us-east-1)@1200+1"),
        # An operator's promote counts once it is written, though its step was lost.
        (
            2,
            (
                "seed=0 throttled(us-east-1)@300+60 observer-flaky(us-east-1,=0.88)@300+300"
                " operator-errs(us-east-1,promote)@565+0"
            ),
        ),
    ],
)
def test_what_once_seemed_to_break_a_rule_breaks_none(count: int, text: str) -> None:
    assert run(text, STACKS[count]).violations == ()
