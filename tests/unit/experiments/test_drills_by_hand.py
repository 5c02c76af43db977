"""Every experiment on a stack in memory: one run that passes, and one for each weakness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hand_world import EAST, HandWorld, settled
from playing import finish, play, stepper

from resilience.experiments.catalogue import CATALOGUE
from resilience.experiments.core.change import perform
from resilience.experiments.core.world import CallError
from resilience.functions.restore_findings import digest_of
from resilience.functions.restored_items import kept, size_of

if TYPE_CHECKING:
    from collections.abc import Mapping

RUNS: list[tuple[str, dict[str, str]]] = [
    *((name, {}) for name in CATALOGUE),
    ("region-loss", {"how": "listener"}),
    ("region-loss", {"how": "security-group"}),
    ("az-loss", {"how": "fis"}),
    ("replication-stalled", {"how": "fis"}),
]
OFTEN = settled("what is written again and again")
WEAKNESSES: list[tuple[str, dict[str, object], tuple[str, ...]]] = [
    ("region-loss", {"slow_checks": True}, ("another Region serves",)),
    (
        "evacuation-and-return",
        {"observers_deaf": True},
        ("an observer carries the word out", "clients are led away"),
    ),
    ("dns-switchover", {"slow_checks": True}, ("clients are led away",)),
    ("az-loss", {"zones_stay": True}, ("the zone gets no new clients",)),
    ("replication-stalled", {"copies_broken": True}, ("replication works again",)),
    ("bad-model", {"slow_checks": True}, ("another Region serves", "wrong answers have ended")),
    ("standby-throttled-under-load", {"small_standby": True}, ("the standby takes the load cold",)),
    ("backup-restore", {"backed_up": []}, ("every item is what it was",)),
    (
        "backup-restore",
        {"backed_up": [settled("1"), settled("2", "corrupted")]},
        ("every item is what it was",),
    ),
    ("backup-restore", {"backed_up": [settled("2")]}, ("every item is what it was",)),
    (
        "backup-restore",
        {"backed_up": [OFTEN], "long_there": [OFTEN | {"written_at": {"S": "2026-01-05T10:00Z"}}]},
        ("every item is what it was",),
    ),
    (
        "backup-restore",
        {"restores_denied": True},
        ("the backup becomes a table that can be read",),
    ),
    ("dependency-denied", {"records_lost": True}, ("records come late and none is lost",)),
    ("observer-dead", {"alarms_mute": True}, ("the alarm says that nobody watches",)),
]


@pytest.mark.parametrize(("experiment", "options"), RUNS)
def test_a_sound_stack_passes_and_is_left_as_it_was(
    experiment: str, options: Mapping[str, str]
) -> None:
    world = HandWorld()
    before = world.fingerprint()
    drill = play(stepper(world), experiment, dict(options))
    assert drill.verdict == "met", drill.why
    assert world.fingerprint() == before, "a drill puts back what it found"
    assert stepper(world).ledger.lock() is None, "a drill that ended lets the next one run"


@pytest.mark.parametrize(("experiment", "weakness", "reasons"), WEAKNESSES)
def test_a_weak_stack_fails_for_its_weakness_and_is_left_as_it_was(
    experiment: str, weakness: dict[str, object], reasons: tuple[str, ...]
) -> None:
    world = HandWorld(**weakness)  # type: ignore[arg-type]
    before = world.fingerprint()
    drill = play(stepper(world), experiment)
    assert drill.verdict == "missed", drill.why
    missed = [each.name for each in drill.expected if not each.held]
    assert tuple(missed) == reasons, drill.why
    assert world.fingerprint() == before, "a drill that missed puts back what it found"


def test_every_experiment_has_a_weakness_that_fails_it() -> None:
    assert {name for name, _, _ in WEAKNESSES} == set(CATALOGUE)


def test_the_figures_of_a_drill_are_what_the_stack_did() -> None:
    """Clients were without an answer from the change until 30 s later."""
    world = HandWorld()
    drill = play(stepper(world), "region-loss")
    assert drill.onset_s is not None
    outage = [p.scheduled_s for p in world.seen if not p.good]
    assert outage[0] >= drill.onset_s
    assert 29 <= outage[-1] - drill.onset_s <= 31
    assert [e.detail for e in drill.events if e.kind == "drill.injected"] == [
        f"reserved concurrency 0 for understudy-staging-predict in {EAST}"
    ]


def test_the_newest_copy_is_restored_and_no_backup_of_the_regions_own() -> None:
    """A Region that is lost takes its own backups with it."""
    drill = play(stepper(HandWorld()), "backup-restore")
    assert [change.do.facts["point"] for change in drill.changes] == [f"point of {EAST}"]


def test_the_figures_of_a_restore_are_told() -> None:
    """Both settled items, on two pages; the digest is of keys and of digests of the items."""
    world = HandWorld()
    drill = play(stepper(world), "backup-restore")
    (told,) = [each.detail for each in drill.expected if each.name == "every item is what it was"]
    digests = {f"settled/{name}": kept(settled(name), 0.0).digest.hex() for name in ("1", "2")}
    assert "2 equal their replica" in told
    assert f"2 items, {size_of(world.backed_up)} bytes, SHA-256 {digest_of(digests)}" in told


def test_a_restore_that_fails_is_not_waited_for() -> None:
    world = HandWorld(restores_denied=True)
    drill = play(stepper(world), "backup-restore")
    assert "FAILED: Access denied" in drill.why
    assert world.at_s - drill.began_s < CATALOGUE["backup-restore"].deadline_s(world.ground) / 2


def test_a_restore_that_ends_while_it_is_taken_back_leaves_no_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between a look at the table and one at the jobs a job may end, and its table come."""
    world = HandWorld()
    (change,) = play(stepper(world), "backup-restore").changes
    listed = world.backup_list_restore_jobs

    def ended(region: str) -> Any:
        world.tables[change.do.facts["table"]] = "ACTIVE"
        return listed(region)

    monkeypatch.setattr(world, "backup_list_restore_jobs", ended)
    perform(world, change.undo)
    assert world.tables == {}


@pytest.mark.parametrize("experiment", ["az-loss", "replication-stalled"])
def test_fault_injection_that_does_not_begin_is_no_drill_and_is_taken_back(experiment: str) -> None:
    world = HandWorld(fis_begins_after_s=1e9)
    before = world.fingerprint()
    with pytest.raises(CallError, match="is initiating and breaks nothing"):
        play(stepper(world), experiment, {"how": "fis"})
    left = finish(stepper(world, owner="another"))
    assert left is not None
    assert left.verdict == "broken"
    assert world.fingerprint() == before
