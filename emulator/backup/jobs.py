"""The API's operations on jobs: backups, copies and restores on demand, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from emulator.backup import permissions, plan_rules, shown
from emulator.backup.errors import invalid, not_found, refused
from emulator.backup.restoring import target_of, unknown_keys
from emulator.backup.state import (
    BackupJob,
    CopyJob,
    Job,
    RestoreJob,
    Vault,
    new_id,
    resource_type_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.backup.state import Account, RecoveryPoint, Values
    from emulator.backup.work import Worker
    from emulator.clock import Clock

J = TypeVar("J", bound=Job)

_VALIDATED: Final = frozenset({"SUCCESSFUL", "FAILED", "TIMED_OUT"})


class Jobs:
    """Operations on jobs; each takes a Region and a call's parameters."""

    def __init__(self, account: Account, worker: Worker, clock: Clock) -> None:
        self._account = account
        self._worker = worker
        self._clock = clock

    def operations(self) -> Mapping[str, Callable[[str, Values], Values]]:
        """Every operation by its name."""
        return {
            "StartBackupJob": self.start_backup,
            "DescribeBackupJob": self.describe_backup,
            "ListBackupJobs": self.list_backups,
            "StopBackupJob": self.stop_backup,
            "StartCopyJob": self.start_copy,
            "DescribeCopyJob": self.describe_copy,
            "ListCopyJobs": self.list_copies,
            "StartRestoreJob": self.start_restore,
            "DescribeRestoreJob": self.describe_restore,
            "ListRestoreJobs": self.list_restores,
            "GetRestoreJobMetadata": self.restore_metadata,
            "PutRestoreValidationResult": self.put_validation,
        }

    # --- backups -----------------------------------------------------------------------------

    def start_backup(self, region: str, params: Values) -> Values:
        """StartBackupJob."""
        vault = self._vault(region, params["BackupVaultName"])
        kind = resource_type_of(params["ResourceArn"])
        if kind is None:
            raise invalid(f"Invalid resource {params['ResourceArn']}: not a bucket or table")
        self._refuse_role(params["IamRoleArn"], vault.arn)
        now_s = self._clock.now_s()
        minutes = params.get("StartWindowMinutes", plan_rules.DEFAULT_START_MINUTES)
        job = BackupJob(
            id=new_id(),
            region=region,
            role_arn=params["IamRoleArn"],
            resource_arn=params["ResourceArn"],
            resource_type=kind,
            created_s=now_s,
            due_s=now_s + self._worker.times.start_s,
            vault_name=vault.name,
            lifecycle=dict(params.get("Lifecycle") or {}),
            start_by_s=now_s + minutes * 60,
        )
        self._worker.start(job)
        return {"BackupJobId": job.id, "CreationDate": now_s, "IsParent": False}

    def describe_backup(self, region: str, params: Values) -> Values:
        """DescribeBackupJob."""
        job = self._job(region, params["BackupJobId"], BackupJob)
        return self._shown_backup(job)

    def list_backups(self, region: str, params: Values) -> Values:
        """ListBackupJobs."""
        found = [
            self._shown_backup(job)
            for job in self._jobs(region, BackupJob)
            if _fits(
                params,
                ByState=job.state,
                ByResourceArn=job.resource_arn,
                ByBackupVaultName=job.vault_name,
                ByResourceType=job.resource_type,
            )
        ]
        return {"BackupJobs": found}

    def stop_backup(self, region: str, params: Values) -> Values:
        """StopBackupJob."""
        job = self._job(region, params["BackupJobId"], BackupJob)
        if job.done:
            raise refused(f"Backup job {job.id} is {job.state} and cannot be stopped")
        job.state, job.completed_s = "ABORTED", self._clock.now_s()
        return {}

    # --- copies ------------------------------------------------------------------------------

    def start_copy(self, region: str, params: Values) -> Values:
        """StartCopyJob."""
        source = self._vault(region, params["SourceBackupVaultName"])
        point = source.points.get(params["RecoveryPointArn"])
        if point is None:
            raise not_found(f"{source.name} holds no {params['RecoveryPointArn']}")
        destination = params["DestinationBackupVaultArn"]
        if self._account.vault_of(destination) is None:
            raise invalid(f"Destination backup vault {destination} does not exist")
        self._refuse_role(params["IamRoleArn"], source.arn)
        now_s = self._clock.now_s()
        job = CopyJob(
            id=new_id(),
            region=region,
            role_arn=params["IamRoleArn"],
            resource_arn=point.resource_arn,
            resource_type=point.resource_type,
            created_s=now_s,
            due_s=now_s + self._worker.times.start_s,
            source_vault_arn=source.arn,
            source=point,
            destination_vault_arn=destination,
            destination_region=destination.split(":")[3],
            lifecycle=dict(params.get("Lifecycle") or {}),
        )
        self._worker.start(job)
        return {"CopyJobId": job.id, "CreationDate": now_s, "IsParent": False}

    def describe_copy(self, region: str, params: Values) -> Values:
        """DescribeCopyJob."""
        return {"CopyJob": shown.copy_job(self._job(region, params["CopyJobId"], CopyJob))}

    def list_copies(self, region: str, params: Values) -> Values:
        """ListCopyJobs."""
        found = [
            shown.copy_job(job)
            for job in self._jobs(region, CopyJob)
            if _fits(
                params,
                ByState=job.state,
                ByResourceArn=job.resource_arn,
                ByDestinationVaultArn=job.destination_vault_arn,
                ByResourceType=job.resource_type,
            )
        ]
        return {"CopyJobs": found}

    # --- restores ----------------------------------------------------------------------------

    def start_restore(self, region: str, params: Values) -> Values:
        """StartRestoreJob; asked again with the same token, the job that was started then."""
        token = params.get("IdempotencyToken")
        begun = (job for job in self._jobs(region, RestoreJob) if token and job.token == token)
        if asked_before := next(begun, None):
            return {"RestoreJobId": asked_before.id}
        vault, point = self._point(region, params["RecoveryPointArn"])
        role = params.get("IamRoleArn")
        if role is None:
            raise invalid("IamRoleArn is missing: the default role is not emulated")
        self._refuse_role(role, vault.arn)
        unknown = unknown_keys(point.resource_type, params["Metadata"])
        if unknown:
            raise invalid(f"restore metadata {', '.join(unknown)} are not emulated")
        if not target_of(point.resource_type, params["Metadata"])[0]:
            raise invalid("restore metadata name no bucket or table to restore into")
        job = self.new_restore(region, vault, point, role, dict(params["Metadata"]))
        job.token = token
        self._worker.start(job)
        return {"RestoreJobId": job.id}

    def new_restore(
        self,
        region: str,
        vault: Vault,
        point: RecoveryPoint,
        role: str,
        metadata: dict[str, str],
    ) -> RestoreJob:
        """A restore job that has not been started."""
        now_s = self._clock.now_s()
        return RestoreJob(
            id=new_id(),
            region=region,
            role_arn=role,
            resource_arn=point.resource_arn,
            resource_type=point.resource_type,
            created_s=now_s,
            due_s=now_s + self._worker.times.start_s,
            state="PENDING",
            point=point,
            vault_arn=vault.arn,
            metadata=metadata,
        )

    def describe_restore(self, region: str, params: Values) -> Values:
        """DescribeRestoreJob."""
        return shown.restore_job(self._job(region, params["RestoreJobId"], RestoreJob))

    def list_restores(self, region: str, params: Values) -> Values:
        """ListRestoreJobs."""
        found = [
            shown.restore_job(job)
            for job in self._jobs(region, RestoreJob)
            if _fits(
                params,
                ByStatus=job.state,
                ByResourceType=job.resource_type,
                ByRestoreTestingPlanArn=job.test_plan_arn,
            )
        ]
        return {"RestoreJobs": found}

    def restore_metadata(self, region: str, params: Values) -> Values:
        """GetRestoreJobMetadata."""
        job = self._job(region, params["RestoreJobId"], RestoreJob)
        return {"RestoreJobId": job.id, "Metadata": job.metadata}

    def put_validation(self, region: str, params: Values) -> Values:
        """PutRestoreValidationResult."""
        job = self._job(region, params["RestoreJobId"], RestoreJob)
        if job.state != "COMPLETED":
            raise refused(f"Restore job {job.id} is {job.state}: there is nothing to validate yet")
        if job.test_plan_arn is None:
            raise refused(f"Restore job {job.id} was not started by a restore testing plan")
        if job.validation in _VALIDATED:
            raise refused(f"Restore job {job.id} has its validation already: {job.validation}")
        job.validation = params["ValidationStatus"]
        job.validation_message = params.get("ValidationStatusMessage", "")
        return {}

    # --- looking up --------------------------------------------------------------------------

    def _jobs(self, region: str, kind: type[J]) -> list[J]:
        return [each for each in self._account.region(region).jobs.values() if type(each) is kind]

    def _job(self, region: str, job_id: str, kind: type[J]) -> J:
        found = self._account.region(region).jobs.get(job_id)
        if type(found) is not kind:
            raise not_found(f"Cannot find a {kind.__name__} with the id {job_id} in {region}")
        return found

    def _vault(self, region: str, name: str) -> Vault:
        found = self._account.region(region).vaults.get(name)
        if found is None:
            raise not_found(f"Backup vault {name} does not exist in {region}")
        return found

    def _point(self, region: str, arn: str) -> tuple[Vault, RecoveryPoint]:
        for vault in self._account.region(region).vaults.values():
            if arn in vault.points:
                return vault, vault.points[arn]
        raise not_found(f"There is no recovery point {arn} in {region}")

    def _refuse_role(self, role_arn: str, source_arn: str) -> None:
        refusal = permissions.to_assume(role_arn, source_arn)
        if refusal:
            raise invalid(f"IAM Role {role_arn} cannot be assumed by AWS Backup ({refusal})")

    def _shown_backup(self, job: BackupJob) -> Values:
        return shown.backup_job(job, self._account.region(job.region).vaults.get(job.vault_name))


def _fits(params: Values, **values: str | None) -> bool:
    """Whether a job has every value that a list call asks for."""
    return all(params.get(name) in (None, value) for name, value in values.items())
