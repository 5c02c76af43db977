"""When a schedule expression of AWS fires: `cron(...)` and `rate(...)`, in UTC. Pure.

Six fields: minutes, hours, day of month, month, day of week (1 is Sunday), year; one of the two day
fields is `?`. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
What is rarely used (`L`, `W`, `#`) is refused by name, so a schedule is never half understood.
"""

from __future__ import annotations

import re
from calendar import day_abbr, month_abbr
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeAlias

_MONTHS: Final = {name.upper(): str(number) for number, name in enumerate(month_abbr) if name}
_WEEKDAYS: Final = {name.upper(): str((day + 1) % 7 + 1) for day, name in enumerate(day_abbr)}
_RATE: Final = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")
_UNIT_S: Final = {"minute": 60, "hour": 3600, "day": 86_400}
_CRON_FIELDS: Final = 6
_HORIZON_DAYS: Final = 366 * 8  # the longest wait for a 29th of February


class ScheduleError(ValueError):
    """An expression that is malformed, or uses what is not understood here."""

    def __init__(self, expression: str, problem: str) -> None:
        super().__init__(
            f"schedule {expression!r}: {problem}; expected cron(minutes hours day-of-month month "
            "day-of-week year) or rate(value unit)"
        )
        self.expression = expression


@dataclass(frozen=True, kw_only=True)
class Cron:
    """The moments of a cron expression. None: every day of its kind, every year."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None
    years: frozenset[int] | None

    def next_after(self, after_s: float) -> float | None:
        """The first moment after `after_s` (Unix seconds); None when there is none any more."""
        moment = datetime.fromtimestamp(after_s, UTC).replace(second=0, microsecond=0)
        moment += timedelta(minutes=1)
        for _ in range(_HORIZON_DAYS):
            if self._holds_on(moment):
                found = self._within_day(moment)
                if found is not None:
                    return found.timestamp()
            moment = (moment + timedelta(days=1)).replace(hour=0, minute=0)
        return None

    def _holds_on(self, day: datetime) -> bool:
        return (
            day.month in self.months
            and (self.years is None or day.year in self.years)
            and (self.days is None or day.day in self.days)
            and (self.weekdays is None or day.isoweekday() % 7 + 1 in self.weekdays)
        )

    def _within_day(self, start: datetime) -> datetime | None:
        for hour in sorted(each for each in self.hours if each >= start.hour):
            first = start.minute if hour == start.hour else 0
            later = [each for each in self.minutes if each >= first]
            if later:
                return start.replace(hour=hour, minute=min(later))
        return None


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Every so many seconds, counted from the epoch."""

    every_s: int

    def next_after(self, after_s: float) -> float | None:
        """The first moment after `after_s` (Unix seconds)."""
        return (after_s // self.every_s + 1) * self.every_s


Schedule: TypeAlias = Cron | Rate


@lru_cache(maxsize=256)
def parse(expression: str) -> Schedule:
    """Read an expression.

    Raises:
        ScheduleError: Says which part is wrong or not understood.
    """
    rate = _RATE.fullmatch(expression)
    if rate is not None:
        every_s = int(rate[1]) * _UNIT_S[rate[2].removesuffix("s")]
        if every_s == 0:
            raise ScheduleError(expression, "a rate is 1 or more")
        return Rate(every_s=every_s)
    if not (expression.startswith("cron(") and expression.endswith(")")):
        raise ScheduleError(expression, "it is neither a cron nor a rate")
    fields = expression[len("cron(") : -1].split()
    if len(fields) != _CRON_FIELDS:
        raise ScheduleError(expression, f"{len(fields)} fields")
    return _cron(expression, fields)


def _cron(expression: str, fields: list[str]) -> Cron:
    minutes, hours, days, months, weekdays, years = fields
    if (days == "?") == (weekdays == "?"):
        raise ScheduleError(expression, "exactly one of the two day fields is ?")

    def numbers(text: str, low: int, high: int) -> frozenset[int]:
        return _numbers(expression, text, low, high)

    return Cron(
        minutes=numbers(minutes, 0, 59),
        hours=numbers(hours, 0, 23),
        days=None if days in ("?", "*") else numbers(days, 1, 31),
        months=numbers(_named(months, _MONTHS), 1, 12),
        weekdays=None if weekdays in ("?", "*") else numbers(_named(weekdays, _WEEKDAYS), 1, 7),
        years=None if years == "*" else numbers(years, 1970, 2199),
    )


def _named(text: str, names: dict[str, str]) -> str:
    return re.sub(r"[A-Z]{3}", lambda found: names.get(found[0], found[0]), text.upper())


def _numbers(expression: str, text: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            first, last = str(low), str(high)
        elif step and not last:
            last = str(high)
        last = last or first
        if not all(each.isdigit() for each in (first, last, step or "1")):
            raise ScheduleError(expression, f"{part!r} is not understood")
        if not low <= int(first) <= int(last) <= high or step == "0":
            raise ScheduleError(expression, f"{part!r} is not within {low} to {high}")
        found.update(range(int(first), int(last) + 1, int(step or 1)))
    return frozenset(found)
