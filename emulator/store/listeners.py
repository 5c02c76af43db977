"""Listeners of load balancers, their rules and what those do, as frozen views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator.store.backends import values_of


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One condition of a rule. `values` are alternatives; a query value may carry a key."""

    field: str
    values: tuple[str, ...] = ()
    header: str = ""
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Forward:
    """Forward to one of the weighted target groups."""

    target_groups: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class FixedResponse:
    """Answer without a target."""

    status: int
    content_type: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Redirect:
    """Redirect; parts may hold `#{host}`, `#{path}`, `#{port}`, `#{protocol}`, `#{query}`."""

    status: int
    protocol: str
    host: str
    port: str
    path: str
    query: str


@dataclass(frozen=True, kw_only=True)
class UnsupportedAction:
    """An action that the data plane does not serve (authentication)."""

    kind: str


Action = Forward | FixedResponse | Redirect | UnsupportedAction


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim that a token must hold: one of `values` (all of a request's, as `format` says)."""

    name: str
    format: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TokenRule:
    """A `jwt-validation` action: which tokens let a request on to the rule's last action."""

    issuer: str
    jwks_endpoint: str
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What to do with requests that meet every condition. `priority` is None for the default."""

    arn: str
    priority: int | None
    conditions: tuple[Condition, ...]
    action: Action
    tokens: TokenRule | None = None


@dataclass(frozen=True, kw_only=True)
class Listener:
    """One port of a load balancer. `rules` are in the order they are tried; the default is last.

    `trust_store_arn`: clients must present a certificate of one of its authorities.
    """

    arn: str
    port: int
    protocol: str
    certificate_arns: tuple[str, ...]
    rules: tuple[Rule, ...]
    trust_store_arn: str | None = None


def listener_view(raw: Any) -> Listener:
    """One listener as moto keeps it."""
    rules = [_rule(rule) for rule in values_of(raw.rules)]
    numbered = sorted(
        (rule for rule in rules if rule.priority is not None), key=lambda rule: rule.priority or 0
    )
    default = [rule for rule in rules if rule.priority is None]
    return Listener(
        arn=raw.arn,
        port=int(raw.port),
        protocol=str(raw.protocol),
        certificate_arns=tuple(_certificate_arn(item) for item in list(raw.certificates)),
        rules=(*numbered, *default),
        trust_store_arn=_trust_store_arn(raw),
    )


def _trust_store_arn(raw: Any) -> str | None:
    found: dict[str, Any] = getattr(raw, "mutual_authentication", None) or {}
    return str(found["TrustStoreArn"]) if found.get("Mode") == "verify" else None


def _certificate_arn(item: Any) -> str:
    # moto keeps plain ARNs after a create and the API's dictionaries after a modify.
    return str(item["CertificateArn"]) if isinstance(item, dict) else str(item)


def _rule(raw: Any) -> Rule:
    actions = [action.data for action in list(raw.actions)]
    return Rule(
        arn=raw.arn,
        priority=None if raw.is_default else int(raw.priority),
        conditions=tuple(_condition(item) for item in list(raw.conditions)),
        action=_action(actions),
        tokens=_tokens(actions),
    )


def _condition(raw: dict[str, Any]) -> Condition:
    field = str(raw["Field"])
    config: dict[str, Any] = next(
        (value for key, value in raw.items() if key.endswith("Config")), raw
    )
    values: list[Any] = config.get("Values") or []
    if field == "query-string":
        query = tuple((str(item.get("Key") or ""), str(item["Value"])) for item in values)
        return Condition(field=field, query=query)
    header = str(config.get("HttpHeaderName") or "")
    return Condition(field=field, values=tuple(str(value) for value in values), header=header)


def _action(actions: list[dict[str, Any]]) -> Action:
    """The action that ends the rule: the last one in order (AWS requires it to be)."""
    data = max(actions, key=lambda action: int(action.get("Order") or 0))
    kind = str(data["Type"])
    if kind == "forward":
        return Forward(target_groups=_weighted_target_groups(data))
    if kind == "fixed-response":
        config = data["FixedResponseConfig"]
        return FixedResponse(
            status=int(config["StatusCode"]),
            content_type=config.get("ContentType") or "text/plain",
            body=config.get("MessageBody") or "",
        )
    if kind == "redirect":
        config = data["RedirectConfig"]
        return Redirect(
            status=int(str(config["StatusCode"]).removeprefix("HTTP_")),
            protocol=config.get("Protocol") or "#{protocol}",
            host=config.get("Host") or "#{host}",
            port=config.get("Port") or "#{port}",
            path=config.get("Path") or "/#{path}",
            query=config.get("Query") or "#{query}",
        )
    return UnsupportedAction(kind=kind)


def _tokens(actions: list[dict[str, Any]]) -> TokenRule | None:
    for data in actions:
        if data["Type"] == "jwt-validation":
            config = data["JwtValidationConfig"]
            return TokenRule(
                issuer=str(config["Issuer"]),
                jwks_endpoint=str(config["JwksEndpoint"]),
                claims=tuple(
                    Claim(
                        name=str(each["Name"]),
                        format=str(each["Format"]),
                        values=tuple(map(str, each["Values"])),
                    )
                    for each in config.get("AdditionalClaims") or []
                ),
            )
    return None


def _weighted_target_groups(data: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    groups: list[dict[str, Any]] = (data.get("ForwardConfig") or {}).get("TargetGroups") or []
    if not groups:
        return ((str(data["TargetGroupArn"]), 1),)
    return tuple((str(group["TargetGroupArn"]), int(group.get("Weight", 1))) for group in groups)
