"""What Route 53 answers: a pure function of zones, health and a draw of chance.

Rules, with their sources:

- Records of one name and type form a group; the routing policy picks one among those that are
  healthy. A record is healthy without a health check, or when its check is, and, for an alias
  with EvaluateTargetHealth, when its target is too. No record healthy: answer as if all were.
  https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
- An alias answers under its own name with its target's values: TTL 60 s for a load balancer, the
  target record's TTL otherwise.
  https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
- Latency records answer with the healthy Region nearest to the client (`emulator.places`).
- Weight 0 is used only when no record with a weight above 0 is healthy.

The emulator is the client's resolver as well: it follows a CNAME as far as it can, into other
zones and to load balancers' own names, and puts the whole chain into the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

from emulator.places import DEFAULT_PLACE, distance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emulator.store.names import Record, Zone

LOAD_BALANCER_TTL_S: Final = 60
"""Fixed by AWS for alias records to load balancers and for load balancers' own names."""

MULTI_VALUE_LIMIT: Final = 8
"""https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-multivalue.html"""

CHAIN_LIMIT: Final = 16
"""A longer chain of CNAMEs or aliases is taken for a loop and answered with SERVFAIL."""

Status = Literal["NOERROR", "NXDOMAIN", "REFUSED", "SERVFAIL"]


class Surroundings(Protocol):
    """What an answer depends on besides the zones."""

    def check_healthy(self, check_id: str) -> bool:
        """Status of a Route 53 health check."""
        ...

    def balancer_addresses(self, name: str) -> tuple[str, ...] | None:
        """Addresses behind a load balancer's DNS name; None when there is no such load balancer."""
        ...

    def balancer_healthy(self, name: str) -> bool:
        """Whether a load balancer has healthy targets, as EvaluateTargetHealth sees it."""
        ...


