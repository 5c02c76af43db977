"""The numbered writes of a drill: what is counted, what is not, and that none is left."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hand_world import EAST, WEST, HandWorld, ground, place
from playing import NAME, play, stepper

from resilience.clock import Clock
from resilience.experiments.catalogue import CATALOGUE
from resilience.experiments.core.world import CallError
from resilience.experiments.core.writes import NONE_LOST, Writes
from resilience.experiments.laptop_world import LaptopWorld
from resilience.experiments.plan_text import PlanText

if TYPE_CHECKING:
    from resilience.experiments.core.memory import Drill

LEAVING = [name for name, each in CATALOGUE.items() if each.leaves]


def left(world: HandWorld) -> list[str]:
    """Objects of drills that are still in a bucket."""
    return [key for _, key in world.objects if key.startswith("drills/")]


def lost_for_good(drill: Drill) -> tuple[bool, str]:
    (found,) = [each for each in drill.expected if each.name == NONE_LOST]
    return found.held, found.detail


def test_writes_are_made_where_a_region_is_lost_or_left_and_nowhere_else() -> None:
    """Where replication itself is stopped, the loss would be as long as the drill's own stall."""
    assert [
        *("region-loss", "evacuation-and-return", "dns-switchover", "bad-model", "observer-dead"),
    ] == LEAVING


@pytest.mark.parametrize("experiment", LEAVING)
def test_a_drill_writes_until_it_changes_something_and_deletes_what_it_wrote(
    experiment: str,
) -> None:
    world = HandWorld()
    drill = play(stepper(world), experiment)
    assert drill.verdict == "met", drill.why
    assert [each.number for each in drill.writes] == list(range(len(drill.writes)))
    assert len(drill.writes) > 2
    assert drill.onset_s is not None
    assert all(each.written_s <= drill.onset_s for each in drill.writes)
    assert {each.region for each in drill.writes} == {EAST}
    assert lost_for_good(drill) == (True, f"0 of {len(drill.writes)} are still missing at the end")
    assert left(world) == []


def test_a_standby_that_holds_too_little_misses_the_rpo_though_copies_come_later() -> None:
    world = HandWorld(ground=replace(ground(), rpo_s=3), copied_after_s=8)
    drill = play(stepper(world), "region-loss")
    assert drill.verdict == "missed"
    assert drill.why.startswith("rpo_s: ")
    assert drill.why.endswith(", expected 3")
    held, _ = lost_for_good(drill)
    assert held, "what was copied after the onset is not lost for good, and counts all the same"


def test_the_same_lag_within_the_rpo_is_met() -> None:
    drill = play(stepper(HandWorld(copied_after_s=8)), "region-loss")
    assert drill.verdict == "met", drill.why
    assert drill.held_at_onset == (0,)


def test_writes_that_never_come_over_are_lost_for_good_and_deleted() -> None:
    world = HandWorld(copies_broken=True)
    drill = play(stepper(world), "dns-switchover")
    assert drill.verdict == "missed"
    assert lost_for_good(drill) == (False, "3 of 3 are still missing at the end")
    assert left(world) == []


def test_a_throttled_write_is_unacknowledged_and_not_counted() -> None:
    world = HandWorld(copies_broken=True)
    put = world.s3_put_object

    def throttled(region: str, Key: str, **given: Any) -> Any:  # noqa: N803
        if Key.endswith("00000001.json"):
            raise CallError("s3 put_object", "SlowDown", "said the test")
        return put(region, Key=Key, **given)

    world.s3_put_object = throttled  # type: ignore[method-assign]
    drill = play(stepper(world), "dns-switchover")
    assert [each.acknowledged for each in drill.writes] == [True, False, True]
    assert lost_for_good(drill) == (False, "2 of 2 are still missing at the end")


def test_a_bucket_that_acknowledges_nothing_proves_nothing() -> None:
    world = HandWorld(refused={f"s3 put_object in {EAST}": "AccessDenied"})
    drill = play(stepper(world), "evacuation-and-return")
    assert drill.verdict == "missed"
    assert lost_for_good(drill) == (False, "no write was acknowledged before the first change")


