"""Names of journals, whose turn it is, and how old the last drill that passed is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resilience.functions.drill_age import age_s
from resilience.functions.drill_journals import (
    Kept,
    kept_in,
    name_of,
    next_in_turn,
    report,
)

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
TWO = ("region-loss", "dns-switchover")


def kept(experiment: str, verdict: str, *, hours: int = 0) -> Kept:
    at = NOON + timedelta(hours=hours)
    return Kept(at=at, experiment=experiment, verdict=verdict, drill="d1")


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - UTC is added below
    st.sampled_from(TWO),
    st.sampled_from(["met", "missed", "broken", "refused"]),
    st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True),
)
def test_a_journals_name_says_what_it_is_of(
    at: datetime, experiment: str, verdict: str, drill: str
) -> None:
    whole = at.replace(microsecond=0, tzinfo=UTC)
    told = Kept(at=whole, experiment=experiment, verdict=verdict, drill=drill)
    assert kept_in(f"{name_of(told)}journal.json") == told


@pytest.mark.parametrize(
    "key",
    [
        *("", "journals/", "journals/readme.txt", "other/2026-11-28T120000Z_a_met_d/journal.json"),
        *("journals/yesterday_a_met_d/journal.json", "journals/2026-11-28T120000Z_a_met/x"),
    ],
)
def test_what_is_no_journal_is_none(key: str) -> None:
    assert kept_in(key) is None


def test_experiments_take_turns() -> None:
    assert next_in_turn(TWO, []) == "region-loss"
    assert next_in_turn(TWO, [kept("region-loss", "met")]) == "dns-switchover"
    both = [kept("region-loss", "met"), kept("dns-switchover", "missed", hours=1)]
    assert next_in_turn(TWO, both) == "region-loss", "round and round, in whatever order they came"
    assert next_in_turn(TWO, both[::-1]) == "region-loss"


def test_a_drill_that_was_refused_does_not_lose_its_turn() -> None:
    ran = [kept("region-loss", "met"), kept("dns-switchover", "refused", hours=1)]
    assert next_in_turn(TWO, ran) == "dns-switchover"


def test_an_experiment_that_is_scheduled_no_more_has_no_turn() -> None:
    assert next_in_turn(TWO, [kept("observer-dead", "met")]) == "region-loss"


def test_the_age_is_that_of_the_last_drill_that_passed() -> None:
    made, now = NOON - timedelta(days=9), NOON + timedelta(hours=5)
    found = [kept("a", "met"), kept("a", "missed", hours=1), kept("a", "broken", hours=2)]
    assert age_s(found, made, now) == timedelta(hours=5).total_seconds()


def test_a_stack_that_was_never_drilled_is_as_old_as_its_machine() -> None:
    refused = [kept("a", "refused")]
    assert age_s(refused, NOON - timedelta(days=2), NOON) == timedelta(days=2).total_seconds()


def test_a_report_shows_what_was_held_and_lets_no_markup_in() -> None:
    told = {
        "broken": None,
        "verdicts": [{"objective": "rto_s", "measured": None, "bound": 98.0, "met": False}],
        "expectations": [{"name": "<b>moved</b>", "detail": "a & b", "held": True}],
        "timeline": [{"at_s": 12.34, "detail": "reserved concurrency 0"}],
    }
    page = report(told, kept("region-loss", "missed"))
    assert "Drill region-loss: missed" in page
    assert "<td>rto_s</td><td>never</td><td>98</td><td>missed</td>" in page
    assert "&lt;b&gt;moved&lt;/b&gt;" in page
    assert "<b>" not in page
    assert "<td>12.3 s</td><td>reserved concurrency 0</td>" in page
