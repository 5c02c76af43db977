"""Restores: a recovery point becomes a bucket or table again, in the Region it is kept in.

A restore test's resource goes when its validation is over, or its window closes:
https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator.backup import contents, keys, permissions
from emulator.backup.contents import TableContents
from emulator.store.backends import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.backup.state import Account, RestoreJob
    from emulator.clock import Clock
    from emulator.faults import FaultBoard
    from emulator.storage.objects import Objects

# Keys are compared without regard to case.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-inferred-metadata.html
S3_KEYS: Final = frozenset(
    {"destinationbucketname", "newbucket", "encrypted", "encryptiontype", "kmskey", "creationtoken"}
)
DYNAMODB_KEYS: Final = frozenset(
    {"targettablename", "encryptiontype", "kmsmasterkeyarn", "deletionprotection"}
)
_RECORDED_AFTER: Final = frozenset({"SUCCESSFUL", "FAILED", "TIMED_OUT"})


class Restorer:
    """Carries out restore jobs."""

    def __init__(
        self, account: Account, objects: Objects, clock: Clock, faults: FaultBoard
    ) -> None:
        self._account = account
        self._objects = objects
        self._clock = clock
        self._faults = faults

    def refusal(self, job: RestoreJob) -> tuple[str, str] | None:
        """Message category and reason why a restore cannot begin; None when it can."""
        target, new = target_of(job.resource_type, job.metadata)
        if not target:
            return "InvalidParameters", "the metadata do not name what to restore into"
        arn = _arn_of(job, target)
        denied = permissions.to_restore(self._objects, job.role_arn, arn, job.vault_arn, new=new)
        denied = denied or keys.denial(
            job.role_arn,
            job.vault_arn,
            keys.to_read_backup(job.point.key_arn),
            keys.to_write_restored(self._objects, job.resource_type, target, job.metadata),
        )
        if denied:
            return "AccessDenied", f"Access denied: {denied}"
        if job.resource_type == "DynamoDB":
            taken = contents.table_of(job.region, target) is not None
            return ("InvalidParameters", f"Table already exists: {target}") if taken else None
        return self._bucket_refusal(job, target, new=new)

    def _bucket_refusal(self, job: RestoreJob, bucket: str, *, new: bool) -> tuple[str, str] | None:
        found = self._objects.region_of(bucket)
        if new and found is not None:
            return "InvalidParameters", f"Bucket {bucket} exists already"
        if not new and found != job.region:
            return "InvalidParameters", f"There is no bucket {bucket} in {job.region}"
        if not new and not self._objects.is_versioned(bucket):
            return "InvalidParameters", f"Bucket {bucket} does not have versioning enabled"
        return None

    def restore(self, job: RestoreJob) -> str:
        """Write the recovery point's contents; returns the ARN of what now holds them."""
        target, new = target_of(job.resource_type, job.metadata)
        found = job.point.contents
        if self._faults.recovery_point_damaged(job.point.arn):
            found = contents.damaged(found)
        if isinstance(found, TableContents):
            contents.into_new_table(job.region, target, found)
        else:
            if new:
                contents.create_bucket(self._objects, target, job.region)
            contents.into_bucket(self._objects, target, found)
        return _arn_of(job, target)

    def clean_up(self, job: RestoreJob) -> None:
        """End a restore test whose validation is over: its resource goes."""
        if job.test_plan_arn is None or job.deletion or job.completed_s is None:
            return
        open_s = job.completed_s + job.validation_window_s
        if job.state == "COMPLETED" and job.validation not in _RECORDED_AFTER:
            if self._clock.now_s() < open_s:
                return
            if job.validation == "VALIDATING":
                job.validation = "TIMED_OUT"
        if job.state == "COMPLETED":
            target, _ = target_of(job.resource_type, job.metadata)
            if job.resource_type == "DynamoDB":
                contents.delete_table(job.region, target)
            else:
                contents.delete_bucket(self._objects, target)
            job.deletion = "SUCCESSFUL"


def target_of(resource_type: str, metadata: Mapping[str, str]) -> tuple[str, bool]:
    """What restore metadata name: a bucket or table, and whether it is to be made."""
    given = {key.lower(): value for key, value in metadata.items()}
    if resource_type == "DynamoDB":
        return given.get("targettablename", ""), True
    return given.get("destinationbucketname", ""), given.get("newbucket", "").lower() == "true"


def unknown_keys(resource_type: str, metadata: Mapping[str, str]) -> list[str]:
    """Keys of restore metadata that are not understood here."""
    known = DYNAMODB_KEYS if resource_type == "DynamoDB" else S3_KEYS
    return sorted(key for key in metadata if key.lower() not in known)


def _arn_of(job: RestoreJob, target: str) -> str:
    if job.resource_type == "DynamoDB":
        return f"arn:aws:dynamodb:{job.region}:{ACCOUNT}:table/{target}"
    return f"arn:aws:s3:::{target}"
