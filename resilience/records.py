"""What a run writes down while it happens: probes, writes, events.

All times are *scenario seconds*: seconds since the run's start on the scenario's clock, which
runs `speed` times faster than the wall clock. Pure data; the journal stores it, the measurements
are computed from it and from nothing else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How one probe ended. Everything but `GOOD` is a bad reply."""

    GOOD = "good"
    WRONG_ANSWER = "wrong answer"
    BAD_STATUS = "bad status"
    TIMEOUT = "timeout"
    NO_CONNECTION = "no connection"
    NO_ADDRESS = "no address"


class Connection(StrEnum):
    """How a simulated client treats its connections."""

    KEPT = "kept"
    FRESH = "fresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One request of a simulated client, and what came of it.

    `scheduled_s` is when the open loop meant to send it; `latency_s` runs from then to its end.
    `region` and `release` are what the reply's headers claimed; `address` is where it was sent.
    """

    scheduled_s: float
    client: int
    connection: Connection
    outcome: Outcome
    latency_s: float
    address: str | None = None
    region: str | None = None
    release: str | None = None
    status: int | None = None

    @property
    def good(self) -> bool:
        """Whether the client got the right answer in time."""
        return self.outcome is Outcome.GOOD

    @property
    def ended_s(self) -> float:
        """When the reply, or the failure, was known."""
        return self.scheduled_s + self.latency_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One numbered write; `acknowledged` says whether the Region's bucket took it."""

    number: int
    written_s: float
    region: str
    acknowledged: bool


def key_of(prefix: str, number: int) -> str:
    """Name the object of a write."""
    return f"{prefix}{number:08d}.json"


def number_of(prefix: str, key: str) -> int:
    """Read the number of a write from its object's name."""
    return int(key.removeprefix(prefix).removesuffix(".json"))


def body_of(number: int, *, written_s: float, region: str) -> str:
    """Give what the object of a write holds, as JSON."""
    return json.dumps({"number": number, "written_s": written_s, "region": region})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the run's timeline."""

    at_s: float
    kind: str
    detail: str
    region: str | None = None
