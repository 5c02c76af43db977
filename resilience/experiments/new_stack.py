"""What a stack that was emulated for one drill lacks: a backup, and the time to be well."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from resilience.experiments.core.guards import refusals
from resilience.experiments.core.steps import LOOK_S
from resilience.experiments.core.world import CallError

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.experiments.core.experiment import Experiment
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.stepper import Stepper
    from resilience.experiments.core.world import World
    from resilience.progress import Progress

SETTLE_S: Final = 300.0
"""The longest that a new stack's alarms take to see that all is well."""

BACKED_UP_WITHIN_S: Final = 600.0
"""Longest wait for a backup, and for its copy, on the drill's clock."""

_LOST: Final = frozenset({"ABORTED", "EXPIRED", "FAILED", "PARTIAL"})


def back_up(world: World, ground: Ground, progress: Progress) -> None:
    """Back the table up and copy it to the standby's vault, as a stack's plan does daily.

    Changes AWS state. What a new stack's table holds its observers write again and again, so an
    item that stays goes before.

    Raises:
        CallError: AWS Backup refuses, fails, or takes too long.
    """
    progress.step("back the table up and copy the backup, as the plan does daily")
    source, refuge = ground.primary.region, ground.standby.region
    vault = f"{ground.prefix}backup"
    role = f"arn:aws:iam::{ground.account}:role/{ground.prefix}{source}-backup"

    def backup(operation: str, **parameters: Any) -> Any:
        return world.call("backup", operation, region=source, **parameters)

    world.call(
        "dynamodb",
        "put_item",
        region=source,
        TableName=ground.table,
        Item={
            "pk": {"S": "kept"},
            "sk": {"S": "for the backup"},
            "written_at": {"S": datetime.fromtimestamp(world.now_s(), UTC).isoformat()},
        },
    )
    begun = backup(
        "start_backup_job",
        BackupVaultName=vault,
        ResourceArn=f"arn:aws:dynamodb:{source}:{ground.account}:table/{ground.table}",
        IamRoleArn=role,
    )
    made = _ended(
        world, lambda: backup("describe_backup_job", BackupJobId=begun["BackupJobId"]), ground
    )
    copied = backup(
        "start_copy_job",
        SourceBackupVaultName=vault,
        RecoveryPointArn=made["RecoveryPointArn"],
        DestinationBackupVaultArn=(
            f"arn:aws:backup:{refuge}:{ground.account}:backup-vault:{vault}"
        ),
        IamRoleArn=role,
    )
    _ended(
        world, lambda: backup("describe_copy_job", CopyJobId=copied["CopyJobId"])["CopyJob"], ground
    )


def _ended(world: World, look: Callable[[], Any], ground: Ground) -> Any:
    """Wait for a job of AWS Backup to complete, and give it as it is then."""
    give_up_s = world.now_s() + BACKED_UP_WITHIN_S + ground.slack_s
    while (job := look())["State"] != "COMPLETED":
        if job["State"] in _LOST or world.now_s() > give_up_s or world.stopped():
            raise CallError(
                f"backup of {ground.table} in {ground.primary.region}",
                "NotBackedUp",
                f"the job is {job['State']}: {job.get('StatusMessage', 'no reason given')}",
            )
        world.watch(LOOK_S)
    return job


def settle(
    stepper: Stepper, experiment: Experiment, options: dict[str, str], progress: Progress
) -> None:
    """Wait until a stack that was deployed just now is well: checks and alarms begin unwell."""
    world, ground = stepper.world, stepper.ground
    progress.step("wait until the new stack is well")
    give_up_s = world.now_s() + SETTLE_S + ground.slack_s
    hit = options.get("region", ground.primary.region)
    while reasons := refusals(world, ground, experiment, stepper.asked, hit):
        if world.now_s() > give_up_s or world.stopped():
            return
        progress.update("; ".join(reasons))
        world.watch(LOOK_S)
