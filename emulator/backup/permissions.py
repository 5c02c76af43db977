"""What the role of a job must be allowed to do; nothing is done that it may not do.

Backup and restore of S3: https://docs.aws.amazon.com/aws-backup/latest/devguide/s3-backups.html
and https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-s3.html; of DynamoDB:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_IAM.html. Every
permission on one object stands for the same permission on all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator.storage.roles import Need, denial

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from emulator.policy import Document
    from emulator.storage.objects import Objects

SERVICE: Final = "backup.amazonaws.com"

_BACKUP_BUCKET: Final = (
    "GetBucketLocation",
    "GetBucketNotification",
    "GetBucketTagging",
    "GetBucketVersioning",
    "GetInventoryConfiguration",
    "ListBucket",
    "ListBucketVersions",
    "PutBucketNotification",
    "PutInventoryConfiguration",
)
_BACKUP_OBJECT: Final = (
    "GetObject",
    "GetObjectAcl",
    "GetObjectTagging",
    "GetObjectVersion",
    "GetObjectVersionAcl",
    "GetObjectVersionTagging",
)
_RESTORE_BUCKET: Final = (
    "GetBucketLocation",
    "GetBucketVersioning",
    "ListBucket",
    "ListBucketVersions",
    "PutBucketVersioning",
)
_RESTORE_OBJECT: Final = (
    "GetObject",
    "GetObjectAcl",
    "GetObjectTagging",
    "GetObjectVersion",
    "GetObjectVersionAcl",
    "ListMultipartUploadParts",
    "PutObject",
    "PutObjectAcl",
    "PutObjectTagging",
    "PutObjectVersionAcl",
)
_BACKUP_TABLE: Final = ("DescribeTable", "ListTagsOfResource", "StartAwsBackupJob")
_RESTORE_TABLE: Final = (
    "BatchWriteItem",
    "DescribeTable",
    "RestoreTableFromAwsBackup",
)
_ANY_OBJECT: Final = "*"


def to_assume(role_arn: str, source_arn: str) -> str | None:
    """Why AWS Backup may not take a role; None when it may."""
    return denial(role_arn, (SERVICE,), (), source_arn=source_arn)


def to_back_up(objects: Objects, role_arn: str, resource_arn: str, vault_arn: str) -> str | None:
    """Why a role may not read all of a resource for a backup."""
    if ":dynamodb:" in resource_arn:
        return _denial(role_arn, vault_arn, _of("dynamodb", _BACKUP_TABLE, resource_arn))
    bucket = resource_arn.rpartition(":")[2]
    return _denial(
        role_arn,
        vault_arn,
        [
            *_of("s3", _BACKUP_BUCKET, resource_arn),
            *_of("s3", _BACKUP_OBJECT, f"{resource_arn}/{_ANY_OBJECT}"),
        ],
        objects.policies_of(bucket),
    )


def to_copy(role_arn: str, source_vault_arn: str, destination_vault_arn: str) -> str | None:
    """Why a role may not copy out of one vault into another."""
    needs = [
        Need(action="backup:CopyFromBackupVault", resource=source_vault_arn),
        Need(action="backup:CopyIntoBackupVault", resource=destination_vault_arn),
    ]
    return _denial(role_arn, source_vault_arn, needs)


def to_restore(
    objects: Objects, role_arn: str, target_arn: str, vault_arn: str, *, new: bool
) -> str | None:
    """Why a role may not write a resource that is restored."""
    if ":dynamodb:" in target_arn:
        return _denial(role_arn, vault_arn, _of("dynamodb", _RESTORE_TABLE, target_arn))
    bucket = target_arn.rpartition(":")[2]
    creating = ("CreateBucket",) if new else ()
    return _denial(
        role_arn,
        vault_arn,
        [
            *_of("s3", (*creating, *_RESTORE_BUCKET), target_arn),
            *_of("s3", _RESTORE_OBJECT, f"{target_arn}/{_ANY_OBJECT}"),
        ],
        objects.policies_of(bucket),
    )


def _of(service: str, actions: Iterable[str], resource: str) -> list[Need]:
    return [Need(action=f"{service}:{action}", resource=resource) for action in actions]


def _denial(
    role_arn: str, source_arn: str, needs: Iterable[Need], policies: Sequence[Document] = ()
) -> str | None:
    """Resource policies that speak of plain HTTP only must see that this is not that."""
    secure = [
        (
            Need(
                action=need.action,
                resource=need.resource,
                context={"aws:SecureTransport": "true", **need.context},
            ),
            policies,
        )
        for need in needs
    ]
    return denial(role_arn, (SERVICE,), secure, source_arn=source_arn)
