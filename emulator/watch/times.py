"""When a schedule expression fires: `rate(...)`, `cron(...)`, `at(...)`. Pure.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_UNITS_S: Final = {"minute": 60, "hour": 3600, "day": 86_400}
_RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_CRON: Final = re.compile(r"cron\((.+)\)")
_AT: Final = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_MONTHS: Final = {name.upper(): n for n, name in enumerate(calendar.month_abbr) if name}
_DAYS: Final = {
    name: n for n, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)
}
_CRON_FIELDS: Final = 6
_LAST_YEAR: Final = 2199
_LOOK_AHEAD_DAYS: Final = 366 * 9
"""Far enough for 29 February of the next leap year, across a century that has none."""


class ScheduleError(ValueError):
    """A schedule expression (or time zone) that AWS would refuse, or that is not emulated."""


class Times(Protocol):
    """When a schedule fires."""

    def after(self, at_s: float) -> float | None:
        """The first time later than `at_s` (emulated Unix time); None: never again."""
        ...


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Every so often, counted from a start."""

    every_s: int
    start_s: float

    def after(self, at_s: float) -> float | None:
        """See `Times`."""
        passed = max(int((at_s - self.start_s) // self.every_s), 0)
        return self.start_s + (passed + 1) * self.every_s


@dataclass(frozen=True, kw_only=True)
class Once:
    """At one moment."""

    at_s: float

    def after(self, at_s: float) -> float | None:
        """See `Times`."""
        return self.at_s if self.at_s > at_s else None


@dataclass(frozen=True, kw_only=True)
class Cron:
    """At times of days, in a time zone.

    A time that a change to summer time skips does not fire; one that comes twice fires once.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: _Days
    months: frozenset[int]
    years: frozenset[int]
    zone: ZoneInfo

    def after(self, at_s: float) -> float | None:
        """See `Times`."""
        now = datetime.fromtimestamp(at_s, self.zone)
        for ahead in range(_LOOK_AHEAD_DAYS):
            day = now.date() + timedelta(days=ahead)
            if (
                day.year in self.years
                and day.month in self.months
                and self.days.has(day.year, day.month, day.day)
            ):
                for moment in self._moments(datetime(day.year, day.month, day.day)):  # noqa: DTZ001  # local, its zone is given next
                    if moment > at_s:
                        return moment
        return None

    def _moments(self, day: datetime) -> Iterator[float]:
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                local = day.replace(hour=hour, minute=minute, tzinfo=self.zone)
                moment = local.astimezone(UTC)
                if moment.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
                    yield moment.timestamp()


@dataclass(frozen=True, kw_only=True)
class _Days:
    """Days of the month, or days of the week; exactly one is said."""

    of_month: frozenset[int] | None
    last_of_month: bool
    of_week: frozenset[int] | None
    nth: frozenset[tuple[int, int]]
    """(day of the week, n): the n-th of the month; n = 0 for the last."""

    def has(self, year: int, month: int, day: int) -> bool:
        length = calendar.monthrange(year, month)[1]
        if self.of_month is not None:
            return day in self.of_month or (self.last_of_month and day == length)
        weekday = calendar.weekday(year, month, day)
        sunday_first = (weekday + 1) % 7 + 1
        nth = {(sunday_first, (day - 1) // 7 + 1)}
        if day + 7 > length:
            nth.add((sunday_first, 0))
        return sunday_first in (self.of_week or ()) or bool(nth & self.nth)


def parse(expression: str, *, start_s: float, zone: str = "UTC", of_rule: bool = False) -> Times:
    """Read a schedule expression.

    Args:
        expression: `rate(5 minutes)`, `cron(0 3 * * ? *)`, `at(2027-01-15T08:00:00)`.
        start_s: When a rate begins to count.
        zone: IANA name, for `cron` and `at`.
        of_rule: Whether it is a rule's, where one minute is `rate(1 minute)` and nothing else;
            Scheduler takes `rate(1 minutes)` as well. Rules know no `at`.

    Raises:
        ScheduleError: It is malformed or not emulated.
    """
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ScheduleError(f"time zone {zone!r} is not known") from error
    if found := _RATE.fullmatch(expression):
        count = int(found[1])
        if count == 0 or (of_rule and (count == 1) == bool(found[3])):
            raise ScheduleError(f"{expression!r}: rate(1 minute), but rate(5 minutes)")
        return Rate(every_s=count * _UNITS_S[found[2]], start_s=start_s)
    if (found := _AT.fullmatch(expression)) and not of_rule:
        local = datetime.fromisoformat(found[1]).replace(tzinfo=place)
        return Once(at_s=local.timestamp())
    if found := _CRON.fullmatch(expression):
        return _cron(found[1], expression, place)
    raise ScheduleError(f"{expression!r} is none of rate(...), cron(...) and at(...)")


def _cron(text: str, expression: str, zone: ZoneInfo) -> Cron:
    fields = text.upper().split()
    if len(fields) != _CRON_FIELDS:
        raise ScheduleError(f"{expression!r} has {len(fields)} fields; cron needs {_CRON_FIELDS}")
    minutes, hours, of_month, month, of_week, year = fields
    try:
        return Cron(
            minutes=_values(minutes, 0, 59),
            hours=_values(hours, 0, 23),
            days=_days(of_month, of_week),
            months=_values(month, 1, 12, _MONTHS),
            years=_values(year, 1970, _LAST_YEAR),
            zone=zone,
        )
    except ValueError as error:
        raise ScheduleError(f"{expression!r}: {error}") from error


def _days(of_month: str, of_week: str) -> _Days:
    if (of_month == "?") == (of_week == "?"):
        raise ValueError("one of day-of-month and day-of-week must be ?, and only one")
    if of_week == "?":
        named = of_month.split(",")
        numbers = ",".join(each for each in named if each != "L")
        values = _values(numbers, 1, 31) if numbers else frozenset[int]()
        return _Days(of_month=values, last_of_month="L" in named, of_week=None, nth=frozenset())
    nth: set[tuple[int, int]] = set()
    plain: list[str] = []
    for each in of_week.split(","):
        if "#" in each:
            day, _, count = each.partition("#")
            nth.add((_number(day, _DAYS), int(count)))
        elif each != "L" and each.endswith("L"):
            nth.add((_number(each[:-1], _DAYS), 0))
        else:
            plain.append("7" if each == "L" else each)
    values = _values(",".join(plain), 1, 7, _DAYS) if plain else frozenset[int]()
    return _Days(of_month=None, last_of_month=False, of_week=values, nth=frozenset(nth))


def _values(
    text: str, low: int, high: int, names: Mapping[str, int] | None = None
) -> frozenset[int]:
    """The numbers that a field stands for: `*`, `5`, `1-5`, `*/15`, `10/2`, `MON-FRI`, lists."""
    found: set[int] = set()
    for part in text.split(","):
        body, _, step = part.partition("/")
        if body == "*":
            first, last = low, high
        elif "-" in body:
            start, _, end = body.partition("-")
            first, last = _number(start, names), _number(end, names)
        else:
            first = _number(body, names)
            last = high if step else first
        if not low <= first <= high or not low <= last <= high:
            raise ValueError(f"{part!r} is not within {low} to {high}")
        found.update(range(first, last + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, names: Mapping[str, int] | None) -> int:
    if names and text in names:
        return names[text]
    if not text.isdecimal():
        raise ValueError(f"{text!r} is not emulated in a cron expression")
    return int(text)
