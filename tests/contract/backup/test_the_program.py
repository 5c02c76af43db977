"""Show 5, with the production stack's own resources, end to end.

A backup runs on the plan's schedule, is copied to the other Region, survives an attempted delete
under a locked vault, is restored there into an empty place by the restore test, and the verdict
of the deployed function turns from SUCCESSFUL to FAILED when one byte is changed: in a bucket, and
in an item of the table. Only the clock is helped: the plans' schedules are moved to the next
minute.
"""

from __future__ import annotations

import hashlib
import json
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.handle import EmulatorHandle
from infra.backup_names import RESTORE_TESTS_FAILED, RESTORE_TESTS_PASSED
from tests.infra.conftest import write_release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[3]
SPEED = 20.0
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
        self.regions = {each["region"]: each for each in outputs["regions"]}
        self.release = ""
        self.name = f"{outputs['project']}-{outputs['stack']}"
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str) -> Any:
        if (service, region) not in self._clients:
            environment = self.emulator.aws_environment()
            self._clients[service, region] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.emulator.aws_endpoint,
                aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
                config=Config(retries={"total_max_attempts": 1}, read_timeout=20),
            )
        return self._clients[service, region]

    def backup(self, region: str) -> Any:
        return self.client("backup", region)

    def soon(self) -> str:
        """A schedule that fires once, as soon as it can be put."""
        moment = datetime.fromisoformat(self.emulator.status()["emulated_now"]) + LEAD
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


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    release = write_release(
        tmp_path_factory.mktemp("release") / "release.zip", {"runtime": "arrays"}
    )
    with EmulatorHandle.start(tmp_path_factory.mktemp("emulator"), speed=SPEED) as emulator:
        deployed = emulator.deploy(ROOT, "prod", config={"release": str(release)})
        made = Stack(emulator, deployed.outputs)
        made.release = hashlib.sha256(release.read_bytes()).hexdigest()
        source, twin = (made.regions[region]["predictionBucket"] for region in (EAST, WEST))
        made.client("s3", EAST).put_object(Bucket=source, Key="predictions/a", Body=RECORDS)
        eventually(
            lambda: made.client("s3", WEST).list_objects_v2(Bucket=twin).get("Contents"),
            "the record is replicated",
        )
        made.client("dynamodb", EAST).put_item(TableName=made.name, Item=ITEM)
        eventually(
            lambda: made.client("dynamodb", WEST).scan(TableName=made.name)["Items"],
            "the item is replicated",
        )
        made.back_up()
        eventually(lambda: len(made.copies()) == len(KINDS), "everything is backed up and copied")
        yield made


def test_a_backup_runs_and_is_copied_to_the_other_region(stack: Stack) -> None:
    jobs = stack.backup(EAST).list_backup_jobs()["BackupJobs"]
    assert {each["State"] for each in jobs} == {"COMPLETED"}
    assert {kind_of(each["ResourceArn"]) for each in stack.copies()} == KINDS, (
        "everything that is kept leaves the Region"
    )
    vaults = {each["SourceBackupVaultArn"].split(":")[3] for each in stack.copies()}
    assert vaults == {EAST}


def test_a_copy_survives_an_attempted_delete_under_a_locked_vault(stack: Stack) -> None:
    backup, vault = stack.backup(WEST), f"{stack.name}-backup"
    shown = backup.describe_backup_vault(BackupVaultName=vault)
    assert shown["Locked"] is True
    assert "LockDate" in shown, "compliance mode: from that date on nobody can remove the lock"
    point = stack.copies()[0]["RecoveryPointArn"]
    with pytest.raises(ClientError, match="is locked"):
        backup.delete_recovery_point(BackupVaultName=vault, RecoveryPointArn=point)
    with pytest.raises(ClientError, match="contains recovery points"):
        backup.delete_backup_vault(BackupVaultName=vault)
    assert point in {each["RecoveryPointArn"] for each in stack.copies()}


def test_the_verdict_turns_when_a_byte_is_changed(stack: Stack) -> None:
    right = stack.restore_test()
    assert verdicts(right) == dict.fromkeys(KINDS, "SUCCESSFUL"), right
    assert "1 objects hold their digest" in right["releases"]["ValidationStatusMessage"]
    assert "1 equal their replica" in right["predictions"]["ValidationStatusMessage"]
    assert "1 equal their replica" in right["table"]["ValidationStatusMessage"]
    place = right["releases"]["CreatedResourceArn"].rpartition(":")[2]
    assert place.startswith("awsbackup-restore-test-"), "an empty place of its own"
    table = right["table"]["CreatedResourceArn"].rpartition("/")[2]
    eventually(
        lambda: table not in stack.client("dynamodb", WEST).list_tables()["TableNames"],
        "what was restored is deleted once the verdict is in",
    )
    faults = [
        stack.emulator.lose("recovery_point", each["RecoveryPointArn"]) for each in stack.copies()
    ]
    try:
        wrong = stack.restore_test()
    finally:
        for fault in faults:
            stack.emulator.restore(fault)
    assert verdicts(wrong) == dict.fromkeys(KINDS, "FAILED"), "one byte is enough"
    assert stack.release in wrong["releases"]["ValidationStatusMessage"]
    assert "differs from its replica" in wrong["predictions"]["ValidationStatusMessage"]
    assert "outcome/request-1 differs" in wrong["table"]["ValidationStatusMessage"]


def test_each_verdict_is_a_line_that_is_a_metric(stack: Stack) -> None:
    """Runs after the verdicts, in the order of this file."""
    logs, group = stack.client("logs", WEST), f"/aws/lambda/{stack.name}-restore-validation"

    def counted() -> dict[str, int]:
        events = logs.filter_log_events(logGroupName=group)["events"]
        lines = [json.loads(each["message"]) for each in events if "_aws" in each["message"]]
        return {
            name: sum(line[name] for line in lines)
            for name in (RESTORE_TESTS_PASSED, RESTORE_TESTS_FAILED)
            if len(lines) == 2 * len(KINDS)
        }

    assert eventually(counted, "every verdict is in the function's log") == {
        RESTORE_TESTS_PASSED: len(KINDS),
        RESTORE_TESTS_FAILED: len(KINDS),
    }


def test_an_alarm_fires_when_the_last_verdict_is_old_and_when_nobody_tells_its_age(
    stack: Stack,
) -> None:
    """Runs after the verdicts. The clock is helped: minutes where the program has hours."""
    events, cloudwatch = (stack.client(service, WEST) for service in ("events", "cloudwatch"))
    rule, name = f"{stack.name}-restore-age", f"{stack.name}-restore-test-missing"
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    week_s = 7 * 86_400
    assert alarm["Threshold"] == week_s + 86_400, "tests are weekly, and may be a day late"
    kept = ("ComparisonOperator", "Dimensions", "EvaluationPeriods", "MetricName", "Namespace")
    shorter = {key: alarm[key] for key in (*kept, "Statistic", "TreatMissingData")}

    def state_with(threshold_s: float) -> Callable[[], str]:
        cloudwatch.put_metric_alarm(AlarmName=name, Period=60, Threshold=threshold_s, **shorter)
        return lambda: cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0][
            "StateValue"
        ]

    state = state_with(alarm["Threshold"])
    eventually(lambda: state() == "ALARM", "nobody has told the age yet: silence is no verdict")
    events.put_rule(Name=rule, ScheduleExpression="rate(1 minute)", State="ENABLED")
    eventually(lambda: state() == "OK", "every source has a verdict that is minutes old")
    state = state_with(1.0)
    eventually(lambda: state() == "ALARM", "a verdict that is too old is told")
