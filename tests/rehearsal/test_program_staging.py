"""Whole rehearsals of the staging program: what clients see when Regions are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from resilience.journal import read_journal
from resilience.measurement import PARTS, measure

if TYPE_CHECKING:
    from pathlib import Path

    from commands import Ended
    from jobs import Rehearsals


@pytest.fixture
def staging(rehearsals: Rehearsals) -> tuple[Ended, Path]:
    return rehearsals.ended("staging"), rehearsals.out("staging")


def test_the_staging_program_recovers_and_the_report_is_written(
    staging: tuple[Ended, Path],
) -> None:
    ended, out = staging
    assert ended.code == 0, ended
    summary = ended.summary
    assert (summary["verdict"], summary["missed"]) == ("met", [])
    assert all(each["held"] for each in summary["expectations"])
    assert {each["objective"] for each in summary["verdicts"]} == {"rto_s", "rpo_s", "availability"}
    assert summary["not_proven"], "a rehearsal says what it does not prove"
    assert (out / "report.html").stat().st_size > 10_000


def test_the_recovery_time_lies_between_the_floor_and_the_objective(
    staging: tuple[Ended, Path],
) -> None:
    summary = staging[0].summary
    recovery = summary["measurements"]["recovery"]
    assert [each["name"] for each in recovery["parts"]] == list(PARTS)
    assert all(each["observed"] for each in recovery["parts"]), "each part's end was seen"
    assert sum(each["duration_s"] for each in recovery["parts"]) == pytest.approx(
        recovery["recovery_time_s"]
    )
    spent_s = {each["name"]: each["duration_s"] for each in recovery["parts"]}
    assert spent_s["detect"] > 25, "three failed looks, ten seconds apart"
    assert sum(spent_s.values()) - spent_s["detect"] < 20, "caches live for 10 s"
    floor_s, rto_s = summary["bounds"]["floor_s"], summary["objectives"]["rto_s"]
    assert floor_s <= recovery["recovery_time_s"] <= rto_s


def test_the_journal_gives_every_figure_again(staging: tuple[Ended, Path]) -> None:
    journal = read_journal(staging[1] / "journal.json")
    assert journal.raw is not None
    assert measure(journal.raw.unpack()) == journal.measurements


def test_the_latch_holds_traffic_while_the_lost_region_is_back(
    staging: tuple[Ended, Path],
) -> None:
    journal = read_journal(staging[1] / "journal.json")
    assert journal.raw is not None
    at_s = {event.kind: event.at_s for event in journal.timeline}
    primary = journal.raw.lost_region
    back = [e for e in journal.timeline if e.kind == "check.healthy" and e.region == primary]
    assert back[-1].at_s < at_s["flag.cleared"], "the primary was healthy before traffic went back"
    held = [
        probe
        for probe in journal.raw.probes.unpack()
        if at_s["fault.restored"] < probe.scheduled_s < at_s["flag.cleared"] - 2
    ]
    assert len(held) > 100
    assert {probe.region for probe in held if probe.good} == {"us-west-2"}


def test_the_deployed_observer_decides_and_the_rehearsal_only_asks(
    staging: tuple[Ended, Path],
) -> None:
    timeline = read_journal(staging[1] / "journal.json").timeline
    at_s = {event.kind: event.at_s for event in timeline}
    thoughts = [event.detail for event in timeline if event.kind == "observer.phase"]
    latched = next(n for n, each in enumerate(thoughts) if each.startswith("us-west-2: latched"))
    assert any(each.startswith("us-west-2: failing back") for each in thoughts[latched:])
    assert thoughts[-1].startswith("us-west-2: serving")
    assert at_s["fault.restored"] < at_s["operator.word"] < at_s["flag.cleared"]


@pytest.mark.long
def test_ten_failures_thirty_seconds_apart_miss_the_rto_by_name(rehearsals: Rehearsals) -> None:
    ended = rehearsals.ended("slow checks")
    assert ended.code == 1, ended
    summary = ended.summary
    assert "rto_s" in summary["missed"]
    recovery_s = summary["measurements"]["recovery"]["recovery_time_s"]
    assert recovery_s is None or recovery_s >= summary["bounds"]["floor_s"] == 270
    assert any("cannot meet the RTO of 98 s" in note for note in summary["notes"])
