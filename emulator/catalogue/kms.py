"""KMS: multi-Region keys, their replicas, and the names they go by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from emulator.catalogue.model import (
    Call,
    Name,
    Output,
    Read,
    ResourceType,
    Subject,
    Tags,
    Values,
    emulated,
    own_id,
    recorded,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def _tagged(tags: Mapping[str, str]) -> list[Values]:
    return [{"TagKey": key, "TagValue": value} for key, value in sorted(tags.items())]


_KEY: Final = {"KeyId": own_id}
_TAGS: Final = Tags(
    at="Tags[].{Key: TagKey, Value: TagValue}",
    with_create=lambda tags: {"Tags": _tagged(tags)},
    put=lambda subject, tags: ("TagResource", {"KeyId": subject.id, "Tags": _tagged(tags)}),
    drop=lambda subject, keys: ("UntagResource", {"KeyId": subject.id, "TagKeys": keys}),
)
_READS: Final = (
    Read(operation="DescribeKey", params=_KEY, at="KeyMetadata"),
    Read(operation="GetKeyPolicy", params={**_KEY, "PolicyName": "default"}),
    Read(operation="GetKeyRotationStatus", params=_KEY, into="rotation"),
    Read(operation="ListResourceTags", params=_KEY, at="Tags", into="Tags", when="tags"),
)
_DELETE: Final = (
    Call(
        operation="ScheduleKeyDeletion",
        only="",
        extra={
            **_KEY,
            "PendingWindowInDays": lambda subject: subject.get("deletionWindowInDays") or 30,
        },
    ),
)
_PUT_POLICY: Final = Call(
    operation="PutKeyPolicy",
    only="policy bypassPolicyLockoutSafetyCheck",
    when="policy",
    extra={**_KEY, "PolicyName": "default"},
)
_DESCRIBE: Final = Call(
    operation="UpdateKeyDescription", only="description", when="description", extra=_KEY
)
_WINDOW: Final = emulated(unread="steers deletion only")
_BYPASS: Final = emulated(unread="steers the check of a policy only")


def _rotates(subject: Subject) -> bool:
    return bool(subject.get("enableKeyRotation"))


def _key_outputs() -> dict[str, Output]:
    return {"arn": "Arn", "keyId": "KeyId"}


def _disabled(name: str) -> Call:
    return Call(
        operation="DisableKey",
        only="",
        when=name,
        only_if=lambda subject: subject.get(name) is False,
        extra=_KEY,
    )


def _enabled(name: str) -> Call:
    return Call(
        operation="EnableKey",
        only="",
        when=name,
        only_if=lambda subject: subject.get(name) is not False,
        extra=_KEY,
    )


KEY: Final = ResourceType(
    type="aws:kms/key:Key",
    service="kms",
    inputs={
        "description": emulated(),
        "keyUsage": emulated(force_new=True),
        "customerMasterKeySpec": emulated(aws="KeySpec", force_new=True),
        "multiRegion": emulated(force_new=True),
        "policy": emulated(json=True),
        "bypassPolicyLockoutSafetyCheck": _BYPASS,
        "isEnabled": emulated(read="Enabled"),
        "enableKeyRotation": recorded(
            "keys are as good on their last day as on their first",
            read="rotation.KeyRotationEnabled",
            unset=False,
        ),
        "rotationPeriodInDays": recorded(
            "keys are as good on their last day as on their first",
            read="rotation.RotationPeriodInDays",
        ),
        "deletionWindowInDays": _WINDOW,
    },
    absent="customKeyStoreId xksKeyId",
    create=(
        Call(
            operation="CreateKey",
            only="description keyUsage customerMasterKeySpec multiRegion policy "
            "bypassPolicyLockoutSafetyCheck",
        ),
        Call(
            operation="EnableKeyRotation",
            only="rotationPeriodInDays",
            when="enableKeyRotation",
            only_if=_rotates,
            extra=_KEY,
        ),
        _disabled("isEnabled"),
    ),
    id="KeyMetadata.KeyId",
    reads=_READS,
    update=(
        _enabled("isEnabled"),
        _PUT_POLICY,
        _DESCRIBE,
        Call(
            operation="EnableKeyRotation",
            only="rotationPeriodInDays",
            when="enableKeyRotation rotationPeriodInDays",
            only_if=_rotates,
            extra=_KEY,
        ),
        Call(
            operation="DisableKeyRotation",
            only="",
            when="enableKeyRotation",
            only_if=lambda subject: not _rotates(subject),
            extra=_KEY,
        ),
        _disabled("isEnabled"),
    ),
    delete=_DELETE,
    outputs=_key_outputs(),
    tags=_TAGS,
)


def _key_of_arn(arn: Any) -> str:
    return str(arn).rpartition("/")[2]


def _primary_region(subject: Subject) -> str:
    return str(subject.get("primaryKeyArn")).split(":")[3]


REPLICA_KEY: Final = ResourceType(
    type="aws:kms/replicaKey:ReplicaKey",
    service="kms",
    inputs={
        "primaryKeyArn": emulated(
            required=True, force_new=True, read="MultiRegionConfiguration.PrimaryKey.Arn"
        ),
        "description": emulated(),
        "policy": emulated(json=True),
        "bypassPolicyLockoutSafetyCheck": _BYPASS,
        "enabled": emulated(read="Enabled"),
        "deletionWindowInDays": _WINDOW,
    },
    create=(
        Call(
            operation="ReplicateKey",
            only="description policy bypassPolicyLockoutSafetyCheck",
            when="primaryKeyArn",
            # The primary's Region makes the copy: it must be there for this one call.
            region=_primary_region,
            extra={
                "KeyId": lambda subject: _key_of_arn(subject.get("primaryKeyArn")),
                "ReplicaRegion": lambda subject: subject.region,
            },
        ),
        _disabled("enabled"),
    ),
    id="ReplicaKeyMetadata.KeyId",
    reads=_READS,
    update=(_enabled("enabled"), _PUT_POLICY, _DESCRIBE, _disabled("enabled")),
    delete=_DELETE,
    outputs={
        **_key_outputs(),
        "keyRotationEnabled": "rotation.KeyRotationEnabled",
        "keySpec": "KeySpec",
        "keyUsage": "KeyUsage",
    },
    tags=_TAGS,
)


def _alias(subject: Subject, answer: Values) -> Values | None:
    return next((each for each in answer["Aliases"] if each["AliasName"] == subject.id), None)


def _target(subject: Subject) -> str:
    return _key_of_arn(subject.get("targetKeyId"))


ALIAS: Final = ResourceType(
    type="aws:kms/alias:Alias",
    service="kms",
    inputs={
        "name": emulated(aws="AliasName", force_new=True),
        "targetKeyId": emulated(required=True, convert=_key_of_arn),
    },
    absent="namePrefix",
    create=(Call(operation="CreateAlias"),),
    id=lambda subject: subject.get("name"),
    reads=(Read(operation="ListAliases", params={}, at=_alias),),
    update=(Call(operation="UpdateAlias", only="targetKeyId", extra={"AliasName": own_id}),),
    delete=(Call(operation="DeleteAlias", only="", extra={"AliasName": own_id}),),
    outputs={
        "arn": "AliasArn",
        "targetKeyArn": lambda subject: subject.arn("kms", f"key/{_target(subject)}"),
    },
    name=Name(max_length=256),
    identity="name",
)

TYPES: Final = (KEY, REPLICA_KEY, ALIAS)
