"""DynamoDB: a table's replica in another Region, as a resource of its own."""

from __future__ import annotations

from typing import Final

from emulator.catalogue import tags
from emulator.catalogue.dynamodb import shown_recovery
from emulator.catalogue.model import Call, Read, ResourceType, Subject, Values, emulated


def _main(subject: Subject) -> list[str]:
    """The parts of the ARN of the table that the replica is one of."""
    return str(subject.get("globalTableArn")).split(":")


def _main_region(subject: Subject) -> str:
    return _main(subject)[3]


def _table_name(subject: Subject) -> str:
    return _main(subject)[5].partition("/")[2]


def _replica_arn(subject: Subject) -> str:
    return subject.arn("dynamodb", f"table/{_table_name(subject)}")


def _replica(subject: Subject) -> list[Values]:
    key = subject.get("kmsKeyArn")
    named = {"RegionName": subject.region}
    return [{"Create": named | ({"KMSMasterKeyId": key} if key else {})}]


_OF_REPLICA: Final = {"TableName": _table_name}
_RECOVER_REPLICA: Final = Call(
    operation="UpdateContinuousBackups",
    only="",
    when="pointInTimeRecovery",
    extra={
        **_OF_REPLICA,
        "PointInTimeRecoverySpecification": lambda subject: {
            "PointInTimeRecoveryEnabled": bool(subject.get("pointInTimeRecovery"))
        },
    },
)
_PROTECT_REPLICA: Final = Call(
    operation="UpdateTable",
    only="deletionProtectionEnabled",
    when="deletionProtectionEnabled",
    extra=_OF_REPLICA,
)

REPLICA: Final = ResourceType(
    type="aws:dynamodb/tableReplica:TableReplica",
    service="dynamodb",
    inputs={
        "globalTableArn": emulated(
            required=True, force_new=True, unread="the replica is read in its own Region"
        ),
        "kmsKeyArn": emulated(force_new=True, read="SSEDescription.KMSMasterKeyArn"),
        "pointInTimeRecovery": emulated(
            convert=lambda value: {"PointInTimeRecoveryEnabled": bool(value)},
            read="recovery",
            unset=False,
        ),
        "deletionProtectionEnabled": emulated(unset=False),
    },
    absent="tableClassOverride",
    create=(
        Call(
            operation="UpdateTable",
            only="",
            when="globalTableArn kmsKeyArn",
            # The main table's Region makes the replica, and takes it away again.
            region=_main_region,
            extra={**_OF_REPLICA, "ReplicaUpdates": _replica},
        ),
        _RECOVER_REPLICA,
        _PROTECT_REPLICA,
    ),
    id=lambda subject: f"{_table_name(subject)}:{_main_region(subject)}",
    reads=(
        Read(operation="DescribeTable", params=_OF_REPLICA, at="Table"),
        Read(
            operation="DescribeContinuousBackups",
            params=_OF_REPLICA,
            at=shown_recovery,
            into="recovery",
            when="pointInTimeRecovery",
        ),
        Read(
            operation="ListTagsOfResource",
            params={"ResourceArn": _replica_arn},
            at="Tags",
            into="Tags",
            when="tags",
        ),
    ),
    update=(
        _RECOVER_REPLICA,
        _PROTECT_REPLICA,
    ),
    delete=(
        Call(
            operation="UpdateTable",
            only="",
            region=_main_region,
            extra={
                **_OF_REPLICA,
                "ReplicaUpdates": lambda subject: [{"Delete": {"RegionName": subject.region}}],
            },
        ),
    ),
    outputs={"arn": "TableArn"},
    tags=tags.Tags(
        put=lambda subject, given: (
            "TagResource",
            {"ResourceArn": _replica_arn(subject), "Tags": tags.as_list(given)},
        ),
        drop=lambda subject, keys: (
            "UntagResource",
            {"ResourceArn": _replica_arn(subject), "TagKeys": keys},
        ),
    ),
    identity="globalTableArn",
)

TYPES: Final = (REPLICA,)
