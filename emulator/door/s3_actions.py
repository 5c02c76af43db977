"""Which IAM actions an S3 call needs, from its method, path and sub-resource.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote
from xml.sax.saxutils import unescape

from emulator.door import s3_keys
from emulator.door.actions import Need

if TYPE_CHECKING:
    from emulator.door.request import ApiRequest

# Sub-resource in the query -> the noun of its bucket actions (Get.../Put...).
_BUCKET_NOUNS: Final = {
    "accelerate": "AccelerateConfiguration",
    "acl": "BucketAcl",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "notification": "BucketNotification",
    "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
_OBJECT_NOUNS: Final = {
    "acl": "ObjectAcl",
    "attributes": "ObjectAttributes",
    "legal-hold": "ObjectLegalHold",
    "retention": "ObjectRetention",
    "tagging": "ObjectTagging",
}
_OF_ANY_VERSION: Final = ("legal-hold", "retention")  # the same action with a version and without
_BYPASS: Final = "x-amz-bypass-governance-retention"
_VERBS: Final = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Put"}
_DELETED_KEY: Final = re.compile(rb"<Key>(.*?)</Key>", re.DOTALL)


def needs(request: ApiRequest) -> list[Need]:
    """Every (action, resource, condition keys) that must be allowed; all of them."""
    if request.bucket is None:
        return [Need(action="s3:ListAllMyBuckets", resource="*")]
    if request.key is None:
        return _bucket_needs(request, request.bucket)
    return _object_needs(request, request.bucket, request.key)


def missing_key_need(request: ApiRequest) -> Need | None:
    """What a caller must be allowed to be told that a key does not exist."""
    if request.bucket is None or request.key is None or request.method not in ("GET", "HEAD"):
        return None
    return Need(
        action="s3:ListBucket",
        resource=f"arn:aws:s3:::{request.bucket}",
        context={"s3:prefix": request.key},
    )


def deleted_keys(body: bytes) -> list[str]:
    """The keys named in the body of a DeleteObjects call."""
    return [unescape(key.decode()) for key in _DELETED_KEY.findall(body)]


def _bucket_needs(request: ApiRequest, bucket: str) -> list[Need]:
    arn = f"arn:aws:s3:::{bucket}"
    for name, noun in _BUCKET_NOUNS.items():
        if name in request.query:
            return [Need(action=f"s3:{_VERBS.get(request.method, 'Put')}{noun}", resource=arn)]
    if request.method == "POST" and "delete" in request.query:
        return [
            need
            for key in deleted_keys(request.body)
            for need in (
                Need(action="s3:DeleteObject", resource=f"{arn}/{key}"),
                *_bypass(request, f"{arn}/{key}"),
            )
        ]
    if request.method == "PUT":
        return [Need(action="s3:CreateBucket", resource=arn)]
    if request.method == "DELETE":
        return [Need(action="s3:DeleteBucket", resource=arn)]
    if request.method == "POST":
        return [Need(action="s3:PutObject", resource=f"{arn}/*")]
    action = "s3:ListBucket"
    if "versions" in request.query:
        action = "s3:ListBucketVersions"
    elif "uploads" in request.query:
        action = "s3:ListBucketMultipartUploads"
    context = {"s3:prefix": request.query.get("prefix", "")}
    return [Need(action=action, resource=arn, context=context)]


def _object_needs(request: ApiRequest, bucket: str, key: str) -> list[Need]:
    arn = f"arn:aws:s3:::{bucket}/{key}"
    of_version = "Version" if "versionId" in request.query else ""
    for name, noun in _OBJECT_NOUNS.items():
        if name in request.query:
            verb = "Delete" if request.method == "DELETE" else _VERBS.get(request.method, "Put")
            kept = "" if name in _OF_ANY_VERSION else of_version
            versioned = noun.replace("Object", f"Object{kept}", 1)
            return [Need(action=f"s3:{verb}{versioned}", resource=arn), *_bypass(request, arn)]
    if request.method == "GET" and "uploadId" in request.query:
        return [Need(action="s3:ListMultipartUploadParts", resource=arn)]
    if request.method in ("GET", "HEAD"):
        return [Need(action=f"s3:GetObject{of_version}", resource=arn)]
    if request.method == "DELETE":
        aborts = "uploadId" in request.query
        action = "s3:AbortMultipartUpload" if aborts else f"s3:DeleteObject{of_version}"
        return [Need(action=action, resource=arn), *_bypass(request, arn)]
    write = Need(action="s3:PutObject", resource=arn, context=s3_keys.conditions(request))
    return [write, *_needs_of_headers(request, arn)]


def _bypass(request: ApiRequest, arn: str) -> list[Need]:
    """What it needs to go past a retention in governance mode.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html#object-lock-managing-bypass
    """
    if request.headers.get(_BYPASS, "").lower() != "true":
        return []
    return [Need(action="s3:BypassGovernanceRetention", resource=arn)]


def _needs_of_headers(request: ApiRequest, arn: str) -> list[Need]:
    """What a write needs besides: reading a copy's source, tagging, locking."""
    needed: list[Need] = []
    if source := request.headers.get("x-amz-copy-source"):
        path, _, version = unquote(source).lstrip("/").partition("?versionId=")
        action = "s3:GetObjectVersion" if version else "s3:GetObject"
        needed.append(Need(action=action, resource=f"arn:aws:s3:::{path}"))
    if request.headers.get("x-amz-tagging"):
        needed.append(Need(action="s3:PutObjectTagging", resource=arn))
    if request.headers.get("x-amz-object-lock-mode"):
        needed.append(Need(action="s3:PutObjectRetention", resource=arn))
    if request.headers.get("x-amz-object-lock-legal-hold"):
        needed.append(Need(action="s3:PutObjectLegalHold", resource=arn))
    return needed
