"""What a stack that was emulated for one drill is given first."""

from __future__ import annotations

import pytest
from hand_world import EAST, HandWorld
from playing import play, stepper

from resilience.experiments.core.world import CallError
from resilience.experiments.new_stack import back_up
from resilience.progress import Progress


def test_a_new_backup_is_copied_and_is_what_the_drill_restores() -> None:
    world = HandWorld()
    world.points.clear()
    back_up(world, world.ground, Progress())
    drill = play(stepper(world), "backup-restore")
    assert drill.verdict == "met", drill.why
    assert [each.do.facts["point"] for each in drill.changes] == [f"copy of new point of {EAST}"]


def test_a_backup_that_fails_is_told_and_not_waited_for() -> None:
    world = HandWorld(backups_fail=True)
    with pytest.raises(CallError, match="the job is FAILED: the key is disabled"):
        back_up(world, world.ground, Progress())


def test_a_backup_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    world = HandWorld()
    began_s = world.at_s
    monkeypatch.setattr(world, "backup_describe_backup_job", lambda *_, **__: {"State": "RUNNING"})
    with pytest.raises(CallError, match="the job is RUNNING"):
        back_up(world, world.ground, Progress())
    assert 600 < world.at_s - began_s < 660 + world.ground.slack_s
