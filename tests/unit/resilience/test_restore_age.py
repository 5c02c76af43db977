"""How old the last verdict is: of every source by itself, and from what AWS Backup says."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

BUCKET, TABLE = "arn:aws:s3:::east", "arn:aws:dynamodb:us-east-1:123456789012:table/stack"
NOW = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
PLAN_MADE = NOW - timedelta(days=20)
DAY_S = 86_400


@dataclass
class FakeBackup:
    """A restore testing plan and its jobs, one a page."""

    jobs: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def get_restore_testing_plan(self, *, RestoreTestingPlanName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        assert RestoreTestingPlanName == "stack_restores"
        plan = {"RestoreTestingPlanArn": "arn:plan", "CreationTime": PLAN_MADE}
        return {"RestoreTestingPlan": plan}

    def get_paginator(self, _operation: str) -> FakeBackup:
        return self

    def paginate(self, *, ByRestoreTestingPlanArn: str) -> list[dict[str, Any]]:  # noqa: N803 - boto3's name
        assert ByRestoreTestingPlanArn == "arn:plan", "restores by hand prove nothing here"
        return [{"RestoreJobs": [job]} for job in self.jobs]

    def judged(self, source: str, *, days_ago: float, verdict: str | None = "SUCCESSFUL") -> None:
        job = {"SourceResourceArn": source, "CompletionDate": NOW - timedelta(days=days_ago)}
        self.jobs.append(job | ({"ValidationStatus": verdict} if verdict else {}))


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.setenv("UNDERSTUDY_METRICS_NAMESPACE", "Understudy/test")
    monkeypatch.setenv("UNDERSTUDY_RESTORE_TESTING_PLAN", "stack_restores")
    monkeypatch.setenv("UNDERSTUDY_TWINS", json.dumps({BUCKET: "west", TABLE: "stack"}))
    return importlib.import_module("resilience.functions.restore_validation")


def age(module: ModuleType, backup: FakeBackup, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What an hourly call says."""
    monkeypatch.setattr(module, "_BACKUP", backup)
    return module.handle({"detail-type": "Scheduled Event", "time": "2026-03-10T05:00:00Z"}, None)


def test_each_source_is_as_old_as_its_last_verdict(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = FakeBackup()
    backup.judged(BUCKET, days_ago=1)
    backup.judged(BUCKET, days_ago=8)
    backup.judged(TABLE, days_ago=9, verdict="FAILED")
    assert age(module, backup, monkeypatch) == {BUCKET: DAY_S, TABLE: 9 * DAY_S}
    line = json.loads(capsys.readouterr().out)
    assert (line["RestoreTestAge"], line["source"]) == (9 * DAY_S, TABLE), "the oldest is told"
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Understudy/test"
    assert directive["Dimensions"] == [["Region"]]
    assert directive["Metrics"] == [{"Name": "RestoreTestAge", "Unit": "Seconds"}]
    assert line["Region"] == "us-west-2"


@pytest.mark.parametrize("verdict", [None, "VALIDATING", "TIMED_OUT"])
def test_a_test_without_a_verdict_is_none(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, verdict: str | None
) -> None:
    backup = FakeBackup()
    backup.judged(BUCKET, days_ago=1)
    backup.judged(TABLE, days_ago=1, verdict=verdict)
    assert age(module, backup, monkeypatch)[TABLE] == 20 * DAY_S, "as old as the plan"


def test_a_new_plan_is_not_overdue(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert age(module, FakeBackup(), monkeypatch) == dict.fromkeys((BUCKET, TABLE), 20 * DAY_S)
