"""S3 Object Lock: what is locked stays, by the emulated clock, whoever asks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from emulator.engine.aws import AwsError
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.watch.watch import Watch
from tests.unit.emulator.conftest import HandClock

if TYPE_CHECKING:
    from tests.contract.engine.cloud import Cloud, NoHooks
    from tests.contract.engine.play import Play

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"


class Journal:
    """A bucket whose objects are locked for a week by default, on a clock moved by hand."""

    def __init__(self, cloud: Cloud, hooks: NoHooks) -> None:
        self.clock = HandClock(1_800_000_000.0)
        hooks.watch = Watch(self.clock, FaultBoard(), EventLog(self.clock))
        self._cloud = cloud

    def deploy(self, mode: str, *, days: int = 7) -> None:
        def script(play: Play) -> None:
            inputs = {"bucket": "journal", "objectLockEnabled": True, "forceDestroy": True}
            bucket = play.resource(BUCKET, "journal", inputs)
            versions = {"bucket": bucket.id, "versioningConfiguration": {"status": "Enabled"}}
            play.resource(VERSIONING, "versions", versions, uses={"bucket": [bucket]})
            rule = {"defaultRetention": {"mode": mode, "days": days}}
            lock = {"bucket": bucket.id, "rule": rule}
            play.resource(LOCK, "lock", lock, uses={"bucket": [bucket]})

        self._cloud.deploy(script)

    def put(self) -> str:
        return str(self.call("PutObject", Key="drill.json", Body=b"{}")["VersionId"])

    def call(self, operation: str, **params: Any) -> Any:
        return self._cloud.call("s3", operation, Bucket="journal", **params)

    def delete(self, version: str, **more: Any) -> Any:
        return self.call("DeleteObject", Key="drill.json", VersionId=version, **more)

    def retain(self, version: str, mode: str, *, days: int, **more: Any) -> Any:
        retention = {"Mode": mode, "RetainUntilDate": self.clock.now() + timedelta(days=days)}
        return self.call(
            "PutObjectRetention", Key="drill.json", VersionId=version, Retention=retention, **more
        )


@pytest.fixture
def journal(cloud: Cloud, hooks: NoHooks) -> Journal:
    return Journal(cloud, hooks)


def test_a_lock_is_deployed_read_back_and_changed(journal: Journal, cloud: Cloud) -> None:
    journal.deploy("GOVERNANCE")
    journal.put()
    journal.deploy("GOVERNANCE", days=30)
    assert cloud.steps() == [("update", "lock")], "a bucket that has objects may be given another"
    found = journal.call("GetObjectLockConfiguration")["ObjectLockConfiguration"]
    assert found["Rule"]["DefaultRetention"] == {"Mode": "GOVERNANCE", "Days": 30}


def test_a_locked_version_outlives_every_delete_until_its_time_is_over(journal: Journal) -> None:
    journal.deploy("COMPLIANCE")
    version = journal.put()
    for bypass in ({}, {"BypassGovernanceRetention": True}):
        with pytest.raises(AwsError, match="AccessDenied") as caught:
            journal.delete(version, **bypass)
        assert caught.value.status == 403
    errors = journal.call(
        "DeleteObjects", Delete={"Objects": [{"Key": "drill.json", "VersionId": version}]}
    )["Errors"]
    assert [each["Code"] for each in errors] == ["AccessDenied"]
    journal.call("DeleteObject", Key="drill.json")
    assert journal.call("GetObject", Key="drill.json", VersionId=version)["Body"].read() == b"{}"
    journal.clock.at_s += 7 * 86_400
    journal.delete(version)


def test_governance_lets_those_through_who_ask_for_it(journal: Journal) -> None:
    journal.deploy("GOVERNANCE")
    version = journal.put()
    with pytest.raises(AwsError, match="AccessDenied"):
        journal.delete(version)
    journal.delete(version, BypassGovernanceRetention=True)


@pytest.mark.parametrize(
    ("before", "after", "days", "refused"),
    [
        ("COMPLIANCE", "COMPLIANCE", 3, True),
        ("COMPLIANCE", "GOVERNANCE", 30, True),
        ("COMPLIANCE", "COMPLIANCE", 30, False),
        ("GOVERNANCE", "GOVERNANCE", 3, True),
        ("GOVERNANCE", "COMPLIANCE", 30, False),
    ],
)
def test_a_retention_is_never_loosened(
    journal: Journal, before: str, after: str, days: int, *, refused: bool
) -> None:
    journal.deploy(before)
    version = journal.put()
    if refused:
        with pytest.raises(AwsError, match="AccessDenied"):
            journal.retain(version, after, days=days)
        return
    journal.retain(version, after, days=days)
    said = journal.call("GetObjectRetention", Key="drill.json", VersionId=version)["Retention"]
    until = journal.clock.now() + timedelta(days=days)
    assert said == {"Mode": after, "RetainUntilDate": until}
    journal.clock.at_s += 8 * 86_400
    with pytest.raises(AwsError, match="AccessDenied"):
        journal.delete(version)


def test_versioning_of_a_locked_bucket_cannot_be_suspended(journal: Journal) -> None:
    journal.deploy("GOVERNANCE")
    with pytest.raises(AwsError, match="InvalidBucketState"):
        journal.call("PutBucketVersioning", VersioningConfiguration={"Status": "Suspended"})


@pytest.mark.parametrize(("mode", "result"), [("GOVERNANCE", "done"), ("COMPLIANCE", "refused")])
def test_a_destroy_goes_past_governance_and_not_past_compliance(
    journal: Journal, cloud: Cloud, mode: str, result: str
) -> None:
    journal.deploy(mode)
    journal.put()
    assert cloud.run(lambda _play: None).result == result
