"""The DNS zone of a stack, and the names in it."""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import StackNames
from infra.settings import Settings


def predict_name(zone_name: str) -> str:
    """Return the name clients use."""
    return f"predict.{zone_name}"


def regional_name(region: str, zone_name: str) -> str:
    """Return the name that reaches one Region, whatever its health or role."""
    return f"predict.{region}.{zone_name}"


def link_name(region: str, zone_name: str, record_type: str) -> str:
    """Return the name that leads to one Region, or on to the next when that one is out.

    The record type is in it, so that the other type's records can be made beside these.
    """
    return f"{record_type}-failover.{region}.{zone_name}"


def nearest_name(zone_name: str, record_type: str) -> str:
    """Return the name that leads to the Region nearest to the client; as with `link_name`."""
    return f"{record_type}-latency.{zone_name}"


@dataclass(frozen=True, kw_only=True)
class ZoneArgs:
    """What a zone needs to know.

    Attributes:
        names: Names in the stack.
        settings: The stack's settings: the zone's DNS name, which its parent must delegate to it,
            and whether it refuses to be deleted while others' records are in it.
    """

    names: StackNames
    settings: Settings


class Zone(pulumi.ComponentResource):
    """A public hosted zone."""

    name: str
    zone_id: pulumi.Output[str]

    def __init__(
        self, name: str, args: ZoneArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Zone", name, None, opts)
        names, settings = args.names, args.settings
        # The one thing a stack has once: it says of the whole stack what others need to know.
        production = {"production": json.dumps(settings.production)}
        zone = aws.route53.Zone(
            f"{name}-zone",
            name=settings.zone_name,
            comment=f"Where clients of {names.prefix} find a Region that serves",
            force_destroy=not settings.deletion_protection,
            tags=names.tags(settings.zone_name) | production,
            opts=pulumi.ResourceOptions(
                parent=self,
                # A zone made anew has other name servers, which its parent does not know.
                protect=settings.deletion_protection,
            ),
        )
        self.name, self.zone_id = settings.zone_name, zone.zone_id
        self.register_outputs({"zoneId": self.zone_id})
