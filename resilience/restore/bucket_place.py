"""An empty bucket to restore into: versioned, private, under the stack's key in its Region."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from resilience.aws import AwsMissingError, AwsRefusedError
from resilience.restore.errors import RestoreRefusedError
from resilience.restore.tags import Label, Standing, State, label_of, others

if TYPE_CHECKING:
    from datetime import datetime

    from resilience.aws import Aws

# The one Region whose name S3 refuses as a location:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
_UNNAMED_REGION: Final = "us-east-1"
_AT_ONCE: Final = 1000


class BucketPlace:
    """A bucket of its own. What changes AWS state says so; all of it may be repeated."""

    def __init__(self, aws: Aws, region: str, name: str) -> None:
        self.region = region
        self.name = name
        self._aws = aws

    def standing(self, order: str) -> Standing:
        """Look what is there."""
        try:
            self._s3("head_bucket")
        except AwsMissingError:
            return Standing.ABSENT
        except AwsRefusedError:
            return Standing.TAKEN  # somebody else's, or in another Region
        label = self.label()
        if label is not None:
            return Standing.OURS if label.order == order else Standing.TAKEN
        listed = self._s3("list_object_versions", MaxKeys=1)
        held = listed.get("Versions") or listed.get("DeleteMarkers")
        return Standing.TAKEN if held else Standing.EMPTY

    def label(self) -> Label | None:
        """Read its tags; None when they are not a restore's."""
        return label_of(self._tags())

    def _tags(self) -> list[dict[str, str]]:
        try:
            return list(self._s3("get_bucket_tagging")["TagSet"])
        except AwsMissingError:
            return []

    def claim(self, order: str, by: str, *, began: datetime, key_arn: str | None) -> Label:
        """Make it, or take the empty one that is there. Changes AWS state.

        Its label is put first: from then on it is this order's, whatever interrupts.

        Raises:
            RestoreRefusedError: it is taken.
        """
        standing = self.standing(order)
        if standing is Standing.TAKEN:
            raise RestoreRefusedError(self._refusal())
        if standing is Standing.ABSENT:
            where = {"LocationConstraint": self.region}
            named = self.region != _UNNAMED_REGION
            self._s3("create_bucket", **({"CreateBucketConfiguration": where} if named else {}))
        label = self.label()
        if label is None:
            label = Label(
                order=order, state=State.BEGUN, began=began, by=by, token=str(uuid.uuid4())
            )
            self._put(label)
        self._keep_private(key_arn)
        return label

    def mark(self, label: Label) -> None:
        """Say how far it has come. Changes AWS state."""
        self._put(label)

    def discard(self) -> int:
        """Delete it with everything in it, and count the versions. Changes AWS state.

        Raises:
            RestoreRefusedError: it is no restore's.
        """
        if self.label() is None and self._some_versions():
            raise RestoreRefusedError(
                f"{self.name} in {self.region} does not say that a restore made it, and is not "
                "empty: expected one that `./run restore --list` shows; nothing was deleted"
            )
        deleted = 0
        while found := self._some_versions():
            self._s3("delete_objects", Delete={"Objects": found, "Quiet": True})
            deleted += len(found)
        self._s3("delete_bucket")
        return deleted

    def _some_versions(self) -> list[dict[str, str]]:
        listed = self._s3("list_object_versions", MaxKeys=_AT_ONCE)
        return [
            {"Key": each["Key"], "VersionId": each["VersionId"]}
            for each in (*listed.get("Versions", ()), *listed.get("DeleteMarkers", ()))
        ]

    def _keep_private(self, key_arn: str | None) -> None:
        self._s3("put_bucket_versioning", VersioningConfiguration={"Status": "Enabled"})
        self._s3(
            "put_public_access_block",
            PublicAccessBlockConfiguration=dict.fromkeys(
                (
                    *("BlockPublicAcls", "IgnorePublicAcls"),
                    *("BlockPublicPolicy", "RestrictPublicBuckets"),
                ),
                True,
            ),
        )
        if key_arn is not None:
            sealing = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
            rule = {"ApplyServerSideEncryptionByDefault": sealing, "BucketKeyEnabled": True}
            self._s3("put_bucket_encryption", ServerSideEncryptionConfiguration={"Rules": [rule]})

    def _put(self, label: Label) -> None:
        tags = [*others(self._tags()), *label.pairs()]
        self._s3("put_bucket_tagging", Tagging={"TagSet": tags})

    def _refusal(self) -> str:
        label = self._readable_label()
        held = f"holds the restore of {label.order}" if label else "is not empty, or not yours"
        return (
            f"{self.name} in {self.region} {held}: expected no bucket, or an empty one; leave out "
            "--into for one of its own, or name another"
        )

    def _readable_label(self) -> Label | None:
        try:
            return self.label()
        except AwsRefusedError:
            return None

    def _s3(self, operation: str, **parameters: Any) -> Any:
        return self._aws.call("s3", operation, region=self.region, Bucket=self.name, **parameters)


def found(aws: Aws, region: str, beginning: str) -> list[BucketPlace]:
    """List the places in a Region whose names begin so. Reads only.

    Raises:
        AwsError: they cannot be listed.
    """
    listed = aws.call("s3", "list_buckets", region=region)["Buckets"]
    names = [each["Name"] for each in listed if each["Name"].startswith(beginning)]
    return [BucketPlace(aws, region, name) for name in names if _is_in(aws, region, name)]


def _is_in(aws: Aws, region: str, bucket: str) -> bool:
    try:
        located = aws.call("s3", "get_bucket_location", region=region, Bucket=bucket)
    except AwsRefusedError:
        return False
    return (located.get("LocationConstraint") or _UNNAMED_REGION) == region
