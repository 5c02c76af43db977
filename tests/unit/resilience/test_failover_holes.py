"""Holes that were found in the epoch and in memory, each as the events that went through it."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from brain_world import REGIONS, Fate, World
from failover_world import SETTINGS

from resilience.failover import (
    Action,
    Brain,
    IntentKind,
    Place,
    Step,
    Watch,
    broken_rules,
    holds,
    think,
)
from resilience.failover.epoch import Ack, Claim, Epoch

A, B, C = REGIONS[:3]


def with_b_holding(count: int = 3) -> World:
    """A was lost and is back; B holds, C has acknowledged it, and traffic is still latched."""
    world = World(count)
    world.run(40)
    world.lost = {A}
    world.run(100)
    world.lost = set()
    world.run(40)
    assert world.holders() == [B]
    return world


def test_an_heir_and_a_deputy_never_claim_the_same_number() -> None:
    """B names A heir in a write that lands long after its deputy C gave B up."""
    world = with_b_holding()
    claim = world.nodes[B].brain.epoch.claim
    assert claim is not None
    assert (claim.deputy, claim.alone) == (C, False)
    world.ask(IntentKind.FAILBACK, A)
    while claim is not None and not claim.heir:
        world.now_s += 4
        for region in (A, C):
            world.look(region)
        inputs = world.inputs(B)
        node = world.nodes[B]
        named, _ = think(node.brain, inputs, node.place, SETTINGS)
        claim = named.epoch.claim
        if claim is not None and not claim.heir:
            world.look(B)
    world.cut = {(B, C), (C, B), (C, A)}
    world.lies, version = {B: False}, world.nodes[B].version
    for _ in range(20):
        world.now_s += 4
        world.look(A)
        world.look(C)
    world.nodes[B].brain, world.nodes[B].version = named, version + 1
    for _ in range(20):
        world.now_s += 4
        world.look(A)
        world.look(C)
    claims = [region for region, step in world.said if step.action is Action.CLAIM_EPOCH]
    assert claims == [A, B, C], "C granted A nothing, so A may not claim what C claimed"
    world.assert_all_is_well_again()


def test_a_promotion_is_not_handed_back_by_itself() -> None:
    world = World(2)
    world.run(100)
    world.ask(IntentKind.PROMOTE, B)
    world.run(200)
    assert world.holders() == [B], "A is preferred and well, but an operator said B"
    world.ask(IntentKind.PROMOTE, A)
    world.run(20)
    assert world.holders() == [A]


@pytest.mark.parametrize("looks", range(6))
def test_an_heir_that_dies_leaves_the_epoch_to_the_deputy_or_takes_it_when_back(
    looks: int,
) -> None:
    """From the look in which B names A heir on, A is lost, or lives a few looks longer."""
    world = with_b_holding()
    world.ask(IntentKind.FAILBACK, A)
    while not any(step.action is Action.RESIGN_EPOCH for _, step in world.said):
        world.now_s += 4
        for region in (A, C, B):
            world.look(region)
    world.run(4 * looks)
    world.lost = {A}
    world.run(200)
    assert len(world.holders()) <= 1
    if looks == 0:
        took = [region for region, step in world.said if "bad or silent" in step.reason]
        assert (took, world.holders()) == ([C], [B]), "C takes it, and gives it back"
    world.assert_all_is_well_again()


def test_two_claims_of_one_number_are_settled_alike_by_all() -> None:
    """An operator promotes A while its deputy, which cannot hear that, takes over."""
    world = World(3)
    world.run(40)
    world.cut = {(A, B), (B, A), (A, C), (C, A)}
    world.lies = {A: False}
    world.run(32)
    world.ask(IntentKind.PROMOTE, A)
    world.run(100)
    assert len(world.holders()) == 2, "the operator broke the rule, knowingly"
    world.cut, world.lies = set(), {}
    world.run(40)
    assert len(world.holders()) == 1
    assert not world.excused


def test_a_promotion_says_whom_it_passes_over() -> None:
    world = World(2)
    world.run(40)
    world.ask(IntentKind.PROMOTE, B)
    world.run(4)
    said = [step for _, step in world.said if step.action is Action.CLAIM_EPOCH][-1]
    assert said.by == "ops"
    assert said.reason == f"epoch 2: a test; {A} claimed 1 before"


def test_a_sick_holder_gives_way_to_a_higher_claim() -> None:
    world = World(2)
    world.run(40)
    world.sick = {A}
    world.ask(IntentKind.PROMOTE, B)
    world.run(8)
    assert world.holders() == [B]
    assert world.nodes[A].brain.epoch.claim is None


def test_a_holder_whose_item_was_lost_does_not_begin_again_from_one() -> None:
    world = World(2)
    world.run(60)
    world.nodes[A].brain = Brain()
    world.run(200)
    assert world.holders() == [], "B acknowledged epoch 1: somebody held it"
    world.ask(IntentKind.PROMOTE, A)
    world.run(8)
    claim = world.nodes[A].brain.epoch.claim
    assert claim is not None
    assert claim.number == 2


def test_a_peer_seen_for_the_first_time_has_not_beaten() -> None:
    """A observer that starts beside the item of a Region lost long ago claims nothing."""
    world = World(2)
    world.look(B)
    for _ in range(20):
        world.now_s += 4
        world.look(A)
    assert world.holders() == []


def test_a_word_to_promote_that_is_found_without_any_memory_is_not_obeyed() -> None:
    world = World(2)
    world.run(40)
    world.nodes[B].brain = Brain()
    world.ask(IntentKind.PROMOTE, B)
    world.run(40)
    refusals = [step for region, step in world.said if step.action is Action.REFUSE]
    assert ["ask again" in step.reason for step in refusals] == [True], "and says so once"
    assert world.holders() == [A]
    world.ask(IntentKind.PROMOTE, B)
    world.run(8)
    assert world.holders() == [B]


@pytest.mark.parametrize("alone", [True, False])
def test_a_holder_gets_the_deputy_that_a_deploy_gave_it(alone: bool) -> None:  # noqa: FBT001
    """A's claim names B; the deploy made C its deputy."""
    world = World(3)
    world.run(0 if alone else 40)
    node = world.nodes[A]
    while alone and node.brain.epoch.claim is None:
        world.run(4)
    claim = node.brain.epoch.claim
    assert claim is not None
    assert (claim.alone, claim.deputy) == (alone, B)
    node.place = Place(region=A, order=(A, C, B), deputy=C)
    world.run(40)
    claim = node.brain.epoch.claim
    assert claim is not None
    assert (claim.number, claim.deputy, claim.alone) == (2, C, False)
    assert world.holders() == [A]


