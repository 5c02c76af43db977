"""Replication links: lags, stalls, backlogs, what has arrived; environments; losses."""

from __future__ import annotations

from math import inf
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resilience.simulator.environments import Environments
from resilience.simulator.links import Link, draw_lag_s
from resilience.simulator.loss import OldestMissing
from resilience.simulator.parameters import Parameters

CHANCE = Random(1)  # noqa: S311 - draws lags, guards nothing


def test_what_was_written_arrives_a_lag_later() -> None:
    link = Link(2.0)
    assert link.horizon_s(100.0) == 98.0
    assert link.arrival_s(98.0) == 100.0
    assert link.clear_s() == -inf


def test_a_stalled_link_shows_what_it_showed_when_it_stalled() -> None:
    link = Link(2.0)
    assert link.hold(100.0)
    assert not link.hold(110.0), "it stood still already"
    assert link.horizon_s(150.0) == 98.0
    assert link.arrival_s(99.0) == inf
    assert not link.release(160.0)
    assert link.stalled
    assert link.release(200.0)
    assert link.clear_s() == 202.0
    assert link.horizon_s(201.0) == 98.0
    assert link.horizon_s(202.0) == 200.0
    assert link.arrival_s(99.0) == 202.0


def test_a_backlog_drains_before_anything_new_arrives() -> None:
    link = Link(1.0, per_s=1.0, drain_per_s=10.0)
    link.hold(100.0)
    link.release(200.0)
    assert link.clear_s() == 211.0, "100 s of writes, ten times as fast as they came"


def test_a_link_that_stalls_again_before_it_was_clear_was_never_clear() -> None:
    link = Link(5.0)
    link.hold(100.0)
    link.release(200.0)
    link.hold(203.0)
    assert link.horizon_s(300.0) == 95.0
    link.release(310.0)
    assert link.arrival_s(96.0) == 315.0


@settings(max_examples=60, deadline=None)
@given(
    lag_s=st.floats(0.1, 30),
    stalls=st.lists(st.floats(1, 100), max_size=8),
    written_s=st.floats(0, 300),
    later_s=st.floats(0, 300),
)
def test_what_has_arrived_is_what_arrival_says(
    lag_s: float, stalls: list[float], written_s: float, later_s: float
) -> None:
    link, now_s = Link(lag_s), 10.0
    for number, length_s in enumerate(stalls):
        now_s += length_s
        (link.release if number % 2 else link.hold)(now_s)
    at_s = now_s + later_s
    written_s = min(written_s, at_s)
    arrived = written_s <= link.horizon_s(at_s)
    assert (
        arrived is (link.arrival_s(written_s) <= at_s)
        or abs(link.arrival_s(written_s) - at_s) < 1e-6
    )


def test_lags_have_the_median_and_the_tail_that_are_asked_for() -> None:
    lags = sorted(draw_lag_s(CHANCE, 1.5, 15.0) for _ in range(4000))
    assert lags[2000] == pytest.approx(1.5, rel=0.15)
    assert lags[3960] == pytest.approx(15.0, rel=0.4)


def test_the_oldest_missing_write_is_as_old_as_drawing_every_lag_finds() -> None:
    oldest = OldestMissing(Parameters())
    drawn = sorted(oldest.draw_s(CHANCE) for _ in range(3000))

    def by_hand() -> float:
        missing = [age for age in range(1, 400) if draw_lag_s(CHANCE, 1.5, 15.0) > age]
        return float(max(missing, default=0))

    by_hands = sorted(by_hand() for _ in range(400))
    assert drawn[1500] == pytest.approx(by_hands[200], abs=1.1)
    assert drawn[2700] == pytest.approx(by_hands[360], rel=0.35)


def test_a_function_carries_no_more_than_its_reservation() -> None:
    environments = Environments(limit=10, provisioned=0, step=1000, needed=5)
    assert environments.need(100.0, 40.0) == 5
    assert environments.shortage_ratio(100.0) == 0.75
    assert environments.next_s(100.0) == inf, "waiting does not help"
    environments.need(200.0, 8.0)
    assert environments.shortage_ratio(200.0) == 0


def test_a_function_grows_by_a_thousand_environments_every_ten_seconds() -> None:
    environments = Environments(limit=inf, provisioned=0, step=1000, needed=100)
    assert environments.need(100.0, 4100.0) == 4000
    assert environments.shortage_ratio(100.0) == pytest.approx(3000 / 4100)
    assert environments.next_s(100.0) == 110.0
    assert environments.shortage_ratio(110.0) == pytest.approx(2000 / 4100)
    assert environments.shortage_ratio(130.0) == 0
    assert environments.next_s(130.0) == inf


def test_what_is_provisioned_is_there_after_all_others_ended() -> None:
    warm = Environments(limit=50, provisioned=25, step=1000, needed=25)
    cold = Environments(limit=50, provisioned=0, step=1000, needed=25)
    assert warm.lose(100.0) == 0
    assert cold.lose(100.0) == 25
