"""Looks of whole observers over data planes that a test moves by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from resilience.failover import Action, Intent, IntentKind, Phase, Step, Watch, holds, think
from resilience.functions.observer_look import Ended, look
from resilience.functions.observer_memory import Memory, intent_item, item_of, memory_of
from tests.unit.resilience.observer_ground import (
    EAST,
    LOOK_S,
    SETTINGS,
    WEST,
    Ground,
    HandWorld,
    config,
    run,
)

if TYPE_CHECKING:
    from resilience.functions.observer_look import Look


class Stack:
    """Both Regions' observers, looking in turn."""

    def __init__(self) -> None:
        self.ground = Ground()
        self.worlds = {region: HandWorld(self.ground, region) for region in (EAST, WEST)}
        self.last: dict[str, Look] = {}

    def look(self, times: int = 1) -> None:
        """Let every observer of a Region that is there look, every `LOOK_S`."""
        for _ in range(times):
            self.ground.at_s += LOOK_S
            for region, world in self.worlds.items():
                if region not in self.ground.lost:
                    self.last[region] = look(world, config(region), run())

    def watch(self, region: str, target: str) -> Watch:
        return memory_of(self.ground.observers[region]).brain.watches[target]

    def ask(self, kind: IntentKind, target: str) -> None:
        word = Intent(id=f"{kind}-{self.ground.at_s}", kind=kind, target=target, by="me", reason="")
        self.ground.intents[target] = intent_item(
            word, written_at="", expires_at_s=int(self.ground.at_s) + 3600
        )


@pytest.fixture
def stack() -> Stack:
    stack = Stack()
    stack.look(3)
    assert all(each.ended is Ended.WRITTEN for each in stack.last.values())
    return stack


def lose(stack: Stack, region: str) -> None:
    stack.ground.lost.add(region)
    stack.look(5)


def test_a_lost_region_is_latched_away_from_and_the_topic_is_told(stack: Stack) -> None:
    lose(stack, EAST)
    assert stack.ground.flags == {EAST: set(), WEST: {EAST}}
    assert stack.watch(WEST, EAST).phase is Phase.LATCHED
    assert [subject for subject, _ in stack.worlds[WEST].told] == [
        f"{EAST}: {Action.SET_FLAG.value}"
    ]


def test_a_healthy_return_changes_nothing_until_somebody_asks(stack: Stack) -> None:
    lose(stack, EAST)
    stack.ground.lost.clear()
    stack.look(20)
    assert stack.ground.flags[WEST] == {EAST}, "the latch holds"
    stack.ask(IntentKind.FAILBACK, EAST)
    stack.look(10)
    assert stack.ground.flags[WEST] == set()
    assert stack.watch(WEST, EAST).phase is Phase.SERVING


def test_failback_waits_for_a_marker_that_came_there_and_back(stack: Stack) -> None:
    lose(stack, EAST)
    stack.ground.lost.clear()
    stack.worlds[EAST].failing.add("put_marker")
    stack.ask(IntentKind.FAILBACK, EAST)
    stack.look(10)
    assert stack.ground.flags[WEST] == {EAST}
    assert "replication has not caught up" in stack.watch(WEST, EAST).told
    stack.worlds[EAST].failing.clear()
    stack.look(5)
    assert stack.ground.flags[WEST] == set()


def test_failback_waits_for_the_same_release_and_for_capacity(stack: Stack) -> None:
    lose(stack, EAST)
    stack.ground.lost.clear()
    stack.ground.releases[EAST] = "b" * 64
    stack.worlds[WEST].failing.add("many")
    stack.ask(IntentKind.FAILBACK, EAST)
    stack.look(10)
    told = stack.watch(WEST, EAST).told
    assert "do not serve the same release" in told
    assert "lacks capacity" in told
    stack.ground.releases.clear()
    stack.worlds[WEST].failing.clear()
    stack.look(5)
    assert stack.ground.flags[WEST] == set()


def test_markers_are_sent_only_while_a_region_is_evacuated(stack: Stack) -> None:
    assert not stack.ground.markers, "nothing is written while all is well"
    lose(stack, EAST)
    stack.ground.lost.clear()
    stack.look(3)
    assert set(stack.ground.markers) == {(EAST, WEST), (WEST, EAST)}


def test_the_epoch_begins_in_the_first_region_and_moves_with_the_latch(stack: Stack) -> None:
    def holder() -> list[str]:
        return [
            region
            for region in (EAST, WEST)
            if holds(
                memory_of(stack.ground.observers[region]).brain.epoch, stack.ground.at_s, SETTINGS
            )
        ]

    stack.look(3)
    assert holder() == [EAST]
    lose(stack, EAST)
    stack.look(20)
    assert WEST in holder()
    assert EAST not in holder(), "its lease ended while nobody answered it"


@pytest.mark.parametrize("failing", ["items", "write", "flag", "verdict"])
def test_an_observer_that_cannot_use_its_own_data_plane_decides_nothing(
    stack: Stack, failing: str
) -> None:
    stack.worlds[WEST].failing.add(failing)
    lose(stack, EAST)
    stack.look(5)
    assert stack.ground.flags[WEST] == set()
    assert stack.worlds[WEST].steps == []
    ends = {"items": Ended.BLIND, "write": Ended.UNWRITTEN}
    assert stack.last[WEST].ended is ends.get(failing, Ended.WRITTEN)


