"""Route 53: zones, records, health checks. The DNS server and the checkers act on all of it."""

from __future__ import annotations

import dataclasses
import secrets
from typing import Any, Final, cast

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Caller,
    Read,
    ResourceType,
    Subject,
    Values,
    emulated,
    given,
    own_id,
    recorded,
)


def _tags_of(kind: str) -> Read:
    return Read(
        operation="ListTagsForResource",
        params={"ResourceType": kind, "ResourceId": own_id},
        at="ResourceTagSet.Tags",
        into="Tags",
        when="tags",
    )


def _reference(_: Subject) -> str:
    return secrets.token_hex(16)


def _clear_zone(subject: Subject, call: Caller) -> None:
    if not subject.get("forceDestroy"):
        return
    zone = subject.id
    found = call("route53", "ListResourceRecordSets", HostedZoneId=zone)["ResourceRecordSets"]
    changes = [
        {"Action": "DELETE", "ResourceRecordSet": record}
        for record in found
        if record["Type"] not in ("NS", "SOA")
    ]
    if changes:
        call(
            "route53",
            "ChangeResourceRecordSets",
            HostedZoneId=zone,
            ChangeBatch={"Changes": changes},
        )


ZONE: Final = ResourceType(
    type="aws:route53/zone:Zone",
    service="route53",
    scope="global",
    inputs={
        "name": emulated(
            required=True,
            force_new=True,
            read="HostedZone.Name",
            convert=lambda value: str(value).rstrip(".") + ".",
        ),
        "comment": recorded(
            "a remark",
            aws="HostedZoneConfig.Comment",
            read="HostedZone.Config.Comment",
            default="Managed by Pulumi",
        ),
        "forceDestroy": emulated(unread="steers deletion only"),
    },
    absent="delegationSetId enableAcceleratedRecovery vpcs",
    create=(Call(operation="CreateHostedZone", extra={"CallerReference": _reference}),),
    id=lambda subject: subject.document["HostedZone"]["Id"].rpartition("/")[2],
    reads=(Read(operation="GetHostedZone", params={"Id": own_id}), _tags_of("hostedzone")),
    update=(
        Call(
            operation="UpdateHostedZoneComment",
            only="",
            when="comment",
            extra={"Id": own_id, "Comment": given("comment")},
        ),
    ),
    delete=(Call(operation="DeleteHostedZone", only="", extra={"Id": own_id}),),
    clear=_clear_zone,
    outputs={
        "arn": lambda subject: f"arn:aws:route53:::hostedzone/{subject.id}",
        "zoneId": own_id,
        "nameServers": "DelegationSet.NameServers",
        "primaryNameServer": "DelegationSet.NameServers[0]",
    },
    tags=tags.route53("hostedzone"),
)

_HEALTH_CHECK_INPUTS: Final = {
    "type": emulated(
        required=True,
        force_new=True,
        values=(
            "HTTP",
            "HTTPS",
            "HTTP_STR_MATCH",
            "HTTPS_STR_MATCH",
            "TCP",
            "CALCULATED",
            "CLOUDWATCH_METRIC",
        ),
    ),
    "fqdn": emulated(aws="FullyQualifiedDomainName"),
    "ipAddress": emulated(aws="IPAddress"),
    "port": emulated(),
    "resourcePath": emulated(),
    "searchString": emulated(),
    "requestInterval": emulated(force_new=True),
    "failureThreshold": emulated(),
    "measureLatency": recorded("no latency graphs", force_new=True),
    "invertHealthcheck": emulated(aws="Inverted", unset=False),
    "disabled": emulated(unset=False),
    "enableSni": recorded("emulated checkers always send the name", aws="EnableSNI"),
    "childHealthchecks": emulated(aws="ChildHealthChecks"),
    "childHealthThreshold": emulated(aws="HealthThreshold"),
    "cloudwatchAlarmName": emulated(aws="AlarmIdentifier.Name"),
    "cloudwatchAlarmRegion": emulated(aws="AlarmIdentifier.Region"),
    "insufficientDataHealthStatus": emulated(),
    "regions": emulated(),
}

