"""What AWS Backup shows of its things: the structures of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.store.backends import ACCOUNT

if TYPE_CHECKING:
    from emulator.backup.state import (
        BackupJob,
        CopyJob,
        Job,
        Plan,
        RecoveryPoint,
        RestoreJob,
        RestoreTestingPlan,
        Values,
        Vault,
    )


def _given(**members: Any) -> Values:
    """Only what has a value: AWS leaves out the rest."""
    return {name: value for name, value in members.items() if value not in (None, "", {})}


def vault(each: Vault) -> Values:
    """A vault, as described and as listed."""
    lock = each.lock
    return _given(
        BackupVaultName=each.name,
        BackupVaultArn=each.arn,
        VaultType="BACKUP_VAULT",
        VaultState="AVAILABLE",
        EncryptionKeyArn=each.key_arn,
        CreationDate=each.created_s,
        CreatorRequestId=each.creator_request_id,
        NumberOfRecoveryPoints=len(each.points),
        Locked=lock is not None,
        MinRetentionDays=lock.min_days if lock else None,
        MaxRetentionDays=lock.max_days if lock else None,
        LockDate=lock.immutable_from_s if lock else None,
    )


def point(each: RecoveryPoint, holder: Vault) -> Values:
    """A recovery point, as described and as listed."""
    return _given(
        RecoveryPointArn=each.arn,
        BackupVaultName=holder.name,
        BackupVaultArn=holder.arn,
        SourceBackupVaultArn=each.source_vault_arn,
        ResourceArn=each.resource_arn,
        ResourceType=each.resource_type,
        CreatedBy=each.created_by,
        IamRoleArn=each.role_arn,
        Status="COMPLETED",
        CreationDate=each.created_s,
        CompletionDate=each.completed_s,
        BackupSizeInBytes=each.contents.size_bytes,
        CalculatedLifecycle=_given(DeleteAt=each.delete_at_s()),
        Lifecycle=each.lifecycle,
        EncryptionKeyArn=each.key_arn,
        IsEncrypted=each.key_arn is not None,
        StorageClass="WARM",
        VaultType="BACKUP_VAULT",
    )


def plan(each: Plan) -> Values:
    """A plan, as it is read."""
    return _given(
        BackupPlan=each.document,
        BackupPlanId=each.id,
        BackupPlanArn=each.arn,
        VersionId=each.version,
        CreatorRequestId=each.creator_request_id,
        CreationDate=each.created_s,
        LastExecutionDate=each.last_run_s,
    )


def selection(plan_id: str, selection_id: str, each: Values) -> Values:
    """A plan's selection, as it is read."""
    return {"BackupPlanId": plan_id, "SelectionId": selection_id, **each}


def _job(each: Job, state: str) -> Values:
    return _given(
        AccountId=ACCOUNT,
        **{state: each.state},
        StatusMessage=each.message,
        IamRoleArn=each.role_arn,
        ResourceType=each.resource_type,
        CreationDate=each.created_s,
        CompletionDate=each.completed_s,
        CreatedBy=each.created_by,
    )


def backup_job(each: BackupJob, holder: Vault | None) -> Values:
    """A backup job."""
    return _job(each, "State") | _given(
        BackupJobId=each.id,
        BackupVaultName=each.vault_name,
        BackupVaultArn=holder.arn if holder else None,
        RecoveryPointArn=each.point.arn if each.point else None,
        RecoveryPointLifecycle=each.lifecycle,
        ResourceArn=each.resource_arn,
        StartBy=each.start_by_s,
        PercentDone="100.0" if each.state == "COMPLETED" else "0.0",
        BackupSizeInBytes=each.point.contents.size_bytes if each.point else None,
        MessageCategory=each.category,
    )


def copy_job(each: CopyJob) -> Values:
    """A copy job."""
    return _job(each, "State") | _given(
        CopyJobId=each.id,
        SourceBackupVaultArn=each.source_vault_arn,
        SourceRecoveryPointArn=each.source.arn,
        DestinationBackupVaultArn=each.destination_vault_arn,
        DestinationRecoveryPointArn=each.copied.arn if each.copied else None,
        DestinationRecoveryPointLifecycle=each.lifecycle,
        ResourceArn=each.resource_arn,
        BackupSizeInBytes=each.source.contents.size_bytes,
        CreatedByBackupJobId=each.backup_job_id,
        MessageCategory=each.category,
    )


def restore_job(each: RestoreJob) -> Values:
    """A restore job, with its validation."""
    return _job(each, "Status") | _given(
        RestoreJobId=each.id,
        RecoveryPointArn=each.point.arn,
        SourceResourceArn=each.resource_arn,
        BackupVaultArn=each.vault_arn,
        RecoveryPointCreationDate=each.point.created_s,
        BackupSizeInBytes=each.point.contents.size_bytes,
        PercentDone="100.00%" if each.state == "COMPLETED" else "0.00%",
        CreatedResourceArn=each.created_resource_arn,
        CreatedBy={"RestoreTestingPlanArn": each.test_plan_arn} if each.test_plan_arn else None,
        ValidationStatus=each.validation,
        ValidationStatusMessage=each.validation_message,
        DeletionStatus=each.deletion,
    )


def testing_plan(each: RestoreTestingPlan) -> Values:
    """A restore testing plan, as it is read."""
    return _given(
        RestoreTestingPlanArn=each.arn,
        RestoreTestingPlanName=each.name,
        CreationTime=each.created_s,
        LastUpdateTime=each.updated_s,
        LastExecutionTime=each.last_run_s,
        **{
            name: value for name, value in each.document.items() if name != "RestoreTestingPlanName"
        },
    )
