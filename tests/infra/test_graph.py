"""What the program asks AWS for, held against the rules, in both stacks."""

import copy
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra import rules_data, rules_edge, rules_regions, rules_traffic
from tests.infra.graph import Graph, ProgramError, Resource, kind, run_program, stack_config
from tests.infra.graph_rules import RULES, Rule

Break = Callable[[Graph], None]


def rule_id(rule: object) -> str:
    return getattr(rule, "__name__", str(rule))


@pytest.mark.parametrize("rule", RULES, ids=rule_id)
def test_every_stack_keeps_the_rule(graph: Graph, rule: Rule) -> None:
    assert list(rule(graph)) == [], rule.__name__.replace("_", " ")


def change(kind_: str, **inputs: object) -> Break:
    """Give one resource of a kind other inputs; None takes an input away."""

    def apply(graph: Graph) -> None:
        resource = graph.of(kind_)[0]
        for key, value in inputs.items():
            if value is None:
                resource.inputs.pop(key, None)
            elif isinstance(value, dict) and isinstance(resource.inputs.get(key), dict):
                resource.inputs[key].update(value)
            else:
                resource.inputs[key] = value

    return apply


def replace(graph: Graph, resource: Resource, **fields: object) -> None:
    graph.resources[resource.urn] = dataclasses.replace(resource, **fields)  # type: ignore[arg-type]


def forget_dependencies(kind_: str, *on: str) -> Break:
    """Let resources of one kind no longer wait, directly, for those of others."""

    def apply(graph: Graph) -> None:
        for resource in graph.of(kind_):
            kept = {urn for urn in resource.dependencies if kind(graph.resources[urn]) not in on}
            replace(graph, resource, dependencies=frozenset(kept))

    return apply


def wait_for_the_other_region(graph: Graph) -> None:
    one, other = graph.of("Vpc")
    replace(graph, one, dependencies=frozenset({other.urn}))


def leave_the_component(graph: Graph) -> None:
    vpc = graph.of("Vpc")[0]
    replace(graph, vpc, parent="urn:pulumi:staging::understudy::pulumi:pulumi:Stack::s")


def drop(kind_: str) -> Break:
    def apply(graph: Graph) -> None:
        del graph.resources[graph.of(kind_)[0].urn]

    return apply


def check(which: str, **inputs: object) -> Break:
    """Change the first Region's deep, evacuation or serving check."""

    def apply(graph: Graph) -> None:
        id_ = graph.outputs["regions"][0][f"{which}CheckId"]
        graph.one_with_id("HealthCheck", id_).inputs.update(inputs)

    return apply


def failover(**inputs: object) -> Break:
    """Change the failover record of the first Region (resources are in no certain order)."""

    def apply(graph: Graph) -> None:
        graph.one("Record", setIdentifier="us-east-1").inputs.update(inputs)

    return apply


def drop_a_proof(graph: Graph) -> None:
    proofs = [each for each in graph.of("Record") if each.name.endswith("-proof")]
    del graph.resources[proofs[0].urn]


def allow_everything(graph: Graph) -> None:
    statement = {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}
    graph.of("RolePolicy")[0].inputs["policy"] = json.dumps({"Statement": [statement]})


def one_way(graph: Graph) -> None:
    del graph.resources[graph.of("BucketReplicationConfig")[0].urn]


def copy_deletions(graph: Graph) -> None:
    (rule,) = graph.of("BucketReplicationConfig")[0].inputs["rules"]
    rule["deleteMarkerReplication"]["status"] = "Enabled"


def leak(graph: Graph) -> None:
    graph.outputs["regions"][0]["rtoSeconds"] = 90


def swap_code(graph: Graph) -> None:
    functions = [each for each in graph.of("Function") if "s3Bucket" in each.inputs]
    functions[0].inputs["s3Bucket"] = functions[1].inputs["s3Bucket"]


def hide_the_regional_name(graph: Graph) -> None:
    name = graph.outputs["regions"][0]["regionalName"]
    graph.one("Record", name=name).inputs["healthCheckId"] = "some-check"


def at_rule(suffix: str, **inputs: object) -> Break:
    """Change a listener rule by the end of its name."""

    def apply(graph: Graph) -> None:
        rule = next(each for each in graph.of("ListenerRule") if each.name.endswith(suffix))
        rule.inputs.update(inputs)

    return apply


def open_the_health_door(graph: Graph) -> None:
    listener = next(each for each in graph.of("Listener") if each.inputs["port"] == 9443)
    listener.inputs["defaultActions"] = [{"type": "forward", "targetGroupArn": "t"}]


