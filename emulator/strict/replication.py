"""S3: replication configurations that AWS refuses.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html#replication-requirements
"""

from __future__ import annotations

from typing import Any

from emulator.patches.mending import replace
from emulator.strict import backends


def apply() -> None:
    """Guard that replication has versioned buckets on both ends, in different places."""
    from moto.s3.exceptions import S3ClientError
    from moto.s3.models import S3Backend

    stock = S3Backend.put_bucket_replication

    def put(self: Any, bucket_name: str, replication: dict[str, Any]) -> None:
        raw = replication["Rule"]
        for rule in raw if isinstance(raw, list) else [raw]:
            problem = destination_problem(str(rule["Destination"]["Bucket"]), bucket_name)
            problem = problem or _key_problem(rule)
            if problem:
                raise S3ClientError("InvalidRequest", problem)
        stock(self, bucket_name, replication)

    replace(S3Backend, "put_bucket_replication", put)


def _key_problem(rule: dict[str, Any]) -> str | None:
    """Why a rule's handling of encrypted objects is refused.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
    """
    criteria = (rule.get("SourceSelectionCriteria") or {}).get("SseKmsEncryptedObjects") or {}
    selected = criteria.get("Status") == "Enabled"
    key = (rule["Destination"].get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
    if selected and not key:
        return "ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present."
    if key and not selected:
        return "SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present."
    return None


def destination_problem(bucket_arn: str, source: str) -> str | None:
    """Why a bucket cannot receive replicas from `source`; None when it can."""
    name = bucket_arn.rpartition(":::")[2]
    bucket = backends.s3().buckets.get(name)
    if bucket is None:
        return f"Destination bucket must exist. ({bucket_arn})"
    if name == source:
        return "Destination bucket cannot be the same as the source bucket."
    if not bucket.is_versioned:
        return (
            "Destination bucket must have versioning enabled. "
            f"({name}; enable it before this configuration is put)"
        )
    return None
