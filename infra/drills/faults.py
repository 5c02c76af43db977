"""What AWS FIS is prepared to break in the Region that drills hurt, and what stops it.

A template does nothing by itself. An experiment started from it ends by itself, when it is
stopped, or when an alarm of the Region says that clients are hurt; and then AWS mends what it did.
What the stack's dashboard showed meanwhile is AWS's own report, beside the journal of the drill.
https://docs.aws.amazon.com/fis/latest/userguide/stop-conditions.html
https://docs.aws.amazon.com/fis/latest/userguide/experiment-report-configuration.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.naming import RegionNames
from infra.policies import FIS, Statement, policy
from infra.service_role import ServiceRole, ServiceRoleArgs
from infra.watching.dashboard import arn_by_name

REPLICATION: Final = "replication-stalled"
ZONE: Final = "az-loss"
"""The experiments that start them."""

# What a drill finds a template by (`resilience.experiments.catalogue.fis`).
_FOUND_BY: Final = "understudy:experiment"

_LASTS: Final = "PT15M"
_REPORTED_BEFORE: Final = "PT5M"
_REPORTED_AFTER: Final = "PT10M"
# Among the Region's access logs: the one bucket there that is kept for its time and then forgotten.
REPORTS: Final = "fis-reports"
# FIS marks the access lists that it makes, and takes away none that it did not make:
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSFaultInjectionSimulatorNetworkAccess.html
_MARK: Final = "managedByFIS"


@dataclass(frozen=True, kw_only=True)
class FaultsArgs:
    """What faults need to know.

    Attributes:
        names: Names in the Region that is hurt.
        bucket: The bucket there whose copies are paused.
        copied_to: The Regions that its copies go to.
        subnet_id: The subnet that is cut off: one zone's.
        stop_arns: Alarms there that stop an experiment.
        report_bucket: Where reports go, there.
    """

    names: RegionNames
    bucket: pulumi.Input[str]
    copied_to: Sequence[str]
    subnet_id: pulumi.Input[str]
    stop_arns: Sequence[pulumi.Input[str]]
    report_bucket: pulumi.Input[str]


class Faults(pulumi.ComponentResource):
    """Two templates, and the role by which FIS does what they say.

    Attributes:
        ids: Of the templates, by what they do.
    """

    ids: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: FaultsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Faults", name, None, opts)
        names = args.names
        role = ServiceRole(
            f"{name}-breaks",
            ServiceRoleArgs(
                names=names,
                what="faults",
                service=FIS,
                policy=pulumi.Output.all(args.bucket, args.report_bucket).apply(
                    lambda each: policy(
                        *pause_copies(each[0]), *cut_off(names), *report(names, each[1])
                    )
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        paused = self._template(
            f"{name}-{REPLICATION}",
            args,
            role,
            experiment=REPLICATION,
            action=_pause(args.copied_to[0]),
            target=_bucket(args.bucket),
            description=f"Copies from {names.region} stand still",
        )
        cut = self._template(
            f"{name}-{ZONE}",
            args,
            role,
            experiment=ZONE,
            action=_cut(),
            target=_subnet(args.names, args.subnet_id),
            description=f"A zone of {names.region} is cut off",
        )
        self.ids = {REPLICATION: paused.id, ZONE: cut.id}
        self.register_outputs({})

    def _template(  # noqa: PLR0913 - a template has this many parts
        self,
        name: str,
        args: FaultsArgs,
        role: ServiceRole,
        *,
        experiment: str,
        action: aws.fis.ExperimentTemplateActionArgsDict,
        target: aws.fis.ExperimentTemplateTargetArgsDict,
        description: str,
    ) -> aws.fis.ExperimentTemplate:
        names = args.names
        return aws.fis.ExperimentTemplate(
            name,
            region=names.region,
            description=description,
            role_arn=role.arn,
            actions=[action],
            targets=[target],
            stop_conditions=[
                {"source": "aws:cloudwatch:alarm", "value": arn} for arn in args.stop_arns
            ],
            experiment_report_configuration=_reported(args),
            tags=names.tags(names.name(experiment)) | {_FOUND_BY: experiment},
            opts=pulumi.ResourceOptions(parent=self),
        )


def _reported(args: FaultsArgs) -> aws.fis.ExperimentTemplateExperimentReportConfigurationArgsDict:
    return {
        "data_sources": {
            "cloudwatch_dashboards": [{"dashboard_arn": arn_by_name(args.names.stack)}]
        },
        "outputs": {"s3_configuration": {"bucket_name": args.report_bucket, "prefix": REPORTS}},
        "pre_experiment_duration": _REPORTED_BEFORE,
        "post_experiment_duration": _REPORTED_AFTER,
    }


def _pause(region: str) -> aws.fis.ExperimentTemplateActionArgsDict:
    """Source: https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html#s3-actions-reference."""
    return {
        "name": REPLICATION,
        "action_id": "aws:s3:bucket-pause-replication",
        "parameters": [
            {"key": "duration", "value": _LASTS},
            {"key": "region", "value": region},
        ],
        "target": {"key": "Buckets", "value": "bucket"},
    }


