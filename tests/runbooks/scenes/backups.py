"""What is lost might not come back: no backup, one that failed, restores untested or wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.runbooks.play import Staging
from tests.runbooks.world import ACCOUNT, PREFIX

if TYPE_CHECKING:
    from tests.runbooks.play import Play
    from tests.runbooks.world import World

VAULT = f"{PREFIX}-backup"
HOURLY = "it looks at whole hours"


def begin(world: World, region: str) -> str:
    """Start a backup of a Region's predictions."""
    job: str = world.client("backup", region).start_backup_job(
        BackupVaultName=VAULT,
        ResourceArn=f"arn:aws:s3:::{world.topology.region(region).prediction_bucket.name}",
        IamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-{region}-backup",
    )["BackupJobId"]
    return job


def ended(world: World, region: str, job: str) -> dict[str, Any]:
    client = world.client("backup", region)

    def over() -> bool:
        state: str = client.describe_backup_job(BackupJobId=job)["State"]
        return state in {"COMPLETED", "FAILED", "EXPIRED"}

    world.eventually(over, "a backup comes to an end", minutes=60)
    found: dict[str, Any] = client.describe_backup_job(BackupJobId=job)
    return found


def backup_missing(world: World, play: Play) -> None:
    """The stack is new, and has had no backup; the page makes one."""
    world.fires(play.runbook.region, "backup-missing")
    play.rest()


def backups_at_risk(world: World, play: Play) -> None:
    """A backup has failed: the backup role may read nothing any more."""
    region = play.runbook.region
    with world.without_policy(f"{PREFIX}-{region}-backup"):
        assert ended(world, region, begin(world, region))["State"] == "FAILED"
    world.fires(region, "backups-at-risk", minutes=90)
    play.rest()


def backup_failed(world: World, play: Play) -> None:
    """The backup role may read nothing any more."""
    region = play.runbook.region
    with world.without_policy(f"{PREFIX}-{region}-backup") as give_back:
        assert ended(world, region, begin(world, region))["State"] == "FAILED"
        play.until("Do")
        give_back()
        play.rest()


def restore_test_failed(world: World, play: Play) -> None:
    """The restoring role may write nothing any more: a restore fails, and is judged."""
    region = play.runbook.region
    point = ended(world, region, begin(world, region))["RecoveryPointArn"]
    client = world.client("backup", region)
    role = f"{PREFIX}-{region}-restore"
    with world.without_policy(role):
        job = client.start_restore_job(
            RecoveryPointArn=point,
            IamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}",
            Metadata={
                "DestinationBucketName": f"{PREFIX}-restored-runbook",
                "NewBucket": "true",
                "Encrypted": "true",
                "CreationToken": "runbook",
            },
        )["RestoreJobId"]
        world.eventually(
            lambda: client.describe_restore_job(RestoreJobId=job)["Status"] == "FAILED",
            "a restore under a role that may not write fails",
            minutes=60,
        )
    world.client("lambda", region).invoke(
        FunctionName=f"{PREFIX}-restore-validation",
        Qualifier="live",
        Payload=json.dumps({"detail": {"restoreJobId": job}}),
    )
    play.rest()


def restore_test_missing(world: World, play: Play) -> None:
    """Somebody has stopped what asks every hour; the page starts it."""
    client, rule = world.client("events", play.runbook.region), f"{PREFIX}-restore-age"
    client.disable_rule(Name=rule)
    try:
        play.rest()
        assert client.describe_rule(Name=rule)["State"] == "ENABLED", "the page has repaired it"
    finally:
        client.enable_rule(Name=rule)


SCENES = {
    "backup-failed": Staging(scene=backup_failed, unawaited=HOURLY),
    # Where no other runbook makes a backup.
    "backup-missing": Staging(scene=backup_missing, primary=False),
    "backups-at-risk": Staging(scene=backups_at_risk),
    "restore-test-failed": Staging(scene=restore_test_failed, unawaited=HOURLY),
    "restore-test-missing": Staging(
        scene=restore_test_missing, unawaited="it looks at three hours"
    ),
}
