"""A global table's backups, eventual and strong: copied, restored, and judged by its replica."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest

from emulator.patches import mending
from emulator.tables import api
from tests.contract.backup.region_pair import BACKUP_ACTIONS, EAST, RESTORE_ACTIONS, WEST, Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator

OHIO = "us-east-2"
NAME = "stack"
ITEM = {
    "pk": {"S": "role"},
    "epoch": {"N": "7"},
    "holder": {"S": EAST},
    "written_at": {"S": "2026-12-01T00:00:00Z"},
}
PLACE = {"targetTableName": "restored-here"}


@pytest.fixture(params=["EVENTUAL", "STRONG"])
def table(request: pytest.FixtureRequest, cloud: Cloud) -> Iterator[str]:
    """The ARN of the eastern replica of a table with one item in it."""
    api.apply()
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName=NAME,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    others = (WEST, OHIO) if request.param == "STRONG" else (WEST,)
    shown = dynamodb.update_table(
        TableName=NAME,
        ReplicaUpdates=[{"Create": {"RegionName": each}} for each in others],
        MultiRegionConsistency=request.param,
    )["TableDescription"]
    assert shown["MultiRegionConsistency"] == request.param
    for region in (EAST, *others):
        # What the replicas agree on by now; how it travels is tests/contract/storage's matter.
        cloud.client("dynamodb", region).put_item(TableName=NAME, Item=ITEM)
    yield str(shown["TableArn"])
    mending.put_back()


def restored(cloud: Cloud, arn: str, **metadata: str) -> dict[str, Any]:
    """Back the table up, copy it to the West and restore it there."""
    copied = cloud.copy(cloud.back_up(ResourceArn=arn)["RecoveryPointArn"])
    assert copied["State"] == "COMPLETED", copied
    return cloud.restore(WEST, copied["DestinationRecoveryPointArn"], PLACE | metadata)


def verdict(cloud: Cloud, job: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the deployed function's own code says of a restore job in the West."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", WEST)
    module = importlib.import_module("resilience.functions.restored_table")
    monkeypatch.setattr(module, "_DYNAMODB", cloud.client("dynamodb", WEST))
    found: list[str] = module.inspect(job, NAME, lambda: 900_000).problems
    return found


def test_a_restored_table_stands_alone_and_equals_its_replica(
    cloud: Cloud, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = restored(cloud, table)
    assert job["Status"] == "COMPLETED", job
    west = cloud.client("dynamodb", WEST)
    shown = west.describe_table(TableName=PLACE["targetTableName"])["Table"]
    assert "Replicas" not in shown, "what is restored is no replica of anything"
    west.put_item(TableName=PLACE["targetTableName"], Item={"pk": {"S": "mine"}})
    live = cloud.client("dynamodb").scan(TableName=NAME)["Items"]
    assert live == [ITEM], "and what is written to it stays there"
    west.delete_item(TableName=PLACE["targetTableName"], Key={"pk": {"S": "mine"}})
    assert verdict(cloud, job, monkeypatch) == []


def test_an_item_that_is_changed_in_the_backup_is_a_problem(
    cloud: Cloud, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = cloud.copy(cloud.back_up(ResourceArn=table)["RecoveryPointArn"])
    cloud.faults.lose("recovery_point", copied["DestinationRecoveryPointArn"])
    job = cloud.restore(WEST, copied["DestinationRecoveryPointArn"], PLACE)
    assert verdict(cloud, job, monkeypatch) == ["role differs from its replica"]


def test_an_item_that_is_lost_from_the_live_table_is_still_in_the_backup(
    cloud: Cloud, table: str
) -> None:
    point = cloud.back_up(ResourceArn=table)["RecoveryPointArn"]
    for region in (EAST, WEST):
        cloud.client("dynamodb", region).delete_item(TableName=NAME, Key={"pk": {"S": "role"}})
    cloud.restore(EAST, point, PLACE)
    assert cloud.client("dynamodb").scan(TableName="restored-here")["Items"] == [ITEM]


@pytest.mark.parametrize(
    ("role", "actions", "missing"),
    [
        ("backs-up", BACKUP_ACTIONS, "dynamodb:StartAwsBackupJob"),
        ("restores", RESTORE_ACTIONS, "dynamodb:RestoreTableFromAwsBackup"),
        ("restores", RESTORE_ACTIONS, "dynamodb:BatchWriteItem"),
    ],
)
def test_a_job_without_a_permission_fails_and_names_it(
    cloud: Cloud, table: str, role: str, actions: list[str], missing: str
) -> None:
    point = cloud.back_up(ResourceArn=table)["RecoveryPointArn"]
    cloud.allow(role, [each for each in actions if each != missing])
    if role == "backs-up":
        job = cloud.back_up(ResourceArn=table)
        assert (job["State"], job["MessageCategory"]) == ("FAILED", "AccessDenied")
    else:
        job = cloud.restore(EAST, point, PLACE)
        assert job["Status"] == "FAILED"
    assert missing in job["StatusMessage"]
