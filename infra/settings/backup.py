"""Settings of backups and restore tests: how often, for how long, and how firmly they are kept."""

from dataclasses import dataclass
from typing import Final

from infra.settings import fields
from infra.settings.reading import Reading
from infra.settings.schedule import schedule

NO_LOCK: Final = "none"
COMPLIANCE: Final = "compliance"

# https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultLockConfiguration.html
_LONGEST_DAYS: Final = 36_500
_SHORTEST_GRACE_DAYS: Final = 3
# https://docs.aws.amazon.com/aws-backup/latest/devguide/API_RestoreTestingSelectionForCreate.html
_LONGEST_HOURS: Final = 168
_LONGEST_WINDOW_DAYS: Final = 365
_HOUR_MIN: Final = 60
# What passes between a test's time and its verdict: the hour it may begin in, the restore of a
# large bucket, and the function's quarter of an hour.
_LATE_S: Final = 86_400
# AWS Backup tells of jobs for a month; a verdict that it has forgotten is none.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListRestoreJobSummaries.html
_LONGEST_GAP_DAYS: Final = 28


@dataclass(frozen=True, kw_only=True)
class BackupSettings:
    """How a stack is backed up; `Pulumi.yaml` says what each setting means."""

    enabled: bool
    off_reason: str
    schedule: str
    retention_days: int
    copy_retention_days: int
    lock: str
    lock_min_days: int
    lock_max_days: int
    lock_changeable_days: int
    test_schedule: str
    test_within_days: int
    test_validation_hours: int

    @property
    def locked(self) -> bool:
        """Whether vaults give nothing up before its time, not even to `pulumi destroy`."""
        return self.enabled and self.lock != NO_LOCK

    @property
    def test_overdue_s(self) -> int:
        """Age at which the last verdict on a restore test says that tests have stopped."""
        gap_min = schedule(self.test_schedule).longest_gap_min
        return gap_min * 60 + _LATE_S


def read(reading: Reading) -> BackupSettings:
    """Read the group."""
    days = fields.integer(1, _LONGEST_DAYS)
    return BackupSettings(
        enabled=reading.read("backupEnabled", fields.boolean),
        off_reason=reading.read("backupOffReason", str),
        schedule=reading.read("backupSchedule", _backups),
        retention_days=reading.read("backupRetentionDays", days),
        copy_retention_days=reading.read("backupCopyRetentionDays", days),
        lock=reading.read("backupLock", fields.choice(NO_LOCK, "governance", COMPLIANCE)),
        lock_min_days=reading.read("backupLockMinDays", days),
        lock_max_days=reading.read("backupLockMaxDays", days),
        lock_changeable_days=reading.read(
            "backupLockChangeableDays", fields.integer(_SHORTEST_GRACE_DAYS, _LONGEST_DAYS)
        ),
        test_schedule=reading.read("restoreTestSchedule", _tests),
        test_within_days=reading.read(
            "restoreTestWithinDays", fields.integer(1, _LONGEST_WINDOW_DAYS)
        ),
        test_validation_hours=reading.read(
            "restoreTestValidationHours", fields.integer(1, _LONGEST_HOURS)
        ),
    )


def contradictions(reading: Reading) -> None:
    """Note what contradicts another setting."""
    raw = reading.raw
    enabled = raw.get("backupEnabled") == "true"
    reason = raw.get("backupOffReason", "").strip()
    if raw.get("backupEnabled") == "false" and not reason:
        reading.note(
            "backupOffReason",
            'a reason with backupEnabled "false"',
            "say why this stack is worth no backup, or switch backups on",
        )
    if enabled and reason:
        reading.note("backupOffReason", 'nothing with backupEnabled "true"', "remove it")
    if raw.get("production") == "true":
        _check_production(reading, enabled=enabled)
    if enabled and raw.get("backupLock") in ("governance", COMPLIANCE):
        _check_lock(reading)
    if enabled and reading.sound("backupRetentionDays", "backupCopyRetentionDays"):
        _check_copies(reading)


def _check_production(reading: Reading, *, enabled: bool) -> None:
    if not enabled:
        reading.note("backupEnabled", 'true with production "true"', "set it to true")
    elif reading.raw.get("backupLock") != COMPLIANCE:
        reading.note(
            "backupLock",
            f'"{COMPLIANCE}" with production "true": whoever takes the account over could delete'
            " every backup otherwise",
            f"set it to {COMPLIANCE}",
        )


def _check_lock(reading: Reading) -> None:
    """AWS fails every job whose retention its vault's lock does not allow."""
    keys = ("backupLockMinDays", "backupLockMaxDays")
    if not reading.sound(*keys, "backupRetentionDays", "backupCopyRetentionDays"):
        return
    low, high = (int(reading.raw[key]) for key in keys)
    if low > high:
        reading.note(keys[0], f"at most backupLockMaxDays, {high}", "lower it")
        return
    for key in ("backupRetentionDays", "backupCopyRetentionDays"):
        if not low <= int(reading.raw[key]) <= high:
            reading.note(
                key,
                f"from backupLockMinDays to backupLockMaxDays, {low} to {high}: AWS Backup fails"
                " every job outside its vault's lock",
                "change it, or the lock's limits while they can be changed",
            )


def _check_copies(reading: Reading) -> None:
    kept = int(reading.raw["backupRetentionDays"])
    if int(reading.raw["backupCopyRetentionDays"]) < kept:
        reading.note(
            "backupCopyRetentionDays",
            f"backupRetentionDays, {kept}, or more: with the Region the longer kept backup is gone",
            "raise it, or lower backupRetentionDays",
        )


def _backups(text: str) -> str:
    """Read when backups start: at most hourly, as AWS Backup wants it, and at least daily.

    The alarm on missing ones (`infra/watching/backup_alarms.py`) looks back two days. One for
    weekly backups would look back two weeks, and CloudWatch has none that looks back over one:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    found = schedule(text)
    if found.shortest_gap_min < _HOUR_MIN:
        raise fields.FieldError(
            f"an hour or more between two backups, not {found.shortest_gap_min} min"
        )
    if not found.daily:
        raise fields.FieldError(
            f"a backup every day, not up to {found.longest_gap_days:g} days apart: that none was"
            " made is noticed after two"
        )
    return text


def _tests(text: str) -> str:
    """Read when restores are tested: often enough that the last verdict is still known."""
    found = schedule(text)
    if found.longest_gap_days > _LONGEST_GAP_DAYS:
        raise fields.FieldError(
            f"a restore test every {_LONGEST_GAP_DAYS} days or sooner, not up to"
            f" {found.longest_gap_days:g} days apart: AWS Backup forgets verdicts after a month,"
            " and that none was given would not be noticed"
        )
    return text


def doubts(settings: BackupSettings, *, log_retention_days: int) -> tuple[str, ...]:
    """Say what is legal and looks wrong."""
    apart_days = schedule(settings.test_schedule).longest_gap_days
    if not settings.enabled or log_retention_days >= apart_days:
        return ()
    doubt = (
        f"logRetentionDays is {log_retention_days}, but by restoreTestSchedule up to"
        f" {apart_days:g} days pass between two restore tests: why one failed is forgotten before"
        " the next one"
    )
    return (doubt,)