def test_a_step_that_was_refused_is_taken_again(stack: Stack) -> None:
    stack.worlds[WEST].failing.add("set_flag")
    lose(stack, EAST)
    assert stack.ground.flags[WEST] == set()
    stack.worlds[WEST].failing.clear()
    stack.look(3)
    assert stack.ground.flags[WEST] == {EAST}
    assert stack.watch(WEST, EAST).phase is Phase.LATCHED


def test_a_garbled_own_item_is_told_and_begun_anew(stack: Stack) -> None:
    stack.ground.observers[WEST]["brain"] = {"S": "{"}
    before = int(stack.ground.observers[WEST]["version"]["N"])
    stack.look()
    assert stack.last[WEST].ended is Ended.WRITTEN
    assert "garbled" in stack.last[WEST].troubles[0]
    assert memory_of(stack.ground.observers[WEST]).version == before + 1
    stack.look()
    assert stack.last[WEST].troubles == ()


def test_a_garbled_item_without_a_version_is_begun_anew_too(stack: Stack) -> None:
    stack.ground.observers[WEST] = {"pk": {"S": "observer"}, "sk": {"S": WEST}}
    stack.look()
    assert stack.last[WEST].ended is Ended.WRITTEN


def test_a_garbled_item_of_another_region_is_left_out_and_told(stack: Stack) -> None:
    stack.ground.lost.add(EAST)
    stack.ground.observers[EAST]["brain"] = {"S": "[]"}
    stack.ground.intents[EAST] = {"pk": {"S": "intent"}, "sk": {"S": EAST}}
    stack.look()
    assert [EAST in each for each in stack.last[WEST].troubles] == [True, True]
    stack.look(4)
    assert stack.ground.flags[WEST] == {EAST}, "and the Region is judged all the same"


def test_what_would_break_a_rule_is_neither_written_nor_done(stack: Stack) -> None:
    def rash(brain: Any, inputs: Any, place: Any, settings: Any) -> Any:
        after, _ = think(brain, inputs, place, settings)
        watch = replace(after.watches[EAST], phase=Phase.LATCHED, changed_at_s=inputs.at_s)
        step = Step(action=Action.SET_FLAG, target=EAST, reason="I felt like it")
        return replace(after, watches={EAST: watch}), (step,)

    world, before = stack.worlds[WEST], dict(stack.ground.observers[WEST])
    found = look(world, config(WEST), run(), think=rash)
    assert found.ended is Ended.BROKEN
    assert any(each.startswith("3:") for each in found.troubles)
    assert stack.ground.observers[WEST] == before
    assert world.steps == []


def test_the_memory_is_written_before_the_step_is_taken(stack: Stack) -> None:
    class Ordered(HandWorld):
        def set_flag(self, target: str, body: str) -> None:
            assert memory_of(self.ground.observers[WEST]).brain.watches[EAST].phase is Phase.LATCHED
            super().set_flag(target, body)

    stack.worlds[WEST] = Ordered(stack.ground, WEST)
    lose(stack, EAST)
    assert stack.worlds[WEST].steps == [f"set {EAST}"]


def test_a_step_that_comes_late_is_not_taken(stack: Stack) -> None:
    class Paused(HandWorld):
        def write(self, item: Any, *, over_version: int | None) -> bool:
            written = super().write(item, over_version=over_version)
            self.ground.at_s += 600
            return written

    lose(stack, EAST)
    stack.ground.lost.clear()
    stack.ground.flags[WEST].clear()
    stack.look(2)
    stack.worlds[WEST] = Paused(stack.ground, WEST)
    stack.ask(IntentKind.EVACUATE, EAST)
    found = look(stack.worlds[WEST], config(WEST), run())
    assert [step.action for step in found.steps] == [Action.SET_FLAG]
    assert "have passed since it was decided" in found.undone[0]
    assert stack.ground.flags[WEST] == set()


def test_of_two_runs_the_later_one_goes_on(stack: Stack) -> None:
    world = stack.worlds[WEST]
    first, second = run(1, since_s=100.0), run(2, since_s=160.0)
    assert look(world, config(WEST), first).ended is Ended.WRITTEN
    assert look(world, config(WEST), second).ended is Ended.WRITTEN
    assert look(world, config(WEST), first).ended is Ended.SUPERSEDED


def test_a_run_of_a_clock_that_was_ahead_supersedes_nobody(stack: Stack) -> None:
    ahead = Memory(version=1, run="ahead", since_s=stack.ground.at_s + 600)
    stack.ground.observers[WEST] = item_of(ahead, WEST, release="", written_at="")
    found = look(stack.worlds[WEST], config(WEST), run(since_s=stack.ground.at_s))
    assert found.ended is Ended.WRITTEN


def test_what_another_run_wrote_meanwhile_voids_a_look(stack: Stack) -> None:
    class Raced(HandWorld):
        def probe(self, target: str) -> Any:
            self.ground.observers[WEST]["version"] = {"N": "99"}
            return super().probe(target)

    stack.ground.lost.add(EAST)
    found = look(Raced(stack.ground, WEST), config(WEST), run())
    assert found.ended is Ended.RACED


def test_an_expired_word_is_no_word(stack: Stack) -> None:
    stack.ask(IntentKind.EVACUATE, EAST)
    stack.ground.at_s += 4000
    stack.look(3)
    assert stack.ground.flags[WEST] == set()


def test_a_promote_is_a_word_about_the_own_region(stack: Stack) -> None:
    stack.look(3)
    stack.ask(IntentKind.PROMOTE, WEST)
    stack.look()
    epoch = memory_of(stack.ground.observers[WEST]).brain.epoch
    assert epoch.claim is not None
    assert epoch.claim.number == 2
