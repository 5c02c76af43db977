"""Route 53's word on each Region, as a name that anybody can ask without its control plane."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

WELL: Final = "192.0.2.1"
NOT_WELL: Final = "192.0.2.2"
"""Addresses for documentation: only the answer counts, and nobody is there to be connected to.

https://www.rfc-editor.org/rfc/rfc5737
"""

# Old words are no help; resolvers are asked once a look, by a handful of observers.
_TTL_S: Final = 10


@dataclass(frozen=True, kw_only=True)
class VerdictArgs:
    """What a verdict needs to know.

    Attributes:
        region: The Region that it is about.
        zone_id: The zone that its name is in.
        zone_name: What that zone is called.
        deep_check_id: The check whose word it is: whether the Region can serve, and not whether
            it may.
    """

    region: str
    zone_id: pulumi.Input[str]
    zone_name: str
    deep_check_id: pulumi.Input[str]


class Verdict(pulumi.ComponentResource):
    """Two failover records at `verdict.<region>.<zone>`: one while the Region is well, and one.

    An observer asks a name server, which is a data plane that outlives any Region; the API that
    tells the same lives in us-east-1 and is lost with it. An evacuation flag changes nothing here.
    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-configuring.html
    """

    def __init__(
        self, name: str, args: VerdictArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Verdict", name, None, opts)
        self._record(f"{name}-well", args, WELL, role="PRIMARY", check_id=args.deep_check_id)
        self._record(f"{name}-not-well", args, NOT_WELL, role="SECONDARY", check_id=None)
        self.register_outputs({})

    def _record(
        self,
        name: str,
        args: VerdictArgs,
        address: str,
        *,
        role: str,
        check_id: pulumi.Input[str] | None,
    ) -> None:
        aws.route53.Record(
            name,
            zone_id=args.zone_id,
            name=verdict_name(args.region, args.zone_name),
            type="A",
            ttl=_TTL_S,
            records=[address],
            set_identifier=address,
            health_check_id=check_id,
            failover_routing_policies=[{"type": role}],
            opts=pulumi.ResourceOptions(parent=self),
        )


def verdict_name(region: str, zone_name: str) -> str:
    """Return the name at which Route 53 says what it thinks of a Region."""
    return f"verdict.{region}.{zone_name}"
