"""Settings of S3 buckets, each a resource of its own."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Final

from emulator.catalogue.model import (
    Call,
    Caller,
    Input,
    Read,
    ResourceType,
    Subject,
    Values,
    emulated,
    given,
    own_id,
    recorded,
)
from emulator.engine.aws import AwsError


@dataclass(frozen=True, kw_only=True)
class _Operations:
    """The API operations of a setting; by default `Put`, `Get` and `Delete` of `suffix`."""

    suffix: str
    under: str = ""
    at: str = "@"
    remove: Call | None = None


def _setting(
    name: str, operations: _Operations, inputs: dict[str, Input], *, absent: str = ""
) -> ResourceType:
    """A setting of a bucket: put whole, read and deleted by the bucket's name."""
    suffix, under = operations.suffix, operations.under
    erase = Call(operation=f"Delete{suffix}", only="", extra={"Bucket": own_id})
    names = " ".join(inputs)
    put = Call(
        operation=f"Put{suffix}",
        under=under,
        only=names if under else None,
        extra={"Bucket": given("bucket")} if under else {},
    )
    bucket = emulated(required=True, force_new=True, unread="the setting is read by it")
    return ResourceType(
        type=f"aws:s3/{name[0].lower()}{name[1:]}:{name}",
        service="s3",
        inputs={"bucket": bucket, **inputs},
        absent=absent,
        create=(put,),
        id=lambda subject: subject.get("bucket"),
        reads=(Read(operation=f"Get{suffix}", params={"Bucket": own_id}, at=operations.at),),
        update=(dataclasses.replace(put, when=names),),
        delete=(operations.remove or erase,),
        identity="bucket",
    )


def _enabled(subject: Subject) -> bool:
    return bool((subject.get("versioningConfiguration") or {}).get("status") == "Enabled")


_SUSPEND: Final = Call(
    operation="PutBucketVersioning",
    only="",
    only_if=lambda subject: _enabled(subject) and not subject.facts["locked"],
    extra={"Bucket": own_id, "VersioningConfiguration": {"Status": "Suspended"}},
)


def _locked(subject: Subject, call: Caller) -> Values:
    """Whether objects can be locked: such a bucket's versioning stays, as pulumi-aws knows."""
    try:
        call("s3", "GetObjectLockConfiguration", Bucket=subject.get("bucket"))
    except AwsError as error:
        if not error.missing:
            raise
        return {"locked": False}
    return {"locked": True}


BUCKET_VERSIONING: Final = dataclasses.replace(
    _setting(
        "BucketVersioning",
        _Operations(suffix="BucketVersioning", remove=_SUSPEND),
        {"versioningConfiguration": emulated(required=True, read="@")},
        absent="expectedBucketOwner mfa",
    ),
    facts=_locked,
)

BUCKET_ENCRYPTION: Final = _setting(
    "BucketServerSideEncryptionConfiguration",
    _Operations(suffix="BucketEncryption"),
    {
        # Objects lie unencrypted in memory; who may read and write them is asked of the key.
        "rules": emulated(required=True, aws="ServerSideEncryptionConfiguration.Rules")
    },
    absent="expectedBucketOwner",
)

BUCKET_PUBLIC_ACCESS_BLOCK: Final = _setting(
    "BucketPublicAccessBlock",
    _Operations(
        suffix="PublicAccessBlock",
        under="PublicAccessBlockConfiguration",
        at="PublicAccessBlockConfiguration",
    ),
    {
        name: recorded("nothing reaches a bucket but through the API", default=False)
        for name in (
            "blockPublicAcls",
            "blockPublicPolicy",
            "ignorePublicAcls",
            "restrictPublicBuckets",
        )
    },
    absent="skipDestroy",
)

BUCKET_OWNERSHIP_CONTROLS: Final = _setting(
    "BucketOwnershipControls",
    _Operations(suffix="BucketOwnershipControls"),
    {
        "rule": recorded("one account", required=True, aws="OwnershipControls.Rules"),
    },
)

BUCKET_POLICY: Final = _setting(
    "BucketPolicy",
    _Operations(suffix="BucketPolicy"),
    {"policy": emulated(required=True, json=True)},
)

BUCKET_LIFECYCLE: Final = _setting(
    "BucketLifecycleConfiguration",
    _Operations(
        suffix="BucketLifecycleConfiguration",
        remove=Call(operation="DeleteBucketLifecycle", only="", extra={"Bucket": own_id}),
    ),
    {
        "rules": recorded(
            "objects do not age", required=True, aws="LifecycleConfiguration.Rules", read="Rules"
        ),
    },
    absent="expectedBucketOwner timeouts transitionDefaultMinimumObjectSize",
)

BUCKET_REPLICATION: Final = _setting(
    "BucketReplicationConfig",
    _Operations(suffix="BucketReplication"),
    {
        "role": emulated(required=True, aws="ReplicationConfiguration.Role"),
        "rules": emulated(required=True, aws="ReplicationConfiguration.Rules"),
    },
    absent="token",
)

_UNLOCK: Final = Call(
    operation="PutObjectLockConfiguration",
    only="",
    extra={"Bucket": own_id, "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
)
"""A bucket's lock stays; what goes is the retention that new objects get by default."""

BUCKET_OBJECT_LOCK: Final = _setting(
    "BucketObjectLockConfiguration",
    _Operations(suffix="ObjectLockConfiguration", remove=_UNLOCK),
    {
        "objectLockEnabled": emulated(
            aws="ObjectLockConfiguration.ObjectLockEnabled",
            default="Enabled",
            values=("Enabled",),
            force_new=True,
        ),
        "rule": emulated(aws="ObjectLockConfiguration.Rule"),
    },
    absent="expectedBucketOwner token",
)

TYPES: Final = (
    BUCKET_VERSIONING,
    BUCKET_ENCRYPTION,
    BUCKET_PUBLIC_ACCESS_BLOCK,
    BUCKET_OWNERSHIP_CONTROLS,
    BUCKET_POLICY,
    BUCKET_LIFECYCLE,
    BUCKET_REPLICATION,
    BUCKET_OBJECT_LOCK,
)
