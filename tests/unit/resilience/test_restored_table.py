"""The verdict on a restored table: what time explains passes, and nothing else does."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.resilience.test_restore_validation import Context, FakeBackup

if TYPE_CHECKING:
    from types import ModuleType

SOURCE_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/stack"
RESTORED, TWIN = "awsbackup-restore-test-1", "stack"
TAKEN = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
LONG_AGO, YESTERDAY = TAKEN - timedelta(days=3), TAKEN - timedelta(hours=9)
KEY = [{"AttributeName": "sk", "KeyType": "RANGE"}, {"AttributeName": "pk", "KeyType": "HASH"}]

Item = dict[str, dict[str, Any]]


def item(pk: str, value: str, written: datetime | None = LONG_AGO, **more: Any) -> Item:
    made: Item = {"pk": {"S": pk}, "sk": {"S": "-"}, "value": {"S": value}, **more}
    if written:
        made["written_at"] = {"S": written.isoformat().replace("+00:00", "Z")}
    return made


@dataclass
class FakeDynamoDB:
    """Tables of items, handed out one a page."""

    tables: dict[str, list[Item]]
    keys: dict[str, list[dict[str, str]]] = field(
        default_factory=lambda: {RESTORED: list(KEY), TWIN: list(KEY)}
    )

    def get_paginator(self, _operation: str) -> FakeDynamoDB:
        return self

    def paginate(self, *, TableName: str) -> list[dict[str, Any]]:  # noqa: N803 - boto3's name
        found = self.tables[TableName]
        return [{"Items": [each], "LastEvaluatedKey": {}} for each in found] + [{"Items": []}]

    def describe_table(self, *, TableName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        count = len(self.tables[TableName])
        return {"Table": {"KeySchema": self.keys[TableName], "ItemCount": count}}


@dataclass
class Case:
    """A restore test of three items, right as it is; tests break one thing."""

    module: ModuleType
    dynamodb: FakeDynamoDB
    backup: FakeBackup
    context: Context = field(default_factory=Context)

    @property
    def restored(self) -> list[Item]:
        return self.dynamodb.tables[RESTORED]

    @property
    def twin(self) -> list[Item]:
        return self.dynamodb.tables[TWIN]

    def judge(self) -> dict[str, str]:
        event = {"detail": {"restoreJobId": "job-1", "status": "COMPLETED"}}
        told: dict[str, str] = self.module.handle(event, self.context)
        return told


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.setenv("UNDERSTUDY_METRICS_NAMESPACE", "Understudy/test")
    monkeypatch.setenv("UNDERSTUDY_TWINS", json.dumps({SOURCE_ARN: TWIN}))
    module = importlib.import_module("resilience.functions.restore_validation")
    job = {
        "RestoreJobId": "job-1",
        "Status": "COMPLETED",
        "SourceResourceArn": SOURCE_ARN,
        "CreatedResourceArn": f"arn:aws:dynamodb:us-west-2:123456789012:table/{RESTORED}",
        "RecoveryPointCreationDate": TAKEN,
        "BackupSizeInBytes": 300,
    }
    items = [item("a", "1"), item("b", "2"), item("c", "3", tags={"SS": ["x", "y"]})]
    made = Case(module, FakeDynamoDB({RESTORED: items, TWIN: list(items)}), FakeBackup(job))
    monkeypatch.setattr(module.restored_table, "_DYNAMODB", made.dynamodb)
    monkeypatch.setattr(module, "_BACKUP", made.backup)
    return made


def test_what_came_back_right_passes_and_is_reported(case: Case) -> None:
    case.twin[2] = item("c", "3", tags={"SS": ["y", "x"]})  # a set has no order
    told = case.judge()
    assert told["verdict"] == "SUCCESSFUL", told
    assert "3 equal their replica" in told["message"]
    assert case.backup.verdicts[0]["ValidationStatus"] == "SUCCESSFUL"


@pytest.mark.parametrize(
    "changed",
    [
        item("a", "2"),
        item("a", "1", LONG_AGO, more={"NULL": True}),
        item("a", "1", YESTERDAY),
        item("a", "1", None),
        item("a", "1", binary={"B": b"\x00"}, deep={"M": {"list": {"L": [{"N": "1"}]}}}),
    ],
)
def test_an_item_that_changed_fails(case: Case, changed: Item) -> None:
    case.restored[0] = changed
    told = case.judge()
    assert told["verdict"] == "FAILED", "no change is too small to matter"
    assert "a/- differs from its replica" in told["message"]
    assert case.backup.verdicts[0]["ValidationStatus"] == "FAILED"


def test_an_item_that_was_written_since_proves_nothing(case: Case) -> None:
    case.twin[0] = item("a", "9", TAKEN + timedelta(hours=1))
    told = case.judge()
    assert told["verdict"] == "SUCCESSFUL", told
    assert "1 changed since" in told["message"], "and the verdict says how much nobody compared"


def test_the_same_write_with_another_value_is_no_later_write(case: Case) -> None:
    case.twin[0], case.restored[0] = item("a", "1", YESTERDAY), item("a", "9", YESTERDAY)
    assert case.judge()["verdict"] == "FAILED"


def test_a_replica_that_never_says_when_it_was_written_excuses_nothing(case: Case) -> None:
    case.twin[0] = item("a", "9", None)
    assert case.judge()["verdict"] == "FAILED"


@pytest.mark.parametrize("said", ["yesterday", "2026-03-10T04:59:59"])
def test_a_time_that_cannot_be_compared_is_none(case: Case, said: str) -> None:
    case.twin[0] = item("a", "9", None) | {"written_at": {"S": said}}
    assert case.judge()["verdict"] == "FAILED"


@pytest.mark.parametrize(
    ("written", "verdict"), [(LONG_AGO, "FAILED"), (None, "FAILED"), (YESTERDAY, "SUCCESSFUL")]
)
def test_an_item_that_was_long_there_must_have_come_back(
    case: Case, written: datetime | None, verdict: str
) -> None:
    case.twin.append(item("d", "4", written))
    told = case.judge()
    assert told["verdict"] == verdict
    assert ("d/- is missing" in told["message"]) is (verdict == "FAILED")


def test_an_item_that_is_no_longer_live_is_not_held_against_the_backup(case: Case) -> None:
    del case.twin[0]
    told = case.judge()
    assert told["verdict"] == "SUCCESSFUL", "a backup may well hold more than what is left"
    assert "1 have none" in told["message"]


def test_a_live_table_that_lost_everything_is_the_incident(case: Case) -> None:
    case.twin.clear()
    assert "none of 3 items could be held against anything" in case.judge()["message"]


def test_items_that_have_expired_since_are_missed_by_nobody(case: Case) -> None:
    case.restored[:] = [item("key", "1", expires_at={"N": "1700000000"})]
    case.twin.clear()
    told = case.judge()
    assert told["verdict"] == "SUCCESSFUL", told
    assert "1 changed since" in told["message"]


def test_an_empty_table_from_a_backup_with_something_in_it_fails(case: Case) -> None:
    case.restored.clear()
    case.twin.clear()
    assert "it is empty, and its backup has 300 bytes" in case.judge()["message"]


def test_an_empty_backup_of_an_empty_table_passes(case: Case) -> None:
    case.restored.clear()
    case.twin.clear()
    case.backup.job["BackupSizeInBytes"] = 0
    assert case.judge()["verdict"] == "SUCCESSFUL"


def test_a_table_with_another_key_is_another_table(case: Case) -> None:
    case.dynamodb.keys[RESTORED] = [{"AttributeName": "id", "KeyType": "HASH"}]
    assert "its key is ['id'], its replica's ['pk', 'sk']" in case.judge()["message"]


@pytest.mark.parametrize(("step_ms", "unread"), [(240_000, 1), (400_000, 2), (650_000, 2)])
def test_what_time_leaves_unread_is_said(case: Case, step_ms: int, unread: int) -> None:
    """The replica is read first: with the least time not even all of that."""
    case.context = Context(left_ms=1_300_000, step_ms=step_ms)
    told = case.judge()
    assert told["verdict"] == "SUCCESSFUL", told
    assert f"{unread} left unread" in told["message"]
