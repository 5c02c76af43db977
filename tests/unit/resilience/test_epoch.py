"""The epoch under everything that can happen to two or three Regions: never two holders.

Each Region has a clock of its own (offset, and a rate within 10 %), one item that only it writes
on condition of its version, and a copy of the others' items that arrives late, in order, or not
at all. Writes may be lost, or land any time later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

import pytest
from failover_world import SETTINGS, signal
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

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
    Watch,
    broken_rules,
    holds,
    think,
)

REGIONS = ("us-east-1", "us-west-2", "eu-west-1")


@dataclass
class Node:
    """One Region: its clock, its item, and what arrived of the others' items."""

    place: Place
    offset_s: float
    rate: float
    brain: Brain = field(default_factory=Brain)
    version: int = 0
    arrived: dict[str, Brain] = field(default_factory=dict[str, Brain])
    seen: dict[str, tuple[int, float]] = field(default_factory=dict[str, tuple[int, float]])

    def clock_s(self, now_s: float) -> float:
        return self.offset_s + now_s * self.rate


class Stack:
    """Regions that think in turn, over a replication that can stand still."""

    def __init__(self, count: int, skews: list[tuple[float, float]] | None = None) -> None:
        order = REGIONS[:count]
        skews = skews or [(0.0, 1.0)] * count
        self.now_s = 0.0
        self.nodes = {
            region: Node(
                place=Place(region=region, order=order, deputy=order[(at + 1) % count]),
                offset_s=skews[at][0],
                rate=skews[at][1],
            )
            for at, region in enumerate(order)
        }
        self.cut: set[tuple[str, str]] = set()
        self.bad: set[tuple[str, str]] = set()
        self.late: list[tuple[str, int, Brain]] = []
        self.promoted = 0
        self.held_ever: list[str] = []

    def look(self, region: str, *, fate: str = "lands", promote: Intent | None = None) -> None:
        """One observer reads, thinks and writes; `fate` says what becomes of the write."""
        node = self.nodes[region]
        at_s = node.clock_s(self.now_s)
        for other, theirs in self.nodes.items():
            if other != region and (other, region) not in self.cut and theirs.version:
                node.arrived[other] = theirs.brain
        peers = {
            other: self._peer(node, other, brain, at_s) for other, brain in node.arrived.items()
        }
        yes = signal(True, at_s)
        sightings = tuple(
            Sighting(
                target=other,
                probe=signal((region, other) not in self.bad, at_s),
                verdict=signal((region, other) not in self.bad, at_s),
                refuge=yes,
                flag=signal(None, at_s),
            )
            for other in node.place.order
            if other != region
        )
        inputs = Inputs(at_s=at_s, observer=yes, sightings=sightings, peers=peers, promote=promote)
        after, steps = think(node.brain, inputs, node.place, SETTINGS)
        assert broken_rules(node.brain, inputs, after, steps, node.place, SETTINGS) == ()
        if fate == "lands":
            node.brain, node.version = after, node.version + 1
        elif fate == "late":
            self.late.append((region, node.version, after))
        if any(step.action is Action.CLAIM_EPOCH for step in steps) and fate == "lands":
            self.held_ever.append(region)

    def land_late(self) -> None:
        """A write that was on its way lands, if nobody wrote since: it is conditional."""
        region, version, brain = self.late.pop(0)
        node = self.nodes[region]
        if node.version == version:
            node.brain, node.version = brain, version + 1

    def holders(self) -> list[str]:
        return [
            region
            for region, node in self.nodes.items()
            if holds(node.brain.epoch, node.clock_s(self.now_s), SETTINGS)
        ]

    def run(self, seconds: float, *, without: tuple[str, ...] = ()) -> None:
        for _ in range(int(seconds // 4)):
            self.now_s += 4
            for region in self.nodes:
                if region not in without:
                    self.look(region)
            assert len(self.holders()) <= 1

    def part(self, one: str, other: str) -> None:
        self.cut |= {(one, other), (other, one)}

    def _peer(self, node: Node, other: str, brain: Brain, at_s: float) -> Peer:
        beat, seen_at_s = node.seen.get(other, (brain.epoch.beat, -inf))
        if brain.epoch.beat != beat:
            seen_at_s = at_s
        node.seen[other] = (brain.epoch.beat, seen_at_s)
        return Peer(
            region=other,
            beat=brain.epoch.beat,
            claim=brain.epoch.claim,
            ack=brain.epoch.ack,
            seen_at_s=seen_at_s,
        )


@pytest.mark.parametrize("count", [2, 3])
def test_the_first_region_holds_once_all_know_of_none(count: int) -> None:
    stack = Stack(count)
    stack.run(40)
    assert stack.holders() == ["us-east-1"]


def test_nobody_begins_while_a_region_was_never_heard_of() -> None:
    stack = Stack(2)
    stack.run(200, without=("us-west-2",))
    assert stack.holders() == [], "the silent one might hold a higher epoch"


@pytest.mark.parametrize("count", [2, 3])
def test_the_deputy_takes_over_from_a_lost_holder_and_gives_it_back(count: int) -> None:
    stack = Stack(count)
    stack.run(40)
    stack.bad = {(region, "us-east-1") for region in REGIONS}
    stack.run(200, without=("us-east-1",))
    assert stack.holders() == ["us-west-2"]
    stack.bad = set()
    for node in stack.nodes.values():
        # Traffic came back by failback, which is another test's subject.
        node.brain = Brain(epoch=node.brain.epoch, observed_at_s=node.brain.observed_at_s)
    stack.run(200)
    assert stack.holders() == ["us-east-1"], "the first Region is preferred once it is well"


def test_a_holder_that_nobody_acknowledges_stops_before_its_deputy_begins() -> None:
    stack = Stack(2)
    stack.run(40)
    stack.part("us-east-1", "us-west-2")
    stack.bad = {("us-west-2", "us-east-1")}
    holders: list[list[str]] = []
    for _ in range(40):
        stack.run(4)
        holders.append(stack.holders())
    assert ["us-east-1"] in holders
    assert [] in holders, "between the two nobody holds"
    assert holders[-1] == ["us-west-2"]
    assert holders.index([]) < holders.index(["us-west-2"])


def test_a_one_way_cut_from_the_holder_ends_its_lease() -> None:
    stack = Stack(2)
    stack.run(40)
    stack.cut = {("us-east-1", "us-west-2")}
    stack.run(60)
    assert stack.holders() == [], "its deputy no longer hears it, and it can tell"


def test_a_lost_deputy_ends_the_lease_until_an_operator_promotes() -> None:
    stack = Stack(2)
    stack.run(40)
    stack.run(100, without=("us-west-2",))
    assert stack.holders() == []
    word = Intent(
        id="7", kind=IntentKind.PROMOTE, target="us-east-1", by="ops", reason="the other is gone"
    )
    stack.look("us-east-1", promote=word)
    assert stack.holders() == ["us-east-1"]
    claim = stack.nodes["us-east-1"].brain.epoch.claim
    stack.look("us-east-1", promote=word)
    assert stack.nodes["us-east-1"].brain.epoch.claim == claim, "a word is obeyed once"


@profile(max_examples=60, stateful_step_count=60, deadline=None)
class Epochs(RuleBasedStateMachine):
    """Any partition, loss, late write, lost write and judgement: at most one holder."""

    @initialize(
        count=st.sampled_from([2, 3]),
        skews=st.lists(
            st.tuples(st.floats(-1e4, 1e4), st.floats(0.95, 1.05)), min_size=3, max_size=3
        ),
    )
    def begin(self, count: int, skews: list[tuple[float, float]]) -> None:
        self.stack = Stack(count, skews)
        self.stack.run(24)

    @rule(data=st.data(), times=st.integers(1, 15), dt=st.floats(0.5, 8))
    def live(self, data: st.DataObject, times: int, dt: float) -> None:
        """Some observers look for a while; each write lands, is lost or comes late."""
        regions = list(self.stack.nodes)
        alive = data.draw(st.sets(st.sampled_from(regions), min_size=1))
        fate = data.draw(st.sampled_from(["lands", "lands", "lands", "lost", "late"]))
        for _ in range(times):
            self.stack.now_s += dt
            for region in sorted(alive):
                self.stack.look(region, fate=fate)
                self.one_holder()

    @rule(data=st.data())
    def cut(self, data: st.DataObject) -> None:
        pairs = [(a, b) for a in self.stack.nodes for b in self.stack.nodes if a != b]
        self.stack.cut = data.draw(st.sets(st.sampled_from(pairs)))

    @rule(data=st.data())
    def judge(self, data: st.DataObject) -> None:
        pairs = [(a, b) for a in self.stack.nodes for b in self.stack.nodes if a != b]
        self.stack.bad = data.draw(st.sets(st.sampled_from(pairs)))

    @rule()
    def land(self) -> None:
        while self.stack.late:
            self.stack.land_late()

    @rule(wait=st.floats(1, 300))
    def pass_time(self, wait: float) -> None:
        self.stack.now_s += wait

    @invariant()
    def one_holder(self) -> None:
        if hasattr(self, "stack"):
            holders = self.stack.holders()
            assert len(holders) <= 1, f"{holders} hold the epoch at once"

    def teardown(self) -> None:
        """Liveness: once all is well again somebody holds it."""
        if not hasattr(self, "stack"):
            return
        self.stack.cut, self.stack.bad, self.stack.late = set(), set(), []
        for node in self.stack.nodes.values():
            quiet = {region: Watch(phase=Phase.SERVING) for region in node.brain.watches}
            node.brain = Brain(watches=quiet, epoch=node.brain.epoch)
        self.stack.run(400)
        assert len(self.stack.holders()) == 1


TestEpochs = Epochs.TestCase