BREAKS: list[tuple[Rule, Break]] = [
    (rules_regions.states_its_region, change("Function", region=None)),
    (rules_regions.is_tagged, change("HealthCheck", tags=None)),
    (rules_regions.is_tagged, change("Vpc", tags={"region": "us-west-2"})),
    (rules_regions.stays_in_its_component, leave_the_component),
    (rules_regions.is_built_per_region, wait_for_the_other_region),
    (rules_regions.targets_are_checked, change("TargetGroup", healthCheck={"enabled": False})),
    (
        rules_regions.targets_are_checked,
        change("TargetGroup", lambdaMultiValueHeadersEnabled=False),
    ),
    (
        rules_regions.permission_precedes_registration,
        forget_dependencies("TargetGroupAttachment", "Permission"),
    ),
    (rules_regions.permission_precedes_registration, change("Permission", qualifier="other")),
    (rules_regions.permission_precedes_registration, change("Permission", sourceArn="arn:aws:x")),
    (
        rules_regions.balancers_serve_https_from_three_zones,
        change("LoadBalancer", subnets=["a", "a", "b"]),
    ),
    (
        rules_regions.balancers_serve_https_from_three_zones,
        forget_dependencies("RouteTableAssociation", "Route"),
    ),
    (
        rules_regions.balancers_serve_https_from_three_zones,
        change("LoadBalancer", clientKeepAlive=61),
    ),
    (
        rules_regions.listeners_wait_for_their_certificate,
        forget_dependencies("Listener", "CertificateValidation"),
    ),
    (rules_regions.listeners_wait_for_their_certificate, change("Listener", protocol="HTTP")),
    (
        rules_regions.listeners_wait_for_their_certificate,
        change("Certificate", subjectAlternativeNames=[]),
    ),
    (rules_regions.every_name_is_proven_once, drop_a_proof),
    (rules_regions.functions_run_their_own_regions_release, swap_code),
    (rules_regions.functions_run_their_own_regions_release, change("Function", publish=False)),
    (rules_regions.functions_run_their_own_regions_release, change("BucketObjectv2", key="latest")),
    (
        rules_regions.functions_log_where_they_are_expected_to,
        change("LogGroup", retentionInDays=None),
    ),
    (
        rules_data.predictions_flow_into_their_own_regions_bucket,
        change("FirehoseDeliveryStream", extendedS3Configuration={"bucketArn": "arn:aws:s3:::b"}),
    ),
    (
        rules_data.predictions_flow_into_their_own_regions_bucket,
        forget_dependencies("LogSubscriptionFilter", "RolePolicy"),
    ),
    (
        rules_data.buckets_are_private_and_keep_versions,
        change("BucketVersioning", versioningConfiguration={"status": "Suspended"}),
    ),
    (
        rules_data.buckets_are_private_and_keep_versions,
        change("BucketPublicAccessBlock", blockPublicPolicy=False),
    ),
    (rules_data.buckets_are_private_and_keep_versions, change("BucketPolicy", policy="{}")),
    (rules_data.replication_goes_both_ways, one_way),
    (rules_data.replication_copies_all_and_deletes_nothing, copy_deletions),
    (
        rules_data.replication_waits_for_versioning,
        forget_dependencies(
            "BucketReplicationConfig", "BucketVersioning", "BucketLifecycleConfiguration"
        ),
    ),
    (rules_data.roles_are_least, allow_everything),
    (rules_data.roles_are_least, drop("RolePolicy")),
    (rules_edge.every_balancer_has_two_doors, change("Listener", port=80)),
    (rules_edge.clients_find_no_health_paths, at_rule("no-health", conditions=[])),
    (
        rules_edge.clients_find_no_health_paths,
        at_rule("no-health", actions=[{"type": "forward", "targetGroupArn": "t"}]),
    ),
    (rules_edge.health_checkers_find_nothing_else, open_the_health_door),
    (
        rules_edge.health_checkers_find_nothing_else,
        at_rule("ready", conditions=[{"pathPattern": {"values": ["/*"]}}]),
    ),
    (rules_edge.health_checkers_find_nothing_else, check("deep", port=443)),
    (
        rules_edge.only_health_checkers_reach_the_health_door,
        change("SecurityGroupIngressRule", cidrIpv4="0.0.0.0/0", fromPort=9443, toPort=9443),
    ),
    (rules_traffic.deep_checks_ask_each_region_itself, check("deep", searchString="ready")),
    (rules_traffic.deep_checks_ask_each_region_itself, check("deep", resourcePath="/health/live")),
    (
        rules_traffic.evacuation_checks_are_inverted_and_ask_the_watcher,
        check("evacuation", invertHealthcheck=False),
    ),
    (
        rules_traffic.evacuation_checks_are_inverted_and_ask_the_watcher,
        check("evacuation", fqdn="predict.us-east-1.understudy.example"),
    ),
    (rules_traffic.serving_checks_need_both, check("serving", childHealthThreshold=1)),
    (rules_traffic.serving_checks_need_both, check("serving", childHealthchecks=["deep"])),
    (rules_traffic.failover_records_are_complete_and_distinct, failover(setIdentifier="us-west-2")),
    (rules_traffic.failover_records_are_complete_and_distinct, failover(healthCheckId="other")),
    (
        rules_traffic.failover_records_are_complete_and_distinct,
        failover(failoverRoutingPolicies=[{"type": "SECONDARY"}]),
    ),
    (rules_traffic.regional_names_lead_home, hide_the_regional_name),
    (rules_traffic.outputs_are_identifiers, leak),
    (rules_traffic.objectives_are_in_every_region, change("Parameter", value="{}")),
]


