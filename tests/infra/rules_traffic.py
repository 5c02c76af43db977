"""How clients are led to a Region that serves, and what the stack tells of itself."""

import json
from collections.abc import Iterator
from typing import Any

from tests.infra.graph import Graph, Resource


def deep_checks_ask_each_region_itself(graph: Graph) -> Iterator[str]:
    for entry in graph.outputs["regions"]:
        check = check_by_id(graph, entry["deepCheckId"]).inputs
        if check["type"] != "HTTPS_STR_MATCH" or check["searchString"] != '"ready":true':
            yield f"{entry['region']}: its deep check only looks at the surface"
        if (check["fqdn"], check["resourcePath"]) != (entry["regionalName"], "/health/ready"):
            yield f"{entry['region']}: its deep check asks {check['fqdn']}{check['resourcePath']}"
        if check.get("invertHealthcheck"):
            yield f"{entry['region']}: its deep check is inverted"


def evacuation_checks_are_inverted_and_ask_the_watcher(graph: Graph) -> Iterator[str]:
    entries = graph.outputs["regions"]
    for entry, watcher in zip(entries, entries[1:] + entries[:1], strict=True):
        check = check_by_id(graph, entry["evacuationCheckId"]).inputs
        if not check.get("invertHealthcheck"):
            yield f"{entry['region']}: losing its watcher takes it out of service"
        if check["fqdn"] != watcher["regionalName"] or watcher["region"] == entry["region"]:
            yield f"{entry['region']}: its evacuation check asks {check['fqdn']}"
        if check["resourcePath"] != f"/evacuation/{entry['region']}":
            yield f"{entry['region']}: its evacuation check asks for {check['resourcePath']}"
        if check["type"] != "HTTPS_STR_MATCH" or check["searchString"] != '"evacuated":true':
            yield f"{entry['region']}: its evacuation check looks for the wrong words"
        switch = graph.one(
            "Function", region=watcher["region"], name=watcher["evacuationFunctionName"]
        )
        variables = switch.inputs["environment"]["variables"]
        if entry["region"] not in variables["UNDERSTUDY_WATCHED_REGIONS"].split(","):
            yield f"{watcher['region']}: its switch does not know {entry['region']}"
        if variables["UNDERSTUDY_EVACUATION_BUCKET"] != watcher["evacuationBucket"]:
            yield f"{watcher['region']}: its switch reads another bucket"


def serving_checks_need_both(graph: Graph) -> Iterator[str]:
    for entry in graph.outputs["regions"]:
        check = check_by_id(graph, entry["servingCheckId"]).inputs
        children = set(check.get("childHealthchecks", ()))
        if check["type"] != "CALCULATED" or children != {
            entry["deepCheckId"],
            entry["evacuationCheckId"],
        }:
            yield f"{entry['region']}: its serving check is made of {children}"
        if check.get("childHealthThreshold") != 2:
            yield f"{entry['region']}: one of the two is enough to serve"


def failover_records_are_complete_and_distinct(graph: Graph) -> Iterator[str]:
    entries = {entry["region"]: entry for entry in graph.outputs["regions"]}
    records = [each for each in graph.of("Record") if "failoverRoutingPolicies" in each.inputs]
    roles = [each.inputs["failoverRoutingPolicies"][0]["type"] for each in records]
    primaries = [
        each.inputs["setIdentifier"]
        for each in records
        if each.inputs["failoverRoutingPolicies"] == [{"type": "PRIMARY"}]
    ]
    if sorted(roles) != ["PRIMARY", "SECONDARY"] or len(records) != len(entries):
        yield f"the failover records are {roles}"
    if {each.inputs["setIdentifier"] for each in records} != set(entries):
        yield "the failover records are not one for each Region"
    if primaries != [next(iter(entries))]:
        yield "the first Region of the settings is not the primary"
    for record in records:
        region = record.inputs["setIdentifier"]
        if record.inputs["name"] != graph.outputs["predictName"]:
            yield f"{record} answers for {record.inputs['name']}"
        if record.inputs.get("healthCheckId") != entries[region]["servingCheckId"]:
            yield f"{record} does not follow the serving check of {region}"
        balancer = graph.one("LoadBalancer", region=region)
        if balancer.outputs["dnsName"] not in json.dumps(record.inputs):
            yield f"{record} does not lead to the load balancer of {region}"


def regional_names_lead_home(graph: Graph) -> Iterator[str]:
    for entry in graph.outputs["regions"]:
        record = graph.one("Record", name=entry["regionalName"])
        (alias,) = record.inputs["aliases"]
        if alias["name"] != graph.one("LoadBalancer", region=entry["region"]).outputs["dnsName"]:
            yield f"{record} leads to {alias['name']}"
        if "healthCheckId" in record.inputs or alias["evaluateTargetHealth"]:
            yield f"{record} hides a Region that is being looked at"


def outputs_are_identifiers(graph: Graph) -> Iterator[str]:
    expected = {"project", "stack", "zoneId", "zoneName", "predictName", "regions"}
    if set(graph.outputs) != expected:
        yield f"the outputs are {sorted(graph.outputs)}"
    regional = {
        *("region", "regionalName", "loadBalancerArn", "listenerArn", "targetGroupArn"),
        *("functionName", "aliasName", "evacuationFunctionName", "releaseBucket"),
        *("predictionBucket", "evacuationBucket", "deepCheckId", "evacuationCheckId"),
        *("servingCheckId", "objectivesParameter"),
    }
    for entry in graph.outputs["regions"]:
        if set(entry) != regional or not all(isinstance(each, str) for each in entry.values()):
            yield f"the outputs of a Region are {entry}"


def objectives_are_in_every_region(graph: Graph) -> Iterator[str]:
    for entry in graph.outputs["regions"]:
        parameter = graph.one("Parameter", region=entry["region"])
        if parameter.inputs["name"] != entry["objectivesParameter"]:
            yield f"{parameter} is called {parameter.inputs['name']}"
        told = json.loads(parameter.inputs["value"])
        if set(told) != {"rto_s", "rpo_s", "availability", "failback_hold_s"}:
            yield f"{parameter} tells {told}"


def check_by_id(graph: Graph, check_id: str) -> Resource:
    return graph.one_with_id("HealthCheck", check_id)


def settings_of_checks(graph: Graph) -> set[tuple[Any, Any]]:
    """Return interval and threshold of every check that asks an endpoint."""
    return {
        (each.inputs["requestInterval"], each.inputs["failureThreshold"])
        for each in graph.of("HealthCheck")
        if each.inputs["type"] != "CALCULATED"
    }
