"""S3: buckets, their settings, and objects. Replication and the workers act on them."""

from __future__ import annotations

import base64
from typing import Any, Final
from urllib.parse import urlencode

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Caller,
    Input,
    Name,
    Read,
    ResourceType,
    Subject,
    Tags,
    Values,
    emulated,
    given,
    own_id,
    recorded,
)

# https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints
_ZONES: Final = {
    "us-east-1": "Z3AQBSTGFYJSTF",
    "us-east-2": "Z2O1EMRO9K5GLX",
    "us-west-1": "Z2F56UZL2M1ACD",
    "us-west-2": "Z3BJ6K6RIION7M",
    "eu-west-1": "Z1BKCTXD74EZPE",
    "eu-west-2": "Z3GKZC51ZF0DB4",
    "eu-central-1": "Z21DNDUVLTQW6Q",
    "eu-north-1": "Z3BAZG2TWCNX0D",
    "ap-southeast-1": "Z3O0J2DXBE1FTB",
    "ap-southeast-2": "Z1WCIGYICN2BYD",
    "ap-northeast-1": "Z2M4EHUR26P7ZW",
}
_DELETE_BATCH: Final = 1000


def _delete_versions(
    call: Caller, bucket: str, *, key: str | None = None, locked: bool = False
) -> None:
    """Delete every version and delete marker, of one key or of all; `locked`: past governance."""
    bypass = {"BypassGovernanceRetention": True} if locked else {}
    prefix = {} if key is None else {"Prefix": key}
    found = call("s3", "ListObjectVersions", Bucket=bucket, **prefix)
    versions = [
        {"Key": each["Key"], "VersionId": each["VersionId"]}
        for each in (*found.get("Versions", []), *found.get("DeleteMarkers", []))
        if key is None or each["Key"] == key
    ]
    for start in range(0, len(versions), _DELETE_BATCH):
        batch = versions[start : start + _DELETE_BATCH]
        call(
            "s3", "DeleteObjects", Bucket=bucket, Delete={"Objects": batch, "Quiet": True}, **bypass
        )


def _clear_bucket(subject: Subject, call: Caller) -> None:
    if subject.get("forceDestroy"):
        call("s3", "HeadBucket", Bucket=subject.id)
        _delete_versions(call, subject.id, locked=bool(subject.get("objectLockEnabled")))


def _location(subject: Subject) -> Values | None:
    region = subject.region
    return None if region == "us-east-1" else {"LocationConstraint": region}


BUCKET: Final = ResourceType(
    type="aws:s3/bucket:Bucket",
    service="s3",
    inputs={
        "bucket": emulated(force_new=True, unread="it answers to its name"),
        "bucketPrefix": emulated(unread="becomes part of the name", force_new=True),
        "forceDestroy": emulated(unread="steers deletion only", unset=False),
        "objectLockEnabled": emulated(
            aws="ObjectLockEnabledForBucket", force_new=True, unread="moto shows it per object"
        ),
    },
    absent="accelerationStatus acl bucketNamespace corsRules grants lifecycleRules logging "
    "objectLockConfiguration policy replicationConfiguration requestPayer "
    "serverSideEncryptionConfiguration versioning website",
    create=(Call(operation="CreateBucket", extra={"CreateBucketConfiguration": _location}),),
    id=lambda subject: subject.get("bucket"),
    reads=(
        Read(operation="GetBucketLocation", params={"Bucket": own_id}, into="location"),
        Read(
            operation="GetBucketTagging",
            params={"Bucket": own_id},
            at="TagSet",
            into="Tags",
            when="tags",
        ),
    ),
    delete=(Call(operation="DeleteBucket", only="", extra={"Bucket": own_id}),),
    clear=_clear_bucket,
    outputs={
        "arn": lambda subject: f"arn:aws:s3:::{subject.id}",
        "bucketDomainName": lambda subject: f"{subject.id}.s3.amazonaws.com",
        "bucketRegion": lambda subject: subject.region,
        "bucketRegionalDomainName": lambda subject: (
            f"{subject.id}.s3.{subject.region}.amazonaws.com"
        ),
        "hostedZoneId": lambda subject: _ZONES.get(subject.region),
    },
    not_computed="websiteDomain websiteEndpoint acl policy versioning",
    tags=Tags(
        put=lambda subject, given_tags: (
            "PutBucketTagging",
            {"Bucket": subject.id, "Tagging": {"TagSet": tags.as_list(given_tags)}},
        ),
    ),
    name=Name(input="bucket", max_length=63, lower=True),
    identity="bucket",
)


