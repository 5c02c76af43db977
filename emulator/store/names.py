"""Hosted zones, record sets, health checks and alarm states, as frozen views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from moto.cloudwatch.models import cloudwatch_backends
from moto.route53.models import route53_backends

from emulator.store.backends import PARTITION, backend_of, values_of

HTTP_PORT: Final = 80
HTTPS_PORT: Final = 443


@dataclass(frozen=True, kw_only=True)
class AliasTarget:
    """What an alias record leads to. `name` is absolute, lower case, with its final dot."""

    name: str
    evaluate_target_health: bool


@dataclass(frozen=True, kw_only=True)
class Record:
    """One resource record set. `name` is absolute, lower case, with its final dot."""

    name: str
    type: str
    ttl_s: int
    values: tuple[str, ...]
    alias: AliasTarget | None = None
    set_identifier: str | None = None
    health_check_id: str | None = None
    failover: str | None = None
    weight: int | None = None
    region: str | None = None
    multi_value: bool = False


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A public hosted zone."""

    id: str
    name: str
    records: tuple[Record, ...]


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """A Route 53 health check. Fields that its type does not use are empty."""

    id: str
    type: str
    inverted: bool
    disabled: bool
    interval_s: float
    failure_threshold: int
    fqdn: str
    ip_address: str
    port: int
    path: str
    search_string: str
    enable_sni: bool
    regions: tuple[str, ...]
    children: tuple[str, ...]
    health_threshold: int
    alarm_region: str
    alarm_name: str
    insufficient_data_status: str


def absolute(name: str) -> str:
    r"""A name as the data plane compares it: lower case, final dot, `\052` read as `*`."""
    lowered = name.lower().replace(r"\052", "*")
    return lowered if lowered.endswith(".") else lowered + "."


def read_zones() -> list[Zone]:
    """Every public hosted zone."""
    backend = backend_of(route53_backends, PARTITION)
    return [
        Zone(
            id=str(raw.resource_id),
            name=absolute(raw.name),
            records=tuple(_record(record) for record in list(raw.rrsets)),
        )
        for raw in (values_of(backend.zones) if backend else ())
        if not raw.private_zone
    ]


def read_health_checks() -> list[HealthCheck]:
    """Every health check."""
    backend = backend_of(route53_backends, PARTITION)
    return [_health_check(raw) for raw in (values_of(backend.health_checks) if backend else ())]


def read_health_check(check_id: str) -> HealthCheck | None:
    """One health check, or None when it does not exist."""
    backend = backend_of(route53_backends, PARTITION)
    raw = backend.health_checks.get(check_id) if backend else None
    return _health_check(raw) if raw is not None else None


def read_alarm_state(region: str, name: str) -> str | None:
    """`OK`, `ALARM` or `INSUFFICIENT_DATA`; None when there is no such alarm."""
    backend = backend_of(cloudwatch_backends, region)
    alarm = backend.alarms.get(name) if backend else None
    return str(alarm.state_value) if alarm is not None else None


def _record(raw: Any) -> Record:
    alias: dict[str, Any] | None = raw.alias_target
    return Record(
        name=absolute(raw.name),
        type=str(raw.type),
        ttl_s=int(raw.ttl or 0),
        values=tuple(_value(value) for value in list(raw.records or [])),
        alias=_alias(alias) if alias else None,
        set_identifier=raw.set_identifier,
        health_check_id=raw.health_check_id or None,
        failover=raw.failover,
        weight=None if raw.weight is None else int(raw.weight),
        region=raw.region,
        multi_value=str(raw.multi_value_answer).lower() == "true",
    )


def _value(raw: Any) -> str:
    # moto keeps the SOA's value as the API's dictionary and every other one as a string.
    return str(raw["Value"]) if isinstance(raw, dict) else str(raw)


def _alias(raw: dict[str, Any]) -> AliasTarget:
    return AliasTarget(
        name=absolute(raw["DNSName"]),
        evaluate_target_health=str(raw.get("EvaluateTargetHealth")).lower() == "true",
    )


def _health_check(raw: Any) -> HealthCheck:
    kind = str(raw.type_)
    # What moto does not keep, a patch may add under these names (emulator/patches).
    alarm: dict[str, str] = getattr(raw, "alarm_identifier", None) or {}
    return HealthCheck(
        id=raw.id,
        type=kind,
        inverted=_flag(raw.inverted),
        disabled=_flag(raw.disabled),
        interval_s=float(raw.request_interval),
        failure_threshold=int(raw.failure_threshold),
        fqdn=raw.fqdn or "",
        ip_address=raw.ip_address or "",
        port=_port(kind, int(raw.port or 0)),
        path=raw.resource_path or "/",
        search_string=raw.search_string or "",
        enable_sni=_flag(raw.enable_sni),
        regions=tuple(raw.regions or ()),
        children=tuple(raw.children or ()),
        health_threshold=int(raw.health_threshold or 0),
        alarm_region=alarm.get("Region", ""),
        alarm_name=alarm.get("Name", ""),
        insufficient_data_status=getattr(raw, "insufficient_data_health_status", None)
        or "LastKnownStatus",
    )


def _port(kind: str, port: int) -> int:
    """The checked port. moto fills 80 in for a missing port; AWS fills in 443 for HTTPS checks."""
    if kind.startswith("HTTPS") and port in (0, HTTP_PORT):
        return HTTPS_PORT
    return port or HTTP_PORT


def _flag(raw: Any) -> bool:
    return raw if isinstance(raw, bool) else str(raw).lower() == "true"
