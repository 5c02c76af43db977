"""The verdict on a restore test: right bytes pass, and one wrong byte anywhere does not."""

from __future__ import annotations

import hashlib
import importlib
import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from types import ModuleType

SOURCE_ARN = "arn:aws:s3:::east-predictions"
RESTORED, TWIN = "awsbackup-restore-test-1", "west-predictions"
TAKEN = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
LONG_AGO, JUST_NOW = TAKEN - timedelta(days=3), TAKEN - timedelta(minutes=5)
ZIP = b"a release"
RELEASE = f"releases/{hashlib.sha256(ZIP).hexdigest()}.zip"
RECORDS = b'{"type":"prediction","row":0}\n'


@dataclass
class FakeS3:
    """Buckets of objects with the time they were written; reads of `broken` are refused."""

    buckets: dict[str, dict[str, tuple[bytes, datetime]]]
    broken: set[str] = field(default_factory=set[str])

    def get_paginator(self, _operation: str) -> FakeS3:
        return self

    def paginate(self, *, Bucket: str) -> list[dict[str, Any]]:  # noqa: N803 - boto3's name
        contents = [
            {"Key": key, "Size": len(body), "LastModified": written}
            for key, (body, written) in self.buckets[Bucket].items()
        ]
        return [{"Contents": contents[:1]}, {"Contents": contents[1:]}, {}]

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        if Key in self.broken:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")
        return {"Body": io.BytesIO(self.buckets[Bucket][Key][0])}


@dataclass
class FakeBackup:
    """One restore job, and the verdicts that were reported on it."""

    job: dict[str, Any]
    verdicts: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    def describe_restore_job(self, **_: str) -> dict[str, Any]:
        return self.job

    def put_restore_validation_result(self, **verdict: str) -> None:
        self.verdicts.append(verdict)


@dataclass
class Context:
    """Lambda's context: each look at the clock costs `step_ms`."""

    left_ms: int = 900_000
    step_ms: int = 0

    def get_remaining_time_in_millis(self) -> int:
        self.left_ms -= self.step_ms
        return self.left_ms


@dataclass
class Case:
    """A restore test of a few objects, right as it is; tests break one thing."""

    module: ModuleType
    s3: FakeS3
    backup: FakeBackup
    context: Context = field(default_factory=Context)

    @property
    def restored(self) -> dict[str, tuple[bytes, datetime]]:
        return self.s3.buckets[RESTORED]

    @property
    def twin(self) -> dict[str, tuple[bytes, datetime]]:
        return self.s3.buckets[TWIN]

    def judge(self) -> dict[str, str]:
        event = {"detail": {"restoreJobId": "job-1", "status": "COMPLETED"}}
        told: dict[str, str] = self.module.handle(event, self.context)
        return told


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.setenv("UNDERSTUDY_METRICS_NAMESPACE", "Understudy/test")
    monkeypatch.setenv("UNDERSTUDY_TWINS", json.dumps({SOURCE_ARN: TWIN}))
    return importlib.import_module("resilience.functions.restore_validation")


@pytest.fixture
def case(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Case:
    made = fresh(module)
    monkeypatch.setattr(module.restored_bucket, "_S3", made.s3)
    monkeypatch.setattr(module, "_BACKUP", made.backup)
    return made


def fresh(module: ModuleType) -> Case:
    objects = {
        RELEASE: (ZIP, LONG_AGO),
        "predictions/a": (RECORDS, LONG_AGO),
        "predictions/b": (RECORDS * 2, LONG_AGO),
    }
    job = {
        "RestoreJobId": "job-1",
        "Status": "COMPLETED",
        "SourceResourceArn": SOURCE_ARN,
        "CreatedResourceArn": f"arn:aws:s3:::{RESTORED}",
        "RecoveryPointCreationDate": TAKEN,
    }
    s3 = FakeS3({RESTORED: dict(objects), TWIN: dict(objects)})
    return Case(module, s3, FakeBackup(job))


def test_what_came_back_right_passes_and_is_reported(case: Case) -> None:
    told = case.judge()
    assert told["verdict"] == "SUCCESSFUL", told
    assert "1 objects hold their digest, 2 equal their replica" in told["message"]
    [reported] = case.backup.verdicts
    assert (reported["RestoreJobId"], reported["ValidationStatus"]) == ("job-1", "SUCCESSFUL")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.sampled_from([RELEASE, "predictions/a", "predictions/b"]),
    place=st.integers(0, 10_000),
    bit=st.integers(0, 7),
)
def test_one_bit_changed_anywhere_fails(case: Case, key: str, place: int, bit: int) -> None:
    right, written = case.twin[key]
    changed = bytearray(right)
    changed[place % len(right)] ^= 1 << bit
    case.restored[key] = (bytes(changed), written)
    case.backup.verdicts.clear()
    told = case.judge()
    case.restored[key] = (right, written)
    assert told["verdict"] == "FAILED", "no byte is too small to matter"
    assert key in told["message"], "the verdict names what is wrong"
    assert case.backup.verdicts[0]["ValidationStatus"] == "FAILED"


