"""Restore tests on schedule: which recovery points are restored, into what.

https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html. A test starts at the
beginning of its start window, where AWS spreads tests over it.
"""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING, Final

from emulator.backup.plan_rules import next_moment
from emulator.backup.state import DAY_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.backup.jobs import Jobs
    from emulator.backup.state import Account, RecoveryPoint, RestoreTestingPlan, Values, Vault
    from emulator.backup.work import Worker
    from emulator.clock import Clock
    from emulator.faults import FaultBoard

DEFAULT_WINDOW_DAYS: Final = 30
_PREFIX: Final = "awsbackup-restore-test-"
_LATEST: Final = "LATEST_WITHIN_WINDOW"


class RestoreTests:
    """Starts the restores of restore testing plans."""

    def __init__(
        self,
        account: Account,
        jobs: Jobs,
        worker: Worker,
        clock: Clock,
        faults: FaultBoard,
        *,
        seed: int,
    ) -> None:
        self._account = account
        self._jobs = jobs
        self._worker = worker
        self._clock = clock
        self._faults = faults
        self._random = random.Random(seed)  # noqa: S311  # picks recovery points, no secrets

    def fire(self) -> None:
        """Start the restores of every plan whose time has come. A lost Region catches up once."""
        now_s = self._clock.now_s()
        for region_name, region in self._account.regions():
            if self._faults.region_lost(region_name):
                continue
            for plan in region.tests.values():
                moment_s = next_moment(
                    plan.document["ScheduleExpression"], plan.document, plan.fired_s
                )
                plan.fired_s = now_s
                if moment_s is not None and moment_s <= now_s:
                    plan.last_run_s = now_s
                    self._start(plan, now_s)

    def _start(self, plan: RestoreTestingPlan, now_s: float) -> None:
        for selection in plan.selections.values():
            for vault, point in self._chosen(plan, selection, now_s):
                metadata = self.inferred(point) | (selection.get("RestoreMetadataOverrides") or {})
                job = self._jobs.new_restore(
                    plan.region, vault, point, selection["IamRoleArn"], metadata
                )
                job.test_plan_arn = plan.arn
                job.validation_window_s = selection.get("ValidationWindowHours", 0) * 3600
                self._worker.start(job)

    def _chosen(
        self, plan: RestoreTestingPlan, selection: Values, now_s: float
    ) -> Iterator[tuple[Vault, RecoveryPoint]]:
        """One recovery point of each protected resource: the latest, or any in the window."""
        rule = plan.document["RecoveryPointSelection"]
        since_s = now_s - rule.get("SelectionWindowDays", DEFAULT_WINDOW_DAYS) * DAY_S
        found: dict[str, list[tuple[Vault, RecoveryPoint]]] = {}
        for vault in self._account.region(plan.region).vaults.values():
            if not _included(vault, rule):
                continue
            for point in vault.points.values():
                if point.created_s >= since_s and _protects(selection, point):
                    found.setdefault(point.resource_arn, []).append((vault, point))
        for points in found.values():
            if rule["Algorithm"] == _LATEST:
                yield max(points, key=lambda each: each[1].created_s)
            else:
                yield self._random.choice(points)

    def inferred(self, point: RecoveryPoint) -> dict[str, str]:
        """What AWS fills in for a restore test.

        https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-inferred-metadata.html
        """
        name = f"{_PREFIX}{uuid.UUID(int=self._random.getrandbits(128))}"
        if point.resource_type == "DynamoDB":
            return {
                "targetTableName": name,
                "deletionProtection": "false",
                "encryptionType": "Default",
            }
        return {"DestinationBucketName": name, "NewBucket": "true", "Encrypted": "true"}


def _included(vault: Vault, rule: Values) -> bool:
    included = {vault.arn, "*"} & set(rule["IncludeVaults"])
    return bool(included) and vault.arn not in rule.get("ExcludeVaults", ())


def _protects(selection: Values, point: RecoveryPoint) -> bool:
    return point.resource_type == selection["ProtectedResourceType"] and bool(
        {point.resource_arn, "*"} & set(selection.get("ProtectedResourceArns") or ())
    )
