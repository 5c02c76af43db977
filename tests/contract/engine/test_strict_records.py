"""Route 53 refuses what would not work in AWS, whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.contract.engine.cloud import Cloud

NAME = "predict.example.test"


def check(cloud: Cloud, **config: Any) -> str:
    plain = {"Type": "HTTPS", "FullyQualifiedDomainName": NAME, "RequestInterval": 10}
    made = cloud.call(
        "route53",
        "CreateHealthCheck",
        CallerReference=str(len(cloud.call("route53", "ListHealthChecks")["HealthChecks"])),
        HealthCheckConfig={**plain, **config},
    )
    return str(made["HealthCheck"]["Id"])


def change(zone: str, *records: dict[str, Any], action: str = "CREATE") -> dict[str, Any]:
    changes = [{"Action": action, "ResourceRecordSet": each} for each in records]
    return {"HostedZoneId": zone, "ChangeBatch": {"Changes": changes}}


def cname(value: str = "a.test", **more: Any) -> dict[str, Any]:
    record = {"Name": NAME, "Type": "CNAME", "TTL": 10, "ResourceRecords": [{"Value": value}]}
    return record | more


def failover(
    role: str, identifier: str, check_id: str | None = None, **more: Any
) -> dict[str, Any]:
    judged = {"HealthCheckId": check_id} if check_id else {}
    return cname(Failover=role, SetIdentifier=identifier, **judged, **more)


def refused(cloud: Cloud, zone: str, *records: dict[str, Any], action: str = "CREATE") -> str:
    parameters = change(zone, *records, action=action)
    message = cloud.refused("route53", "ChangeResourceRecordSets", **parameters)
    assert message.startswith("InvalidChangeBatch"), message
    return message


def put(cloud: Cloud, zone: str, *records: dict[str, Any], action: str = "CREATE") -> None:
    cloud.call("route53", "ChangeResourceRecordSets", **change(zone, *records, action=action))


def test_two_primary_records_are_refused(cloud: Cloud) -> None:
    zone, first = cloud.zone(), check(cloud)
    put(cloud, zone, failover("PRIMARY", "one", first))
    message = refused(cloud, zone, failover("PRIMARY", "two", first))
    assert "there is a PRIMARY failover record of that name and type already (one)" in message
    put(cloud, zone, failover("SECONDARY", "two"))


def test_a_primary_whose_health_nobody_judges_is_refused(cloud: Cloud) -> None:
    assert "nothing judges its health" in refused(cloud, cloud.zone(), failover("PRIMARY", "one"))


def test_a_routed_record_needs_a_set_identifier_and_the_other_way_round(cloud: Cloud) -> None:
    zone = cloud.zone()
    assert "no SetIdentifier" in refused(cloud, zone, cname(Weight=1))
    assert "no routing policy" in refused(cloud, zone, cname(SetIdentifier="a"))


def test_a_health_check_that_does_not_exist_is_refused(cloud: Cloud) -> None:
    ghost = "0c0ffee0-0000-0000-0000-000000000000"
    message = refused(cloud, cloud.zone(), cname(HealthCheckId=ghost))
    assert f"refers to the health check {ghost}, which does not exist" in message


def test_policies_of_one_name_and_type_cannot_be_mixed(cloud: Cloud) -> None:
    zone = cloud.zone()
    put(cloud, zone, cname())
    message = refused(cloud, zone, failover("SECONDARY", "two"))
    assert "(failover) cannot be mixed with the simple record" in message


def test_a_cname_stands_alone_and_never_at_the_apex(cloud: Cloud) -> None:
    zone = cloud.zone()
    put(cloud, zone, cname())
    address = {"Name": NAME, "Type": "A", "TTL": 10, "ResourceRecords": [{"Value": "127.0.0.1"}]}
    assert "a CNAME stands alone" in refused(cloud, zone, address)
    assert "not permitted at the apex" in refused(cloud, zone, cname(Name="example.test"))


def test_an_alias_has_no_ttl_and_no_values_of_its_own(cloud: Cloud) -> None:
    zone = cloud.zone()
    target = {"HostedZoneId": zone, "DNSName": "x.example.test", "EvaluateTargetHealth": True}
    alias = {"Name": NAME, "Type": "A", "AliasTarget": target}
    assert "none of its own" in refused(cloud, zone, alias | {"TTL": 10})
    assert "exactly one of AliasTarget and" in refused(cloud, zone, {"Name": NAME, "Type": "A"})
    put(cloud, zone, {"Name": "x.example.test", "Type": "A"} | address())
    put(cloud, zone, alias | {"Failover": "PRIMARY", "SetIdentifier": "one"})


def test_an_alias_within_its_zone_leads_to_a_record_of_its_type_that_is_there(cloud: Cloud) -> None:
    zone = cloud.zone()
    target = {"HostedZoneId": zone, "DNSName": "x.example.test", "EvaluateTargetHealth": False}
    alias = {"Name": NAME, "Type": "A", "AliasTarget": target}
    there = {"Name": "x.example.test", "Type": "A"} | address()
    assert "but that target was not found" in refused(cloud, zone, alias)
    put(cloud, zone, cname(Name="x.example.test"))
    assert "type A" in refused(cloud, zone, alias), "a CNAME is no target of an A alias"
    put(cloud, zone, cname(Name="x.example.test"), action="DELETE")
    put(cloud, zone, there, alias)
    itself = {**alias, "AliasTarget": target | {"DNSName": NAME}}
    assert "is an alias of itself" in refused(cloud, zone, itself, action="UPSERT")


def address() -> dict[str, Any]:
    return {"TTL": 10, "ResourceRecords": [{"Value": "192.0.2.1"}]}


def test_an_alias_to_a_load_balancer_names_the_zone_of_its_region(cloud: Cloud) -> None:
    zone = cloud.zone()
    target = {"DNSName": "lb-1.us-west-2.elb.amazonaws.com", "EvaluateTargetHealth": False}
    alias = {"Name": NAME, "Type": "A"}
    east = {"HostedZoneId": "Z35SXDOTRQ7X7K"}
    message = refused(cloud, zone, alias | {"AliasTarget": target | east})
    assert "does not lie within the target zone" in message
    west = {"HostedZoneId": "Z1H1FL5HABSF5"}
    put(cloud, zone, alias | {"AliasTarget": target | west})


def test_a_record_is_created_once_and_deleted_only_when_it_is_there(cloud: Cloud) -> None:
    zone = cloud.zone()
    put(cloud, zone, cname())
    assert "but it already exists" in refused(cloud, zone, cname())
    put(cloud, zone, cname("b.test"), action="UPSERT")
    put(cloud, zone, cname("b.test"), action="DELETE")
    assert "but it was not found" in refused(cloud, zone, cname("b.test"), action="DELETE")


def test_one_batch_is_refused_whole(cloud: Cloud) -> None:
    zone = cloud.zone()
    refused(cloud, zone, cname(), cname(Name="example.test"))
    records = cloud.call("route53", "ListResourceRecordSets", HostedZoneId=zone)
    assert {each["Type"] for each in records["ResourceRecordSets"]} == {"NS", "SOA"}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"Type": "HTTPS_STR_MATCH"}, "needs a SearchString"),
        ({"Type": "HTTPS", "SearchString": "x"}, "takes no SearchString"),
        ({"Type": "HTTPS_STR_MATCH", "SearchString": "x" * 256}, "at most 255"),
        ({"RequestInterval": 20}, "RequestInterval is 20; expected 10 or 30"),
        ({"FailureThreshold": 11}, "FailureThreshold"),
        ({"FullyQualifiedDomainName": ""}, "needs a FullyQualifiedDomainName or an IPAddress"),
        ({"Type": "CALCULATED", "ChildHealthChecks": ["x"], "HealthThreshold": 1}, "do not exist"),
        ({"Type": "CALCULATED", "HealthThreshold": 2}, "it could never be healthy"),
    ],
)
def test_an_unfit_health_check_is_refused(cloud: Cloud, config: dict[str, Any], said: str) -> None:
    plain = {"Type": "HTTPS", "FullyQualifiedDomainName": NAME}
    message = cloud.refused(
        "route53", "CreateHealthCheck", CallerReference="r", HealthCheckConfig={**plain, **config}
    )
    assert said in message


def test_an_update_is_held_to_the_same_rules(cloud: Cloud) -> None:
    child = check(cloud)
    whole = check(cloud, Type="CALCULATED", ChildHealthChecks=[child], HealthThreshold=1)
    message = cloud.refused("route53", "UpdateHealthCheck", HealthCheckId=whole, HealthThreshold=2)
    assert "HealthThreshold is 2 with 1 children" in message
    long = cloud.refused(
        "route53", "UpdateHealthCheck", HealthCheckId=child, SearchString="anything"
    )
    assert "takes no SearchString" in long


def test_a_child_of_a_calculated_check_cannot_be_deleted(cloud: Cloud) -> None:
    child = check(cloud)
    check(cloud, Type="CALCULATED", ChildHealthChecks=[child], HealthThreshold=1)
    message = cloud.refused("route53", "DeleteHealthCheck", HealthCheckId=child)
    assert message.startswith("HealthCheckInUse")
