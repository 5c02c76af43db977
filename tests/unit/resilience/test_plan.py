"""Phases are planned from what is deployed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from topologies import nearest, topology

from resilience.measurement import Steady
from resilience.objectives import Timing
from resilience.rehearsal.options import ScenarioError, ScenarioName, fitting
from resilience.rehearsal.plan import latch_hold_s, make_plan, speed_warning
from resilience.topology import ObserverSettings

if TYPE_CHECKING:
    from resilience.topology import Topology


def timed(timing: Timing) -> Topology:
    sound = topology()

    def changed(check: object) -> object:
        return replace(
            check,  # type: ignore[type-var]
            interval_s=timing.interval_s,
            failure_threshold=timing.failure_threshold,
        )

    regions = tuple(
        replace(
            r,
            deep_check=changed(r.deep_check),
            watches=tuple(replace(watch, check=changed(watch.check)) for watch in r.watches),
        )
        for r in sound.regions
    )
    records = tuple(replace(r, ttl_s=timing.record_ttl_s) for r in sound.records)
    return replace(sound, regions=regions, records=records)


@pytest.mark.parametrize(
    "timing",
    [
        Timing(interval_s=10, failure_threshold=3, record_ttl_s=10),
        Timing(interval_s=30, failure_threshold=10, record_ttl_s=60),
    ],
)
def test_no_wait_gives_up_before_the_worst_case_has_passed(timing: Timing) -> None:
    plan = make_plan(timed(timing), Steady(), speed=1)
    assert plan.takeover_deadline_s > plan.bounds.ceiling_s + Steady().window_s
    turn_s = timing.interval_s * timing.failure_threshold
    assert plan.return_deadline_s > turn_s
    assert plan.failback_deadline_s > turn_s + timing.record_ttl_s
    assert plan.settled_hold_s < plan.settle_deadline_s
    hold_s = topology().primary.failback_hold_s
    assert plan.latched_watch_s <= hold_s < plan.gates_deadline_s


def test_a_returning_region_cannot_count_as_healthy_before_the_latch_does() -> None:
    for threshold in (1, 3, 10):
        flag_counts_s = threshold * 10 + 6
        earliest_back_s = latch_hold_s(10, threshold) + (threshold - 1) * 10 - 6
        assert earliest_back_s >= flag_counts_s


def test_a_busy_machine_is_given_real_time_at_any_speed() -> None:
    fast = make_plan(topology(), Steady(), speed=20)
    assert fast.return_deadline_s / 20 > 6


def test_a_latch_is_waited_for_as_long_as_the_deployed_observers_take() -> None:
    slow = ObserverSettings(
        function="understudy-staging-observer",
        look_s=30,
        agreement_s=600,
        hold_down_s=30,
        stale_after_s=90,
        lease_s=180,
        caught_up_s=300,
    )
    sound = topology()
    regions = tuple(replace(region, observer=slow) for region in sound.regions)
    plan = make_plan(replace(sound, regions=regions), Steady(), speed=1)
    usual = make_plan(sound, Steady(), speed=1)
    assert plan.latch_deadline_s >= plan.return_deadline_s + 600 + 2 * 30
    assert plan.gates_deadline_s > usual.gates_deadline_s, "markers take looks"


@pytest.mark.parametrize("speed", [1, 5, 9.9])
def test_a_speed_that_leaves_looks_close_enough_together_is_not_warned_of(speed: float) -> None:
    assert speed_warning(topology(), speed=speed) is None


def test_a_speed_at_which_looks_come_too_far_apart_is_warned_of_with_one_that_is_not() -> None:
    warning = speed_warning(topology(), speed=10)
    assert warning is not None
    assert "at 10 times the speed" in warning
    assert "below 10" in warning, "the way out: room of 20 s, looks of 2 real seconds"


def test_without_an_observer_no_speed_is_warned_of() -> None:
    sound = topology()
    regions = tuple(replace(region, observer=None) for region in sound.regions)
    assert speed_warning(replace(sound, regions=regions), speed=100) is None


@pytest.mark.parametrize(
    ("routing", "regions", "played"),
    [
        ("failover", 2, ScenarioName.PRIMARY_LOST),
        ("failover", 3, ScenarioName.PRIMARY_LOST),
        ("latency", 2, ScenarioName.NEAREST_LOST),
    ],
)
def test_unasked_the_loss_that_fits_the_routing_is_played(
    routing: str, regions: int, played: ScenarioName
) -> None:
    assert fitting(None, routing=routing, regions=regions) is played


@pytest.mark.parametrize(
    ("asked", "routing", "regions"),
    [
        (ScenarioName.FIRST_TWO_LOST, "failover", 2),
        (ScenarioName.NEAREST_LOST, "failover", 3),
        (ScenarioName.PRIMARY_LOST, "latency", 3),
        (ScenarioName.STANDBY_LOST, "latency", 2),
    ],
)
def test_a_scenario_that_does_not_fit_is_refused_with_those_that_do(
    asked: ScenarioName, routing: str, regions: int
) -> None:
    with pytest.raises(ScenarioError, match=f"{asked} cannot be played .* all-lost"):
        fitting(asked, routing=routing, regions=regions)


def test_two_of_three_regions_can_be_lost() -> None:
    assert fitting(ScenarioName.FIRST_TWO_LOST, routing="failover", regions=3)


def test_a_chain_adds_nothing_to_the_worst_case() -> None:
    two, five = (make_plan(topology(count), Steady(), speed=1).bounds for count in (2, 5))
    assert two == five, "links are renewed side by side"
    assert make_plan(nearest(3), Steady(), speed=1).bounds == two
