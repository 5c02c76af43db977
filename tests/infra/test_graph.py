"""What the program asks AWS for, held against the rules, in both stacks."""

import copy
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra import graph_rules
from tests.infra.graph import Graph, ProgramError, Resource, run_program, stack_config
from tests.infra.graph_rules import RULES, Rule, kind

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
    """Change the first failover record."""

    def apply(graph: Graph) -> None:
        records = [each for each in graph.of("Record") if "setIdentifier" in each.inputs]
        records[0].inputs.update(inputs)

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


BREAKS: list[tuple[Rule, Break]] = [
    (graph_rules.states_its_region, change("Function", region=None)),
    (graph_rules.is_tagged, change("HealthCheck", tags=None)),
    (graph_rules.is_tagged, change("Vpc", tags={"region": "us-west-2"})),
    (graph_rules.stays_in_its_component, leave_the_component),
    (graph_rules.is_built_per_region, wait_for_the_other_region),
    (graph_rules.targets_are_checked, change("TargetGroup", healthCheck={"enabled": False})),
    (graph_rules.targets_are_checked, change("TargetGroup", lambdaMultiValueHeadersEnabled=False)),
    (
        graph_rules.permission_precedes_registration,
        forget_dependencies("TargetGroupAttachment", "Permission"),
    ),
    (graph_rules.permission_precedes_registration, change("Permission", qualifier="other")),
    (graph_rules.permission_precedes_registration, change("Permission", sourceArn="arn:aws:x")),
    (
        graph_rules.balancers_serve_https_from_three_zones,
        change("LoadBalancer", subnets=["a", "a", "b"]),
    ),
    (
        graph_rules.balancers_serve_https_from_three_zones,
        forget_dependencies("RouteTableAssociation", "Route"),
    ),
    (
        graph_rules.balancers_serve_https_from_three_zones,
        change("LoadBalancer", clientKeepAlive=61),
    ),
    (
        graph_rules.listeners_wait_for_their_certificate,
        forget_dependencies("Listener", "CertificateValidation"),
    ),
    (graph_rules.listeners_wait_for_their_certificate, change("Listener", protocol="HTTP")),
    (
        graph_rules.listeners_wait_for_their_certificate,
        change("Certificate", subjectAlternativeNames=[]),
    ),
    (graph_rules.every_name_is_proven_once, drop_a_proof),
    (graph_rules.functions_run_their_own_regions_release, swap_code),
    (graph_rules.functions_run_their_own_regions_release, change("Function", publish=False)),
    (graph_rules.functions_run_their_own_regions_release, change("BucketObjectv2", key="latest")),
    (
        graph_rules.functions_log_where_they_are_expected_to,
        change("LogGroup", retentionInDays=None),
    ),
    (
        graph_rules.predictions_flow_into_their_own_regions_bucket,
        change("FirehoseDeliveryStream", extendedS3Configuration={"bucketArn": "arn:aws:s3:::b"}),
    ),
    (
        graph_rules.predictions_flow_into_their_own_regions_bucket,
        forget_dependencies("LogSubscriptionFilter", "RolePolicy"),
    ),
    (
        graph_rules.buckets_are_private_and_keep_versions,
        change("BucketVersioning", versioningConfiguration={"status": "Suspended"}),
    ),
    (
        graph_rules.buckets_are_private_and_keep_versions,
        change("BucketPublicAccessBlock", blockPublicPolicy=False),
    ),
    (graph_rules.buckets_are_private_and_keep_versions, change("BucketPolicy", policy="{}")),
    (graph_rules.replication_goes_both_ways, one_way),
    (graph_rules.replication_copies_all_and_deletes_nothing, copy_deletions),
    (
        graph_rules.replication_waits_for_versioning,
        forget_dependencies(
            "BucketReplicationConfig", "BucketVersioning", "BucketLifecycleConfiguration"
        ),
    ),
    (graph_rules.roles_are_least, allow_everything),
    (graph_rules.roles_are_least, drop("RolePolicy")),
    (graph_rules.deep_checks_ask_each_region_itself, check("deep", searchString="ready")),
    (graph_rules.deep_checks_ask_each_region_itself, check("deep", resourcePath="/health/live")),
    (
        graph_rules.evacuation_checks_are_inverted_and_ask_the_watcher,
        check("evacuation", invertHealthcheck=False),
    ),
    (
        graph_rules.evacuation_checks_are_inverted_and_ask_the_watcher,
        check("evacuation", fqdn="predict.us-east-1.understudy.example"),
    ),
    (graph_rules.serving_checks_need_both, check("serving", childHealthThreshold=1)),
    (graph_rules.serving_checks_need_both, check("serving", childHealthchecks=["deep"])),
    (graph_rules.failover_records_are_complete_and_distinct, failover(setIdentifier="us-west-2")),
    (graph_rules.failover_records_are_complete_and_distinct, failover(healthCheckId="other")),
    (
        graph_rules.failover_records_are_complete_and_distinct,
        failover(failoverRoutingPolicies=[{"type": "SECONDARY"}]),
    ),
    (graph_rules.regional_names_lead_home, hide_the_regional_name),
    (graph_rules.outputs_are_identifiers, leak),
    (graph_rules.objectives_are_in_every_region, change("Parameter", value="{}")),
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
    assert graph_rules.settings_of_checks(slow) == {(30, 10)}, "a slow failover deploys"
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
