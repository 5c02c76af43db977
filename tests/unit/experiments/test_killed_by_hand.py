"""A drill killed at any write: the next invocation leaves the stack as it was found."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hand_world import HandWorld, KilledError
from hypothesis import given
from hypothesis import strategies as st
from playing import finish, known, play, stepper

from resilience.experiments.catalogue import CATALOGUE
from resilience.experiments.core import change
from resilience.experiments.core.memory import Drill, RacedError
from resilience.experiments.core.stepper import Stepper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resilience.experiments.core.steps import Answer

QUICK = [("region-loss", {"how": "security-group"}), ("bad-model", {})]
ALL = [(name, {}) for name in CATALOGUE] + [
    ("region-loss", {"how": "listener"}),
    ("region-loss", {"how": "security-group"}),
    ("az-loss", {"how": "fis"}),
    ("replication-stalled", {"how": "fis"}),
]


def writes_of(experiment: str, options: Mapping[str, str]) -> int:
    world = HandWorld()
    play(stepper(world), experiment, dict(options))
    return world.writes


def left_as_found(experiment: str, options: Mapping[str, str], number: int, *, after: bool) -> None:
    world = HandWorld(kill_at=number, kill_after=after)
    before = world.fingerprint()
    with pytest.raises(KilledError):
        play(stepper(world, owner="first"), experiment, dict(options))
    world.kill_at = None
    where = f"killed {'after' if after else 'before'} write {number}"
    hand = stepper(world, owner="second")
    ended = finish(hand)
    assert world.fingerprint() == before, f"{where}: something stayed injected"
    assert hand.ledger.lock() is None, f"{where}: the lock stayed taken"
    if ended is not None:
        assert ended.verdict in {"broken", "met"}, where
        assert ended.step == "over", where
    again = play(stepper(world, owner="third"), experiment, dict(options), name="the next")
    assert again.verdict == "met", f"{where}: {again.why}"


def kill_at_any_write(experiment: str, options: Mapping[str, str], *, after: bool) -> None:
    for number in range(writes_of(experiment, options)):
        left_as_found(experiment, options, number, after=after)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("experiment", "options"), QUICK)
def test_a_drill_killed_at_any_write_is_taken_back_by_the_next(
    experiment: str, options: Mapping[str, str], *, after: bool
) -> None:
    kill_at_any_write(experiment, options, after=after)


@pytest.mark.long
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("experiment", "options"), ALL)
def test_every_drill_killed_at_any_write_is_taken_back_by_the_next(
    experiment: str, options: Mapping[str, str], *, after: bool
) -> None:
    kill_at_any_write(experiment, options, after=after)


@given(
    run=st.sampled_from(ALL),
    kills=st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=4),
)
def test_whoever_dies_taking_a_drill_back_is_followed_by_one_who_does(
    run: tuple[str, dict[str, str]], kills: list[tuple[int, bool]]
) -> None:
    experiment, options = run
    world = HandWorld()
    before = world.fingerprint()
    for count, (number, after) in enumerate(kills):
        world.writes, world.kill_at, world.kill_after = 0, number, after
        hand = stepper(world, owner=f"hand {count}")
        with suppress(KilledError):
            finish(hand)
            play(hand, experiment, options, name=f"drill {count}")
    world.kill_at = None
    hand = stepper(world, owner="the last")
    finish(hand)
    assert world.fingerprint() == before, "something stayed injected"
    assert hand.ledger.lock() is None, "the lock stayed taken"


def test_a_change_made_before_its_undo_is_written_is_found_by_these_tests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The mistake that the order of writes is there for."""

    def hasty(self: Stepper, drill: Drill) -> Answer:
        changes = self.catalogue[drill.experiment].plan(self.world, self.ground, drill)
        for each in changes:
            change.perform(self.world, each.do)
        drill = replace(self._begun(drill), changes=changes, made=len(changes))
        return self._answer(self._enter(drill, "watch"), "inject", "watch")

    monkeypatch.setattr(Stepper, "_inject", hasty)
    with pytest.raises(AssertionError, match="something stayed injected"):
        kill_at_any_write("region-loss", {}, after=True)


def test_two_hands_on_one_drill_do_not_both_go_on() -> None:
    """The later one finds its memory written by another, before it changes anything."""
    world = HandWorld()
    first, second = stepper(world, owner="first"), stepper(world, owner="second")
    for step in ("begin", "steady-before", "steady-before", "steady-before"):
        first.step(step, "x", "region-loss", {})
    stale = known(first, "x")
    second.recover(stale)
    with pytest.raises(RacedError):
        first.ledger.write(stale)
    step: str | None = first.step("inject", "x", "region-loss", {}).next
    assert step == "steady-after"
    while step is not None:
        step = second.step(step, "x", "region-loss", {}).next
    assert world.fingerprint() == HandWorld().fingerprint()
