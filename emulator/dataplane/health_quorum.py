"""The arithmetic of Route 53 health checks, without sockets or clocks.

Source of every rule:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from emulator.store import HealthCheck

HEALTHY_SHARE: Final = 0.18
"""Healthy while more than this share of the checkers say so."""

INITIALLY_HEALTHY: Final = True
"""A new health check is healthy until there is enough data (an inverted one: unhealthy).

Same source: "Route 53 considers a new health check to be healthy until there's enough data".
"""

CHECKER_REGIONS: Final = (
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
)
"""https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html (Regions)"""

CHECKERS_IN_A_REGION: Final = 2
"""Unverified: AWS does not document how many there are; observed statuses list about 16."""

_CHILD_DEPTH = 8


class Streak:
    """One checker's opinion: it changes after `threshold` results in a row against it."""

    def __init__(self, *, healthy: bool = INITIALLY_HEALTHY) -> None:
        self.healthy = healthy
        self._against = 0

    def observe(self, *, passed: bool, threshold: int) -> bool:
        """Take one result in; returns whether the opinion changed."""
        if passed == self.healthy:
            self._against = 0
            return False
        self._against += 1
        if self._against < threshold:
            return False
        self.healthy = passed
        self._against = 0
        return True


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many checkers report, and how many of them say healthy."""

    healthy: int
    reporting: int

    def verdict(self, *, before: bool) -> bool:
        """Whether the endpoint is healthy; as before when no checker reports."""
        if self.reporting == 0:
            return before
        return self.healthy > HEALTHY_SHARE * self.reporting


def count(opinions: Iterable[bool]) -> Count:
    """Count the opinions of the checkers that report."""
    votes = list(opinions)
    return Count(healthy=sum(votes), reporting=len(votes))


def alarm_healthy(state: str | None, setting: str, *, last_known: bool) -> bool:
    """Status of a check on a CloudWatch alarm whose state is `state` (None: no such alarm)."""
    if state == "OK":
        return True
    if state == "ALARM":
        return False
    if setting == "LastKnownStatus":
        return last_known
    return setting == "Healthy"


def status(
    check: HealthCheck,
    *,
    base: Callable[[HealthCheck], bool],
    find: Callable[[str], HealthCheck | None],
    depth: int = 0,
) -> bool:
    """Status of a check: disabled, inverted and calculated resolved over `base`.

    Args:
        check: the check asked for.
        base: whether what a check on an endpoint or alarm watches is healthy, uninverted.
        find: a child check by id; a child that does not exist counts as unhealthy.
        depth: how deep in calculated checks we are; beyond eight levels is unhealthy.
    """
    if check.disabled:
        healthy = True
    elif check.type == "CALCULATED":
        if depth >= _CHILD_DEPTH:
            return False
        children = [find(child) for child in check.children]
        healthy_children = sum(
            child is not None and status(child, base=base, find=find, depth=depth + 1)
            for child in children
        )
        healthy = healthy_children >= check.health_threshold
    else:
        healthy = base(check)
    return healthy != check.inverted
