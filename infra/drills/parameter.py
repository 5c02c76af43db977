"""What drills of a stack must know, where they read it: a parameter in the Region they run in."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.drills.names import drilled_from, parameter_name
from infra.function import LIVE
from infra.naming import RegionNames
from infra.region import Region
from infra.ring import watchers_of
from infra.settings import Settings
from infra.zone import predict_name


@dataclass(frozen=True, kw_only=True)
class DrillParameterArgs:
    """What the parameter needs to know.

    Attributes:
        settings: The stack's settings.
        regions: What serves, by Region, in the settings' order.
        deep_check_ids: The check of each Region that drills follow.
    """

    settings: Settings
    regions: Mapping[str, Region]
    deep_check_ids: Mapping[str, pulumi.Input[str]]


class DrillParameter(pulumi.ComponentResource):
    """An SSM parameter `/<project>/<stack>/drills`, in JSON.

    When drills may run is read from it by the deployed function and on a laptop alike. Names that
    differ by the Region alone are told once: all of it is within the 4 KB of a standard parameter.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html

    Attributes:
        name: Its name.
    """

    name: pulumi.Output[str]

    def __init__(
        self, name: str, args: DrillParameterArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:DrillParameter", name, None, opts)
        names = args.regions[drilled_from(args.settings.regions)].names
        parameter = aws.ssm.Parameter(
            f"{name}-parameter",
            region=names.region,
            name=parameter_name(names),
            description="When drills of this stack may run, and what they are about",
            type="String",
            value=pulumi.Output.json_dumps(_told(args, names), separators=(",", ":")),
            tags=names.tags(names.name("drills")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name = parameter.name
        self.register_outputs({"name": self.name})


def _told(args: DrillParameterArgs, names: RegionNames) -> dict[str, object]:
    drills = args.settings.drills
    return {
        "windows": drills.windows,
        "blackout_dates": drills.blackout_dates,
        "experiments": drills.experiments,
        "injections": drills.injections,
        "stop_s": drills.stop_s,
        "stack": _stack(args, names),
    }


def _stack(args: DrillParameterArgs, names: RegionNames) -> dict[str, object]:
    """What `resilience.functions.drill_ground` makes a ground to drill on of.

    Nothing in it is another Region's to tell: the parameter must not wait for one that is lost.
    """
    settings, stack = args.settings, names.stack
    objectives = settings.objectives
    return {
        "account": stack.account_id,
        "project": stack.project,
        "stack": stack.stack,
        "predict_name": predict_name(settings.zone_name),
        "table": stack.prefix,
        "routing": settings.routing,
        "rto_s": objectives.rto_s,
        "rpo_s": objectives.rpo_s,
        "availability_ratio": objectives.availability,
        "hold_s": objectives.failback_hold_s,
        "look_s": settings.observing.look_s,
        "agreement_s": settings.observing.agreement_s,
        "interval_s": settings.health_check_interval_s,
        "failure_threshold": settings.failure_threshold,
        "ttl_s": settings.record_ttl_s,
        "function": names.name("predict"),
        "alias": LIVE,
        "observer": names.name("observer"),
        "bucket": f"{stack.prefix}-{stack.account_id}-{{region}}-{{kind}}",
        "name": f"predict.{{region}}.{settings.zone_name}",
        "places": [_place(region, args) for region in settings.regions],
    }


def _place(region: str, args: DrillParameterArgs) -> dict[str, object]:
    found = args.regions[region]
    return {
        "region": region,
        "zones": found.network.zones,
        "deep_check_id": args.deep_check_ids[region],
        "watchers": watchers_of(region, args.settings.regions),
    }
