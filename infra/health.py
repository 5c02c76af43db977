"""How Route 53 decides whether a Region may serve."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.naming import RegionNames
from infra.ports import HEALTH_PORT
from infra.ring import watchers_of
from infra.settings import Settings
from infra.zone import regional_name

READY_PATH: Final = "/health/ready"

_READY: Final = '"ready":true'
_EVACUATED: Final = '"evacuated":true'


@dataclass(frozen=True, kw_only=True)
class RegionHealthArgs:
    """What the health of a Region depends on.

    Attributes:
        names: Names in the Region.
        settings: The stack's settings.
        watchers: What must stand before the Regions that watch this one are heard.
    """

    names: RegionNames
    settings: Settings
    watchers: Sequence[pulumi.Resource]


@dataclass(frozen=True, kw_only=True)
class _Endpoint:
    """What a check asks, whom, and what it takes the answer for."""

    what: str
    region: str
    path: str
    search: str
    inverted: bool


def _deep(region: str) -> _Endpoint:
    return _Endpoint(what="deep", region=region, path=READY_PATH, search=_READY, inverted=False)


def _evacuation(region: str, watcher: str) -> _Endpoint:
    path = f"/evacuation/{region}"
    return _Endpoint(what="evacuation", region=watcher, path=path, search=_EVACUATED, inverted=True)


class RegionHealth(pulumi.ComponentResource):
    """The health checks of one Region; the last of them is what records follow.

    - *deep*: the Region says that it can predict, from its own model and nothing it shares;
    - *evacuation*, one a watcher: that Region does **not** say that this one is evacuated.
      Inverted, so that a missing flag, a broken switch and a lost watcher all read "not
      evacuated": losing a watcher never takes the watched one out;
    - *serving*: all of these.

    Checks run from all of Route 53's checker Regions, so no single Region's loss decides.

    Evacuation checks are numbered, not named after their watcher: when a Region joins or leaves
    the ring they look elsewhere and keep their status. A new inverted check begins *unhealthy*
    until it has data, so the one that a third Region brings is made at once, and counts only when
    that Region stands.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
    """

    deep_check_id: pulumi.Output[str]
    evacuation_check_ids: dict[str, pulumi.Output[str]]
    serving_check_id: pulumi.Output[str]

    def __init__(
        self, name: str, args: RegionHealthArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:RegionHealth", name, None, opts)
        names, settings = args.names, args.settings
        self.deep_check_id = self._endpoint_check(f"{name}-deep", args, _deep(names.region)).id
        self.evacuation_check_ids = {
            watcher: self._endpoint_check(
                f"{name}-evacuation-{number}", args, _evacuation(names.region, watcher)
            ).id
            for number, watcher in enumerate(watchers_of(names.region, settings.regions), start=1)
        }
        children = [self.deep_check_id, *self.evacuation_check_ids.values()]
        serving = aws.route53.HealthCheck(
            f"{name}-serving",
            type="CALCULATED",
            child_healthchecks=children,
            child_health_threshold=len(children),
            tags=names.tags(names.role("serving")),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.watchers]),
        )
        self.serving_check_id = serving.id
        self.register_outputs({"servingCheckId": self.serving_check_id})

    def _endpoint_check(
        self, name: str, args: RegionHealthArgs, endpoint: _Endpoint
    ) -> aws.route53.HealthCheck:
        settings = args.settings
        return aws.route53.HealthCheck(
            name,
            type="HTTPS_STR_MATCH",
            fqdn=regional_name(endpoint.region, settings.zone_name),
            port=HEALTH_PORT,
            enable_sni=True,
            resource_path=endpoint.path,
            search_string=endpoint.search,
            invert_healthcheck=endpoint.inverted,
            request_interval=settings.health_check_interval_s,
            failure_threshold=settings.failure_threshold,
            tags=args.names.tags(args.names.role(endpoint.what)),
            opts=pulumi.ResourceOptions(parent=self),
        )
