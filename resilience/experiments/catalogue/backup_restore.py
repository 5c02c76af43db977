"""Backup and restore: the newest copied backup of the table becomes a table of its own.

Restores into an empty place beside the stack, under the stack's own restoring role; nothing that
serves is touched. A copy, as a Region that is lost takes its own backups with it. What came back is
read whole and held item by item against the replica that serves there, which DynamoDB brought by
another way (`restored_items` judges, as it does for restore tests and `./run restore`).
https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-dynamodb.html
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from resilience.experiments.core.change import Act, Change, performs
from resilience.experiments.core.experiment import Experiment, kept_answering
from resilience.experiments.core.memory import Expected
from resilience.experiments.core.world import CallError
from resilience.functions.restore_findings import SETTLED, Findings, digest_of
from resilience.functions.restored_items import (
    compare,
    find_missing,
    kept,
    key_names,
    name_of,
    size_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.experiments.core.experiment import View
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.core.world import World
    from resilience.functions.restored_items import Item

_RESTORE, _REMOVE = "restore-table", "remove-restored-table"
_TARGET: Final = "targetTableName"
_DEADLINE_S: Final = 3600.0
_OPEN: Final = frozenset({"PENDING", "RUNNING"})
_FAILED: Final = frozenset({"ABORTED", "FAILED"})


def _plan(world: World, ground: Ground, drill: Drill) -> tuple[Change, ...]:
    region = drill.options.get("region", ground.standby.region)
    vault = f"{ground.prefix}backup"
    copies = [
        each
        for each in _listed(
            world,
            "list_recovery_points_by_backup_vault",
            "RecoveryPoints",
            region=region,
            BackupVaultName=vault,
        )
        if each["Status"] == "COMPLETED"
        and each["ResourceArn"].endswith(f":table/{ground.table}")
        and f":{region}:" not in each["ResourceArn"]
    ]
    if not copies:
        raise CallError(
            f"backup list_recovery_points_by_backup_vault in {region}",
            "NoSuchRecoveryPoint",
            f"vault {vault} holds no copy of a backup of table {ground.table} in another Region: "
            "expected one of the stack's plan, which backs up daily",
        )
    newest = max(copies, key=lambda each: each["CreationDate"])
    facts = {
        "point": newest["RecoveryPointArn"],
        "taken": newest["CreationDate"].isoformat(),
        "role": f"arn:aws:iam::{ground.account}:role/{ground.prefix}{region}-restore",
        "table": f"{ground.prefix}restored-drill-{drill.id}"[:255],
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


def _listed(world: World, operation: str, of: str, **asking: Any) -> Iterator[Any]:
    """Give what AWS Backup lists, page after page."""
    while True:
        reply = world.call("backup", operation, **asking)
        yield from reply[of]
        if not reply.get("NextToken"):
            return
        asking["NextToken"] = reply["NextToken"]


@performs(_RESTORE)
def _restore(world: World, act: Act) -> None:
    facts = act.facts
    world.call(
        "backup",
        "start_restore_job",
        region=act.region,
        RecoveryPointArn=facts["point"],
        Metadata={_TARGET: facts["table"], "encryptionType": "Default"},
        IamRoleArn=facts["role"],
        IdempotencyToken=facts["token"],
        ResourceType="DynamoDB",
    )


@performs(_REMOVE)
def _remove(world: World, act: Act) -> None:
    """Delete the restored table; a restore under way cannot be cancelled, and is waited for.

    Jobs are looked at first: of one that ends after that look, the table is there to be found.
    """
    table = act.facts["table"]
    restoring = any(job["Status"] in _OPEN for job in _jobs(world, act))
    if _state(world, act.region, table) is not None:
        world.call("dynamodb", "delete_table", region=act.region, TableName=table)
    elif restoring:
        raise CallError(
            f"backup list_restore_jobs in {act.region}", "StillRestoring", f"table {table}"
        )


def _jobs(world: World, act: Act) -> list[Any]:
    """List the restore jobs of this recovery point into this table."""
    facts, region = act.facts, act.region

    def target(job: Any) -> str:
        reply = world.call(
            "backup", "get_restore_job_metadata", region=region, RestoreJobId=job["RestoreJobId"]
        )
        return str(reply["Metadata"].get(_TARGET))

    jobs = _listed(world, "list_restore_jobs", "RestoreJobs", region=region)
    of_point = (job for job in jobs if job.get("RecoveryPointArn") == facts["point"])
    return [job for job in of_point if target(job) == facts["table"]]


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
    there = _state(view.world, act.region, act.facts["table"]) == "ACTIVE"
    return there or _failure(view) is not None


def _failure(view: View) -> str | None:
    """Say why AWS Backup could not restore it; None while it can."""
    jobs = _jobs(view.world, _restored(view))
    failed = [job for job in jobs if job["Status"] in _FAILED]
    if not failed or len(failed) < len(jobs):
        return None
    return f"{failed[-1]['Status']}: {failed[-1].get('StatusMessage', 'no reason given')}"


def _verified(view: View, act: Act) -> Expected:
    """Hold the restored table, item by item, against the one that serves. Changes nothing."""
    world, region, live = view.world, act.region, view.ground.table
    shown = world.call("dynamodb", "describe_table", region=region, TableName=live)["Table"]
    restored = _items(world, region, act.facts["table"], key_names(shown))
    serving = _items(world, region, live, key_names(shown))
    now_s, settled = world.now_s(), datetime.fromisoformat(act.facts["taken"]) - SETTLED
    found = {name: kept(item, now_s) for name, item in restored.items()}
    there = {name: kept(item, now_s) for name, item in serving.items()}
    findings, equal = Findings(what="items"), dict[str, str]()
    for name, item in found.items():
        if compare(findings, name, item, there.get(name), settled):
            equal[name] = item.digest.hex()
    find_missing(findings, found, there, settled)
    if not findings.by_replica:
        findings.problems.append(
            f"none of {len(found)} items stood unchanged since, so that nothing is verified (the "
            "next backup holds this drill's own record, which does)"
        )
    return Expected(
        name="every item is what it was",
        held=not findings.problems,
        detail=f"{findings.message()}; {len(found)} items, {size_of(restored.values())} bytes, "
        f"SHA-256 {digest_of(equal)} over the equal ones",
    )


def _items(world: World, region: str, table: str, keys: list[str]) -> dict[str, Item]:
    """Read all of a table, consistently, by each item's key as one text."""
    found: dict[str, Item] = {}
    asking = dict[str, Any](TableName=table, ConsistentRead=True)
    while True:
        reply = world.call("dynamodb", "scan", region=region, **asking)
        found |= {name_of(item, keys): item for item in reply["Items"]}
        if not reply.get("LastEvaluatedKey"):
            return found
        asking["ExclusiveStartKey"] = reply["LastEvaluatedKey"]


def _judge(view: View) -> tuple[Expected, ...]:
    act = _restored(view)
    table = act.facts["table"]
    state, failure = _state(view.world, act.region, table), _failure(view)
    detail = f"{table} is {state or 'not there'} after {view.lasted_s:.0f} s"
    if failure is not None:
        detail = f"the restore into {table} is {failure}"
    readable = Expected(
        name="the backup becomes a table that can be read", held=state == "ACTIVE", detail=detail
    )
    if not readable.held:
        return readable, kept_answering(view)
    return readable, _verified(view, act), kept_answering(view)


BACKUP_RESTORE: Final = Experiment(
    name="backup-restore",
    title="The newest copied backup of the table becomes a table of its own, with what was in it",
    description="Restores the newest copy of another Region's backup of the stack's table into an "
    "empty place in the standby's Region, holds every item against the replica that serves there, "
    "and removes it.",
    blast="None: nothing that serves is touched. A table exists for a while, and is charged.",
    plan=_plan,
    done=_done,
    deadline_s=lambda _: _DEADLINE_S,
    judge=_judge,
    outage_s=lambda ground: ground.rto_s,
    needs_backup=True,
    hurts=False,
    contributions={"recoverability": "high"},
)