def test_a_standby_that_cannot_be_read_misses_the_rpo() -> None:
    world = HandWorld(refused={f"s3 list_objects_v2 in {WEST}": "AccessDenied"})
    drill = play(stepper(world), "dns-switchover")
    assert (drill.held_at_onset, drill.held_at_end) == (None, None)
    assert "rpo_s: never, expected 300" in drill.why
    assert lost_for_good(drill) == (False, "the Region that takes over could not be read")
    assert left(world) == []


def test_a_drill_that_finds_no_steady_state_deletes_what_it_wrote() -> None:
    world = HandWorld()
    world.objects[f"{WEST}-evacuation", f"evacuation/{EAST}"] = (world.at_s, b"")
    drill = play(stepper(world), "dns-switchover")
    assert drill.verdict == "refused"
    assert drill.writes
    assert left(world) == []


def test_writes_that_are_not_deleted_are_found_by_the_tests_of_killed_drills(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They hold a stack's fingerprint before and after."""
    world = HandWorld()
    before = world.fingerprint()
    monkeypatch.setattr(Writes, "clear", lambda _: None)
    play(stepper(world), "region-loss")
    assert world.fingerprint() != before


def test_only_what_every_region_has_counts_where_clients_may_be_led_to_any() -> None:
    north = "eu-north-1"
    places = (place(EAST, WEST), place(WEST, EAST), place(north, EAST))
    world = HandWorld(ground=replace(ground(), places=places))
    for region, numbers in ((WEST, (0, 1, 2)), (north, (1, 2, 3))):
        for number in numbers:
            key = f"drills/{NAME}/writes/{number:08d}.json"
            world.objects[f"{region}-predictions", key] = (world.at_s, b"")

    def held(routing: str) -> tuple[int, ...] | None:
        led = replace(world.ground, routing=routing)
        return Writes(world=world, ground=led, hit=places[0], drill=NAME).held()

    assert held("latency") == (1, 2)
    assert held("failover") == (0, 1, 2), "the next in the chain takes over"


def test_a_list_of_several_pages_is_read_to_its_end() -> None:
    world = HandWorld()
    prefix = f"drills/{NAME}/writes/"
    pages = iter(([0, 1], [2]))

    def listed(_region: str, **asked: Any) -> Any:
        numbers = next(pages)
        more = {} if "ContinuationToken" in asked else {"NextContinuationToken": "next"}
        return {"Contents": [{"Key": f"{prefix}{n:08d}.json"} for n in numbers]} | more

    world.s3_list_objects_v2 = listed  # type: ignore[method-assign]
    hit = world.ground.primary
    assert Writes(world=world, ground=world.ground, hit=hit, drill=NAME).held() == (0, 1, 2)


def test_a_laptop_writes_no_faster_than_a_rehearsal_does() -> None:
    """Once a second, and twice a real second at most."""
    seat: Any = SimpleNamespace(clock=Clock(10.0), origin_s=0.0, name_server=("127.0.0.1", 53))
    calls: list[float] = []
    world = LaptopWorld(seat)
    try:
        world.watch(11.0, lambda: calls.append(time.monotonic()))
    finally:
        world._loop.close()
    assert len(calls) == 3
    assert all(later - sooner >= 0.5 for sooner, later in pairwise(calls))


@pytest.mark.parametrize("experiment", CATALOGUE)
def test_a_dry_run_says_whether_anything_is_written(experiment: str) -> None:
    plan = PlanText(
        drill=NAME,
        experiment=CATALOGUE[experiment],
        ground=ground(),
        options=CATALOGUE[experiment].options({}),
        changes=(),
        refusals=(),
        rate_per_s=1.0,
    )
    said = f"numbered objects beside {EAST}'s predictions, deleted afterwards" in plan.text()
    assert said == (experiment in LEAVING)
