"""The evacuation flag: one object in a healthy Region's bucket, one write to set it.

Data plane only: S3 in the Region that watches the evacuated one, never Route 53, never Pulumi.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from resilience.aws import Aws, AwsMissingError

if TYPE_CHECKING:
    from resilience.topology import Topology


@dataclass(frozen=True, kw_only=True)
class EvacuationFlag:
    """The flag that evacuates `region`, kept in the bucket of the Region `kept_in`."""

    region: str
    kept_in: str
    bucket: str

    @property
    def key(self) -> str:
        """The object whose presence is the flag."""
        return f"evacuation/{self.region}"

    def read(self, aws: Aws) -> bool:
        """Tell whether the flag is set. Raises `AwsError` when that cannot be known."""
        try:
            aws.call("s3", "head_object", region=self.kept_in, Bucket=self.bucket, Key=self.key)
        except AwsMissingError:
            return False
        return True

    def set(self, aws: Aws, *, reason: str, by: str) -> None:
        """Set the flag; idempotent. Raises `AwsError`."""
        body = {
            "region": self.region,
            "reason": reason,
            "by": by,
            "at": datetime.now(UTC).isoformat(),
        }
        aws.call(
            "s3",
            "put_object",
            region=self.kept_in,
            Bucket=self.bucket,
            Key=self.key,
            Body=json.dumps(body).encode(),
            ContentType="application/json",
        )

    def clear(self, aws: Aws) -> None:
        """Clear the flag; idempotent. Raises `AwsError`."""
        aws.call("s3", "delete_object", region=self.kept_in, Bucket=self.bucket, Key=self.key)


def flag_of(topology: Topology, region: str) -> EvacuationFlag:
    """Give the flag that evacuates a Region: it is kept by the other one."""
    watcher = topology.other(region)
    return EvacuationFlag(region=region, kept_in=watcher.region, bucket=watcher.evacuation_bucket)
