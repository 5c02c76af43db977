"""Load balancers, target groups, certificates and trust stores, as frozen views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from moto.acm.models import acm_backends
from moto.elbv2.models import elbv2_backends

from emulator.store.backends import backend_of, region_of, regional, values_of
from emulator.store.listeners import Forward, Listener, listener_view

# Defaults of attributes that a program leaves alone.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
DEFAULT_CLIENT_KEEP_ALIVE_S: Final = 3600
DEFAULT_IDLE_TIMEOUT_S: Final = 60


@dataclass(frozen=True, kw_only=True)
class LoadBalancer:
    """An Application Load Balancer.

    `zones` holds the name of each Availability Zone it is in, `zone_ids` their ids in that order.
    """

    arn: str
    name: str
    region: str
    dns_name: str
    zones: tuple[str, ...]
    listeners: tuple[Listener, ...]
    client_keep_alive_s: float
    idle_timeout_s: float
    access_log_bucket: str = ""
    access_log_prefix: str = ""
    zone_ids: tuple[str, ...] = ()
    zonal_shift: bool = False
    """Whether it takes part in zonal shifts."""

    def target_group_arns(self) -> frozenset[str]:
        """Target groups that some rule of some listener forwards to."""
        return frozenset(
            arn
            for listener in self.listeners
            for rule in listener.rules
            if isinstance(rule.action, Forward)
            for arn, _ in rule.action.target_groups
        )


@dataclass(frozen=True, kw_only=True)
class TargetGroupHealthCheck:
    """Health check settings of a target group; `matcher` as AWS writes it (`200-299,404`)."""

    enabled: bool
    path: str
    interval_s: float
    timeout_s: float
    healthy_threshold: int
    unhealthy_threshold: int
    matcher: str


@dataclass(frozen=True, kw_only=True)
class TargetGroup:
    """A target group. For `target_type == "lambda"`, `targets` holds at most one function ARN."""

    arn: str
    name: str
    region: str
    target_type: str
    targets: tuple[str, ...]
    multi_value_headers: bool
    health_check: TargetGroupHealthCheck


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """An ACM certificate."""

    arn: str
    names: tuple[str, ...]
    status: str


@dataclass(frozen=True, kw_only=True)
class TrustStore:
    """The authorities whose client certificates a listener takes; `bundle` is PEM."""

    arn: str
    bundle: str


def read_load_balancers() -> list[LoadBalancer]:
    """Every Application Load Balancer in every Region, oldest first within a Region."""
    return [
        _load_balancer(raw, region)
        for region, backend in regional(elbv2_backends)
        for raw in values_of(backend.load_balancers)
        if raw.type == "application"
    ]


def read_load_balancer(arn: str) -> LoadBalancer | None:
    """One load balancer, or None when it does not exist (any more)."""
    backend = backend_of(elbv2_backends, region_of(arn))
    raw = backend.load_balancers.get(arn) if backend else None
    return _load_balancer(raw, region_of(arn)) if raw is not None else None


def read_load_balancer_named(dns_name: str) -> LoadBalancer | None:
    """One load balancer by its DNS name, or None when there is no such one."""
    for region, backend in regional(elbv2_backends):
        for raw in values_of(backend.load_balancers):
            if raw.dns_name.lower() == dns_name and raw.type == "application":
                return _load_balancer(raw, region)
    return None


def read_target_groups() -> list[TargetGroup]:
    """Every target group in every Region."""
    return [
        _target_group(raw)
        for _, backend in regional(elbv2_backends)
        for raw in values_of(backend.target_groups)
    ]


def read_target_group(arn: str) -> TargetGroup | None:
    """One target group, or None when it does not exist (any more)."""
    backend = backend_of(elbv2_backends, region_of(arn))
    raw = backend.target_groups.get(arn) if backend else None
    return _target_group(raw) if raw is not None else None


def read_certificate(arn: str) -> Certificate | None:
    """One ACM certificate, or None when it does not exist."""
    backend = backend_of(acm_backends, region_of(arn))
    raw = backend._certificates.get(arn) if backend else None  # noqa: SLF001  # no public read
    if raw is None:
        return None
    names = (str(raw.common_name), *(str(name) for name in raw.sans))
    return Certificate(arn=arn, names=tuple(dict.fromkeys(names)), status=str(raw.status))


def read_trust_store(arn: str) -> TrustStore | None:
    """One trust store, or None when it does not exist (any more)."""
    backend = backend_of(elbv2_backends, region_of(arn))
    raw = getattr(backend, "trust_stores", {}).get(arn)
    return TrustStore(arn=arn, bundle=str(raw.bundle)) if raw is not None else None


def _load_balancer(raw: Any, region: str) -> LoadBalancer:
    attributes: dict[str, str] = dict(raw.attrs)
    zones = {str(each.availability_zone): str(each.availability_zone_id) for each in [*raw.subnets]}
    return LoadBalancer(
        arn=raw.arn,
        name=raw.name,
        region=region,
        dns_name=raw.dns_name,
        zones=tuple(sorted(zones)),
        zone_ids=tuple(zones[name] for name in sorted(zones)),
        zonal_shift=attributes.get("zonal_shift.config.enabled") == "true",
        listeners=tuple(listener_view(listener) for listener in values_of(raw.listeners)),
        client_keep_alive_s=float(
            attributes.get("client_keep_alive.seconds", DEFAULT_CLIENT_KEEP_ALIVE_S)
        ),
        idle_timeout_s=float(
            attributes.get("idle_timeout.timeout_seconds", DEFAULT_IDLE_TIMEOUT_S)
        ),
        access_log_bucket=attributes.get("access_logs.s3.bucket", "")
        if attributes.get("access_logs.s3.enabled") == "true"
        else "",
        access_log_prefix=attributes.get("access_logs.s3.prefix", ""),
    )


def _target_group(raw: Any) -> TargetGroup:
    attributes: dict[str, Any] = dict(raw.attributes)
    return TargetGroup(
        arn=raw.arn,
        name=raw.name,
        region=raw.region_name,
        target_type=raw.target_type,
        targets=tuple(str(target["Id"]) for target in values_of(raw.targets)),
        multi_value_headers=attributes.get("lambda.multi_value_headers.enabled") == "true",
        health_check=TargetGroupHealthCheck(
            enabled=bool(raw.health_check_enabled),
            path=raw.health_check_path or "/",
            interval_s=float(raw.health_check_interval_seconds),
            timeout_s=float(raw.health_check_timeout_seconds),
            healthy_threshold=int(raw.healthy_threshold_count),
            unhealthy_threshold=int(raw.unhealthy_threshold_count),
            matcher=str((getattr(raw, "matcher", None) or {}).get("HttpCode") or "200"),
        ),
    )
