"""What `next_change_s` says is so: nothing changes before it, and at it something does."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from random import Random

import pytest
from brain_world import Fate, World
from failover_world import SETTINGS
from hypothesis import given
from hypothesis import strategies as st

from resilience.failover import (
    Action,
    Brain,
    Inputs,
    IntentKind,
    Phase,
    Step,
    Watch,
    next_change_s,
    think,
)
from resilience.failover.epoch import fresh


def stirred(seed: int) -> World:
    """A world in the midst of something, drawn from a seed."""
    draw = Random(seed)  # noqa: S311 - a world, not a secret
    world = World(draw.choice([2, 3, 4]), tuple((draw.uniform(0, 1e5), 1.0) for _ in range(4)))
    world.run(draw.choice([30, 60, 120]))
    regions = list(world.nodes)
    for _ in range(draw.randint(0, 6)):
        region = draw.choice(regions)
        change = draw.randrange(6)
        if change == 0:
            world.lost ^= {region}
        elif change == 1:
            world.lies[region] = draw.choice([True, False, None])
        elif change == 2:
            world.ask(draw.choice(list(IntentKind)), region, forced=draw.random() < 0.3)
        elif change == 3:
            world.cut ^= {(region, draw.choice(regions))}
        elif change == 4:
            world.flags ^= {(region, draw.choice(world.nodes[region].targets))}
        else:
            world.sick ^= {region}
        for _ in range(draw.randint(0, 14)):
            world.now_s += draw.choice([1.0, 4.0, 4.0, 9.0])
            for each in regions:
                if each not in world.lost:
                    world.look(each, draw.choice([Fate.WHOLE] * 8 + list(Fate)), delay=3)
    return world


def later(inputs: Inputs, by_s: float) -> Inputs:
    """The same signals, seen that much later; peers that beat go on beating."""

    def moved(kept: object, *names: str) -> dict[str, object]:
        signals = {name: getattr(kept, name) for name in names}
        return {
            name: replace(each, seen_at_s=each.seen_at_s + by_s) for name, each in signals.items()
        }

    gates = ("replication_caught_up", "model_parity", "capacity")
    return replace(
        inputs,
        at_s=inputs.at_s + by_s,
        observer=replace(inputs.observer, seen_at_s=inputs.observer.seen_at_s + by_s),
        sightings=tuple(
            replace(
                seen,
                gates=replace(seen.gates, **moved(seen.gates, *gates)),
                **moved(seen, "probe", "verdict", "refuge", "flag"),
            )
            for seen in inputs.sightings
        ),
        peers={
            region: replace(peer, beat=peer.beat + int(by_s), seen_at_s=peer.seen_at_s + by_s)
            if fresh(peer, inputs.at_s, SETTINGS)
            else peer
            for region, peer in inputs.peers.items()
        },
    )


def counts(brain: Brain, steps: tuple[Step, ...]) -> object:
    """All of a brain but beats, acknowledged beats, and when something was last observed."""
    watches = {
        target: replace(watch, observed_at_s=0, changed_at_s=0)
        for target, watch in brain.watches.items()
    }
    epoch = brain.epoch
    return watches, epoch.claim, epoch.ack.heir, brain.promoted, steps


def assert_outlook_is_right(brain: Brain, inputs: Inputs, world: World, region: str) -> float:
    """Look every second with the same signals until the time that was said, and at that time."""
    place = world.nodes[region].place
    due_s = next_change_s(brain, inputs, place, SETTINGS)
    now = counts(brain, ())
    for second in range(1, 100):
        if inputs.at_s + second >= due_s:
            break
        seen = later(inputs, float(second))
        brain, steps = think(brain, seen, place, SETTINGS)
        assert counts(brain, steps) == now, f"something changed {second} s on, not at {due_s}"
    if due_s < inputs.at_s + 100:
        by_s = max(due_s - inputs.at_s, 0.001)
        brain, steps = think(brain, later(inputs, by_s), place, SETTINGS)
        assert counts(brain, steps) != now, f"nothing changed at {due_s}"
    return due_s


@given(seed=st.integers(0, 2**32))
def test_nothing_changes_before_the_time_that_is_said_and_something_does_then(seed: int) -> None:
    world = stirred(seed)
    for region, node in world.nodes.items():
        if region in world.lost:
            continue
        world.now_s += 1
        inputs = world.inputs(region)
        after, _ = think(node.brain, inputs, node.place, SETTINGS)
        assert_outlook_is_right(after, inputs, world, region)


def test_worlds_that_are_stirred_wait_for_many_things() -> None:
    """The property above would be empty if nothing ever was waited for."""
    dues: list[float] = []
    for seed in range(40):
        world = stirred(seed)
        for region, node in world.nodes.items():
            if seed % 4 == 0:
                world.flags ^= {(region, node.targets[0])}
            inputs = world.inputs(region)
            after, _ = think(node.brain, inputs, node.place, SETTINGS)
            dues.append(next_change_s(after, inputs, node.place, SETTINGS) - inputs.at_s)
    assert sum(due == 0 for due in dues) > 1
    assert sum(0 < due < inf for due in dues) > 10
    assert sum(due == inf for due in dues) > 10


def test_who_waits_to_take_over_knows_when() -> None:
    world = World(2)
    world.run(40)
    world.lost = {"us-east-1"}
    node = world.nodes["us-west-2"]
    waits: list[tuple[Action | None, float]] = []
    for _ in range(20):
        world.now_s += 4
        inputs = world.inputs("us-west-2")
        node.brain, steps = think(node.brain, inputs, node.place, SETTINGS)
        if Action.SET_FLAG in {step.action for step in steps}:
            world.flags = {("us-west-2", "us-east-1")}
        due_s = next_change_s(node.brain, inputs, node.place, SETTINGS) - inputs.at_s
        waits += [(step.action, due_s) for step in steps]
    assert waits == [(Action.SET_FLAG, 0.0), (Action.CLAIM_EPOCH, inf)]


@pytest.mark.parametrize("held", [True, False])
def test_an_order_under_way_is_waited_for(held: bool) -> None:  # noqa: FBT001
    """A failback: at the end of the hold-down it clears, or says that it is held."""
    world = World(2)
    world.run(40)
    world.flags = {("us-west-2", "us-east-1")}
    world.lies = {"us-east-1": None}
    world.run(8)
    world.lies = {}
    world.ask(IntentKind.FAILBACK, "us-east-1")
    world.run(8)
    node = world.nodes["us-west-2"]
    watch: Watch = replace(node.brain.watches["us-east-1"], held=held, reading_since_s=world.now_s)
    epoch = replace(node.brain.epoch, acked_at_s=world.now_s)
    brain = replace(node.brain, watches={"us-east-1": watch}, epoch=epoch)
    assert watch.phase is Phase.FAILING_BACK
    world.now_s += 1
    inputs = world.inputs("us-west-2")
    after, _ = think(brain, inputs, node.place, SETTINGS)
    due_s = assert_outlook_is_right(after, inputs, world, "us-west-2")
    assert due_s == watch.reading_since_s + SETTINGS.hold_down_s
