"""Settings of zonal autoshift: whether AWS may leave a zone by itself, and when it practises."""

from dataclasses import dataclass

from infra.settings import fields, windows
from infra.settings.reading import Reading


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
        blocked_windows=reading.read("practiceRunBlockedWindows", windows.windows),
        blocked_dates=reading.read("practiceRunBlockedDates", windows.dates),
    )
