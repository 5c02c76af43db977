"""A small world for whole brains: two to four Regions, and all that lies between two looks.

Each Region has a clock, an item that it writes on condition of its version, copies of the others'
items that come late or not at all, its own flags, and one Route 53 for all. A look reads, thinks,
asks `broken_rules`, writes, and takes the steps; its `Fate` says where it is interrupted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from math import inf
from typing import TYPE_CHECKING, Final

from failover_world import SETTINGS, open_gates, signal

from resilience.failover import (
    Action,
    Brain,
    Inputs,
    Intent,
    IntentKind,
    Peer,
    Phase,
    Place,
    Sighting,
    Step,
    broken_rules,
    holder_in,
    holds,
    think,
)
from resilience.failover.epoch import Neighbourhood

if TYPE_CHECKING:
    from collections.abc import Callable

REGIONS: Final = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1")
LOOK_S: Final = 4.0
MOST_LOOKS: Final = 20_000


class Fate(Enum):
    """Where one look is interrupted, and what becomes of what was on its way."""

    WHOLE = "nothing happens to it"
    NOT_STARTED = "killed before it reads"
    NOT_WRITTEN = "killed after it thought, or its write is throttled or lost"
    NOT_TAKEN = "killed after the write, or the write's answer is lost"
    WRITTEN_TWICE = "the write is sent twice: the second is refused, and no step is taken"
    LATE = "the write lands after later looks, if none of them wrote, and its steps after it"
    LATE_UNTAKEN = "the write lands late, and nobody takes its steps"
    STEP_LATE = "the steps are taken after later looks"
    STEP_TWICE = "the steps are taken, and once more after later looks"
    TWO_AT_ONCE = "two observers read the same; the first one writes and both go on"
    TWO_LATE = "two observers read the same; the first one's write lands after the second's"


@dataclass
class Node:
    """One Region: its clock, its item, and what arrived of the others' items."""

    place: Place
    targets: tuple[str, ...]
    offset_s: float = 0.0
    rate: float = 1.0
    brain: Brain = field(default_factory=Brain)
    version: int = 0
    arrived: dict[str, Brain] = field(default_factory=dict[str, Brain])
    heard: dict[str, tuple[int, float]] = field(default_factory=dict[str, tuple[int, float]])


@dataclass
class Late:
    """Something on its way: it lands when so many more looks have been made, or when told to."""

    looks: int
    lands: Callable[[], None]


