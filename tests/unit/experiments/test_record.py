"""A drill's journal is the one of every rung, written with the standard library alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hand_world import HandWorld
from playing import known, play, stepper

from resilience.experiments.catalogue import CATALOGUE
from resilience.experiments.core.record import journal_of
from resilience.experiments.verify import differences
from resilience.figures import rows
from resilience.journal import read_journal

if TYPE_CHECKING:
    from collections.abc import Callable
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


def test_the_journal_holds_the_writes_and_what_was_lost(tmp_path: Path) -> None:
    read = journal(tmp_path, HandWorld(copied_after_s=7), "region-loss")
    assert read.raw is not None
    assert read.measurements is not None
    assert [each.number for each in read.raw.writes] == [0, 1, 2]
    assert all(0 <= each.written_s <= read.raw.lost_at_s for each in read.raw.writes)
    assert (read.raw.held_at_takeover, read.raw.held_at_end) == ([0], [0, 1, 2])
    loss, for_good = read.measurements.data_loss, read.measurements.lost_for_good
    assert loss is not None
    assert for_good is not None
    assert (loss.missing, for_good.missing) == (2, 0)
    assert loss.window_s == pytest.approx(5, abs=1)
    assert {each.objective for each in read.verdicts} == {"rto_s", "rpo_s", "availability"}
    (row,) = [each for each in rows(read) if each.name == "data loss window"]
    assert row.detail == "2 of 3 acknowledged writes missing at the onset"


def acknowledged_less(content: dict[str, Any]) -> None:
    content["raw"]["writes"][1]["acknowledged"] = False


def held_more(content: dict[str, Any]) -> None:
    content["raw"]["held_at_takeover"] = [0, 1, 2]


def rpo_left_out(content: dict[str, Any]) -> None:
    content["verdicts"] = [v for v in content["verdicts"] if v["objective"] != "rpo_s"]


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (acknowledged_less, "measurements.data_loss.acknowledged"),
        (held_more, "measurements.data_loss.missing"),
        (rpo_left_out, "verdict on rpo_s"),
    ],
)
def test_a_tampered_write_is_found(
    tmp_path: Path, tamper: Callable[[dict[str, Any]], None], named: str
) -> None:
    journal(tmp_path, HandWorld(copied_after_s=7), "region-loss")
    path = tmp_path / "journal.json"
    content = json.loads(path.read_text())
    tamper(content)
    path.write_text(json.dumps(content))
    assert named in {each.what for each in differences(read_journal(path))}


def test_a_refused_drill_has_a_journal_without_a_verdict_on_anything(tmp_path: Path) -> None:
    world = HandWorld()
    world.tags.clear()
    read = journal(tmp_path, world, "region-loss")
    assert read.verdict == "broken"
    assert (read.verdicts, read.measurements) == ([], None)
    assert read.broken is not None
    assert read.broken.startswith("refused: ")
    assert known(stepper(world)).step == "over"
