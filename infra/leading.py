"""Records that lead clients on: to a load balancer, or to another name of the same zone."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.load_balancer import LoadBalancer


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a record leads to: a name, and the zone Route 53 looks an alias's target up in."""

    name: pulumi.Input[str]
    zone_id: pulumi.Input[str]


def balancer(found: LoadBalancer) -> Target:
    """Return a load balancer as what a record leads to."""
    return Target(name=found.dns_name, zone_id=found.zone_id)


def alias(target: Target) -> aws.route53.RecordAliasArgs:
    """Lead to a target, and leave the judgement of its health to the checks.

    Evaluating the target's health as well would add a second judge, which neither the evacuation
    switch nor a drill can see.
    """
    return aws.route53.RecordAliasArgs(
        name=target.name, zone_id=target.zone_id, evaluate_target_health=False
    )


@dataclass(frozen=True, kw_only=True)
class Leading:
    """How the records of a stack lead on.

    Attributes:
        zone_id: The zone they are in.
        record_type: "alias", whose TTL is its target's, or "cname".
        ttl_s: How long resolvers may keep a CNAME.
    """

    zone_id: pulumi.Input[str]
    record_type: str
    ttl_s: int

    def within(self, name: str) -> Target:
        """Return a name of the same zone as what a record leads to."""
        return Target(name=name, zone_id=self.zone_id)

    def record(  # noqa: PLR0913 - a record has this many parts
        self,
        resource_name: str,
        dns_name: str,
        target: Target,
        *,
        opts: pulumi.ResourceOptions,
        set_identifier: str | None = None,
        health_check_id: pulumi.Input[str] | None = None,
        failover: str | None = None,
        latency_region: str | None = None,
    ) -> aws.route53.Record:
        """Make one record that leads to a target, by itself or as one of those of its name."""
        aliased = self.record_type == "alias"
        return aws.route53.Record(
            resource_name,
            zone_id=self.zone_id,
            name=dns_name,
            type="A" if aliased else "CNAME",
            aliases=[alias(target)] if aliased else None,
            records=None if aliased else [target.name],
            ttl=None if aliased else self.ttl_s,
            set_identifier=set_identifier,
            health_check_id=health_check_id,
            failover_routing_policies=None if failover is None else [{"type": failover}],
            latency_routing_policies=None
            if latency_region is None
            else [{"region": latency_region}],
            opts=opts,
        )


@dataclass(frozen=True, kw_only=True)
class Way:
    """A name that leads clients to a Region that serves, and the records that must be there."""

    name: str
    records: Sequence[pulumi.Resource]
