"""One Region of a stack: everything in it that serves. Named after the Region; roles move."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.bucket import Bucket, BucketArgs
from infra.capacity import capacity_in
from infra.container import ImageRepository, ImageRepositoryArgs
from infra.dead_letters import DeadLetters, DeadLettersArgs
from infra.drills.names import may_be_hurt
from infra.evacuation import EvacuationSwitch, EvacuationSwitchArgs
from infra.function import Function, FunctionArgs, StoredImage, StoredPackage
from infra.health import READY_PATH
from infra.lambda_target import LambdaTarget, LambdaTargetArgs
from infra.load_balancer import LoadBalancer, LoadBalancerArgs
from infra.naming import BucketKind, RegionNames, StackNames
from infra.network import Network, NetworkArgs
from infra.objectives import ObjectivesParameter, ObjectivesParameterArgs
from infra.prediction_stream import PredictionStream, PredictionStreamArgs
from infra.release import Release
from infra.ring import watched_by
from infra.settings import Settings


@dataclass(frozen=True, kw_only=True)
class RegionArgs:
    """What a Region needs to know.

    Attributes:
        names: Names in the Region.
        settings: The stack's settings.
        release: What it serves.
        certificate_arn: The Region's certificate, issued already.
        key_arn: The stack's KMS key in the Region.
    """

    names: RegionNames
    settings: Settings
    release: Release
    certificate_arn: pulumi.Input[str]
    key_arn: pulumi.Input[str]


class Region(pulumi.ComponentResource):
    """Load balancer, function, buckets, prediction stream, evacuation switch and objectives.

    It needs no other Region, neither to be built nor to serve.
    """

    names: RegionNames
    releases: Bucket
    predictions: Bucket
    function: Function
    target: LambdaTarget
    evacuation: EvacuationSwitch
    network: Network
    load_balancer: LoadBalancer
    objectives: ObjectivesParameter
    dead_letters: DeadLetters

    def __init__(
        self, name: str, args: RegionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Region", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.names = args.names
        self.releases = self._bucket(name, "releases", args)
        self.predictions = self._bucket(name, "predictions", args)
        self.function = self._function(name, args)
        self.target = self._target(name)
        self.evacuation = self._evacuation(name, args)
        self.load_balancer = self._load_balancer(name, args)
        self.objectives = ObjectivesParameter(
            f"{name}-objectives",
            ObjectivesParameterArgs(names=args.names, objectives=args.settings.objectives),
            opts=child,
        )
        self.dead_letters = DeadLetters(
            f"{name}-dead-letters",
            DeadLettersArgs(names=args.names, key_arn=args.key_arn),
            opts=child,
        )
        PredictionStream(
            f"{name}-predictions-stream",
            PredictionStreamArgs(
                names=args.names,
                log_group_name=self.function.log_group_name,
                bucket=self.predictions,
                buffer_s=args.settings.prediction_buffer_s,
            ),
            opts=child,
        )
        self.register_outputs({"loadBalancerArn": self.load_balancer.arn})

    def _bucket(self, name: str, kind: BucketKind, args: RegionArgs) -> Bucket:
        return Bucket(
            f"{name}-{kind}",
            BucketArgs(
                names=args.names,
                kind=kind,
                key_arn=args.key_arn,
                data=args.settings.data,
                deletion_protection=args.settings.deletion_protection,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _function(self, name: str, args: RegionArgs) -> Function:
        settings, release = args.settings, args.release
        stored = aws.s3.BucketObjectv2(
            f"{name}-release",
            region=args.names.region,
            bucket=self.releases.name,
            key=release.key,
            source=pulumi.FileAsset(str(release.path)),
            content_type="application/zip",
            tags=args.names.tags(args.names.name("release")),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[self.releases],
                # The release before this one stays where it is: it is the way back.
                retain_on_delete=True,
            ),
        )
        return Function(
            f"{name}-predict",
            FunctionArgs(
                names=args.names,
                what="predict",
                handler="handler.handle",
                package=self._image(name, args)
                if settings.runtime.container
                else StoredPackage(bucket=stored.bucket, key=stored.key),
                environment={
                    "UNDERSTUDY_RELEASE_DIGEST": release.release_digest,
                    "UNDERSTUDY_METRICS_NAMESPACE": args.names.stack.metrics_namespace,
                },
                memory_mb=settings.function_memory_mb,
                timeout_s=settings.function_timeout_s,
                log_retention_days=settings.log_retention_days,
                key_arn=args.key_arn,
                capacity=capacity_in(args.names.region, settings.capacity),
                tags=may_be_hurt(injections=settings.drills.injections),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _image(self, name: str, args: RegionArgs) -> StoredImage:
        settings, here = args.settings, args.names.region
        others = tuple(region for region in settings.regions if region != here)
        repository = ImageRepository(
            f"{name}-images",
            ImageRepositoryArgs(
                names=args.names,
                key_arn=args.key_arn,
                copies_to=others if settings.runtime.registry_replication else (),
                deletion_protection=settings.deletion_protection,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return StoredImage(
            uri=pulumi.Output.concat(repository.url, "@", settings.runtime.image_digest)
        )

    def _target(self, name: str) -> LambdaTarget:
        return LambdaTarget(
            f"{name}-predict-target",
            LambdaTargetArgs(
                names=self.names,
                what="predict",
                function_name=self.function.name,
                alias_name=self.function.alias_name,
                alias_arn=self.function.alias_arn,
                health_path=READY_PATH,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _evacuation(self, name: str, args: RegionArgs) -> EvacuationSwitch:
        return EvacuationSwitch(
            f"{name}-evacuation",
            EvacuationSwitchArgs(
                names=args.names,
                watched=watched_by(args.names.region, args.settings.regions),
                key_arn=args.key_arn,
                data=args.settings.data,
                log_retention_days=args.settings.log_retention_days,
                deletion_protection=args.settings.deletion_protection,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _load_balancer(self, name: str, args: RegionArgs) -> LoadBalancer:
        child = pulumi.ResourceOptions(parent=self)
        self.network = Network(f"{name}-network", NetworkArgs(names=args.names), opts=child)
        return LoadBalancer(
            f"{name}-balancer",
            LoadBalancerArgs(
                names=args.names,
                vpc_id=self.network.vpc_id,
                subnet_ids=self.network.public_subnet_ids,
                certificate_arn=args.certificate_arn,
                default_target_group_arn=self.target.target_group_arn,
                evacuation_target_group_arn=self.evacuation.target_group_arn,
                deletion_protection=args.settings.deletion_protection,
                settings=args.settings.edge,
                bundle_bucket=self.releases.name,
                key_arn=args.key_arn,
                log_retention_days=args.settings.log_retention_days,
            ),
            opts=child,
        )


def regions_of(
    names: StackNames,
    settings: Settings,
    release: Release,
    *,
    certificate_arns: Mapping[str, pulumi.Input[str]],
    key_arns: Mapping[str, pulumi.Input[str]],
) -> dict[str, Region]:
    """Make every Region of a stack, in the settings' order."""
    return {
        region: Region(
            region,
            RegionArgs(
                names=RegionNames(stack=names, region=region),
                settings=settings,
                release=release,
                certificate_arn=certificate_arns[region],
                key_arn=key_arns[region],
            ),
        )
        for region in settings.regions
    }
