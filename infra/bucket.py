"""A private, versioned, encrypted bucket."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.naming import BucketKind, RegionNames
from infra.policies import tls_only

# How long what was overwritten or deleted can be had back.
_NONCURRENT_DAYS: Final = 30
_UNFINISHED_UPLOAD_DAYS: Final = 1


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """What a bucket needs to know.

    Attributes:
        names: Names in its Region.
        kind: What it holds; ends its name.
        deletion_protection: Whether it refuses to be deleted while there is something in it.
    """

    names: RegionNames
    kind: BucketKind
    deletion_protection: bool


class Bucket(pulumi.ComponentResource):
    """A bucket nobody reaches but over TLS and by policy, and that forgets nothing for 30 days.

    S3 refuses some of its settings while it changes others, so those follow one another.
    """

    names: RegionNames
    kind: BucketKind
    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Bucket", name, None, opts)
        bucket_name = args.names.bucket(args.kind)
        bucket = aws.s3.Bucket(
            f"{name}-bucket",
            region=args.names.region,
            bucket=bucket_name,
            force_destroy=not args.deletion_protection,
            tags=args.names.tags(bucket_name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.names, self.kind = args.names, args.kind
        self.name = bucket.bucket
        self.arn = bucket.arn
        self._keep_versions(name, args.names.region)
        self._keep_private(name, args.names.region)
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _keep_versions(self, name: str, region: str) -> None:
        versioning = aws.s3.BucketVersioning(
            f"{name}-versioning",
            region=region,
            bucket=self.name,
            versioning_configuration={"status": "Enabled"},
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            region=region,
            bucket=self.name,
            rules=[
                {
                    "id": "tidy",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": _NONCURRENT_DAYS},
                    "abort_incomplete_multipart_upload": {
                        "days_after_initiation": _UNFINISHED_UPLOAD_DAYS
                    },
                }
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )

    def _keep_private(self, name: str, region: str) -> None:
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            region=region,
            bucket=self.name,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=pulumi.ResourceOptions(parent=self),
        )
        block = aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            region=region,
            bucket=self.name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        ownership = aws.s3.BucketOwnershipControls(
            f"{name}-ownership",
            region=region,
            bucket=self.name,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block]),
        )
        aws.s3.BucketPolicy(
            f"{name}-tls",
            region=region,
            bucket=self.name,
            policy=self.arn.apply(tls_only),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[ownership]),
        )
