"""How long ago the last restore test was judged: a test that never runs fails nothing.

Once an hour this looks at what AWS Backup itself says of the plan's restore jobs, source by source,
so that a table whose tests have stopped does not hide behind buckets whose tests go on. A source
that was never tested is as old as the plan. A test without a verdict is none.

| metric | dimensions | meaning |
| --- | --- | --- |
| RestoreTestAge | Region | seconds since the last verdict, of the source where it is longest |

AWS Backup keeps jobs for a month or so; an older verdict counts as none.
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListRestoreJobs.html
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


def tell(backup: Any, now: datetime) -> dict[str, float]:
    """Write the age of every source's last verdict as one line that is a metric; changes nothing.

    Returns:
        Seconds by the source's ARN.
    """
    name = os.environ["UNDERSTUDY_RESTORE_TESTING_PLAN"]
    plan = backup.get_restore_testing_plan(RestoreTestingPlanName=name)["RestoreTestingPlan"]
    judged = _judged(backup, plan["RestoreTestingPlanArn"])
    made: datetime = plan["CreationTime"]
    sources: dict[str, str] = json.loads(os.environ["UNDERSTUDY_TWINS"])
    ages = {source: (now - judged.get(source, made)).total_seconds() for source in sources}
    _say(ages)
    return ages


def _judged(backup: Any, plan_arn: str) -> dict[str, datetime]:
    """When each source's last test with a verdict was completed."""
    found: dict[str, datetime] = {}
    pages = backup.get_paginator("list_restore_jobs").paginate(ByRestoreTestingPlanArn=plan_arn)
    for page in pages:
        for job in page["RestoreJobs"]:
            if job.get("ValidationStatus") in ("SUCCESSFUL", "FAILED"):
                source = job["SourceResourceArn"]
                found[source] = max(found.get(source, job["CompletionDate"]), job["CompletionDate"])
    return found


def _say(ages: dict[str, float]) -> None:
    oldest = max(ages, key=lambda source: ages[source])
    line = {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": os.environ["UNDERSTUDY_METRICS_NAMESPACE"],
                    "Dimensions": [["Region"]],
                    "Metrics": [{"Name": "RestoreTestAge", "Unit": "Seconds"}],
                }
            ],
        },
        "Region": os.environ["AWS_REGION"],
        "RestoreTestAge": ages[oldest],
        "type": "restore_age",
        "level": "INFO",
        "source": oldest,
    }
    print(json.dumps(line))  # noqa: T201 - a log line
