"""A backup of a stack's table, taken and copied as its plan does daily, and what it must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from commands import wait_for

if TYPE_CHECKING:
    from drilled import Drilled

COPIED_WITHIN_S = 60
"""Real seconds: the emulated jobs take some 50 s of emulated time."""

LONG_AGO: Final = "2020-01-01T00:00:00+00:00"


def keep(drilled: Drilled, value: str) -> None:
    """Write an item that says it was written long ago, whatever its value."""
    facts = {"pk": "kept", "sk": "since long", "value": value, "written_at": LONG_AGO}
    item: dict[str, Any] = {name: {"S": fact} for name, fact in facts.items()}
    found = drilled.topology
    region, table = found.primary.region, found.table_name
    drilled.aws.call("dynamodb", "put_item", region=region, TableName=table, Item=item)


def take(drilled: Drilled, account: str) -> None:
    """Back the primary's table up and copy it to the standby's vault; a copy there is enough.

    It holds one item that never changes.
    """
    keep(drilled, "as written")
    found, call = drilled.topology, drilled.aws.call
    source, refuge = found.primary.region, found.standby.region
    prefix = f"{found.project}-{found.stack}"
    vault, role = f"{prefix}-backup", f"arn:aws:iam::{account}:role/{prefix}-{source}-backup"
    table = f"arn:aws:dynamodb:{source}:{account}:table/{found.table_name}"

    def points(region: str) -> list[str]:
        listed = call(
            "backup",
            "list_recovery_points_by_backup_vault",
            region=region,
            BackupVaultName=vault,
            ByResourceArn=table,
        )["RecoveryPoints"]
        return [each["RecoveryPointArn"] for each in listed if each["Status"] == "COMPLETED"]

    call(
        "backup",
        "start_backup_job",
        region=source,
        BackupVaultName=vault,
        ResourceArn=table,
        IamRoleArn=role,
    )
    wait_for(lambda: points(source), COPIED_WITHIN_S, "the backup")
    call(
        "backup",
        "start_copy_job",
        region=source,
        SourceBackupVaultName=vault,
        RecoveryPointArn=points(source)[0],
        DestinationBackupVaultArn=f"arn:aws:backup:{refuge}:{account}:backup-vault:{vault}",
        IamRoleArn=role,
    )
    wait_for(lambda: points(refuge), COPIED_WITHIN_S, "the copy of the backup")
