"""Which rule of a listener a request meets, and the answers that need no target.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from emulator.dataplane.alb_messages import SERVER, Request, Response, phrase_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.store.listeners import Condition, FixedResponse, Listener, Redirect, Rule


def matching_rule(listener: Listener, request: Request) -> Rule | None:
    """The first rule, in order of priority, whose every condition the request meets."""
    for rule in listener.rules:
        if all(meets(condition, request) for condition in rule.conditions):
            return rule
    return None


def meets(condition: Condition, request: Request) -> bool:
    """Whether a request meets one condition: any of its values is enough.

    A condition on a field that is not known is never met.
    """
    check = _CHECKS.get(condition.field)
    return check is not None and check(condition, request)


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Keys and values of a query string, in order, undecoded: load balancers do not decode them."""
    return [(key, value) for part in query.split("&") if part for key, _, value in [_split(part)]]


def fixed_response(action: FixedResponse) -> Response:
    """The answer of a fixed-response action."""
    return Response(
        status=action.status,
        phrase=phrase_of(action.status),
        headers=(("Server", SERVER), ("Content-Type", action.content_type)),
        body=action.body.encode(),
    )


def redirect(action: Redirect, request: Request) -> Response:
    """The answer of a redirect action, its placeholders filled from the request."""
    parts = {
        "#{protocol}": request.scheme.upper(),
        "#{host}": _host_of(request),
        "#{port}": str(request.port),
        "#{path}": request.path.removeprefix("/"),
        "#{query}": request.query,
    }

    def filled(text: str) -> str:
        for placeholder, value in parts.items():
            text = text.replace(placeholder, value)
        return text

    query = filled(action.query)
    location = (
        f"{filled(action.protocol).lower()}://{filled(action.host)}:{filled(action.port)}"
        f"{filled(action.path)}{'?' if query else ''}{query}"
    )
    return Response(
        status=action.status,
        phrase=phrase_of(action.status),
        headers=(("Server", SERVER), ("Location", location), ("Content-Type", "text/html")),
    )


def _path_meets(condition: Condition, request: Request) -> bool:
    return any(_pattern(value).fullmatch(request.path) for value in condition.values)


def _host_meets(condition: Condition, request: Request) -> bool:
    return _any_like(condition.values, [_host_of(request)])


def _header_meets(condition: Condition, request: Request) -> bool:
    return _any_like(condition.values, request.header_values(condition.header.lower()))


def _method_meets(condition: Condition, request: Request) -> bool:
    return request.method in condition.values


def _source_meets(condition: Condition, request: Request) -> bool:
    client = ipaddress.ip_address(request.client_ip)
    return any(client in ipaddress.ip_network(value) for value in condition.values)


def _query_meets(condition: Condition, request: Request) -> bool:
    return any(
        (not key or _like(key, found_key)) and _like(value, found_value)
        for key, value in condition.query
        for found_key, found_value in query_pairs(request.query)
    )


def _host_of(request: Request) -> str:
    return (request.header("host") or "").partition(":")[0]


def _split(part: str) -> tuple[str, str, str]:
    return part.partition("=")


def _any_like(patterns: tuple[str, ...], values: list[str]) -> bool:
    return any(_like(pattern, value) for pattern in patterns for value in values)


def _like(pattern: str, value: str) -> bool:
    """Wildcard match without regard to case."""
    return _pattern(pattern.lower()).fullmatch(value.lower()) is not None


@lru_cache(maxsize=512)
def _pattern(pattern: str) -> re.Pattern[str]:
    r"""`*` is any run of characters, `?` any one."""
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


_CHECKS: dict[str, Callable[[Condition, Request], bool]] = {
    "host-header": _host_meets,
    "http-header": _header_meets,
    "http-request-method": _method_meets,
    "path-pattern": _path_meets,
    "query-string": _query_meets,
    "source-ip": _source_meets,
}
