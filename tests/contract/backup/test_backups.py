"""Backups, copies and restores: what is taken comes back, there and nowhere else."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.contract.backup.region_pair import (
    BACKUP_ACTIONS,
    COPY_ACTIONS,
    DAY_S,
    EAST,
    RESTORE_ACTIONS,
    SOURCE,
    WEST,
    Cloud,
    role_arn,
    vault_arn,
)

NEW = {"DestinationBucketName": "restored-here", "NewBucket": "true"}


def test_what_is_backed_up_comes_back_in_the_other_region(cloud: Cloud) -> None:
    taken = cloud.back_up()
    assert taken["State"] == "COMPLETED", f"the backup runs, not: {taken}"
    copied = cloud.copy(taken["RecoveryPointArn"])
    assert copied["State"] == "COMPLETED", f"the copy runs, not: {copied}"
    restored = cloud.restore(WEST, copied["DestinationRecoveryPointArn"], NEW)
    assert restored["Status"] == "COMPLETED", f"the restore runs, not: {restored}"
    assert restored["CreatedResourceArn"] == "arn:aws:s3:::restored-here"
    s3 = cloud.client("s3", WEST)
    first = s3.get_object(Bucket="restored-here", Key="a")
    assert (first["Body"].read(), first["Metadata"]) == (b"first", {"made-by": "hand"}), (
        "bodies and metadata come back"
    )
    tags = s3.get_object_tagging(Bucket="restored-here", Key="b/c")["TagSet"]
    assert tags == [{"Key": "kind", "Value": "test"}], "tags come back"


def test_a_backup_holds_what_was_there_when_it_began(cloud: Cloud) -> None:
    job = cloud.start_backup()
    cloud.pass_s(6)
    cloud.client("s3").put_object(Bucket=SOURCE, Key="a", Body=b"changed since")
    cloud.run()
    point = cloud.backup().describe_backup_job(BackupJobId=job)["RecoveryPointArn"]
    cloud.restore(EAST, point, NEW)
    body = cloud.client("s3").get_object(Bucket="restored-here", Key="a")["Body"].read()
    assert body == b"first", "later writes are not in a backup"


def test_a_deleted_object_is_not_in_a_backup(cloud: Cloud) -> None:
    cloud.client("s3").delete_object(Bucket=SOURCE, Key="a")
    cloud.restore(EAST, cloud.back_up()["RecoveryPointArn"], NEW)
    listed = cloud.client("s3").list_objects_v2(Bucket="restored-here")["Contents"]
    assert [each["Key"] for each in listed] == ["b/c"], "only what is there is taken"


@pytest.mark.parametrize("missing", ["s3:GetObjectVersion", "s3:ListBucketVersions"])
def test_a_backup_whose_role_may_not_read_fails_and_says_so(cloud: Cloud, missing: str) -> None:
    cloud.allow("backs-up", [each for each in BACKUP_ACTIONS if each != missing])
    job = cloud.back_up()
    assert job["State"] == "FAILED", "a role that may not read takes no backup"
    assert job["MessageCategory"] == "AccessDenied"
    assert missing in job["StatusMessage"], "the message names the permission that is missing"


@pytest.mark.parametrize("missing", COPY_ACTIONS)
def test_a_copy_whose_role_may_not_copy_fails(cloud: Cloud, missing: str) -> None:
    point = cloud.back_up()["RecoveryPointArn"]
    cloud.allow("backs-up", [each for each in COPY_ACTIONS if each != missing])
    job = cloud.copy(point)
    assert (job["State"], job["MessageCategory"]) == ("FAILED", "AccessDenied")
    assert missing in job["StatusMessage"]
    points = cloud.backup(WEST).list_recovery_points_by_backup_vault(BackupVaultName="kept")
    assert points["RecoveryPoints"] == [], "nothing arrived"


def test_a_restore_whose_role_may_not_write_fails(cloud: Cloud) -> None:
    point = cloud.back_up()["RecoveryPointArn"]
    cloud.allow("restores", [each for each in RESTORE_ACTIONS if each != "s3:CreateBucket"])
    job = cloud.restore(EAST, point, NEW)
    assert job["Status"] == "FAILED"
    assert "s3:CreateBucket" in job["StatusMessage"]


def test_a_role_that_backup_may_not_assume_is_refused_at_once(cloud: Cloud) -> None:
    cloud.role("for-lambda", BACKUP_ACTIONS, service="lambda.amazonaws.com")
    with pytest.raises(ClientError, match="cannot be assumed by AWS Backup") as refusal:
        cloud.start_backup(IamRoleArn=role_arn("for-lambda"))
    assert refusal.value.response["Error"]["Code"] == "InvalidParameterValueException"


def test_a_bucket_without_versions_is_not_backed_up(cloud: Cloud) -> None:
    cloud.client("s3").create_bucket(Bucket="forgetful")
    job = cloud.back_up(ResourceArn="arn:aws:s3:::forgetful")
    assert job["State"] == "FAILED"
    assert "versioning" in job["StatusMessage"]


def test_who_asks_for_a_restore_twice_with_one_token_has_asked_once(cloud: Cloud) -> None:
    asked = {
        "RecoveryPointArn": cloud.back_up()["RecoveryPointArn"],
        "IamRoleArn": role_arn("restores"),
        "Metadata": NEW,
    }
    first, again = (
        cloud.backup().start_restore_job(**asked, IdempotencyToken="one")["RestoreJobId"]
        for _ in range(2)
    )
    assert again == first
    cloud.run()
    job = cloud.backup().start_restore_job(**asked, IdempotencyToken="another")["RestoreJobId"]
    assert job != first
    cloud.run()
    taken = cloud.backup().describe_restore_job(RestoreJobId=job)
    assert taken["Status"] == "FAILED", "another token is another job, and the name is taken"


def test_a_restore_into_a_new_bucket_needs_a_free_name(cloud: Cloud) -> None:
    point = cloud.back_up()["RecoveryPointArn"]
    job = cloud.restore(EAST, point, {"DestinationBucketName": SOURCE, "NewBucket": "true"})
    assert job["Status"] == "FAILED"
    assert "exists already" in job["StatusMessage"], "an empty place is one that was not there"


def test_a_recovery_point_is_restored_in_its_own_region_only(cloud: Cloud) -> None:
    point = cloud.back_up()["RecoveryPointArn"]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.restore(WEST, point, NEW)


def test_restore_metadata_that_are_not_understood_are_refused_by_name(cloud: Cloud) -> None:
    point = cloud.back_up()["RecoveryPointArn"]
    with pytest.raises(ClientError, match="ItemsToRestore are not emulated"):
        cloud.restore(EAST, point, NEW | {"ItemsToRestore": "[]"})


def test_a_lost_region_holds_its_backup_until_it_returns(cloud: Cloud) -> None:
    job = cloud.start_backup()
    fault = cloud.faults.lose("region", EAST)
    cloud.run()
    cloud.faults.restore(fault.id)
    assert cloud.backup().describe_backup_job(BackupJobId=job)["State"] == "CREATED"
    cloud.run()
    assert cloud.backup().describe_backup_job(BackupJobId=job)["State"] == "COMPLETED"


def test_a_backup_that_cannot_start_in_its_window_expires(cloud: Cloud) -> None:
    job = cloud.start_backup(StartWindowMinutes=60)
    fault = cloud.faults.lose("region", EAST)
    cloud.pass_s(3700)
    cloud.faults.restore(fault.id)
    cloud.run()
    assert cloud.backup().describe_backup_job(BackupJobId=job)["State"] == "EXPIRED"


def test_a_copy_waits_for_its_destination(cloud: Cloud) -> None:
    point = cloud.back_up()["RecoveryPointArn"]
    fault = cloud.faults.lose("region", WEST)
    assert cloud.copy(point)["State"] == "CREATED", "a lost Region receives nothing"
    cloud.faults.restore(fault.id)
    cloud.run()
    jobs = cloud.backup().list_copy_jobs(ByState="COMPLETED")["CopyJobs"]
    assert len(jobs) == 1, "the copy is made when the Region is back"


def test_a_recovery_point_goes_when_its_retention_ends(cloud: Cloud) -> None:
    cloud.back_up(Lifecycle={"DeleteAfterDays": 7})
    cloud.pass_s(6 * DAY_S)
    assert _points(cloud, EAST) == 1
    cloud.pass_s(1 * DAY_S)
    assert _points(cloud, EAST) == 0


def test_a_damaged_recovery_point_comes_back_with_one_byte_changed(cloud: Cloud) -> None:
    point = cloud.back_up()["RecoveryPointArn"]
    cloud.faults.lose("recovery_point", point)
    cloud.restore(EAST, point, NEW)
    s3 = cloud.client("s3")
    bodies = {
        key: s3.get_object(Bucket="restored-here", Key=key)["Body"].read() for key in ("a", "b/c")
    }
    assert bodies["a"] == b"first", "one object is damaged, not all"
    changed = [a != b for a, b in zip(bodies["b/c"], b"second", strict=True)]
    assert sum(changed) == 1, "one byte is changed"


def test_a_table_comes_back_under_another_name(cloud: Cloud) -> None:
    dynamodb = cloud.client("dynamodb")
    arn = dynamodb.create_table(
        TableName="records",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )["TableDescription"]["TableArn"]
    item = {"pk": {"S": "one"}, "text": {"S": "kept"}}
    dynamodb.put_item(TableName="records", Item=item)
    copied = cloud.copy(cloud.back_up(ResourceArn=arn)["RecoveryPointArn"])
    point = copied["DestinationRecoveryPointArn"]
    restored = cloud.restore(WEST, point, {"targetTableName": "records-again"})
    assert restored["Status"] == "COMPLETED", restored
    west = cloud.client("dynamodb", WEST)
    assert west.scan(TableName="records-again")["Items"] == [item]
    cloud.faults.lose("recovery_point", point)
    cloud.restore(WEST, point, {"targetTableName": "damaged"})
    found = west.scan(TableName="damaged")["Items"][0]
    assert found["pk"] == item["pk"]
    assert found["text"] != item["text"], "a damaged backup brings damage back"


def test_jobs_are_told_on_the_bus_and_counted(cloud: Cloud) -> None:
    point = cloud.back_up()["RecoveryPointArn"]
    told = cloud.told("Backup Job State Change")
    assert [each["detail"]["state"] for each in told] == ["CREATED", "RUNNING", "COMPLETED"]
    assert told[-1]["source"] == "aws.backup"
    assert told[-1]["resources"] == [point]
    copied = cloud.copy(point)
    assert {each["region"] for each in cloud.told("Copy Job State Change")} == {EAST}
    cloud.restore(WEST, copied["DestinationRecoveryPointArn"], NEW)
    last = cloud.told("Restore Job State Change")[-1]
    assert last["region"] == WEST
    assert last["detail"]["createdResourceArn"] == "arn:aws:s3:::restored-here"
    counted = {
        (each.name, dict(each.dimensions).get("BackupVaultName"))
        for each in cloud.watch.metrics.ids(EAST)
        if each.namespace == "AWS/Backup"
    }
    assert ("NumberOfBackupJobsCompleted", "kept") in counted
    assert ("NumberOfCopyJobsCompleted", "kept") in counted


def test_a_vault_that_does_not_exist_takes_no_copy(cloud: Cloud) -> None:
    point = cloud.back_up()["RecoveryPointArn"]
    with pytest.raises(ClientError, match="does not exist"):
        cloud.backup().start_copy_job(
            RecoveryPointArn=point,
            SourceBackupVaultName="kept",
            DestinationBackupVaultArn=vault_arn(WEST, "elsewhere"),
            IamRoleArn=role_arn("backs-up"),
        )


def _points(cloud: Cloud, region: str) -> int:
    return int(
        cloud.backup(region).describe_backup_vault(BackupVaultName="kept")["NumberOfRecoveryPoints"]
    )
