"""The evacuation switch of one Region: by it the Region says that another must not serve.

A flag is an object in a bucket; a small function reads it, and an inverted health check of the
other Region reads the function. Setting it is one write in a healthy Region, and nothing of it
is shared with what it judges: own function, own role, own bucket, which is not replicated.
"""

from dataclasses import dataclass
from typing import Final

import pulumi

from infra import policies
from infra.bucket import Bucket, BucketArgs
from infra.function import Function, FunctionArgs
from infra.lambda_target import LambdaTarget, LambdaTargetArgs
from infra.naming import RegionNames
from infra.settings.data import DataSettings

_SOURCE: Final = "resilience/functions/evacuation.py"
_FLAG_PREFIX: Final = "evacuation/"

# boto3 is imported at every cold start, which a smaller share of CPU makes slow.
_MEMORY_MB: Final = 512
_TIMEOUT_S: Final = 5


@dataclass(frozen=True, kw_only=True)
class EvacuationSwitchArgs:
    """What an evacuation switch needs to know.

    Attributes:
        names: Names in its Region.
        watched: The Regions it can take out.
        key_arn: The stack's KMS key in its Region.
        data: How long what a bucket holds lives.
        log_retention_days: How long its logs are kept.
        deletion_protection: Whether its bucket refuses to be deleted while a flag is set.
    """

    names: RegionNames
    watched: tuple[str, ...]
    key_arn: pulumi.Input[str]
    data: DataSettings
    log_retention_days: int
    deletion_protection: bool


class EvacuationSwitch(pulumi.ComponentResource):
    """Answers `GET /evacuation/<region>` from one object in its own Region's bucket."""

    flags: Bucket
    bucket_name: pulumi.Output[str]
    function_name: pulumi.Output[str]
    target_group_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: EvacuationSwitchArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:EvacuationSwitch", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        bucket = Bucket(
            f"{name}-flags",
            BucketArgs(
                names=args.names,
                kind="evacuation",
                key_arn=args.key_arn,
                data=args.data,
                deletion_protection=args.deletion_protection,
            ),
            opts=child,
        )
        function = Function(name, _function_args(args, bucket), opts=child)
        target = LambdaTarget(
            f"{name}-target",
            LambdaTargetArgs(
                names=args.names,
                what="evacuation",
                function_name=function.name,
                alias_name=function.alias_name,
                alias_arn=function.alias_arn,
                health_path=f"/{_FLAG_PREFIX}{args.watched[0]}",
            ),
            opts=child,
        )
        self.flags = bucket
        self.bucket_name = bucket.name
        self.function_name = function.name
        self.target_group_arn = target.target_group_arn
        self.register_outputs({"bucketName": self.bucket_name, "functionName": self.function_name})


def _function_args(args: EvacuationSwitchArgs, bucket: Bucket) -> FunctionArgs:
    return FunctionArgs(
        names=args.names,
        what="evacuation",
        handler="evacuation.handle",
        package=pulumi.AssetArchive({"evacuation.py": pulumi.FileAsset(_SOURCE)}),
        environment={
            "UNDERSTUDY_EVACUATION_BUCKET": args.names.bucket("evacuation"),
            "UNDERSTUDY_WATCHED_REGIONS": ",".join(args.watched),
            "UNDERSTUDY_METRICS_NAMESPACE": args.names.stack.metrics_namespace,
        },
        memory_mb=_MEMORY_MB,
        timeout_s=_TIMEOUT_S,
        log_retention_days=args.log_retention_days,
        key_arn=args.key_arn,
        permissions=bucket.encrypted.apply(lambda at: policies.read_flags(at, _FLAG_PREFIX)),
    )
