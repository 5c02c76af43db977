"""ELB: actions of listeners and rules that AWS refuses.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html: exactly
one action forwards, redirects or answers, and it is the last; what authenticates comes before it,
on HTTPS listeners only.
"""

from __future__ import annotations

from typing import Any, Final

from emulator.patches.mending import replace

_LAST: Final = frozenset({"forward", "redirect", "fixed-response"})
_MOST_CLAIMS: Final = 10
_CHECKED_ANYWAY: Final = frozenset({"exp", "iss", "nbf", "iat"})
_LONGEST: Final = 256


def apply() -> None:
    """Guard every call that gives a listener or a rule its actions."""
    _let_tokens_through()
    _guard_listeners()
    _guard_rules()


def _let_tokens_through() -> None:
    """Stock moto does not know the action and refuses it by its type."""
    from moto.elbv2.models import ELBv2Backend

    stock: Any = vars(ELBv2Backend)["_validate_actions"]  # moto's one place for them

    def validate(self: Any, actions: list[Any]) -> None:
        stock(self, [each for each in actions if each.type != "jwt-validation"])

    replace(ELBv2Backend, "_validate_actions", validate)


def _guard_listeners() -> None:
    from moto.elbv2.models import ELBv2Backend

    stock_create, stock_modify = ELBv2Backend.create_listener, ELBv2Backend.modify_listener

    def create(self: Any, *args: Any, **named: Any) -> Any:
        given = _given(("load_balancer_arn", "protocol", "port"), args, named)
        _refuse(named.get("actions") or [], given["protocol"])
        return stock_create(self, *args, **named)

    def modify(self: Any, arn: str, *args: Any, **named: Any) -> Any:
        names = ("port", "protocol", "ssl_policy", "certificates", "actions")
        given = _given(names, args, named)
        (listener,) = self.describe_listeners(load_balancer_arn=None, listener_arns=[arn])
        if given.get("actions"):
            _refuse(given["actions"], given.get("protocol") or listener.protocol)
        return stock_modify(self, arn, *args, **named)

    replace(ELBv2Backend, "create_listener", create)
    replace(ELBv2Backend, "modify_listener", modify)


def _guard_rules() -> None:
    from moto.elbv2.models import ELBv2Backend

    stock_create, stock_modify = ELBv2Backend.create_rule, ELBv2Backend.modify_rule

    def create(self: Any, *args: Any, **named: Any) -> Any:
        given = _given(("listener_arn", "conditions", "priority", "actions"), args, named)
        _refuse(given["actions"], _protocol(self, given["listener_arn"]))
        return stock_create(self, *args, **named)

    def modify(self: Any, *args: Any, **named: Any) -> Any:
        given = _given(("rule_arn", "conditions", "actions"), args, named)
        if given.get("actions"):
            listener = given["rule_arn"].replace(":listener-rule/", ":listener/").rpartition("/")[0]
            _refuse(given["actions"], _protocol(self, listener))
        return stock_modify(self, *args, **named)

    replace(ELBv2Backend, "create_rule", create)
    replace(ELBv2Backend, "modify_rule", modify)


def _given(names: tuple[str, ...], args: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    return dict(zip(names, args, strict=False)) | named


def _protocol(backend: Any, listener_arn: str) -> str:
    for balancer in backend.load_balancers.values():
        if listener_arn in balancer.listeners:
            return str(balancer.listeners[listener_arn].protocol)
    return ""  # moto says itself that there is no such listener


def _refuse(actions: list[dict[str, Any]], protocol: str) -> None:
    from moto.elbv2.exceptions import ELBClientError

    problem = problem_with(actions, protocol)
    if problem:
        raise ELBClientError(*problem)


def problem_with(actions: list[dict[str, Any]], protocol: str) -> tuple[str, str] | None:
    """Error code and message when these actions cannot be; None when they can."""
    if len(actions) > 1 and any(action.get("Order") is None for action in actions):
        return "ValidationError", "An action's order is required where there are several actions"
    ordered = sorted(actions, key=lambda action: int(action.get("Order") or 0))
    kinds = [str(action.get("Type")) for action in ordered]
    if sum(kind in _LAST for kind in kinds) != 1 or kinds[-1] not in _LAST:
        message = (
            f"The actions are {', '.join(kinds)}; exactly one forward, redirect or fixed-response "
            "is expected, as the last"
        )
        return "InvalidLoadBalancerAction", message
    for action in ordered:
        if action["Type"] == "jwt-validation":
            return _token_problem(action.get("JwtValidationConfig") or {}, protocol)
    return None


def _token_problem(config: dict[str, Any], protocol: str) -> tuple[str, str] | None:
    if protocol != "HTTPS":
        message = f"The jwt-validation action is for HTTPS listeners, not for {protocol}"
        return "InvalidLoadBalancerAction", message
    endpoint, issuer = str(config.get("JwksEndpoint", "")), str(config.get("Issuer", ""))
    if not endpoint.startswith("https://") or max(len(endpoint), len(issuer)) > _LONGEST:
        message = f"'{endpoint}' must be an HTTPS URL, and it and the issuer 256 characters at most"
        return "ValidationError", message
    claims: list[dict[str, Any]] = config.get("AdditionalClaims") or []
    if len(claims) > _MOST_CLAIMS or any(each["Name"] in _CHECKED_ANYWAY for each in claims):
        named = ", ".join(str(each["Name"]) for each in claims)
        message = f"At most 10 additional claims, none of exp, iss, nbf and iat; got {named}"
        return "ValidationError", message
    return None
