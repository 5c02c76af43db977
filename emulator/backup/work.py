"""The work of AWS Backup: jobs move on as their time comes, under the roles they were given.

`Worker.tick` does all that is due, in the caller's thread. A job whose Region is lost waits, and
so does a copy whose destination is; a backup that cannot start within its window expires.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emulator.backup import contents, keys, permissions
from emulator.backup.restoring import Restorer
from emulator.backup.state import (
    BackupJob,
    CopyJob,
    Job,
    RecoveryPoint,
    RestoreJob,
    new_id,
    recovery_point_arn,
)

if TYPE_CHECKING:
    from emulator.backup.announce import Announcer
    from emulator.backup.state import Account, Values, Vault
    from emulator.clock import Clock
    from emulator.faults import FaultBoard
    from emulator.storage.objects import Objects

SUCCESS: Final = "SUCCESS"
ACCESS_DENIED: Final = "AccessDenied"
INVALID: Final = "InvalidParameters"


@dataclass(frozen=True, kw_only=True)
class JobTimes:
    """How long jobs take, in emulated seconds. AWS promises nothing; these are parameters."""

    start_s: float = 5.0
    work_s: float = 20.0


class JobFailedError(Exception):
    """A job that comes to a bad end: AWS's message category, and why."""

    def __init__(self, category: str, reason: str) -> None:
        super().__init__(reason)
        self.category = category


