"""ECR: repositories, their policies, and the registry's replication.

Members of this API are in lower camel case, so most need no renaming but their own.
"""

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
    given,
    own_id,
    recorded,
)

_KEPT: Final = "images are kept as manifests; nothing scans, encrypts or expires them"


def _arn(subject: Subject) -> str:
    return subject.arn("ecr", f"repository/{subject.id}")


def _encryption(value: list[dict[str, Any]]) -> dict[str, Any]:
    return value[0]


REPOSITORY: Final = ResourceType(
    type="aws:ecr/repository:Repository",
    service="ecr",
    inputs={
        "name": emulated(aws="repositoryName", force_new=True),
        "imageTagMutability": emulated(aws="imageTagMutability", default="MUTABLE"),
        "imageScanningConfiguration": recorded(_KEPT, aws="imageScanningConfiguration"),
        "encryptionConfigurations": recorded(
            _KEPT, aws="encryptionConfiguration", force_new=True, convert=_encryption
        ),
        "forceDelete": emulated(unread="steers deletion only", default=False),
    },
    absent="imageTagMutabilityExclusionFilters",
    create=(Call(operation="CreateRepository"),),
    id="repository.repositoryName",
    reads=(
        Read(
            operation="DescribeRepositories",
            params={"repositoryNames": lambda subject: [subject.id]},
            at="repositories[0]",
        ),
        Read(
            operation="ListTagsForResource",
            params={"resourceArn": _arn},
            at="tags",
            into="Tags",
            when="tags",
        ),
    ),
    update=(
        Call(
            operation="PutImageTagMutability",
            only="imageTagMutability",
            when="imageTagMutability",
            extra={"repositoryName": own_id},
        ),
        Call(
            operation="PutImageScanningConfiguration",
            only="imageScanningConfiguration",
            when="imageScanningConfiguration",
            extra={"repositoryName": own_id},
        ),
    ),
    delete=(
        Call(
            operation="DeleteRepository",
            only="",
            extra={"repositoryName": own_id, "force": given("forceDelete")},
        ),
    ),
    outputs={
        "arn": "repositoryArn",
        "registryId": "registryId",
        "repositoryUrl": "repositoryUri",
    },
    tags=tags.Tags(
        with_create=lambda given_tags: {"tags": tags.as_list(given_tags)},
        put=lambda subject, given_tags: (
            "TagResource",
            {"resourceArn": _arn(subject), "tags": tags.as_list(given_tags)},
        ),
        drop=lambda subject, keys: (
            "UntagResource",
            {"resourceArn": _arn(subject), "tagKeys": keys},
        ),
    ),
    name=Name(max_length=256, lower=True),
    identity="name",
)


def _document(kind: str, *, put: str, text: str, reason: str) -> ResourceType:
    """A JSON document that a repository has one of; AWS names its operations after `put`."""
    operation = put.removeprefix("Put").removeprefix("Set")
    return ResourceType(
        type=kind,
        service="ecr",
        inputs={
            "repository": emulated(aws="repositoryName", required=True, force_new=True),
            "policy": recorded(reason, aws=text, required=True, json=True),
        },
        create=(Call(operation=put),),
        id=lambda subject: subject.get("repository"),
        reads=(Read(operation=f"Get{operation}", params={"repositoryName": own_id}),),
        update=(Call(operation=put, when="policy"),),
        delete=(Call(operation=f"Delete{operation}", only="", extra={"repositoryName": own_id}),),
        outputs={"registryId": "registryId"},
        identity="repository",
    )


LIFECYCLE_POLICY: Final = _document(
    "aws:ecr/lifecyclePolicy:LifecyclePolicy",
    put="PutLifecyclePolicy",
    text="lifecyclePolicyText",
    reason=_KEPT,
)
REPOSITORY_POLICY: Final = _document(
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    put="SetRepositoryPolicy",
    text="policyText",
    reason="pulls are not checked",
)


def _rules(value: dict[str, Any]) -> dict[str, Any]:
    return {"rules": value.get("rules") or []}


def _nothing(subject: Subject) -> Values:
    del subject
    return {"rules": []}


_PUT: Final = Call(operation="PutReplicationConfiguration")

REPLICATION: Final = ResourceType(
    type="aws:ecr/replicationConfiguration:ReplicationConfiguration",
    service="ecr",
    inputs={
        "replicationConfiguration": emulated(
            aws="replicationConfiguration", required=True, convert=_rules
        ),
    },
    create=(_PUT,),
    id=lambda subject: subject.account,
    reads=(Read(operation="DescribeRegistry", params={}),),
    update=(Call(operation="PutReplicationConfiguration", when="replicationConfiguration"),),
    delete=(
        Call(
            operation="PutReplicationConfiguration",
            only="",
            extra={"replicationConfiguration": _nothing},
        ),
    ),
    outputs={"registryId": "registryId"},
)

TYPES: Final = (REPOSITORY, LIFECYCLE_POLICY, REPOSITORY_POLICY, REPLICATION)
