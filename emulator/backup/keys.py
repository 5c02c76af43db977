"""What jobs of AWS Backup ask of KMS: the key of what is read, and the key of where it goes.

Backups are under their vault's key, whatever their source is under, and AWS Backup uses both under
the job's role. A key that may not be used, or cannot be by anybody, ends the job; of a bucket it
only leaves those objects out, and the job is completed.
https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.backup.permissions import SERVICE
from emulator.door import key_access
from emulator.door.actions import Need
from emulator.storage import encryption
from emulator.storage.roles import denial as role_denial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.storage.encryption import Asked
    from emulator.storage.objects import Objects


def denial(role_arn: str, source_arn: str, *asked: Asked) -> str | None:
    """Why a role may not use all of these keys, or nobody can; None when it may."""
    unusable = next((reason for _, reason in asked if reason), None)
    needs = [(need, ()) for found, _ in asked for need in found]
    return unusable or role_denial(role_arn, (SERVICE,), needs, source_arn=source_arn)


def to_read_backup(key_arn: str | None) -> Asked:
    """To read what is in a vault under this key; a vault without one is under AWS's own."""
    return _use("backup", key_arn, "kms:Decrypt")


def to_write_backup(key_arn: str | None) -> Asked:
    """To put something into a vault under this key."""
    return _use("backup", key_arn, "kms:GenerateDataKey")


def to_read_table(table: Any) -> Asked:
    """To read all of a table of moto's."""
    return _use("dynamodb", (table.sse_specification or {}).get("KMSMasterKeyId"), "kms:Decrypt")


def to_write_restored(
    objects: Objects, resource_type: str, target: str, metadata: Mapping[str, str]
) -> Asked:
    """To write what is restored: into the bucket that is there, or under the key that is given."""
    given = {key.lower(): value for key, value in metadata.items()}
    if resource_type == "DynamoDB":
        return _use("dynamodb", given.get("kmsmasterkeyarn"), "kms:GenerateDataKey")
    if objects.region_of(target) is not None:
        return encryption.to_write(objects, target)
    return _use("s3", given.get("kmskey"), "kms:GenerateDataKey")


class Readable:
    """Which objects of a bucket a role may read, by the key that each is under."""

    def __init__(self, objects: Objects, bucket: str, role_arn: str, source_arn: str) -> None:
        self._refused: dict[str | None, str | None] = {}
        self._ask: Callable[[str | None], str | None] = lambda key: denial(
            role_arn, source_arn, encryption.to_read(objects, bucket, key)
        )

    def __call__(self, key: str | None) -> bool:
        """Whether objects under a key can be read."""
        if key not in self._refused:
            self._refused[key] = self._ask(key)
        return self._refused[key] is None

    def refusal(self) -> str | None:
        """Why some could not be; None when all could."""
        return next((reason for reason in self._refused.values() if reason), None)


def _use(service: str, key_arn: str | None, action: str) -> Asked:
    if key_arn is None:
        return [], None
    key = key_access.find(key_arn, "")
    if key is None:
        return [], f"key {key_arn} does not exist"
    if key.state != "Enabled":
        return [], f"key {key.arn} is {key.state}"
    context = key_access.via(service, key.arn.split(":")[3])
    return [Need(action=action, resource=key.arn, context=context)], None
