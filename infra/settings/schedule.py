"""When AWS does something again and again: cron expressions in UTC, and how far apart runs are.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
"""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from infra.settings.fields import FieldError

_FIELDS: Final = 6
_DAY_MIN: Final = 24 * 60
_EXAMPLE: Final = 'a schedule in UTC, such as "cron(0 5 * * ? *)"'

_MONTHS: Final = {name.upper(): at for at, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS: Final = {
    name: at for at, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)
}
_SATURDAY: Final = 7
_WEEKS: Final = range(1, 6)

# A leap year and the three around it: whatever comes once in four years is in it.
_FIRST_DAY: Final = date(2027, 1, 1)
_DAYS: Final = tuple(
    _FIRST_DAY + timedelta(days=ahead) for ahead in range((date(2031, 1, 1) - _FIRST_DAY).days)
)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How often something runs.

    Attributes:
        shortest_gap_min: Least time between two runs, minutes.
        longest_gap_min: Most time between two runs, minutes.
        moments: When in a week it may run ("Mon:09:30").
    """

    shortest_gap_min: int
    longest_gap_min: int
    moments: frozenset[str]

    @property
    def longest_gap_days(self) -> float:
        """Most time between two runs, days."""
        return self.longest_gap_min / _DAY_MIN

    @property
    def daily(self) -> bool:
        """Whether it runs every day, or more often."""
        return self.longest_gap_min <= _DAY_MIN


def schedule(text: str) -> Schedule:
    """Read a schedule that runs for ever.

    Raises:
        FieldError: It is malformed, never runs, or ends with some year.
    """
    fields = text[len("cron(") : -1].split(" ") if _is_cron(text) else []
    if len(fields) != _FIELDS or (fields[2] == "?") == (fields[4] == "?"):
        raise FieldError(f"{_EXAMPLE}: six fields, one of the two for days is ?")
    if fields[5] != "*":
        raise FieldError(f"{_EXAMPLE}: every year, or it ends and nobody notices")
    try:
        times = _times(fields[0], fields[1])
        days = _days(*fields[2:5])
    except ValueError as error:
        raise FieldError(f"{_EXAMPLE}: {error}") from error
    if not days:
        raise FieldError(f"{_EXAMPLE}: {fields[2]} {fields[3]} {fields[4]} comes in no year")
    return _gaps(times, days)


def _is_cron(text: str) -> bool:
    return text.startswith("cron(") and text.endswith(")")


def _gaps(times: list[int], days: list[date]) -> Schedule:
    """How far apart runs are that happen at each of these minutes of each of these days."""
    nights = {(later - sooner).days for sooner, later in pairwise(days)} or {len(_DAYS)}
    over_night = [each * _DAY_MIN - times[-1] + times[0] for each in nights]
    gaps = [*over_night, *(later - sooner for sooner, later in pairwise(times))]
    weekdays = {calendar.day_abbr[day.weekday()] for day in days}
    return Schedule(
        shortest_gap_min=min(gaps),
        longest_gap_min=max(gaps),
        moments=frozenset(
            f"{weekday}:{past // 60:02}:{past % 60:02}" for weekday in weekdays for past in times
        ),
    )


def _times(minute: str, hour: str) -> list[int]:
    """The minutes of a day."""
    hours, minutes = _numbers(hour, 0, 23), _numbers(minute, 0, 59)
    return sorted(each * 60 + past for each in hours for past in minutes)


def _days(of_month: str, month: str, of_week: str) -> list[date]:
    months = _numbers(month, 1, 12, _MONTHS)
    if of_week == "?":
        listed = of_month.split(",")
        numbers = [each for each in listed if each != "L"]
        chosen = _numbers(",".join(numbers), 1, 31) if numbers else frozenset[int]()
        last = "L" in listed
        return [
            day
            for day in _DAYS
            if day.month in months and (day.day in chosen or (last and _is_last(day)))
        ]
    weekdays = _weekdays(of_week)
    return [day for day in _DAYS if day.month in months and not weekdays.isdisjoint(_names(day))]


def _is_last(day: date) -> bool:
    return (day + timedelta(days=1)).month != day.month


def _names(day: date) -> set[tuple[int, int]]:
    """A day as a weekday, and as the how many-th in its month; 0 is the last."""
    weekday = day.isoweekday() % 7 + 1
    last = (day + timedelta(days=7)).month != day.month
    return {(weekday, (day.day - 1) // 7 + 1), *({(weekday, 0)} if last else ())}


def _weekdays(text: str) -> set[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for each in text.split(","):
        weekday, hash_, nth = each.partition("#")
        if hash_:
            found.add((_number(weekday, _WEEKDAYS), _number(nth)))
        elif each != "L" and each.endswith("L"):
            found.add((_number(each[:-1], _WEEKDAYS), 0))
        else:
            plain = str(_SATURDAY) if each == "L" else each
            numbers = _numbers(plain, 1, _SATURDAY, _WEEKDAYS)
            found |= {(number, week) for number in numbers for week in _WEEKS}
    if not all(1 <= weekday <= _SATURDAY and nth <= _WEEKS[-1] for weekday, nth in found):
        raise ValueError(f"{text} is no day of the week")
    return found


def _numbers(
    text: str, low: int, high: int, names: Mapping[str, int] | None = None
) -> frozenset[int]:
    """What a field stands for: `*`, `5`, `1-5`, `*/15`, `10/2`, `MON-FRI`, and lists of them."""
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        begin = low if span == "*" else _number(first, names)
        end = _number(last, names) if dash else (high if slash or span == "*" else begin)
        every = _number(step) if slash else 1
        if not low <= begin <= end <= high or every == 0:
            raise ValueError(f"{part} is not within {low} to {high}")
        found.update(range(begin, end + 1, every))
    return frozenset(found)


def _number(text: str, names: Mapping[str, int] | None = None) -> int:
    if names and text in names:
        return names[text]
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{text or 'nothing'} where a number is expected")
    return int(text)
