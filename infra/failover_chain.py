"""The chain of failover records: each Region, or else the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.health import RegionHealth
from infra.leading import Leading, Target, Way, balancer
from infra.region import Region
from infra.zone import link_name


@dataclass(frozen=True, kw_only=True)
class FailoverChainArgs:
    """What a chain needs to know.

    Attributes:
        zone_name: DNS name of the zone the records are in.
        leading: How they lead on.
        regions: The Regions that serve, in order of preference.
        health: The health of each.
    """

    zone_name: str
    leading: Leading
    regions: Mapping[str, Region]
    health: Mapping[str, RegionHealth]


class FailoverChain(pulumi.ComponentResource):
    """One link a Region: a name with a PRIMARY record to it and a SECONDARY record onward.

    Onward is the next Region's link; at the end of the chain it is the first Region's own load
    balancer. So each link has two records whatever its place, and adding, removing or re-ordering
    Regions changes where records lead, never how many stand at a name. A link waits for those
    behind it, so a change goes from the end of the chain to its head, and at every moment in
    between, with any one Region lost, clients are led to another.

    The onward record counts as healthy while any Region it may lead to is *ready*. It looks at
    their deep checks, because Route 53 does not nest calculated checks; so when every Region is
    out, one that was evacuated but can predict is preferred to one that cannot.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
    """

    way: Way

    def __init__(
        self, name: str, args: FailoverChainArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:FailoverChain", name, None, opts)
        order = tuple(args.regions)
        behind: tuple[aws.route53.Record, ...] = ()
        for at in reversed(range(len(order))):
            behind = self._link(order[at], order[at + 1 :], behind, args)
        self.way = Way(name=_name(order[0], args), records=behind)
        self.register_outputs({"name": self.way.name})

    def _link(
        self,
        region: str,
        later: Sequence[str],
        behind: tuple[aws.route53.Record, ...],
        args: FailoverChainArgs,
    ) -> tuple[aws.route53.Record, ...]:
        """Make the two records of a Region's link."""
        serving, leading, name = args.regions[region], args.leading, _name(region, args)
        # No client is led to a Region that is still being built; the last link leads to the first.
        onward = [] if later else [args.regions[each] for each in _first(args)]
        opts = pulumi.ResourceOptions(parent=self, depends_on=[serving, *behind, *onward])
        return (
            leading.record(
                f"{region}-link",
                name,
                balancer(serving.load_balancer),
                set_identifier=region,
                health_check_id=args.health[region].serving_check_id,
                failover="PRIMARY",
                opts=opts,
            ),
            leading.record(
                f"{region}-onward",
                name,
                self._onward(later, args),
                set_identifier=f"{region}-onward",
                health_check_id=self._later_check(region, later or _first(args), args),
                failover="SECONDARY",
                opts=opts,
            ),
        )

    def _onward(self, later: Sequence[str], args: FailoverChainArgs) -> Target:
        if not later:
            return balancer(args.regions[_first(args)[0]].load_balancer)
        return args.leading.within(_name(later[0], args))

    def _later_check(
        self, region: str, later: Sequence[str], args: FailoverChainArgs
    ) -> pulumi.Output[str]:
        names = args.regions[region].names
        return aws.route53.HealthCheck(
            f"{region}-later",
            type="CALCULATED",
            child_healthchecks=[args.health[each].deep_check_id for each in later],
            child_health_threshold=1,
            tags=names.tags(names.role("later")),
            opts=pulumi.ResourceOptions(parent=self),
        ).id


def _first(args: FailoverChainArgs) -> list[str]:
    return list(args.regions)[:1]


def _name(region: str, args: FailoverChainArgs) -> str:
    return link_name(region, args.zone_name, args.leading.record_type)
