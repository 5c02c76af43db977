"""The laptop's loop: what fails is tried again, and the rollback runs whatever happens."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest
from hand_world import HandWorld
from playing import NAME, Told, finish, known, stepper

from resilience.experiments import drive as driving
from resilience.experiments.core.memory import Lock
from resilience.experiments.drive import UnfinishedError, alive, drive
from resilience.experiments.drive import finish as taken_back


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "PAUSE_REAL_S", 0.0)


def calls_until_injected() -> int:
    """Give the number of the call after the first change."""
    world = HandWorld()
    drive(stepper(world), world, NAME, "region-loss", {}, Told())  # type: ignore[arg-type]
    whole = world.calls
    for number in range(whole):
        other = HandWorld(fail_from=number, fails_for=10**6, fail_code="ExpiredToken")
        try:
            drive(stepper(other), other, NAME, "region-loss", {}, Told())  # type: ignore[arg-type]
        except UnfinishedError:
            if other.reserved["us-east-1", "understudy-staging-predict"] == 0:
                return number
    raise AssertionError("nothing was ever injected")


@pytest.fixture(scope="module")
def injected() -> int:
    return calls_until_injected()


def test_credentials_that_expire_in_the_middle_leave_it_to_the_next_run(injected: int) -> None:
    world = HandWorld(fail_from=injected, fails_for=10**6, fail_code="ExpiredToken")
    before = HandWorld().fingerprint()
    with pytest.raises(UnfinishedError, match=r"run: \./run drill --recover"):
        drive(stepper(world), world, NAME, "region-loss", {}, Told())  # type: ignore[arg-type]
    assert world.fingerprint() != before, "without credentials nobody can take anything back"
    world.fails_for = 0
    ended = finish(stepper(world, owner="renewed"))
    assert ended is not None
    assert ended.verdict == "broken"
    assert world.fingerprint() == before


def test_throttling_for_a_while_is_waited_out(injected: int) -> None:
    world = HandWorld(fail_from=injected, fails_for=3)
    before = HandWorld().fingerprint()
    drill = drive(stepper(world), world, NAME, "region-loss", {}, Told())  # type: ignore[arg-type]
    assert drill.verdict == "met", drill.why
    assert world.fingerprint() == before


def test_throttling_for_long_ends_the_drill_by_its_rollback(injected: int) -> None:
    world = HandWorld(fail_from=injected, fails_for=8)
    before = HandWorld().fingerprint()
    drill = drive(stepper(world), world, NAME, "region-loss", {}, Told())  # type: ignore[arg-type]
    assert drill.verdict == "broken"
    assert "ThrottlingException" in drill.why
    assert world.fingerprint() == before


def test_every_call_that_fails_from_then_on_leaves_nothing_once_the_next_run_came() -> None:
    before = HandWorld().fingerprint()
    sound = HandWorld()
    drive(stepper(sound), sound, NAME, "region-loss", {}, Told())  # type: ignore[arg-type]
    for number in (*range(0, sound.calls, 7), sound.calls - 1):
        world = HandWorld(fail_from=number, fails_for=10**6, fail_code="ExpiredToken")
        with pytest.raises(UnfinishedError):
            drive(stepper(world), world, NAME, "region-loss", {}, Told())  # type: ignore[arg-type]
        world.fails_for = 0
        finish(stepper(world, owner="next"))
        assert world.fingerprint() == before, f"credentials expired at call {number}"


def left_behind(injected: int) -> HandWorld:
    """A stack whose drill lost its credentials right after the first change."""
    world = HandWorld(fail_from=injected, fails_for=10**6, fail_code="ExpiredToken")
    with pytest.raises(UnfinishedError):
        drive(stepper(world), world, NAME, "region-loss", {}, Told())  # type: ignore[arg-type]
    world.fails_for, world.fail_code = 0, "ThrottlingException"
    return world


def test_throttling_while_a_drill_is_taken_back_is_waited_out(injected: int) -> None:
    """Whichever call it begins at: what was half taken back is gone on with."""
    before = HandWorld().fingerprint()
    sound = left_behind(injected)
    first, hand = sound.calls, stepper(sound, owner="next")
    taken_back(hand, sound, known(hand), Told())  # type: ignore[arg-type]
    for number in range(first, sound.calls):
        world = left_behind(injected)
        hand = stepper(world, owner="next")
        left = known(hand)
        world.fail_from, world.fails_for = number, 3
        ended = taken_back(hand, world, left, Told())  # type: ignore[arg-type]
        assert ended.verdict == "broken", f"throttled at call {number - first}"
        assert world.fingerprint() == before, f"throttled at call {number - first}"
        assert hand.ledger.lock() is None


def test_ctrl_c_takes_back_what_was_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    world = HandWorld()
    before = world.fingerprint()
    watch, pressed = world.watch, [False]

    def interrupted(for_s: float, *meanwhile: Any) -> Any:
        down = world.reserved["us-east-1", "understudy-staging-predict"] == 0
        if down and not pressed[0]:
            pressed[0] = True
            raise KeyboardInterrupt
        return watch(for_s, *meanwhile)

    monkeypatch.setattr(world, "watch", interrupted)
    drill = drive(stepper(world), world, NAME, "region-loss", {}, Told())  # type: ignore[arg-type]
    assert (drill.verdict, drill.why) == ("broken", "interrupted")
    assert world.fingerprint() == before


def test_clients_that_end_break_the_drill_and_not_the_stack() -> None:
    world = HandWorld()
    before = world.fingerprint()
    hand = stepper(world)
    step: str | None = "begin"
    while step != "watch":
        assert step is not None
        step = hand.step(step, NAME, "region-loss", {}).next
    world.stop("the clients ended")
    drill = drive(hand, world, NAME, "region-loss", {}, Told())  # type: ignore[arg-type]
    assert drill.verdict == "broken"
    assert drill.why == "the clients ended"
    assert world.fingerprint() == before


def test_a_drill_taken_over_by_another_hand_is_left_to_it() -> None:
    world = HandWorld()
    first = stepper(world, owner="first")
    step: str | None = "begin"
    while step != "watch":
        assert step is not None
        step = first.step(step, NAME, "region-loss", {}).next
    other = stepper(world, owner="other")
    other.recover(known(other))
    drill = drive(first, world, NAME, "region-loss", {}, Told())  # type: ignore[arg-type]
    assert drill.verdict == "broken"
    assert world.fingerprint() == HandWorld().fingerprint()


def test_an_owner_is_dead_only_if_its_process_on_this_machine_is() -> None:
    here = socket.gethostname()

    def lock(owner: str) -> Lock:
        return Lock(holder="x", owner=owner, beat_s=0.0, version=1)

    assert alive(lock(f"{here}:{os.getpid()}:a"))
    assert not alive(lock(f"{here}:{2**22 + 1}:a")), "no process has that number"
    assert alive(lock(f"elsewhere:{2**22 + 1}:a")), "another machine's processes are not known"
