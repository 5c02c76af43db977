"""Backups under keys: a job whose role may not use one fails as in AWS, or leaves objects out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from emulator.patches import kms, mending
from tests.contract.backup.region_pair import (
    BACKUP_ACTIONS,
    COPY_ACTIONS,
    EAST,
    KEY_ACTIONS,
    RESTORE_ACTIONS,
    SOURCE,
    WEST,
    Cloud,
    vault_arn,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = {"DestinationBucketName": "restored-here", "NewBucket": "true"}
BACKS_UP = [*BACKUP_ACTIONS, *COPY_ACTIONS]
TABLE = "records"


@pytest.fixture
def keys(cloud: Cloud) -> Iterator[dict[str, str]]:
    """The keys of two vaults called `sealed`, by Region."""
    kms.apply()
    made = {region: cloud.key(region) for region in (EAST, WEST)}
    for region, key in made.items():
        cloud.backup(region).create_backup_vault(BackupVaultName="sealed", EncryptionKeyArn=key)
    yield made
    mending.put_back()


def without(cloud: Cloud, action: str) -> None:
    """Take an action on keys away from both roles."""
    left = [each for each in KEY_ACTIONS if each != action]
    cloud.allow("backs-up", [*BACKS_UP, *left])
    cloud.allow("restores", [*RESTORE_ACTIONS, *left])


def copied(cloud: Cloud, point: str) -> dict[str, Any]:
    job = cloud.backup().start_copy_job(
        RecoveryPointArn=point,
        SourceBackupVaultName="sealed",
        DestinationBackupVaultArn=vault_arn(WEST, "sealed"),
        IamRoleArn="arn:aws:iam::123456789012:role/backs-up",
    )["CopyJobId"]
    cloud.run()
    return dict(cloud.backup().describe_copy_job(CopyJobId=job)["CopyJob"])


def denied(job: dict[str, Any], named: str) -> None:
    assert job.get("State", job.get("Status")) == "FAILED", job
    assert job["StatusMessage"].startswith("Access denied: ")
    assert named in job["StatusMessage"]


def test_with_both_keys_a_backup_is_taken_copied_and_restored(
    cloud: Cloud, keys: dict[str, str]
) -> None:
    point = cloud.back_up(BackupVaultName="sealed")["RecoveryPointArn"]
    away = copied(cloud, point)
    assert away["State"] == "COMPLETED", away
    found = cloud.backup(WEST).describe_recovery_point(
        BackupVaultName="sealed", RecoveryPointArn=away["DestinationRecoveryPointArn"]
    )
    assert found["EncryptionKeyArn"] == keys[WEST], "a copy is under its own vault's key"
    assert cloud.restore(WEST, away["DestinationRecoveryPointArn"], PLACE)["Status"] == "COMPLETED"


@pytest.mark.usefixtures("keys")
def test_a_backup_needs_its_vaults_key(cloud: Cloud) -> None:
    without(cloud, "kms:GenerateDataKey")
    job = cloud.back_up(BackupVaultName="sealed")
    denied(job, "kms:GenerateDataKey")
    assert job["MessageCategory"] == "AccessDenied"


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("action", KEY_ACTIONS)
def test_a_copy_reads_with_one_key_and_writes_with_the_other(cloud: Cloud, action: str) -> None:
    point = cloud.back_up(BackupVaultName="sealed")["RecoveryPointArn"]
    without(cloud, action)
    denied(copied(cloud, point), action)


@pytest.mark.usefixtures("keys")
def test_a_restore_needs_the_key_of_the_vault_it_is_from(cloud: Cloud) -> None:
    point = cloud.back_up(BackupVaultName="sealed")["RecoveryPointArn"]
    without(cloud, "kms:Decrypt")
    denied(cloud.restore(EAST, point, PLACE), "kms:Decrypt")


def test_the_keys_own_policy_has_the_first_word(cloud: Cloud, keys: dict[str, str]) -> None:
    account = {"AWS": "arn:aws:iam::123456789012:root"}
    others = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/somebody"}}
    allowed = {"Effect": "Allow", "Principal": account, "Action": "kms:*", "Resource": "*"}
    statements = [
        allowed | {"Action": ["kms:PutKeyPolicy", "kms:DescribeKey"]},
        allowed | {"Condition": others},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    cloud.client("kms").put_key_policy(KeyId=keys[EAST], PolicyName="default", Policy=document)
    denied(cloud.back_up(BackupVaultName="sealed"), "kms:GenerateDataKey")


def test_a_key_that_is_disabled_is_of_no_use_to_anybody(cloud: Cloud, keys: dict[str, str]) -> None:
    cloud.client("kms").disable_key(KeyId=keys[EAST])
    denied(cloud.back_up(BackupVaultName="sealed"), "is Disabled")


def test_objects_under_a_key_that_may_not_be_used_are_left_out(
    cloud: Cloud, keys: dict[str, str]
) -> None:
    cloud.client("s3").put_object(
        Bucket=SOURCE,
        Key="secret",
        Body=b"sealed",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=keys[EAST],
    )
    without(cloud, "kms:Decrypt")
    job = cloud.back_up()
    assert job["State"] == "COMPLETED", "AWS says so, and leaves them out"
    assert "were not backed up" in job["StatusMessage"]
    assert "kms:Decrypt" in job["StatusMessage"]
    cloud.restore(EAST, job["RecoveryPointArn"], PLACE)
    listed = cloud.client("s3").list_objects_v2(Bucket="restored-here")["Contents"]
    assert [each["Key"] for each in listed] == ["a", "b/c"]


def test_a_table_under_a_key_that_may_not_be_used_is_not_backed_up(
    cloud: Cloud, keys: dict[str, str]
) -> None:
    arn = cloud.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": keys[EAST]},
    )["TableDescription"]["TableArn"]
    assert cloud.back_up(ResourceArn=arn)["State"] == "COMPLETED"
    without(cloud, "kms:Decrypt")
    denied(cloud.back_up(ResourceArn=arn), "kms:Decrypt")


def test_what_is_restored_under_a_key_needs_that_key(cloud: Cloud, keys: dict[str, str]) -> None:
    point = cloud.back_up()["RecoveryPointArn"]
    cloud.allow("restores", RESTORE_ACTIONS)
    sealed = PLACE | {"EncryptionType": "SSE-KMS", "KmsKey": keys[EAST]}
    denied(cloud.restore(EAST, point, sealed), "kms:GenerateDataKey")
