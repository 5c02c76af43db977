"""Planted faults: brains and settings that are known to be bad, each found by simulation."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

from resilience.findings import find
from resilience.simulate.play import Plan, scenario_of
from resilience.simulate.stacks import simulated
from resilience.simulator.run import simulate
from tests.planted.hunt import LIMIT_S, SEED, by_objective, hunt
from tests.planted.plant import Plant
from tests.planted.record import PLANTS, plant_named, read
from tests.planted.stack import OBJECTIVES, prod_like

ROOT = Path(__file__).parents[2]
CHEAP = (
    "inverted-trigger",
    "no-latch",
    "cleared-when-well",
    "epoch-without-condition",
    "deputy-acknowledges-always",
    "one-check-is-enough",
)
"""Found in the first few scenarios: hunted in every test run, all of them in long ones."""


def test_the_stack_that_faults_are_planted_in_is_set_as_production_is() -> None:
    config = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"]
    stack = prod_like()
    timing = stack.timing
    assert timing.interval_s == config["understudy:healthCheckIntervalSeconds"]
    assert timing.failure_threshold == config["understudy:failureThreshold"]
    assert timing.record_ttl_s == config["understudy:recordTtlSeconds"]
    assert config["understudy:recordType"] == "alias"
    assert stack.primary.failback_hold_s == config["understudy:failbackHoldSeconds"]
    assert stack.primary.function.reserved_concurrency == config["understudy:reservedConcurrency"]
    assert stack.objectives.rto_s == config["understudy:rtoSeconds"]
    assert stack.objectives.rpo_s == config["understudy:rpoSeconds"]
    assert str(stack.objectives.availability_ratio) == config["understudy:availability"]
    assert stack.objectives == OBJECTIVES


def test_nothing_is_found_where_nothing_is_planted() -> None:
    """A hunt that finds the sound stack guilty would find anything."""
    sound = Plant(name="sound", mistake="None.")
    stack = simulated(prod_like())
    assert find(prod_like()) == ()
    assert by_objective(sound, stack, time.process_time()) is None
    plan = Plan(seed=SEED)
    for index in range(110):
        outcome = simulate(stack, scenario_of(stack, plan, index))
        assert outcome.violations == (), scenario_of(stack, plan, index)


def test_there_are_more_than_twenty_and_each_has_a_line() -> None:
    names = [plant.name for plant in PLANTS]
    assert len(names) == len(set(names)) > 20
    assert list(read()) == names, "run `python -m tests.planted.record`"
    assert sum(found is not None for found in read().values()) >= 20


def found_as_written(name: str) -> bool:
    """Hunt a plant, which must be found; tells whether by what the table says."""
    known = read()[name]
    found = hunt(plant_named(name), prod_like())
    if known is None:
        assert plant_named(name).why_not, "say why it cannot be found"
        assert found is None, "it is found now: run `python -m tests.planted.record`"
        return True
    assert found is not None, f"{name} is not found any more"
    assert found.seconds < LIMIT_S
    return found.by == known["by"]


@pytest.mark.parametrize("name", CHEAP)
def test_a_planted_fault_is_found_at_once(name: str) -> None:
    found_as_written(name)


@pytest.mark.long
@pytest.mark.parametrize("name", [plant.name for plant in PLANTS])
def test_each_planted_fault_is_found_as_the_table_says(name: str) -> None:
    assert found_as_written(name), "run `python -m tests.planted.record`"
