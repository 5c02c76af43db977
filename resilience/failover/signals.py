"""What an observer has to go by: dated signals, and what they say together.

A signal is never a bare yes or no: it has an age, and "no answer" is a value of its own. What is
stale, missing or from the future is not known, and not knowing is never a reason to act.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


class Sense(StrEnum):
    """A signal once its age is considered."""

    WELL = "well"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """One observed yes or no and when it was seen; None was tried and gave no answer."""

    well: bool | None
    seen_at_s: float


NEVER: Final = Signal(well=None, seen_at_s=-inf)
"""What was never looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gates:
    """What must hold besides health before traffic may go back."""

    replication_caught_up: Signal = NEVER
    model_parity: Signal = NEVER
    capacity: Signal = NEVER


SHUT: Final = Gates()
"""Gates that nobody looked at are shut."""


class Reading(StrEnum):
    """What the signals about one watched Region, the target, say together."""

    BLIND = "cannot tell"
    WELL = "target well"
    TARGET_BAD = "target bad, a refuge well"
    REFUGE_BAD = "no refuge well, target well"
    BOTH_BAD = "target bad, no refuge known to be well"
    SPLIT = "the observer and Route 53 disagree about the target"


def sense(signal: Signal, at_s: float, stale_after_s: float) -> Sense:
    """Read one signal: unknown if it gave no answer, is stale, or claims to be from the future."""
    if signal.well is None or not 0 <= at_s - signal.seen_at_s <= stale_after_s:
        return Sense.UNKNOWN
    return Sense.WELL if signal.well else Sense.BAD


def read(observer: Sense, probe: Sense, verdict: Sense, refuge: Sense) -> Reading:
    """Judge what the signals say together: the trigger's truth table.

    The target is well or bad only when the observer's own probe and Route 53's verdict, which is
    many checkers' on three continents, say so both. A partition between two Regions fools the
    one, and a slip of a health check the other.

    Args:
        observer: Whether this observer itself is in a state to judge.
        probe: Its own look at the target, as a client.
        verdict: Route 53's verdict on the target, as its name servers tell it.
        refuge: Whether Route 53 calls any other Region well: where the traffic would go.
    """
    if observer is not Sense.WELL or probe is Sense.UNKNOWN or verdict is Sense.UNKNOWN:
        return Reading.BLIND
    if probe is not verdict:
        return Reading.SPLIT
    if probe is Sense.BAD:
        return Reading.TARGET_BAD if refuge is Sense.WELL else Reading.BOTH_BAD
    return Reading.REFUGE_BAD if refuge is Sense.BAD else Reading.WELL


def truth_table() -> Iterator[tuple[Sense, Sense, Sense, Sense, Reading]]:
    """Give every combination of the four signals, missing ones included, and its reading."""
    for observer, probe, verdict, refuge in product(Sense, repeat=4):
        yield observer, probe, verdict, refuge, read(observer, probe, verdict, refuge)
