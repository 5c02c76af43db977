"""Records that lead each client to the nearest Region that serves."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.health import RegionHealth
from infra.leading import Leading, Way, balancer
from infra.region import Region
from infra.zone import nearest_name


@dataclass(frozen=True, kw_only=True)
class NearestArgs:
    """What latency records need to know.

    Attributes:
        zone_name: DNS name of the zone they are in.
        leading: How they lead on.
        regions: The Regions that serve.
        health: The health of each.
    """

    zone_name: str
    leading: Leading
    regions: Mapping[str, Region]
    health: Mapping[str, RegionHealth]


class Nearest(pulumi.ComponentResource):
    """One latency record a Region: every Region serves the clients that it answers fastest.

    A Region whose serving check fails is passed over for the next nearest; when none is healthy,
    Route 53 answers as if all were.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-latency.html
    """

    way: Way

    def __init__(
        self, name: str, args: NearestArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Nearest", name, None, opts)
        dns_name = nearest_name(args.zone_name, args.leading.record_type)
        records = [
            args.leading.record(
                f"{region}-nearest",
                dns_name,
                balancer(serving.load_balancer),
                set_identifier=region,
                health_check_id=args.health[region].serving_check_id,
                latency_region=region,
                # No client is led to a Region that is still being built.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[serving]),
            )
            for region, serving in args.regions.items()
        ]
        self.way = Way(name=dns_name, records=records)
        self.register_outputs({"name": dns_name})
