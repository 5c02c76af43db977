"""What AWS Backup tells the world: events on the Region's bus, and metrics in its CloudWatch.

https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html. AWS sends events within
five minutes and as well as it can; here each is sent once, at once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from emulator.backup.state import BackupJob, CopyJob, Job, RestoreJob, vault_arn

if TYPE_CHECKING:
    from emulator.backup.state import RecoveryPoint, Vault
    from emulator.events import EventLog
    from emulator.watch.bus import EventBus
    from emulator.watch.metrics import Metrics

SOURCE: Final = "aws.backup"
NAMESPACE: Final = "AWS/Backup"
_DETAIL_TYPES: Final[dict[type[Job], str]] = {
    BackupJob: "Backup Job State Change",
    CopyJob: "Copy Job State Change",
    RestoreJob: "Restore Job State Change",
}


class Announcer:
    """Sends the events and metrics of jobs and recovery points."""

    def __init__(self, bus: EventBus, metrics: Metrics, events: EventLog) -> None:
        self._bus = bus
        self._metrics = metrics
        self._events = events

    def job(self, job: Job) -> None:
        """A job has come to another state."""
        kind = _DETAIL_TYPES[type(job)]
        word = kind.split(" ", 1)[0]
        detail = {"Backup": _backup, "Copy": _copy, "Restore": _restore}[word](job)
        about = _about(job)
        self._bus.emit(job.region, SOURCE, kind, detail, resources=[about] if about else [])
        name = f"NumberOf{word}Jobs{job.state.capitalize()}"
        for vault in _vaults(job):
            dimensions = {"BackupVaultName": vault, "ResourceType": job.resource_type}
            self._metrics.put(job.region, NAMESPACE, name, dimensions, 1.0, unit="Count")
            self._metrics.put(
                job.region, NAMESPACE, name, {"BackupVaultName": vault}, 1.0, unit="Count"
            )
        self._metrics.put(
            job.region, NAMESPACE, name, {"ResourceType": job.resource_type}, 1.0, unit="Count"
        )
        self._metrics.put(job.region, NAMESPACE, name, {}, 1.0, unit="Count")
        self._events.record(
            f"backup.{word.lower()}_job",
            job=job.id,
            region=job.region,
            resource=job.resource_arn,
            state=job.state,
            reason=job.message,
        )

    def point(self, vault: Vault, point: RecoveryPoint, status: str) -> None:
        """A recovery point has come or gone."""
        self._bus.emit(
            vault.region,
            SOURCE,
            "Recovery Point State Change",
            {
                "backupVaultArn": vault.arn,
                "backupVaultName": vault.name,
                "creationDate": stamp(point.created_s),
                "iamRoleArn": point.role_arn,
                "resourceArn": point.resource_arn,
                "resourceType": point.resource_type,
                "status": status,
            },
            resources=[point.arn],
        )
        self._metrics.put(
            vault.region,
            NAMESPACE,
            f"NumberOfRecoveryPoints{status.capitalize()}",
            {"BackupVaultName": vault.name, "ResourceType": point.resource_type},
            1.0,
            unit="Count",
        )


def stamp(moment_s: float) -> str:
    """A moment as AWS Backup writes it in events."""
    return datetime.fromtimestamp(moment_s, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _about(job: Job) -> str | None:
    if isinstance(job, BackupJob):
        return job.point.arn if job.point else None
    if isinstance(job, CopyJob):
        return job.copied.arn if job.copied else job.source.arn
    return job.point.arn if isinstance(job, RestoreJob) else None


def _vaults(job: Job) -> list[str]:
    if isinstance(job, BackupJob):
        return [job.vault_name]
    arn = job.source_vault_arn if isinstance(job, CopyJob) else ""
    return [arn.rpartition(":")[2]] if arn else []


def _common(job: Job, state: str) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "creationDate": stamp(job.created_s),
        "iamRoleArn": job.role_arn,
        "resourceType": job.resource_type,
        state: job.state,
    }
    if job.message:
        detail["statusMessage"] = job.message
    if job.completed_s is not None:
        detail["completionDate"] = stamp(job.completed_s)
    if job.created_by:
        detail["createdBy"] = {
            name[:1].lower() + name[1:]: value for name, value in job.created_by.items()
        }
    return detail


def _backup(job: Any) -> dict[str, Any]:
    return _common(job, "state") | {
        "backupJobId": job.id,
        "backupVaultArn": vault_arn(job.region, job.vault_name),
        "backupVaultName": job.vault_name,
        "resourceArn": job.resource_arn,
        "backupSizeInBytes": str(job.point.contents.size_bytes if job.point else 0),
    }


def _copy(job: Any) -> dict[str, Any]:
    return _common(job, "state") | {
        "copyJobId": job.id,
        "backupSizeInBytes": job.source.contents.size_bytes,
        "sourceBackupVaultArn": job.source_vault_arn,
        "sourceRecoveryPointArn": job.source.arn,
        "destinationBackupVaultArn": job.destination_vault_arn,
        "destinationRecoveryPointArn": job.copied.arn if job.copied else "",
        "resourceArn": job.resource_arn,
    }


def _restore(job: Any) -> dict[str, Any]:
    detail = _common(job, "status") | {
        "restoreJobId": job.id,
        "backupSizeInBytes": str(job.point.contents.size_bytes),
        "backupVaultArn": job.vault_arn,
        "recoveryPointArn": job.point.arn,
        "sourceResourceArn": job.resource_arn,
        "percentDone": 100 if job.state == "COMPLETED" else 0,
    }
    detail.pop("createdBy", None)
    if job.created_resource_arn:
        detail["createdResourceArn"] = job.created_resource_arn
    if job.test_plan_arn:
        detail["restoreTestingPlanArn"] = job.test_plan_arn
    return detail
