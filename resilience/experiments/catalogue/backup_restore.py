"""Backup and restore: the newest backup of the table becomes a table of its own, and is read.

Restores into an empty place beside the stack; nothing that serves is touched.
https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-dynamodb.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from resilience.experiments.core.change import Act, Change, performs
from resilience.experiments.core.experiment import Experiment, kept_answering
from resilience.experiments.core.memory import Expected
from resilience.experiments.core.world import CallError

if TYPE_CHECKING:
    from resilience.experiments.core.experiment import View
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.core.world import World

_RESTORE, _REMOVE = "restore-table", "remove-restored-table"
_DEADLINE_S: Final = 3600.0
_OPEN: Final = frozenset({"PENDING", "RUNNING"})


def _plan(world: World, ground: Ground, drill: Drill) -> tuple[Change, ...]:
    region = drill.options.get("region", ground.standby.region)
    arn = f"arn:aws:dynamodb:{region}:{ground.account}:table/{ground.table}"
    reply = world.call("backup", "list_recovery_points_by_resource", region=region, ResourceArn=arn)
    points = [each for each in reply["RecoveryPoints"] if each["Status"] == "COMPLETED"]
    if not points:
        raise CallError(
            f"backup list_recovery_points_by_resource in {region}",
            "NoSuchRecoveryPoint",
            f"there is no completed backup of {arn}: expected one of the stack's plan",
        )
    newest = max(points, key=lambda each: each["CreationDate"])
    facts = {
        "point": newest["RecoveryPointArn"],
        "vault": newest["BackupVaultName"],
        "table": f"{ground.table}-{drill.id}"[:255],
        "token": drill.id,
    }
    return (
        Change(
            what=f"the backup of {newest['CreationDate']:%Y-%m-%d %H:%M} restored as "
            f"{facts['table']} in {region}",
            do=Act(kind=_RESTORE, region=region, facts=facts),
            undo=Act(kind=_REMOVE, region=region, facts=facts),
        ),
    )


@performs(_RESTORE)
def _restore(world: World, act: Act) -> None:
    facts, where = act.facts, {"BackupVaultName": act.facts["vault"]}
    point = {"RecoveryPointArn": facts["point"], **where}
    described = world.call("backup", "describe_recovery_point", region=act.region, **point)
    reply = world.call("backup", "get_recovery_point_restore_metadata", region=act.region, **point)
    world.call(
        "backup",
        "start_restore_job",
        region=act.region,
        RecoveryPointArn=facts["point"],
        Metadata=reply["RestoreMetadata"] | {"targetTableName": facts["table"]},
        IamRoleArn=described["IamRoleArn"],
        IdempotencyToken=facts["token"],
        ResourceType="DynamoDB",
    )


@performs(_REMOVE)
def _remove(world: World, act: Act) -> None:
    """Delete the restored table; a restore under way cannot be cancelled, and is waited for."""
    table = act.facts["table"]
    if _state(world, act.region, table) is None:
        open_jobs = [
            each
            for each in world.call("backup", "list_restore_jobs", region=act.region)["RestoreJobs"]
            if each["Status"] in _OPEN and each.get("RecoveryPointArn") == act.facts["point"]
        ]
        if open_jobs:
            raise CallError(
                f"backup list_restore_jobs in {act.region}", "StillRestoring", f"table {table}"
            )
        return
    world.call("dynamodb", "delete_table", region=act.region, TableName=table)


def _state(world: World, region: str, table: str) -> str | None:
    try:
        reply = world.call("dynamodb", "describe_table", region=region, TableName=table)
    except CallError as error:
        if error.absent:
            return None
        raise
    return str(reply["Table"]["TableStatus"])


def _restored(view: View) -> Act:
    return view.drill.changes[0].do


def _done(view: View) -> bool:
    act = _restored(view)
    return _state(view.world, act.region, act.facts["table"]) == "ACTIVE"


def _count(world: World, region: str, table: str) -> int:
    counted, asking = 0, dict[str, Any](TableName=table, Select="COUNT")
    while True:
        reply = world.call("dynamodb", "scan", region=region, **asking)
        counted += int(reply["Count"])
        if not reply.get("LastEvaluatedKey"):
            return counted
        asking["ExclusiveStartKey"] = reply["LastEvaluatedKey"]


def _judge(view: View) -> tuple[Expected, ...]:
    act = _restored(view)
    table = act.facts["table"]
    state = _state(view.world, act.region, table)
    items = _count(view.world, act.region, table) if state == "ACTIVE" else 0
    detail = f"{table} is {state or 'not there'}, with {items} items after {view.lasted_s:.0f} s"
    held = state == "ACTIVE" and items > 0
    return (
        Expected(name="the backup becomes a table that can be read", held=held, detail=detail),
        kept_answering(view),
    )


BACKUP_RESTORE: Final = Experiment(
    name="backup-restore",
    title="The newest backup of the table becomes a table of its own that can be read",
    description="Restores the newest recovery point of the stack's table into an empty place in "
    "the standby's Region, counts what is there, and removes it.",
    blast="None: nothing that serves is touched. A table exists for a while, and is charged.",
    plan=_plan,
    done=_done,
    deadline_s=lambda _: _DEADLINE_S,
    judge=_judge,
    outage_s=lambda ground: ground.rto_s,
    contributions={"recoverability": "high"},
)
