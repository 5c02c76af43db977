"""A zonal shift takes a zone's address out of DNS, for as long as it says and no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.zonal.conftest import integrate

if TYPE_CHECKING:
    from tests.contract.zonal.conftest import Site

SHIFT = {"expiresIn": "30m", "comment": "its disks are slow"}
# us-east-1a, b and c, in that order, as moto names them.
ZONES = ("use1-az6", "use1-az1", "use1-az2")


def started(site: Site, **params: Any) -> Any:
    call = {"resourceIdentifier": site.arn, "awayFrom": ZONES[1], **SHIFT} | params
    return site.arc.start_zonal_shift(**call)


def test_a_shift_takes_its_zone_out_of_dns_until_it_expires(site: Site) -> None:
    before = site.addresses()
    assert len(before) == len(ZONES)
    shift = started(site)
    assert shift["status"] == "ACTIVE"
    assert site.addresses() == (before[0], before[2]), "the second zone's address is gone"
    site.pass_s(30 * 60 - 1)
    assert site.addresses() == (before[0], before[2])
    site.clock.at_s += 1
    assert site.addresses() == before, "DNS waits for nobody to look: the shift is over"
    listed = site.arc.list_zonal_shifts()["items"]
    assert [(each["status"], each["awayFrom"]) for each in listed] == [("EXPIRED", ZONES[1])]


def test_a_shift_ends_when_it_is_cancelled(site: Site) -> None:
    before = site.addresses()
    shift = started(site)
    assert site.arc.cancel_zonal_shift(zonalShiftId=shift["zonalShiftId"])["status"] == "CANCELED"
    assert site.addresses() == before
    assert site.refused("cancel_zonal_shift", zonalShiftId=shift["zonalShiftId"]) == (
        "ConflictException",
        "ZonalShiftStatusNotActive",
    )


def test_a_shift_is_prolonged_from_the_moment_of_the_call(site: Site) -> None:
    shift = started(site)
    site.pass_s(20 * 60)
    site.arc.update_zonal_shift(zonalShiftId=shift["zonalShiftId"], expiresIn="1h")
    site.pass_s(59 * 60)
    assert len(site.addresses()) == 2
    site.pass_s(60)
    assert len(site.addresses()) == 3


def test_a_managed_resource_shows_what_is_applied(site: Site) -> None:
    started(site)
    shown = site.arc.get_managed_resource(resourceIdentifier=site.arn)
    assert shown["appliedWeights"] == {ZONES[0]: 1.0, ZONES[1]: 0.0, ZONES[2]: 1.0}
    assert [each["appliedStatus"] for each in shown["zonalShifts"]] == ["APPLIED"]
    (item,) = site.arc.list_managed_resources()["items"]
    assert (item["zonalAutoshiftStatus"], item["practiceRunStatus"]) == ("DISABLED", "DISABLED")
    assert item["availabilityZones"] == list(ZONES)


def test_a_load_balancer_takes_part_by_its_attribute_alone(site: Site) -> None:
    integrate(site.client("elbv2"), site.arn, enabled=False)
    refused = site.refused(
        "start_zonal_shift", resourceIdentifier=site.arn, awayFrom=ZONES[0], **SHIFT
    )
    assert refused[0] == "ResourceNotFoundException"
    assert site.arc.list_managed_resources()["items"] == []


UNFIT = [
    ({"awayFrom": "use1-az4"}, ("ValidationException", "InvalidAz")),
    ({"awayFrom": "us-east-1a"}, ("ValidationException", "InvalidAz")),
    ({"expiresIn": "73h"}, ("ValidationException", "InvalidExpiresIn")),
    ({"expiresIn": "soon"}, ("ValidationException", "")),
    ({"resourceIdentifier": "arn:aws:elasticloadbalancing:us-east-1:1:x"}, ("ResourceNotFound",)),
]


@pytest.mark.parametrize(("params", "expected"), UNFIT, ids=[str(each[0]) for each in UNFIT])
def test_an_unfit_shift_is_refused(
    site: Site, params: dict[str, str], expected: tuple[str, ...]
) -> None:
    call = {"resourceIdentifier": site.arn, "awayFrom": ZONES[0], **SHIFT} | params
    refused = site.refused("start_zonal_shift", **call)
    assert refused[0].startswith(expected[0])
    assert refused[1:] == expected[1:] or len(expected) == 1
    assert len(site.addresses()) == len(ZONES)


def test_there_is_one_shift_of_a_resource_at_a_time(site: Site) -> None:
    started(site)
    assert site.refused(
        "start_zonal_shift", resourceIdentifier=site.arn, awayFrom=ZONES[0], **SHIFT
    ) == ("ConflictException", "ZonalShiftAlreadyExists")


def test_autoshift_needs_practice_runs_and_keeps_them(site: Site) -> None:
    enable = {"resourceIdentifier": site.arn, "zonalAutoshiftStatus": "ENABLED"}
    assert site.refused("update_zonal_autoshift_configuration", **enable) == (
        "ConflictException",
        "PracticeConfigurationDoesNotExist",
    )
    site.practise(blockedWindows=["Fri:18:00-Fri:22:00"], blockedDates=["2027-12-24"])
    site.arc.update_zonal_autoshift_configuration(**enable)
    shown = site.arc.get_managed_resource(resourceIdentifier=site.arn)
    assert shown["zonalAutoshiftStatus"] == "ENABLED"
    assert shown["practiceRunConfiguration"]["blockedDates"] == ["2027-12-24"]
    assert site.refused("delete_practice_run_configuration", resourceIdentifier=site.arn) == (
        "ConflictException",
        "AutoShiftEnabled",
    )
    site.arc.update_zonal_autoshift_configuration(**enable | {"zonalAutoshiftStatus": "DISABLED"})
    site.arc.delete_practice_run_configuration(resourceIdentifier=site.arn)


ELSEWHERE = "arn:aws:cloudwatch:us-west-2:123456789012:alarm:outcome"
UNFIT_PRACTICE = [
    ({"outcomeAlarms": []}, ""),
    ({"outcomeAlarms": [{"type": "CLOUDWATCH", "alarmIdentifier": ELSEWHERE}]}, "InvalidAlarm"),
    ({"blockedWindows": ["Fri:18:00-Mon:06:00"]}, "InvalidPracticeWindows"),
    ({"blockedWindows": ["Fri:18:00-Fri:25:00"]}, "InvalidPracticeWindows"),
    ({"blockedWindows": ["Fri:18:00-Fri:17:00"]}, "InvalidPracticeWindows"),
    ({"blockedDates": ["2027-02-30"]}, "InvalidPracticeWindows"),
    ({"blockedWindows": ["weekends"]}, ""),
    (
        {
            "blockedWindows": ["Fri:18:00-Fri:19:00"],
            "allowedWindows": ["Mon:18:00-Mon:19:00"],
        },
        "InvalidPracticeWindows",
    ),
]


@pytest.mark.parametrize(
    ("settings", "reason"), UNFIT_PRACTICE, ids=[str(u[0]) for u in UNFIT_PRACTICE]
)
def test_an_unfit_practice_run_configuration_is_refused(
    site: Site, settings: dict[str, Any], reason: str
) -> None:
    outcome = [{"type": "CLOUDWATCH", "alarmIdentifier": site.alarm("outcome")}]
    call = {"resourceIdentifier": site.arn, "outcomeAlarms": outcome} | settings
    code, told = site.refused("create_practice_run_configuration", **call)
    assert code == "ValidationException"
    assert told.startswith(reason)


def run(site: Site) -> dict[str, str]:
    return {"resourceIdentifier": site.arn, "awayFrom": ZONES[0], "comment": "a drill"}


def outcome_of(site: Site) -> str:
    (found,) = site.arc.list_zonal_shifts()["items"]
    return found["practiceRunOutcome"]


def test_a_practice_run_that_nothing_ends_succeeds_after_half_an_hour(site: Site) -> None:
    site.practise()
    site.arc.start_practice_run(**run(site))
    assert len(site.addresses()) == 2
    assert outcome_of(site) == "PENDING"
    site.pass_s(30 * 60)
    assert len(site.addresses()) == 3
    assert outcome_of(site) == "SUCCEEDED"


def test_a_practice_run_fails_when_its_outcome_alarm_goes_off(site: Site) -> None:
    site.practise()
    site.arc.start_practice_run(**run(site))
    site.pass_s(60)
    site.alarm("outcome", "ALARM")
    site.pass_s(1)
    assert len(site.addresses()) == 3, "the zone is back at once"
    assert outcome_of(site) == "FAILED"


def test_a_shift_by_hand_interrupts_a_practice_run(site: Site) -> None:
    site.practise()
    site.arc.start_practice_run(**run(site))
    started(site)
    run_, shift = site.arc.list_zonal_shifts()["items"]
    assert (run_["status"], run_["practiceRunOutcome"]) == ("CANCELED", "INTERRUPTED")
    assert shift["status"] == "ACTIVE"
    assert site.refused("start_practice_run", **run(site)) == (
        "ConflictException",
        "SimultaneousZonalShiftsConflict",
    )


NOT_NOW = [
    ({"blockedWindows": ["Fri:11:00-Fri:13:00"]}, "PracticeInBlockedWindows"),
    ({"blockedDates": ["2027-01-15"]}, "PracticeInBlockedDates"),
    ({"allowedWindows": ["Mon:11:00-Mon:13:00"]}, "PracticeOutsideAllowedWindows"),
]


@pytest.mark.parametrize(("settings", "reason"), NOT_NOW, ids=[each[1] for each in NOT_NOW])
def test_no_practice_run_starts_when_it_is_not_wanted(
    site: Site, settings: dict[str, list[str]], reason: str
) -> None:
    site.practise(**settings)
    assert site.refused("start_practice_run", **run(site)) == ("ConflictException", reason)
    site.pass_s(3 * 86_400 if "allowedWindows" in settings else 86_400)
    assert site.arc.start_practice_run(**run(site))["status"] == "ACTIVE"


def test_no_practice_run_starts_while_an_alarm_rings(site: Site) -> None:
    blocking = [{"type": "CLOUDWATCH", "alarmIdentifier": site.alarm("neighbour", "ALARM")}]
    site.practise(blockingAlarms=blocking)
    assert site.refused("start_practice_run", **run(site))[1] == "PracticeBlockingAlarmsRed"
    site.alarm("outcome", "ALARM")
    assert site.refused("start_practice_run", **run(site))[1] == "PracticeOutcomeAlarmsRed"
    site.alarm("outcome")
    site.alarm("neighbour")
    begun = site.arc.start_practice_run(**run(site))
    ended = site.arc.cancel_practice_run(zonalShiftId=begun["zonalShiftId"])
    assert ended["status"] == "CANCELED"
    assert outcome_of(site) == "INTERRUPTED"
