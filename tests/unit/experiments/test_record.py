"""A drill's journal is the one of every rung, written with the standard library alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hand_world import HandWorld
from playing import known, play, stepper

from resilience.experiments.catalogue import CATALOGUE
from resilience.experiments.core.record import journal_of
from resilience.experiments.verify import differences
from resilience.journal import read_journal

if TYPE_CHECKING:
    from pathlib import Path

    from resilience.journal import Journal


def journal(tmp_path: Path, world: HandWorld, experiment: str) -> Journal:
    hand = stepper(world)
    drill = play(hand, experiment)
    made = journal_of(world, world.ground, drill, CATALOGUE[experiment], 2.0)
    path = tmp_path / "journal.json"
    path.write_text(json.dumps(made))
    return read_journal(path)


@pytest.mark.parametrize("experiment", CATALOGUE)
def test_the_journal_of_every_experiment_is_read_and_verified(
    tmp_path: Path, experiment: str
) -> None:
    read = journal(tmp_path, HandWorld(), experiment)
    assert read.verdict == "met"
    assert read.run.kind == "drill"
    assert differences(read) == ()


def test_a_drill_that_missed_says_so_in_both_of_its_journals(tmp_path: Path) -> None:
    read = journal(tmp_path, HandWorld(slow_checks=True), "region-loss")
    assert read.verdict == "missed"
    assert "rto_s" in read.missed()
    assert read.chaos is not None
    assert read.chaos["deviated"] is True
    assert read.chaos["status"] == "completed"
    assert differences(read) == ()


def test_the_recovery_of_a_drill_is_split_by_what_it_saw(tmp_path: Path) -> None:
    read = journal(tmp_path, HandWorld(), "region-loss")
    assert read.measurements is not None
    recovery = read.measurements.recovery
    assert recovery.recovery_time_s == pytest.approx(30, abs=2)
    assert sum(part.duration_s for part in recovery.parts) == pytest.approx(
        recovery.recovery_time_s
    )
    assert all(part.observed for part in recovery.parts)


def test_a_refused_drill_has_a_journal_without_a_verdict_on_anything(tmp_path: Path) -> None:
    world = HandWorld()
    world.tags.clear()
    read = journal(tmp_path, world, "region-loss")
    assert read.verdict == "broken"
    assert (read.verdicts, read.measurements) == ([], None)
    assert read.broken is not None
    assert read.broken.startswith("refused: ")
    assert known(stepper(world)).step == "over"
