"""A drill's memory comes back as it was written, fits its item, and is written by one hand."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hand_world import EAST, HandWorld
from hypothesis import given
from hypothesis import strategies as st
from playing import play, stepper

from resilience.experiments.core.memory import (
    Drill,
    GarbledDrillError,
    Ledger,
    RacedError,
    drill_of,
    text_of,
)
from resilience.experiments.core.world import CallError
from resilience.records import Connection, Outcome, Probe, Write

PROBES = st.builds(
    Probe,
    scheduled_s=st.floats(0, 2e9, allow_nan=False),
    client=st.integers(0, 9),
    connection=st.just(Connection.FRESH),
    outcome=st.sampled_from(Outcome),
    latency_s=st.floats(0, 9, allow_nan=False),
    address=st.none() | st.text(max_size=5),
    region=st.none() | st.text(max_size=5),
    release=st.none() | st.text(max_size=5),
    status=st.none() | st.integers(100, 599),
)

WRITES = st.builds(
    Write,
    number=st.integers(0, 999),
    written_s=st.floats(0, 2e9, allow_nan=False),
    region=st.text(max_size=5),
    acknowledged=st.booleans(),
)


@given(probes=st.lists(PROBES, max_size=9), writes=st.lists(WRITES, max_size=9))
def test_probes_and_writes_come_back_as_they_went(probes: list[Probe], writes: list[Write]) -> None:
    held = tuple(each.number for each in writes)
    drill = Drill(
        id="x",
        experiment="region-loss",
        probes=tuple(probes),
        writes=tuple(writes),
        held_at_onset=held or None,
        held_at_end=held,
    )
    assert drill_of(text_of(drill)) == drill


def test_a_drill_of_before_there_were_writes_is_read() -> None:
    """Drills are remembered for more than a year, and one of them may hold the lock."""
    raw = json.loads(text_of(Drill(id="x", experiment="region-loss")))
    for name in ("writes", "held_at_onset", "held_at_end"):
        del raw[name]
    assert drill_of(json.dumps(raw)) == Drill(id="x", experiment="region-loss")


def test_an_hour_of_probes_and_ten_minutes_of_writes_fit_an_item() -> None:
    """DynamoDB takes 400 KB an item."""
    probe = Probe(
        scheduled_s=1_767_607_200.123,
        client=0,
        connection=Connection.FRESH,
        outcome=Outcome.GOOD,
        latency_s=0.0123,
        address="203.0.113.255",
        region=EAST,
        release="a" * 64,
        status=200,
    )
    write = Write(number=600, written_s=1_767_607_200.1234, region=EAST, acknowledged=False)
    drill = Drill(
        id="x",
        experiment="region-loss",
        probes=(probe,) * 4200,
        writes=(write,) * 600,
        held_at_onset=tuple(range(600)),
        held_at_end=tuple(range(600)),
    )
    assert len(text_of(drill)) < 350_000


def test_every_drill_that_was_played_comes_back_as_it_went() -> None:
    drill = play(stepper(HandWorld()), "region-loss", {"how": "security-group"})
    assert drill.changes
    assert drill_of(text_of(drill)) == drill


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"id": "x"}', '{"probes": {}, "events": []}'])
def test_what_is_no_drill_is_refused(text: str) -> None:
    with pytest.raises(GarbledDrillError, match="no drill's memory"):
        drill_of(text)


def test_a_write_over_another_version_is_refused_and_changes_nothing() -> None:
    world = HandWorld()
    ledger = Ledger(world, world.ground)
    first = ledger.write(Drill(id="x", experiment="region-loss"))
    ledger.write(first)
    with pytest.raises(RacedError):
        ledger.write(first)
    with pytest.raises(RacedError):
        ledger.write(Drill(id="x", experiment="another"))
    found = ledger.drill("x")
    assert found is not None
    assert (found.version, found.experiment) == (2, "region-loss")


def test_a_write_whose_answer_was_lost_may_be_sent_again() -> None:
    """The SDK sends it again by itself, and meets its own write."""
    world = HandWorld()
    ledger = Ledger(world, world.ground)
    put = world.dynamodb_put_item

    def twice(region: str, **given: object) -> object:
        put(region, **given)  # type: ignore[arg-type]
        return put(region, **given)  # type: ignore[arg-type]

    world.dynamodb_put_item = twice  # type: ignore[method-assign]
    assert ledger.write(Drill(id="x", experiment="region-loss")).version == 1


def test_a_lock_is_taken_by_one_and_given_back_by_it_alone() -> None:
    world = HandWorld()
    ledger = Ledger(world, world.ground)
    one, other = (Drill(id=each, experiment="region-loss", owner=each) for each in ("one", "two"))
    ledger.take(one)
    with pytest.raises(RacedError, match="drill one holds the lock"):
        ledger.take(other)
    ledger.release(other)
    lock = ledger.lock()
    assert lock is not None
    assert lock.holder == "one"
    ledger.release(one)
    assert ledger.lock() is None


def test_every_item_says_when_it_was_written() -> None:
    """Restore tests tell a later write from a fault by it; locks that are given back say so too."""
    world = HandWorld()
    ledger = Ledger(world, world.ground)
    drill = ledger.write(Drill(id="x", experiment="region-loss"))
    ledger.take(drill)
    began_s = world.now_s()
    world.at_s += 60
    ledger.release(drill)
    written = {name: item["written_at"]["S"] for (_, name), item in world.items.items()}
    assert all(each.endswith("+00:00") for each in written.values()), "in UTC"
    ages_s = {n: datetime.fromisoformat(at).timestamp() - began_s for n, at in written.items()}
    assert ages_s == {"x": pytest.approx(0, abs=1), "lock": pytest.approx(60, abs=1)}


def test_a_table_that_does_not_answer_is_no_race() -> None:
    world = HandWorld(fail_from=0, fails_for=9)
    with pytest.raises(CallError, match="ThrottlingException"):
        Ledger(world, world.ground).write(Drill(id="x", experiment="region-loss"))
