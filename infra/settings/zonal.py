"""Settings of zonal autoshift: whether AWS may leave a zone by itself, and when it practises."""

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Final, cast

from infra.settings import fields
from infra.settings.reading import Reading

# https://docs.aws.amazon.com/arc-zonal-shift/latest/api/API_CreatePracticeRunConfiguration.html
_MOST: Final = 15
_DAY: Final = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_TIME: Final = "((?:[01][0-9]|2[0-3]):[0-5][0-9])"
_WINDOW: Final = re.compile(rf"{_DAY}:{_TIME}-{_DAY}:{_TIME}")


@dataclass(frozen=True, kw_only=True)
class ZonalSettings:
    """When traffic leaves a zone; `Pulumi.yaml` says what each setting means.

    Attributes:
        autoshift: Whether AWS shifts traffic away from an impaired zone, and practises it weekly.
        blocked_windows: When no practice run starts, every week, UTC.
        blocked_dates: On which dates no practice run starts, UTC.
    """

    autoshift: bool
    blocked_windows: tuple[str, ...]
    blocked_dates: tuple[str, ...]


def read(reading: Reading) -> ZonalSettings:
    """Read the group."""
    return ZonalSettings(
        autoshift=reading.read("zonalAutoshift", fields.boolean),
        blocked_windows=reading.read("practiceRunBlockedWindows", _windows),
        blocked_dates=reading.read("practiceRunBlockedDates", _dates),
    )


def _windows(text: str) -> tuple[str, ...]:
    windows = _strings(text, "windows")
    for window in windows:
        found = _WINDOW.fullmatch(window)
        if found is None or found[1] != found[3] or found[2] >= found[4]:
            raise fields.FieldError(
                f'windows within one day, UTC, such as "Sat:00:00-Sat:23:59"; "{window}" is none'
            )
    return windows


def _dates(text: str) -> tuple[str, ...]:
    dates = _strings(text, "dates")
    for each in dates:
        try:
            known = date.fromisoformat(each).isoformat() == each
        except ValueError:
            known = False
        if not known:
            raise fields.FieldError(f'dates such as "2027-12-24"; "{each}" is none')
    return dates


def _strings(text: str, what: str) -> tuple[str, ...]:
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
