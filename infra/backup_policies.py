"""What AWS Backup and the validation function may do, as plain functions.

Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/security-iam-awsmanpol.html (the
managed policies, of which these are the parts a stack needs, on its own things) and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_IAM.html.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from infra.naming import RegionNames
from infra.policies import Statement, policy, use_key

# What restore tests make is called so by AWS, and nothing else is:
# https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-inferred-metadata.html
TEST_PREFIX: Final = "awsbackup-restore-test-"

_READ_BUCKET: Final = (
    *("s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketNotification"),
    *("s3:GetBucketTagging", "s3:GetBucketVersioning", "s3:GetInventoryConfiguration"),
    *("s3:ListBucket", "s3:ListBucketVersions"),
    # A backup is made of an inventory and of the changes since, which S3 tells by events.
    *("s3:PutBucketNotification", "s3:PutInventoryConfiguration"),
)
_READ_OBJECT: Final = (
    *("s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectTagging"),
    *("s3:GetObjectVersion", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"),
)
_OWN_RULE: Final = (
    *("events:DeleteRule", "events:DescribeRule", "events:DisableRule", "events:EnableRule"),
    *("events:ListTargetsByRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets"),
)
_MAKE_BUCKET: Final = (
    *("s3:CreateBucket", "s3:GetBucketLocation", "s3:GetBucketOwnershipControls"),
    *("s3:GetBucketVersioning", "s3:ListBucket", "s3:ListBucketVersions"),
    *("s3:PutBucketOwnershipControls", "s3:PutBucketVersioning"),
)
_WRITE_OBJECT: Final = (
    *("s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectTagging", "s3:GetObjectVersion"),
    *("s3:GetObjectVersionAcl", "s3:ListMultipartUploadParts", "s3:PutObject"),
    *("s3:PutObjectAcl", "s3:PutObjectTagging", "s3:PutObjectVersionAcl"),
)
_READ_TABLE: Final = (
    "dynamodb:DescribeTable",
    "dynamodb:ListTagsOfResource",
    "dynamodb:StartAwsBackupJob",
)
_WRITE_TABLE: Final = (
    *("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:DescribeTable"),
    *("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"),
    *("dynamodb:RestoreTableFromAwsBackup", "dynamodb:Scan", "dynamodb:UpdateItem"),
)


@dataclass(frozen=True, kw_only=True)
class Protected:
    """What is backed up in one Region, and where it is kept.

    Attributes:
        account_id: The account.
        region: The Region.
        bucket_arns: Buckets that are backed up.
        table_arn: The table that is backed up.
        key_arn: The key they and the vault are encrypted with.
        vault_arn: The vault in the Region.
        copy_vault_arn: The vault in another Region that copies go to.
        copy_region: That Region.
        copy_key_arn: The key of that vault.
    """

    account_id: str
    region: str
    bucket_arns: Sequence[str]
    table_arn: str
    key_arn: str
    vault_arn: str
    copy_vault_arn: str
    copy_region: str
    copy_key_arn: str


def back_up(protected: Protected) -> str:
    """Return the policy of the role that takes backups and copies them.

    One role for both: a plan's copies are made under its selection's role.
    """
    buckets = list(protected.bucket_arns)
    rules = f"arn:aws:events:{protected.region}:{protected.account_id}:rule/AwsBackupManagedRule*"
    return policy(
        Statement(actions=_READ_BUCKET, resources=buckets),
        Statement(actions=_READ_OBJECT, resources=[f"{arn}/*" for arn in buckets]),
        Statement(actions=_OWN_RULE, resources=[rules]),
        Statement(actions=_READ_TABLE, resources=[protected.table_arn]),
        # IAM knows no resource for any of these three.
        Statement(
            actions=["cloudwatch:GetMetricData", "events:ListRules", "s3:ListAllMyBuckets"],
            resources=["*"],
        ),
        Statement(
            actions=["backup:CopyFromBackupVault", "backup:DescribeBackupVault"],
            resources=[protected.vault_arn],
        ),
        Statement(actions=["backup:CopyIntoBackupVault"], resources=[protected.copy_vault_arn]),
        *_keys(protected.key_arn, protected.region, "s3", "dynamodb", "backup"),
        use_key(
            protected.copy_key_arn,
            *("DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptTo"),
            service=f"backup.{protected.copy_region}.amazonaws.com",
        ),
    )


def restore(names: RegionNames, key_arn: str) -> str:
    """Return the policy of the role that restores into places of their own.

    Never into what serves: a restore can damage nothing, and whoever holds it can do no more.

    Args:
        names: Names in the Region; `<prefix>-restored-*` is for restores by hand.
        key_arn: The key of the Region.
    """
    # Each is a bucket and, as `*` takes a slash too, everything in it.
    found = (TEST_PREFIX, f"{names.stack.prefix}-restored-")
    places = [f"arn:aws:s3:::{name}*" for name in found]
    return policy(
        Statement(actions=_MAKE_BUCKET, resources=places),
        Statement(actions=_WRITE_OBJECT, resources=places),
        Statement(actions=_WRITE_TABLE, resources=[_table(names, f"{name}*") for name in found]),
        # A restored table is under DynamoDB's own key: what a test makes is gone within hours.
        *_keys(key_arn, names.region, "s3", "backup"),
    )


def validate(
    names: RegionNames, twin_buckets: Sequence[str], twin_table: str, key_arn: str
) -> tuple[Statement, ...]:
    """Read what a test restored and the replicas it is held against, and give the verdict."""
    tests, region = f"arn:aws:s3:::{TEST_PREFIX}*", names.region
    twin_arns = [f"arn:aws:s3:::{bucket}" for bucket in twin_buckets]
    tables = [_table(names, f"{TEST_PREFIX}*"), _table(names, twin_table)]
    return (
        Statement(actions=["s3:ListBucket"], resources=[tests, *twin_arns]),
        Statement(actions=["s3:GetObject"], resources=[tests, *(f"{arn}/*" for arn in twin_arns)]),
        Statement(actions=["dynamodb:DescribeTable", "dynamodb:Scan"], resources=tables),
        use_key(key_arn, "Decrypt", service=f"s3.{region}.amazonaws.com"),
        use_key(key_arn, "Decrypt", service=f"dynamodb.{region}.amazonaws.com"),
        # IAM knows no resource for restore jobs.
        Statement(
            actions=["backup:DescribeRestoreJob", "backup:PutRestoreValidationResult"],
            resources=["*"],
        ),
    )


def tell_age(names: RegionNames, plan_name: str) -> tuple[Statement, ...]:
    """See when a restore testing plan's jobs were judged; AWS ends a plan's ARN in digits."""
    plan = f"restore-testing-plan:{plan_name}-*"
    arn = f"arn:aws:backup:{names.region}:{names.stack.account_id}:{plan}"
    return (
        Statement(actions=["backup:GetRestoreTestingPlan"], resources=[arn]),
        Statement(actions=["backup:ListRestoreJobs"], resources=["*"]),
    )


def _table(names: RegionNames, name: str) -> str:
    return f"arn:aws:dynamodb:{names.region}:{names.stack.account_id}:table/{name}"


def _keys(key_arn: str, region: str, *services: str) -> tuple[Statement, ...]:
    """Use a key through some services in its Region, and not otherwise."""
    actions = ("Decrypt", "DescribeKey", "GenerateDataKey")
    return tuple(
        use_key(key_arn, *actions, service=f"{service}.{region}.amazonaws.com")
        for service in services
    )
