"""Each gate of a failback is shown as its watcher sees it, and when it would open by itself."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from topologies import topology

from resilience.failover import Brain, Phase, Reading, Watch
from resilience.functions.observer_memory import Markers, Memory
from resilience.oncall.gates import Waiting, waiting

AT_S = 1_800_000_000.0
EAST, WEST = "us-east-1", "us-west-2"
SETTINGS = topology(2).region(WEST).observer
WATCH = Watch(
    phase=Phase.FAILING_BACK,
    reading=Reading.WELL,
    changed_at_s=AT_S - 500,
    reading_since_s=AT_S - 20,
    observed_at_s=AT_S - 2,
)


def told_by(watch: Watch, markers: Markers = Markers()) -> Waiting:  # noqa: B008 - frozen
    assert SETTINGS is not None
    brain = Brain(watches={EAST: watch}, observed_at_s=AT_S - 2)
    memories = {EAST: Memory(), WEST: Memory(brain=brain, markers=markers)}
    found = waiting(WEST, EAST, memories, SETTINGS, AT_S)
    assert found is not None
    return found


def shut(found: Waiting) -> dict[str, str]:
    return {gate.name: gate.detail for gate in found.shut}


def test_the_hold_down_is_counted_and_opens_by_itself() -> None:
    found = told_by(replace(WATCH, told="failback of us-east-1: target well for less than 60 s"))
    assert shut(found) == {"well for the hold-down": "target well for 20 s of 60"}
    assert 38 <= found.soonest_s <= 40, "sixty seconds of being well, twenty are over"


def test_a_gate_that_is_shut_is_named_and_nothing_is_promised() -> None:
    told = "failback of us-east-1: replication has not caught up; it lacks capacity (not known)"
    found = told_by(replace(WATCH, reading_since_s=AT_S - 90, told=told))
    assert shut(found) == {
        "replication caught up": "replication has not caught up",
        "capacity for it": "not known yet",
    }
    assert found.soonest_s == inf


def test_open_gates_say_what_they_were_seen_by() -> None:
    watch = replace(WATCH, reading_since_s=AT_S - 90)
    found = told_by(watch, Markers(acked={EAST: int(AT_S) - 7}))
    assert found.shut == ()
    caught_up = next(gate for gate in found.gates if gate.name == "replication caught up")
    assert caught_up.detail == "a marker went there and back 7 s ago"
    assert found.soonest_s == 0, "the very next look"


def test_gates_are_not_open_before_anybody_looked_at_them() -> None:
    for watch in (
        replace(WATCH, phase=Phase.LATCHED),
        replace(WATCH, reading=Reading.TARGET_BAD, told="failback of us-east-1: target bad"),
    ):
        found = told_by(watch)
        assert shut(found)["the same release"] == "not asked yet"
        assert found.soonest_s == inf


def test_a_hold_is_a_gate_too() -> None:
    found = told_by(replace(WATCH, reading_since_s=AT_S - 90, held=True))
    assert shut(found) == {"not held": "an operator holds it"}


def test_who_does_not_watch_the_region_has_no_say() -> None:
    assert SETTINGS is not None
    assert waiting(EAST, EAST, {EAST: Memory()}, SETTINGS, AT_S) is None
    assert waiting("eu-west-1", EAST, {}, SETTINGS, AT_S) is None
