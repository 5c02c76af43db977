"""The verdict on a restore test: opens what came back, and says whether it is what was written.

AWS Backup restores the newest copy of another Region's buckets and table into new ones here, and
tells the event bus. This function reads what was restored and holds it against what is known
without AWS Backup: a release against the digest in its own key, everything else against its
replica, which S3 or DynamoDB brought here by another way. Both paths would have to go wrong in
the same way for a wrong byte to pass.

| what is found | verdict |
| --- | --- |
| everything read is what it must be | SUCCESSFUL |
| an object differs from its digest, or from its replica | FAILED |
| an item differs from its replica, which was not written since | FAILED |
| something that was long there is not in the backup | FAILED |
| there is something, and none of it could be held against anything | FAILED |
| what was restored cannot be read | FAILED |
| the restore itself failed | none to give; the metric says it |

What time leaves unread is said in the verdict's message.

| metric | dimensions | meaning |
| --- | --- | --- |
| RestoreTestsPassed | Region | 1: a test passed |
| RestoreTestsFailed | Region | 1: a test failed, or its restore did |

Once an hour it is called to say how long ago the last verdict was (`restore_age`).

This file is packed with the modules that it imports: standard library, and boto3 from Lambda's
runtime.
https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-validation.html
"""

from __future__ import annotations

import json
import os
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from resilience.functions import restore_age, restored_bucket, restored_table
from resilience.functions.restore_findings import MESSAGE_MAX_LENGTH, Findings

if TYPE_CHECKING:
    from collections.abc import Callable

_BACKUP: Final[Any] = boto3.client("backup")


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Judge one restore test and report it, or tell how old the last verdict is.

    Changes nothing but the job's validation.
    """
    if event.get("detail-type") == "Scheduled Event":
        return restore_age.tell(_BACKUP, datetime.fromisoformat(event["time"]))
    job = _BACKUP.describe_restore_job(RestoreJobId=event["detail"]["restoreJobId"])
    if job["Status"] != "COMPLETED":
        return _say(job, "FAILED", f"the restore is {job['Status']}: {job.get('StatusMessage')}")
    try:
        findings = _inspect(job, context.get_remaining_time_in_millis)
        message = findings.message()
        verdict = "FAILED" if findings.problems else "SUCCESSFUL"
    except (BotoCoreError, ClientError) as error:
        verdict, message = "FAILED", f"it cannot be read: {error}"[:MESSAGE_MAX_LENGTH]
    _BACKUP.put_restore_validation_result(
        RestoreJobId=job["RestoreJobId"], ValidationStatus=verdict, ValidationStatusMessage=message
    )
    return _say(job, verdict, message)


def _inspect(job: dict[str, Any], remaining_ms: Callable[[], int]) -> Findings:
    source = job["SourceResourceArn"]
    twin = json.loads(os.environ["UNDERSTUDY_TWINS"]).get(source)
    if twin is None:
        return Findings(what="things", problems=[f"nobody knows what {source} should hold"])
    opened = restored_table if ":dynamodb:" in source else restored_bucket
    return opened.inspect(job, twin, remaining_ms)


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