@dataclass(frozen=True, kw_only=True)
class AnswerSet:
    """Records of one owner, type and TTL. Values in zone-file form."""

    name: str
    type: str
    ttl_s: int
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer section, and the zone whose SOA goes with an empty or missing one."""

    status: Status
    sets: tuple[AnswerSet, ...] = ()
    zone: Zone | None = None


class LoopError(Exception):
    """Aliases or CNAMEs that lead back to themselves."""


class Answers:
    """Answers one question from zones as they are now."""

    def __init__(
        self,
        zones: Sequence[Zone],
        surroundings: Surroundings,
        *,
        draw: Callable[[], float],
        place: str = DEFAULT_PLACE,
    ) -> None:
        self._zones = zones
        self._around = surroundings
        self._draw = draw
        self._place = place

    def answer(self, name: str, kind: str) -> Answer:
        """Answer a question for `name` (absolute, lower case) and a record type."""
        sets: list[AnswerSet] = []
        for _ in range(CHAIN_LIMIT):
            try:
                step = self._step(name, kind)
            except LoopError:
                return Answer(status="SERVFAIL")
            sets.extend(step.sets)
            last = step.sets[-1] if step.sets else None
            if last is None or last.type != "CNAME" or kind == "CNAME":
                return self._finished(step, sets)
            name = _absolute(last.values[0])
        return Answer(status="SERVFAIL")

    @staticmethod
    def _finished(step: Answer, sets: list[AnswerSet]) -> Answer:
        # A chain that leads out of what is known here is still a good answer as far as it goes.
        status = "NOERROR" if step.status == "REFUSED" and sets else step.status
        return Answer(status=status, sets=tuple(sets), zone=step.zone)

    def _step(self, name: str, kind: str) -> Answer:
        """Answer for one name, without following a CNAME."""
        addresses = self._around.balancer_addresses(name)
        if addresses is not None:
            return Answer(status="NOERROR", sets=_balancer_sets(name, kind, addresses))
        zone = self._zone_of(name)
        if zone is None:
            return Answer(status="REFUSED")
        records = _records_at(zone, name)
        if not records:
            below = any(record.name.endswith("." + name) for record in zone.records)
            return Answer(status="NOERROR" if below else "NXDOMAIN", zone=zone)
        group = [record for record in records if record.type == kind]
        if not group:
            group = [record for record in records if record.type == "CNAME"]
        return Answer(status="NOERROR", sets=self._sets(name, group, 0), zone=zone)

    def _sets(self, name: str, group: Sequence[Record], depth: int) -> tuple[AnswerSet, ...]:
        chosen = self._choose(group, depth)
        if not chosen:
            return ()
        first = chosen[0]
        if first.alias is not None:
            return self._alias_sets(name, first, depth)
        values = tuple(value for record in chosen for value in record.values)
        turned = int(self._draw() * len(values)) if values else 0
        return (
            AnswerSet(
                name=name,
                type=first.type,
                ttl_s=first.ttl_s,
                values=values[turned:] + values[:turned],
            ),
        )

    def _alias_sets(self, name: str, record: Record, depth: int) -> tuple[AnswerSet, ...]:
        target = _target(record)
        addresses = self._around.balancer_addresses(target)
        if addresses is not None:
            return _balancer_sets(name, record.type, addresses)
        return self._sets(name, self._group(target, record.type), _deeper(depth))

    def _group(self, name: str, kind: str) -> list[Record]:
        zone = self._zone_of(name)
        records = _records_at(zone, name) if zone is not None else []
        return [record for record in records if record.type == kind]

    def _choose(self, group: Sequence[Record], depth: int) -> list[Record]:
        """The records of a group that answer this time."""
        if not group:
            return []
        healthy = [record for record in group if self._healthy(record, depth)] or list(group)
        first = group[0]
        if first.failover is not None:
            return _failover(healthy)
        if first.weight is not None:
            return self._weighted(healthy)
        if first.region is not None:
            return [min(healthy, key=self._distance)]
        if first.multi_value:
            return self._shuffled(healthy)[:MULTI_VALUE_LIMIT]
        return healthy[:1]

    def _healthy(self, record: Record, depth: int) -> bool:
        if record.health_check_id and not self._around.check_healthy(record.health_check_id):
            return False
        if record.alias is None or not record.alias.evaluate_target_health:
            return True
        target = _target(record)
        if self._around.balancer_addresses(target) is not None:
            return self._around.balancer_healthy(target)
        group = self._group(target, record.type)
        return any(self._healthy(each, _deeper(depth)) for each in group)

    def _weighted(self, healthy: list[Record]) -> list[Record]:
        candidates = [record for record in healthy if record.weight] or healthy
        total = sum(record.weight or 0 for record in candidates)
        if total == 0:
            return [candidates[int(self._draw() * len(candidates))]]
        mark = self._draw() * total
        for record in candidates:
            mark -= record.weight or 0
            if mark < 0:
                return [record]
        return [candidates[-1]]

    def _distance(self, record: Record) -> tuple[float, str]:
        region = record.region or ""
        return distance(self._place, region), region

    def _shuffled(self, records: list[Record]) -> list[Record]:
        return sorted(records, key=lambda _: self._draw())

    def _zone_of(self, name: str) -> Zone | None:
        """The zone with the longest name that `name` is in."""
        holding = [
            zone for zone in self._zones if name == zone.name or name.endswith("." + zone.name)
        ]
        return max(holding, key=lambda zone: len(zone.name), default=None)


def _balancer_sets(name: str, kind: str, addresses: tuple[str, ...]) -> tuple[AnswerSet, ...]:
    if kind != "A":
        return ()
    return (AnswerSet(name=name, type="A", ttl_s=LOAD_BALANCER_TTL_S, values=addresses),)


def _records_at(zone: Zone, name: str) -> list[Record]:
    """Records of a name; those of the closest wildcard above it when it has none of its own."""
    exact = [record for record in zone.records if record.name == name]
    parent = name
    while not exact and parent != zone.name and "." in parent.rstrip("."):
        parent = parent.partition(".")[2]
        exact = [record for record in zone.records if record.name == f"*.{parent}"]
        if any(record.name == parent for record in zone.records):
            break
    return exact


def _failover(candidates: list[Record]) -> list[Record]:
    primary = [record for record in candidates if record.failover == "PRIMARY"]
    return (primary or candidates)[:1]


def _target(record: Record) -> str:
    # Route 53's console writes `dualstack.` before a load balancer's name; it means the same.
    return record.alias.name.removeprefix("dualstack.") if record.alias else ""


def _absolute(name: str) -> str:
    return name.lower() if name.endswith(".") else f"{name.lower()}."


def _deeper(depth: int) -> int:
    if depth >= CHAIN_LIMIT:
        raise LoopError
    return depth + 1
