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
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from emulator.handle import EmulatorHandle
from infra.backup_names import RESTORE_TESTS_FAILED, RESTORE_TESTS_PASSED
from resilience.aws import Aws
from resilience.outputs import parse_outputs
from resilience.restore import sources
from resilience.restore.drill import rehearse
from resilience.restore.engine import Asked, Engine
from resilience.restore.kinds import What
from resilience.restore.stock import stock_of
from tests.contract.backup.deployed_program import (
    ACCOUNT,
    EAST,
    ITEM,
    KINDS,
    RECORDS,
    ROOT,
    SPEED,
    WEST,
    Stack,
    eventually,
    kind_of,
    verdicts,
)
from tests.infra.conftest import write_release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


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
        made.furnished = made.now()
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


def test_a_restore_by_command_that_is_killed_is_gone_on_with_by_the_next(
    stack: Stack, tmp_path: Path
) -> None:
    """Under the deployed role and keys, by a process of its own."""
    outputs, backup = tmp_path / "outputs.json", stack.backup(WEST)
    outputs.write_text(json.dumps(stack.outputs))
    command = [sys.executable, "-m", "resilience", "restore", "--stack", "prod"]
    command += ["--outputs", str(outputs), "--what", "predictions", "--reason", "a test", "--yes"]
    command += ["--json", "--out", str(tmp_path)]
    environment = os.environ | stack.emulator.aws_environment()
    before = len(backup.list_restore_jobs()["RestoreJobs"])
    first = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    eventually(lambda: len(backup.list_restore_jobs()["RestoreJobs"]) > before, "its job is begun")
    first.kill()
    assert first.wait(timeout=10) == -signal.SIGKILL, "it did not come to its end"
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["restore"]
    assert (found["resumed"], found["problems"], found["by_replica"]) == (True, [], 1)
    assert found["digests"] == {"predictions/a": hashlib.sha256(RECORDS).hexdigest()}
    assert found["by"].startswith("arn:aws:"), "who asked"
    assert len(backup.list_restore_jobs()["RestoreJobs"]) == before + 1, "one job, asked for twice"
    place = {"Bucket": found["place"], "Key": "predictions/a"}
    sealed = stack.client("s3", WEST).head_object(**place)
    assert sealed["ServerSideEncryption"] == "aws:kms", "under the stack's key, as what serves is"


def test_a_table_is_rehearsed_and_restored_to_a_moment_under_the_deployed_roles(
    stack: Stack,
) -> None:
    aws = Aws(stack.emulator.aws_environment())
    engine = Engine(aws=aws, stock=stock_of(parse_outputs(stack.outputs), ACCOUNT))
    rehearsed = rehearse(engine, What.TABLE, by="me", reason="a test")
    assert (rehearsed.region, rehearsed.problems) == (WEST, [])
    assert "outcome/request-1" in rehearsed.digests
    assert rehearsed.place not in stack.client("dynamodb", WEST).list_tables()["TableNames"]

    def reach() -> sources.Reach | None:
        found = sources.look(aws, engine.stock, What.TABLE, now=stack.now()).reaches
        return next(
            (each for each in found if each.region == WEST and each.latest > stack.furnished), None
        )

    latest = eventually(reach, "every replica has a recovery window").latest
    known = sources.look(aws, engine.stock, What.TABLE, now=stack.now())
    order = sources.to_point_in_time(known, at=latest, region=WEST)
    restored = engine.restore(order, Asked(by="me", reason="a test"))
    assert restored.problems == []
    assert "outcome/request-1" in restored.digests
