"""Filling a place: by a restore job, from object versions, or from a table's recovery window.

Each goes on where it was interrupted, and says nothing of whether what came is right.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from resilience.aws import AwsMissingError
from resilience.restore import jobs
from resilience.restore.errors import RestoreFailedError
from resilience.restore.table_place import ACTIVE
from resilience.restore.tags import Standing
from resilience.restore.versions import held_at, history

if TYPE_CHECKING:
    from resilience.aws import Aws
    from resilience.restore.bucket_place import BucketPlace
    from resilience.restore.order import Order
    from resilience.restore.stock import Stock
    from resilience.restore.table_place import TablePlace
    from resilience.restore.waiting import Wait

_EVER: Final = datetime.max.replace(tzinfo=UTC)
# One call copies no more: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
_LARGEST_BYTES: Final = 5 * 1024**3


def vault_key(aws: Aws, stock: Stock, region: str) -> str | None:
    """Give the ARN of the key that a Region's vault is under, the stack's; None without a vault."""
    try:
        vault: dict[str, Any] = aws.call(
            "backup", "describe_backup_vault", region=region, BackupVaultName=stock.vault
        )
    except AwsMissingError:
        return None
    return vault.get("EncryptionKeyArn")


def by_job(  # noqa: PLR0913 - what a job is made of
    aws: Aws,
    stock: Stock,
    order: Order,
    *,
    place: str,
    token: str,
    key_arn: str | None,
    there: bool,
    wait: Wait,
) -> None:
    """Have AWS Backup restore a recovery point into a place, and wait. Changes AWS state.

    `there`: whether the place exists already.

    Raises:
        RestoreFailedError: it could not, or not in time.
        AwsError: AWS Backup cannot be asked, or refuses.
    """
    job = jobs.start(
        aws,
        order,
        role_arn=stock.restorer(order.region),
        metadata=jobs.metadata_for(order, place, token, key_arn),
        there=there,
    )
    jobs.wait_for(aws, order, job, wait)


def from_versions(aws: Aws, order: Order, place: BucketPlace) -> None:
    """Copy what a bucket held at the moment into the place, but what is there. Changes AWS state.

    Nothing passes through this machine: S3 copies version by version.

    Raises:
        RestoreFailedError: an object is larger than one call copies.
        AwsError: S3 cannot be asked, or refuses.
    """
    wanted = held_at(history(aws, order.source_region, order.source), order.moment)
    there = held_at(history(aws, place.region, place.name), _EVER)
    for key, version in wanted.items():
        if key in there:
            continue
        if version.size_bytes > _LARGEST_BYTES:
            raise RestoreFailedError(
                f"{key} has {version.size_bytes} bytes: expected at most {_LARGEST_BYTES}, which "
                "is what one call copies; copy it by hand (aws s3 cp) and run the same again"
            )
        aws.call(
            "s3",
            "copy_object",
            region=place.region,
            Bucket=place.name,
            Key=key,
            CopySource={"Bucket": order.source, "Key": key, "VersionId": version.id},
        )


def from_window(aws: Aws, order: Order, place: TablePlace, wait: Wait) -> None:
    """Have DynamoDB restore a table as it was at the moment, and wait. Changes AWS state.

    Raises:
        RestoreFailedError: it did not come to its end in time.
        AwsError: DynamoDB cannot be asked, or refuses.
    """
    if place.standing(order) is Standing.ABSENT:
        aws.call(
            "dynamodb",
            "restore_table_to_point_in_time",
            region=order.region,
            SourceTableName=order.source,
            TargetTableName=place.name,
            RestoreDateTime=order.moment,
        )
    until_active(place, wait)


def until_active(place: TablePlace, wait: Wait) -> None:
    """Wait until a table can be read. Reads only.

    Raises:
        RestoreFailedError: it cannot, in time.
    """

    def active() -> bool:
        shown = place.shown()
        return shown is not None and shown["TableStatus"] == ACTIVE

    wait.until(active, lambda: f"table {place.name} in {place.region} is not active")
