"""What a restore came to, as the journal keeps it. Standard library only: drills run in Lambda."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - pydantic reads the annotations at run time


@dataclass(frozen=True, kw_only=True)
class Part:
    """A stretch of a restore, and how long it took, in seconds."""

    name: str
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class SwitchRecord:
    """What was brought back into what serves. `newer`: left alone, written since."""

    target: str
    brought: list[str]
    right: int
    newer: list[str]
    of_the_moment: int


@dataclass(frozen=True, kw_only=True)
class Restore:
    """One restore or rehearsal of one.

    Attributes:
        what: "predictions", "releases" or "table".
        origin: "backup" or "point-in-time".
        purpose: "restore" or "rehearsal".
        source: The bucket or table that it once was in, and `source_region` its Region.
        point: The recovery point's ARN; empty for a point in time.
        moment: As of when it is.
        region: Where it was restored, and `place` into what.
        began: When the place was taken: by an earlier run, if that was interrupted.
        resumed: Whether this run went on with what an earlier one had begun.
        by: Who asked for it, and `reason` why.
        count: Objects or items in the place; `size_bytes` are theirs.
        digests: SHA-256 by key of each that is verified; `digest` is one over them all.
        found: The verdict's sentence; `problems` is everything that is wrong.
        parts: Where the time went.
        took_s: From taking the place until it was verified, interruptions included.
        switched: What was brought back; None when nobody asked for it.
    """

    what: str
    origin: str
    purpose: str
    source: str
    source_region: str
    point: str
    moment: datetime
    region: str
    place: str
    began: datetime
    resumed: bool
    by: str
    reason: str
    count: int
    size_bytes: int
    by_digest: int
    by_stated: int
    by_replica: int
    since: int
    alone: int
    trusted: int
    digests: dict[str, str]
    digest: str
    found: str
    problems: list[str]
    parts: list[Part]
    took_s: float
    switched: SwitchRecord | None = None

    @property
    def verified(self) -> bool:
        """Whether what came back is what was there."""
        return not self.problems