class World:
    """Regions whose observers look when told to; `check` holds what only the whole can show."""

    def __init__(self, count: int, skews: tuple[tuple[float, float], ...] = ()) -> None:
        order = REGIONS[:count]
        watched_by = min(2, count - 1)
        self.now_s = 0.0
        self.nodes: dict[str, Node] = {}
        for at, region in enumerate(order):
            targets = tuple(order[(at - back) % count] for back in range(1, watched_by + 1))
            place = Place(region=region, order=order, deputy=order[(at + 1) % count])
            offset_s, rate = skews[at] if skews else (0.0, 1.0)
            self.nodes[region] = Node(place, targets, offset_s, rate)
        self.lost: set[str] = set()
        self.sick: set[str] = set()
        self.cut: set[tuple[str, str]] = set()
        self.lies: dict[str, bool | None] = {}
        self.flags: set[tuple[str, str]] = set()
        self.words: dict[str, Intent] = {}
        self.promotes: dict[str, Intent] = {}
        self.late: list[Late] = []
        self.said: list[tuple[str, Step]] = []
        self.given = 0
        self.looks = 0
        self.excused = False

    def clock_s(self, region: str) -> float:
        node = self.nodes[region]
        return node.offset_s + self.now_s * node.rate

    def ask(self, kind: IntentKind, target: str, *, forced: bool = False) -> None:
        """Give an operator's word, the last one about its Region."""
        self.given += 1
        words = self.promotes if kind is IntentKind.PROMOTE else self.words
        words[target] = Intent(
            id=str(self.given), kind=kind, target=target, by="ops", reason="a test", forced=forced
        )

    def verdict(self, region: str) -> bool | None:
        return self.lies.get(region, region not in self.lost)

    def inputs(self, region: str) -> Inputs:
        """Look: everything one decision of this Region is made from, now."""
        node, at_s = self.nodes[region], self.clock_s(region)
        for other, theirs in self.nodes.items():
            if other != region and (other, region) not in self.cut and theirs.version:
                node.arrived[other] = theirs.brain
        return Inputs(
            at_s=at_s,
            observer=signal(region not in self.sick, at_s),
            sightings=tuple(self._sighting(region, target, at_s) for target in node.targets),
            peers={other: self._peer(node, other, at_s) for other in node.arrived},
            promote=self.promotes.get(region),
        )

    def look(self, region: str, fate: Fate = Fate.WHOLE, *, delay: int = 1) -> None:
        """One look of one observer. What comes late lands after `delay` more looks of anybody."""
        self.looks += 1
        assert self.looks < MOST_LOOKS, "what the test waits for never comes"
        self._land_what_is_due()
        if fate is Fate.NOT_STARTED:
            return
        thought = self._think(region)
        if fate is Fate.NOT_WRITTEN:
            return
        write = self._writer(region, thought[0])
        take = self._taker(region, thought[1])
        if fate in {Fate.LATE, Fate.LATE_UNTAKEN}:
            self._later(delay, lambda: write() and fate is Fate.LATE and take())
        elif fate in {Fate.TWO_AT_ONCE, Fate.TWO_LATE}:
            other = self._think(region)
            writes = [
                (write, take),
                (self._writer(region, other[0]), self._taker(region, other[1])),
            ]
            for written, taken in writes if fate is Fate.TWO_AT_ONCE else reversed(writes):
                _ = written() and taken()
        elif fate is Fate.WRITTEN_TWICE:
            write()
            assert not write(), "the second is refused: the version is another by then"
        elif write():
            if fate in {Fate.WHOLE, Fate.STEP_TWICE}:
                take()
            if fate in {Fate.STEP_LATE, Fate.STEP_TWICE}:
                self._later(delay, take)
        self.check()

    def land(self) -> None:
        """All that is on its way lands, in the order in which it was sent."""
        late, self.late = self.late, []
        for each in late:
            each.lands()
        self.check()

    def run(self, seconds: float) -> None:
        """Every observer that is not lost looks, every few seconds."""
        for _ in range(int(seconds // LOOK_S)):
            self.now_s += LOOK_S
            for region in self.nodes:
                if region not in self.lost:
                    self.look(region)

    def holders(self) -> list[str]:
        return [
            region
            for region, node in self.nodes.items()
            if holds(node.brain.epoch, self.clock_s(region), SETTINGS)
        ]

    def check(self) -> None:
        """Two never hold the epoch, save from an operator's promote until all have heard of it."""
        holders = self.holders()
        assert len(holders) <= 1 or self.excused, f"{holders} hold the epoch at once"
        if self.excused and len(holders) <= 1 and not self.late:
            self.excused = not self._agreed()

    def phases(self) -> dict[tuple[str, str], Phase]:
        return {
            (region, target): node.brain.watches[target].phase
            for region, node in self.nodes.items()
            for target in node.targets
            if target in node.brain.watches
        }

    def mend(self) -> None:
        """End every fault, and give the word to resume."""
        self.lost, self.sick, self.cut, self.lies = set(), set(), set(), {}
        self.land()
        for region in self.nodes:
            self.ask(IntentKind.RESUME, region)

    def assert_all_is_well_again(self) -> None:
        """Liveness: once faults ended and failback is asked, no flag, all serve, one holds."""
        self.mend()
        self.run(3 * SETTINGS.stale_after_s)
        for region in self.nodes:
            self.ask(IntentKind.FAILBACK, region)
        self.run(2 * SETTINGS.hold_down_s + 10 * SETTINGS.lease_s)
        assert not self.flags, f"flags that nobody takes off: {self.flags}"
        assert set(self.phases().values()) == {Phase.SERVING}
        assert len(self.holders()) == 1, f"{self.holders()} hold the epoch: {self.claims()}"

    def claims(self) -> dict[str, object]:
        return {region: node.brain.epoch.claim for region, node in self.nodes.items()}

    def _think(self, region: str) -> tuple[Brain, tuple[Step, ...]]:
        node, inputs = self.nodes[region], self.inputs(region)
        after, steps = think(node.brain, inputs, node.place, SETTINGS)
        broken = broken_rules(node.brain, inputs, after, steps, node.place, SETTINGS)
        assert broken == (), f"{region} at {self.now_s:g} s: {broken}"
        return after, steps

    def _writer(self, region: str, brain: Brain) -> Callable[[], bool]:
        node = self.nodes[region]
        version = node.version

        def write() -> bool:
            if node.version != version:
                return False
            promoted = node.brain.promoted != brain.promoted
            self.excused = self.excused or promoted
            node.brain, node.version = brain, version + 1
            return True

        return write

    def _taker(self, region: str, steps: tuple[Step, ...]) -> Callable[[], None]:
        def take() -> None:
            for step in steps:
                self.said.append((region, step))
                if step.action is Action.SET_FLAG:
                    self.flags.add((region, step.target))
                elif step.action is Action.CLEAR_FLAG:
                    self.flags.discard((region, step.target))

        return take

    def _later(self, looks: int, lands: Callable[[], object]) -> None:
        self.late.append(Late(looks, lambda: (lands(), None)[1]))

    def _land_what_is_due(self) -> None:
        for each in self.late:
            each.looks -= 1
        due = [each for each in self.late if each.looks < 0]
        self.late = [each for each in self.late if each.looks >= 0]
        for each in due:
            each.lands()

    def _sighting(self, region: str, target: str, at_s: float) -> Sighting:
        reached = target not in self.lost and (target, region) not in self.cut
        verdicts = [self.verdict(other) for other in self.nodes if other != target]
        refuge = True if True in verdicts else None if None in verdicts else False
        return Sighting(
            target=target,
            probe=signal(reached, at_s),
            verdict=signal(self.verdict(target), at_s),
            refuge=signal(refuge, at_s),
            flag=signal((region, target) in self.flags, at_s),
            gates=open_gates(at_s),
            intent=self.words.get(target),
        )

    def _peer(self, node: Node, other: str, at_s: float) -> Peer:
        epoch = node.arrived[other].epoch
        beat, seen_at_s = node.heard.get(other, (epoch.beat, -inf))
        if epoch.beat != beat:
            seen_at_s = at_s
        node.heard[other] = (epoch.beat, seen_at_s)
        return Peer(
            region=other, beat=epoch.beat, claim=epoch.claim, ack=epoch.ack, seen_at_s=seen_at_s
        )

    def _agreed(self) -> bool:
        """Whether every Region knows the same newest claim, and nobody keeps an older one."""
        known: set[object] = set()
        for region, node in self.nodes.items():
            others = {
                other: self._peer(node, other, self.clock_s(region)) for other in node.arrived
            }
            near = Neighbourhood(
                region=region,
                order=node.place.order,
                deputy=node.place.deputy,
                peers=others,
                watches=node.brain.watches,
            )
            found = holder_in(node.brain.epoch, near)
            known.add(found)
            if found is None or (node.brain.epoch.claim is not None and found[0] != region):
                return False
        return len(known) == 1
