"""DynamoDB: tables."""

from __future__ import annotations

from typing import Any, Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Name,
    Read,
    ResourceType,
    Subject,
    Values,
    emulated,
    own_id,
)


def _keys(subject: Subject) -> list[Values]:
    return [
        {"AttributeName": subject.get(name), "KeyType": kind}
        for name, kind in (("hashKey", "HASH"), ("rangeKey", "RANGE"))
        if subject.get(name)
    ]


def _attributes(value: list[dict[str, Any]]) -> list[Values]:
    return [{"attributeName": each["name"], "attributeType": each["type"]} for each in value]


def _throughput(subject: Subject) -> Values | None:
    if subject.get("billingMode") == "PAY_PER_REQUEST":
        return None
    units = ("readCapacity", "ReadCapacityUnits"), ("writeCapacity", "WriteCapacityUnits")
    return {member: subject.get(name) or 1 for name, member in units}


def _arn(subject: Subject) -> str:
    return subject.arn("dynamodb", f"table/{subject.id}")


TABLE: Final = ResourceType(
    type="aws:dynamodb/table:Table",
    service="dynamodb",
    inputs={
        "name": emulated(aws="TableName", force_new=True),
        "attributes": emulated(
            required=True, aws="AttributeDefinitions", convert=_attributes, force_new=True
        ),
        "hashKey": emulated(
            required=True, force_new=True, read="KeySchema[?KeyType=='HASH'].AttributeName | [0]"
        ),
        "rangeKey": emulated(
            force_new=True, read="KeySchema[?KeyType=='RANGE'].AttributeName | [0]"
        ),
        "billingMode": emulated(
            default="PROVISIONED", force_new=True, read="BillingModeSummary.BillingMode"
        ),
        "readCapacity": emulated(force_new=True, read="ProvisionedThroughput.ReadCapacityUnits"),
        "writeCapacity": emulated(force_new=True, read="ProvisionedThroughput.WriteCapacityUnits"),
    },
    absent="deletionProtectionEnabled globalSecondaryIndexes globalTableWitness importTable "
    "localSecondaryIndexes onDemandThroughput pointInTimeRecovery replicas restoreBackupArn "
    "restoreDateTime restoreSourceName restoreSourceTableArn restoreToLatestTime "
    "serverSideEncryption streamEnabled streamViewType tableClass ttl warmThroughput",
    create=(
        Call(
            operation="CreateTable",
            only="name attributes billingMode",
            when="name hashKey rangeKey readCapacity writeCapacity",
            extra={"KeySchema": _keys, "ProvisionedThroughput": _throughput},
        ),
    ),
    id=lambda subject: subject.get("name"),
    reads=(
        Read(operation="DescribeTable", params={"TableName": own_id}, at="Table"),
        Read(
            operation="ListTagsOfResource",
            params={"ResourceArn": _arn},
            at="Tags",
            into="Tags",
            when="tags",
        ),
    ),
    delete=(Call(operation="DeleteTable", only="", extra={"TableName": own_id}),),
    outputs={"arn": "TableArn"},
    not_computed="streamArn streamLabel",
    tags=tags.Tags(
        with_create=lambda given: {"Tags": tags.as_list(given)},
        put=lambda subject, given: (
            "TagResource",
            {"ResourceArn": _arn(subject), "Tags": tags.as_list(given)},
        ),
        drop=lambda subject, keys: (
            "UntagResource",
            {"ResourceArn": _arn(subject), "TagKeys": keys},
        ),
    ),
    name=Name(max_length=255),
    identity="name",
)

TYPES: Final = (TABLE,)
