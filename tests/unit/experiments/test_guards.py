"""A drill that must not run does not, says why, and changes nothing but its own memory."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hand_world import ACCOUNT, BEGAN_S, EAST, WEST, HandWorld, ground
from playing import NAME, known, play, stepper

from resilience.experiments.core.guards import (
    Asked,
    Calendar,
    CalendarError,
    closed,
    parameter_name,
)
from resilience.experiments.core.stepper import Stepper

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.experiments.core.memory import Drill


def asking(world: HandWorld, **asked: object) -> Stepper:
    hand = stepper(world)
    return Stepper(
        world=world,
        ground=hand.ground,
        catalogue=hand.catalogue,
        asked=Asked(**asked),  # type: ignore[arg-type]
        owner="me",
        alive=lambda _: True,
    )


def refused(world: HandWorld, **asked: object) -> Drill:
    before = world.fingerprint()
    drill = play(asking(world, **asked), "region-loss")
    assert drill.verdict == "refused"
    assert world.fingerprint() == before, "a refused drill changes nothing"
    assert not drill.changes
    return drill


def sick(world: HandWorld) -> None:
    world.reserved[WEST, "understudy-staging-predict"] = 0
    world._note_changes()


def ringing(world: HandWorld) -> None:
    world.alarms.add((WEST, "understudy-staging-region-impaired"))


def untagged(world: HandWorld) -> None:
    world.tags.clear()


def small(world: HandWorld) -> None:
    world.reserved[WEST, "understudy-staging-predict"] = 10


def closed_by_the_stack(world: HandWorld) -> None:
    calendar = {"windows": ["sat-sun 00:00-24:00"], "blackout_dates": []}
    world.parameters[parameter_name(world.ground)] = json.dumps(calendar)


def garbled_calendar(world: HandWorld) -> None:
    world.parameters[parameter_name(world.ground)] = "[]"


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (sick, f"{WEST} does not answer a golden request"),
        (sick, f"Route 53 does not find {WEST} well"),
        (ringing, f"alarm understudy-staging-region-impaired in {WEST} is up"),
        (untagged, "is not tagged understudy:drills=allowed"),
        (small, f"{WEST} has reserved concurrency 10, less than the 50 of {EAST}"),
        (closed_by_the_stack, "UTC, and drills run sat-sun 00:00-24:00"),
        (garbled_calendar, "holds no drill calendar"),
    ],
)
def test_a_stack_that_is_not_for_drills_now_is_refused(
    spoil: Callable[[HandWorld], None], why: str
) -> None:
    world = HandWorld()
    spoil(world)
    world.at_s += 60  # Route 53 has seen it
    assert why in refused(world).why


@pytest.mark.parametrize(
    "experiment", ["dns-switchover", "evacuation-and-return", "backup-restore"]
)
def test_what_breaks_nothing_needs_no_tag(experiment: str) -> None:
    world = HandWorld()
    untagged(world)
    assert play(stepper(world), experiment).verdict == "met"


def test_another_account_or_stack_than_was_meant_is_refused() -> None:
    assert "expected 999999999999" in refused(HandWorld(), account="999999999999").why
    assert "expected prod" in refused(HandWorld(), stack="prod").why
    assert play(asking(HandWorld(), account=ACCOUNT, stack="staging"), "dns-switchover").verdict


def test_a_blackout_date_is_refused() -> None:
    calendar = Calendar(blackout_dates=("2026-01-05",))
    assert "2026-01-05 is a blackout date" in refused(HandWorld(), calendar=calendar).why


@pytest.mark.parametrize(
    ("window", "is_open"),
    [
        ("mon-fri 09:00-16:00", True),
        ("mon 10:00-10:01", True),
        ("mon 09:00-10:00", False),
        ("tue-sun 00:00-24:00", False),
        ("sat-mon 09:00-16:00", True),
        ("sat-sun 09:00-16:00", False),
    ],
)
def test_a_window_is_days_and_hours_and_its_end_is_not_within(window: str, is_open: bool) -> None:  # noqa: FBT001
    assert (closed(Calendar(windows=(window,)), BEGAN_S) == "") is is_open


@pytest.mark.parametrize("window", ["", "monday 9-5", "mon-fri 09:00", "mon 25:00-26:00"])
def test_a_window_that_cannot_be_read_is_an_error_and_no_open_door(window: str) -> None:
    with pytest.raises(CalendarError, match="expected days and hours"):
        closed(Calendar(windows=(window,)), BEGAN_S)


def test_while_one_drill_runs_another_is_refused_and_the_first_goes_on() -> None:
    world = HandWorld()
    first = asking(world)
    first.step("begin", "first", "region-loss", {})
    second = play(asking(world), "dns-switchover", name="second")
    assert second.verdict == "refused"
    assert "drill first of me is running" in second.why
    assert play(first, "region-loss", name="first").verdict == "met"


def test_a_drill_whose_owner_wrote_nothing_for_the_lease_is_taken_back_by_the_next() -> None:
    """Its owner may be on another machine: whether it lives cannot be seen from here."""
    world = HandWorld()
    before = world.fingerprint()
    first = asking(world)
    step: str | None = "begin"
    while step is not None and step != "watch":
        step = first.step(step, "first", "region-loss", {}).next
    assert world.fingerprint() != before
    second = asking(world)
    second.step("begin", "too soon", "dns-switchover", {})
    assert known(second, "too soon").verdict == "refused"
    world.at_s += 301
    second.step("begin", NAME, "dns-switchover", {})
    assert world.fingerprint() == before, "what the dead drill left is taken back first"
    assert known(second, "first").verdict == "broken"


def test_a_steady_state_that_never_comes_is_refused_and_nothing_is_broken() -> None:
    world = HandWorld()
    before = world.fingerprint()
    hand = asking(world)
    hand.step("begin", NAME, "region-loss", {})
    world.objects[f"{WEST}-evacuation", f"evacuation/{EAST}"] = (world.at_s, b"")
    world.observers_deaf = True
    step: str | None = "steady-before"
    while step is not None:
        step = hand.step(step, NAME, "region-loss", {}).next
    drill = known(hand)
    assert drill.verdict == "refused"
    assert f"{WEST} keeps an evacuation flag on {EAST}" in drill.why
    del world.objects[f"{WEST}-evacuation", f"evacuation/{EAST}"]
    assert world.fingerprint() == before


def test_an_alarm_in_a_region_that_is_not_hit_stops_the_drill() -> None:
    world = HandWorld()
    before = world.fingerprint()
    hand = asking(world)
    step: str | None = "begin"
    while step is not None:
        if step == "watch":
            world.alarms.add((WEST, "understudy-staging-region-impaired"))
        step = hand.step(step, NAME, "region-loss", {}).next
    drill = known(hand)
    assert drill.verdict == "missed"
    assert "alarm understudy-staging-region-impaired is up in us-west-2" in drill.stopped
    assert world.fingerprint() == before
    assert drill.until_s is not None
    assert drill.onset_s is not None
    assert drill.until_s - drill.onset_s < 10, "a stop condition is obeyed at once"


def test_clients_out_for_longer_than_the_bound_stop_the_drill() -> None:
    world = HandWorld(ground=replace(ground(), rto_s=20), slow_checks=True)
    before = world.fingerprint()
    drill = play(asking(world), "region-loss")
    assert drill.stopped == "no client got a right answer for 40 s"
    assert drill.verdict == "missed"
    assert world.fingerprint() == before
