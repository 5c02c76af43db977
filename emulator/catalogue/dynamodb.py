"""DynamoDB: tables, alone or with their replicas in one resource."""

from __future__ import annotations

from typing import Any, Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Caller,
    Name,
    Read,
    ResourceType,
    Subject,
    Values,
    emulated,
    own_id,
    recorded,
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


_ITSELF: Final = {"TableName": own_id}
_OWN_ARN: Final = {"ResourceArn": _arn}


def _recovery(value: dict[str, Any]) -> Values:
    return {"PointInTimeRecoveryEnabled": bool(value["enabled"])}


def _sealing(value: dict[str, Any]) -> Values:
    return {"KMSMasterKeyArn": value["kmsKeyArn"]} if value.get("kmsKeyArn") else {}


def _specification(subject: Subject) -> Values | None:
    value = subject.get("serverSideEncryption")
    if not value or not value.get("enabled"):
        return None
    key = value.get("kmsKeyArn")
    return {"Enabled": True, "SSEType": "KMS"} | ({"KMSMasterKeyId": key} if key else {})


def _ageing(value: dict[str, Any]) -> Values:
    return {"AttributeName": value["attributeName"], "Enabled": bool(value.get("enabled"))}


def shown_recovery(_: Subject, answer: Values) -> Values:
    """Whether a table can be restored to any second, as it is set."""
    found = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    return {"PointInTimeRecoveryEnabled": found["PointInTimeRecoveryStatus"] == "ENABLED"}


def _shown_ageing(_: Subject, answer: Values) -> Values:
    found = answer["TimeToLiveDescription"]
    enabled = found.get("TimeToLiveStatus") == "ENABLED"
    return {"AttributeName": found.get("AttributeName"), "Enabled": enabled}


def _stream(subject: Subject) -> Values | None:
    if not subject.get("streamEnabled"):
        return None
    return {"StreamEnabled": True, "StreamViewType": subject.get("streamViewType")}


def _replicas(value: list[dict[str, Any]]) -> list[Values]:
    return [
        {"RegionName": each["regionName"]}
        | ({"KMSMasterKeyId": each["kmsKeyArn"]} if each.get("kmsKeyArn") else {})
        for each in value
    ]


def _added(subject: Subject) -> list[Values]:
    return [{"Create": each} for each in _replicas(subject.get("replicas") or [])]


def _regions(value: Any) -> set[str]:
    return {str(each["regionName"]) for each in value or []}


def _changed_replicas(subject: Subject) -> list[Values]:
    before, after = _regions(subject.old.get("replicas")), _regions(subject.get("replicas"))
    wanted = [each for each in subject.get("replicas") or [] if each["regionName"] not in before]
    return [
        *({"Delete": {"RegionName": each}} for each in sorted(before - after)),
        *({"Create": each} for each in _replicas(wanted)),
    ]


def _mode(subject: Subject) -> str:
    return str((subject.get("replicas") or [{}])[0].get("consistencyMode") or "EVENTUAL")


def _witness(subject: Subject) -> list[Values] | None:
    value = subject.get("globalTableWitness")
    return [{"Create": {"RegionName": value["regionName"]}}] if value else None


def _watched(value: dict[str, Any]) -> list[Values]:
    return [{"RegionName": value["regionName"]}]


def _finish_replicas(subject: Subject, call: Caller) -> None:
    """What pulumi-aws does to each replica in its own Region."""
    for each in subject.get("replicas") or []:
        there = {"at_region": each["regionName"], "TableName": subject.id}
        wanted = {"PointInTimeRecoveryEnabled": bool(each.get("pointInTimeRecovery"))}
        call(
            "dynamodb",
            "UpdateContinuousBackups",
            PointInTimeRecoverySpecification=wanted,
            **there,
        )
        kept = bool(each.get("deletionProtectionEnabled"))
        call("dynamodb", "UpdateTable", DeletionProtectionEnabled=kept, **there)
        if each.get("propagateTags") and subject.tags:
            arn = _arn(subject).replace(f":{subject.region}:", f":{each['regionName']}:")
            call(
                "dynamodb",
                "TagResource",
                at_region=each["regionName"],
                ResourceArn=arn,
                Tags=tags.as_list(subject.tags),
            )


def _remove_replicas(subject: Subject, call: Caller) -> None:
    regions = [each["regionName"] for each in subject.get("replicas") or []]
    if not regions:
        return
    gone: Values = {"ReplicaUpdates": [{"Delete": {"RegionName": each}} for each in regions]}
    if subject.get("globalTableWitness"):
        region = subject.get("globalTableWitness")["regionName"]
        gone["GlobalTableWitnessUpdates"] = [{"Delete": {"RegionName": region}}]
    call("dynamodb", "UpdateTable", TableName=subject.id, **gone)


