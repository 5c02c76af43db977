"""How clients are led to a Region that serves."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.health import RegionHealth, RegionHealthArgs
from infra.naming import StackNames
from infra.region import Region
from infra.settings import Settings
from infra.zone import predict_name, regional_name


@dataclass(frozen=True, kw_only=True)
class TrafficArgs:
    """What traffic needs to know.

    Attributes:
        names: Names in the stack.
        settings: The stack's settings.
        zone_id: The zone the records are in.
        regions: The Regions that serve, in the settings' order.
    """

    names: StackNames
    settings: Settings
    zone_id: pulumi.Input[str]
    regions: Mapping[str, Region]


class Traffic(pulumi.ComponentResource):
    """The health checks, one failover record a Region, and a plain record for each.

    The first Region is primary, the second is secondary; which of them answers is decided by
    their serving checks alone. When no record is healthy, Route 53 answers as if all were.

    Route 53 refuses an update that turns the Regions round or changes the record type, because it
    changes one record at a time and would hold two primaries, or a CNAME beside an A. That is
    meant: the records stay, and serve. To do it anyway, remove them with
    `pulumi destroy --target '**-failover'` and deploy again; in between, clients get no answer.
    """

    health: dict[str, RegionHealth]

    def __init__(
        self, name: str, args: TrafficArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Traffic", name, None, opts)
        self.health = {}
        roles = ("PRIMARY", "SECONDARY")
        for (region, serving), role in zip(args.regions.items(), roles, strict=True):
            self._regional_record(region, serving, args)
            self.health[region] = RegionHealth(
                f"{region}-health",
                RegionHealthArgs(names=serving.names, settings=args.settings),
                opts=pulumi.ResourceOptions(parent=self),
            )
            self._failover_record(region, role, args)
        self.register_outputs({})

    def _regional_record(self, region: str, serving: Region, args: TrafficArgs) -> None:
        aws.route53.Record(
            f"{region}-regional",
            zone_id=args.zone_id,
            name=regional_name(region, args.settings.zone_name),
            type="A",
            aliases=[_alias(serving)],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[serving]),
        )

    def _failover_record(self, region: str, role: str, args: TrafficArgs) -> None:
        serving = args.regions[region]
        aliased = args.settings.record_type == "alias"
        aws.route53.Record(
            f"{region}-failover",
            zone_id=args.zone_id,
            name=predict_name(args.settings.zone_name),
            type="A" if aliased else "CNAME",
            aliases=[_alias(serving)] if aliased else None,
            records=None if aliased else [serving.load_balancer.dns_name],
            ttl=None if aliased else args.settings.record_ttl_s,
            set_identifier=region,
            failover_routing_policies=[{"type": role}],
            health_check_id=self.health[region].serving_check_id,
            # No client is led to a Region that is still being built.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[serving]),
        )


def _alias(serving: Region) -> aws.route53.RecordAliasArgs:
    """Lead to a Region's load balancer, and leave the judgement of its health to the checks.

    Evaluating the target's health as well would add a second judge, which neither the evacuation
    switch nor a drill can see.
    """
    return aws.route53.RecordAliasArgs(
        name=serving.load_balancer.dns_name,
        zone_id=serving.load_balancer.zone_id,
        evaluate_target_health=False,
    )
