"""Every health check of a stack: what each asks, of whom, and what follows from the answers.

What a check asks is taken from its host, path and search string; so one that asks the wrong
Region, or is not inverted, does what it would do in AWS. Calculated checks follow at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from resilience.simulator.stack import SimulatedStack
    from resilience.topology import HealthCheck

READY_PATH: Final = "/health/ready"
LIVE_PATH: Final = "/health/live"
FLAG_PATH: Final = "/evacuation/"

_CALCULATED: Final = "CALCULATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What a check on an endpoint asks.

    Attributes:
        check: The number of the check.
        region: The number of the Region it asks; None if its host leads to none.
        path: What it asks for.
        about: The number of the Region whose flag it asks for.
        search: What the answer must hold.
        interval_s: How often each checker looks.
        threshold: How many results in a row change an opinion.
    """

    check: int
    region: int | None
    path: str
    about: int | None
    search: str
    interval_s: float
    threshold: int

    def accepts(self, body: str) -> bool:
        """Tell whether an answer holds what is searched for."""
        return self.search in body


class Checks:
    """The checks of a stack, by number in the order of `stack.checks`."""

    def __init__(self, stack: SimulatedStack) -> None:
        self.checks = stack.checks
        self.number = {check.id: number for number, check in enumerate(stack.checks)}
        hosts = {each.regional_name: number for number, each in enumerate(stack.regions)}
        hosts |= {each.host: number for number, each in enumerate(stack.regions)}
        names = {each.region: number for number, each in enumerate(stack.regions)}
        self.endpoints = tuple(
            _endpoint(number, check, hosts, names)
            for number, check in enumerate(stack.checks)
            if check.kind != _CALCULATED and not check.disabled
        )
        self._calculated = tuple(
            (number, tuple(self.number.get(child) for child in check.children), check)
            for number, check in enumerate(stack.checks)
            if check.kind == _CALCULATED and not check.disabled
        )
        self._inverted = tuple(check.inverted for check in stack.checks)
        self._known: dict[tuple[bool, ...], tuple[bool, ...]] = {}

    def statuses(self, verdicts: tuple[bool, ...]) -> tuple[bool, ...]:
        """Give each check's status from the verdicts of the checkers on each endpoint.

        A disabled check is healthy, unhealthy if inverted. A child that is gone is unhealthy.
        Route 53 does not nest calculated checks, so one round is enough.
        """
        found = self._known.get(verdicts)
        if found is None:
            statuses = [
                verdict is not inverted
                for verdict, inverted in zip(verdicts, self._inverted, strict=True)
            ]
            for number, children, check in self._calculated:
                healthy = sum(child is not None and statuses[child] for child in children)
                enough = healthy >= (check.child_threshold or 0)
                statuses[number] = enough is not check.inverted
            found = self._known[verdicts] = tuple(statuses)
        return found


def _endpoint(
    number: int, check: HealthCheck, hosts: dict[str, int], names: dict[str, int]
) -> Endpoint:
    path = check.path or "/"
    about = names.get(path.removeprefix(FLAG_PATH)) if path.startswith(FLAG_PATH) else None
    return Endpoint(
        check=number,
        region=hosts.get(check.host or ""),
        path=path,
        about=about,
        search=check.search or "",
        interval_s=check.interval_s or 30.0,
        threshold=check.failure_threshold or 3,
    )