_RECOVERY_READ: Final = Read(
    operation="DescribeContinuousBackups",
    params=_ITSELF,
    at=shown_recovery,
    into="recovery",
    when="pointInTimeRecovery",
)
_TAGS_READ: Final = Read(
    operation="ListTagsOfResource", params=_OWN_ARN, at="Tags", into="Tags", when="tags"
)
_PROTECT: Final = Call(
    operation="UpdateTable",
    only="deletionProtectionEnabled",
    when="deletionProtectionEnabled",
    extra=_ITSELF,
)
_SEAL: Final = Call(
    operation="UpdateTable",
    only="",
    when="serverSideEncryption",
    extra={**_ITSELF, "SSESpecification": _specification},
)
_AGE: Final = Call(
    operation="UpdateTimeToLive",
    only="",
    when="ttl",
    extra={**_ITSELF, "TimeToLiveSpecification": lambda subject: _ageing(subject.get("ttl"))},
)
_RECOVER: Final = Call(
    operation="UpdateContinuousBackups",
    only="",
    when="pointInTimeRecovery",
    extra={
        **_ITSELF,
        "PointInTimeRecoverySpecification": lambda subject: _recovery(
            subject.get("pointInTimeRecovery")
        ),
    },
)
_REPLICATE: Final = Call(
    operation="UpdateTable",
    only="",
    when="replicas globalTableWitness",
    extra={
        **_ITSELF,
        "ReplicaUpdates": _added,
        "MultiRegionConsistency": _mode,
        "GlobalTableWitnessUpdates": _witness,
    },
)
_MOVE_REPLICAS: Final = Call(
    operation="UpdateTable",
    only="",
    when="replicas",
    only_if=lambda subject: bool(_changed_replicas(subject)),
    extra={**_ITSELF, "ReplicaUpdates": _changed_replicas, "MultiRegionConsistency": _mode},
)
_TAGS: Final = tags.Tags(
    with_create=lambda given: {"Tags": tags.as_list(given)},
    put=lambda subject, given: (
        "TagResource",
        {"ResourceArn": _arn(subject), "Tags": tags.as_list(given)},
    ),
    drop=lambda subject, keys: ("UntagResource", {"ResourceArn": _arn(subject), "TagKeys": keys}),
)

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
        "deletionProtectionEnabled": emulated(unset=False),
        "pointInTimeRecovery": emulated(
            convert=_recovery, read="recovery", unset={"enabled": False}
        ),
        "serverSideEncryption": emulated(convert=_sealing, read="SSEDescription"),
        "ttl": recorded("items do not age", convert=_ageing, read="ttl"),
        "streamEnabled": recorded(
            "replicas are kept without it", read="StreamSpecification.StreamEnabled", force_new=True
        ),
        "streamViewType": recorded(
            "replicas are kept without it",
            read="StreamSpecification.StreamViewType",
            force_new=True,
        ),
        "replicas": emulated(convert=_replicas, read="Replicas", unset=[]),
        "globalTableWitness": emulated(
            convert=_watched, read="GlobalTableWitnesses", force_new=True
        ),
    },
    absent="globalSecondaryIndexes importTable localSecondaryIndexes onDemandThroughput "
    "restoreBackupArn restoreDateTime restoreSourceName restoreSourceTableArn "
    "restoreToLatestTime tableClass warmThroughput",
    create=(
        Call(
            operation="CreateTable",
            only="name attributes billingMode",
            when="name hashKey rangeKey readCapacity writeCapacity serverSideEncryption "
            "streamEnabled streamViewType",
            extra={
                "KeySchema": _keys,
                "ProvisionedThroughput": _throughput,
                "SSESpecification": _specification,
                "StreamSpecification": _stream,
            },
        ),
        _RECOVER,
        _AGE,
        _REPLICATE,
        # Last: what is protected could not be taken back if something before it is refused.
        _PROTECT,
    ),
    id=lambda subject: subject.get("name"),
    reads=(
        Read(operation="DescribeTable", params=_ITSELF, at="Table"),
        _RECOVERY_READ,
        Read(
            operation="DescribeTimeToLive", params=_ITSELF, at=_shown_ageing, into="ttl", when="ttl"
        ),
        _TAGS_READ,
    ),
    update=(_PROTECT, _SEAL, _RECOVER, _AGE, _MOVE_REPLICAS),
    finish=_finish_replicas,
    clear=_remove_replicas,
    delete=(Call(operation="DeleteTable", only="", extra=_ITSELF),),
    outputs={"arn": "TableArn", "streamArn": "LatestStreamArn", "streamLabel": "LatestStreamLabel"},
    tags=_TAGS,
    name=Name(max_length=255),
    identity="name",
)

TYPES: Final = (TABLE,)
