"""What the engine refuses before AWS is asked, each by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.engine.wire import UNKNOWN
from tests.contract.engine.play import trust

if TYPE_CHECKING:
    from tests.contract.engine.cloud import Cloud
    from tests.contract.engine.play import Play

VPC = "aws:ec2/vpc:Vpc"
PARAMETER = "aws:ssm/parameter:Parameter"
GIVEN = {"name": "/a", "type": "String", "value": "1"}


def one(kind: str, inputs: dict[str, Any], **options: Any) -> Any:
    return lambda play: play.resource(kind, "it", inputs, **options) and None


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"cidrBlok": "10.0.0.0/16"}, "input 'cidrBlok' is not known; aws:ec2/vpc:Vpc knows"),
        ({"ipv6CidrBlock": "::/56"}, "input 'ipv6CidrBlock' is not supported by the emulator"),
        ({"cidrBlock": UNKNOWN}, "cidrBlock of 'it' cannot be resolved"),
        ({"tags": {"a": UNKNOWN}}, "tags.a of 'it' cannot be resolved"),
    ],
)
def test_unfit_inputs_are_refused_by_name(cloud: Cloud, inputs: dict[str, Any], said: str) -> None:
    assert said in cloud.refusal(one(VPC, inputs))


def test_a_missing_required_input_is_refused_by_name(cloud: Cloud) -> None:
    message = cloud.refusal(one(PARAMETER, {"name": "/a", "type": "String"}))
    assert "required input 'value' is missing" in message


def test_a_value_outside_what_is_emulated_is_refused_with_what_is(cloud: Cloud) -> None:
    inputs = {"targetType": "ip", "port": 80}
    message = cloud.refusal(one("aws:lb/targetGroup:TargetGroup", inputs))
    assert "'targetType' is 'ip'; the emulator supports 'lambda'" in message


def test_an_unknown_type_is_refused_with_its_neighbours(cloud: Cloud) -> None:
    message = cloud.refusal(one("aws:ec2/vpcs:Vpc", {}))
    assert "'aws:ec2/vpcs:Vpc' is not in the emulator's catalogue" in message
    assert VPC in message


def test_two_resources_of_one_urn_are_refused(cloud: Cloud) -> None:
    def twice(play: Play) -> None:
        play.resource(PARAMETER, "it", GIVEN)
        play.resource(PARAMETER, "it", GIVEN | {"name": "/b"})

    assert "two resources have the URN urn:pulumi:up::made::" in cloud.refusal(twice)


def test_a_dependency_that_was_never_registered_is_refused(cloud: Cloud) -> None:
    stranger = "urn:pulumi:up::made::aws:ec2/vpc:Vpc::stranger"
    message = cloud.refusal(one(PARAMETER, GIVEN, dependencies=(stranger,)))
    assert f"depends on {stranger}, which this program has not registered" in message


def test_what_depends_on_a_refused_resource_is_skipped_without_noise(cloud: Cloud) -> None:
    def script(play: Play) -> None:
        bad = play.resource(VPC, "bad", {"nonsense": 1})
        play.resource("aws:ec2/subnet:Subnet", "s", {"vpcId": UNKNOWN}, uses={"vpcId": [bad]})

    outcome = cloud.run(script)
    assert len(outcome.problems) == 1, "one cause, one problem"


def test_imports_and_remote_components_are_refused_with_the_way_out(cloud: Cloud) -> None:
    message = cloud.refusal(one(VPC, {}, unsupported="`import` is not supported; use `.get`"))
    assert "`import` is not supported" in message


def test_a_call_that_its_model_forbids_is_not_sent(cloud: Cloud) -> None:
    message = cloud.refusal(one("aws:cloudwatch/logGroup:LogGroup", {"name": "a b"}))
    assert "CreateLogGroup: ValidationError: logGroupName is 'a b'; expected a match of" in message


def test_a_nested_name_that_aws_does_not_have_is_refused(cloud: Cloud) -> None:
    bucket = cloud.bucket("some-bucket")
    rules = [{"id": "x", "status": "Enabled", "expire": {"days": 1}}]
    kind = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    message = cloud.refusal(one(kind, {"bucket": bucket, "rules": rules}))
    assert "input 'rules': expire has no counterpart in LifecycleRule" in message


def test_a_resource_without_any_region_is_refused(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    (cloud.project_dir / "Pulumi.up.yaml").write_text("config: {}\n")
    assert "no Region" in cloud.refusal(one(VPC, {"cidrBlock": "10.0.0.0/16"}))
    cloud.deploy(one("aws:iam/role:Role", {"assumeRolePolicy": trust("ec2.amazonaws.com")}))


def test_a_provider_configured_in_ways_not_known_is_refused(cloud: Cloud) -> None:
    message = cloud.refusal(one("pulumi:providers:aws", {"assumeRoles": "x"}))
    assert "provider configuration 'assumeRoles' is not supported" in message


def test_an_explicit_provider_gives_region_and_default_tags(cloud: Cloud) -> None:
    def script(play: Play) -> None:
        provider = play.resource(
            "pulumi:providers:aws",
            "west",
            {"region": "us-west-2", "defaultTags": '{"tags": {"owner": "me"}}'},
        )
        reference = f"{provider.urn}::{provider.id}"
        vpc = {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}}
        play.resource(VPC, "v", vpc, provider=reference)

    cloud.deploy(script)
    found = cloud.call("ec2", "DescribeVpcs", region="us-west-2")["Vpcs"]
    tags = [each.get("Tags") for each in found if not each["IsDefault"]]
    assert tags == [[{"Key": "a", "Value": "b"}, {"Key": "owner", "Value": "me"}]]


def test_an_output_that_is_not_computed_is_unknown_instead_of_silently_nothing(
    cloud: Cloud,
) -> None:
    seen: list[Any] = []

    def script(play: Play) -> None:
        vpc = play.resource(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
        seen.append(vpc.outputs["mainRouteTableId"])
        seen.append(vpc.outputs["arn"])

    cloud.deploy(script)
    assert seen[0] == UNKNOWN
    assert seen[1].startswith("arn:aws:ec2:us-east-1:123456789012:vpc/vpc-")
    message = cloud.refusal(lambda play: play.export(route=UNKNOWN))
    assert "stack outputs route have no value" in message
