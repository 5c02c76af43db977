"""Schedule expressions: the moments that AWS's own documentation gives for them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.schedules import ScheduleError, parse

START = datetime(2026, 1, 1, 10, 17, 30, tzinfo=UTC)  # a Thursday


def following(expression: str, start: datetime = START) -> str | None:
    moment_s = parse(expression).next_after(start.timestamp())
    return None if moment_s is None else datetime.fromtimestamp(moment_s, UTC).isoformat()[:16]


@pytest.mark.parametrize(
    ("expression", "moment"),
    [
        ("cron(0 10 * * ? *)", "2026-01-02T10:00"),
        ("cron(15 12 * * ? *)", "2026-01-01T12:15"),
        ("cron(0 18 ? * MON-FRI *)", "2026-01-01T18:00"),
        ("cron(0 8 ? * MON *)", "2026-01-05T08:00"),
        ("cron(0 8 1 * ? *)", "2026-02-01T08:00"),
        ("cron(0/15 * * * ? *)", "2026-01-01T10:30"),
        ("cron(0/10 * ? * MON-FRI *)", "2026-01-01T10:20"),
        ("cron(0 5 ? * 1 *)", "2026-01-04T05:00"),
        ("cron(0 0 29 FEB ? *)", "2028-02-29T00:00"),
        ("cron(30 4 1,15 JAN,JUL ? 2027)", "2027-01-01T04:30"),
        ("cron(0 0 1 1 ? 2020)", None),
        ("rate(1 hour)", "2026-01-01T11:00"),
        ("rate(5 minutes)", "2026-01-01T10:20"),
    ],
)
def test_the_next_moment_is_the_one_that_was_meant(expression: str, moment: str | None) -> None:
    assert following(expression) == moment


@pytest.mark.parametrize(
    "expression",
    [
        "daily",
        "cron(0 10 * * *)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(60 10 * * ? *)",
        "cron(0 10 L * ? *)",
        "cron(0 10 ? * 2#1 *)",
        "cron(0/0 10 * * ? *)",
        "rate(0 minutes)",
        "rate(5 weeks)",
    ],
)
def test_what_is_not_understood_is_refused_by_name(expression: str) -> None:
    with pytest.raises(ScheduleError) as refusal:
        parse(expression)
    assert refusal.value.expression == expression


@given(st.integers(0, 59), st.integers(0, 23), st.integers(0, 4_000_000_000))
def test_a_daily_schedule_fires_within_a_day_and_never_at_once(
    minute: int, hour: int, after_s: int
) -> None:
    moment_s = parse(f"cron({minute} {hour} * * ? *)").next_after(after_s)
    assert moment_s is not None, "a daily schedule never ends"
    assert after_s < moment_s <= after_s + 86_400
    moment = datetime.fromtimestamp(moment_s, UTC)
    assert (moment.minute, moment.hour) == (minute, hour)
