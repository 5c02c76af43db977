"""Vault locks: what is locked stays, whoever asks, until its time has come."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.contract.backup.region_pair import DAY_S, EAST, Cloud, vault_arn

COMPLIANCE = {"MinRetentionDays": 7, "MaxRetentionDays": 35, "ChangeableForDays": 3}
GOVERNANCE = {"MinRetentionDays": 7, "MaxRetentionDays": 35}
WEEK = {"DeleteAfterDays": 7}


def lock(cloud: Cloud, at: str = EAST, **how: int) -> None:
    cloud.backup(at).put_backup_vault_lock_configuration(BackupVaultName="kept", **how)


def delete_point(cloud: Cloud, point: str) -> None:
    cloud.backup().delete_recovery_point(BackupVaultName="kept", RecoveryPointArn=point)


def test_an_unlocked_vault_gives_up_its_recovery_points(cloud: Cloud) -> None:
    delete_point(cloud, cloud.back_up()["RecoveryPointArn"])
    assert (
        cloud.backup().describe_backup_vault(BackupVaultName="kept")["NumberOfRecoveryPoints"] == 0
    )


@pytest.mark.parametrize("how", [COMPLIANCE, GOVERNANCE], ids=["compliance", "governance"])
def test_a_locked_vault_keeps_its_recovery_points(cloud: Cloud, how: dict[str, int]) -> None:
    lock(cloud, EAST, **how)
    point = cloud.back_up(Lifecycle=WEEK)["RecoveryPointArn"]
    with pytest.raises(ClientError, match="is locked") as refusal:
        delete_point(cloud, point)
    assert refusal.value.response["Error"]["Code"] == "InvalidRequestException"
    with pytest.raises(ClientError, match="is locked"):
        cloud.backup().update_recovery_point_lifecycle(
            BackupVaultName="kept", RecoveryPointArn=point, Lifecycle={"DeleteAfterDays": 1}
        )
    assert cloud.backup().describe_recovery_point(BackupVaultName="kept", RecoveryPointArn=point)


def test_a_vault_with_recovery_points_is_not_deleted(cloud: Cloud) -> None:
    cloud.back_up()
    with pytest.raises(ClientError, match="because it contains recovery points"):
        cloud.backup().delete_backup_vault(BackupVaultName="kept")


def test_a_governance_lock_can_be_removed_at_any_time(cloud: Cloud) -> None:
    lock(cloud, EAST, **GOVERNANCE)
    point = cloud.back_up(Lifecycle=WEEK)["RecoveryPointArn"]
    cloud.pass_s(5 * DAY_S)
    cloud.backup().delete_backup_vault_lock_configuration(BackupVaultName="kept")
    delete_point(cloud, point)


def test_a_compliance_lock_can_be_removed_only_until_its_date(cloud: Cloud) -> None:
    lock(cloud, EAST, **COMPLIANCE)
    cloud.pass_s(2 * DAY_S)
    cloud.backup().delete_backup_vault_lock_configuration(BackupVaultName="kept")
    lock(cloud, EAST, **COMPLIANCE)
    cloud.pass_s(3 * DAY_S)
    with pytest.raises(ClientError, match="immutable and cannot be deleted"):
        cloud.backup().delete_backup_vault_lock_configuration(BackupVaultName="kept")
    with pytest.raises(ClientError, match="immutable and cannot be modified"):
        lock(cloud, MinRetentionDays=1)


@pytest.mark.parametrize("days", [6, 36])
def test_a_job_outside_a_locks_retention_fails(cloud: Cloud, days: int) -> None:
    lock(cloud, EAST, **GOVERNANCE)
    job = cloud.back_up(Lifecycle={"DeleteAfterDays": days})
    assert job["State"] == "FAILED"
    assert "vault lock's" in job["StatusMessage"]


def test_a_job_that_keeps_for_ever_fails_under_a_longest_retention(cloud: Cloud) -> None:
    lock(cloud, EAST, **GOVERNANCE)
    assert cloud.back_up()["State"] == "FAILED", "for ever is longer than 35 days"


def test_a_copy_obeys_the_lock_of_the_vault_it_goes_to(cloud: Cloud) -> None:
    point = cloud.back_up()["RecoveryPointArn"]
    lock(cloud, "us-west-2", **COMPLIANCE)
    assert cloud.copy(point, Lifecycle={"DeleteAfterDays": 1})["State"] == "FAILED"
    assert cloud.copy(point, Lifecycle=WEEK)["State"] == "COMPLETED"


def test_a_lock_under_which_a_plan_would_only_fail_is_refused(cloud: Cloud) -> None:
    cloud.backup().create_backup_plan(
        BackupPlan={
            "BackupPlanName": "short",
            "Rules": [
                {
                    "RuleName": "daily",
                    "TargetBackupVaultName": "kept",
                    "Lifecycle": {"DeleteAfterDays": 1},
                }
            ],
        }
    )
    with pytest.raises(ClientError, match="plan short: the retention of 1 days is shorter"):
        lock(cloud, EAST, **GOVERNANCE)


def test_a_vault_shows_its_lock(cloud: Cloud) -> None:
    lock(cloud, EAST, **COMPLIANCE)
    shown = cloud.backup().describe_backup_vault(BackupVaultName="kept")
    assert shown["Locked"] is True
    assert shown["BackupVaultArn"] == vault_arn(EAST)
    assert shown["LockDate"].timestamp() == cloud.clock.at_s + 3 * DAY_S
