"""Load balancers, listeners and targets that AWS refuses are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.engine.aws import AwsError

if TYPE_CHECKING:
    from tests.contract.engine.cloud import Cloud

ACTIONS: list[dict[str, Any]] = [
    {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
]


def listener(cloud: Cloud, **more: Any) -> dict[str, Any]:
    return {
        "LoadBalancerArn": cloud.load_balancer(),
        "Port": 443,
        "Protocol": "HTTPS",
        "DefaultActions": ACTIONS,
        **more,
    }


def certificate(cloud: Cloud, region: str = "us-east-1") -> str:
    made = cloud.call(
        "acm",
        "RequestCertificate",
        region=region,
        DomainName="predict.example.test",
        SubjectAlternativeNames=["api.example.test"],
        ValidationMethod="DNS",
    )
    return str(made["CertificateArn"])


def validate(cloud: Cloud, arn: str, zone: str, *, only_first: bool = False) -> None:
    found = cloud.call("acm", "DescribeCertificate", CertificateArn=arn)["Certificate"]
    options = found["DomainValidationOptions"][: 1 if only_first else None]
    for record in (each["ResourceRecord"] for each in options):
        values = [{"Value": record["Value"]}]
        change = {"Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": values}
        cloud.call(
            "route53",
            "ChangeResourceRecordSets",
            HostedZoneId=zone,
            ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": change}]},
        )


def test_two_load_balancers_of_a_region_have_two_names(cloud: Cloud) -> None:
    cloud.load_balancer("one")
    subnets = cloud.subnets()
    message = cloud.refused("elbv2", "CreateLoadBalancer", Name="one", Subnets=subnets)
    assert message.startswith("DuplicateLoadBalancerName")
    cloud.call("elbv2", "CreateLoadBalancer", Name="two", Subnets=subnets)


@pytest.mark.parametrize(("zones", "said"), [(["a"], "two subnets"), (["a", "a"], "two subnets")])
def test_a_load_balancer_needs_two_zones(cloud: Cloud, zones: list[str], said: str) -> None:
    subnets = cloud.subnets(zones)
    assert said in cloud.refused("elbv2", "CreateLoadBalancer", Name="lb", Subnets=subnets)


def test_a_load_balancer_cannot_be_moved_into_one_zone(cloud: Cloud) -> None:
    arn = cloud.load_balancer()
    subnets = cloud.subnets(["c"])
    message = cloud.refused("elbv2", "SetSubnets", LoadBalancerArn=arn, Subnets=subnets)
    assert "two different Availability Zones" in message


def test_an_https_listener_needs_a_certificate(cloud: Cloud) -> None:
    message = cloud.refused("elbv2", "CreateListener", **listener(cloud))
    assert "A certificate must be specified for HTTPS listeners (lb:443)" in message


def test_a_listener_takes_an_issued_certificate_of_its_own_region_only(cloud: Cloud) -> None:
    given = listener(cloud)
    pending, elsewhere = certificate(cloud), certificate(cloud, "us-west-2")
    zone = cloud.zone()

    def refused(arn: str) -> str:
        return cloud.refused(
            "elbv2", "CreateListener", **given, Certificates=[{"CertificateArn": arn}]
        )

    assert "must have a status of ISSUED; it is PENDING_VALIDATION" in refused(pending)
    validate(cloud, pending, zone, only_first=True)
    assert "PENDING_VALIDATION" in refused(pending), "every name must be validated"
    validate(cloud, pending, zone)
    assert "not in the listener's Region" in refused(elsewhere)
    assert "not found" in refused(pending[:-1] + ("0" if pending[-1] != "0" else "1"))
    arn = {"CertificateArn": pending}
    made = cloud.call("elbv2", "CreateListener", **given, Certificates=[arn])["Listeners"][0]
    message = cloud.refused(
        "elbv2",
        "ModifyListener",
        ListenerArn=made["ListenerArn"],
        Certificates=[{"CertificateArn": elsewhere}],
    )
    assert "not in the listener's Region" in message


def test_one_port_has_one_listener(cloud: Cloud) -> None:
    given = listener(cloud, Protocol="HTTP", Port=80)
    cloud.call("elbv2", "CreateListener", **given)
    assert cloud.refused("elbv2", "CreateListener", **given).startswith("DuplicateListener")


def register(cloud: Cloud, group: str, target: str) -> None:
    targets = [{"Id": target}]
    cloud.call("elbv2", "RegisterTargets", TargetGroupArn=group, Targets=targets)


def permit(cloud: Cloud, function: str, group: str, **more: Any) -> None:
    cloud.call(
        "lambda",
        "AddPermission",
        FunctionName=function.split(":")[6],
        StatementId=f"s{len(more)}{group[-4:]}",
        Action="lambda:InvokeFunction",
        Principal="elasticloadbalancing.amazonaws.com",
        SourceArn=group,
        **more,
    )


def test_a_target_without_invoke_permission_is_refused(cloud: Cloud) -> None:
    function, group, other = cloud.function("f"), cloud.target_group(), cloud.target_group("other")
    with pytest.raises(AwsError, match=r"AccessDenied.*does not have permission to invoke"):
        register(cloud, group, function)
    permit(cloud, function, other)
    with pytest.raises(AwsError, match="AccessDenied"):
        register(cloud, group, function)
    permit(cloud, function, group)
    register(cloud, group, function)


def test_a_permission_for_the_function_does_not_cover_its_alias(cloud: Cloud) -> None:
    function, group = cloud.function("f"), cloud.target_group()
    alias = cloud.call("lambda", "CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")[
        "AliasArn"
    ]
    permit(cloud, function, group)
    with pytest.raises(AwsError, match="and the qualifier 'live'"):
        register(cloud, group, alias)
    permit(cloud, function, group, Qualifier="live")
    register(cloud, group, alias)


def test_a_target_in_another_region_is_refused(cloud: Cloud) -> None:
    function = cloud.function("f", region="us-west-2")
    with pytest.raises(AwsError, match="functions of its own Region only"):
        register(cloud, cloud.target_group(), function)


def test_a_target_must_exist_and_be_a_function_and_be_alone(cloud: Cloud) -> None:
    group = cloud.target_group()
    ghost = "arn:aws:lambda:us-east-1:123456789012:function:ghost"
    with pytest.raises(AwsError, match="does not exist"):
        register(cloud, group, ghost)
    with pytest.raises(AwsError, match="is not the ARN of a Lambda function"):
        register(cloud, group, "i-1234567890abcdef0")
    for name in ("f", "g"):
        permit(cloud, cloud.function(name), group)
    register(cloud, group, ghost.replace("ghost", "f"))
    with pytest.raises(AwsError, match="exactly one target"):
        register(cloud, group, ghost.replace("ghost", "g"))