def _cut() -> aws.fis.ExperimentTemplateActionArgsDict:
    """Source: https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html#network-actions-reference."""
    return {
        "name": ZONE,
        "action_id": "aws:network:disrupt-connectivity",
        "parameters": [
            {"key": "duration", "value": _LASTS},
            {"key": "scope", "value": "all"},
        ],
        "target": {"key": "Subnets", "value": "subnet"},
    }


def _bucket(bucket: pulumi.Input[str]) -> aws.fis.ExperimentTemplateTargetArgsDict:
    return {
        "name": "bucket",
        "resource_type": "aws:s3:bucket",
        "resource_arns": [pulumi.Output.concat("arn:aws:s3:::", bucket)],
        "selection_mode": "ALL",
    }


def _subnet(
    names: RegionNames, subnet_id: pulumi.Input[str]
) -> aws.fis.ExperimentTemplateTargetArgsDict:
    place = f"arn:aws:ec2:{names.region}:{names.stack.account_id}:subnet/"
    return {
        "name": "subnet",
        "resource_type": "aws:ec2:subnet",
        "resource_arns": [pulumi.Output.concat(place, subnet_id)],
        "selection_mode": "ALL",
    }


def pause_copies(bucket: str) -> tuple[Statement, ...]:
    """Pause the copies of one bucket, and nothing else about them.

    Source: https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html#bucket-pause-replication
    """
    arn = f"arn:aws:s3:::{bucket}"
    asked = {"BoolIfExists": {"s3:isReplicationPauseRequest": "true"}}
    return (
        Statement(actions=["s3:PauseReplication"], resources=[arn]),
        Statement(actions=["s3:GetReplicationConfiguration"], resources=[arn]),
        Statement(actions=["s3:PutReplicationConfiguration"], resources=[arn], condition=asked),
        Statement(actions=["s3:ListAllMyBuckets"], resources=["*"]),
    )


def cut_off(names: RegionNames) -> tuple[Statement, ...]:
    """Put an access list of its own before a subnet, and put back what was there.

    Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSFaultInjectionSimulatorNetworkAccess.html
    """
    place = f"arn:aws:ec2:{names.region}:{names.stack.account_id}"
    lists, networks, subnets = (f"{place}:{kind}/*" for kind in ("network-acl", "vpc", "subnet"))
    asked = {"StringEquals": {f"aws:RequestTag/{_MARK}": "true"}}
    marked = {"StringEquals": {f"ec2:ResourceTag/{_MARK}": "true"}}
    return (
        Statement(actions=["ec2:CreateNetworkAcl"], resources=[lists, networks], condition=asked),
        Statement(
            actions=["ec2:CreateTags"],
            resources=[lists],
            condition={"StringEquals": {"ec2:CreateAction": "CreateNetworkAcl"}},
        ),
        Statement(
            actions=["ec2:CreateNetworkAclEntry", "ec2:DeleteNetworkAcl"],
            resources=[lists],
            condition=marked,
        ),
        Statement(actions=["ec2:ReplaceNetworkAclAssociation"], resources=[lists, subnets]),
        Statement(
            actions=["ec2:DescribeNetworkAcls", "ec2:DescribeSubnets", "ec2:DescribeVpcs"],
            resources=["*"],
        ),
    )


def report(names: RegionNames, bucket: str) -> tuple[Statement, ...]:
    """Draw the dashboard, and keep what was drawn. IAM tells no drawings apart.

    Source: https://docs.aws.amazon.com/fis/latest/userguide/experiment-report-configuration.html
    """
    return (
        Statement(actions=["cloudwatch:GetDashboard"], resources=[arn_by_name(names.stack)]),
        Statement(actions=["cloudwatch:GetMetricWidgetImage"], resources=["*"]),
        Statement(
            actions=["s3:GetObject", "s3:PutObject"],
            resources=[f"arn:aws:s3:::{bucket}/{REPORTS}/*"],
        ),
    )
