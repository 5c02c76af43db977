"""The bucket that a Region's load balancer writes its access logs into."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import RegionNames
from infra.policies import take_access_logs


@dataclass(frozen=True, kw_only=True)
class AccessLogsArgs:
    """What access logs need to know.

    Attributes:
        names: Names in their Region.
        days: How long they are kept.
        deletion_protection: Whether the bucket refuses to be deleted while it holds something.
    """

    names: RegionNames
    days: int
    deletion_protection: bool


class AccessLogs(pulumi.ComponentResource):
    """A private bucket for one load balancer's logs, which are forgotten after a while.

    It is the one bucket that the stack's own key does not encrypt: for access logs S3's own keys
    are the only ones that are supported, and with any other the load balancer is refused.
    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html

    The bucket's name is handed out once its policy lets logs in.
    """

    bucket_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: AccessLogsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:AccessLogs", name, None, opts)
        names, bucket_name = args.names, args.names.bucket("accesslogs")
        bucket = aws.s3.Bucket(
            f"{name}-bucket",
            region=names.region,
            bucket=bucket_name,
            force_destroy=not args.deletion_protection,
            tags=names.tags(bucket_name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._forget(name, names.region, bucket, args.days)
        policy = self._keep_private(name, names, bucket)
        self.bucket_name = policy.bucket
        self.register_outputs({"bucketName": self.bucket_name})

    def _forget(self, name: str, region: str, bucket: aws.s3.Bucket, days: int) -> None:
        versioning = aws.s3.BucketVersioning(
            f"{name}-versioning",
            region=region,
            bucket=bucket.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            region=region,
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "forget",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "expiration": {"days": days},
                    "noncurrent_version_expiration": {"noncurrent_days": 1},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
                }
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )

    def _keep_private(
        self, name: str, names: RegionNames, bucket: aws.s3.Bucket
    ) -> aws.s3.BucketPolicy:
        encryption = aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            region=names.region,
            bucket=bucket.bucket,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=pulumi.ResourceOptions(parent=self),
        )
        block = aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            region=names.region,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        # S3 refuses some of a bucket's settings while it changes others: one after another.
        ownership = aws.s3.BucketOwnershipControls(
            f"{name}-ownership",
            region=names.region,
            bucket=bucket.bucket,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block]),
        )
        return aws.s3.BucketPolicy(
            f"{name}-policy",
            region=names.region,
            bucket=bucket.bucket,
            policy=bucket.arn.apply(
                lambda arn: take_access_logs(arn, names.region, names.stack.account_id)
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[ownership, encryption]),
        )
