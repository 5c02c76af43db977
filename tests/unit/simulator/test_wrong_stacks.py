"""A stack whose records or checks are wrong behaves wrongly, and the simulator says how."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from topologies import nearest, topology

from resilience.simulator import Outcome, from_text, stack_of
from resilience.simulator.parameters import Parameters
from resilience.simulator.run import simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.topology import HealthCheck, Record, Region, Topology

GONE = "seed=1 region-gone(us-east-1)@600+900"


def run(found: Topology, text: str = GONE) -> Outcome:
    """Simulate it for clients whose resolvers keep to the TTL."""
    return simulate(stack_of(found, Parameters(overstaying_ratio=0.0)), from_text(text))


def rules(outcome: Outcome) -> set[str]:
    return {violation.rule for violation in outcome.violations}


def with_regions(change: Callable[[Region], Region]) -> Topology:
    found = topology(2)
    return replace(found, regions=tuple(map(change, found.regions)))


def with_records(change: Callable[[Record], Record]) -> Topology:
    found = topology(2)
    return replace(found, records=tuple(map(change, found.records)))


def test_the_sound_stack_recovers_and_breaks_nothing() -> None:
    outcome = run(topology(2))
    assert outcome.recovery_s is not None
    assert outcome.recovery_s < 60
    assert rules(outcome) == set()


def test_evacuation_checks_that_are_not_inverted_take_both_regions_out() -> None:
    def upright(region: Region) -> Region:
        return replace(
            region,
            watches=tuple(
                replace(watch, check=replace(watch.check, inverted=False))
                for watch in region.watches
            ),
        )

    assert "in service" in rules(run(with_regions(upright), "seed=1 for=600"))


def test_deep_checks_that_share_a_region_take_the_sound_one_out_with_it() -> None:
    first = topology(2).regions[0].regional_name

    def shared(region: Region) -> Region:
        return replace(region, deep_check=replace(region.deep_check, host=first))

    assert "in service" in rules(run(with_regions(shared)))


def test_records_that_follow_no_check_lead_clients_to_a_lost_region() -> None:
    def unchecked(record: Record) -> Record:
        return replace(record, health_check_id=None)

    outcome = run(with_records(unchecked))
    assert "serves" in rules(outcome)
    assert outcome.recovery_s is not None
    assert outcome.recovery_s > 890, "only the Region's return ends it"


def test_a_search_string_that_is_always_there_hides_a_wrong_model() -> None:
    def blind(check: HealthCheck) -> HealthCheck:
        return replace(check, path="/health/live", search=None)

    def seen(region: Region) -> Region:
        return replace(region, deep_check=blind(region.deep_check))

    bad = "seed=1 bad-model(us-east-1)@600+900"
    assert "serves" in rules(run(with_regions(seen), bad))
    assert rules(run(topology(2), bad)) == set()


def test_buckets_that_replicate_nowhere_lose_acknowledged_writes() -> None:
    def alone(region: Region) -> Region:
        bucket = replace(region.prediction_bucket, replicates_to=())
        return replace(region, prediction_bucket=bucket)

    assert rules(run(with_regions(alone))) == {"writes"}


def test_a_longer_ttl_and_a_higher_threshold_take_the_longer() -> None:
    def slow(record: Record) -> Record:
        return replace(record, ttl_s=300.0)

    def patient(region: Region) -> Region:
        return replace(region, deep_check=replace(region.deep_check, failure_threshold=10))

    usual = run(topology(2)).recovery_s or 0.0
    late, later = run(with_records(slow)).recovery_s, run(with_regions(patient)).recovery_s
    assert late is not None
    assert later is not None
    assert late > usual + 150
    assert later > usual + 60


def test_clients_that_keep_connections_stay_with_a_region_that_answers_wrongly() -> None:
    def brief(region: Region) -> Region:
        return replace(region, load_balancer=replace(region.load_balancer, client_keep_alive_s=60))

    bad = "seed=1 bad-model(us-east-1)@600+900"
    kept = run(topology(2), bad).recovery_s or 0.0
    ended = run(with_regions(brief), bad).recovery_s or 0.0
    assert kept > 800, "for as long as the load balancer keeps them: an hour"
    assert 60 < ended < 110


def test_a_reservation_below_the_load_throttles_the_region_that_takes_it_all() -> None:
    def small(region: Region) -> Region:
        return replace(region, function=replace(region.function, reserved_concurrency=20))

    found = nearest(2)
    both = replace(found, regions=tuple(map(small, found.regions)))
    outcome = run(both)
    assert outcome.recovery_s is not None
    assert outcome.recovery_s > 850, "half the load fits each, the whole fits neither"
    assert (run(found).recovery_s or 0.0) < 60


def test_a_stack_without_observers_is_moved_by_route_53_alone() -> None:
    def unobserved(region: Region) -> Region:
        return replace(region, observer=None)

    outcome = run(with_regions(unobserved))
    assert rules(outcome) == set()
    assert outcome.recovery_s is not None
    assert outcome.recovery_s < 60


def test_a_cold_start_that_outlasts_a_clients_patience_costs_replies() -> None:
    cold = "seed=1 cold(us-west-2,=8)@100+3000 region-gone(us-east-1)@600+900"
    usual, slower = run(topology(2)), run(topology(2), cold)
    assert slower.availability_ratio < usual.availability_ratio
    assert slower.violations == ()


def test_resolvers_that_overstay_the_ttl_hold_a_recovery_up_if_they_are_more_than_a_percent() -> (
    None
):
    recovered = {
        ratio: simulate(
            stack_of(topology(2), Parameters(overstaying_ratio=ratio)), from_text(GONE)
        ).recovery_s
        or 0.0
        for ratio in (0.005, 0.03)
    }
    assert recovered[0.005] < 60
    assert recovered[0.03] > 100
