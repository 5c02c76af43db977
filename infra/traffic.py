"""How clients are led to a Region that serves."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.failover_chain import FailoverChain, FailoverChainArgs
from infra.health import RegionHealth, RegionHealthArgs
from infra.latency import Nearest, NearestArgs
from infra.leading import Leading, Way, alias, balancer
from infra.naming import StackNames
from infra.region import Region
from infra.ring import watchers_of
from infra.settings import Settings
from infra.verdicts import Verdict, VerdictArgs
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
    """The health checks, a plain record for each Region, and the clients' name.

    The clients' name is a single plain record into the records that choose: the head of the
    failover chain, or the latency records. Being alone at its name, it can change its type and
    where it leads in one transaction (pulumi-aws deletes and creates it in one batch), so Regions
    join, leave and change places, and `routing` and `recordType` change, while clients are
    answered throughout. Its TTL adds nothing to a failover: it does not take part in one.

    Which Region answers is decided by the serving checks alone.
    """

    health: dict[str, RegionHealth]

    def __init__(
        self, name: str, args: TrafficArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Traffic", name, None, opts)
        settings, leading = args.settings, _leading(args)
        self.health = {region: self._health(region, args) for region in args.regions}
        for region in args.regions:
            self._regional_record(region, args)
            self._verdict(region, args)
        way = self._way(args, leading)
        leading.record(
            f"{name}-clients",
            predict_name(settings.zone_name),
            leading.within(way.name),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*way.records]),
        )
        self.register_outputs({})

    def _health(self, region: str, args: TrafficArgs) -> RegionHealth:
        watchers = watchers_of(region, args.settings.regions)
        return RegionHealth(
            f"{region}-health",
            RegionHealthArgs(
                names=args.regions[region].names,
                settings=args.settings,
                watchers=[args.regions[watcher] for watcher in watchers],
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _regional_record(self, region: str, args: TrafficArgs) -> None:
        serving = args.regions[region]
        aws.route53.Record(
            f"{region}-regional",
            zone_id=args.zone_id,
            name=regional_name(region, args.settings.zone_name),
            type="A",
            aliases=[alias(balancer(serving.load_balancer))],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[serving]),
        )

    def _verdict(self, region: str, args: TrafficArgs) -> None:
        Verdict(
            f"{region}-verdict",
            VerdictArgs(
                region=region,
                zone_id=args.zone_id,
                zone_name=args.settings.zone_name,
                deep_check_id=self.health[region].deep_check_id,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _way(self, args: TrafficArgs, leading: Leading) -> Way:
        child, zone_name = pulumi.ResourceOptions(parent=self), args.settings.zone_name
        if args.settings.routing == "latency":
            nearest = NearestArgs(
                zone_name=zone_name, leading=leading, regions=args.regions, health=self.health
            )
            return Nearest("nearest", nearest, opts=child).way
        chain = FailoverChainArgs(
            zone_name=zone_name,
            leading=leading,
            regions=args.regions,
            health=self.health,
        )
        return FailoverChain("failover", chain, opts=child).way


def _leading(args: TrafficArgs) -> Leading:
    settings = args.settings
    return Leading(
        zone_id=args.zone_id, record_type=settings.record_type, ttl_s=settings.record_ttl_s
    )
