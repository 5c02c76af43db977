"""Web ACLs in front of load balancers, as frozen views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from moto.logs.models import logs_backends
from moto.wafv2.models import wafv2_backends

from emulator.store.backends import backend_of, region_of, values_of

_ACTIONS: Final = ("ALLOW", "BLOCK")


@dataclass(frozen=True, kw_only=True)
class RateRule:
    """A limit of requests in a window, for each client address. `blocks`: or counts only."""

    name: str
    limit: int
    window_s: float
    blocks: bool


@dataclass(frozen=True, kw_only=True)
class Logging:
    """What a web ACL writes down. `kept`: requests with these actions, `ALLOW` and `BLOCK`."""

    log_group: str
    kept: frozenset[str]
    redacted_headers: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Firewall:
    """A web ACL: the part of it that acts here."""

    arn: str
    rate_rules: tuple[RateRule, ...]
    logging: Logging | None = None


def read_firewall(load_balancer_arn: str) -> Firewall | None:
    """The web ACL in front of a load balancer; None without one."""
    backend = backend_of(wafv2_backends, region_of(load_balancer_arn))
    for raw in values_of(backend.wacls) if backend else []:
        if load_balancer_arn in raw.associated_resources:
            rules = sorted(raw.rules, key=lambda rule: int(rule.priority))
            found = [_rate_rule(rule) for rule in rules]
            return Firewall(
                arn=raw.arn,
                rate_rules=tuple(rule for rule in found if rule),
                logging=_logging(backend.logging_configurations.get(raw.arn)) if backend else None,
            )
    return None


def _logging(raw: Any) -> Logging | None:
    group = str(raw.log_destination_configs[0]).partition(":log-group:")[2] if raw else ""
    if raw is None or not _exists(group.removesuffix(":*"), region_of(raw.arn)):
        return None
    fields = [each.get("SingleHeader", {}).get("Name", "") for each in raw.redacted_fields or ()]
    return Logging(
        log_group=group.removesuffix(":*"),
        kept=frozenset(action for action in _ACTIONS if _keeps(raw.logging_filter, action)),
        redacted_headers=frozenset(str(each).lower() for each in fields if each),
    )


def _exists(group: str, region: str) -> bool:
    backend = backend_of(logs_backends, region)
    return backend is not None and group in backend.groups


def _keeps(logging_filter: dict[str, Any] | None, action: str) -> bool:
    """Whether requests with an action are logged. Managed groups add no labels here."""
    if not logging_filter:
        return True
    for each in logging_filter["Filters"]:
        met = [
            condition.get("ActionCondition", {}).get("Action") == action
            for condition in each["Conditions"]
        ]
        if any(met) if each["Requirement"] == "MEETS_ANY" else all(met):
            return bool(each["Behavior"] == "KEEP")
    return bool(logging_filter["DefaultBehavior"] == "KEEP")


def _rate_rule(raw: Any) -> RateRule | None:
    statement = raw.statement.get("RateBasedStatement")
    if statement is None or statement.get("AggregateKeyType") != "IP":
        return None
    return RateRule(
        name=str(raw.name),
        limit=int(statement["Limit"]),
        window_s=float(statement.get("EvaluationWindowSec", 300)),
        blocks="Block" in (raw.action or {}),
    )
