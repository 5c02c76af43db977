"""Settings of backups: what cannot be kept, or must not be switched off, is refused by key."""

import pytest

from infra.settings import Settings, SettingsError, doubts, parse_settings
from tests.infra.graph import stack_config


def parse(stack: str = "staging", /, **overrides: str) -> Settings:
    return parse_settings(stack_config(stack, **overrides), project="understudy", stack=stack)


def refusals(stack: str = "staging", /, **overrides: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        parse(stack, **overrides)
    return {problem.key.partition(":")[2]: str(problem) for problem in caught.value.problems}


def test_production_is_backed_up_into_vaults_that_nobody_can_empty() -> None:
    settings = parse("prod").backup
    assert settings.enabled
    assert settings.lock == "compliance"
    assert settings.locked


def test_staging_is_backed_up_and_can_be_torn_down() -> None:
    settings = parse("staging").backup
    assert settings.enabled
    assert not settings.locked


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("backupEnabled", "yes", "true or false"),
        ("backupSchedule", "daily", 'such as "cron(0 5 * * ? *)"'),
        ("backupSchedule", "cron(0 5 * * *)", "a schedule in UTC"),
        ("backupSchedule", "cron(0 5 * * * *)", "a schedule in UTC"),
        ("restoreTestSchedule", "cron(0 5 ? * ? *)", "a schedule in UTC"),
        ("backupRetentionDays", "0", "1 to 36500"),
        ("backupCopyRetentionDays", "36501", "1 to 36500"),
        ("backupLock", "worm", '"none" or "governance" or "compliance"'),
        ("backupLockChangeableDays", "2", "3 to 36500"),
        ("restoreTestWithinDays", "366", "1 to 365"),
        ("restoreTestValidationHours", "169", "1 to 168"),
    ],
)
def test_nonsense_is_refused_by_key(key: str, value: str, expected: str) -> None:
    assert expected in refusals(**{key: value})[key]


def test_switching_backups_off_takes_a_reason() -> None:
    assert "a reason" in refusals(backupEnabled="false")["backupOffReason"]
    off = parse(backupEnabled="false", backupOffReason="nothing here outlives a day").backup
    assert not off.enabled
    assert not off.locked


def test_a_reason_without_a_switch_is_refused() -> None:
    assert "remove it" in refusals(backupOffReason="left over")["backupOffReason"]


def test_production_refuses_to_go_without_backups() -> None:
    assert "true with production" in refusals("prod", backupEnabled="false")["backupEnabled"]


@pytest.mark.parametrize("lock", ["none", "governance"])
def test_production_refuses_vaults_that_somebody_could_empty(lock: str) -> None:
    assert '"compliance" with production' in refusals("prod", backupLock=lock)["backupLock"]


@pytest.mark.parametrize("key", ["backupRetentionDays", "backupCopyRetentionDays"])
@pytest.mark.parametrize("days", ["6", "91"])
def test_a_retention_outside_the_lock_is_refused_before_aws_fails_every_job(
    key: str, days: str
) -> None:
    assert "7 to 90" in refusals("prod", **{key: days})[key]
    parse("staging", backupRetentionDays=days, backupCopyRetentionDays=days)


def test_a_copy_is_kept_as_long_as_what_it_is_of() -> None:
    said = refusals(backupRetentionDays="30", backupCopyRetentionDays="29")
    assert "backupRetentionDays, 30, or more" in said["backupCopyRetentionDays"]
    parse(backupRetentionDays="30", backupCopyRetentionDays="31")


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("cron(0 5 ? * SUN *)", "a backup every day, not up to 7 days apart"),
        ("cron(0 5 ? * MON-SAT *)", "a backup every day, not up to 2 days apart"),
        ("cron(0 5 1-30 * ? *)", "a backup every day, not up to 2 days apart"),
        ("cron(0 5 * 1-11 ? *)", "a backup every day"),
        ("cron(0/59 * * * ? *)", "an hour or more between two backups, not 1 min"),
        ("cron(0 24 * * ? *)", "24 is not within 0 to 23"),
        ("cron(0 5 31 2 ? *)", "comes in no year"),
        ("cron(0 5 * * ? 2027)", "ends and nobody notices"),
    ],
)
def test_backups_are_daily_at_least_as_the_alarm_on_missing_ones_expects(
    schedule: str, expected: str
) -> None:
    assert expected in refusals(backupSchedule=schedule)["backupSchedule"]


@pytest.mark.parametrize(
    "schedule", ["cron(30 * * * ? *)", "cron(0 5,17 ? * SUN-SAT *)", "cron(0 */6 1-31 JAN-DEC ? *)"]
)
def test_backups_may_be_made_more_often_up_to_hourly(schedule: str) -> None:
    assert parse(backupSchedule=schedule).backup.schedule == schedule


def test_restores_are_tested_while_the_last_verdict_is_still_known() -> None:
    said = refusals(restoreTestSchedule="cron(0 8 1 * ? *)")["restoreTestSchedule"]
    assert "every 28 days or sooner, not up to 31 days apart" in said
    assert parse(restoreTestSchedule="cron(0 8 1,15 * ? *)").backup.test_overdue_s == 18 * 86_400
    assert parse().backup.test_overdue_s == 8 * 86_400, "weekly, and a day to be late"


def test_logs_that_end_before_the_next_restore_test_are_legal_but_doubted() -> None:
    assert doubts(parse(logRetentionDays="7")) == (), "as often as the tests, weekly"
    (doubt,) = doubts(parse(logRetentionDays="5"))
    assert "up to 7 days pass between two restore tests" in doubt
    off = parse(logRetentionDays="1", backupEnabled="false", backupOffReason="a day's experiment")
    assert doubts(off) == ()


def test_a_lock_whose_limits_cross_is_refused() -> None:
    said = refusals("prod", backupLockMinDays="50", backupLockMaxDays="40")
    assert "at most backupLockMaxDays, 40" in said["backupLockMinDays"]
