"""An order: what is to be restored, as it was when, from what, and in which Region.

The same order always leads to the same place, so that asking again goes on instead of beginning
anew.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resilience.restore.kinds import Purpose, What

if TYPE_CHECKING:
    from datetime import datetime

    from resilience.restore.kinds import Origin


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be restored.

    Attributes:
        what: What it is.
        origin: What it is restored from.
        purpose: What for.
        region: Where it is restored.
        source: The bucket or table that it once was in.
        source_region: That one's Region.
        moment: When the recovery point was taken, or the moment that is wanted back.
        point: The recovery point's ARN; empty for a point in time.
        size_bytes: What AWS Backup says of the recovery point's size; 0 if it says nothing.
    """

    what: What
    origin: Origin
    region: str
    source: str
    source_region: str
    moment: datetime
    purpose: Purpose = Purpose.RESTORE
    point: str = ""
    size_bytes: int = 0

    @property
    def text(self) -> str:
        """Say it as a tag of AWS may hold it: at most 256 letters, digits and `+-=._:/@`."""
        return self.point or f"{self.source}@{self.moment.isoformat()}"

    def place(self, prefix: str) -> str:
        """Name the place for it: one that the stack's restoring role may write to."""
        digest = hashlib.sha256(f"{self.region} {self.text}".encode()).hexdigest()
        return f"{places(prefix, self.purpose)}{self.what}-{digest[:8]}"

    def __str__(self) -> str:
        """Say it to a person."""
        origin = (
            f"recovery point {self.point.rpartition(':')[2]} of"
            if self.point
            else "the versions of"
            if self.what is not What.TABLE
            else "the recovery window of"
        )
        return f"{self.what} from {origin} {self.source} as of {self.moment:%Y-%m-%d %H:%M:%S} UTC"


def places(prefix: str, purpose: Purpose = Purpose.RESTORE) -> str:
    """Give what the names of all places for a purpose begin with, in any Region."""
    return f"{prefix}-restored-" + ("drill-" if purpose is Purpose.REHEARSAL else "")
