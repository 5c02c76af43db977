"""Leaving one Availability Zone of a Region, by AWS and, every week, to see that it can be done."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import RegionNames
from infra.settings.zonal import ZonalSettings


@dataclass(frozen=True, kw_only=True)
class ZonalAutoshiftArgs:
    """What zonal autoshift needs to know.

    Attributes:
        names: Names in its Region.
        load_balancer_arn: What leaves a zone; it takes part in zonal shifts.
        outcome_alarm_arns: Alarms of the Region that end a practice run, and fail it.
        blocking_alarm_arns: Alarms of the Region that keep a practice run from starting.
        settings: When not to practise.
    """

    names: RegionNames
    load_balancer_arn: pulumi.Input[str]
    outcome_alarm_arns: Sequence[pulumi.Input[str]]
    blocking_alarm_arns: Sequence[pulumi.Input[str]]
    settings: ZonalSettings


class ZonalAutoshift(pulumi.ComponentResource):
    """AWS moves a load balancer's traffic out of an impaired zone, and practises that weekly.

    It acts by the load balancer's name in DNS, in the Region's own control plane. The function
    needs no zone, so that two zones carry what three did.
    https://docs.aws.amazon.com/r53recovery/latest/dg/arc-zonal-autoshift.considerations.html
    """

    def __init__(
        self, name: str, args: ZonalAutoshiftArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:ZonalAutoshift", name, None, opts)
        settings = args.settings
        aws.arczonalshift.ZonalAutoshiftConfiguration(
            f"{name}-configuration",
            region=args.names.region,
            resource_arn=args.load_balancer_arn,
            zonal_autoshift_status="ENABLED",
            outcome_alarms=[
                {"alarm_identifier": arn, "type": "CLOUDWATCH"} for arn in args.outcome_alarm_arns
            ],
            blocking_alarms=[
                {"alarm_identifier": arn, "type": "CLOUDWATCH"} for arn in args.blocking_alarm_arns
            ],
            blocked_windows=list(settings.blocked_windows) or None,
            blocked_dates=list(settings.blocked_dates) or None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
