"""How far apart the runs of a schedule are."""

import pytest

from infra.settings.fields import FieldError
from infra.settings.schedule import schedule

DAY_MIN = 24 * 60


@pytest.mark.parametrize(
    ("text", "shortest_min", "longest_min"),
    [
        ("cron(0 5 * * ? *)", DAY_MIN, DAY_MIN),
        ("cron(0 8 ? * MON *)", 7 * DAY_MIN, 7 * DAY_MIN),
        ("cron(0 8 ? * L *)", 7 * DAY_MIN, 7 * DAY_MIN),
        ("cron(0/5 * * * ? *)", 5, 5),
        ("cron(0,59 0 * * ? *)", 59, DAY_MIN - 59),
        ("cron(0 5,17 1-31 JAN-DEC ? *)", DAY_MIN // 2, DAY_MIN // 2),
        ("cron(0 5 L * ? *)", 28 * DAY_MIN, 31 * DAY_MIN),
        ("cron(0 5 ? * 2#1 *)", 28 * DAY_MIN, 35 * DAY_MIN),
        ("cron(0 5 ? * 6L *)", 28 * DAY_MIN, 35 * DAY_MIN),
        ("cron(0 5 29 2 ? *)", 1461 * DAY_MIN, 1461 * DAY_MIN),
    ],
)
def test_the_gaps_between_runs_are_known(text: str, shortest_min: int, longest_min: int) -> None:
    found = schedule(text)
    assert (found.shortest_gap_min, found.longest_gap_min) == (shortest_min, longest_min)
    assert found.daily == (longest_min <= DAY_MIN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rate(1 day)", "six fields"),
        ("cron(0 5 * * *)", "six fields"),
        ("cron(0 5 * * * *)", "one of the two for days is ?"),
        ("cron(0 5 ? * ? *)", "one of the two for days is ?"),
        ("cron(60 5 * * ? *)", "60 is not within 0 to 59"),
        ("cron(0 5 32 * ? *)", "32 is not within 1 to 31"),
        ("cron(0 5 3W * ? *)", "3W where a number is expected"),
        ("cron(0 5 ? * FRI-MON *)", "FRI-MON is not within 1 to 7"),
        ("cron(0 5 ? * MON#9 *)", "MON#9 is no day of the week"),
        ("cron(0/0 5 * * ? *)", "0/0 is not within"),
        ("cron(0 5 31 4,6 ? *)", "comes in no year"),
        ("cron( 5 * * ? *)", "nothing where a number is expected"),
        ("cron(0 5 * * ? 2027)", "every year"),
    ],
)
def test_what_never_runs_or_not_for_ever_is_refused(text: str, expected: str) -> None:
    with pytest.raises(FieldError) as refused:
        schedule(text)
    assert expected in refused.value.expected
