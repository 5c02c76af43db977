"""Settings of backups: what cannot be kept, or must not be switched off, is refused by key."""

import pytest

from infra.settings import Settings, SettingsError, parse_settings
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
    parse("staging", **{key: days})


def test_a_lock_whose_limits_cross_is_refused() -> None:
    said = refusals("prod", backupLockMinDays="50", backupLockMaxDays="40")
    assert "at most backupLockMaxDays, 40" in said["backupLockMinDays"]
