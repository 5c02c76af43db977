"""Where the deployed records lead clients, as Route 53 evaluates them, whatever they say.

- A name's failover records: the PRIMARY if it is healthy, else the SECONDARY if that is; if
  neither is, as if both were: the PRIMARY.
- Latency records: the nearest healthy one; if none is healthy, the nearest.
- Anything else: the first healthy record of the name.
- A record without a health check is healthy, and so is the only record of its name.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.simulator.stack import SimulatedStack
    from resilience.topology import Record

NOWHERE: Final = -1
"""The number of no Region: a name that leads to no load balancer."""

_DEEPEST: Final = 16


class Records:
    """The records of a stack. Answers are kept: the same health always leads the same way."""

    def __init__(self, stack: SimulatedStack) -> None:
        self._name = stack.predict_name
        self._hosts = {region.host: number for number, region in enumerate(stack.regions)}
        self._hosts |= {r.regional_name: number for number, r in enumerate(stack.regions)}
        self._order = stack.order
        self._at: dict[str, list[Record]] = {}
        for record in stack.records:
            self._at.setdefault(record.name, []).append(record)
        self._known: dict[tuple[tuple[bool, ...], int], int] = {}
        self._checks = {check.id: number for number, check in enumerate(stack.checks)}

    def answer(self, statuses: tuple[bool, ...], home: int) -> int:
        """Number the Region that clients near `home` are led to; `NOWHERE` if to none.

        Args:
            statuses: Each check's, in the order of the stack's checks.
            home: The nearest Region's number, which matters to latency records alone.
        """
        key = (statuses, home)
        found = self._known.get(key)
        if found is None:

            def healthy(record: Record) -> bool:
                number = self._checks.get(record.health_check_id or "")
                if record.health_check_id is None:
                    return True
                # A check that was deleted under its record counts as unhealthy (unverified).
                return number is not None and statuses[number]

            found = self._known[key] = self._lead(self._name, healthy, home, 0)
        return found

    def _lead(self, name: str, healthy: Callable[[Record], bool], home: int, depth: int) -> int:
        group = self._at.get(name)
        if name in self._hosts and not group:
            return self._hosts[name]
        if not group or depth > _DEEPEST:
            return NOWHERE
        chosen = self._choose(group, healthy, home)
        if not chosen.targets:
            return NOWHERE
        target = chosen.targets[0]
        if target in self._hosts:
            return self._hosts[target]
        return self._lead(target, healthy, home, depth + 1)

    def _choose(self, group: list[Record], healthy: Callable[[Record], bool], home: int) -> Record:
        if len(group) == 1:
            return group[0]
        fit = [record for record in group if healthy(record)] or group
        if any(record.failover_role for record in fit):
            return min(fit, key=lambda record: record.failover_role != "PRIMARY")
        if any(record.latency_region for record in fit):
            return min(fit, key=lambda record: self._distance(record, home))
        return fit[0]

    def _distance(self, record: Record, home: int) -> int:
        """Nearest to its own Region; from there in the order of preference, round (unverified)."""
        if record.latency_region not in self._order:
            return len(self._order)
        return (self._order.index(record.latency_region) - home) % len(self._order)
