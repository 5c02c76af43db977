"""Exactly at each bound of the brain, and just beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from brain_world import World
from failover_world import SETTINGS, observed, open_gates, run, signal

from resilience.failover import (
    Ack,
    Claim,
    Epoch,
    Inputs,
    Intent,
    IntentKind,
    Order,
    Peer,
    Phase,
    Place,
    Settings,
    Sighting,
    Watch,
    decide,
    holds,
    shut_gates,
    takeover_s,
    think,
)
from resilience.failover.brain import Brain
from resilience.failover.decision import wait_s
from resilience.failover.epoch import KEPT_BEATS, fresh
from resilience.failover.table import Rule

A, B, C = "us-east-1", "us-west-2", "eu-west-1"
LEASE_S, STALE_S = SETTINGS.lease_s, SETTINGS.stale_after_s


def test_what_is_not_said_is_not_so() -> None:
    word = Intent(id="1", kind=IntentKind.FAILBACK, target=A, by="ops", reason="a test")
    assert not word.forced
    assert not Order(to=Phase.SERVING).needs_refuge
    assert not Claim(number=1, alone=True, deputy=B).kept
    assert (Ack().number, Ack().beat, Epoch().beat) == (0, 0, 0)
    assert Settings(agreement_s=1, hold_down_s=1, stale_after_s=1).lease_s == 60
    assert wait_s(Rule(to=Phase.SERVING), SETTINGS) == 0
    assert takeover_s(SETTINGS) == 2 * LEASE_S


@pytest.mark.parametrize(("gap_s", "kept"), [(0, True), (0.5, True), (10, True), (10.1, False)])
def test_a_reading_lasts_over_a_gap_of_nothing_to_stale_after(gap_s: float, kept: bool) -> None:  # noqa: FBT001
    watch, _ = run(Watch(), observed(100), observed(101), observed(101 + gap_s))
    assert (watch.reading_since_s == 100) is kept


@pytest.mark.parametrize(("gap_s", "kept"), [(0, True), (0.5, True), (10, True), (10.1, False)])
def test_the_lease_lasts_over_a_gap_of_nothing_to_stale_after(gap_s: float, kept: bool) -> None:  # noqa: FBT001
    before = Brain(epoch=Epoch(beat=7, beats=((7, 100.0),)), observed_at_s=100)
    inputs = Inputs(at_s=100 + gap_s, observer=signal(True, 100 + gap_s), sightings=(), peers={})
    after, _ = think(before, inputs, Place(region=B, order=(A, B), deputy=A), SETTINGS)
    assert (len(after.epoch.beats) == 2) is kept
    assert after.epoch.beat == 8


@pytest.mark.parametrize(
    ("age_s", "held"), [(-0.1, False), (0, True), (0.5, True), (20, True), (20.1, False)]
)
def test_a_lease_is_held_from_its_first_to_its_last_second(age_s: float, held: bool) -> None:  # noqa: FBT001
    claim = Claim(number=1, alone=False, deputy=B)
    assert holds(Epoch(claim=claim, confirmed_at_s=100), 100 + age_s, SETTINGS) is held


@pytest.mark.parametrize(
    ("age_s", "expected"), [(-0.1, False), (0, True), (20, True), (20.1, False)]
)
def test_a_peer_is_there_for_a_lease_after_its_beat(age_s: float, expected: bool) -> None:  # noqa: FBT001
    peer = Peer(region=B, beat=1, claim=None, ack=Ack(), seen_at_s=100)
    assert fresh(peer, 100 + age_s, SETTINGS) is expected


def test_a_flag_seen_at_the_very_time_of_the_last_step_does_not_count() -> None:
    watch = Watch(phase=Phase.LATCHED, changed_at_s=7, observed_at_s=6)
    after, _ = decide(watch, *observed(7, flag=False), SETTINGS)
    assert after.phase is Phase.LATCHED


def test_a_gate_says_whether_it_is_shut_or_not_known() -> None:
    gates = replace(open_gates(1), capacity=signal(False, 1), model_parity=signal(None, 1))
    assert shut_gates(gates, 1, STALE_S) == (
        "the Regions do not serve the same release (not known)",
        "it lacks capacity",
    )


def test_a_hold_says_nothing_before_there_is_something_to_do() -> None:
    held = Watch(phase=Phase.FAILING_OVER, held=True, observed_at_s=0)
    watch, actions = run(held, *(observed(1.0 + t, probe=False, verdict=False) for t in range(5)))
    assert (watch.told, actions) == ("", [])


def holder(epoch: Epoch, ack: Ack, at_s: float, **watch: object) -> Brain:
    """Let B, which holds or held, look once with what its deputy C says."""
    peers = {
        C: Peer(region=C, beat=5, claim=None, ack=ack, seen_at_s=at_s),
        A: Peer(region=A, beat=5, claim=None, ack=Ack(), seen_at_s=at_s),
    }
    yes = signal(True, at_s)
    sighting = Sighting(target=A, probe=yes, verdict=yes, refuge=yes, flag=signal(False, at_s))
    watches = {A: replace(Watch(observed_at_s=at_s), **watch)} if watch else {}
    inputs = Inputs(at_s=at_s, observer=yes, sightings=(sighting,) if watch else (), peers=peers)
    before = Brain(epoch=epoch, observed_at_s=at_s, watches=watches)
    after, _ = think(before, inputs, Place(region=B, order=(A, B, C), deputy=C), SETTINGS)
    return after


@pytest.mark.parametrize(("age_s", "alone"), [(0, False), (20, False), (20.1, True)])
def test_who_is_alone_stays_so_until_a_beat_of_its_lease_is_acknowledged(
    age_s: float,
    alone: bool,  # noqa: FBT001
) -> None:
    claim = Claim(number=2, alone=True, deputy=C)
    epoch = Epoch(beat=9, beats=((9, 100.0 - age_s),), claim=claim)
    after = holder(epoch, Ack(number=2, beat=9), 100)
    assert after.epoch.claim is not None
    assert after.epoch.claim.alone is alone


@pytest.mark.parametrize(("since_s", "heir"), [(70.1, ""), (70.0, A), (69.9, A)])
def test_an_heir_is_named_when_it_was_well_for_the_whole_hold_down(
    since_s: float, heir: str
) -> None:
    claim = Claim(number=2, alone=True, deputy=C)
    reading = next(iter(run(Watch(), observed(1))[:1])).reading
    after = holder(
        Epoch(claim=claim), Ack(), 100, reading=reading, reading_since_s=since_s, changed_at_s=0
    )
    assert after.epoch.claim is not None
    assert after.epoch.claim.heir == heir


def test_no_heir_is_named_of_which_no_item_is_known_or_no_beat_is_heard() -> None:
    world = World(2)
    world.run(40)
    world.nodes[B].brain = replace(
        world.nodes[B].brain, epoch=Epoch(claim=Claim(number=2, alone=True, deputy=A))
    )
    inputs = world.inputs(B)
    silent = {A: replace(inputs.peers[A], seen_at_s=-1e9)}
    for peers in ({}, silent):
        late = replace(inputs, peers=peers, at_s=inputs.at_s)
        after, _ = think(world.nodes[B].brain, late, world.nodes[B].place, SETTINGS)
        assert after.epoch.claim is not None
        assert after.epoch.claim.heir == ""


@pytest.mark.parametrize("heir", ["", A])
@pytest.mark.parametrize(("silent_s", "claims"), [(39.9, False), (40, True), (41, True)])
def test_a_deputy_claims_when_its_patience_ends(heir: str, silent_s: float, claims: bool) -> None:  # noqa: FBT001
    """B's deputy C; A, the heir, is silent."""
    claim = Claim(number=2, alone=False, deputy=C, heir=heir)
    peers = {B: Peer(region=B, beat=5, claim=claim, ack=Ack(), seen_at_s=0)}
    no, yes = signal(False, 100), signal(True, 100)
    seen = Sighting(target=B, probe=no, verdict=no, refuge=yes, flag=yes)
    before = Brain(
        epoch=Epoch(ack=Ack(number=2, beat=5), acked_at_s=100 - silent_s, beats=((1, 99.0),)),
        watches={B: Watch(phase=Phase.LATCHED, observed_at_s=99)},
        observed_at_s=99,
    )
    inputs = Inputs(at_s=100, observer=yes, sightings=(seen,), peers=peers)
    after, _ = think(before, inputs, Place(region=C, order=(A, B, C), deputy=A), SETTINGS)
    assert (after.epoch.claim is not None) is claims


def test_a_region_dates_its_newest_beats_and_no_more() -> None:
    world = World(2)
    world.run(200)
    beats = [number for number, _ in world.nodes[A].brain.epoch.beats]
    assert len(beats) == KEPT_BEATS == 32
    assert beats == list(range(beats[0], beats[0] + 32))
