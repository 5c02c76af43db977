"""An observer's function interrupted at every call that changes something breaks no rule.

A whole story (loss, latch, return, failback) is told over and over; each time one call of one
kind goes wrong in one way, in the Region that decides. What is held against it after every look:
no rule is broken, the flag is never there while nobody could have decided so, and in the end
traffic is back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from resilience.failover import FLAGGED, Intent, IntentKind, Phase
from resilience.functions.observer_look import Ended, WorldError, look
from resilience.functions.observer_memory import intent_item, memory_of
from tests.unit.resilience.observer_ground import (
    EAST,
    LOOK_S,
    WEST,
    Ground,
    HandWorld,
    config,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WELL_LOOKS, LOST_LOOKS, BACK_LOOKS, ASKED_LOOKS = 3, 6, 6, 12


class Killed(BaseException):
    """The process is gone: nothing that it would still have done happens."""


@dataclass(frozen=True)
class Interruption:
    """How the n-th call of a kind goes wrong."""

    call: str
    at: int
    how: str

    def __str__(self) -> str:
        return f"{self.call} {self.at} {self.how}"


class Interrupted(HandWorld):
    """A world in which one call goes wrong."""

    def __init__(self, ground: Ground, region: str, wrong: Interruption) -> None:
        super().__init__(ground, region)
        self.wrong = wrong
        self.calls = 0
        self.late: list[Callable[[], object]] = []

    def write(self, item: Any, *, over_version: int | None) -> bool:
        return bool(
            self._call("write", lambda: HandWorld.write(self, item, over_version=over_version))
        )

    def set_flag(self, target: str, body: str) -> None:
        self._call("set_flag", lambda: HandWorld.set_flag(self, target, body))

    def clear_flag(self, target: str) -> None:
        self._call("clear_flag", lambda: HandWorld.clear_flag(self, target))

    def _call(self, name: str, do: Callable[[], object]) -> object:
        if name != self.wrong.call:
            return do()
        self.calls += 1
        if self.calls != self.wrong.at:
            return do()
        match self.wrong.how:
            case "throttled":
                raise WorldError("throttled")
            case "killed before":
                raise Killed
            case "killed after":
                do()
                raise Killed
            case "answer lost":
                do()
                raise WorldError("timed out")
            case "twice":
                do()
                return do()
            case _:  # it is carried out after the next look, when nobody waits for it any more
                self.late.append(do)
                raise WorldError("timed out")


HOWS = ("throttled", "killed before", "killed after", "answer lost", "twice", "late")


def interruptions() -> Iterator[Interruption]:
    looks = WELL_LOOKS + LOST_LOOKS + BACK_LOOKS + ASKED_LOOKS
    for how in HOWS:
        yield from (Interruption("set_flag", at, how) for at in (1, 2))
        yield from (Interruption("clear_flag", at, how) for at in (1, 2))
        yield from (Interruption("write", at, how) for at in range(3, looks, 3))


def story(wrong: Interruption) -> tuple[Ground, list[str]]:
    """Tell the story; gives the ground at its end and everything that broke a rule."""
    ground = Ground()
    west, east = Interrupted(ground, WEST, wrong), HandWorld(ground, EAST)
    broken: list[str] = []

    def looks(times: int) -> None:
        for _ in range(times):
            ground.at_s += LOOK_S
            late, west.late = west.late, []
            for region, world in ((EAST, east), (WEST, west)):
                if region in ground.lost:
                    continue
                try:
                    found = look(world, config(region), run())
                except Killed:
                    continue
                if found.ended is Ended.BROKEN:
                    broken.extend(found.troubles)
            for do in late:
                do()

    looks(WELL_LOOKS)
    if ground.flags[WEST]:
        broken.append("a flag while all was well")
    ground.lost.add(EAST)
    looks(LOST_LOOKS)
    ground.lost.clear()
    looks(BACK_LOOKS)
    word = Intent(id="one", kind=IntentKind.FAILBACK, target=EAST, by="me", reason="it is back")
    ground.intents[EAST] = intent_item(word, written_at="", expires_at_s=int(ground.at_s) + 7200)
    looks(ASKED_LOOKS)
    return ground, broken


@pytest.mark.parametrize("wrong", list(interruptions()), ids=str)
def test_a_failover_that_is_interrupted_once_breaks_no_rule_and_comes_to_its_end(
    wrong: Interruption,
) -> None:
    ground, broken = story(wrong)
    assert broken == []
    watch = memory_of(ground.observers[WEST]).brain.watches[EAST]
    assert (watch.phase in FLAGGED) is (EAST in ground.flags[WEST]), (
        "what it remembers is what is there"
    )
    late = wrong.how == "late"
    assert watch.phase is Phase.SERVING or late, "traffic is back"


def test_an_interruption_is_felt() -> None:
    """The story without one, and one in which the flag is never set, are not the same."""
    ground, _ = story(Interruption("none", 1, "throttled"))
    assert ground.flags[WEST] == set()
    calm = len(memory_of(ground.observers[WEST]).brain.epoch.beats)
    killed, _ = story(Interruption("write", 5, "killed before"))
    assert memory_of(killed.observers[WEST]).version < memory_of(ground.observers[WEST]).version
    assert calm > 0
