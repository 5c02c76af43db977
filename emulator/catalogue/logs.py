"""CloudWatch Logs: groups and the subscriptions that carry their lines on."""

from __future__ import annotations

import hashlib
from typing import Final

from emulator.catalogue import tags
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
    recorded,
)


def _group(subject: Subject, answer: Values) -> Values | None:
    return next((each for each in answer["logGroups"] if each["logGroupName"] == subject.id), None)


LOG_GROUP: Final = ResourceType(
    type="aws:cloudwatch/logGroup:LogGroup",
    service="logs",
    inputs={
        "name": emulated(aws="logGroupName", force_new=True),
        "namePrefix": emulated(unread="becomes part of the name", force_new=True),
        "retentionInDays": recorded(
            "lines are kept for the emulator's life", read="retentionInDays"
        ),
        "logGroupClass": recorded("one class of storage", aws="logGroupClass", force_new=True),
        "kmsKeyId": emulated(aws="kmsKeyId", read="kmsKeyId", unset=""),
        "skipDestroy": emulated(unread="steers deletion only", unset=False),
    },
    absent="deletionProtectionEnabled",
    create=(
        Call(operation="CreateLogGroup"),
        Call(
            operation="PutRetentionPolicy",
            only="retentionInDays",
            when="retentionInDays",
            only_if=lambda subject: bool(subject.get("retentionInDays")),
            extra={"logGroupName": own_id},
        ),
    ),
    id=lambda subject: subject.get("name"),
    reads=(
        Read(operation="DescribeLogGroups", params={"logGroupNamePrefix": own_id}, at=_group),
        Read(
            operation="ListTagsForResource",
            params={"resourceArn": lambda subject: subject.arn("logs", f"log-group:{subject.id}")},
            at="tags",
            into="Tags",
            when="tags",
        ),
    ),
    update=(
        Call(
            operation="PutRetentionPolicy",
            only="retentionInDays",
            when="retentionInDays",
            extra={"logGroupName": own_id},
        ),
        Call(
            operation="AssociateKmsKey",
            only="kmsKeyId",
            when="kmsKeyId",
            only_if=lambda subject: bool(subject.get("kmsKeyId")),
            extra={"logGroupName": own_id},
        ),
        Call(
            operation="DisassociateKmsKey",
            only="",
            when="kmsKeyId",
            only_if=lambda subject: not subject.get("kmsKeyId"),
            extra={"logGroupName": own_id},
        ),
    ),
    delete=(
        Call(
            operation="DeleteLogGroup",
            only="",
            only_if=lambda subject: not subject.get("skipDestroy"),
            extra={"logGroupName": own_id},
        ),
    ),
    outputs={"arn": lambda subject: subject.arn("logs", f"log-group:{subject.id}")},
    tags=tags.mapped(
        put="TagResource",
        drop="UntagResource",
        target="resourceArn",
        member="tags",
        keys="tagKeys",
        arn="logs|log-group:{id}",
    ),
    name=Name(max_length=512),
    identity="name",
)


def _filter(subject: Subject, answer: Values) -> Values | None:
    found = answer["subscriptionFilters"]
    return next((each for each in found if each["filterName"] == subject.get("name")), None)


def _filter_id(subject: Subject) -> str:
    named = f"{subject.get('logGroup')} {subject.get('name')}".encode()
    return f"cwlsf-{int(hashlib.sha256(named).hexdigest()[:8], 16)}"


_FILTER: Final = {"logGroupName": given("logGroup"), "filterName": given("name")}

LOG_SUBSCRIPTION_FILTER: Final = ResourceType(
    type="aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
    service="logs",
    inputs={
        "name": emulated(aws="filterName", read="filterName", force_new=True),
        "logGroup": emulated(
            aws="logGroupName", read="logGroupName", required=True, force_new=True
        ),
        "filterPattern": emulated(aws="filterPattern", required=True),
        "destinationArn": emulated(aws="destinationArn", required=True),
        "roleArn": emulated(aws="roleArn"),
        "distribution": recorded("one order of lines", aws="distribution", default="ByLogStream"),
    },
    absent="applyOnTransformedLogs emitSystemFields",
    create=(Call(operation="PutSubscriptionFilter"),),
    id=_filter_id,
    reads=(
        Read(
            operation="DescribeSubscriptionFilters",
            params={"logGroupName": given("logGroup"), "filterNamePrefix": given("name")},
            at=_filter,
        ),
    ),
    update=(
        Call(
            operation="PutSubscriptionFilter",
            when="filterPattern destinationArn roleArn distribution",
        ),
    ),
    delete=(Call(operation="DeleteSubscriptionFilter", only="", extra=_FILTER),),
    name=Name(max_length=512),
    identity="name logGroup",
)

TYPES: Final = (LOG_GROUP, LOG_SUBSCRIPTION_FILTER)