class Worker:
    """Moves every job on. Called with `Account.lock` held by nobody; takes it itself."""

    def __init__(  # the emulator's shared parts, handed in
        self,
        account: Account,
        announcer: Announcer,
        objects: Objects,
        clock: Clock,
        faults: FaultBoard,
        *,
        times: JobTimes | None = None,
    ) -> None:
        self._account = account
        self._announcer = announcer
        self._objects = objects
        self._clock = clock
        self._faults = faults
        self.times = times or JobTimes()
        self._restorer = Restorer(account, objects, clock, faults)

    def start(self, job: Job) -> None:
        """Take a new job on."""
        self._account.region(job.region).jobs[job.id] = job
        self._announcer.job(job)

    def tick(self) -> None:
        """Do all that is due now."""
        with self._account.lock:
            now_s = self._clock.now_s()
            for job in self._account.jobs():
                if not job.done and now_s >= job.due_s and not self._cut_off(job):
                    self._move_on(job, now_s)
            for job in self._account.jobs():
                if isinstance(job, RestoreJob) and not self._cut_off(job):
                    self._restorer.clean_up(job)
            self._expire_points(now_s)

    def _cut_off(self, job: Job) -> bool:
        regions = [job.region]
        if isinstance(job, CopyJob):
            regions.append(job.destination_region)
        return any(self._faults.region_lost(region) for region in regions)

    def _move_on(self, job: Job, now_s: float) -> None:
        try:
            if job.state == "RUNNING":
                self._finish(job, now_s)
            else:
                self._begin(job, now_s)
        except JobFailedError as error:
            job.state, job.message, job.category = "FAILED", str(error), error.category
            job.completed_s = now_s
        self._announcer.job(job)
        if isinstance(job, BackupJob) and job.state == "COMPLETED":
            self._start_copies(job, now_s)

    def _begin(self, job: Job, now_s: float) -> None:
        if isinstance(job, BackupJob):
            if now_s > job.start_by_s:
                job.state, job.completed_s = "EXPIRED", now_s
                job.message = "Backup job expired before it could start."
                return
            self._take(job)
        elif isinstance(job, CopyJob):
            self._check_copy(job)
        elif isinstance(job, RestoreJob):
            _refuse(self._restorer.refusal(job))
        job.state, job.due_s = "RUNNING", now_s + self.times.work_s

    def _take(self, job: BackupJob) -> None:
        """Check what a backup needs, and take what the resource holds at this moment."""
        vault = self._vault(job)
        self._check_lock(vault, job.lifecycle)
        role, resource = job.role_arn, job.resource_arn
        _deny(permissions.to_back_up(self._objects, role, resource, vault.arn))
        _deny(keys.denial(role, vault.arn, keys.to_write_backup(vault.key_arn)))
        name = resource.rpartition(":")[2].rpartition("/")[2]
        if job.resource_type == "DynamoDB":
            table = contents.table_of(job.region, name)
            if table is None:
                raise JobFailedError(INVALID, f"Requested table not found: {resource}")
            _deny(keys.denial(role, vault.arn, keys.to_read_table(table)))
            job.contents = contents.of_table(table)
            return
        if self._objects.region_of(name) != job.region:
            raise JobFailedError(INVALID, f"There is no bucket {name} in {job.region}")
        if not self._objects.is_versioned(name):
            raise JobFailedError(
                INVALID, f"Bucket {name} does not have versioning enabled, which a backup needs"
            )
        readable = keys.Readable(self._objects, name, role, vault.arn)
        job.contents = contents.of_bucket(self._objects, name, readable=readable)
        if refused := readable.refusal():
            job.message = f"Objects whose key may not be used were not backed up: {refused}"

    def _check_copy(self, job: CopyJob) -> None:
        vault = self._account.vault_of(job.destination_vault_arn)
        if vault is None:
            raise JobFailedError(INVALID, f"There is no vault {job.destination_vault_arn}")
        self._check_lock(vault, job.lifecycle)
        role, source = job.role_arn, job.source_vault_arn
        _deny(permissions.to_copy(role, source, job.destination_vault_arn))
        reads = keys.to_read_backup(job.source.key_arn)
        _deny(keys.denial(role, source, reads, keys.to_write_backup(vault.key_arn)))

    def _check_lock(self, vault: Vault, lifecycle: Values) -> None:
        refusal = vault.lock.refusal(lifecycle) if vault.lock else None
        if refusal:
            raise JobFailedError(INVALID, f"Vault {vault.name}: {refusal}")

    def _finish(self, job: Job, now_s: float) -> None:
        job.state, job.completed_s, job.category = "COMPLETED", now_s, SUCCESS
        if isinstance(job, BackupJob):
            self._keep(job, now_s)
        elif isinstance(job, CopyJob):
            self._keep_copy(job, now_s)
        elif isinstance(job, RestoreJob):
            job.created_resource_arn = self._restorer.restore(job)

    def _keep(self, job: BackupJob, now_s: float) -> None:
        vault = self._vault(job)
        if job.contents is None:
            raise JobFailedError(INVALID, "nothing was taken")
        job.point = RecoveryPoint(
            arn=recovery_point_arn(job.region),
            vault_name=vault.name,
            resource_arn=job.resource_arn,
            resource_type=job.resource_type,
            contents=job.contents,
            role_arn=job.role_arn,
            created_s=job.created_s,
            completed_s=now_s,
            lifecycle=job.lifecycle,
            key_arn=vault.key_arn,
            created_by=job.created_by,
        )
        vault.points[job.point.arn] = job.point
        self._announcer.point(vault, job.point, "COMPLETED")

    def _keep_copy(self, job: CopyJob, now_s: float) -> None:
        vault = self._account.vault_of(job.destination_vault_arn)
        if vault is None:
            raise JobFailedError(INVALID, f"There is no vault {job.destination_vault_arn}")
        job.copied = RecoveryPoint(
            arn=recovery_point_arn(vault.region),
            vault_name=vault.name,
            resource_arn=job.resource_arn,
            resource_type=job.resource_type,
            contents=job.source.contents,
            role_arn=job.role_arn,
            created_s=job.source.created_s,
            completed_s=now_s,
            lifecycle=job.lifecycle,
            key_arn=vault.key_arn,
            created_by=job.created_by,
            source_vault_arn=job.source_vault_arn,
        )
        vault.points[job.copied.arn] = job.copied
        self._announcer.point(vault, job.copied, "COMPLETED")

    def _vault(self, job: BackupJob) -> Vault:
        vault = self._account.region(job.region).vaults.get(job.vault_name)
        if vault is None:
            raise JobFailedError(INVALID, f"There is no vault {job.vault_name} in {job.region}")
        return vault

    def _start_copies(self, job: BackupJob, now_s: float) -> None:
        vault, point = self._vault(job), job.point
        if point is None:
            return
        for action in job.copies:
            self.start(
                CopyJob(
                    id=new_id(),
                    region=job.region,
                    role_arn=job.role_arn,
                    resource_arn=job.resource_arn,
                    resource_type=job.resource_type,
                    created_s=now_s,
                    due_s=now_s + self.times.start_s,
                    created_by=job.created_by,
                    source_vault_arn=vault.arn,
                    source=point,
                    destination_vault_arn=action["DestinationBackupVaultArn"],
                    destination_region=action["DestinationBackupVaultArn"].split(":")[3],
                    lifecycle=action.get("Lifecycle", {}),
                    backup_job_id=job.id,
                )
            )

    def _expire_points(self, now_s: float) -> None:
        for name, region in self._account.regions():
            if self._faults.region_lost(name):
                continue
            for vault in region.vaults.values():
                for point in list(vault.points.values()):
                    end_s = point.delete_at_s()
                    if end_s is not None and now_s >= end_s:
                        del vault.points[point.arn]
                        self._announcer.point(vault, point, "DELETED")


def _deny(reason: str | None) -> None:
    if reason:
        raise JobFailedError(ACCESS_DENIED, f"Access denied: {reason}")


def _refuse(refusal: tuple[str, str] | None) -> None:
    if refusal:
        raise JobFailedError(*refusal)
