"""Restore jobs of AWS Backup: started once for a place, found again, and waited for.

A job is known by what its metadata name: the place, and for a bucket the token that the place got
when it was taken. So a job that another run started is this one's too, and one that restored into
a bucket of the same name that has since been deleted is not.
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartRestoreJob.html
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from resilience.restore.errors import RestoreFailedError
from resilience.restore.kinds import What

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.aws import Aws
    from resilience.restore.order import Order
    from resilience.restore.waiting import Wait

_FAILED: Final = frozenset({"FAILED", "ABORTED"})
_COMPLETED: Final = "COMPLETED"
_TARGET: Final = {What.TABLE: "targetTableName"}
_BUCKET: Final = "DestinationBucketName"
_TOKEN: Final = "CreationToken"  # noqa: S105  # the name of a parameter


def metadata_for(order: Order, place: str, token: str, key_arn: str | None) -> dict[str, str]:
    """Say where a recovery point is to be restored.

    https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-s3.html and
    https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-dynamodb.html
    """
    if order.what is What.TABLE:
        return {_TARGET[What.TABLE]: place, "encryptionType": "Default"}
    found = {_BUCKET: place, "NewBucket": "false", "Encrypted": "true", _TOKEN: token}
    return found | ({"EncryptionType": "SSE-KMS", "KMSKey": key_arn} if key_arn else {})


def start(aws: Aws, order: Order, *, role_arn: str, metadata: dict[str, str], there: bool) -> str:
    """Start the job, or give the one that runs or has come through already. Changes AWS state.

    Jobs that failed before this call are counted, so that a new one is started; a call that is
    repeated because its answer was lost starts nothing. `there`: whether the place exists; a job
    that has come through and left nothing was for one that has been deleted since.

    Raises:
        AwsError: AWS Backup cannot be asked, or refuses.
    """
    known = list(_jobs(aws, order, metadata))
    over = _FAILED if there else _FAILED | {_COMPLETED}
    alive = next((each for each in known if each["Status"] not in over), None)
    if alive is not None:
        return str(alive["RestoreJobId"])
    named = f"{order.region} {order.text} {sorted(metadata.items())} {len(known)}"
    return str(
        aws.call(
            "backup",
            "start_restore_job",
            region=order.region,
            RecoveryPointArn=order.point,
            IamRoleArn=role_arn,
            Metadata=metadata,
            IdempotencyToken=hashlib.sha256(named.encode()).hexdigest(),
        )["RestoreJobId"]
    )


def wait_for(aws: Aws, order: Order, job_id: str, wait: Wait) -> None:
    """Wait until a job has come to its end. Reads only.

    Raises:
        RestoreFailedError: it failed, or did not end in time.
        AwsError: AWS Backup cannot be asked.
    """
    state = ""

    def ended() -> bool:
        nonlocal state
        job = aws.call("backup", "describe_restore_job", region=order.region, RestoreJobId=job_id)
        state = str(job["Status"])
        if state in _FAILED:
            raise RestoreFailedError(
                f"restore job {job_id} in {order.region} is {state}: "
                f"{job.get('StatusMessage', 'no reason given')}; mend that and run the same again"
            )
        return state == _COMPLETED

    wait.until(ended, lambda: f"restore job {job_id} in {order.region} is still {state}")


def job_into(aws: Aws, order: Order, place: str) -> str | None:
    """Find the job that restores an order's recovery point into a table; None when none does."""
    wanted = metadata_for(order, place, "", None)
    alive = (each for each in _jobs(aws, order, wanted) if each["Status"] not in _FAILED)
    return next((str(each["RestoreJobId"]) for each in alive), None)


def _jobs(aws: Aws, order: Order, metadata: dict[str, str]) -> Iterator[dict[str, Any]]:
    """List the jobs from this recovery point into this place."""
    identifying = {key.lower(): metadata[key] for key in _identifying(order.what)}
    for page in aws.pages("backup", "list_restore_jobs", region=order.region):
        for job in page["RestoreJobs"]:
            if job.get("RecoveryPointArn") != order.point:
                continue
            told = aws.call(
                "backup",
                "get_restore_job_metadata",
                region=order.region,
                RestoreJobId=job["RestoreJobId"],
            )["Metadata"]
            given = {key.lower(): value for key, value in told.items()}
            if identifying.items() <= given.items():
                yield job


def _identifying(what: What) -> tuple[str, ...]:
    return (_TARGET[what],) if what is What.TABLE else (_BUCKET, _TOKEN)
