"""What can be restored, what from, and what for."""

from __future__ import annotations

from enum import StrEnum


class What(StrEnum):
    """What can be restored."""

    PREDICTIONS = "predictions"
    RELEASES = "releases"
    TABLE = "table"


class Origin(StrEnum):
    """What a restore is made from."""

    BACKUP = "backup"
    POINT_IN_TIME = "point-in-time"


class Purpose(StrEnum):
    """What a restore is made for; a rehearsal leaves nothing behind."""

    RESTORE = "restore"
    REHEARSAL = "rehearsal"
