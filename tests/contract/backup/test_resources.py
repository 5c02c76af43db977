"""The resource types of AWS Backup, as a program deploys, changes and destroys them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.engine.aws import Aws
from tests.contract.backup.region_pair import (
    BACKUP_ACTIONS,
    COPY_ACTIONS,
    KEY_ACTIONS,
    RESTORE_ACTIONS,
    SOURCE_ARN,
    Cloud,
    role_arn,
    vault_arn,
)
from tests.contract.engine.cloud import Cloud as Engine

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.door.server import ApiServer
    from tests.contract.engine.play import Play

TAGS = {"stack": "up"}


@pytest.fixture(scope="module")
def aws(server: ApiServer) -> Aws:
    """Clients are slow to make, so the module shares them."""
    host, port = server.socket.getsockname()
    return Aws(f"http://{host}:{port}")


@pytest.fixture
def engine(cloud: Cloud, aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(Program, "key", cloud.key())
    cloud.role("another", [*BACKUP_ACTIONS, *COPY_ACTIONS, *KEY_ACTIONS])
    aws.read_only = False
    return Engine(aws, tmp_path)


class Program:
    """A vault, its lock, a plan with a selection, and a restore test of what it keeps."""

    key = ""

    def __init__(self, **more: Any) -> None:
        self.schedule = "cron(0 5 * * ? *)"
        self.test_schedule = "cron(0 8 ? * MON *)"
        self.lock: dict[str, Any] | None = {"minRetentionDays": 7, "maxRetentionDays": 35}
        self.copy_to = vault_arn("us-west-2")
        self.retention_days = 14
        self.role = role_arn("backs-up")
        self.window_hours = 24
        vars(self).update(more)

    def __call__(self, play: Play) -> None:
        vault = play.resource(
            "aws:backup/vault:Vault",
            "vault",
            {"name": "mine", "kmsKeyArn": self.key, "forceDestroy": True, "tags": TAGS},
        )
        held = ()
        if self.lock:
            lock = play.resource(
                "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
                "lock",
                {"backupVaultName": vault.outputs.get("name"), **self.lock},
                uses={"backupVaultName": [vault]},
            )
            held = (lock.urn,)
        plan = play.resource(
            "aws:backup/plan:Plan",
            "plan",
            {"name": "all", "rules": [self.rule()], "tags": TAGS},
            dependencies=(vault.urn, *held),
        )
        play.resource(
            "aws:backup/selection:Selection",
            "selection",
            {
                "planId": plan.id,
                "name": "it",
                "iamRoleArn": self.role,
                "resources": [SOURCE_ARN],
            },
            uses={"planId": [plan]},
        )
        self.tests(play, str(vault.outputs.get("arn")))

    def rule(self) -> dict[str, Any]:
        return {
            "ruleName": "daily",
            "targetVaultName": "mine",
            "schedule": self.schedule,
            "startWindow": 60,
            "completionWindow": 720,
            "lifecycle": {"deleteAfter": self.retention_days},
            "copyActions": [
                {"destinationVaultArn": self.copy_to, "lifecycle": {"deleteAfter": 20}}
            ],
        }

    def tests(self, play: Play, vault: str) -> None:
        plan = play.resource(
            "aws:backup/restoreTestingPlan:RestoreTestingPlan",
            "tests",
            {
                "name": "weekly",
                "scheduleExpression": self.test_schedule,
                "startWindowHours": 2,
                "recoveryPointSelection": {
                    "algorithm": "LATEST_WITHIN_WINDOW",
                    "includeVaults": [vault],
                    "recoveryPointTypes": ["SNAPSHOT"],
                    "selectionWindowDays": 7,
                },
                "tags": TAGS,
            },
        )
        play.resource(
            "aws:backup/restoreTestingSelection:RestoreTestingSelection",
            "tested",
            {
                "restoreTestingPlanName": plan.outputs.get("name"),
                "name": "buckets",
                "protectedResourceType": "S3",
                "protectedResourceArns": [SOURCE_ARN],
                "iamRoleArn": role_arn("restores"),
                "validationWindowHours": self.window_hours,
            },
            uses={"restoreTestingPlanName": [plan]},
        )


def test_every_type_is_made_read_back_and_destroyed(engine: Engine, cloud: Cloud) -> None:
    engine.deploy(Program())
    shown = cloud.backup().describe_backup_vault(BackupVaultName="mine")
    assert (shown["EncryptionKeyArn"], shown["Locked"]) == (Program.key, True)
    assert cloud.backup().list_tags(ResourceArn=shown["BackupVaultArn"])["Tags"] == TAGS
    engine.deploy(Program())
    assert engine.steps() == [], "a second deploy changes nothing"
    outcome = engine.run(Program(), "destroy")
    assert outcome.result == "done", outcome.problems
    vaults = cloud.backup().list_backup_vaults()["BackupVaultList"]
    assert [each["BackupVaultName"] for each in vaults] == ["kept"], "ours is gone, others stay"


@pytest.mark.parametrize(
    ("changed", "steps"),
    [
        ({"schedule": "cron(0 6 * * ? *)"}, [("update", "plan")]),
        ({"test_schedule": "cron(0 9 ? * MON *)"}, [("update", "tests")]),
        ({"window_hours": 12}, [("update", "tested")]),
        ({"role": role_arn("another")}, [("replace", "selection")]),
        ({"lock": {"minRetentionDays": 8, "maxRetentionDays": 35}}, [("replace", "lock")]),
        ({"lock": None}, [("delete", "lock")]),
    ],
)
def test_what_changed_is_updated_or_replaced_as_pulumi_does(
    engine: Engine, changed: dict[str, Any], steps: list[tuple[str, str]]
) -> None:
    engine.deploy(Program())
    engine.deploy(Program(**changed))
    assert engine.steps() == steps


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"copy_to": vault_arn("us-west-2", "nowhere")}, "backup-vault:nowhere does not exist"),
        ({"role": role_arn("nobody")}, "cannot be assumed by AWS Backup"),
        ({"retention_days": 5}, "shorter than the vault lock's minimum of 7 days"),
        ({"schedule": "daily"}, "no cron expression"),
    ],
)
def test_a_program_whose_backups_could_only_fail_is_refused(
    engine: Engine, broken: dict[str, Any], said: str
) -> None:
    assert said in engine.refusal(Program(**broken))


@pytest.mark.parametrize(
    ("role", "kept", "said"),
    [
        ("backs-up", [*BACKUP_ACTIONS, *COPY_ACTIONS, "kms:Decrypt"], "would be backed up"),
        ("backs-up", [*BACKUP_ACTIONS, *COPY_ACTIONS, "kms:GenerateDataKey"], "would be copied to"),
        ("backs-up", [*BACKUP_ACTIONS, *KEY_ACTIONS], "would be copied to"),
        ("backs-up", [*BACKUP_ACTIONS[1:], *COPY_ACTIONS, *KEY_ACTIONS], "would be backed up"),
        ("restores", RESTORE_ACTIONS, "nothing would be restored from"),
        ("restores", [*RESTORE_ACTIONS[1:], *KEY_ACTIONS], "nothing would be restored from"),
    ],
)
def test_a_program_whose_role_could_not_do_its_jobs_is_refused_in_the_end(
    engine: Engine, cloud: Cloud, role: str, kept: list[str], said: str
) -> None:
    cloud.allow(role, kept)
    assert said in engine.refusal(Program())


def test_a_vault_that_was_forced_is_emptied_first_unless_it_is_locked(
    engine: Engine, cloud: Cloud
) -> None:
    engine.deploy(Program(lock=None))
    cloud.back_up(BackupVaultName="mine", Lifecycle={"DeleteAfterDays": 14})
    cloud.backup().put_backup_vault_lock_configuration(BackupVaultName="mine", MinRetentionDays=7)
    outcome = engine.run(Program(lock=None), "destroy")
    assert "is locked (governance mode)" in outcome.problems[0].message
    cloud.backup().delete_backup_vault_lock_configuration(BackupVaultName="mine")
    assert engine.run(Program(lock=None), "destroy").result == "done"
