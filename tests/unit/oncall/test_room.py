"""Capacity is held against the whole load, and short of it is said with how much."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from resilience.oncall.room import Room, busy_together, carries, demand_of

NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)


def room(name: str = "us-east-1", **changed: int | None) -> Room:
    values: dict[str, int | None] = {"reserved": 50, "provisioned": 0, "quota": 1000}
    return Room(region=name, **{**values, "unreserved": 950, **changed})  # type: ignore[arg-type]


def test_the_largest_reservation_is_the_whole_load() -> None:
    demand = demand_of([room(), room("us-west-2", reserved=40)], stated=None)
    assert demand.concurrency == 50
    assert carries(room(), demand).carries
    short = carries(room("us-west-2", reserved=40), demand)
    assert not short.carries
    assert short.why == "10 short: its reservation is a ceiling"


def test_more_was_busy_than_any_region_reserves() -> None:
    demand = demand_of([room(), room("us-west-2")], stated=None, busy=70)
    assert demand.concurrency == 70
    assert "20 short" in carries(room(), demand).why
    assert demand_of([room()], stated=60, busy=70).concurrency == 60, "what is stated counts"


def test_only_what_was_busy_at_the_same_time_adds_up() -> None:
    later = NOON + timedelta(minutes=5)
    assert busy_together([{NOON: 30, later: 1}, {NOON: 2, later: 30}]) == 32
    assert busy_together([]) == 0


@pytest.mark.parametrize(
    ("there", "carried", "why"),
    [
        (room(reserved=0), False, "it is stopped"),
        (room(reserved=None, unreserved=40), False, "only 40 are shared"),
        (room(reserved=None), True, "950 are shared"),
        (room(provisioned=50), True, "all of it is kept started"),
        (room(provisioned=20), True, "30 of them start cold"),
    ],
)
def test_each_kind_of_capacity_is_judged(there: Room, why: str, *, carried: bool) -> None:
    demand = demand_of([room()], stated=50)
    found = carries(there, demand)
    assert (found.carries, why in found.why) == (carried, True), found