HEALTH_CHECK: Final = ResourceType(
    type="aws:route53/healthCheck:HealthCheck",
    service="route53",
    scope="global",
    inputs={
        **_HEALTH_CHECK_INPUTS,
        "referenceName": recorded(
            "part of the caller's reference", force_new=True, unread="becomes a reference"
        ),
    },
    absent="routingControlArn triggers",
    create=(
        Call(
            operation="CreateHealthCheck",
            under="HealthCheckConfig",
            extra={"CallerReference": _reference},
        ),
    ),
    id="HealthCheck.Id",
    reads=(
        Read(
            operation="GetHealthCheck",
            params={"HealthCheckId": own_id},
            at="HealthCheck.HealthCheckConfig",
        ),
        _tags_of("healthcheck"),
    ),
    update=(
        Call(
            operation="UpdateHealthCheck",
            only=" ".join(
                name for name, each in _HEALTH_CHECK_INPUTS.items() if not each.force_new
            ),
            extra={"HealthCheckId": own_id},
        ),
    ),
    delete=(Call(operation="DeleteHealthCheck", only="", extra={"HealthCheckId": own_id}),),
    outputs={"arn": lambda subject: f"arn:aws:route53:::healthcheck/{subject.id}"},
    tags=tags.route53("healthcheck"),
)


def full_name(name: str, zone_name: str) -> str:
    """A record's full name: a name outside the zone is meant relative to it, as in pulumi-aws."""
    bare, zone = name.rstrip(".").lower(), zone_name.rstrip(".").lower()
    if not bare:
        return zone
    return bare if bare == zone or bare.endswith(f".{zone}") else f"{bare}.{zone}"


def _name(subject: Subject) -> str:
    return full_name(str(subject.get("name")), str(subject.facts["zoneName"]))


def _quoted(kind: object, values: list[str]) -> list[Values]:
    quote = kind in ("TXT", "SPF")
    return [
        {"Value": f'"{value}"' if quote and not value.startswith('"') else value}
        for value in values
    ]


def _first(value: list[dict[str, Any]], key: str) -> Any:
    return value[0].get(key)


def _alias(value: list[dict[str, Any]]) -> Values:
    return {
        "HostedZoneId": value[0]["zoneId"],
        "DNSName": value[0]["name"],
        "EvaluateTargetHealth": value[0]["evaluateTargetHealth"],
    }


_POLICIES: Final = (
    ("failoverRoutingPolicies", "type", "Failover"),
    ("weightedRoutingPolicies", "weight", "Weight"),
    ("latencyRoutingPolicies", "region", "Region"),
)


def _record_set(subject: Subject) -> Values:
    inputs = subject.inputs
    record: Values = {"Name": _name(subject), "Type": inputs["type"]}
    if inputs.get("aliases"):
        record["AliasTarget"] = _alias(inputs["aliases"])
    if inputs.get("records") is not None:
        record["ResourceRecords"] = _quoted(inputs["type"], inputs["records"])
    for name, member in (
        ("ttl", "TTL"),
        ("setIdentifier", "SetIdentifier"),
        ("healthCheckId", "HealthCheckId"),
        ("multivalueAnswerRoutingPolicy", "MultiValueAnswer"),
    ):
        if inputs.get(name) is not None:
            record[member] = inputs[name]
    for name, key, member in _POLICIES:
        if inputs.get(name):
            record[member] = _first(inputs[name], key)
    return record


def _batch(action: str | None = None) -> Any:
    def source(subject: Subject) -> Values:
        chosen = action or ("UPSERT" if subject.get("allowOverwrite") else "CREATE")
        return {"Changes": [{"Action": chosen, "ResourceRecordSet": _record_set(subject)}]}

    return source


def _update_batch(subject: Subject) -> Values:
    """As pulumi-aws updates a record: in place, or as another record in one transaction.

    Route 53 updates a record set only where name, type and set identifier match, so the old one
    is deleted and the new one created in the same batch, which takes effect as a whole.
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
    """
    if all(subject.old.get(name) == subject.get(name) for name in ("type", "setIdentifier")):
        return _batch("UPSERT")(subject)
    old = dataclasses.replace(subject, inputs=subject.old)
    return {
        "Changes": [
            {"Action": "DELETE", "ResourceRecordSet": _record_set(old)},
            {"Action": "CREATE", "ResourceRecordSet": _record_set(subject)},
        ]
    }


