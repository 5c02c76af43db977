"""ELB: hosted zones by Region, attributes with AWS's defaults, targets' real health.

Stock moto gives every load balancer one hosted zone id, leaves out attributes that AWS always
shows, keeps a Lambda target group's matcher as it was created, and calls every target healthy.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

from emulator.patches.mending import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.patches.hooks import Hooks

# https://docs.aws.amazon.com/general/latest/gr/elb.html
ZONE_IDS: Final = {
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-1": "Z368ELLRRE2KJ0",
    "us-west-2": "Z1H1FL5HABSF5",
    "ca-central-1": "ZQSVJUPU6J1EY",
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-north-1": "Z23TAZ6LKFMNIO",
    "eu-west-1": "Z32O12XQLNTSW2",
    "eu-west-2": "ZHURV8PSTC4K8",
    "eu-west-3": "Z3Q77PNBQS71R4",
    "eu-south-1": "Z3ULH7SSC9OV64",
    "ap-northeast-1": "Z14GRHDCWA56QT",
    "ap-northeast-2": "ZWKZPGTI48KDX",
    "ap-northeast-3": "Z5LXEXXYW11ES",
    "ap-south-1": "ZP97RAFLXTNZK",
    "ap-southeast-1": "Z1LMS91P8CMLE5",
    "ap-southeast-2": "Z1GM3OXH4ZPM65",
    "sa-east-1": "Z2P70J7HTTTPLU",
}

# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
ATTRIBUTES: Final = {
    "access_logs.s3.enabled": "false",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}


def apply(hooks: Callable[[], Hooks]) -> None:
    """Mend load balancers, target groups and target health."""
    _mend_load_balancers()
    _mend_target_groups()
    _mend_target_health(hooks)


def _mend_load_balancers() -> None:
    from moto.elbv2.models import FakeLoadBalancer

    stock = FakeLoadBalancer.__init__

    def make(self: Any, *args: Any, **named: Any) -> None:
        stock(self, *args, **named)
        region = self.arn.split(":")[3]
        self.canonical_hosted_zone_id = ZONE_IDS.get(region, self.canonical_hosted_zone_id)
        if self.type == "application":
            self.attrs = self.attrs | ATTRIBUTES

    replace(FakeLoadBalancer, "__init__", make)


def _mend_target_groups() -> None:
    from moto.elbv2.models import ELBv2Backend

    stock = ELBv2Backend.modify_target_group

    parameters = inspect.signature(stock)

    def modify(self: Any, *args: Any, **named: Any) -> Any:
        group = stock(self, *args, **named)
        codes = parameters.bind(self, *args, **named).arguments.get("http_codes")
        if codes is not None:
            group.matcher = {**group.matcher, "HttpCode": codes}
        return group

    replace(ELBv2Backend, "modify_target_group", modify)


def _mend_target_health(hooks: Callable[[], Hooks]) -> None:
    from moto.elbv2.models import ELBv2Backend, FakeHealthStatus

    stock = ELBv2Backend.describe_target_health

    def describe(self: Any, target_group_arn: str, targets: list[dict[str, Any]]) -> list[Any]:
        shown: list[Any] = stock(self, target_group_arn, targets)
        if self.target_groups[target_group_arn].target_type != "lambda":
            return shown
        found = {each.target: each for each in hooks().target_health(target_group_arn)}
        return [
            FakeHealthStatus(
                each.instance_id,
                each.port,
                each.health_check_port,
                status.state,
                status.reason,
                status.description,
            )
            if (status := found.get(each.instance_id))
            else each
            for each in shown
        ]

    replace(ELBv2Backend, "describe_target_health", describe)
