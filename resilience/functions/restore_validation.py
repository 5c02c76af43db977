"""The verdict on a restore test: opens what came back, and says whether it is what was written.

AWS Backup restores the newest copy of another Region's bucket into a new one here, and tells the
event bus. This function reads the restored objects and holds each against what is known without
AWS Backup: a release against the digest in its own key, everything else against its replica,
which S3 brought here by another way. Both paths would have to go wrong in the same way for a
wrong byte to pass.

| what is found | verdict |
| --- | --- |
| every object read is what it must be | SUCCESSFUL |
| an object differs from its digest, or from its replica | FAILED |
| an object that was long there is not in the backup | FAILED |
| there are objects, and none of them could be held against anything | FAILED |
| what was restored cannot be read | FAILED |
| the restore itself failed | none to give; the metric says it |

What time leaves unread is said in the verdict's message; names and sizes are always compared.

| metric | dimensions | meaning |
| --- | --- | --- |
| RestoreTestsPassed | Region | 1: a test passed |
| RestoreTestsFailed | Region | 1: a test failed, or its restore did |

This file is a whole Lambda package: standard library, and boto3 from Lambda's runtime.
https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-validation.html
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

_RELEASE: Final = re.compile(r"releases/([0-9a-f]{64})\.zip")

# A backup is no moment: what is written while it runs may be in it or not, and replication has
# its own quarter of an hour. What had been there for a day must be in it.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/s3-backups.html
_SETTLED: Final = timedelta(days=1)
# Left for listing, the verdict and the metric when reading has to stop.
_RESERVE_MS: Final = 60_000
_CHUNK_BYTES: Final = 1024 * 1024
_NAMED_AT_MOST: Final = 3
# https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutRestoreValidationResult.html
_MESSAGE_MAX_LENGTH: Final = 1024

_S3: Final[Any] = boto3.client("s3")
_BACKUP: Final[Any] = boto3.client("backup")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An object as a listing shows it."""

    size_bytes: int
    written: datetime


@dataclass(kw_only=True)
class Findings:
    """What was found. `problems` empty: the verdict is good."""

    problems: list[str] = field(default_factory=list[str])
    by_digest: int = 0
    by_replica: int = 0
    unread: int = 0
    alone: int = 0
    """Objects that nothing here tells the right bytes of."""

    def message(self) -> str:
        """One line that fits AWS's field, the worst first."""
        named = self.problems[:_NAMED_AT_MOST]
        more = len(self.problems) - len(named)
        parts = [*named, *([f"and {more} more"] if more else [])]
        parts.append(
            f"{self.by_digest} objects hold their digest, {self.by_replica} equal their replica,"
            f" {self.alone} have none, {self.unread} left unread"
        )
        return "; ".join(parts)[:_MESSAGE_MAX_LENGTH]


def handle(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Judge one restore test and report it; changes nothing but the job's validation."""
    job = _BACKUP.describe_restore_job(RestoreJobId=event["detail"]["restoreJobId"])
    if job["Status"] != "COMPLETED":
        return _say(job, "FAILED", f"the restore is {job['Status']}: {job.get('StatusMessage')}")
    try:
        findings = _inspect(job, context.get_remaining_time_in_millis)
        message = findings.message()
        verdict = "FAILED" if findings.problems else "SUCCESSFUL"
    except (BotoCoreError, ClientError) as error:
        verdict, message = "FAILED", f"it cannot be read: {error}"[:_MESSAGE_MAX_LENGTH]
    _BACKUP.put_restore_validation_result(
        RestoreJobId=job["RestoreJobId"], ValidationStatus=verdict, ValidationStatusMessage=message
    )
    return _say(job, verdict, message)


def _inspect(job: dict[str, Any], remaining_ms: Callable[[], int]) -> Findings:
    restored = job["CreatedResourceArn"].rpartition(":")[2]
    twin = json.loads(os.environ["UNDERSTUDY_TWINS"]).get(job["SourceResourceArn"])
    if twin is None:
        return Findings(problems=[f"nobody knows what {job['SourceResourceArn']} should hold"])
    found, replicas = _listed(restored), _listed(twin)
    findings = Findings()
    _compare_names(findings, found, replicas, job["RecoveryPointCreationDate"] - _SETTLED)
    for key in _in_reading_order(found, job["RestoreJobId"]):
        if remaining_ms() < _RESERVE_MS:
            findings.unread += 1
        else:
            _compare_bytes(findings, restored, twin if key in replicas else None, key)
    if found and not (findings.by_digest or findings.by_replica or findings.problems):
        findings.problems.append(f"none of {len(found)} objects could be held against anything")
    return findings


def _compare_names(
    findings: Findings,
    found: dict[str, Stored],
    replicas: dict[str, Stored],
    settled_before: datetime,
) -> None:
    findings.problems += [
        f"{key} is missing, and has been there since {replica.written.isoformat()}"
        for key, replica in replicas.items()
        if key not in found and replica.written < settled_before
    ]
    findings.problems += [
        f"{key} has {stored.size_bytes} bytes, its replica {replicas[key].size_bytes}"
        for key, stored in found.items()
        if key in replicas and stored.size_bytes != replicas[key].size_bytes
    ]


def _compare_bytes(findings: Findings, restored: str, twin: str | None, key: str) -> None:
    release = _RELEASE.fullmatch(key)
    if release is None and twin is None:
        findings.alone += 1
        return
    digest = _digest(restored, key)
    if release is not None:
        findings.by_digest += digest == release[1]
        if digest != release[1]:
            findings.problems.append(f"{key} has the digest {digest}")
    elif twin is not None:
        expected = _digest(twin, key)
        findings.by_replica += digest == expected
        if digest != expected:
            findings.problems.append(f"{key} differs from its replica in {twin}")


def _in_reading_order(found: dict[str, Stored], job_id: str) -> Iterator[str]:
    """Releases first; the rest in an order of this job's own, so that tests add up over time."""

    def place(key: str) -> tuple[bool, str]:
        shuffled = hashlib.sha256(f"{job_id} {key}".encode()).hexdigest()
        return _RELEASE.fullmatch(key) is None, shuffled

    yield from sorted(found, key=place)


def _listed(bucket: str) -> dict[str, Stored]:
    pages = _S3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {
        each["Key"]: Stored(size_bytes=each["Size"], written=each["LastModified"])
        for page in pages
        for each in page.get("Contents", ())
    }


def _digest(bucket: str, key: str) -> str:
    digest = hashlib.sha256()
    body = _S3.get_object(Bucket=bucket, Key=key)["Body"]
    for chunk in iter(lambda: body.read(_CHUNK_BYTES), b""):
        digest.update(chunk)
    return digest.hexdigest()


def _say(job: dict[str, Any], verdict: str, message: str) -> dict[str, str]:
    """Log the verdict as one line that is a metric too.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    passed = verdict == "SUCCESSFUL"
    values = {"RestoreTestsPassed": int(passed), "RestoreTestsFailed": int(not passed)}
    line = {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": os.environ["UNDERSTUDY_METRICS_NAMESPACE"],
                    "Dimensions": [["Region"]],
                    "Metrics": [{"Name": name, "Unit": "Count"} for name in values],
                }
            ],
        },
        "Region": os.environ["AWS_REGION"],
        **values,
        "type": "restore_validation",
        "level": "INFO" if passed else "ERROR",
        "job": job["RestoreJobId"],
        "source": job.get("SourceResourceArn", ""),
        "verdict": verdict,
        "message": message,
    }
    print(json.dumps(line))  # noqa: T201 - a log line
    return {"verdict": verdict, "message": message}
