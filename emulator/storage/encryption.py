"""What S3 asks of KMS on behalf of the services that read and write objects.

Each answer is the permissions a service's role needs, and why the key could not be used by
anybody (None when it can).
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.door import key_access
from emulator.door.actions import Need

if TYPE_CHECKING:
    from emulator.storage.objects import Objects

Asked = tuple[list[Need], str | None]
_NOTHING: Asked = ([], None)


def to_write(objects: Objects, bucket: str) -> Asked:
    """To put an object under the bucket's default key."""
    return _use(objects, bucket, objects.default_key(bucket), "kms:GenerateDataKey")


def to_read(objects: Objects, bucket: str, key: str | None) -> Asked:
    """To read an object that is encrypted with `key`."""
    return _use(objects, bucket, key, "kms:Decrypt")


def to_replicate(objects: Objects, bucket: str, key: str | None) -> Asked:
    """To write a replica under the key that the replication rule names."""
    return _use(objects, bucket, key, "kms:Encrypt")


def _use(objects: Objects, bucket: str, reference: str | None, action: str) -> Asked:
    if reference is None:
        return _NOTHING
    region = objects.region_of(bucket) or ""
    key = key_access.find(reference, region)
    if key is None:
        return [], f"key {reference} of bucket {bucket} does not exist in {region}"
    if key.arn.split(":")[3] != region:
        return [], f"key {key.arn} is not in {region}, where bucket {bucket} is"
    if key.state != "Enabled":
        return [], f"key {key.arn} is {key.state}"
    context = key_access.via("s3", region, s3_arn=f"arn:aws:s3:::{bucket}")
    return [Need(action=action, resource=key.arn, context=context)], None