def _text(value: str) -> bytes:
    return value.encode()


def _one_body(inputs: Values) -> list[str]:
    bodies = [name for name in ("content", "contentBase64", "source") if name in inputs]
    if len(bodies) <= 1:
        return []
    return [f"at most one of content, contentBase64 and source is expected; got {bodies}"]


def _clear_object(subject: Subject, call: Caller) -> None:
    _delete_versions(call, str(subject.get("bucket")), key=str(subject.get("key")))


def _content(**fields: Any) -> Input:
    return emulated(aws="Body", unread="its digest is the etag", **fields)


_OBJECT: Final = {"Bucket": given("bucket"), "Key": given("key")}
_PUT: Final = (
    "content contentBase64 source cacheControl contentDisposition contentEncoding "
    "contentLanguage contentType metadata serverSideEncryption storageClass etag sourceHash"
)

BUCKET_OBJECT: Final = ResourceType(
    type="aws:s3/bucketObjectv2:BucketObjectv2",
    service="s3",
    inputs={
        "bucket": emulated(required=True, force_new=True, unread="the object is read by it"),
        "key": emulated(required=True, force_new=True, unread="the object is read by it"),
        "content": _content(convert=_text),
        "contentBase64": _content(convert=base64.b64decode),
        "source": _content(),
        "sourceHash": emulated(unread="steers updates only"),
        "etag": emulated(unread="steers updates only"),
        "cacheControl": recorded("no HTTP cache"),
        "contentDisposition": recorded("no browser"),
        "contentEncoding": recorded("no browser"),
        "contentLanguage": recorded("no browser"),
        "contentType": emulated(default="application/octet-stream"),
        "metadata": emulated(),
        "serverSideEncryption": recorded("objects lie unencrypted in memory"),
        "storageClass": recorded("one class of storage", unread="AWS leaves STANDARD out"),
        "forceDestroy": emulated(unread="steers deletion only"),
    },
    absent="acl bucketKeyEnabled checksumAlgorithm kmsKeyId objectLockLegalHoldStatus "
    "objectLockMode objectLockRetainUntilDate overrideProvider websiteRedirect",
    create=(Call(operation="PutObject"),),
    id=lambda subject: f"{subject.get('bucket')}/{subject.get('key')}",
    reads=(
        Read(operation="HeadObject", params=_OBJECT),
        Read(operation="GetObjectTagging", params=_OBJECT, at="TagSet", into="Tags", when="tags"),
    ),
    update=(Call(operation="PutObject", when=_PUT),),
    clear=_clear_object,
    outputs={
        "arn": lambda subject: f"arn:aws:s3:::{subject.get('bucket')}/{subject.get('key')}",
        "etag": lambda subject: subject.document.get("ETag", "").strip('"'),
        "versionId": "VersionId",
    },
    not_computed="checksumCrc32 checksumCrc32c checksumCrc64nvme checksumSha1 checksumSha256",
    tags=Tags(
        with_create=lambda given_tags: {"Tagging": urlencode(given_tags)},
        put=lambda subject, given_tags: (
            "PutObjectTagging",
            {
                "Bucket": subject.get("bucket"),
                "Key": subject.get("key"),
                "Tagging": {"TagSet": tags.as_list(given_tags)},
            },
        ),
    ),
    identity="bucket key",
    check=_one_body,
)

TYPES: Final = (BUCKET, BUCKET_OBJECT)
