"""What a run does to what is deployed: create, update, replace, delete, nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.engine.aws import Aws, AwsError
from tests.contract.engine.play import trust

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.contract.engine.cloud import Cloud
    from tests.contract.engine.play import Play, Script

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
PARAMETER = "aws:ssm/parameter:Parameter"
BUCKET = "aws:s3/bucket:Bucket"
GROUP = "aws:cloudwatch/logGroup:LogGroup"
FUNCTION = "aws:lambda/function:Function"


def parameter(value: str = "1", **more: Any) -> Script:
    def script(play: Play) -> None:
        inputs = {"name": "/a", "type": "String", "value": value}
        options = {key: more.pop(key) for key in ("protect", "aliases") if key in more}
        play.resource(PARAMETER, "p", inputs | more, **options)

    return script


def nothing(play: Play) -> None:
    """A program without resources."""
    del play


def network(cidr: str = "10.0.0.0/16", **options: Any) -> Script:
    def script(play: Play) -> None:
        vpc = play.resource(VPC, "v", {"cidrBlock": cidr}, **options)
        for zone in "ab":
            inputs = {
                "vpcId": vpc.id,
                "cidrBlock": f"{cidr[:5]}{ord(zone) - 97}.0/24",
                "availabilityZone": f"us-east-1{zone}",
            }
            play.resource(SUBNET, zone, inputs, uses={"vpcId": [vpc]})

    return script


def test_what_did_not_change_is_left_alone(cloud: Cloud) -> None:
    cloud.deploy(network())
    vpcs = cloud.call("ec2", "DescribeVpcs")
    again = cloud.deploy(network())
    assert again.summary == {"created": 0, "updated": 0, "replaced": 0, "deleted": 0, "same": 3}
    assert cloud.call("ec2", "DescribeVpcs")["Vpcs"] == vpcs["Vpcs"], "nothing may be made twice"


def test_an_update_changes_what_changed_and_nothing_else(cloud: Cloud) -> None:
    def group(days: int, owner: str) -> Script:
        return lambda play: (
            play.resource(
                GROUP, "g", {"name": "/g", "retentionInDays": days, "tags": {"owner": owner}}
            )
            and None
        )

    cloud.deploy(group(7, "me"))
    made: list[str] = []
    sent = cloud.aws.call

    def watch(service: str, region: str, operation: str, params: Mapping[str, Any]) -> Any:
        made.append(operation)
        return sent(service, region, operation, params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cloud.aws, "call", watch)
        cloud.deploy(group(14, "me"))
    assert cloud.steps() == [("update", "g")]
    assert [each for each in made if not each.startswith(("Describe", "Get", "List"))] == [
        "PutRetentionPolicy"
    ], "the one call that the changed input needs"
    group_now = cloud.call("logs", "DescribeLogGroups", logGroupNamePrefix="/g")["logGroups"][0]
    assert group_now["retentionInDays"] == 14
    cloud.deploy(group(14, "you"))
    tags = cloud.call(
        "logs", "ListTagsForResource", resourceArn=group_now["arn"].removesuffix(":*")
    )
    assert tags["tags"] == {"owner": "you"}, "tags are updated in place"


def test_an_input_taken_back_returns_to_its_default(cloud: Cloud) -> None:
    cloud.deploy(
        lambda play: (
            play.resource(VPC, "v", {"enableDnsHostnames": True, "cidrBlock": "10.0.0.0/16"})
            and None
        )
    )
    cloud.deploy(lambda play: play.resource(VPC, "v", {"cidrBlock": "10.0.0.0/16"}) and None)
    assert cloud.steps() == [("update", "v")]
    vpc = cloud.state().resources()[-1].id
    shown = cloud.call("ec2", "DescribeVpcAttribute", VpcId=vpc, Attribute="enableDnsHostnames")
    assert shown["EnableDnsHostnames"]["Value"] is False


def test_a_replacement_is_made_before_the_old_one_goes(cloud: Cloud) -> None:
    def group(path: str) -> Script:
        return lambda play: (
            play.resource(
                "aws:iam/role:Role",
                "r",
                {
                    "path": path,
                    "assumeRolePolicy": trust("ec2.amazonaws.com"),
                },
            )
            and None
        )

    cloud.deploy(group("/a/"))
    first = cloud.state().resources()[-1].id
    cloud.deploy(group("/b/"))
    assert cloud.steps() == [("replace", "r"), ("delete", "r")], "create, then delete"
    names = [each["RoleName"] for each in cloud.call("iam", "ListRoles")["Roles"]]
    second = cloud.state().resources()[-1].id
    assert names == [second], "one role is left"
    assert second != first, "a made-up name changes, so that both can exist for a while"


def test_a_refused_replacement_leaves_the_old_resource_as_what_is_deployed(cloud: Cloud) -> None:
    def record(name: str) -> Script:
        def script(play: Play) -> None:
            zone = play.resource("aws:route53/zone:Zone", "z", {"name": "made.example"})
            inputs = {"zoneId": zone.id, "type": "CNAME", "records": ["a.example"], "ttl": 60}
            uses = {"zoneId": [zone]}
            play.resource("aws:route53/record:Record", "r", inputs | {"name": name}, uses=uses)

        return script

    def shown() -> list[str]:
        zone = cloud.state().resources()[0].id
        found = cloud.call("route53", "ListResourceRecordSets", HostedZoneId=zone)
        return [each["Type"] for each in found["ResourceRecordSets"] if "www" in each["Name"]]

    cloud.deploy(record("www"))
    assert "apex" in cloud.refusal(record("made.example")), "no CNAME stands beside a zone's SOA"
    again = cloud.deploy(record("www"))
    assert again.summary["same"] == 2, "what was deployed is still known as deployed"
    cloud.deploy(record("www"))
    assert shown() == ["CNAME"], "no later deploy deletes what serves"


@pytest.mark.parametrize(
    "second",
    [
        {"type": "A", "records": ["192.0.2.1"], "ttl": 60},
        {
            "type": "CNAME",
            "records": ["b.example"],
            "ttl": 60,
            "setIdentifier": "one",
            "weightedRoutingPolicies": [{"weight": 1}],
        },
    ],
)
def test_a_record_changes_its_type_or_set_identifier_in_one_transaction(
    cloud: Cloud, second: dict[str, Any]
) -> None:
    def record(inputs: dict[str, Any]) -> Script:
        def script(play: Play) -> None:
            zone = play.resource("aws:route53/zone:Zone", "z", {"name": "made.example"})
            named = {"zoneId": zone.id, "name": "www"}
            uses = {"zoneId": [zone]}
            play.resource("aws:route53/record:Record", "r", named | inputs, uses=uses)

        return script

    cloud.deploy(record({"type": "CNAME", "records": ["a.example"], "ttl": 60}))
    changed = cloud.deploy(record(second))
    assert changed.summary["updated"] == 1, "in place, as pulumi-aws does"
    zone, held = cloud.state().resources()
    assert held.id.endswith(second.get("setIdentifier", second["type"])), "the id says what it is"
    found = cloud.call("route53", "ListResourceRecordSets", HostedZoneId=zone.id)
    shown = [each for each in found["ResourceRecordSets"] if "www" in each["Name"]]
    assert [each["Type"] for each in shown] == [second["type"]]
    cloud.deploy(record({"type": "CNAME", "records": ["a.example"], "ttl": 60}))


def test_a_replacement_of_the_same_name_deletes_first_with_what_hangs_on_it(cloud: Cloud) -> None:
    cloud.deploy(network())
    before = {each.name: each.id for each in cloud.state().resources()}
    cloud.deploy(network("10.1.0.0/16", delete_before_replace=True))
    after = {each.name: each.id for each in cloud.state().resources()}
    assert not set(before.values()) & set(after.values()), "the subnets cannot outlive their VPC"
    assert (
        len(
            cloud.call(
                "ec2", "DescribeSubnets", Filters=[{"Name": "vpc-id", "Values": [after["v"]]}]
            )["Subnets"]
        )
        == 2
    )
    ids = [each["VpcId"] for each in cloud.call("ec2", "DescribeVpcs")["Vpcs"]]
    assert before["v"] not in ids
    assert after["v"] in ids


def test_a_physical_name_that_stays_makes_a_replacement_delete_first(cloud: Cloud) -> None:
    def role(path: str) -> Script:
        return lambda play: (
            play.resource(
                "aws:iam/role:Role",
                "r",
                {
                    "name": "fixed",
                    "path": path,
                    "assumeRolePolicy": trust("ec2.amazonaws.com"),
                },
            )
            and None
        )

    cloud.deploy(role("/a/"))
    cloud.deploy(role("/b/"))
    assert cloud.steps() == [("replace", "r")], "the old one went before the new one came"
    assert cloud.call("iam", "GetRole", RoleName="fixed")["Role"]["Path"] == "/b/"


def test_what_the_program_no_longer_has_is_deleted_dependents_first(cloud: Cloud) -> None:
    cloud.deploy(network())
    cloud.deploy(lambda play: play.export())
    assert cloud.steps() == [("delete", "b"), ("delete", "a"), ("delete", "v")]
    assert cloud.state().resources() == ()


def test_destroy_removes_everything_in_order(cloud: Cloud) -> None:
    cloud.deploy(network())
    outcome = cloud.run(nothing, "destroy")
    assert outcome.result == "done"
    assert [name for _, name in cloud.steps()] == ["b", "a", "v"]
    assert cloud.state().resources() == ()
    assert cloud.state().outputs == {}


def test_a_protected_resource_is_neither_deleted_nor_replaced(cloud: Cloud) -> None:
    def both(play: Play) -> None:
        parameter(protect=True)(play)
        play.resource(PARAMETER, "free", {"name": "/free", "type": "String", "value": "1"})

    cloud.deploy(both)
    refusal = cloud.run(nothing, "destroy")
    assert cloud.call("ssm", "GetParameter", Name="/free")["Parameter"]["Value"] == "1", (
        "nothing at all is deleted"
    )
    assert "protected" in refusal.problems[0].message
    assert refusal.problems[0].urn, "the problem names the resource"
    message = cloud.refusal(
        lambda play: (
            play.resource(
                PARAMETER, "p", {"name": "/b", "type": "String", "value": "1"}, protect=True
            )
            and None
        )
    )
    assert "protected" in message
    assert cloud.call("ssm", "GetParameter", Name="/a")["Parameter"]["Value"] == "1"


def test_preview_says_what_would_happen_and_changes_nothing(cloud: Cloud) -> None:
    cloud.deploy(network())
    state = (cloud.work_dir / "stacks" / "made.up.json").read_text()

    def more(play: Play) -> None:
        network()(play)
        play.resource(PARAMETER, "p", {"name": "/a", "type": "String", "value": "1"})

    outcome = cloud.run(more, "preview")
    assert outcome.result == "done"
    assert outcome.summary["created"] == 1
    assert outcome.summary["same"] == 3
    assert (cloud.work_dir / "stacks" / "made.up.json").read_text() == state
    assert cloud.refused("ssm", "GetParameter", Name="/a").startswith("ParameterNotFound")


def test_a_preview_cannot_write_even_by_mistake(cloud: Cloud) -> None:
    cloud.aws.read_only = True
    with pytest.raises(AssertionError, match="CreateVpc in a preview"):
        cloud.call("ec2", "CreateVpc", CidrBlock="10.0.0.0/16")
    cloud.aws.read_only = False


def test_ignored_changes_are_ignored_and_replace_on_changes_replaces(cloud: Cloud) -> None:
    def script(value: str, **options: Any) -> Script:
        return lambda play: (
            play.resource(
                PARAMETER, "p", {"name": "/a", "type": "String", "value": value}, **options
            )
            and None
        )

    cloud.deploy(script("1"))
    cloud.deploy(script("2", ignore_changes=("value",)))
    assert cloud.steps() == []
    cloud.deploy(script("3", replace_on_changes=("value",)))
    assert cloud.steps() == [("replace", "p")]
    assert cloud.call("ssm", "GetParameter", Name="/a")["Parameter"]["Value"] == "3"


def test_a_renamed_resource_with_an_alias_is_kept(cloud: Cloud) -> None:
    cloud.deploy(parameter())
    old = cloud.state().resources()[-1].urn

    def renamed(play: Play) -> None:
        inputs = {"name": "/a", "type": "String", "value": "1"}
        play.resource(PARAMETER, "other", inputs, aliases=(old,))

    cloud.deploy(renamed)
    assert cloud.steps() == []
    assert [each.name for each in cloud.state().resources()] == ["other"]


def test_retained_and_co_deleted_resources_leave_the_state_only(cloud: Cloud) -> None:
    def script(play: Play) -> None:
        inputs = {"name": "/kept", "type": "String", "value": "1"}
        kept = play.resource(PARAMETER, "kept", inputs, retain_on_delete=True)
        play.resource(
            PARAMETER,
            "with",
            {"name": "/with", "type": "String", "value": "1"},
            deleted_with=kept.urn,
        )

    cloud.deploy(script)
    outcome = cloud.run(nothing, "destroy")
    assert outcome.result == "done"
    assert [(each.id, each.reason) for each in outcome.kept] == [("/kept", "retainOnDelete")]
    told = [each for each in cloud.events if each["event"] == "kept"]
    assert [each["id"] for each in told] == ["/kept"], "destroy says what it leaves on purpose"
    assert cloud.state().resources() == ()
    for name in ("/kept", "/with"):
        assert cloud.call("ssm", "GetParameter", Name=name)["Parameter"]["Value"] == "1"


def test_what_goes_with_what_holds_it_is_not_said_to_be_kept(cloud: Cloud) -> None:
    def script(play: Play) -> None:
        bucket = play.resource(BUCKET, "b", {"bucket": "emptied", "forceDestroy": True})
        inputs = {"bucket": bucket.id, "key": "a", "content": "1"}
        kind = "aws:s3/bucketObjectv2:BucketObjectv2"
        play.resource(kind, "o", inputs, uses={"bucket": [bucket]}, retain_on_delete=True)

    cloud.deploy(script)
    outcome = cloud.run(nothing, "destroy")
    assert outcome.result == "done"
    assert outcome.kept == (), "the bucket was emptied and went, and the object with it"


def test_a_create_that_was_refused_leaves_alone_what_stood_in_its_way(cloud: Cloud) -> None:
    cloud.call("ssm", "PutParameter", Name="/a", Type="String", Value="somebody else's")
    assert "already exists" in cloud.refusal(parameter())
    assert cloud.state().resources() == ()
    assert "already exists" in cloud.refusal(parameter()), "nor is it taken for ours afterwards"
    found = cloud.call("ssm", "GetParameter", Name="/a")["Parameter"]
    assert (found["Value"], found["Version"]) == ("somebody else's", 1)
    cloud.call("ssm", "DeleteParameter", Name="/a")
    cloud.deploy(parameter())
    assert cloud.steps() == [("create", "p")]


def test_a_create_that_cannot_be_found_again_is_doubted(cloud: Cloud) -> None:
    sent = cloud.aws.call

    def lose(service: str, region: str, operation: str, params: Mapping[str, Any]) -> Any:
        if operation == "CreateHealthCheck":
            raise AwsError(operation, "Unreachable", "no answer")
        return sent(service, region, operation, params)

    def check(play: Play) -> None:
        inputs = {"type": "TCP", "ipAddress": "192.0.2.1", "port": 80}
        play.resource("aws:route53/healthCheck:HealthCheck", "h", inputs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cloud.aws, "call", lose)
        assert "no answer" in cloud.refusal(check)
    cloud.deploy(check)
    [warning] = [each["message"] for each in cloud.events if each["event"] == "log"]
    assert "'h' (aws:route53/healthCheck:HealthCheck) was being created when a run" in warning


def test_what_vanished_from_aws_is_made_again(cloud: Cloud) -> None:
    cloud.deploy(parameter())
    cloud.call("ssm", "DeleteParameter", Name="/a")
    cloud.deploy(parameter())
    assert cloud.steps() == [("create", "p")]


def test_a_state_that_cannot_be_read_is_refused_with_the_way_out(cloud: Cloud) -> None:
    cloud.deploy(parameter())
    file = cloud.work_dir / "stacks" / "made.up.json"
    file.write_text(file.read_text().replace('"version": 1', '"version": 99'))
    assert "is a state of version 99; expected 1" in cloud.refusal(parameter())
    file.write_text("{")
    assert "delete it" in cloud.refusal(parameter())


class _InterruptedError(Exception):
    """Stands for anything that ends a run in the middle."""


def _interrupt_after(aws: Aws, writes: int, patch: pytest.MonkeyPatch) -> None:
    """Let that many writes through, and end the run at the next."""
    sent, made = aws.call, [0]

    def call(service: str, region: str, operation: str, params: Mapping[str, Any]) -> Any:
        if not operation.startswith(("Describe", "Get", "List", "Head")):
            made[0] += 1
            if made[0] > writes:
                raise _InterruptedError
        return sent(service, region, operation, params)

    patch.setattr(aws, "call", call)


def _tree(play: Play) -> None:
    vpc = play.resource(
        VPC, "v", {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True, "tags": {"a": "b"}}
    )
    play.resource(
        "aws:ec2/internetGateway:InternetGateway", "i", {"vpcId": vpc.id}, uses={"vpcId": [vpc]}
    )
    play.resource(GROUP, "g", {"name": "/g", "retentionInDays": 7})


def test_a_run_interrupted_before_any_write_is_continued_by_the_next(cloud: Cloud) -> None:
    """Wherever the run ends, the next one completes it and leaves nothing double."""
    interrupted = 0
    while True:
        with pytest.MonkeyPatch.context() as patch:
            _interrupt_after(cloud.aws, interrupted, patch)
            try:
                cloud.run(_tree)
            except _InterruptedError:
                interrupted += 1
            else:
                break
        cloud.deploy(_tree)
        vpcs = [each for each in cloud.call("ec2", "DescribeVpcs")["Vpcs"] if not each["IsDefault"]]
        assert len(vpcs) == 1, f"interrupted before write {interrupted}: one VPC, not {len(vpcs)}"
        assert len(cloud.call("ec2", "DescribeInternetGateways")["InternetGateways"]) == 1
        group = cloud.call("logs", "DescribeLogGroups", logGroupNamePrefix="/g")["logGroups"][0]
        assert group["retentionInDays"] == 7
        assert all(each.status == "complete" for each in cloud.state().resources())
        assert cloud.run(nothing, "destroy").result == "done"
    assert interrupted >= 5, "the run makes several writes, and each was the end of one run"


def test_a_create_whose_answer_was_lost_is_found_again_by_its_name(cloud: Cloud) -> None:
    sent = cloud.aws.call

    def lose(service: str, region: str, operation: str, params: Mapping[str, Any]) -> Any:
        answer = sent(service, region, operation, params)
        if operation == "CreateBucket":
            raise _InterruptedError
        return answer

    def script(play: Play) -> None:
        play.resource(BUCKET, "b", {"bucket": "made-once"})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cloud.aws, "call", lose)
        with pytest.raises(_InterruptedError):
            cloud.run(script)
    assert cloud.state().resources()[-1].status == "creating"
    cloud.deploy(script)
    assert [each["Name"] for each in cloud.call("s3", "ListBuckets")["Buckets"]] == ["made-once"]


def test_an_input_that_the_emulated_aws_drops_is_an_error(cloud: Cloud) -> None:
    """Plants a dropped input: what AWS was sent must be what AWS shows."""
    sent = cloud.aws.call

    def drop(service: str, region: str, operation: str, params: Mapping[str, Any]) -> Any:
        if operation == "PutRetentionPolicy":
            return {}
        return sent(service, region, operation, params)

    def script(play: Play) -> None:
        play.resource(GROUP, "g", {"name": "/g", "retentionInDays": 7})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cloud.aws, "call", drop)
        message = cloud.refusal(script)
    assert "did not keep" in message
    assert "'retentionInDays' was sent as 7 and reads back as None" in message
    cloud.deploy(script)
    assert ("replace", "g") in cloud.steps(), "what was left half-made is made anew"


def test_after_a_refusal_nothing_more_is_changed(cloud: Cloud) -> None:
    def script(play: Play) -> None:
        play.resource("aws:ec2/vpc:Nonsense", "n", {})
        play.resource(VPC, "v", {"cidrBlock": "10.0.0.0/16", "colour": "red"})
        play.resource(PARAMETER, "p", {"name": "/a", "type": "String", "value": "1"})

    message = cloud.refusal(script)
    assert "Nonsense" in message
    assert "'colour'" in message, "problems that can be seen without AWS are reported together"
    with pytest.raises(AwsError):
        cloud.call("ssm", "GetParameter", Name="/a")
