"""The production stack as it is deployed into the emulator, and its administrator."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.emulated_account import client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.handle import EmulatorHandle

ROOT = Path(__file__).resolve().parents[3]
SPEED = 20.0
ACCOUNT = "123456789012"
EAST, WEST = "us-east-1", "us-west-2"
WITHIN_S = 90
LEAD = timedelta(seconds=20)
RECORDS = b'{"type":"prediction","row":0}\n' * 40
ITEM = {
    "pk": {"S": "outcome"},
    "sk": {"S": "request-1"},
    "label": {"S": "benign"},
    "written_at": {"S": "2026-01-01T00:00:00Z"},
}
KINDS = {"releases", "predictions", "table"}


class Stack:
    """The deployed stack, and its administrator."""

    def __init__(self, emulator: EmulatorHandle, outputs: Mapping[str, Any]) -> None:
        self.emulator = emulator
        self.outputs = outputs
        self.regions = {each["region"]: each for each in outputs["regions"]}
        self.release = ""
        self.furnished = datetime.max.replace(tzinfo=UTC)
        self.name = f"{outputs['project']}-{outputs['stack']}"
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str) -> Any:
        if (service, region) not in self._clients:
            once = {"retries": {"total_max_attempts": 1}, "read_timeout": 20}
            self._clients[service, region] = client(self.emulator, service, region, **once)
        return self._clients[service, region]

    def backup(self, region: str) -> Any:
        return self.client("backup", region)

    def now(self) -> datetime:
        """Emulated time."""
        return datetime.fromisoformat(self.emulator.status()["emulated_now"])

    def soon(self) -> str:
        """A schedule that fires once, as soon as it can be put."""
        moment = self.now() + LEAD
        if moment.second or moment.microsecond:
            moment += timedelta(minutes=1)
        return f"cron({moment.minute} {moment.hour} {moment.day} {moment.month} ? {moment.year})"

    def back_up(self) -> None:
        """Move the eastern plan's schedule to the next minutes; all else stays the program's."""
        backup = self.backup(EAST)
        plans = backup.list_backup_plans()["BackupPlansList"]
        plan_id = next(
            each["BackupPlanId"]
            for each in plans
            if each["BackupPlanName"] == f"{self.name}-backup"
        )
        plan = backup.get_backup_plan(BackupPlanId=plan_id)["BackupPlan"]
        for rule in plan["Rules"]:
            rule.pop("RuleId")
            rule["ScheduleExpression"] = self.soon()
        backup.update_backup_plan(BackupPlanId=plan_id, BackupPlan=plan)

    def copies(self) -> list[dict[str, Any]]:
        """What the western vault holds."""
        listed = self.backup(WEST).list_recovery_points_by_backup_vault(
            BackupVaultName=f"{self.name}-backup"
        )
        return list(listed["RecoveryPoints"])

    def restore_test(self) -> dict[str, dict[str, Any]]:
        """Run the western restore test; the validated jobs of this run by their source's kind."""
        backup = self.backup(WEST)
        name = f"{self.name}-restores".replace("-", "_")
        before = {each["RestoreJobId"] for each in backup.list_restore_jobs()["RestoreJobs"]}
        backup.update_restore_testing_plan(
            RestoreTestingPlanName=name, RestoreTestingPlan={"ScheduleExpression": self.soon()}
        )

        def validated() -> list[dict[str, Any]]:
            jobs = backup.list_restore_jobs()["RestoreJobs"]
            new = [each for each in jobs if each["RestoreJobId"] not in before]
            failed = [each for each in new if each["Status"] == "FAILED"]
            assert not failed, failed
            told = [each for each in new if "ValidationStatus" in each]
            return told if len(told) == len(KINDS) else []

        jobs = eventually(validated, "both buckets and the table are restored and judged")
        return {kind_of(each["SourceResourceArn"]): each for each in jobs}


def kind_of(arn: str) -> str:
    """What a backup is of."""
    return "table" if ":dynamodb:" in arn else arn.rpartition("-")[2]


def verdicts(jobs: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {kind: job["ValidationStatus"] for kind, job in jobs.items()}


def eventually(look: Callable[[], Any], rule: str) -> Any:
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {WITHIN_S} s: {rule}")
