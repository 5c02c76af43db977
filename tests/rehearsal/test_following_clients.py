"""How soon clients follow an evacuation is measured so that one that comes late is noticed."""

from __future__ import annotations

import pytest
from clients import followed_s, promise_of

from resilience.objectives import Timing
from resilience.records import Connection, Outcome, Probe

EAST, WEST = "us-east-1", "us-west-2"
ASKED_S, UNTIL_S = 100.0, 200.0
SPEED = 2.0
# A window of 30 s and a TTL of 10 s, and what a busy machine may add at that speed.
PROMISE = promise_of(Timing(interval_s=10, failure_threshold=3, record_ttl_s=10), speed=SPEED)
LATEST_S = 40.0 + 6.0 * SPEED


def probe(at_s: float, region: str | None) -> Probe:
    """A request that a Region answers well; that none answers, if there is none."""
    return Probe(
        scheduled_s=at_s,
        client=0,
        connection=Connection.FRESH,
        outcome=Outcome.TIMEOUT if region is None else Outcome.GOOD,
        latency_s=0.1,
        region=region,
    )


def measured(moved_s: float, before: str | None) -> float | None:
    """What is measured if four requests a second meet `before` until so long after the word."""
    probes = [
        probe(at / 4, before if at / 4 < ASKED_S + moved_s else WEST)
        for at in range(int(UNTIL_S) * 4)
    ]
    return followed_s(probes, asked_s=ASKED_S, until_s=UNTIL_S, away_from=EAST)


@pytest.mark.parametrize("before", [EAST, None])
def test_clients_that_follow_in_time_keep_the_promise(before: str | None) -> None:
    assert measured(LATEST_S, before) == LATEST_S
    PROMISE.check(measured(LATEST_S, before))
    PROMISE.check(measured(0, before))


@pytest.mark.parametrize("before", [EAST, None])
def test_clients_that_follow_a_second_late_break_it(before: str | None) -> None:
    with pytest.raises(AssertionError, match=r"clients followed after 53\.0 s"):
        PROMISE.check(measured(LATEST_S + 1, before))


@pytest.mark.parametrize("before", [EAST, None])
def test_clients_that_never_follow_break_it(before: str | None) -> None:
    with pytest.raises(AssertionError, match="no client was ever"):
        PROMISE.check(measured(UNTIL_S, before))


def test_a_stack_that_nobody_asks_proves_nothing() -> None:
    took_s = followed_s([], asked_s=ASKED_S, until_s=UNTIL_S, away_from=EAST)
    with pytest.raises(AssertionError, match="no client was ever"):
        PROMISE.check(took_s)
