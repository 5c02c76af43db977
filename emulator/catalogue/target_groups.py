"""Target groups that lead to Lambda functions, and what is registered in them."""

from __future__ import annotations

import hashlib
from typing import Final

from emulator.catalogue.lb import READ_TAGS, TAGS, attribute
from emulator.catalogue.model import (
    Call,
    Name,
    Read,
    ResourceType,
    Subject,
    Values,
    emulated,
    given,
    own_id,
)


def _target_group_suffix(subject: Subject) -> str:
    return subject.id.rpartition(":")[2]


_TARGET_GROUP_ATTRIBUTES: Final = {
    "deregistrationDelay": attribute("deregistration_delay.timeout_seconds"),
    "lambdaMultiValueHeadersEnabled": emulated(
        attribute="lambda.multi_value_headers.enabled", unset=False
    ),
    "loadBalancingAlgorithmType": attribute("load_balancing.algorithm.type"),
    "loadBalancingCrossZoneEnabled": attribute("load_balancing.cross_zone.enabled"),
    "slowStart": attribute("slow_start.duration_seconds", unset=0),
}

TARGET_GROUP: Final = ResourceType(
    type="aws:lb/targetGroup:TargetGroup",
    service="elbv2",
    inputs={
        "name": emulated(aws="Name", read="TargetGroupName", force_new=True),
        "namePrefix": emulated(unread="becomes part of the name", force_new=True),
        "targetType": emulated(required=True, force_new=True, values=("lambda",)),
        "healthCheck": emulated(
            spread={
                "enabled": "HealthCheckEnabled",
                "path": "HealthCheckPath",
                "interval": "HealthCheckIntervalSeconds",
                "timeout": "HealthCheckTimeoutSeconds",
                "healthyThreshold": "HealthyThresholdCount",
                "unhealthyThreshold": "UnhealthyThresholdCount",
                "matcher": "Matcher.HttpCode",
                "port": "HealthCheckPort",
                "protocol": "HealthCheckProtocol",
            },
        ),
        **_TARGET_GROUP_ATTRIBUTES,
    },
    absent="connectionTermination ipAddressType loadBalancingAnomalyMitigation port "
    "preserveClientIp protocol protocolVersion proxyProtocolV2 stickiness targetControlPort "
    "targetFailovers targetGroupHealth targetHealthStates vpcId",
    create=(
        Call(operation="CreateTargetGroup"),
        Call(
            operation="ModifyTargetGroupAttributes",
            only=" ".join(_TARGET_GROUP_ATTRIBUTES),
            when=" ".join(_TARGET_GROUP_ATTRIBUTES),
            attributes="Attributes",
            extra={"TargetGroupArn": own_id},
        ),
    ),
    id="TargetGroups[0].TargetGroupArn",
    reads=(
        Read(
            operation="DescribeTargetGroups",
            params={"TargetGroupArns": [own_id]},
            at="TargetGroups[0]",
        ),
        Read(
            operation="DescribeTargetGroupAttributes",
            params={"TargetGroupArn": own_id},
            at="Attributes",
            into="attributes",
            when=" ".join(_TARGET_GROUP_ATTRIBUTES),
        ),
        READ_TAGS,
    ),
    update=(
        Call(operation="ModifyTargetGroup", only="healthCheck", extra={"TargetGroupArn": own_id}),
        Call(
            operation="ModifyTargetGroupAttributes",
            only=" ".join(_TARGET_GROUP_ATTRIBUTES),
            attributes="Attributes",
            extra={"TargetGroupArn": own_id},
        ),
    ),
    delete=(Call(operation="DeleteTargetGroup", only="", extra={"TargetGroupArn": own_id}),),
    outputs={
        "arn": own_id,
        "arnSuffix": _target_group_suffix,
        "loadBalancerArns": "LoadBalancerArns",
    },
    not_computed="port protocol protocolVersion vpcId ipAddressType stickiness",
    tags=TAGS,
    name=Name(max_length=32),
    identity="name",
)


def _target(subject: Subject) -> Values:
    return {"Id": subject.get("targetId")}


def _registered(subject: Subject, answer: Values) -> Values | None:
    found = answer["TargetHealthDescriptions"]
    ours = (each for each in found if each["Target"]["Id"] == subject.get("targetId"))
    return next(
        (each for each in ours if each["TargetHealth"].get("Reason") != "Target.NotRegistered"),
        None,
    )


def _attachment_id(subject: Subject) -> str:
    digest = hashlib.sha256(str(subject.get("targetId")).encode()).hexdigest()[:10]
    return f"{subject.get('targetGroupArn')}-{digest}"


TARGET_GROUP_ATTACHMENT: Final = ResourceType(
    type="aws:lb/targetGroupAttachment:TargetGroupAttachment",
    service="elbv2",
    inputs={
        "targetGroupArn": emulated(
            required=True, force_new=True, unread="AWS shows targets inside their group"
        ),
        "targetId": emulated(required=True, read="Target.Id", force_new=True),
    },
    absent="availabilityZone port quicServerId",
    create=(
        Call(
            operation="RegisterTargets",
            only="targetGroupArn",
            when="targetGroupArn targetId",
            extra={"Targets": [_target]},
        ),
    ),
    id=_attachment_id,
    reads=(
        Read(
            operation="DescribeTargetHealth",
            params={"TargetGroupArn": given("targetGroupArn")},
            at=_registered,
        ),
    ),
    delete=(
        Call(operation="DeregisterTargets", only="targetGroupArn", extra={"Targets": [_target]}),
    ),
    identity="targetGroupArn targetId",
)

TYPES: Final = (TARGET_GROUP, TARGET_GROUP_ATTACHMENT)
