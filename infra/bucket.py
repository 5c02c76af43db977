"""A private, versioned, encrypted bucket."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.lifecycle import lifecycle
from infra.naming import BucketKind, RegionNames
from infra.policies import Encrypted, own_key_only
from infra.settings.data import DataSettings


@dataclass(frozen=True, kw_only=True)
class ObjectLock:
    """How firmly a bucket keeps each object that is written to it.

    Attributes:
        mode: "GOVERNANCE" (an administrator can take it off) or "COMPLIANCE" (nobody can).
        days: For how long; then the object goes.
        outlives: Whether the bucket stays when the stack goes: it could not be emptied.
    """

    mode: str
    days: int
    outlives: bool


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """What a bucket needs to know.

    Attributes:
        names: Names in its Region.
        kind: What it holds; ends its name.
        key_arn: The stack's KMS key in its Region.
        data: How long what it holds lives.
        deletion_protection: Whether it refuses to be deleted while there is something in it.
        lock: How firmly it keeps what is in it, if at all.
    """

    names: RegionNames
    kind: BucketKind
    key_arn: pulumi.Input[str]
    data: DataSettings
    deletion_protection: bool
    lock: ObjectLock | None = None


class Bucket(pulumi.ComponentResource):
    """A bucket nobody reaches but over TLS and by policy, under the stack's own key.

    S3 refuses some of its settings while it changes others, so those follow one another.
    """

    names: RegionNames
    kind: BucketKind
    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    key_arn: pulumi.Output[str]

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
            object_lock_enabled=True if args.lock else None,
            tags=args.names.tags(bucket_name),
            opts=self._kept(args),
        )
        self.names, self.kind = args.names, args.kind
        self.name = bucket.bucket
        self.arn = bucket.arn
        self.key_arn = pulumi.Output.from_input(args.key_arn)
        self._keep_versions(name, args)
        self._keep_private(name, args.names.region)
        self.register_outputs({"name": self.name, "arn": self.arn})

    @property
    def encrypted(self) -> pulumi.Output[Encrypted]:
        """The bucket and its key, as policies name them."""
        return pulumi.Output.all(self.arn, self.key_arn).apply(
            lambda each: Encrypted(
                bucket_arn=str(each[0]), key_arn=str(each[1]), region=self.names.region
            )
        )

    def _kept(self, args: BucketArgs, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        outlives = args.lock is not None and args.lock.outlives
        return pulumi.ResourceOptions(parent=self, retain_on_delete=outlives, depends_on=after)

    def _keep_versions(self, name: str, args: BucketArgs) -> None:
        versioning = aws.s3.BucketVersioning(
            f"{name}-versioning",
            region=args.names.region,
            bucket=self.name,
            versioning_configuration={"status": "Enabled"},
            # S3 stops keeping versions of no bucket that is locked.
            opts=self._kept(args),
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            region=args.names.region,
            bucket=self.name,
            rules=lifecycle(
                args.kind, args.data, days=None if args.lock is None else args.lock.days
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        if args.lock is not None:
            self._lock(name, args, args.lock, versioning)

    def _lock(
        self, name: str, args: BucketArgs, lock: ObjectLock, versioning: aws.s3.BucketVersioning
    ) -> None:
        """Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html."""
        aws.s3.BucketObjectLockConfiguration(
            f"{name}-lock",
            region=args.names.region,
            bucket=self.name,
            rule={"default_retention": {"mode": lock.mode, "days": lock.days}},
            opts=self._kept(args, versioning),
        )

    def _keep_private(self, name: str, region: str) -> None:
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            region=region,
            bucket=self.name,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": self.key_arn,
                    },
                    # One call to KMS for many objects instead of one for each:
                    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
                    "bucket_key_enabled": True,
                }
            ],
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
            policy=pulumi.Output.all(self.arn, self.key_arn).apply(
                lambda each: own_key_only(str(each[0]), str(each[1]))
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[ownership]),
        )
