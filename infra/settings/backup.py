"""Settings of backups and restore tests: how often, for how long, and how firmly they are kept."""

import re
from dataclasses import dataclass
from typing import Final

from infra.settings import fields
from infra.settings.reading import Reading

NO_LOCK: Final = "none"
COMPLIANCE: Final = "compliance"

# https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultLockConfiguration.html
_LONGEST_DAYS: Final = 36_500
_SHORTEST_GRACE_DAYS: Final = 3
# https://docs.aws.amazon.com/aws-backup/latest/devguide/API_RestoreTestingSelectionForCreate.html
_LONGEST_HOURS: Final = 168
_LONGEST_WINDOW_DAYS: Final = 365
_FIELD: Final = r"[0-9A-Z*?,/-]+"
_CRON: Final = re.compile(rf"cron\({_FIELD}(?: {_FIELD}){{5}}\)")
_DAY_FIELDS: Final = (2, 4)


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


def read(reading: Reading) -> BackupSettings:
    """Read the group."""
    days = fields.integer(1, _LONGEST_DAYS)
    return BackupSettings(
        enabled=reading.read("backupEnabled", fields.boolean),
        off_reason=reading.read("backupOffReason", str),
        schedule=reading.read("backupSchedule", _cron),
        retention_days=reading.read("backupRetentionDays", days),
        copy_retention_days=reading.read("backupCopyRetentionDays", days),
        lock=reading.read("backupLock", fields.choice(NO_LOCK, "governance", COMPLIANCE)),
        lock_min_days=reading.read("backupLockMinDays", days),
        lock_max_days=reading.read("backupLockMaxDays", days),
        lock_changeable_days=reading.read(
            "backupLockChangeableDays", fields.integer(_SHORTEST_GRACE_DAYS, _LONGEST_DAYS)
        ),
        test_schedule=reading.read("restoreTestSchedule", _cron),
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


def _cron(text: str) -> str:
    """Read a schedule as AWS writes it, in UTC: six fields, one of the two day fields is `?`."""
    found = text[len("cron(") : -1].split(" ") if _CRON.fullmatch(text) else []
    if not found or [found[at] for at in _DAY_FIELDS].count("?") != 1:
        raise fields.FieldError('a schedule in UTC, such as "cron(0 5 * * ? *)"')
    return text
