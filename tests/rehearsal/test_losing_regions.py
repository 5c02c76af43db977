"""Scenarios on one deployed stack, played in this process one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from resilience.rehearsal.options import ScenarioName

if TYPE_CHECKING:
    from conftest import Shared

    from resilience.journal import Journal

BUSY_MACHINE_S = 15
"""What two busy cores may add to what the settings allow, in scenario seconds."""


def test_losing_the_standby_costs_no_reply(shared: Shared) -> None:
    journal = shared.play(ScenarioName.STANDBY_LOST)
    assert journal.verdict == "met", journal.summary()
    assert journal.measurements is not None
    assert journal.measurements.bad_probes == 0
    assert journal.measurements.recovery.recovery_time_s == 0


@pytest.mark.long
def test_losing_all_and_getting_one_back_recovers(shared: Shared) -> None:
    journal = shared.play(ScenarioName.ALL_LOST)
    assert journal.measurements is not None, journal.summary()
    recovery_s = journal.measurements.recovery.recovery_time_s
    assert recovery_s is not None
    assert 0 < recovery_s <= 90
    assert all(each.held for each in journal.expectations), journal.expectations


@pytest.mark.long
def test_threshold_and_ttl_each_move_their_own_part_of_the_recovery(shared: Shared) -> None:
    """Staging's own (3 failures, 10 s) are held in test_program_staging: over 25 and under 20."""
    journal = shared.play(ScenarioName.PRIMARY_LOST, failureThreshold=1, recordTtlSeconds=60)
    assert 8 <= spent(journal, "detect") <= 18, "one failed look is enough"
    after_s = spent(journal, "shift", "first_good_reply", "steady")
    assert after_s > 25, "clients keep the old answer for up to 60 s"
    assert journal.bounds is not None
    recovery_s = journal.measurements.recovery.recovery_time_s if journal.measurements else None
    assert recovery_s is not None
    assert journal.bounds.floor_s <= recovery_s <= journal.bounds.ceiling_s + BUSY_MACHINE_S


def spent(journal: Journal, *names: str) -> float:
    """Add up some parts of the recovery split."""
    assert journal.measurements is not None, journal.summary()
    parts = journal.measurements.recovery.parts
    return sum(part.duration_s for part in parts if part.name in names)
