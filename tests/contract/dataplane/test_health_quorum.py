"""The arithmetic of Route 53 health checks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulator.dataplane.health_quorum import Count, Streak, alarm_healthy, count, status
from emulator.store.names import HealthCheck

CHECK = HealthCheck(
    id="c",
    type="HTTPS",
    inverted=False,
    disabled=False,
    interval_s=10,
    failure_threshold=3,
    fqdn="x",
    ip_address="",
    port=443,
    path="/",
    search_string="",
    enable_sni=True,
    regions=(),
    children=(),
    health_threshold=0,
    alarm_region="",
    alarm_name="",
    insufficient_data_status="Healthy",
)


@pytest.mark.parametrize("threshold", range(1, 11))
@pytest.mark.parametrize("healthy", [True, False])
def test_an_opinion_changes_after_exactly_the_threshold_of_results_against_it(
    threshold: int,
    healthy: bool,  # noqa: FBT001  # a case of the table
) -> None:
    streak = Streak(healthy=healthy)
    changes = [streak.observe(passed=not healthy, threshold=threshold) for _ in range(threshold)]
    assert changes == [False] * (threshold - 1) + [True]
    assert streak.healthy is not healthy


def test_one_result_for_the_opinion_starts_the_count_anew() -> None:
    streak = Streak()
    for passed in (False, False, True, False, False):
        streak.observe(passed=passed, threshold=3)
    assert streak.healthy
    streak.observe(passed=False, threshold=3)
    assert not streak.healthy


def test_a_new_checker_says_healthy() -> None:
    assert Streak().healthy, "Route 53 considers a new health check healthy"


@pytest.mark.parametrize(
    ("healthy", "reporting", "verdict"),
    [
        (16, 16, True),
        (3, 16, True),  # 18.75 %
        (2, 16, False),  # 12.5 %
        (0, 16, False),
        (18, 100, False),  # exactly 18 % is not more than 18 %
        (19, 100, True),
        (3, 14, True),  # two checkers are in the lost Region
        (2, 14, False),
        (1, 1, True),
    ],
)
def test_healthy_while_more_than_eighteen_per_cent_say_so(
    healthy: int,
    reporting: int,
    verdict: bool,  # noqa: FBT001  # a row of the table
) -> None:
    counted = Count(healthy=healthy, reporting=reporting)
    assert counted.verdict(before=not verdict) is verdict


@pytest.mark.parametrize("before", [True, False])
def test_when_no_checker_reports_the_status_stays(before: bool) -> None:  # noqa: FBT001  # a case
    assert count([]).verdict(before=before) is before


def resolved(check: HealthCheck, *others: HealthCheck, healthy: bool = True) -> bool:
    known = {each.id: each for each in others}
    return status(check, base=lambda _: healthy, find=known.get)


@pytest.mark.parametrize(
    ("inverted", "disabled", "endpoint", "expected"),
    [
        (False, False, True, True),
        (False, False, False, False),
        (True, False, True, False),
        (True, False, False, True),
        (False, True, False, True),
        (True, True, True, False),
        (True, True, False, False),
    ],
)
def test_inverted_and_disabled(
    inverted: bool,  # noqa: FBT001  # a row of the table
    disabled: bool,  # noqa: FBT001
    endpoint: bool,  # noqa: FBT001
    expected: bool,  # noqa: FBT001
) -> None:
    check = replace(CHECK, inverted=inverted, disabled=disabled)
    assert resolved(check, healthy=endpoint) is expected


@pytest.mark.parametrize("threshold", range(4))
@pytest.mark.parametrize("sick", range(3))
def test_a_calculated_check_needs_its_threshold_of_healthy_children(
    threshold: int, sick: int
) -> None:
    children = [replace(CHECK, id=str(n), inverted=n < sick) for n in range(2)]
    parent = replace(
        CHECK, id="p", type="CALCULATED", children=("0", "1"), health_threshold=threshold
    )
    assert resolved(parent, *children) is (2 - min(sick, 2) >= threshold)


def test_a_calculated_check_counts_an_inverted_child_as_it_shows() -> None:
    """Two children, the second inverted: the evacuation check of this project."""
    deep, evacuated = replace(CHECK, id="d"), replace(CHECK, id="e", inverted=True)
    parent = replace(CHECK, id="p", type="CALCULATED", children=("d", "e"), health_threshold=2)
    known = {"d": deep, "e": evacuated}

    def with_endpoints(**healthy: bool) -> bool:
        return status(parent, base=lambda check: healthy[check.id], find=known.get)

    assert with_endpoints(d=True, e=False), "serving, and no evacuation flag"
    assert not with_endpoints(d=True, e=True), "the flag takes the Region out"
    assert not with_endpoints(d=False, e=False)


def test_a_child_that_does_not_exist_is_unhealthy_and_a_cycle_ends() -> None:
    parent = replace(CHECK, id="p", type="CALCULATED", children=("p",), health_threshold=1)
    assert not resolved(parent)
    assert not resolved(parent, parent)


@pytest.mark.parametrize(
    ("state", "setting", "last", "expected"),
    [
        ("OK", "Unhealthy", False, True),
        ("ALARM", "Healthy", True, False),
        ("INSUFFICIENT_DATA", "Healthy", False, True),
        ("INSUFFICIENT_DATA", "Unhealthy", True, False),
        ("INSUFFICIENT_DATA", "LastKnownStatus", True, True),
        ("INSUFFICIENT_DATA", "LastKnownStatus", False, False),
        (None, "Unhealthy", True, False),
    ],
)
def test_a_check_on_an_alarm(
    state: str | None,
    setting: str,
    last: bool,  # noqa: FBT001  # a row of the table
    expected: bool,  # noqa: FBT001
) -> None:
    assert alarm_healthy(state, setting, last_known=last) is expected
