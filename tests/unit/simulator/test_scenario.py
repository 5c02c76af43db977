"""Scenarios: what is drawn can be written as a line, and read back as it was."""

from __future__ import annotations

import pytest
from topologies import topology

from resilience.simulator import (
    FAULT_CLASSES,
    Fault,
    FaultKind,
    Scenario,
    ScenarioError,
    draw,
    fault_class,
    from_text,
    stack_of,
    to_text,
)

STACK = stack_of(topology(3))


def test_every_drawn_scenario_reads_back_as_it_was_written() -> None:
    for seed in range(400):
        scenario = draw(STACK, seed)
        assert from_text(to_text(scenario)) == scenario, to_text(scenario)


def test_a_seed_always_draws_the_same_scenario() -> None:
    assert [draw(STACK, seed) for seed in range(50)] == [draw(STACK, seed) for seed in range(50)]


def test_every_class_is_drawn_and_is_what_it_says() -> None:
    drawn = {fault_class(draw(STACK, seed)) for seed in range(600)}
    assert drawn == set(FAULT_CLASSES)
    for name in FAULT_CLASSES:
        assert fault_class(draw(STACK, 5, (name,))) == name


def test_a_scenario_is_readable() -> None:
    fault = Fault(
        kind=FaultKind.REQUESTS_FAIL, region="us-east-1", at_s=600, for_s=900.5, level=0.3
    )
    text = to_text(Scenario((fault,), 3600.0, 7))
    assert text == "seed=7 for=3600 requests-fail(us-east-1,=0.3)@600+900.5"


@pytest.mark.parametrize(
    "text",
    [
        "seed=x",
        "region-gone(us-east-1)",
        "region-lost(us-east-1)@1+2",
        "region-gone@1+2",
        "partition(us-east-1)@1+2",
        "requests-fail(us-east-1)@1+2",
        "region-gone(us-east-1,=0.3)@1+2",
    ],
)
def test_what_is_no_scenario_is_refused_with_the_word_that_is_wrong(text: str) -> None:
    with pytest.raises(ScenarioError, match="expected seed=N"):
        from_text(text)
