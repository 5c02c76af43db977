"""What state an alarm's recent data points lead to, missing ones included. Pure.

The rules, and the tables that the tests repeat:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emulator.watch.alarm import ALARM, INSUFFICIENT_DATA, OK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EXTRA_POINTS: Final = 2
"""Points looked at beyond the evaluation periods, in case some are missing.

AWS documents one example (3 periods, a range of 5) and says that the number depends on the period;
that it is always 2 is unverified.
"""

COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
MISSING_TREATMENTS: Final = ("breaching", "notBreaching", "ignore", "missing")


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """M of N, and what a missing point counts as."""

    periods: int
    """N: how many recent points are evaluated."""
    to_alarm: int
    """M: how many of them must breach."""
    missing: str

    @property
    def range(self) -> int:
        """How many recent points are looked at."""
        return self.periods + EXTRA_POINTS


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The state that the points lead to (None: it stays as it is), and what was counted."""

    state: str | None
    breaching: int
    """Real points that breach, of those evaluated."""
    evaluated: int
    """Real points evaluated."""
    filled: int
    """Missing points that were needed."""


def verdict(points: Sequence[bool | None], how: Sensitivity) -> Verdict:
    """Decide.

    Args:
        points: The evaluation range, oldest first: breaching, not breaching, or None for missing.
        how: The alarm's settings.
    """
    real = [point for point in points if point is not None]
    if len(real) >= how.periods:
        recent = real[-how.periods :]
        state = ALARM if sum(recent) >= how.to_alarm else OK
        return Verdict(state=state, breaching=sum(recent), evaluated=how.periods, filled=0)
    filled = how.periods - len(real)
    return Verdict(
        state=_with_missing(points, real, filled, how),
        breaching=sum(real),
        evaluated=len(real),
        filled=filled,
    )


def _with_missing(
    points: Sequence[bool | None], real: Sequence[bool], filled: int, how: Sensitivity
) -> str | None:
    if how.missing in ("breaching", "notBreaching"):
        breaching = sum(real) + (filled if how.missing == "breaching" else 0)
        return ALARM if breaching >= how.to_alarm else OK
    keeps = how.missing == "ignore"
    if not real:
        return None if keeps else INSUFFICIENT_DATA
    if sum(real) >= how.to_alarm:
        return ALARM
    if not all(real):
        return OK
    # Only breaching points, fewer than M: an alarm would be premature while the next point may
    # still be fine, so the oldest of them must be as old as M points.
    age = len(points) - points.index(True)
    return ALARM if age >= how.to_alarm and not keeps else None
