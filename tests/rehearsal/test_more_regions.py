"""Rehearsals of more than two Regions, and of latency routing.

Checks look every 30 s and give up at once, which detects in the same time as three looks of 10 s
and asks a third as often: five Regions have fifteen endpoint checks of sixteen checkers each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from resilience.rehearsal.options import ScenarioName

if TYPE_CHECKING:
    from conftest import Shared

    from resilience.journal import Journal

THREE: Final = ["us-east-1", "us-west-2", "eu-west-1"]
FIVE: Final = [*THREE, "ap-south-1", "sa-east-1"]
LOOKS: Final = {"healthCheckIntervalSeconds": 30, "failureThreshold": 1}


def held(journal: Journal) -> None:
    assert journal.verdict == "met", (journal.missed(), journal.verdicts, journal.expectations)
    assert journal.measurements is not None
    recovery_s = journal.measurements.recovery.recovery_time_s
    assert recovery_s is not None
    assert journal.objectives is not None
    assert recovery_s <= journal.objectives.rto_s


# In one emulator Regions are only ever added: one that left cannot come back before the waiting
# period of its key's replica ends.


@pytest.mark.long
@pytest.mark.parametrize("regions", [THREE[:2], THREE], ids=len)
def test_with_latency_records_only_the_clients_nearest_to_the_loss_notice(
    shared: Shared, regions: list[str]
) -> None:
    nearest_lost(shared, regions)


@pytest.mark.long
def test_with_the_first_two_of_three_regions_lost_the_third_serves_and_latches(
    shared: Shared,
) -> None:
    journal = shared.play(ScenarioName.FIRST_TWO_LOST, regions=THREE, **LOOKS)
    held(journal)
    (latched,) = [event for event in journal.timeline if event.kind == "flag.set"]
    assert latched.detail.endswith("in eu-west-1"), "by the one watcher that is left"
    assert journal.raw is not None
    at_s = {event.kind: event.at_s for event in journal.timeline}
    served = {
        probe.region
        for probe in journal.raw.probes.unpack()
        if probe.good and latched.at_s < probe.scheduled_s < at_s["fault.restored"] - 2
    }
    assert served == {"eu-west-1"}


@pytest.mark.long
@pytest.mark.parametrize("regions", [THREE, FIVE], ids=len)
def test_any_number_of_regions_recovers_from_the_loss_of_the_first(
    shared: Shared, regions: list[str]
) -> None:
    held(shared.play(ScenarioName.PRIMARY_LOST, regions=regions, **LOOKS))


@pytest.mark.long
def test_with_latency_records_only_the_clients_nearest_of_five_regions_notice(
    shared: Shared,
) -> None:
    nearest_lost(shared, FIVE)


def nearest_lost(shared: Shared, regions: list[str]) -> None:
    journal = shared.play(ScenarioName.NEAREST_LOST, regions=regions, routing="latency", **LOOKS)
    held(journal)
    names = {each.name for each in journal.expectations if each.held}
    assert "clients of the other Regions do not notice" in names
