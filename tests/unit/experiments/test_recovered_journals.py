"""A drill that was killed has a journal too: the run that takes it back writes it."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hand_world import BEGAN_S, EAST, HandWorld
from playing import NAME, known, play, stepper
from sitting import Sitting
from typer.testing import CliRunner

from resilience.cli import app
from resilience.experiments.history import in_folder
from resilience.experiments.verify import differences
from resilience.journal import read_journal

if TYPE_CHECKING:
    from pathlib import Path

DEAD = f"{socket.gethostname()}:{2**22 + 1}:dead"
"""An owner whose process is not there: no process has that number."""


def left_in(step: str) -> HandWorld:
    """A stack whose drill was killed when it came to a step."""
    world = HandWorld()
    hand = stepper(world, owner=DEAD)
    coming: str | None = "begin"
    while coming != step:
        assert coming is not None
        coming = hand.step(coming, NAME, "region-loss", {}).next
    world.at_s += 60
    return world


def test_what_was_done_and_taken_back_is_written_down_with_when_and_by_whom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = left_in("watch")
    injected_s = next(e.at_s for e in known(stepper(world)).events if e.kind == "drill.injected")
    ended = Sitting(world, tmp_path, monkeypatch).run(None, recover=True, out=tmp_path / "out")
    assert (ended.verdict, ended.recovered, ended.out) == ("recovered", NAME, tmp_path / "out")
    journal = read_journal(tmp_path / "out" / "journal.json")
    assert (journal.verdict, journal.run.scenario) == ("broken", "region-loss")
    assert journal.broken is not None
    assert journal.broken.startswith(f"it stopped in step watch, and {socket.gethostname()}:")
    assert journal.run.started_at is not None
    assert abs(journal.run.started_at - datetime.fromtimestamp(BEGAN_S, UTC)).seconds < 1
    said = [(each.kind, each.detail, each.at_s) for each in journal.timeline]
    kinds = [kind for kind, _, _ in said]
    assert kinds == [
        *("drill.begun", "drill.planned", "fault.lost", "drill.injected"),
        *("drill.recovered", "drill.undone"),
    ]
    assert said[0][1] == f"by {DEAD}"
    assert said[3][1] == f"reserved concurrency 0 for understudy-staging-predict in {EAST}"
    assert said[3][2] == pytest.approx(injected_s - BEGAN_S, abs=1), "in seconds since it began"
    assert said[4][2] >= said[3][2] + 60, "it stood until somebody came"
    assert said[5][1] == said[3][1], "what was done is what was taken back"
    assert journal.raw is None, "what the clients of another run see is no evidence of this one"
    assert differences(journal) == ()
    assert "drill.undone" in (tmp_path / "out" / "report.html").read_text()


def test_a_drill_that_was_taken_back_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Sitting(left_in("watch"), tmp_path, monkeypatch).run(None, recover=True)
    listed = CliRunner().invoke(app, ["drills", "--json"])
    (found,) = json.loads(listed.stdout)["drills"]
    assert (found["experiment"], found["verdict"]) == ("region-loss", "broken")


def test_the_next_drill_writes_both_journals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting = Sitting(left_in("watch"), tmp_path, monkeypatch)
    ended = sitting.run(out=tmp_path / "out")
    assert (ended.verdict, ended.recovered) == ("met", NAME)
    assert read_journal(tmp_path / "out" / "journal.json").verdict == "met"
    assert read_journal(tmp_path / "out" / NAME / "journal.json").verdict == "broken"
    assert [each.verdict for each in in_folder(tmp_path / "out").entries] == ["broken", "met"]
    assert any(f"{NAME}/journal.json" in each for each in sitting.told.notes)


def test_a_drill_judged_and_then_killed_is_broken_for_its_evidence_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = HandWorld()
    hand = stepper(world, owner=DEAD)
    hand.ledger.take(play(hand, "region-loss"))
    Sitting(world, tmp_path, monkeypatch).run(None, recover=True, out=tmp_path / "out")
    journal = read_journal(tmp_path / "out" / "journal.json")
    assert journal.verdict == "broken"
    assert journal.broken == "judged met, it ended before its journal was written"


@pytest.mark.parametrize("recover", [True, False])
def test_what_changed_nothing_leaves_no_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, recover: bool
) -> None:
    """A drill that was refused; and a dry run, which leaves a dead drill to others."""
    world = left_in("steady-before" if recover else "watch")
    if recover:
        hand = stepper(world)
        hand.ledger.write(replace(known(hand), verdict="refused", why="said the test"))
    execute, experiment = recover, None if recover else "region-loss"
    Sitting(world, tmp_path, monkeypatch).run(experiment, recover=recover, execute=execute)
    assert not list(tmp_path.rglob("journal.json"))


def test_recover_drills_nothing_even_if_an_experiment_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Sitting(left_in("watch"), tmp_path, monkeypatch).run(recover=True)
    assert (ended.verdict, ended.plan, ended.drill) == ("recovered", None, None)
