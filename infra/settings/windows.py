"""When something may or may not run: windows within a day, every week, and single dates; UTC."""

import json
import re
from datetime import date
from typing import Final, cast

from infra.settings import fields

# https://docs.aws.amazon.com/arc-zonal-shift/latest/api/API_CreatePracticeRunConfiguration.html
_MOST: Final = 15
_DAY: Final = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_TIME: Final = "((?:[01][0-9]|2[0-3]):[0-5][0-9])"
_WINDOW: Final = re.compile(rf"{_DAY}:{_TIME}-{_DAY}:{_TIME}")


def windows(text: str) -> tuple[str, ...]:
    """Read windows, each within one day."""
    found = strings(text, "windows")
    for window in found:
        parts = _WINDOW.fullmatch(window)
        if parts is None or parts[1] != parts[3] or parts[2] >= parts[4]:
            raise fields.FieldError(
                f'windows within one day, UTC, such as "Sat:00:00-Sat:23:59"; "{window}" is none'
            )
    return found


def dates(text: str) -> tuple[str, ...]:
    """Read dates."""
    found = strings(text, "dates")
    for each in found:
        try:
            known = date.fromisoformat(each).isoformat() == each
        except ValueError:
            known = False
        if not known:
            raise fields.FieldError(f'dates such as "2027-12-24"; "{each}" is none')
    return found


def strings(text: str, what: str) -> tuple[str, ...]:
    """Read a list of words, each of them once."""
    try:
        items = json.loads(text)
    except ValueError:
        items = None
    if not isinstance(items, list):
        raise fields.FieldError(f"a list of {what}, which may be empty")
    found = tuple(str(item) for item in cast("list[object]", items))
    if len(found) > _MOST or len(set(found)) != len(found):
        raise fields.FieldError(f"at most {_MOST} {what}, each once")
    return found
