"""When something may run, every week: days and hours in UTC, such as `mon-thu 09:00-16:00`.

The same words as `resilience.experiments.core.guards` reads them back by.
"""

import re
from typing import Final

from infra.settings import fields
from infra.settings.windows import strings

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = f"({'|'.join(_DAYS)})"
_TIME: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_END: Final = f"(?:{_TIME}|24:00)"
_HOURS: Final = re.compile(rf"{_DAY}(?:-{_DAY})? (?P<begins>{_TIME})-(?P<ends>{_END})")


def opening_hours(text: str) -> tuple[str, ...]:
    """Read days and hours; the last minute told is not within."""
    found = strings(text, "windows")
    for window in found:
        parts = _HOURS.fullmatch(window)
        if parts is None or parts["begins"] >= parts["ends"]:
            raise fields.FieldError(
                f'days and hours in UTC, such as "mon-thu 09:00-16:00"; "{window}" is none'
            )
    return found


def within(moment: str, window: str) -> bool:
    """Whether a moment of the week (`Mon:09:30`, as a schedule tells it) is in a window."""
    days, hours = window.split(" ")
    first, _, last = days.partition("-")
    begins, ends = hours.split("-")
    start, end, day = (_DAYS.index(each) for each in (first, last or first, moment[:3].lower()))
    on_day = start <= day <= end if start <= end else day >= start or day <= end
    return on_day and begins <= moment[4:] < ends
