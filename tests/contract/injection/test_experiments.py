"""Experiments: templates that are checked, actions that break something and give it back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.injection.conftest import (
    ACCOUNT,
    BUCKET,
    EAST,
    MINUTES,
    PERMISSIONS,
    ROLE,
    TABLE,
    WEST,
    acting,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.injection.conftest import Site

PAUSE_BUCKET = ("aws:s3:bucket-pause-replication", "Buckets", "aws:s3:bucket")
PAUSE_TABLE = ("aws:dynamodb:global-table-pause-replication", "Tables", "aws:dynamodb:global-table")
DISRUPT = ("aws:network:disrupt-connectivity", "Subnets", "aws:ec2:subnet")


def subnet(site: Site) -> tuple[str, str]:
    """The ARN and the zone's id of one subnet."""
    found = site.client("ec2").describe_subnets()["Subnets"][0]
    name = f"arn:aws:ec2:{EAST}:{ACCOUNT}:subnet/{found['SubnetId']}"
    return name, str(found["AvailabilityZoneId"])


def wait_action(**more: Any) -> dict[str, Any]:
    return {"actionId": "aws:fis:wait", "parameters": MINUTES} | more


UNFIT: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown action": (
        {"actions": {"a": {"actionId": "aws:ec2:stop-instances"}}},
        "'aws:ec2:stop-instances' is not emulated",
    ),
    "no duration": ({"actions": {"a": {"actionId": "aws:fis:wait"}}}, "'duration' is required"),
    "a duration that is none": (
        {"actions": {"a": wait_action(parameters={"duration": "5m"})}},
        "'5m' is no ISO 8601 duration",
    ),
    "a duration that is too short": (
        {"actions": {"a": wait_action(parameters={"duration": "PT30S"})}},
        "is not between 1 minute and 12 hours",
    ),
    "an unknown parameter": (
        {"actions": {"a": wait_action(parameters=MINUTES | {"speed": "2"})}},
        "'speed' is not known",
    ),
    "an unknown scope": (acting(*DISRUPT, scope="s3"), "scope 's3' is not emulated"),
    "a target that an action does not have": (
        {"actions": {"a": wait_action(targets={"Buckets": "it"})}},
        "targets are ['Buckets']; expected none",
    ),
    "a target of another type": (
        acting(PAUSE_BUCKET[0], "Buckets", "aws:ec2:subnet", region=WEST),
        "is of aws:ec2:subnet, not of aws:s3:bucket",
    ),
    "a target in another Region": (
        acting(*PAUSE_TABLE, TABLE.replace(EAST, WEST)),
        "is not in us-east-1",
    ),
    "an alarm that does not exist": (
        {
            "stopConditions": [
                {
                    "source": "aws:cloudwatch:alarm",
                    "value": f"arn:aws:cloudwatch:{EAST}:{ACCOUNT}:alarm:none",
                }
            ]
        },
        "there is no alarm",
    ),
    "a role that does not exist": ({"roleArn": ROLE + "-gone"}, "does not exist"),
    "actions that wait for each other": (
        {"actions": {"a": wait_action(startAfter=["b"]), "b": wait_action(startAfter=["a"])}},
        "in a circle",
    ),
    "an action that waits for none": (
        {"actions": {"a": wait_action(startAfter=["b"])}},
        "startAfter names 'b'",
    ),
    "several accounts": (
        {"experimentOptions": {"accountTargeting": "multi-account"}},
        "'multi-account' is not emulated",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_an_unfit_template_is_refused_by_name(site: Site, case: str) -> None:
    wrong, expected = UNFIT[case]
    code, message = site.refused("create_experiment_template", **(waiting() | wrong))
    assert (code, expected in message) == ("ValidationException", True), message


def test_a_template_is_kept_changed_and_deleted(site: Site) -> None:
    template = site.template(tags={"drill": "yes"})
    site.fis.update_experiment_template(id=template, description="another")
    shown = site.fis.get_experiment_template(id=template)["experimentTemplate"]
    assert (shown["description"], shown["tags"]) == ("another", {"drill": "yes"})
    site.fis.untag_resource(resourceArn=shown["arn"], tagKeys=["drill"])
    assert site.fis.list_tags_for_resource(resourceArn=shown["arn"])["tags"] == {}
    assert [each["id"] for each in site.fis.list_experiment_templates()["experimentTemplates"]] == [
        template
    ]
    site.fis.delete_experiment_template(id=template)
    code, _ = site.refused("get_experiment_template", id=template)
    assert code == "ResourceNotFoundException"
    actions = [each["id"] for each in site.fis.list_actions()["actions"]]
    assert actions == sorted([PAUSE_BUCKET[0], PAUSE_TABLE[0], DISRUPT[0], "aws:fis:wait"])


def test_an_experiment_lasts_as_long_as_its_actions(site: Site) -> None:
    actions = {"first": wait_action(), "second": wait_action(startAfter=["first"])}
    template = site.template(actions=actions)
    started = site.fis.start_experiment(experimentTemplateId=template)["experiment"]
    experiment = started["id"]
    assert started["state"]["status"] == "pending"
    for _ in range(15):
        site.pass_s(60)
    shown = site.shown(experiment)
    took_s = (shown["endTime"] - shown["startTime"]).total_seconds()
    assert 600 <= took_s <= 720, "one after the other, of five minutes each"
    assert [each["state"]["status"] for each in shown["actions"].values()] == ["completed"] * 2
    told = [e for e in site.watch.bus.take() if e["source"] == "aws.fis"]
    assert [each["detail"]["new-state"]["status"] for each in told] == [
        "pending",
        "initiating",
        "running",
        "completed",
    ]
    code, _ = site.refused("stop_experiment", id=experiment)
    assert code == "ConflictException", "what is over is not stopped"


def test_paused_rules_of_a_bucket_copy_nothing_and_catch_up(site: Site) -> None:
    experiment = site.run(**acting(*PAUSE_BUCKET, BUCKET, region=WEST, prefixes="a/"))
    assert site.broken() == [("bucket_replication", "journal-east/a")]
    for key in ("a/1", "b/1"):
        site.client("s3").put_object(Bucket="journal-east", Key=key, Body=b"x")

    def arrived() -> list[str]:
        _let_replicate(site.storage.replicator.run)
        return [
            each for each in ("a/1", "b/1") if site.storage.objects.versions("journal-west", each)
        ]

    site.allow(*PERMISSIONS, *REPLICATION)
    trust_s3(site)
    site.pass_s(120)
    assert arrived() == ["b/1"], "the rule that is paused stands, the other does not"
    site.pass_s(180)
    assert (site.status(experiment), site.broken()) == ("completed", [])
    arrived()
    site.pass_s(120)
    assert arrived() == ["a/1", "b/1"], "what was written meanwhile arrives"


def test_a_paused_table_neither_sends_nor_takes_writes(site: Site) -> None:
    experiment = site.run(**acting(*PAUSE_TABLE, TABLE))
    assert site.broken() == [("table_replication", f"{EAST}/requests")]
    for region, key in ((EAST, "east"), (WEST, "west")):
        site.client("dynamodb", region).put_item(TableName="requests", Item={"pk": {"S": key}})

    def items(region: str) -> set[str]:
        _let_replicate(site.storage.tables.run)
        found = site.client("dynamodb", region).scan(TableName="requests")["Items"]
        return {each["pk"]["S"] for each in found}

    site.pass_s(60)
    assert (items(EAST), items(WEST)) == ({"east"}, {"west"})
    site.fis.stop_experiment(id=experiment)
    assert site.broken() == [], "a stop ends the action at once"
    items(EAST)
    site.pass_s(60)
    assert (items(EAST), items(WEST)) == ({"east", "west"}, {"east", "west"})
    shown = site.shown(experiment)
    assert shown["state"]["status"] == "stopped"
    assert shown["actions"]["break"]["state"]["status"] == "stopped"


@pytest.mark.parametrize(("scope", "lost"), [("all", True), ("availability-zone", False)])
def test_a_subnets_zone_is_lost_and_comes_back(site: Site, scope: str, *, lost: bool) -> None:
    arn, zone = subnet(site)
    experiment = site.run(**acting(*DISRUPT, arn, scope=scope))
    assert site.status(experiment) == "running"
    assert site.faults.zone_lost(zone) is lost
    site.pass_s(300)
    assert (site.status(experiment), site.faults.zone_lost(zone)) == ("completed", False)


def test_a_stop_condition_that_goes_off_ends_the_action(site: Site) -> None:
    arn, zone = subnet(site)
    condition = {"source": "aws:cloudwatch:alarm", "value": site.alarm("OK")}
    experiment = site.run(**acting(*DISRUPT, arn, scope="all"), stopConditions=[condition])
    assert site.faults.zone_lost(zone)
    site.alarm("ALARM")
    site.pass_s(1)
    assert not site.faults.zone_lost(zone)
    assert site.shown(experiment)["state"] == {
        "status": "stopped",
        "reason": "Experiment halted by stop condition.",
    }
    again = site.start(site.fis.list_experiment_templates()["experimentTemplates"][0]["id"])
    assert (site.status(again), site.broken()) == ("stopped", []), (
        "an alarm that is on breaks nothing"
    )


@pytest.mark.parametrize(
    ("told", "missing"),
    [
        (lambda _site: acting(*PAUSE_BUCKET, BUCKET, region=WEST), "s3:PauseReplication"),
        (lambda _site: acting(*PAUSE_TABLE, TABLE), "dynamodb:PutResourcePolicy"),
        (lambda site: acting(*DISRUPT, subnet(site)[0], scope="all"), "ec2:CreateNetworkAcl"),
        (lambda _site: acting(*PAUSE_BUCKET, region=WEST), "tag:GetResources"),
    ],
    ids=["a bucket", "a table", "a subnet", "tags"],
)
def test_an_action_needs_the_permissions_that_it_needs_in_aws(
    site: Site, told: Callable[[Site], dict[str, Any]], missing: str
) -> None:
    site.allow(*(each for each in PERMISSIONS if each != missing))
    experiment = site.run(**told(site))
    state = site.shown(experiment)["state"]
    assert state["status"] == "failed"
    assert f"no policy statement allows {missing}" in state["reason"]
    assert site.broken() == []


def test_an_action_that_fails_ends_the_others(site: Site) -> None:
    told = acting(*PAUSE_TABLE, TABLE)
    bucket = acting(*PAUSE_BUCKET, BUCKET, region=EAST)
    told["targets"]["bucket"] = bucket["targets"]["it"]
    late = bucket["actions"]["break"] | {"targets": {"Buckets": "bucket"}, "startAfter": ["wait"]}
    told["actions"] |= {"wait": wait_action(parameters={"duration": "PT1M"}), "late": late}
    experiment = site.run(**told)
    assert site.broken() == [("table_replication", f"{EAST}/requests")]
    site.pass_s(60)
    shown = site.shown(experiment)
    assert (shown["state"]["status"], site.broken()) == ("failed", [])
    assert {name: each["state"]["status"] for name, each in shown["actions"].items()} == {
        "break": "stopped",
        "late": "failed",
        "wait": "completed",
    }


def test_permissions_for_what_the_service_makes_and_marks_are_enough(site: Site) -> None:
    """As the managed policy for network actions gives them."""
    place = f"arn:aws:ec2:{EAST}:{ACCOUNT}"
    lists, networks, subnets = (f"{place}:{kind}/*" for kind in ("network-acl", "vpc", "subnet"))
    marked = {"ec2:ResourceTag/managedByFIS": "true"}
    statements = [
        (["CreateNetworkAcl"], [lists, networks], {"aws:RequestTag/managedByFIS": "true"}),
        (["CreateTags"], [lists], {"ec2:CreateAction": "CreateNetworkAcl"}),
        (["CreateNetworkAclEntry", "DeleteNetworkAcl"], [lists], marked),
        (["ReplaceNetworkAclAssociation"], [lists, subnets], {}),
        (["DescribeNetworkAcls", "DescribeSubnets", "DescribeVpcs"], ["*"], {}),
    ]
    site.permit(
        *(
            {
                "Effect": "Allow",
                "Action": [f"ec2:{each}" for each in actions],
                "Resource": resources,
                "Condition": {"StringEquals": condition} if condition else {},
            }
            for actions, resources, condition in statements
        )
    )
    arn, zone = subnet(site)
    site.run(**acting(*DISRUPT, arn, scope="all"))
    assert site.faults.zone_lost(zone)


def test_targets_are_found_by_tags_and_none_is_a_failure(site: Site) -> None:
    experiment = site.run(**acting(*PAUSE_BUCKET, region=WEST))
    assert len(site.broken()) == 2, "both rules of the bucket that is tagged"
    resolved = site.fis.list_experiment_resolved_targets(experimentId=experiment)
    assert resolved["resolvedTargets"][0]["targetInformation"] == {"arn": BUCKET}
    site.fis.stop_experiment(id=experiment)
    nothing = site.run(**acting(*PAUSE_TABLE))
    assert "returned empty set" in site.shown(nothing)["state"]["reason"]
    skipping = {"experimentOptions": {"emptyTargetResolutionMode": "skip"}}
    skipped = site.run(**acting(*PAUSE_TABLE), **skipping)
    assert site.status(skipped) == "completed"
    assert site.shown(skipped)["actions"]["break"]["state"]["status"] == "skipped"


def test_tables_and_subnets_are_found_by_tags_too_and_a_share_of_them(site: Site) -> None:
    tag = {"Key": "drill", "Value": "allowed"}
    site.client("dynamodb").tag_resource(ResourceArn=TABLE, Tags=[tag])
    subnets = [each["SubnetId"] for each in site.client("ec2").describe_subnets()["Subnets"]][:4]
    site.client("ec2").create_tags(Resources=subnets, Tags=[tag])
    site.run(**acting(*PAUSE_TABLE))
    half = acting(*DISRUPT, scope="all")
    half["targets"]["it"]["selectionMode"] = "PERCENT(50)"
    site.run(**half)
    kinds = [kind for kind, _ in site.broken()]
    assert sorted(kinds) == ["table_replication", "zone", "zone"]


def test_what_cannot_be_paused_fails_its_experiment(site: Site) -> None:
    nowhere = site.run(**acting(*PAUSE_BUCKET, BUCKET, region=EAST))
    assert "replicates to nothing in us-east-1" in site.shown(nowhere)["state"]["reason"]


def test_a_subnet_that_goes_before_its_turn_fails_its_experiment(site: Site) -> None:
    arn, _ = subnet(site)
    told = acting(*DISRUPT, arn, scope="all")
    told["actions"]["wait"] = wait_action()
    told["actions"]["break"]["startAfter"] = ["wait"]
    experiment = site.run(**told)
    site.client("ec2").delete_subnet(SubnetId=arn.rpartition("/")[2])
    site.pass_s(300)
    assert "does not exist any more" in site.shown(experiment)["state"]["reason"]


def test_a_dry_run_breaks_nothing(site: Site) -> None:
    template = site.template(**acting(*PAUSE_BUCKET, BUCKET, region=WEST))
    experiment = site.start(template, experimentOptions={"actionsMode": "skip-all"})
    assert (site.status(experiment), site.broken()) == ("completed", [])
    assert site.shown(experiment)["actions"]["break"]["state"]["status"] == "skipped"


def test_an_experiment_of_a_lost_region_stands_still(site: Site) -> None:
    experiment = site.run(**acting(*PAUSE_TABLE, TABLE))
    fault = site.faults.lose("region", EAST)
    site.pass_s(3_600)
    assert ("table_replication", f"{EAST}/requests") in site.broken()
    site.faults.restore(fault.id)
    site.pass_s(1)
    assert (site.status(experiment), site.broken()) == ("completed", [])


REPLICATION = (
    "s3:GetObjectVersionForReplication",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionTagging",
    "s3:ListBucket",
    "s3:ReplicateObject",
    "s3:ReplicateDelete",
    "s3:ReplicateTags",
)


def trust_s3(site: Site) -> None:
    """Let S3 take the role too, for what it replicates."""
    site.client("iam").update_assume_role_policy(
        RoleName="injects",
        PolicyDocument=(
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
            '"Principal":{"Service":["s3.amazonaws.com","fis.amazonaws.com"]}}]}'
        ),
    )


def _let_replicate(run: Callable[[], Any]) -> None:
    """Carry out what is due now."""

    async def work() -> None:
        task = asyncio.create_task(run())
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(work())
