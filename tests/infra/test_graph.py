"""What the program asks AWS for, beyond the rules that `policy` holds it against."""

from pathlib import Path

import pytest

from tests.infra.graph import Graph, ProgramError, Resource, run_program, stack_config


def test_the_outputs_are_identifiers(graph: Graph) -> None:
    expected = {"project", "stack", "zoneId", "zoneName", "predictName", "regions", "tableName"}
    expected.add("drills")
    assert set(graph.outputs) == expected
    regional = {
        *("region", "regionalName", "loadBalancerArn", "listenerArn", "targetGroupArn"),
        *("functionName", "aliasName", "evacuationFunctionName", "releaseBucket"),
        *("predictionBucket", "evacuationBucket", "deepCheckId", "evacuationCheckIds"),
        *("servingCheckId", "objectivesParameter", "observerFunctionName"),
    }
    drills = {"region", "parameter", "journalBucket", "stateMachineArn", "functionName"}
    assert set(graph.outputs["drills"]) == drills
    assert all(isinstance(each, str) for each in graph.outputs["drills"].values())
    for entry in graph.outputs["regions"]:
        assert set(entry) == regional
        texts = [each for key, each in entry.items() if key != "evacuationCheckIds"]
        texts += entry["evacuationCheckIds"].values()
        assert all(isinstance(each, str) for each in texts), "no settings, no figures"


def leading(graph: Graph) -> list[Resource]:
    """Records that lead clients: all but Route 53's word for the observers."""
    return [each for each in graph.of("Record") if not each.inputs["name"].startswith("verdict.")]


def test_verdicts_are_asked_anew_at_every_look(graph: Graph) -> None:
    told = [each for each in graph.of("Record") if each not in leading(graph)]
    assert {each.inputs["ttl"] for each in told} == {10}
    assert len(told) == 2 * len(graph.regions)


def test_staging_answers_with_a_cname_of_its_own_ttl(staging: Graph) -> None:
    for record in leading(staging):
        if "setIdentifier" in record.inputs:
            assert record.inputs["type"] == "CNAME"
            assert record.inputs["ttl"] == 10
            assert "aliases" not in record.inputs


def test_prod_answers_with_an_alias_judged_by_its_health_check_alone(prod: Graph) -> None:
    for record in leading(prod):
        if "setIdentifier" in record.inputs:
            assert record.inputs["type"] == "A"
            assert "ttl" not in record.inputs, "an alias has no TTL of its own"
            assert record.inputs["aliases"][0]["evaluateTargetHealth"] is False, "one judge"


def test_deletion_protection_covers_what_holds_something(graph: Graph) -> None:
    protected = graph.outputs["stack"] == "prod"
    (zone,) = graph.of("Zone")
    assert zone.protect is protected
    assert zone.inputs["forceDestroy"] is not protected
    for balancer in graph.of("LoadBalancer"):
        assert balancer.inputs["enableDeletionProtection"] is protected
    for bucket in graph.of("Bucket"):
        assert bucket.inputs["forceDestroy"] is not protected


def test_a_release_stays_in_its_bucket_when_another_follows(graph: Graph) -> None:
    for stored in graph.of("BucketObjectv2"):
        assert stored.retain_on_delete, "the way back is a release that is still there"


def test_the_health_checks_take_their_settings(release_zip: Path) -> None:
    config = stack_config("staging", failureThreshold="10", healthCheckIntervalSeconds="30")
    slow = run_program("staging", config, release_zip)
    timing = {
        (each.get("requestInterval"), each.get("failureThreshold"))
        for each in slow.of("HealthCheck")
        if each.get("type") != "CALCULATED"
    }
    assert timing == {(30, 10)}, "a slow failover deploys"
    assert any("rtoSeconds is 98" in warning for warning in slow.warnings), "but not in silence"


def test_turning_the_regions_round_moves_roles_and_nothing_else(
    release_zip: Path, staging: Graph
) -> None:
    config = stack_config("staging", regions='["us-west-2", "us-east-1"]')
    turned = run_program("staging", config, release_zip)
    # The alarm on drills that are missing stands where they run, and is named after that Region.
    names = {each.name for each in (*staging.custom, *turned.custom) if not drills(each)}
    assert {each.name for each in staging.custom if not drills(each)} == names
    assert {each.name for each in turned.custom if not drills(each)} == names, (
        "no resource is named after a role"
    )
    changed = {
        str(each)
        for each in staging.custom
        if not drills(each) and turned.resources[each.urn].inputs != each.inputs
    }
    assert changed == {
        "aws:route53/record:Record traffic-clients",
        "aws:route53/record:Record us-east-1-onward",
        "aws:route53/record:Record us-west-2-onward",
        # Observers know whom the epoch goes to first.
        "aws:lambda/function:Function us-east-1-watch-observer-function",
        "aws:lambda/function:Function us-west-2-watch-observer-function",
    }, "a switch of roles changes where the chain begins and goes on"
    drilling = [each for each in turned.custom if drills(each)]
    assert {each.region for each in drilling if each.kind == "StateMachine"} == {"us-east-1"}


def drills(resource: Resource) -> bool:
    """Whether a resource is part of what drills the stack, which moves when roles do."""
    return resource.name.startswith("drills-") or resource.name.endswith(
        ("-drill-missing", "-recovery-unproven")
    )


def test_a_wrong_setting_stops_the_program_before_anything_is_made(release_zip: Path) -> None:
    config = stack_config("staging", failureThreshold="11")
    with pytest.raises(ProgramError, match="understudy:failureThreshold"):
        run_program("staging", config, release_zip)


def test_a_missing_release_stops_the_program_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="python -m inference release"):
        run_program("staging", stack_config("staging"), tmp_path / "none.zip")
