"""When practice runs may not start: dates, and windows of a week, all in UTC.

https://docs.aws.amazon.com/r53recovery/latest/dg/arc-zonal-autoshift.how-it-works.blocked-windows.html
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def problem(practice: Mapping[str, Any]) -> str | None:
    """What is wrong with the windows and dates of a configuration; None: nothing."""
    if practice.get("blockedWindows") and practice.get("allowedWindows"):
        return "blockedWindows and allowedWindows exclude each other"
    for window in _windows(practice):
        start, _, end = window.partition("-")
        if start[:3] != end[:3]:
            return f"{window} does not start and end on the same day"
        if not all(_is_time(each[4:]) for each in (start, end)) or start[4:] >= end[4:]:
            return f"{window} does not end after it starts, on a clock of 24 hours"
    for blocked in practice.get("blockedDates", []):
        try:
            date.fromisoformat(blocked)
        except ValueError:
            return f"{blocked} is no date"
    return None


def refusal(practice: Mapping[str, Any], now: datetime) -> tuple[str, str] | None:
    """The API's reason, and words, why no practice run starts at a moment (UTC); None: it may."""
    if now.date().isoformat() in practice.get("blockedDates", []):
        return "PracticeInBlockedDates", f"{now.date().isoformat()} is blocked"
    if any(_covers(window, now) for window in practice.get("blockedWindows", [])):
        return "PracticeInBlockedWindows", f"{now:%a %H:%M} is in a blocked window"
    allowed = practice.get("allowedWindows", [])
    if allowed and not any(_covers(window, now) for window in allowed):
        return "PracticeOutsideAllowedWindows", f"{now:%a %H:%M} is in no allowed window"
    return None


def _windows(practice: Mapping[str, Any]) -> list[str]:
    return [*practice.get("blockedWindows", []), *practice.get("allowedWindows", [])]


def _covers(window: str, now: datetime) -> bool:
    start, _, end = window.partition("-")
    return _DAYS[now.weekday()] == start[:3] and start[4:] <= f"{now:%H:%M}" < end[4:]


def _is_time(text: str) -> bool:
    hours, _, minutes = text.partition(":")
    return int(hours) < 24 and int(minutes) < 60  # noqa: PLR2004  # hours and minutes of a day
