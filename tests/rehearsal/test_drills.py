"""Drills of a deployed stack by the command: what passes, what fails and why, what is killed."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import backups
import fault_templates
import pytest
from commands import SPEED, run
from weaknesses import WEAKNESSES, Weakness

from resilience.experiments.catalogue import CATALOGUE
from resilience.experiments.grounding import account_of
from resilience.experiments.verify import differences
from resilience.journal import read_journal

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Shared
    from drilled import Drilled

LONG = [name for name in CATALOGUE if name != "dns-switchover"]
STEPS = ("steady-before", "inject", "watch", "rollback", "steady-after")


def killed(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def drilled(shared: Shared) -> Drilled:
    return shared.drilled()


@pytest.fixture(scope="module")
def with_backups(drilled: Drilled) -> Drilled:
    backups.take(drilled, account_of(drilled.aws))
    return drilled


def test_a_drill_that_passes_writes_a_journal_that_verifies(drilled: Drilled) -> None:
    before = drilled.fingerprint()
    ended = drilled.execute("dns-switchover", name="switchover")
    assert ended.code == 0, ended
    assert ended.summary["verdict"] == "met"
    journal = read_journal(drilled.folder / "switchover" / "journal.json")
    assert journal.run.kind == "drill"
    assert differences(journal) == ()
    assert journal.chaos is not None
    assert (journal.chaos["status"], journal.chaos["deviated"]) == ("completed", False)
    assert (drilled.folder / "switchover" / "report.html").is_file()
    assert drilled.fingerprint() == before


def test_a_drill_killed_while_a_region_is_lost_is_taken_back_by_the_next(
    drilled: Drilled, tmp_path: Path
) -> None:
    before = drilled.fingerprint()
    drilled.disturbed("region-loss", "watch", tmp_path / "log", killed)
    assert drilled.fingerprint() != before, "a drill that is killed leaves its change behind"
    ended = drilled.run("--recover", "--out", str(tmp_path / "taken back"))
    assert ended.code == 0, ended
    assert "was left in step watch: take it back" in " ".join(ended.stderr.split())
    assert ended.summary["recovered"] is not None
    journal = read_journal(tmp_path / "taken back" / "journal.json")
    assert (journal.run.kind, journal.verdict) == ("drill", "broken")
    assert {"drill.injected", "drill.undone"} <= {each.kind for each in journal.timeline}
    assert drilled.fingerprint() == before, "something stayed injected"


def test_a_dry_run_changes_nothing_and_says_what_it_would_do(drilled: Drilled) -> None:
    before = drilled.fingerprint()
    ended = drilled.run("--experiment", "bad-model", "--account", "999999999999")
    assert ended.code == 2, "a drill in another account than was meant is refused"
    plan = ended.summary["plan"]
    assert plan["account"] == "123456789012"
    assert "expected 999999999999" in ended.summary["why"]
    assert plan["changes"] == ["a version with a changed model behind alias live in us-east-1"]
    assert drilled.fingerprint() == before


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("experiment", ["evacuation-and-return", "backup-restore"])
def test_a_stack_can_be_emulated_for_one_drill(
    release_zip: Path, tmp_path: Path, experiment: str
) -> None:
    ended = run(
        *("drill", "--emulate", "--experiment", experiment, "--execute", "--yes"),
        *("--release", str(release_zip), "--speed", f"{SPEED:g}", "--out", str(tmp_path), "--json"),
        timeout_s=600,
    )
    assert ended.code == 0, ended
    journal = read_journal(tmp_path / "journal.json")
    assert (journal.verdict, journal.run.environment["aws"]) == ("met", "emulated")
    assert differences(journal) == ()


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("experiment", LONG)
def test_every_experiment_passes_on_a_sound_stack(with_backups: Drilled, experiment: str) -> None:
    drilled = with_backups
    before = drilled.fingerprint()
    ended = drilled.execute(experiment, name=experiment)
    assert ended.code == 0, ended
    assert differences(read_journal(drilled.folder / experiment / "journal.json")) == ()
    assert drilled.fingerprint() == before


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", ["listener", "security-group"])
def test_a_region_may_be_lost_by_other_cuts(drilled: Drilled, how: str) -> None:
    before = drilled.fingerprint()
    ended = drilled.execute("region-loss", "--option", f"how={how}", name=f"region-loss-{how}")
    assert ended.code == 0, ended
    assert drilled.fingerprint() == before


@pytest.fixture(scope="module")
def with_templates(drilled: Drilled) -> Drilled:
    fault_templates.deploy(drilled, account_of(drilled.aws))
    return drilled


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("experiment", ["replication-stalled", "az-loss"])
def test_fault_injection_is_started_and_stopped_by_the_drill(
    with_templates: Drilled, experiment: str
) -> None:
    drilled = with_templates
    before = drilled.fingerprint()
    ended = drilled.execute(experiment, "--option", "how=fis", name=f"{experiment}-fis")
    assert ended.code == 0, ended
    region = drilled.topology.primary.region
    shown = drilled.aws.call("fis", "list_experiments", region=region)["experiments"]
    running = [each["id"] for each in shown if each["state"]["status"] == "running"]
    assert not running, "an experiment that the drill started still runs"
    assert drilled.fingerprint() == before


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("weakness", WEAKNESSES, ids=lambda each: each.experiment)
def test_every_experiment_fails_on_a_weak_stack_for_the_right_reason(
    with_backups: Drilled, weakness: Weakness
) -> None:
    drilled = with_backups
    drilled.wait_well(weakness.experiment)
    with weakness.planted(drilled):
        before = drilled.fingerprint()
        name = f"weak-{weakness.experiment}"
        ended = drilled.execute(weakness.experiment, *weakness.options, name=name)
        assert ended.code == 1, ended
        assert weakness.reason in ended.summary["missed"], json.dumps(ended.summary["missed"])
        assert drilled.fingerprint() == before, "a drill that missed puts back what it found"


def test_every_experiment_has_a_weakness_that_fails_it() -> None:
    assert {weakness.experiment for weakness in WEAKNESSES} == CATALOGUE.keys()


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("experiment", CATALOGUE)
def test_every_drill_killed_at_every_step_is_taken_back_by_the_next(
    with_backups: Drilled, tmp_path: Path, experiment: str, step: str
) -> None:
    drilled = with_backups
    before = drilled.fingerprint()
    drilled.disturbed(experiment, step, tmp_path / "log", killed)
    ended = drilled.run("--recover", "--out", str(tmp_path / "taken back"), timeout_s=600)
    assert ended.code == 0, ended
    assert drilled.fingerprint() == before, f"killed in {step}: something stayed injected"
