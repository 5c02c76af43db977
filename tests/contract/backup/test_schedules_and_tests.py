"""Plans and restore tests: on their schedule, and refused when they could only fail."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.backup.region_pair import (
    DAY_S,
    EAST,
    SOURCE,
    WEST,
    Cloud,
    plan,
    plan_restore_tests,
    protect,
    select,
    vault_arn,
)

HOUR_S = 3600


def pass_hour(cloud: Cloud) -> None:
    """To a few seconds past the next full hour, then until jobs have ended."""
    cloud.pass_s(HOUR_S - cloud.clock.at_s % HOUR_S + 5)
    cloud.run(steps=6)


def test_a_plan_backs_up_and_copies_on_its_schedule(cloud: Cloud) -> None:
    select(cloud, plan(cloud))
    cloud.run(steps=1)
    assert not cloud.backup().list_backup_jobs()["BackupJobs"], "not before its time"
    pass_hour(cloud)
    [job] = cloud.backup().list_backup_jobs()["BackupJobs"]
    assert job["State"] == "COMPLETED"
    assert job["CreatedBy"]["BackupRuleName"] == "hourly"
    [copy] = cloud.backup().list_copy_jobs()["CopyJobs"]
    assert (copy["State"], copy["CreatedByBackupJobId"]) == ("COMPLETED", job["BackupJobId"])
    [kept] = cloud.backup(WEST).list_recovery_points_by_backup_vault(BackupVaultName="kept")[
        "RecoveryPoints"
    ]
    assert kept["Lifecycle"]["DeleteAfterDays"] == 14, "a copy has a lifecycle of its own"
    assert kept["SourceBackupVaultArn"] == vault_arn(EAST)
    pass_hour(cloud)
    assert len(cloud.backup().list_backup_jobs()["BackupJobs"]) == 2, "and every hour again"


def test_a_lost_region_catches_up_once(cloud: Cloud) -> None:
    select(cloud, plan(cloud))
    fault = cloud.faults.lose("region", EAST)
    for _ in range(3):
        pass_hour(cloud)
    cloud.faults.restore(fault.id)
    cloud.run(steps=6)
    assert len(cloud.backup().list_backup_jobs()["BackupJobs"]) == 1


def test_a_plan_whose_copies_their_lock_would_fail_is_refused(cloud: Cloud) -> None:
    cloud.backup(WEST).put_backup_vault_lock_configuration(
        BackupVaultName="kept", MinRetentionDays=30
    )
    with pytest.raises(ClientError, match="every job into kept would fail: the retention of 14"):
        plan(cloud)


def test_a_selection_whose_role_backup_may_not_assume_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="cannot be assumed by AWS Backup"):
        select(cloud, plan(cloud), role="nobody")


def test_a_plan_is_deleted_after_its_selections(cloud: Cloud) -> None:
    plan_id = plan(cloud)
    selection = select(cloud, plan_id)
    with pytest.raises(ClientError, match="must be deleted prior"):
        cloud.backup().delete_backup_plan(BackupPlanId=plan_id)
    cloud.backup().delete_backup_selection(BackupPlanId=plan_id, SelectionId=selection)
    cloud.backup().delete_backup_plan(BackupPlanId=plan_id)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.backup().get_backup_plan(BackupPlanId=plan_id)


def restore_test(cloud: Cloud) -> dict[str, Any]:
    """A backup, its copy, and a restore test of it, run until the restore has ended."""
    arn = plan_restore_tests(cloud)
    protect(cloud)
    cloud.copy(cloud.back_up()["RecoveryPointArn"])
    cloud.pass_s(HOUR_S / 2 - cloud.clock.at_s % HOUR_S + HOUR_S)
    cloud.run()
    [job] = cloud.backup(WEST).list_restore_jobs(ByRestoreTestingPlanArn=arn)["RestoreJobs"]
    return dict(job)


def test_a_restore_test_restores_the_latest_copy_into_a_place_of_its_own(cloud: Cloud) -> None:
    job = restore_test(cloud)
    assert job["Status"] == "COMPLETED", job
    bucket = job["CreatedResourceArn"].rpartition(":")[2]
    assert bucket.startswith("awsbackup-restore-test-")
    listed = cloud.client("s3", WEST).list_objects_v2(Bucket=bucket)["Contents"]
    assert [each["Key"] for each in listed] == ["a", "b/c"]
    told = cloud.told("Restore Job State Change")[-1]["detail"]
    assert told["restoreTestingPlanArn"] == job["CreatedBy"]["RestoreTestingPlanArn"]


@pytest.mark.parametrize("verdict", ["SUCCESSFUL", "FAILED"])
def test_a_verdict_is_kept_and_ends_the_test(cloud: Cloud, verdict: str) -> None:
    job = restore_test(cloud)
    cloud.backup(WEST).put_restore_validation_result(
        RestoreJobId=job["RestoreJobId"],
        ValidationStatus=verdict,
        ValidationStatusMessage="looked at",
    )
    cloud.run(steps=1)
    shown = cloud.backup(WEST).describe_restore_job(RestoreJobId=job["RestoreJobId"])
    assert (shown["ValidationStatus"], shown["ValidationStatusMessage"]) == (verdict, "looked at")
    assert shown["DeletionStatus"] == "SUCCESSFUL"
    buckets = [each["Name"] for each in cloud.client("s3").list_buckets()["Buckets"]]
    assert buckets == [SOURCE], "what a test restored goes when the test is over"
    with pytest.raises(ClientError, match="has its validation already"):
        cloud.backup(WEST).put_restore_validation_result(
            RestoreJobId=job["RestoreJobId"], ValidationStatus="SUCCESSFUL"
        )


def test_what_a_test_restored_goes_when_its_validation_window_closes(cloud: Cloud) -> None:
    job = restore_test(cloud)
    cloud.backup(WEST).put_restore_validation_result(
        RestoreJobId=job["RestoreJobId"], ValidationStatus="VALIDATING"
    )
    cloud.pass_s(HOUR_S / 2)
    shown = cloud.backup(WEST).describe_restore_job(RestoreJobId=job["RestoreJobId"])
    assert "DeletionStatus" not in shown, "there is an hour to look at it"
    cloud.pass_s(HOUR_S)
    shown = cloud.backup(WEST).describe_restore_job(RestoreJobId=job["RestoreJobId"])
    assert (shown["ValidationStatus"], shown["DeletionStatus"]) == ("TIMED_OUT", "SUCCESSFUL")


def test_a_restore_on_demand_takes_no_verdict(cloud: Cloud) -> None:
    point = cloud.back_up()["RecoveryPointArn"]
    job = cloud.restore(EAST, point, {"DestinationBucketName": "mine", "NewBucket": "true"})
    with pytest.raises(ClientError, match="not started by a restore testing plan"):
        cloud.backup().put_restore_validation_result(
            RestoreJobId=job["RestoreJobId"], ValidationStatus="SUCCESSFUL"
        )


def test_a_backup_older_than_the_window_is_not_tested(cloud: Cloud) -> None:
    arn = plan_restore_tests(cloud)
    protect(cloud)
    cloud.copy(cloud.back_up()["RecoveryPointArn"])
    cloud.clock.at_s += 40 * DAY_S
    cloud.run(steps=1)
    assert not cloud.backup(WEST).list_restore_jobs(ByRestoreTestingPlanArn=arn)["RestoreJobs"]
