"""What each kind of fault does to the models when it begins, and takes back when it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resilience.simulator.engine import FAULT
from resilience.simulator.faults import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.simulator.world import World


HALF: Final = 0.5


def plan_faults(world: World, faults: tuple[Fault, ...]) -> list[float]:
    """Plan every fault; gives when each bites, ascending (a flapping Region bites many times)."""
    onsets: list[float] = []
    for fault in faults:
        onsets += _plan(world, fault)
    return sorted(onsets)


def _plan(world: World, fault: Fault) -> list[float]:
    timeline = world.timeline
    if fault.kind is FaultKind.OPERATOR_ERRS:
        timeline.at(fault.at_s, FAULT, world.operator.errs, fault)
        return [fault.at_s]
    stretches = [(fault.at_s, fault.ends_s)]
    if fault.kind is FaultKind.REGION_FLAPS:
        stretches = _flaps(fault)
    begin, end = _EFFECTS[fault.kind]
    for from_s, until_s in stretches:
        timeline.at(from_s, FAULT, lambda each: begin(world, each), fault)
        timeline.at(until_s, FAULT, lambda each: end(world, each), fault)
    return [from_s for from_s, _ in stretches]


def _flaps(fault: Fault) -> list[tuple[float, float]]:
    """Cut a flap into stretches: lost for the first half of each `level` seconds."""
    stretches: list[tuple[float, float]] = []
    at_s = fault.at_s
    while at_s < fault.ends_s:
        stretches.append((at_s, min(at_s + fault.level / 2, fault.ends_s)))
        at_s += fault.level
    return stretches


def _number(world: World, name: str) -> int:
    return world.stack.order.index(name)


def _gone(world: World, fault: Fault) -> None:
    number = _number(world, fault.region)
    condition = world.conditions[number]
    if not condition.gone:
        world.lose_writes(number)
    condition.gone += 1
    world.hold_links(world.replication.around(number), table=True, objects=True)
    world.observers[number].stop()
    world.health.report()
    world.felt(number)


def _back(world: World, fault: Fault) -> None:
    number = _number(world, fault.region)
    world.conditions[number].gone -= 1
    world.release_links(world.replication.around(number), table=True, objects=True)
    world.health.report()
    world.observers[number].go_on()
    if not world.conditions[number].gone:
        # What comes back starts cold.
        world.chill(number)
    world.felt(number)


def _counted(name: str, change: int) -> Callable[[World, Fault], None]:
    """Count a fault in or out of a Region's condition."""

    def do(world: World, fault: Fault) -> None:
        number = _number(world, fault.region)
        condition = world.conditions[number]
        setattr(condition, name, getattr(condition, name) + change)
        world.felt(number)

    return do


def _slow(world: World, fault: Fault, sign: int = 1) -> None:
    number = _number(world, fault.region)
    world.conditions[number].slow_s = max(world.conditions[number].slow_s + sign * fault.level, 0.0)
    if world.conditions[number].slow_s < 1e-9:  # noqa: PLR2004 - what rounding leaves
        world.conditions[number].slow_s = 0.0
    world.felt(number)


def _fast_again(world: World, fault: Fault) -> None:
    _slow(world, fault, -1)


def _fail(world: World, fault: Fault) -> None:
    world.conditions[_number(world, fault.region)].fail_ratios.append(fault.level)
    world.felt(_number(world, fault.region))


def _fail_no_more(world: World, fault: Fault) -> None:
    world.conditions[_number(world, fault.region)].fail_ratios.remove(fault.level)
    world.felt(_number(world, fault.region))


def _zone(world: World, fault: Fault) -> None:
    """A zone's address does not answer; after a while the load balancer's name leaves it out."""
    number = _number(world, fault.region)
    share = 1.0 / max(world.stack.regions[number].zones, 1)
    world.conditions[number].zones_out += share
    world.felt(number)

    def leaves(_: object) -> None:
        world.conditions[number].zones_out = max(world.conditions[number].zones_out - share, 0.0)
        if world.conditions[number].zones_out < 1e-9:  # noqa: PLR2004 - what rounding leaves
            world.conditions[number].zones_out = 0.0
        world.felt(number)

    left_s = min(fault.ends_s, fault.at_s + world.stack.parameters.zone_leaves_s)
    world.timeline.at(left_s, FAULT, leaves)


def _nothing(world: World, fault: Fault) -> None:
    """No step of failover calls a control plane: that it is down changes nothing here.

    Route 53's own stands in us-east-1; its answers and health checks are a global data plane.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/disaster-recovery-resiliency.html
    """


def _dependency(change: int) -> Callable[[World, Fault], None]:
    """Take a Region's bucket of flags out of reach, or that of predictions."""

    def do(world: World, fault: Fault) -> None:
        number = _number(world, fault.region)
        condition = world.conditions[number]
        if fault.target == "flags":
            condition.flags_out += change
            world.felt(number)
            return
        condition.writes_out += change
        links = world.hold_links if change > 0 else world.release_links
        links(world.replication.around(number), table=False, objects=True)

    return do


