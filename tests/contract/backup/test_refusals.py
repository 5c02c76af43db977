"""What AWS Backup refuses, and what would only fail later: told when it is put.

These tests change nothing, so they share one cloud.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.backup.region_pair import (
    EAST,
    WEST,
    Cloud,
    plan,
    plan_restore_tests,
    protect,
    role_arn,
    vault_arn,
)


@pytest.fixture(scope="module")
def cloud(standing_cloud: Cloud) -> Cloud:
    plan_restore_tests(standing_cloud, RestoreTestingPlanName="weekly")
    return standing_cloud


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"TargetBackupVaultName": "elsewhere"}, "backup vault elsewhere does not exist"),
        (
            {"CopyActions": [{"DestinationBackupVaultArn": vault_arn(WEST, "gone")}]},
            "backup-vault:gone does not exist",
        ),
        ({"ScheduleExpression": "every day"}, "no cron expression"),
        ({"StartWindowMinutes": 30}, "expected 60 or more"),
        ({"CompletionWindowMinutes": 60}, "more than the start window"),
        ({"Lifecycle": {"MoveToColdStorageAfterDays": 1, "DeleteAfterDays": 50}}, "90 more"),
        ({"EnableContinuousBackup": True}, "not emulated"),
    ],
)
def test_a_plan_that_could_only_fail_is_refused(
    cloud: Cloud, more: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ClientError, match=problem):
        plan(cloud, **more)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"RestoreTestingPlanName": "has-hyphens"}, "letters, digits and _"),
        ({"ScheduleExpression": "rate(1 day)"}, "no cron expression"),
        ({"StartWindowHours": 200}, "from 1 to 168"),
        (
            {
                "RecoveryPointSelection": {
                    "Algorithm": "LATEST_WITHIN_WINDOW",
                    "IncludeVaults": [vault_arn(EAST)],
                    "RecoveryPointTypes": ["SNAPSHOT"],
                }
            },
            "no backup vault .* in us-west-2",
        ),
    ],
)
def test_a_restore_testing_plan_that_could_only_fail_is_refused(
    cloud: Cloud, more: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ClientError, match=problem):
        plan_restore_tests(cloud, **{"RestoreTestingPlanName": "another"} | more)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"ProtectedResourceType": "EBS"}, "not emulated"),
        ({"ProtectedResourceArns": []}, "either ProtectedResourceArns"),
        ({"IamRoleArn": role_arn("nobody")}, "cannot be assumed"),
        ({"RestoreMetadataOverrides": {"colour": "blue"}}, "override colour is not emulated"),
    ],
)
def test_a_restore_testing_selection_that_could_only_fail_is_refused(
    cloud: Cloud, more: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ClientError, match=problem):
        protect(cloud, **more)


def test_a_call_that_the_model_forbids_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="RuleName is 'no spaces'") as refusal:
        plan(cloud, RuleName="no spaces")
    assert refusal.value.response["Error"]["Code"] == "InvalidParameterValueException"


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ({"MinRetentionDays": 0}, "at least 1"),
        ({"MaxRetentionDays": 40_000}, "cannot exceed"),
        ({"MinRetentionDays": 9, "MaxRetentionDays": 8}, "greater than"),
        ({"MinRetentionDays": 1, "ChangeableForDays": 2}, "from 3"),
    ],
)
def test_a_lock_that_aws_refuses_is_refused(
    cloud: Cloud, how: dict[str, int], problem: str
) -> None:
    with pytest.raises(ClientError, match=problem):
        cloud.backup().put_backup_vault_lock_configuration(BackupVaultName="kept", **how)


ACCESS: dict[str, Any] = {
    "Effect": "Deny",
    "Action": "backup:DeleteRecoveryPoint",
    "Resource": "*",
    "Principal": {"AWS": "*"},
}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"Effect": "Refuse"}, "Effect must be"),
        ({"Principal": None}, "no Principal"),
        ({"Resource": None}, "Resource"),
        ({"Resource": "arn:aws-cn:backup:us-east-1:123456789012:backup-vault:kept"}, "aws-cn"),
        ({"Action": "s3:DeleteObject"}, "out of scope"),
        ({"Resorce": "*"}, "Resorce"),
    ],
    ids=lambda each: str(each) if isinstance(each, dict) else "",
)
def test_a_malformed_access_policy_is_refused(
    cloud: Cloud, change: dict[str, str | None], problem: str
) -> None:
    statement = {k: v for k, v in (ACCESS | change).items() if v is not None}
    with pytest.raises(ClientError, match=problem) as refused:
        put_access(cloud, statement)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"


def test_an_access_policy_is_put_and_taken_away(cloud: Cloud) -> None:
    put_access(cloud, ACCESS)
    cloud.backup().delete_backup_vault_access_policy(BackupVaultName="kept")


def put_access(cloud: Cloud, statement: dict[str, Any]) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.backup().put_backup_vault_access_policy(BackupVaultName="kept", Policy=document)