def test_a_release_is_held_against_its_digest_even_if_its_replica_is_as_wrong(case: Case) -> None:
    case.restored[RELEASE] = case.twin[RELEASE] = (b"a releasf", LONG_AGO)
    assert case.judge()["verdict"] == "FAILED", "two wrong copies do not make a right one"


def test_an_object_of_another_size_fails_without_being_read(case: Case) -> None:
    case.context.left_ms = 0
    case.restored["predictions/a"] = (RECORDS + b"\n", LONG_AGO)
    assert "31 bytes, its replica 30" in case.judge()["message"]


def test_an_object_that_was_long_there_must_have_come_back(case: Case) -> None:
    del case.restored["predictions/a"]
    told = case.judge()
    assert told["verdict"] == "FAILED"
    assert "predictions/a is missing" in told["message"]


def test_an_object_written_around_the_backup_may_be_missing(case: Case) -> None:
    case.twin["predictions/c"] = (RECORDS, JUST_NOW)
    assert case.judge()["verdict"] == "SUCCESSFUL"


def test_an_object_that_is_no_longer_live_is_not_held_against_the_backup(case: Case) -> None:
    del case.twin["predictions/a"]
    told = case.judge()
    assert told["verdict"] == "SUCCESSFUL", "a backup may well hold more than what is left"
    assert "1 have none" in told["message"], "and the verdict says how much nobody checked"


def test_a_backup_that_nothing_can_be_held_against_fails(case: Case) -> None:
    del case.restored[RELEASE]
    case.twin.clear()
    assert "none of 2 objects could be held against anything" in case.judge()["message"]


def test_an_empty_backup_of_an_empty_bucket_passes(case: Case) -> None:
    case.restored.clear()
    case.twin.clear()
    assert case.judge()["verdict"] == "SUCCESSFUL"


def test_an_empty_backup_of_a_full_bucket_fails(case: Case) -> None:
    case.restored.clear()
    assert "and 0 more" not in (told := case.judge())["message"]
    assert told["verdict"] == "FAILED"


def test_what_time_leaves_unread_is_said(case: Case) -> None:
    case.context = Context(left_ms=100_000, step_ms=25_000)
    told = case.judge()
    assert told["verdict"] == "SUCCESSFUL"
    assert "1 objects hold their digest" in told["message"], "releases are read first"
    assert "2 left unread" in told["message"]


def test_what_cannot_be_read_fails(case: Case) -> None:
    case.s3.broken.add("predictions/a")
    told = case.judge()
    assert told["verdict"] == "FAILED"
    assert "cannot be read" in told["message"]


def test_a_source_that_nobody_expects_fails(case: Case) -> None:
    case.backup.job["SourceResourceArn"] = "arn:aws:s3:::somebody-elses"
    assert case.judge()["verdict"] == "FAILED"


def test_a_failed_restore_has_no_verdict_but_is_told(
    case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    case.backup.job |= {"Status": "FAILED", "StatusMessage": "Access denied"}
    assert case.judge()["verdict"] == "FAILED"
    assert case.backup.verdicts == [], "AWS takes a verdict on completed restores only"
    assert json.loads(capsys.readouterr().out)["RestoreTestsFailed"] == 1


def test_a_long_list_of_problems_fits_the_field(case: Case) -> None:
    for number in range(500):
        case.twin[f"predictions/{number:04d}" * 5] = (RECORDS, LONG_AGO)
    message = case.judge()["message"]
    assert len(message) <= 1024
    assert "and 497 more" in message


@pytest.mark.parametrize(("broken", "passed"), [(False, 1), (True, 0)])
def test_the_verdict_is_a_metric_in_cloudwatchs_own_format(
    case: Case, capsys: pytest.CaptureFixture[str], *, broken: bool, passed: int
) -> None:
    if broken:
        case.restored[RELEASE] = (b"a releasf", LONG_AGO)
    case.judge()
    line = json.loads(capsys.readouterr().out)
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Understudy/test"
    assert directive["Dimensions"] == [["Region"]]
    assert {each["Name"]: line[each["Name"]] for each in directive["Metrics"]} == {
        "RestoreTestsPassed": passed,
        "RestoreTestsFailed": 1 - passed,
    }
    assert line["Region"] == "us-west-2"
