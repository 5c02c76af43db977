"""What AWS Backup holds: vaults and their recovery points, plans, jobs, restore tests.

Times are emulated Unix seconds. Mutable where AWS's own things change; every reader and writer
holds `Account.lock`.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from emulator.store.backends import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.backup.contents import Contents

Values = dict[str, Any]
"""A structure of the API, as botocore names its members."""

DAY_S: Final = 86_400
FINAL_STATES: Final = frozenset({"COMPLETED", "FAILED", "EXPIRED", "ABORTED"})


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A vault lock. Without `immutable_from_s` it is in governance mode.

    https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
    """

    min_days: int | None
    max_days: int | None
    immutable_from_s: float | None

    def immutable(self, now_s: float) -> bool:
        """Whether nobody can change or remove it any more."""
        return self.immutable_from_s is not None and now_s >= self.immutable_from_s

    def refusal(self, lifecycle: Mapping[str, Any]) -> str | None:
        """Why a recovery point with this lifecycle may not enter; None when it may."""
        days = lifecycle.get("DeleteAfterDays")
        if self.min_days is not None and days is not None and days < self.min_days:
            return (
                f"the retention of {days} days is shorter than the vault lock's minimum of "
                f"{self.min_days} days"
            )
        if self.max_days is not None and (days is None or days > self.max_days):
            kept = "without end" if days is None else f"of {days} days"
            return (
                f"the retention {kept} is longer than the vault lock's maximum of "
                f"{self.max_days} days"
            )
        return None


@dataclass(kw_only=True)
class RecoveryPoint:
    """One backup in a vault. Its contents never change; a copy shares them."""

    arn: str
    vault_name: str
    resource_arn: str
    resource_type: str
    contents: Contents
    role_arn: str
    created_s: float
    completed_s: float
    lifecycle: Values
    key_arn: str | None
    created_by: Values
    source_vault_arn: str | None = None

    def delete_at_s(self) -> float | None:
        """When its lifecycle ends; None: it is kept for ever."""
        days = self.lifecycle.get("DeleteAfterDays")
        return None if days is None else self.created_s + days * DAY_S


@dataclass(kw_only=True)
class Vault:
    """A vault and what it holds, by ARN."""

    name: str
    region: str
    created_s: float
    key_arn: str | None
    creator_request_id: str | None
    lock: Lock | None = None
    policy: str | None = None
    points: dict[str, RecoveryPoint] = field(default_factory=dict[str, RecoveryPoint])

    @property
    def arn(self) -> str:
        """Its ARN."""
        return vault_arn(self.region, self.name)


@dataclass(kw_only=True)
class Plan:
    """A backup plan: its document, its version, and what it applies to."""

    id: str
    region: str
    document: Values
    version: str
    created_s: float
    fired_s: float
    """Its schedules have been looked at up to here."""
    creator_request_id: str | None = None
    last_run_s: float | None = None
    selections: dict[str, Values] = field(default_factory=dict[str, Values])

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:backup:{self.region}:{ACCOUNT}:backup-plan:{self.id}"


@dataclass(kw_only=True)
class RestoreTestingPlan:
    """A restore testing plan: its document, and its selections by name."""

    name: str
    region: str
    arn: str
    document: Values
    created_s: float
    fired_s: float
    updated_s: float | None = None
    last_run_s: float | None = None
    selections: dict[str, Values] = field(default_factory=dict[str, Values])


@dataclass(kw_only=True)
class Job:
    """What all jobs have in common. `due_s`: when its next step is due."""

    id: str
    region: str
    role_arn: str
    resource_arn: str
    resource_type: str
    created_s: float
    due_s: float
    state: str = "CREATED"
    message: str = ""
    category: str = ""
    completed_s: float | None = None
    created_by: Values = field(default_factory=dict[str, Any])

    @property
    def done(self) -> bool:
        """Whether it has come to its end, good or bad."""
        return self.state in FINAL_STATES


@dataclass(kw_only=True)
class BackupJob(Job):
    """Takes a recovery point; `copies` are a plan's copy actions."""

    vault_name: str
    lifecycle: Values
    start_by_s: float
    copies: tuple[Values, ...] = ()
    contents: Contents | None = None
    point: RecoveryPoint | None = None


@dataclass(kw_only=True)
class CopyJob(Job):
    """Copies a recovery point into another vault, whose Region `destination_region` is."""

    source_vault_arn: str
    source: RecoveryPoint
    destination_vault_arn: str
    destination_region: str
    lifecycle: Values
    backup_job_id: str | None = None
    copied: RecoveryPoint | None = None


@dataclass(kw_only=True)
class RestoreJob(Job):
    """Restores a recovery point; of a restore test when `test_plan_arn` is set."""

    point: RecoveryPoint
    vault_arn: str
    metadata: dict[str, str]
    token: str | None = None
    """Who asks twice with the same one has asked once."""
    created_resource_arn: str | None = None
    test_plan_arn: str | None = None
    validation_window_s: float = 0.0
    validation: str | None = None
    validation_message: str = ""
    deletion: str | None = None


@dataclass(kw_only=True)
class RegionState:
    """AWS Backup in one Region."""

    vaults: dict[str, Vault] = field(default_factory=dict[str, Vault])
    plans: dict[str, Plan] = field(default_factory=dict[str, Plan])
    jobs: dict[str, Job] = field(default_factory=dict[str, Job])
    tests: dict[str, RestoreTestingPlan] = field(default_factory=dict[str, RestoreTestingPlan])


class Account:
    """AWS Backup in every Region."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._regions: dict[str, RegionState] = {}

    def region(self, name: str) -> RegionState:
        """One Region's part."""
        return self._regions.setdefault(name, RegionState())

    def regions(self) -> list[tuple[str, RegionState]]:
        """Every Region that has been asked for."""
        return list(self._regions.items())

    def jobs(self) -> list[Job]:
        """Every job, oldest first within its Region."""
        return [job for _, region in self.regions() for job in region.jobs.values()]

    def vault_of(self, arn: str) -> Vault | None:
        """The vault with an ARN, wherever it is; None when there is none."""
        parts = arn.split(":")
        region = self._regions.get(parts[3]) if len(parts) > 6 else None  # noqa: PLR2004 - an ARN's parts
        return None if region is None else region.vaults.get(parts[6])

    def point_of(self, region: str, arn: str) -> RecoveryPoint | None:
        """The recovery point with an ARN, in any vault of a Region."""
        vaults = self.region(region).vaults.values()
        return next((each.points[arn] for each in vaults if arn in each.points), None)


def new_id() -> str:
    """An id as AWS Backup makes them."""
    return str(uuid.uuid4()).upper()


def vault_arn(region: str, name: str) -> str:
    """The ARN of a vault."""
    return f"arn:aws:backup:{region}:{ACCOUNT}:backup-vault:{name}"


def recovery_point_arn(region: str) -> str:
    """The ARN of a new recovery point."""
    return f"arn:aws:backup:{region}:{ACCOUNT}:recovery-point:{uuid.uuid4()}"


def resource_type_of(arn: str) -> str | None:
    """What AWS Backup calls a resource's type; None for what is not emulated."""
    service = arn.split(":")[2] if arn.count(":") > 4 else ""  # noqa: PLR2004 - an ARN's parts
    return {"s3": "S3", "dynamodb": "DynamoDB"}.get(service)
