"""Secrets Manager: secrets, their versions and policies."""

from __future__ import annotations

from typing import Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Name,
    Read,
    ResourceType,
    Subject,
    emulated,
    given,
    own_id,
    recorded,
)


def _force(subject: Subject) -> bool | None:
    return True if subject.get("recoveryWindowInDays") == 0 else None


def _window(subject: Subject) -> int | None:
    return subject.get("recoveryWindowInDays") or None


SECRET: Final = ResourceType(
    type="aws:secretsmanager/secret:Secret",
    service="secretsmanager",
    inputs={
        "name": emulated(force_new=True),
        "namePrefix": emulated(unread="becomes part of the name", force_new=True),
        "description": recorded("a remark", unset=""),
        "kmsKeyId": recorded("values are not encrypted here"),
        "recoveryWindowInDays": emulated(default=30, unread="steers deletion only"),
        "forceOverwriteReplicaSecret": recorded("no replicas", unread="steers creation only"),
    },
    absent="policy replicas type",
    create=(Call(operation="CreateSecret", only="name description kmsKeyId"),),
    id="ARN",
    reads=(
        Read(
            operation="DescribeSecret",
            params={"SecretId": own_id},
            at=lambda _subject, answer: None if answer.get("DeletedDate") else answer,
        ),
    ),
    update=(
        Call(
            operation="UpdateSecret",
            only="description kmsKeyId",
            when="description kmsKeyId",
            extra={"SecretId": own_id},
        ),
    ),
    delete=(
        Call(
            operation="DeleteSecret",
            only="",
            extra={
                "SecretId": own_id,
                "ForceDeleteWithoutRecovery": _force,
                "RecoveryWindowInDays": _window,
            },
        ),
    ),
    outputs={"arn": "ARN"},
    tags=tags.listed(put="TagResource", drop="UntagResource", target="SecretId"),
    name=Name(max_length=512),
    identity="name",
)

SECRET_VERSION: Final = ResourceType(
    type="aws:secretsmanager/secretVersion:SecretVersion",
    service="secretsmanager",
    inputs={
        "secretId": emulated(required=True, force_new=True, read="ARN", unread="name or ARN"),
        "secretString": emulated(force_new=True),
    },
    absent="secretBinary secretStringWo secretStringWoVersion versionStages",
    create=(Call(operation="PutSecretValue"),),
    id=lambda subject: f"{subject.document['ARN']}|{subject.document['VersionId']}",
    reads=(
        Read(
            operation="GetSecretValue",
            params={
                "SecretId": given("secretId"),
                "VersionId": lambda subject: subject.id.rpartition("|")[2],
            },
        ),
    ),
    # AWS keeps the current version for as long as the secret lives.
    delete=(),
    outputs={"arn": "ARN", "secretArn": "ARN", "versionId": "VersionId"},
    not_computed="hasSecretStringWo",
)

SECRET_POLICY: Final = ResourceType(
    type="aws:secretsmanager/secretPolicy:SecretPolicy",
    service="secretsmanager",
    inputs={
        "secretArn": emulated(aws="SecretId", required=True, force_new=True, read="ARN"),
        "policy": recorded(
            "callers are held to their own policies",
            aws="ResourcePolicy",
            required=True,
            json=True,
        ),
        "blockPublicPolicy": recorded("nobody outside calls", unread="steers the call only"),
    },
    create=(Call(operation="PutResourcePolicy"),),
    id=given("secretArn"),
    reads=(
        Read(
            operation="GetResourcePolicy",
            params={"SecretId": own_id},
            at=lambda _subject, answer: answer if answer.get("ResourcePolicy") else None,
        ),
    ),
    update=(Call(operation="PutResourcePolicy", when="policy blockPublicPolicy"),),
    delete=(Call(operation="DeleteResourcePolicy", only="", extra={"SecretId": own_id}),),
    identity="secretArn",
)

TYPES: Final = (SECRET, SECRET_VERSION, SECRET_POLICY)
