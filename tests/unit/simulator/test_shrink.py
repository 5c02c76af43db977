"""Broken brains are found, and what finds them is made small enough to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import planted
import pytest
from topologies import topology

from resilience.simulator import Outcome, draw, from_text, stack_of, to_text
from resilience.simulator.run import simulate
from resilience.simulator.shrink import shrink

if TYPE_CHECKING:
    from resilience.simulator.thinking import Think

STACK = stack_of(topology(2))


@pytest.mark.parametrize(
    ("think", "rule", "text"),
    [
        (planted.never_latches, "latch", "region-gone(us-east-1)@600+120"),
        (planted.never_unlatches, "liveness: flags", "region-gone(us-east-1)@600+120"),
        (planted.inverted, "brain rule 3", ""),
        (
            planted.trusts_itself,
            "brain rule 2",
            "bad-model(us-east-1)@600+120 dependency-gone(us-west-2,flags)@600+120",
        ),
        (
            planted.takes_missing_for_well,
            "brain rule 4",
            "region-gone(us-east-1)@600+120 dependency-gone(us-west-2,predictions)@600+2400",
        ),
        (
            planted.asks_no_gate,
            "brain rule 4",
            "throttled(us-east-1)@600+120 replication-stalled(us-east-1,us-west-2)@600+2400",
        ),
        (
            planted.waits_for_nothing,
            "brain rule 4",
            "throttled(us-west-2)@600+60 region-slow(us-east-1,=5)@1200+60",
        ),
        (planted.claims_without_right, "brain rule 7", "throttled(us-east-1)@600+60"),
    ],
)
def test_a_brain_that_is_broken_on_purpose_is_found(think: Think, rule: str, text: str) -> None:
    """Each with the scenario that drawing and shrinking comes to."""
    seeds = range(3)
    found = [
        violation.rule
        for seed in seeds
        for violation in simulate(STACK, from_text(f"seed={seed} {text}"), think=think).violations
    ]
    assert rule in found
    assert not any(simulate(STACK, from_text(f"seed={seed} {text}")).violations for seed in seeds)


@pytest.mark.parametrize(
    "think", [planted.never_latches, planted.claims_without_right, planted.takes_missing_for_well]
)
def test_drawing_finds_a_broken_brain(think: Think) -> None:
    within = 400
    drawn = (draw(STACK, seed) for seed in range(within))
    assert any(simulate(STACK, scenario, think=think).violations for scenario in drawn)


def test_what_fails_is_shrunk_to_as_few_and_as_plain_faults_as_still_fail() -> None:
    scenario = from_text(
        "seed=3 for=3600 partition(us-east-1,us-west-2)@100.7+333.3 "
        "throttled(us-east-1)@421.3+890.8 clock-skewed(us-west-2,=-0.7)@547.2+179.4"
    )

    def unlatched(outcome: Outcome) -> bool:
        return any(each.rule == "latch" for each in outcome.violations)

    small = shrink(STACK, scenario, think=planted.never_latches, fails=unlatched)
    assert len(small.faults) == 1
    (fault,) = small.faults
    assert fault.kind.value == "throttled"
    assert fault.at_s % 60 == 0, "times are round"
    assert fault.for_s < 300, "and short"
    again = simulate(STACK, from_text(to_text(small)), think=planted.never_latches)
    assert unlatched(again), "the line that is printed replays it"


def test_what_does_not_fail_is_left_as_it_is() -> None:
    scenario = draw(STACK, 5)
    assert shrink(STACK, scenario, fails=lambda outcome: bool(outcome.violations)) == scenario