def _pairs(world: World, fault: Fault) -> list[tuple[int, int]]:
    one, other = _number(world, fault.region), _number(world, fault.target)
    both = fault.kind is FaultKind.PARTITION
    return [(one, other), (other, one)] if both else [(one, other)]


def _part(change: int) -> Callable[[World, Fault], None]:
    """Cut the network between two Regions: their observers' probes, and what replicates."""

    def do(world: World, fault: Fault) -> None:
        pairs = _pairs(world, fault)
        for pair in pairs:
            world.unreachable[pair] = world.unreachable.get(pair, 0) + change
        links = world.hold_links if change > 0 else world.release_links
        links(pairs, table=True, objects=True)
        world.wake()
        world.judge.refresh()

    return do


def _stall(world: World, fault: Fault) -> None:
    world.hold_links(_pairs(world, fault), table=not world.replication.strong, objects=True)


def _flow(world: World, fault: Fault) -> None:
    world.release_links(_pairs(world, fault), table=not world.replication.strong, objects=True)


def _table(world: World, fault: Fault) -> None:
    number = _number(world, fault.region)
    world.table_out[number] += 1
    world.hold_links(
        world.replication.around(number), table=not world.replication.strong, objects=False
    )
    world.observers[number].stop()
    world.judge.refresh()


def _table_back(world: World, fault: Fault) -> None:
    number = _number(world, fault.region)
    world.table_out[number] -= 1
    world.release_links(
        world.replication.around(number), table=not world.replication.strong, objects=False
    )
    world.observers[number].go_on()
    world.judge.refresh()


def _cold(world: World, fault: Fault) -> None:
    number = _number(world, fault.region)
    world.conditions[number].cold_s.append(fault.level)
    world.chill(number)
    world.felt(number)


def _warm(world: World, fault: Fault) -> None:
    world.conditions[_number(world, fault.region)].cold_s.remove(fault.level)
    world.felt(_number(world, fault.region))


def _lie(world: World, fault: Fault) -> None:
    """A share of the resolvers, clients' and observers' alike, is told what is not so."""
    world.lied_to.append(fault.level)
    _tell(world)


def _truth(world: World, fault: Fault) -> None:
    world.lied_to.remove(fault.level)
    _tell(world)


def _tell(world: World) -> None:
    share = max(world.lied_to, default=0.0)
    world.clients.lie(share)
    world.lies = {
        # Half of what is not true is "bad", half is no answer at all.
        (here, number): False if world.chance(here, 50 + number) < HALF else None
        for here in world.numbers
        for number in world.numbers
        if world.chance(here, 90 + number) < share
    }
    world.wake()
    world.judge.refresh()


def _dead(world: World, fault: Fault) -> None:
    world.observers[_number(world, fault.region)].stop()
    world.judge.refresh()


def _alive(world: World, fault: Fault) -> None:
    world.observers[_number(world, fault.region)].go_on()
    world.judge.refresh()


def _flaky(world: World, fault: Fault) -> None:
    number = _number(world, fault.region)
    world.flaky[number].append(fault.level)
    world.observers[number].wake(surely=True)
    world.judge.refresh()


def _steady(world: World, fault: Fault) -> None:
    number = _number(world, fault.region)
    world.flaky[number].remove(fault.level)
    world.observers[number].wake(surely=True)
    world.judge.refresh()


def _skew(sign: int) -> Callable[[World, Fault], None]:
    def do(world: World, fault: Fault) -> None:
        world.observers[_number(world, fault.region)].skew(sign * fault.level)
        world.decided()

    return do


_EFFECTS: Final[
    dict[FaultKind, tuple[Callable[[World, Fault], None], Callable[[World, Fault], None]]]
] = {
    FaultKind.REGION_GONE: (_gone, _back),
    FaultKind.REGION_FLAPS: (_gone, _back),
    FaultKind.REGION_SLOW: (_slow, _fast_again),
    FaultKind.REQUESTS_FAIL: (_fail, _fail_no_more),
    FaultKind.ZONE_GONE: (_zone, _nothing),
    FaultKind.DEPENDENCY_GONE: (_dependency(1), _dependency(-1)),
    FaultKind.PARTITION: (_part(1), _part(-1)),
    FaultKind.ONE_WAY_PARTITION: (_part(1), _part(-1)),
    FaultKind.CONTROL_PLANE_DOWN: (_nothing, _nothing),
    FaultKind.GLOBAL_CONTROL_PLANE_DOWN: (_nothing, _nothing),
    FaultKind.THROTTLED: (_counted("throttled", 1), _counted("throttled", -1)),
    FaultKind.COLD: (_cold, _warm),
    FaultKind.BAD_MODEL: (_counted("wrong", 1), _counted("wrong", -1)),
    FaultKind.REPLICATION_STALLED: (_stall, _flow),
    FaultKind.TABLE_GONE: (_table, _table_back),
    FaultKind.DNS_LIES: (_lie, _truth),
    FaultKind.OBSERVER_DEAD: (_dead, _alive),
    FaultKind.OBSERVER_FLAKY: (_flaky, _steady),
    FaultKind.CLOCK_SKEWED: (_skew(1), _skew(-1)),
}
