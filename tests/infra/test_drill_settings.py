"""Settings of drills: what contradicts itself is refused by key, before it is noticed at night."""

import pytest

from infra.settings import Settings, SettingsError, doubts, parse_settings
from infra.settings.drills import HARMLESS, HURTING
from infra.settings.opening_hours import within
from tests.infra.graph import stack_config


def parse(stack: str = "staging", /, **overrides: str) -> Settings:
    return parse_settings(stack_config(stack, **overrides), project="understudy", stack=stack)


def refusals(stack: str = "staging", /, **overrides: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        parse(stack, **overrides)
    return {problem.key.partition(":")[2]: str(problem) for problem in caught.value.problems}


def test_staging_is_broken_weekly_and_production_never() -> None:
    staging, prod = parse("staging").drills, parse("prod").drills
    assert staging.scheduled
    assert set(staging.experiments) <= set(HURTING)
    assert prod.scheduled
    assert not prod.injections
    assert set(prod.experiments) <= set(HARMLESS)
    assert (prod.locked_for_good, staging.locked_for_good) == (True, False)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("drillsScheduled", "weekly", "true or false"),
        ("drillInjections", "1", "true or false"),
        ("drillExperiments", '["meteor"]', "meteor is none"),
        ("drillExperiments", '["bad-model"]', "may run unattended"),
        ("drillExperiments", "region-loss", "a list of experiments"),
        ("drillSchedule", "weekly", "a schedule in UTC"),
        ("drillSchedule", "cron(0/10 * * * ? *)", "30 min or more between two drills, not 10 min"),
        ("drillSchedule", "cron(0 6 29 2 ? *)", "365 days or sooner"),
        ("drillWindows", '["Mon:09:00-Mon:16:00"]', 'such as "mon-thu 09:00-16:00"'),
        ("drillWindows", '["mon 16:00-09:00"]', '"mon 16:00-09:00" is none'),
        ("drillBlackoutDates", '["24 December"]', 'dates such as "2027-12-24"'),
        ("drillStopSeconds", "0", "1 to 86400"),
        ("drillOverdueDays", "367", "1 to 366"),
        ("drillJournalLock", "none", '"governance" or "compliance"'),
        ("drillJournalDays", "36501", "1 to 36500"),
    ],
)
def test_nonsense_is_refused_by_key(key: str, value: str, expected: str) -> None:
    assert expected in refusals(**{key: value})[key]


def test_a_schedule_outside_the_windows_is_refused_before_every_drill_is() -> None:
    said = refusals(drillWindows='["mon-tue 05:00-07:00"]')
    assert "which Wed:06:00 is not" in said["drillSchedule"]
    parse(drillWindows='["mon-fri 05:00-07:00"]')


def test_what_no_schedule_runs_may_lie_outside_the_windows() -> None:
    parse(drillWindows='["mon 05:00-07:00"]', drillsScheduled="false", drillExperiments="[]")


@pytest.mark.parametrize(
    ("moment", "window", "open_"),
    [
        ("Mon:09:00", "mon-thu 09:00-16:00", True),
        ("Mon:16:00", "mon-thu 09:00-16:00", False),
        ("Fri:10:00", "mon-thu 09:00-16:00", False),
        ("Sun:10:00", "sat-mon 09:00-16:00", True),
        ("Tue:10:00", "sat-mon 09:00-16:00", False),
        ("Sat:23:59", "sat 00:00-24:00", True),
    ],
)
def test_a_window_knows_its_moments(moment: str, window: str, *, open_: bool) -> None:
    assert within(moment, window) is open_


def test_an_alarm_that_would_fire_between_two_drills_is_refused() -> None:
    said = refusals(drillOverdueDays="7")["drillOverdueDays"]
    assert "more than the 7 days" in said
    parse(drillOverdueDays="8")


def test_breaking_something_takes_a_stack_that_may_be_broken() -> None:
    said = refusals("prod", drillExperiments='["dns-switchover", "region-loss"]')
    assert "region-loss does" in said["drillExperiments"]
    parse("prod", drillExperiments='["dns-switchover"]')
    parse("prod", drillExperiments='["region-loss"]', drillInjections="true")


def test_a_schedule_of_nothing_is_refused() -> None:
    assert "one or more" in refusals(drillExperiments="[]")["drillExperiments"]


def test_a_stop_before_the_objective_is_refused() -> None:
    assert "at least rtoSeconds, 98" in refusals(drillStopSeconds="97")["drillStopSeconds"]
    parse(drillStopSeconds="98")


def test_production_refuses_journals_that_somebody_could_take_away() -> None:
    said = refusals("prod", drillJournalLock="governance")["drillJournalLock"]
    assert '"compliance" with production' in said
    parse("prod", drillJournalLock="governance", drillsScheduled="false")


def test_production_without_drills_is_legal_but_doubted() -> None:
    (doubt,) = [each for each in doubts(parse("prod", drillsScheduled="false")) if "drills" in each]
    assert "nothing proves that this production stack recovers" in doubt
    assert not any("drills" in each for each in doubts(parse("staging", drillsScheduled="false")))
