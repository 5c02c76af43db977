"""What can go wrong, as data: kinds, and one fault with where, when and how much."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class FaultKind(StrEnum):
    """A kind of fault. What each does to the models is in `resilience.simulator.conditions`."""

    REGION_GONE = "region-gone"
    REGION_FLAPS = "region-flaps"
    REGION_SLOW = "region-slow"
    REQUESTS_FAIL = "requests-fail"
    ZONE_GONE = "zone-gone"
    DEPENDENCY_GONE = "dependency-gone"
    PARTITION = "partition"
    ONE_WAY_PARTITION = "one-way-partition"
    CONTROL_PLANE_DOWN = "control-plane-down"
    GLOBAL_CONTROL_PLANE_DOWN = "global-control-plane-down"
    THROTTLED = "throttled"
    COLD = "cold"
    BAD_MODEL = "bad-model"
    REPLICATION_STALLED = "replication-stalled"
    TABLE_GONE = "table-gone"
    DNS_LIES = "dns-lies"
    OBSERVER_DEAD = "observer-dead"
    OBSERVER_FLAKY = "observer-flaky"
    CLOCK_SKEWED = "clock-skewed"
    OPERATOR_ERRS = "operator-errs"


PAIRED: Final = frozenset(
    {FaultKind.PARTITION, FaultKind.ONE_WAY_PARTITION, FaultKind.REPLICATION_STALLED}
)
"""Kinds that stand between two Regions: from `region` to `target`, or both ways."""

GLOBAL: Final = frozenset({FaultKind.GLOBAL_CONTROL_PLANE_DOWN, FaultKind.DNS_LIES})
"""Kinds that are of no Region."""

LEVELLED: Final = frozenset(
    {
        FaultKind.REGION_FLAPS,
        FaultKind.REGION_SLOW,
        FaultKind.REQUESTS_FAIL,
        FaultKind.COLD,
        FaultKind.DNS_LIES,
        FaultKind.OBSERVER_FLAKY,
        FaultKind.CLOCK_SKEWED,
    }
)
"""Kinds with a level; see `Fault.level`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One fault, from `at_s` for `for_s` scenario seconds.

    Attributes:
        kind: What goes wrong.
        region: Where; empty for kinds that are of no Region.
        target: The other Region of a pair; a zone's number ("1"); a dependency's name; what an
            operator does wrong.
        at_s: When it begins.
        for_s: How long it lasts; what an operator does wrong happens at once.
        level: How much: the share of requests that fail, of resolvers that are lied to, of
            invocations and writes that go astray (0 to 1); seconds a request or a cold start takes
            longer; seconds of a whole flap; seconds that a clock is ahead (or behind, below 0).
    """

    kind: FaultKind
    region: str = ""
    target: str = ""
    at_s: float
    for_s: float
    level: float = 1.0

    @property
    def ends_s(self) -> float:
        """When it is over."""
        return self.at_s + self.for_s
