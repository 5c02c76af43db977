"""The edge of a Region: two doors, and who is answered at which."""

from collections.abc import Iterator

from tests.infra.graph import Graph, Resource, regions_of

CLIENTS, HEALTH = 443, 9443


def every_balancer_has_two_doors(graph: Graph) -> Iterator[str]:
    for region in regions_of(graph):
        ports = sorted(
            each.inputs["port"] for each in graph.of("Listener") if each.inputs["region"] == region
        )
        if ports != [CLIENTS, HEALTH]:
            yield f"{region} listens on {ports}"


def clients_find_no_health_paths(graph: Graph) -> Iterator[str]:
    for listener in _at(graph, CLIENTS):
        hidden = {
            path
            for rule in _rules(graph, listener)
            if _kinds(rule.inputs["actions"]) == ["fixed-response"]
            for path in _paths(rule)
        }
        if hidden != {"/health/*", "/evacuation/*"}:
            yield f"{listener} hides {sorted(hidden)} from clients"


def health_checkers_find_nothing_else(graph: Graph) -> Iterator[str]:
    for listener in _at(graph, HEALTH):
        if _kinds(listener.inputs["defaultActions"]) != ["fixed-response"]:
            yield f"{listener} answers whatever it is asked"
        served = {path for rule in _rules(graph, listener) for path in _paths(rule)}
        if served != {"/health/ready", "/health/live", "/evacuation/*"}:
            yield f"{listener} answers {sorted(served)}"
        kinds = {
            kind for rule in _rules(graph, listener) for kind in _kinds(rule.inputs["actions"])
        }
        if kinds != {"forward"}:
            yield f"{listener} asks health checkers for {sorted(kinds - {'forward'})}"
    for check in graph.of("HealthCheck"):
        if check.inputs["type"] != "CALCULATED" and check.inputs["port"] != HEALTH:
            yield f"{check} asks at the clients' door"


def only_health_checkers_reach_the_health_door(graph: Graph) -> Iterator[str]:
    for region in regions_of(graph):
        rules = [
            each.inputs
            for each in graph.of("SecurityGroupIngressRule")
            if each.inputs["region"] == region
        ]
        admitted = {
            (each["fromPort"], each["toPort"], each.get("cidrIpv4") or each.get("prefixListId"))
            for each in rules
        }
        checkers = f"com.amazonaws.{region}.route53-healthchecks"
        if admitted != {(CLIENTS, CLIENTS, "0.0.0.0/0"), (HEALTH, HEALTH, checkers)}:
            yield f"{region} admits {sorted(map(str, admitted))}"
    if any(each.type.endswith("SecurityGroupEgressRule") for each in graph.custom):
        yield "a load balancer may reach out"


def _at(graph: Graph, port: int) -> list[Resource]:
    return [each for each in graph.of("Listener") if each.inputs["port"] == port]


def _rules(graph: Graph, listener: Resource) -> list[Resource]:
    arn = listener.outputs["arn"]
    return [each for each in graph.of("ListenerRule") if each.inputs["listenerArn"] == arn]


def _paths(rule: Resource) -> list[str]:
    return [path for each in rule.inputs["conditions"] for path in each["pathPattern"]["values"]]


def _kinds(actions: list[dict[str, str]]) -> list[str]:
    return [action["type"] for action in actions]
