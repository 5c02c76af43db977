"""AWS Backup: vaults and their locks, plans and selections, restore testing.

What they do is `emulator.backup`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from emulator.catalogue.model import (
    Call,
    Caller,
    Name,
    Read,
    ResourceType,
    Subject,
    Tags,
    emulated,
    given,
    own_id,
    recorded,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.catalogue.model import Values


def _vault_arn(subject: Subject) -> str:
    return subject.arn("backup", f"backup-vault:{subject.id}")


def _plan_arn(subject: Subject) -> str:
    return subject.arn("backup", f"backup-plan:{subject.id}")


def _tags(arn: Callable[[Subject], Any], member: str) -> Tags:
    """A map, with the create call under a name of its own, changed on the ARN."""
    return Tags(
        with_create=lambda tags: {member: dict(tags)},
        put=lambda subject, tags: (
            "TagResource",
            {"ResourceArn": arn(subject), "Tags": dict(tags)},
        ),
        drop=lambda subject, keys: (
            "UntagResource",
            {"ResourceArn": arn(subject), "TagKeyList": keys},
        ),
    )


def _read_tags(arn: Callable[[Subject], Any]) -> Read:
    return Read(
        operation="ListTags", params={"ResourceArn": arn}, at="Tags", into="Tags", when="tags"
    )


def _empty(subject: Subject, call: Caller) -> None:
    """Delete every recovery point, where `forceDestroy` says so; a locked vault refuses."""
    if not subject.get("forceDestroy"):
        return
    listed = call("backup", "ListRecoveryPointsByBackupVault", BackupVaultName=subject.id)
    for point in listed["RecoveryPoints"]:
        call(
            "backup",
            "DeleteRecoveryPoint",
            BackupVaultName=subject.id,
            RecoveryPointArn=point["RecoveryPointArn"],
        )


VAULT: Final = ResourceType(
    type="aws:backup/vault:Vault",
    service="backup",
    inputs={
        "name": emulated(aws="BackupVaultName", force_new=True),
        "kmsKeyArn": emulated(aws="EncryptionKeyArn", force_new=True),
        "forceDestroy": emulated(unread="steers deletion only", default=False),
    },
    create=(Call(operation="CreateBackupVault"),),
    id="BackupVaultName",
    reads=(
        Read(operation="DescribeBackupVault", params={"BackupVaultName": own_id}),
        _read_tags(_vault_arn),
    ),
    delete=(Call(operation="DeleteBackupVault", only="", extra={"BackupVaultName": own_id}),),
    outputs={"arn": "BackupVaultArn", "recoveryPoints": "NumberOfRecoveryPoints"},
    tags=_tags(_vault_arn, "BackupVaultTags"),
    name=Name(max_length=50),
    identity="name",
    clear=_empty,
)


def _locked(subject: Subject, answer: Values) -> Values | None:
    del subject
    return answer if answer.get("Locked") else None


LOCK: Final = ResourceType(
    type="aws:backup/vaultLockConfiguration:VaultLockConfiguration",
    service="backup",
    inputs={
        "backupVaultName": emulated(required=True, force_new=True),
        "minRetentionDays": emulated(force_new=True),
        "maxRetentionDays": emulated(force_new=True),
        "changeableForDays": emulated(
            force_new=True, unread="shown as the date from which the lock is immutable"
        ),
    },
    create=(Call(operation="PutBackupVaultLockConfiguration"),),
    id=given("backupVaultName"),
    reads=(Read(operation="DescribeBackupVault", params={"BackupVaultName": own_id}, at=_locked),),
    delete=(
        Call(
            operation="DeleteBackupVaultLockConfiguration",
            only="",
            extra={"BackupVaultName": own_id},
        ),
    ),
    outputs={"backupVaultArn": "BackupVaultArn"},
    identity="backupVaultName",
)

PLAN: Final = ResourceType(
    type="aws:backup/plan:Plan",
    service="backup",
    inputs={
        "name": emulated(aws="BackupPlan.BackupPlanName", required=True, force_new=True),
        "rules": emulated(aws="BackupPlan.Rules", required=True),
    },
    absent="advancedBackupSettings scanSettings",
    create=(Call(operation="CreateBackupPlan"),),
    id="BackupPlanId",
    reads=(
        Read(operation="GetBackupPlan", params={"BackupPlanId": own_id}),
        _read_tags(_plan_arn),
    ),
    update=(Call(operation="UpdateBackupPlan", when="rules", extra={"BackupPlanId": own_id}),),
    delete=(Call(operation="DeleteBackupPlan", only="", extra={"BackupPlanId": own_id}),),
    outputs={"arn": "BackupPlanArn", "version": "VersionId"},
    tags=_tags(_plan_arn, "BackupPlanTags"),
    renames={
        "targetVaultName": "TargetBackupVaultName",
        "schedule": "ScheduleExpression",
        "startWindow": "StartWindowMinutes",
        "completionWindow": "CompletionWindowMinutes",
        "deleteAfter": "DeleteAfterDays",
        "coldStorageAfter": "MoveToColdStorageAfterDays",
        "destinationVaultArn": "DestinationBackupVaultArn",
    },
)

_SELECTION: Final = {"BackupPlanId": given("planId"), "SelectionId": own_id}

SELECTION: Final = ResourceType(
    type="aws:backup/selection:Selection",
    service="backup",
    inputs={
        "planId": emulated(aws="BackupPlanId", required=True, force_new=True),
        "name": emulated(aws="BackupSelection.SelectionName", required=True, force_new=True),
        "iamRoleArn": emulated(aws="BackupSelection.IamRoleArn", required=True, force_new=True),
        "resources": emulated(aws="BackupSelection.Resources", force_new=True),
    },
    absent="conditions notResources selectionTags",
    create=(Call(operation="CreateBackupSelection"),),
    id="SelectionId",
    reads=(Read(operation="GetBackupSelection", params=_SELECTION),),
    delete=(Call(operation="DeleteBackupSelection", only="", extra=_SELECTION),),
    identity="planId name",
)


def _testing_arn(subject: Subject) -> Any:
    return subject.document.get("RestoreTestingPlanArn") or subject.facts.get("arn")


def _testing_facts(subject: Subject, call: Caller) -> Values:
    """The plan's ARN, which ends in digits of AWS's own."""
    if not subject.id:
        return {}
    shown = call("backup", "GetRestoreTestingPlan", RestoreTestingPlanName=subject.id)
    return {"arn": shown["RestoreTestingPlan"]["RestoreTestingPlanArn"]}


TESTING_PLAN: Final = ResourceType(
    type="aws:backup/restoreTestingPlan:RestoreTestingPlan",
    service="backup",
    inputs={
        "name": emulated(
            aws="RestoreTestingPlan.RestoreTestingPlanName",
            read="RestoreTestingPlanName",
            required=True,
            force_new=True,
        ),
        "recoveryPointSelection": emulated(
            aws="RestoreTestingPlan.RecoveryPointSelection",
            read="RecoveryPointSelection",
            required=True,
        ),
        "scheduleExpression": emulated(
            aws="RestoreTestingPlan.ScheduleExpression",
            read="ScheduleExpression",
            required=True,
        ),
        "scheduleExpressionTimezone": emulated(
            aws="RestoreTestingPlan.ScheduleExpressionTimezone", read="ScheduleExpressionTimezone"
        ),
        "startWindowHours": recorded(
            "a test starts when its window opens",
            aws="RestoreTestingPlan.StartWindowHours",
            read="StartWindowHours",
        ),
    },
    create=(Call(operation="CreateRestoreTestingPlan"),),
    id="RestoreTestingPlanName",
    reads=(
        Read(
            operation="GetRestoreTestingPlan",
            params={"RestoreTestingPlanName": own_id},
            at="RestoreTestingPlan",
        ),
        _read_tags(_testing_arn),
    ),
    update=(
        Call(
            operation="UpdateRestoreTestingPlan",
            only="recoveryPointSelection scheduleExpression scheduleExpressionTimezone "
            "startWindowHours",
            extra={"RestoreTestingPlanName": own_id},
        ),
    ),
    delete=(
        Call(
            operation="DeleteRestoreTestingPlan",
            only="",
            extra={"RestoreTestingPlanName": own_id},
        ),
    ),
    outputs={"arn": "RestoreTestingPlanArn"},
    tags=_tags(_testing_arn, "Tags"),
    identity="name",
    facts=_testing_facts,
)

_TESTING_SELECTION: Final = {
    "RestoreTestingPlanName": given("restoreTestingPlanName"),
    "RestoreTestingSelectionName": given("name"),
}


def _inside(name: str, **more: Any) -> Any:
    """An input of the selection's own block, which is read back without the block's name."""
    return emulated(aws=f"RestoreTestingSelection.{name}", read=name, **more)


TESTING_SELECTION: Final = ResourceType(
    type="aws:backup/restoreTestingSelection:RestoreTestingSelection",
    service="backup",
    inputs={
        "restoreTestingPlanName": emulated(required=True, force_new=True),
        "name": _inside("RestoreTestingSelectionName", required=True, force_new=True),
        "protectedResourceType": _inside("ProtectedResourceType", required=True, force_new=True),
        "iamRoleArn": _inside("IamRoleArn", required=True),
        "protectedResourceArns": _inside("ProtectedResourceArns"),
        "restoreMetadataOverrides": _inside("RestoreMetadataOverrides"),
        "validationWindowHours": _inside("ValidationWindowHours"),
    },
    absent="protectedResourceConditions",
    create=(Call(operation="CreateRestoreTestingSelection"),),
    id=lambda subject: f"{subject.get('name')}:{subject.get('restoreTestingPlanName')}",
    reads=(
        Read(
            operation="GetRestoreTestingSelection",
            params=_TESTING_SELECTION,
            at="RestoreTestingSelection",
        ),
    ),
    update=(
        Call(
            operation="UpdateRestoreTestingSelection",
            only="iamRoleArn protectedResourceArns restoreMetadataOverrides validationWindowHours",
            extra=_TESTING_SELECTION,
        ),
    ),
    delete=(Call(operation="DeleteRestoreTestingSelection", only="", extra=_TESTING_SELECTION),),
    identity="name restoreTestingPlanName",
)

TYPES: Final = (VAULT, LOCK, PLAN, SELECTION, TESTING_PLAN, TESTING_SELECTION)
