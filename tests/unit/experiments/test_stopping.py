"""A drill by hand stops after the outage that the stack's own settings allow, or does not begin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hand_world import HandWorld
from sitting import Sitting

from resilience.experiments import session
from resilience.experiments.catalogue import CATALOGUE
from resilience.experiments.core.guards import parameter_name

if TYPE_CHECKING:
    from pathlib import Path

SPENT = "no client got a right answer for 40 s"


def settled(stop_s: object = 40, **weakness: bool) -> HandWorld:
    """A stack that says when its drills stop. By itself region-loss would stop after 196 s."""
    world = HandWorld(**weakness)  # type: ignore[arg-type]
    told = {"windows": [], "blackout_dates": [], "stop_s": stop_s}
    world.parameters[parameter_name(world.ground)] = json.dumps(told)
    return world


def test_a_drill_by_hand_stops_where_the_stack_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = settled(slow_checks=True)
    before = world.fingerprint()
    plans: list[str] = []
    ended = Sitting(world, tmp_path, monkeypatch).run(show=lambda plan: plans.append(plan.text()))
    assert ended.verdict == "missed"
    assert SPENT in ended.why
    assert ended.journal is not None
    (stopped,) = [each for each in ended.journal.timeline if each.kind == "drill.stopped"]
    (onset,) = [each for each in ended.journal.timeline if each.kind == "fault.lost"]
    assert 40 <= stopped.at_s - onset.at_s <= 50, "at the first look after forty seconds"
    assert "clients get no right answer for 40 s" in plans[0], "the plan says it beforehand"
    assert world.fingerprint() == before


def test_a_stack_that_fails_over_in_time_is_not_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Sitting(settled(), tmp_path, monkeypatch).run().verdict == "met"


def test_a_drill_that_does_not_ask_the_stack_is_found_by_these_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "stopping", lambda stepper: (stepper, ()))
    ended = Sitting(settled(slow_checks=True), tmp_path, monkeypatch).run()
    assert SPENT not in ended.why


@pytest.mark.parametrize("stop_s", ["soon", 0, -1, None])
def test_a_stack_that_does_not_say_when_is_not_drilled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_s: object
) -> None:
    world = settled(stop_s)
    ended = Sitting(world, tmp_path, monkeypatch).run()
    assert ended.verdict == "refused"
    assert "does not say when a drill stops" in ended.why
    assert "drillStopSeconds" in ended.why
    assert not world.items, "not even its memory is written"


def test_every_experiment_can_be_stopped() -> None:
    world = HandWorld()
    for each in CATALOGUE.values():
        assert each.stopped_after(1).outage_s(world.ground) == 1
        assert each.stopped_after(1e6).outage_s(world.ground) == each.outage_s(world.ground) > 0
