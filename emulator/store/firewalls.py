"""Web ACLs in front of load balancers, as frozen views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.wafv2.models import wafv2_backends

from emulator.store.backends import backend_of, region_of, values_of


@dataclass(frozen=True, kw_only=True)
class RateRule:
    """A limit of requests in a window, for each client address. `blocks`: or counts only."""

    name: str
    limit: int
    window_s: float
    blocks: bool


@dataclass(frozen=True, kw_only=True)
class Firewall:
    """A web ACL: the part of it that acts here."""

    arn: str
    rate_rules: tuple[RateRule, ...]


def read_firewall(load_balancer_arn: str) -> Firewall | None:
    """The web ACL in front of a load balancer; None without one."""
    backend = backend_of(wafv2_backends, region_of(load_balancer_arn))
    for raw in values_of(backend.wacls) if backend else []:
        if load_balancer_arn in raw.associated_resources:
            rules = sorted(raw.rules, key=lambda rule: int(rule.priority))
            found = [_rate_rule(rule) for rule in rules]
            return Firewall(arn=raw.arn, rate_rules=tuple(rule for rule in found if rule))
    return None


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