def _change(action: str | None = None, *, when: str = "") -> Call:
    return _call(_batch(action), when=when)


def _call(batch: Any, *, when: str = "") -> Call:
    extra = {"HostedZoneId": given("zoneId"), "ChangeBatch": batch}
    return Call(operation="ChangeResourceRecordSets", only="", when=when, extra=extra, whole=True)


def _find_record(subject: Subject, answer: Values) -> Values | None:
    wanted = (_name(subject), subject.get("type"), subject.get("setIdentifier"))
    for record in cast("list[Values]", answer["ResourceRecordSets"]):
        shown = record["Name"].rstrip(".").replace("\\052", "*")
        if (shown, record["Type"], record.get("SetIdentifier")) == wanted:
            return record
    return None


def _record_id(subject: Subject) -> str:
    parts = (
        subject.get("zoneId"),
        _name(subject),
        subject.get("type"),
        subject.get("setIdentifier"),
    )
    return "_".join(str(part) for part in parts if part)


def _zone_name(subject: Subject, call: Caller) -> Values:
    zone = call("route53", "GetHostedZone", Id=subject.get("zoneId"))["HostedZone"]
    return {"zoneName": zone["Name"]}


def _one_kind(inputs: Values) -> list[str]:
    problems: list[str] = []
    if bool(inputs.get("aliases")) == (inputs.get("records") is not None):
        problems.append("exactly one of records and aliases is expected")
    if inputs.get("records") is not None and inputs.get("ttl") is None:
        problems.append("records need a ttl")
    return problems


_RECORD_CHANGES: Final = (
    "aliases failoverRoutingPolicies healthCheckId latencyRoutingPolicies "
    "multivalueAnswerRoutingPolicy records ttl weightedRoutingPolicies"
)

RECORD: Final = ResourceType(
    type="aws:route53/record:Record",
    service="route53",
    scope="global",
    inputs={
        "zoneId": emulated(required=True, force_new=True, unread="AWS shows records inside a zone"),
        "name": emulated(required=True, force_new=True, unread="found by it"),
        "type": emulated(required=True, unread="found by it"),
        "setIdentifier": emulated(unread="found by it"),
        "ttl": emulated(aws="TTL"),
        "records": emulated(read="ResourceRecords[].Value[]", convert=lambda value: value),
        "aliases": emulated(read="AliasTarget", convert=_alias),
        "healthCheckId": emulated(),
        "failoverRoutingPolicies": emulated(
            read="Failover", convert=lambda value: _first(value, "type")
        ),
        "weightedRoutingPolicies": emulated(
            read="Weight", convert=lambda value: _first(value, "weight")
        ),
        "latencyRoutingPolicies": emulated(
            read="Region",
            convert=lambda value: _first(value, "region"),
        ),
        "multivalueAnswerRoutingPolicy": emulated(read="MultiValueAnswer"),
        "allowOverwrite": emulated(unread="steers creation only"),
    },
    absent="cidrRoutingPolicy geolocationRoutingPolicies geoproximityRoutingPolicy",
    create=(_change(when=f"zoneId {_RECORD_CHANGES}"),),
    id=_record_id,
    reads=(
        Read(
            operation="ListResourceRecordSets",
            params={
                "HostedZoneId": given("zoneId"),
                "StartRecordName": _name,
                "StartRecordType": given("type"),
            },
            at=_find_record,
        ),
    ),
    update=(_call(_update_batch, when=f"type setIdentifier {_RECORD_CHANGES}"),),
    delete=(_change("DELETE"),),
    outputs={"fqdn": _name},
    identity="zoneId name type setIdentifier",
    facts=_zone_name,
    check=_one_kind,
)

TYPES: Final = (ZONE, HEALTH_CHECK, RECORD)
