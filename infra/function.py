"""A function: its code, its role, its log group, and the alias it is reached by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.capacity import Capacity
from infra.dead_letters import DeadLetters, send
from infra.naming import RegionNames
from infra.service_role import ServiceRole, ServiceRoleArgs

LIVE: Final = "live"

_RUNTIME: Final = "python3.13"
# Pure Python runs on either; arm64 costs a fifth less for the same time.
_ARCHITECTURE: Final = "arm64"


@dataclass(frozen=True, kw_only=True)
class StoredPackage:
    """A package that is in a bucket of the function's own Region.

    Attributes:
        bucket: The bucket.
        key: The zip in it; other bytes have another key, which is how new code is noticed.
    """

    bucket: pulumi.Input[str]
    key: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class StoredImage:
    """A container image in a repository of the function's own Region.

    Attributes:
        uri: Repository and digest.
    """

    uri: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    """What a function needs to know.

    Attributes:
        names: Names in its Region.
        what: What it is for; ends its name.
        handler: Module and function that answers; an image names its own.
        package: Its code, stored already or to be packed from files.
        environment: Its environment variables.
        memory_mb: Its memory, and with it its share of CPU.
        timeout_s: Longest one request may take.
        log_retention_days: How long its logs are kept.
        key_arn: The stack's KMS key in its Region, for its logs. Its environment holds nothing
            secret and stays under Lambda's own key: with this one, a cold start would wait for KMS.
        permissions: What it may do besides writing its own logs.
        capacity: What it is given ahead of its load.
        dead_letters: Where events go that it could not handle, if it is invoked by events.
        tags: Of the function alone, besides those that everything has.
    """

    names: RegionNames
    what: str
    handler: str
    package: StoredPackage | StoredImage | pulumi.Archive
    environment: Mapping[str, str]
    memory_mb: int
    timeout_s: int
    log_retention_days: int
    key_arn: pulumi.Input[str]
    permissions: pulumi.Input[tuple[policies.Statement, ...]] = ()
    capacity: Capacity = field(default_factory=Capacity)
    dead_letters: DeadLetters | None = None
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


class Function(pulumi.ComponentResource):
    """A published function behind the alias `live`; what calls it names the alias.

    The log group is made first: Lambda would make one that is kept for ever.
    """

    name: pulumi.Output[str]
    alias_name: pulumi.Output[str]
    alias_arn: pulumi.Output[str]
    log_group_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Function", name, None, opts)
        names, function_name = args.names, args.names.name(args.what)
        log_group = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            region=names.region,
            name=f"/aws/lambda/{function_name}",
            retention_in_days=args.log_retention_days,
            kms_key_id=args.key_arn,
            tags=names.tags(function_name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        function = self._function(name, args, log_group)
        alias = self._alias(name, args, function)
        self.name = function.name
        self.alias_name = alias.name
        self.alias_arn = alias.arn
        self.log_group_name = log_group.name
        self.register_outputs({"name": self.name, "aliasArn": self.alias_arn})

    def _function(
        self, name: str, args: FunctionArgs, log_group: aws.cloudwatch.LogGroup
    ) -> aws.lambda_.Function:
        stored = args.package if isinstance(args.package, StoredPackage) else None
        image = args.package if isinstance(args.package, StoredImage) else None
        function_name = args.names.name(args.what)
        return aws.lambda_.Function(
            f"{name}-function",
            region=args.names.region,
            name=function_name,
            role=self._role(name, args, log_group).arn,
            package_type=None if image is None else "Image",
            image_uri=None if image is None else image.uri,
            runtime=None if image else _RUNTIME,
            architectures=[_ARCHITECTURE],
            handler=None if image else args.handler,
            code=args.package if isinstance(args.package, pulumi.Archive) else None,
            s3_bucket=None if stored is None else stored.bucket,
            s3_key=None if stored is None else stored.key,
            memory_size=args.memory_mb,
            timeout=args.timeout_s,
            environment={"variables": args.environment},
            publish=True,
            dead_letter_config=None
            if args.dead_letters is None
            else {"target_arn": args.dead_letters.arn},
            reserved_concurrent_executions=args.capacity.reserved or None,
            snap_start={"apply_on": "PublishedVersions"} if args.capacity.snap_start else None,
            tags={**args.names.tags(function_name), **args.tags},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _alias(
        self, name: str, args: FunctionArgs, function: aws.lambda_.Function
    ) -> aws.lambda_.Alias:
        child, capacity = pulumi.ResourceOptions(parent=self), args.capacity
        stable = capacity.stable_version

        def weights(newest: str) -> dict[str, float]:
            # Until there is a newer version than the stable one, that one serves alone.
            return {} if newest == stable else {newest: capacity.canary_weight}

        alias = aws.lambda_.Alias(
            f"{name}-{LIVE}",
            region=args.names.region,
            name=LIVE,
            description="the version that serves",
            function_name=function.name,
            function_version=stable or function.version,
            routing_config={"additional_version_weights": function.version.apply(weights)}
            if stable
            else None,
            opts=child,
        )
        if capacity.provisioned:
            aws.lambda_.ProvisionedConcurrencyConfig(
                f"{name}-provisioned",
                region=args.names.region,
                function_name=function.name,
                qualifier=alias.name,
                provisioned_concurrent_executions=capacity.provisioned,
                opts=child,
            )
        return alias

    def _role(
        self, name: str, args: FunctionArgs, log_group: aws.cloudwatch.LogGroup
    ) -> ServiceRole:
        def allowed(each: list[Any]) -> str:
            log_group_arn, permissions, sends = each
            return policies.policy(policies.write_logs(log_group_arn), *permissions, *sends)

        letters, region = args.dead_letters, args.names.region
        sends = (
            ()
            if letters is None
            else pulumi.Output.all(letters.arn, letters.key_arn).apply(
                lambda arns: send(str(arns[0]), str(arns[1]), region)
            )
        )
        return ServiceRole(
            f"{name}-runs",
            ServiceRoleArgs(
                names=args.names,
                what=args.what,
                service=policies.LAMBDA,
                policy=pulumi.Output.all(log_group.arn, args.permissions, sends).apply(allowed),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
