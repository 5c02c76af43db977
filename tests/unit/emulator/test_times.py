"""Schedule expressions, with the examples of AWS's documentation."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from emulator.watch.times import ScheduleError, parse


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def upcoming(expression: str, after: str, count: int, *, zone: str = "UTC") -> list[str]:
    times = parse(expression, start_s=at(after), zone=zone)
    found: list[str] = []
    moment: float | None = at(after)
    for _ in range(count):
        assert moment is not None
        moment = times.after(moment)
        if moment is not None:
            found.append(datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M"))
    return found


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("rate(5 minutes)", ["2027-01-15T08:05", "2027-01-15T08:10"]),
        ("rate(1 hour)", ["2027-01-15T09:00", "2027-01-15T10:00"]),
        ("at(2027-02-01T00:00:00)", ["2027-02-01T00:00"]),
        ("cron(0 10 * * ? *)", ["2027-01-15T10:00", "2027-01-16T10:00"]),
        ("cron(15 12 * * ? *)", ["2027-01-15T12:15", "2027-01-16T12:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2027-01-15T18:00", "2027-01-18T18:00"]),
        ("cron(0 8 1 * ? *)", ["2027-02-01T08:00", "2027-03-01T08:00"]),
        ("cron(0/15 * * * ? *)", ["2027-01-15T08:15", "2027-01-15T08:30"]),
        ("cron(0 9 ? * 2#1 *)", ["2027-02-01T09:00", "2027-03-01T09:00"]),
        ("cron(0 9 L * ? *)", ["2027-01-31T09:00", "2027-02-28T09:00"]),
        ("cron(0 9 ? * 6L *)", ["2027-01-29T09:00", "2027-02-26T09:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00", "2032-02-29T00:00"]),
    ],
)
def test_expressions_fire_when_aws_says(expression: str, times: list[str]) -> None:
    assert upcoming(expression, "2027-01-15T08:00", len(times)) == times


def test_a_time_zone_moves_with_summer_time() -> None:
    found = upcoming("cron(0 3 * * ? *)", "2027-03-26T12:00", 3, zone="Europe/Berlin")
    assert found == ["2027-03-27T02:00", "2027-03-28T01:00", "2027-03-29T01:00"]


def test_a_time_that_summer_time_skips_does_not_fire() -> None:
    found = upcoming("cron(30 2 * * ? *)", "2027-03-27T12:00", 1, zone="Europe/Berlin")
    assert found == ["2027-03-29T00:30"], "on the 28th there is no half past two"


def test_a_moment_that_has_passed_never_comes() -> None:
    assert parse("at(2020-01-01T00:00:00)", start_s=0).after(at("2027-01-15T08:00")) is None


@pytest.mark.parametrize(
    "expression",
    [
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(5 weeks)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(0 10 * * ?)",
        "cron(60 10 * * ? *)",
        "cron(0 10 15W * ? *)",
        "every day",
        "at(tomorrow)",
    ],
)
def test_what_aws_refuses_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleError):
        parse(expression, start_s=0, of_rule=True)


def test_scheduler_takes_what_rules_do_not() -> None:
    assert upcoming("rate(1 minutes)", "2027-01-15T08:00", 1) == ["2027-01-15T08:01"]
    with pytest.raises(ScheduleError):
        parse("at(2027-02-01T00:00:00)", start_s=0, of_rule=True)


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(ScheduleError, match="Mars"):
        parse("rate(5 minutes)", start_s=0, zone="Mars/Olympus")