def test_a_deputy_that_left_the_stack_ends_the_lease_until_an_operator_promotes() -> None:
    world = World(3)
    world.run(40)
    del world.nodes[B]
    for region, other in ((A, C), (C, A)):
        node = world.nodes[region]
        node.place = Place(region=region, order=(A, C), deputy=other)
        node.targets = (other,)
        del node.arrived[B]
    world.run(100)
    assert world.holders() == []
    world.ask(IntentKind.PROMOTE, A)
    world.run(100)
    claim = world.nodes[A].brain.epoch.claim
    assert claim is not None
    assert (world.holders(), claim.deputy, claim.alone) == ([A], C, False)


def test_every_field_of_an_item_has_a_default() -> None:
    """So an item that an older version of the brain wrote is read by a newer one."""
    for kind in (Brain, Watch, Epoch, Ack):
        assert kind() == kind(**{each.name: getattr(kind(), each.name) for each in fields(kind)})


def test_state_does_not_grow() -> None:
    world = World(4)
    world.run(400)
    size = len(repr(world.nodes[A].brain))
    for kind in (IntentKind.EVACUATE, IntentKind.FAILBACK, IntentKind.HOLD, IntentKind.RESUME):
        world.ask(kind, B)
        world.run(400)
    assert len(repr(world.nodes[A].brain)) < size + 100


def test_a_clock_that_jumps_ahead_or_back_never_makes_a_holder_or_a_step() -> None:
    for jump_s in (-1000.0, -15.0, -3.0, 3.0, 15.0, 1000.0):
        for region in (A, B):
            world = World(2)
            world.run(60)
            world.nodes[region].offset_s += jump_s
            world.check()
            before = len(world.said)
            world.run(200)
            assert world.holders() == [A]
            assert world.said[before:] == []


def test_a_claim_written_late_still_has_one_holder() -> None:
    world = World(2)
    world.run(40)
    world.lost = {A}
    while not any(step.action is Action.CLAIM_EPOCH for _, step in world.said[1:]):
        world.now_s += 4
        world.look(B, Fate.LATE, delay=1)
    world.lost = set()
    world.run(100)
    assert world.holders() == [B]
    assert not holds(world.nodes[A].brain.epoch, world.clock_s(A), SETTINGS)


def test_a_claim_of_a_region_that_is_not_the_heir_is_a_broken_rule() -> None:
    """An heir that claims without its deputy's grant; a deputy that claims after granting."""
    world = with_b_holding()
    claim = world.nodes[B].brain.epoch.claim
    assert claim is not None
    named = replace(claim, heir=A)
    inputs = world.inputs(A)
    peers = dict(inputs.peers)
    peers[B] = replace(peers[B], claim=named)
    before = world.nodes[A].brain
    number = claim.number + 1
    after = replace(
        before,
        epoch=replace(before.epoch, claim=Claim(number=number, alone=True, deputy=B)),
        watches={each.target: Watch() for each in inputs.sightings},
    )
    step = Step(action=Action.CLAIM_EPOCH, target=A, reason="a test")
    for ack, rights in (
        (Ack(number=claim.number, heir=A), True),
        (Ack(number=claim.number), False),
    ):
        peers[C] = replace(peers[C], ack=ack)
        seen = replace(inputs, peers=peers)
        broken = broken_rules(before, seen, after, (step,), world.nodes[A].place, SETTINGS)
        assert (broken == ()) is rights
