"""What a Region sees of its backups: that there are any, and that what comes back is right.

They have a page of their own: a new stack has no backup for a day, and must not hide behind that
what else may be wrong with the means of recovery.
"""

from dataclasses import dataclass
from typing import Final

from infra.backup_names import (
    BACKUPS_COMPLETED,
    BACKUPS_FAILED,
    COPIES_FAILED,
    NAMESPACE,
    RESTORE_TEST_AGE,
    RESTORE_TESTS_FAILED,
    VAULT_DIMENSION,
)
from infra.watching.alarm import Alarm, Metric, Page, Watch, sum_of
from infra.watching.signals import OwnMetrics

PAGE: Final = "backups-at-risk"

_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400
_HOURS_SAID: Final = 24
# The age is told every hour; one that is late is no alarm. The least of them counts, so that what
# has been done about it ends the alarm at once.
_AGE_HOURS: Final = 3


@dataclass(frozen=True, kw_only=True)
class BackedUp:
    """What backups of one Region are watched by.

    Attributes:
        own: The Region's own metrics.
        vault_name: Where its backups are.
        test_overdue_s: How old the last verdict on a restore test may be.
    """

    own: OwnMetrics
    vault_name: str
    test_overdue_s: int


def backup_watch(backed_up: BackedUp) -> Watch:
    """Return the alarms on backups, their copies and the tests of what others copied here."""
    alarms = (
        _missing(backed_up),
        _failed(backed_up),
        _test_failed(backed_up),
        _test_missing(backed_up),
    )
    page = Page(
        slug=PAGE,
        means="What is lost here might not come back.",
        alarms=tuple(alarm.name for alarm in alarms),
    )
    return Watch(alarms=alarms, page=page)


def _of_vault(name: str, backed_up: BackedUp) -> Metric:
    return Metric(
        namespace=NAMESPACE,
        name=name,
        stat="Sum",
        dimensions={VAULT_DIMENSION: backed_up.vault_name},
    )


def _missing(backed_up: BackedUp) -> Alarm:
    return Alarm(
        slug="backup-missing",
        means="No backup has been completed here for two days.",
        signal=_of_vault(BACKUPS_COMPLETED, backed_up),
        comparison="LessThanThreshold",
        threshold=1,
        of=(2, 2),
        period_s=_DAY_S,
        missing="breaching",
        because="AWS Backup says nothing of what it does not do",
    )


def _failed(backed_up: BackedUp) -> Alarm:
    metrics = {
        f"failed{n}": _of_vault(name, backed_up)
        for n, name in enumerate((*BACKUPS_FAILED, COPIES_FAILED))
    }
    return Alarm(
        slug="backup-failed",
        means="A backup, or its copy to another Region, failed within a day.",
        signal=sum_of(metrics, label="failed backups and copies"),
        comparison="GreaterThanThreshold",
        threshold=0,
        of=(1, _HOURS_SAID),
        period_s=_HOUR_S,
        missing="notBreaching",
        because="AWS Backup says nothing in an hour without a job",
    )


def _test_failed(backed_up: BackedUp) -> Alarm:
    return Alarm(
        slug="restore-test-failed",
        means="What was restored here from another Region's copies is not what it should be.",
        signal=backed_up.own.of_restore_tests(RESTORE_TESTS_FAILED, "Sum"),
        comparison="GreaterThanThreshold",
        threshold=0,
        of=(1, _HOURS_SAID),
        period_s=_HOUR_S,
        missing="notBreaching",
        because="tests run on a schedule; in between there is no verdict",
    )


def _test_missing(backed_up: BackedUp) -> Alarm:
    return Alarm(
        slug="restore-test-missing",
        means="What other Regions copied here has not been restored and judged for too long.",
        signal=backed_up.own.of_restore_tests(RESTORE_TEST_AGE, "Minimum"),
        comparison="GreaterThanThreshold",
        threshold=backed_up.test_overdue_s,
        of=(1, 1),
        period_s=_AGE_HOURS * _HOUR_S,
        missing="breaching",
        because="the age is told every hour, test or no test: silence means that nobody looks",
    )
