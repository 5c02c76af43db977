"""The two doors of a Region, for clients and for health checkers, and who gets what at each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.rule import Said, alone, each, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource

_CLIENTS: Final = 443
_HEALTH: Final = 9443
_HIDDEN: Final = {"/health/*", "/evacuation/*"}
_SHOWN: Final = {"/health/ready", "/health/live", "/evacuation/*"}


@whole
def every_region_has_two_doors(graph: Graph) -> Iterator[Said]:
    """A Region listens for clients on 443 and for health checkers on 9443, and on nothing else.

    Clients and health checkers must be told apart: the one must show who they are, the other
    cannot, and what they see of the Region's health is nobody else's business.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html
    """
    for region, found in graph.per_region("Listener").items():
        ports = sorted(int(each.get("port") or 0) for each in found)
        if ports != [_CLIENTS, _HEALTH]:
            yield f"{region} listens on {ports}"


@each("Listener")
def clients_find_no_health_paths(listener: Resource, graph: Graph) -> Iterator[str]:
    """At the clients' door health and evacuation paths have a fixed answer.

    What a Region says of its health tells an attacker when to push, and costs an invocation each
    time it is asked.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html
    """
    if listener.get("port") != _CLIENTS:
        return
    hidden = {
        path
        for rule in _rules(graph, listener)
        if _kinds(rule, "actions") == ["fixed-response"]
        for path in _paths(rule)
    }
    if hidden != _HIDDEN:
        yield f"hides {', '.join(sorted(hidden)) or 'nothing'} from clients"


@each("Listener")
def clients_show_who_they_are(listener: Resource, graph: Graph) -> Iterator[str]:
    """At the clients' door of a production stack, clients show who they are.

    Open to everybody, it is paid for by whoever owns it and taken away by whoever floods it. A
    token must be of one issuer and for this service.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-verify-jwt.html
    """
    if listener.get("port") != _CLIENTS or not graph.production:
        return
    mutual = listener.asked("mutualAuthentication") or {}
    checks = [
        action.get("jwtValidation") or {}
        for action in listener.asked("defaultActions") or []
        if action.get("type") == "jwt-validation"
    ]
    if not checks and mutual.get("mode") != "verify":
        yield "lets anybody in"
    if any(not check.get("additionalClaims") for check in checks):
        yield "takes tokens that its issuer made for others"


@whole
def every_region_asks_clients_the_same(graph: Graph) -> Iterator[Said]:
    """Clients show who they are in the same way at every Region's door.

    A Region that asks for less is the way in for whoever is turned away elsewhere; one that asks
    for more turns everybody away on the day that it is all there is.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-verify-jwt.html
    """
    doors = graph.matching("Listener", port=_CLIENTS)
    doors.sort(key=lambda door: _place(graph, door))
    for door in doors:
        if _asks(door) != _asks(doors[0]):
            told = f"{doors[0].region} for {_asks(doors[0])}"
            yield door, f"asks clients for {_asks(door)}, and {told}"
    bundles = {str(each.get("caCertificatesBundleS3Key")) for each in graph.all("TrustStore")}
    if len(bundles) > 1:
        yield f"the Regions trust different authorities: {', '.join(sorted(bundles))}"


@each("Listener")
def health_checkers_find_nothing_else(listener: Resource, graph: Graph) -> Iterator[str]:
    """The health checkers' door forwards health and evacuation paths, and nothing else.

    It asks nobody who they are: whatever else it answered would be open to all who can reach it.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
    """
    if listener.get("port") != _HEALTH:
        return
    if _kinds(listener, "defaultActions") != ["fixed-response"]:
        yield "answers whatever it is asked"
    rules = _rules(graph, listener)
    shown = {path for rule in rules for path in _paths(rule)}
    if shown != _SHOWN:
        yield f"answers {', '.join(sorted(shown)) or 'nothing'}"
    others = {kind for rule in rules for kind in _kinds(rule, "actions")} - {"forward"}
    if others:
        yield f"asks health checkers for {', '.join(sorted(others))}"


@alone("HealthCheck")
def health_checks_ask_at_their_own_door(check: Resource) -> Iterator[str]:
    """A health check of an endpoint asks at the health checkers' door.

    At the clients' door it gets a fixed answer, or is asked who it is: the Region reads as lost.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
    """
    if check.get("resourcePath") is not None and check.get("port") != _HEALTH:
        yield f"asks at port {check.get('port')}, not {_HEALTH}"


@whole
def only_health_checkers_reach_the_health_door(graph: Graph) -> Iterator[Said]:
    """The internet reaches the clients' door; the other one only Route 53's health checkers.

    The list of their addresses is AWS's to keep: a list of our own goes stale, and the Region with
    it.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/route-53-ip-addresses.html
    """
    for region, found in graph.per_region("SecurityGroupIngressRule").items():
        admitted = {
            (each.get("fromPort"), each.get("toPort"), each.get("cidrIpv4") is not None)
            for each in found
            if each.get("cidrIpv4") is not None or each.get("prefixListId") is not None
        }
        if admitted != {(_CLIENTS, _CLIENTS, True), (_HEALTH, _HEALTH, False)}:
            yield f"{region} admits {sorted(map(str, admitted))}"
    for rule in graph.all("SecurityGroupEgressRule"):
        yield rule, "lets a load balancer reach out"


def _place(graph: Graph, resource: Resource) -> int:
    regions = graph.regions
    return regions.index(resource.region) if resource.region in regions else len(regions)


def _asks(door: Resource) -> str:
    """What clients must show at a door; the same text for the same demands."""
    mode = (door.asked("mutualAuthentication") or {}).get("mode")
    tokens = [
        action.get("jwtValidation") or {}
        for action in door.asked("defaultActions") or []
        if action.get("type") == "jwt-validation"
    ]
    demands = [f"tokens {json.dumps(each, sort_keys=True)}" for each in tokens]
    return ", ".join(demands + ([f"certificates ({mode})"] if mode else [])) or "nothing"


def _rules(graph: Graph, listener: Resource) -> list[Resource]:
    return [
        each
        for each in graph.all("ListenerRule")
        if listener in graph.behind(each, "listenerArn", "Listener")
    ]


def _paths(rule: Resource) -> list[str]:
    conditions: list[dict[str, Any]] = rule.asked("conditions") or []
    patterns = [each.get("pathPattern") or {} for each in conditions]
    return [str(path) for pattern in patterns for path in pattern.get("values", [])]


def _kinds(resource: Resource, key: str) -> list[str]:
    return [str(action.get("type")) for action in resource.asked(key) or []]