@pytest.mark.parametrize(("rule", "break_it"), BREAKS, ids=rule_id)
def test_the_rule_notices_when_it_is_broken(staging: Graph, rule: Rule, break_it: Break) -> None:
    broken = copy.deepcopy(staging)
    break_it(broken)
    assert list(rule(broken)), f"{rule.__name__} cannot fail"


def test_no_rule_goes_unbroken() -> None:
    assert {rule for rule, _ in BREAKS} == set(RULES), "a rule that was never broken may be blind"


def test_staging_answers_with_a_cname_of_its_own_ttl(staging: Graph) -> None:
    for record in staging.of("Record"):
        if "setIdentifier" in record.inputs:
            assert record.inputs["type"] == "CNAME"
            assert record.inputs["ttl"] == 10
            assert "aliases" not in record.inputs


def test_prod_answers_with_an_alias_judged_by_its_health_check_alone(prod: Graph) -> None:
    for record in prod.of("Record"):
        if "setIdentifier" in record.inputs:
            assert record.inputs["type"] == "A"
            assert "ttl" not in record.inputs, "an alias has no TTL of its own"
            assert record.inputs["aliases"][0]["evaluateTargetHealth"] is False, "one judge"


def test_deletion_protection_covers_what_holds_something(graph: Graph) -> None:
    protected = graph.outputs["stack"] == "prod"
    (zone,) = graph.of("Zone")
    assert zone.options["protect"] is protected
    assert zone.inputs["forceDestroy"] is not protected
    for balancer in graph.of("LoadBalancer"):
        assert balancer.inputs["enableDeletionProtection"] is protected
    for bucket in graph.of("Bucket"):
        assert bucket.inputs["forceDestroy"] is not protected


def test_a_release_stays_in_its_bucket_when_another_follows(graph: Graph) -> None:
    for stored in graph.of("BucketObjectv2"):
        assert stored.options["retain_on_delete"], "the way back is a release that is still there"


def test_the_health_checks_take_their_settings(release_zip: Path) -> None:
    config = stack_config("staging", failureThreshold="10", healthCheckIntervalSeconds="30")
    slow = run_program("staging", config, release_zip)
    assert rules_traffic.settings_of_checks(slow) == {(30, 10)}, "a slow failover deploys"
    assert any("rtoSeconds is 90" in warning for warning in slow.warnings), "but not in silence"


def test_turning_the_regions_round_moves_roles_and_nothing_else(
    release_zip: Path, staging: Graph
) -> None:
    config = stack_config("staging", regions='["us-west-2", "us-east-1"]')
    turned = run_program("staging", config, release_zip)
    assert set(turned.resources) == set(staging.resources), "no resource is named after a role"
    changed = {
        str(each) for each in staging.custom if turned.resources[each.urn].inputs != each.inputs
    }
    assert changed == {
        "aws:route53/record:Record us-east-1-failover",
        "aws:route53/record:Record us-west-2-failover",
    }, "a switch of roles changes two records"


def test_a_wrong_setting_stops_the_program_before_anything_is_made(release_zip: Path) -> None:
    config = stack_config("staging", failureThreshold="11")
    with pytest.raises(ProgramError, match="understudy:failureThreshold"):
        run_program("staging", config, release_zip)


def test_a_missing_release_stops_the_program_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="python -m inference release"):
        run_program("staging", stack_config("staging"), tmp_path / "none.zip")
