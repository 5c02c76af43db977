"""What was created without an answer is found again by what else names it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from emulator import catalogue
from emulator.catalogue import finding
from emulator.catalogue.provider import Provider
from emulator.engine.aws import AwsError
from tests.contract.engine.play import allow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.engine.state import ResourceState
    from tests.contract.engine.cloud import Cloud
    from tests.contract.engine.play import Play, Script

TAGS = {"tags": {"Name": "found", "stack": "up"}}


def network(play: Play) -> None:
    vpc = play.resource("aws:ec2/vpc:Vpc", "v", {"cidrBlock": "10.0.0.0/16", **TAGS}).id
    inputs = {"vpcId": vpc, "cidrBlock": "10.0.0.0/24", "availabilityZone": "us-east-1a"}
    subnet = play.resource("aws:ec2/subnet:Subnet", "s", inputs).id
    play.resource("aws:ec2/internetGateway:InternetGateway", "i", {"vpcId": vpc, **TAGS})
    table = play.resource("aws:ec2/routeTable:RouteTable", "t", {"vpcId": vpc, **TAGS}).id
    inputs = {"routeTableId": table, "subnetId": subnet}
    play.resource("aws:ec2/routeTableAssociation:RouteTableAssociation", "a", inputs)
    inputs = {"name": "g", "description": "g", "vpcId": vpc}
    group = play.resource("aws:ec2/securityGroup:SecurityGroup", "g", inputs).id
    for direction in ("Ingress", "Egress"):
        for port in (443, 9443):
            inputs = {"securityGroupId": group, "ipProtocol": "tcp", "cidrIpv4": "10.0.0.0/8"}
            kind = f"aws:vpc/securityGroup{direction}Rule:SecurityGroup{direction}Rule"
            name = f"{direction}{port}"
            play.resource(kind, name, inputs | {"fromPort": port, "toPort": port})


def traffic(cloud: Cloud) -> Script:
    subnets, function = cloud.subnets(), cloud.function("f")

    def script(play: Play) -> None:
        inputs = {"name": "lb", "subnets": subnets}
        balancer = play.resource("aws:lb/loadBalancer:LoadBalancer", "lb", inputs).id
        play.resource(
            "aws:lb/targetGroup:TargetGroup", "tg", {"name": "tg", "targetType": "lambda"}
        )
        answer = {"contentType": "text/plain", "statusCode": "404"}
        action = {"type": "fixed-response", "fixedResponse": answer}
        for port in (80, 81):
            inputs = {"loadBalancerArn": balancer, "port": port, "protocol": "HTTP"}
            listener = play.resource(
                "aws:lb/listener:Listener", f"l{port}", inputs | {"defaultActions": [action]}
            ).id
        for priority in (1, 2):
            conditions = [{"pathPattern": {"values": [f"/{priority}"]}}]
            inputs = {"listenerArn": listener, "priority": priority, "actions": [action]}
            play.resource(
                "aws:lb/listenerRule:ListenerRule",
                f"r{priority}",
                inputs | {"conditions": conditions},
            )
        for name in ("live", "next"):
            inputs = {"functionName": function, "name": name, "functionVersion": "1"}
            play.resource("aws:lambda/alias:Alias", name, inputs)

    return script


def messages(cloud: Cloud) -> Script:
    bucket = cloud.bucket("stream")
    role = cloud.role("stream", "firehose.amazonaws.com")
    arns = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    cloud.call(
        "iam",
        "PutRolePolicy",
        RoleName="stream",
        PolicyName="write",
        PolicyDocument=allow(["s3:*"], arns),
    )

    def script(play: Play) -> None:
        play.resource("aws:sqs/queue:Queue", "q", {"name": "q"})
        for name in ("n", "longer-n"):
            play.resource("aws:sns/topic:Topic", name, {"name": name})
        play.resource("aws:secretsmanager/secret:Secret", "x", {"name": "x"})
        inputs = {
            "name": "s",
            "destination": "extended_s3",
            "extendedS3Configuration": {"bucketArn": arns[0], "roleArn": role},
        }
        play.resource("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", "s", inputs)

    return script


def guess(cloud: Cloud, resource: ResourceState) -> str | None:
    """The id that is found for a resource of which only the inputs are known."""
    provider = Provider(cloud.aws, lambda _: b"")
    subject = provider.subject(
        catalogue.entry(resource.type), resource.inputs, region=resource.region
    )
    return provider.guess_id(subject)


def test_every_type_that_can_be_found_is_found_by_its_inputs_alone(cloud: Cloud) -> None:
    seen: set[str] = set()
    for script in (network, traffic(cloud), messages(cloud)):
        cloud.deploy(script)
        for each in cloud.state().resources():
            if each.custom and finding.by_type(each.type):
                assert guess(cloud, each) == each.id, f"{each.type} {each.name} is found again"
                seen.add(each.type)
        cloud.work_dir.joinpath("stacks", "made.up.json").unlink()
    assert seen == set(finding._READS), "each read is tried"


def test_what_is_not_there_is_not_found(cloud: Cloud) -> None:
    cloud.deploy(network)
    for each in cloud.state().resources():
        if each.custom and finding.by_type(each.type):
            other = {**each.inputs, "tags": {"Name": "other"}, "cidrBlock": "10.0.9.0/24"}
            other |= {"name": "other", "subnetId": "subnet-0", "fromPort": 1}
            assert guess(cloud, dataclasses.replace(each, inputs=other)) is None, each.type


def test_tags_that_two_things_bear_name_neither(cloud: Cloud) -> None:
    cloud.deploy(network)
    vpc = next(each for each in cloud.state().resources() if each.name == "v")
    again = cloud.call("ec2", "CreateVpc", CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    tags = [{"Key": key, "Value": value} for key, value in TAGS["tags"].items()]
    cloud.call("ec2", "CreateTags", Resources=[again], Tags=tags)
    assert guess(cloud, vpc) is None, "one of them may be somebody else's"


def test_a_listener_whose_answer_was_lost_is_not_in_the_way_of_the_next_run(cloud: Cloud) -> None:
    script, sent = traffic(cloud), cloud.aws.call

    def lose(service: str, region: str, operation: str, params: Mapping[str, Any]) -> Any:
        answer = sent(service, region, operation, params)
        if operation == "CreateListener":
            raise AwsError(operation, "Unreachable", "no answer")
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cloud.aws, "call", lose)
        assert "no answer" in cloud.refusal(script)
    cloud.deploy(script)
    balancer = next(each.id for each in cloud.state().resources() if each.name == "lb")
    shown = cloud.call("elbv2", "DescribeListeners", LoadBalancerArn=balancer)["Listeners"]
    assert sorted(each["Port"] for each in shown) == [80, 81], "one a port"
