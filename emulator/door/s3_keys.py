"""Which KMS keys an S3 call uses, and what S3 asks of KMS for its caller.

With a bucket key S3 asks KMS less often than once an object; the permissions are the same.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#sse-permissions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from emulator.door import key_access
from emulator.door.actions import Need
from emulator.door.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.door.request import ApiRequest
    from emulator.storage.objects import Objects

ALGORITHM: Final = "x-amz-server-side-encryption"
KEY_ID: Final = "x-amz-server-side-encryption-aws-kms-key-id"
_SUB_RESOURCES: Final = frozenset(
    {"acl", "attributes", "legal-hold", "retention", "tagging", "torrent"}
)
_READ: Final = "kms:Decrypt"
_WRITE: Final = "kms:GenerateDataKey"


def needs(request: ApiRequest, objects: Objects) -> list[Need]:
    """What the caller must be allowed to do with keys, for this call to be answered."""
    return [
        Need(
            action=action,
            resource=key.arn,
            context=key_access.via("s3", _region(objects, bucket), s3_arn=f"arn:aws:s3:::{bucket}"),
        )
        for action, key, _, bucket in _uses(request, objects)
        if key is not None
    ]


def refusal(request: ApiRequest, objects: Objects) -> Refusal | None:
    """Why S3 cannot carry the call out, whoever makes it: a key is missing, off or on its way out.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
    """
    for _, key, reference, _ in _uses(request, objects):
        if key is None:
            code, message = "KMS.NotFoundException", f"Invalid keyId {reference}"
        elif key.state == "Disabled":
            code, message = "KMS.DisabledException", f"{key.arn} is disabled."
        elif key.state != "Enabled":
            code, message = "KMS.KMSInvalidStateException", f"{key.arn} is pending deletion."
        else:
            continue
        return Refusal(code=code, message=message, status=400)
    return None


def conditions(request: ApiRequest) -> dict[str, str]:
    """Condition keys by which a bucket policy sees a write's encryption."""
    return {
        f"s3:{name}": request.headers[name]
        for name in (ALGORITHM, KEY_ID)
        if request.headers.get(name)
    }


def _uses(
    request: ApiRequest, objects: Objects
) -> Iterator[tuple[str, key_access.Key | None, str, str]]:
    """(permission, key or None, how it is called, bucket) for each key that a call uses."""
    bucket, key = request.bucket, request.key
    if bucket is None or key is None or _SUB_RESOURCES.intersection(request.query):
        return
    used: list[tuple[str, str | None, str]] = []
    if request.method == "GET" and "uploadId" not in request.query:
        version = objects.version(bucket, key, request.query.get("versionId"))
        used = [(_READ, version.kms_key if version else None, bucket)]
    elif request.method in ("PUT", "POST"):
        used = [(_WRITE, _written_with(request, objects, bucket), bucket)]
        if "uploadId" in request.query or "uploads" in request.query:
            used.append((_READ, used[0][1], bucket))  # parts are read back to be joined
        used += _copied(request, objects)
    for action, reference, of_bucket in used:
        if reference is not None:
            found = key_access.find(reference, _region(objects, of_bucket))
            yield action, found, reference, of_bucket


def _written_with(request: ApiRequest, objects: Objects, bucket: str) -> str | None:
    algorithm = request.headers.get(ALGORITHM)
    if algorithm and not algorithm.startswith("aws:kms"):
        return None
    return request.headers.get(KEY_ID) or objects.default_key(bucket)


def _copied(request: ApiRequest, objects: Objects) -> Iterator[tuple[str, str | None, str]]:
    source = request.headers.get("x-amz-copy-source")
    if not source:
        return
    path, _, version_id = unquote(source).lstrip("/").partition("?versionId=")
    bucket, _, key = path.partition("/")
    version = objects.version(bucket, key, version_id or None)
    if version is not None:
        yield _READ, version.kms_key, bucket


def _region(objects: Objects, bucket: str) -> str:
    return objects.region_of(bucket) or ""
