"""The API's operations on vaults, their locks, and recovery points.

A locked vault gives up nothing before its time, whoever asks. In governance mode the lock itself
can be removed; in compliance mode only until its date.
https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from emulator.backup import plan_rules, shown
from emulator.backup.errors import exists, invalid, not_found, refused
from emulator.backup.state import DAY_S, Lock, RecoveryPoint, Vault
from emulator.policy_documents import VAULT
from emulator.strict import policies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.backup.announce import Announcer
    from emulator.backup.state import Account, Values
    from emulator.clock import Clock

_LONGEST_DAYS: Final = 36_500
_GRACE_AT_LEAST_DAYS: Final = 3


class Vaults:
    """Operations on vaults; each takes a Region and a call's parameters."""

    def __init__(self, account: Account, announcer: Announcer, clock: Clock) -> None:
        self._account = account
        self._announcer = announcer
        self._clock = clock

    def operations(self) -> Mapping[str, Callable[[str, Values], Values]]:
        """Every operation by its name."""
        return {
            "CreateBackupVault": self.create,
            "DescribeBackupVault": self.describe,
            "ListBackupVaults": self.list_all,
            "DeleteBackupVault": self.delete,
            "PutBackupVaultLockConfiguration": self.put_lock,
            "DeleteBackupVaultLockConfiguration": self.delete_lock,
            "PutBackupVaultAccessPolicy": self.put_policy,
            "GetBackupVaultAccessPolicy": self.get_policy,
            "DeleteBackupVaultAccessPolicy": self.delete_policy,
            "DescribeRecoveryPoint": self.describe_point,
            "ListRecoveryPointsByBackupVault": self.list_points,
            "ListRecoveryPointsByResource": self.list_points_of,
            "DeleteRecoveryPoint": self.delete_point,
            "UpdateRecoveryPointLifecycle": self.update_point,
            "GetRecoveryPointRestoreMetadata": self.restore_metadata,
        }

    def create(self, region: str, params: Values) -> Values:
        """CreateBackupVault."""
        vaults = self._account.region(region).vaults
        name, key = params["BackupVaultName"], params.get("EncryptionKeyArn")
        if name in vaults:
            raise exists("Backup vault with the same name already exists")
        if key and (not key.startswith("arn:aws:kms:") or key.split(":")[3] != region):
            raise invalid(f"The key {key} is not one of {region}, where the vault is")
        vaults[name] = Vault(
            name=name,
            region=region,
            created_s=self._clock.now_s(),
            key_arn=key,
            creator_request_id=params.get("CreatorRequestId"),
        )
        return shown.vault(vaults[name])

    def describe(self, region: str, params: Values) -> Values:
        """DescribeBackupVault."""
        return shown.vault(self._vault(region, params))

    def list_all(self, region: str, params: Values) -> Values:
        """ListBackupVaults."""
        del params
        vaults = self._account.region(region).vaults.values()
        return {"BackupVaultList": [shown.vault(each) for each in vaults]}

    def delete(self, region: str, params: Values) -> Values:
        """DeleteBackupVault."""
        vault = self._vault(region, params)
        if vault.points:
            raise refused(
                "Backup vault cannot be deleted because it contains recovery points."
                f" ({len(vault.points)} in {vault.name})"
            )
        del self._account.region(region).vaults[vault.name]
        return {}

    # --- locks -------------------------------------------------------------------------------

    def put_lock(self, region: str, params: Values) -> Values:
        """PutBackupVaultLockConfiguration."""
        vault, now_s = self._vault(region, params), self._clock.now_s()
        if vault.lock and vault.lock.immutable(now_s):
            raise refused("Vault Lock configuration is immutable and cannot be modified")
        low, high = params.get("MinRetentionDays"), params.get("MaxRetentionDays")
        grace = params.get("ChangeableForDays")
        if low is not None and low < 1:
            raise invalid("MinRetentionDays must be at least 1 day")
        if high is not None and high > _LONGEST_DAYS:
            raise invalid(f"MaxRetentionDays cannot exceed {_LONGEST_DAYS} days")
        if low is not None and high is not None and low > high:
            raise invalid("MinRetentionDays cannot be greater than MaxRetentionDays")
        if grace is not None and not _GRACE_AT_LEAST_DAYS <= grace <= _LONGEST_DAYS:
            raise invalid(
                f"ChangeableForDays must be from {_GRACE_AT_LEAST_DAYS} to {_LONGEST_DAYS} days"
            )
        lock = Lock(
            min_days=low,
            max_days=high,
            immutable_from_s=None if grace is None else now_s + grace * DAY_S,
        )
        plan_rules.refuse_lock(self._account, vault, lock)
        vault.lock = lock
        return {}

    def delete_lock(self, region: str, params: Values) -> Values:
        """DeleteBackupVaultLockConfiguration."""
        vault = self._vault(region, params)
        if vault.lock and vault.lock.immutable(self._clock.now_s()):
            raise refused("Vault Lock configuration is immutable and cannot be deleted")
        vault.lock = None
        return {}

    # --- access policies ---------------------------------------------------------------------

    def put_policy(self, region: str, params: Values) -> Values:
        """PutBackupVaultAccessPolicy."""
        vault, document = self._vault(region, params), params.get("Policy")
        wrong = policies.problem(document, VAULT) if document else None
        if wrong is not None:
            raise invalid(f"The specified policy cannot be added to the vault: {wrong}")
        vault.policy = document
        return {}

    def get_policy(self, region: str, params: Values) -> Values:
        """GetBackupVaultAccessPolicy."""
        vault = self._vault(region, params)
        if vault.policy is None:
            raise not_found(f"Backup vault {vault.name} has no access policy")
        return {
            "BackupVaultName": vault.name,
            "BackupVaultArn": vault.arn,
            "Policy": vault.policy,
        }

    def delete_policy(self, region: str, params: Values) -> Values:
        """DeleteBackupVaultAccessPolicy."""
        self._vault(region, params).policy = None
        return {}

    # --- recovery points ---------------------------------------------------------------------

    def describe_point(self, region: str, params: Values) -> Values:
        """DescribeRecoveryPoint."""
        vault, point = self._point(region, params)
        return shown.point(point, vault)

    def list_points(self, region: str, params: Values) -> Values:
        """ListRecoveryPointsByBackupVault."""
        vault = self._vault(region, params)
        wanted = params.get("ByResourceArn")
        points = [
            shown.point(each, vault)
            for each in vault.points.values()
            if wanted is None or each.resource_arn == wanted
        ]
        return {"RecoveryPoints": points}

    def list_points_of(self, region: str, params: Values) -> Values:
        """ListRecoveryPointsByResource."""
        found: list[dict[str, Any]] = []
        for vault in self._account.region(region).vaults.values():
            found += [
                {
                    "RecoveryPointArn": each.arn,
                    "BackupVaultName": vault.name,
                    "CreationDate": each.created_s,
                    "Status": "COMPLETED",
                    "BackupSizeBytes": each.contents.size_bytes,
                }
                for each in vault.points.values()
                if each.resource_arn == params["ResourceArn"]
            ]
        return {"RecoveryPoints": found}

    def delete_point(self, region: str, params: Values) -> Values:
        """DeleteRecoveryPoint."""
        vault, point = self._point(region, params)
        self._refuse_locked(vault, "cannot be deleted before its retention ends")
        del vault.points[point.arn]
        self._announcer.point(vault, point, "DELETED")
        return {}

    def update_point(self, region: str, params: Values) -> Values:
        """UpdateRecoveryPointLifecycle."""
        vault, point = self._point(region, params)
        self._refuse_locked(vault, "keeps the retention it came with")
        point.lifecycle = dict(params.get("Lifecycle") or {})
        return {
            "BackupVaultArn": vault.arn,
            "RecoveryPointArn": point.arn,
            "Lifecycle": point.lifecycle,
        }

    def restore_metadata(self, region: str, params: Values) -> Values:
        """GetRecoveryPointRestoreMetadata."""
        vault, point = self._point(region, params)
        name = point.resource_arn.rpartition(":")[2].rpartition("/")[2]
        key = "originalTableName" if point.resource_type == "DynamoDB" else "BackupBucketName"
        return {
            "BackupVaultArn": vault.arn,
            "RecoveryPointArn": point.arn,
            "ResourceType": point.resource_type,
            "RestoreMetadata": {key: name},
        }

    # --- looking up --------------------------------------------------------------------------

    def _vault(self, region: str, params: Values) -> Vault:
        name = params["BackupVaultName"]
        found = self._account.region(region).vaults.get(name)
        if found is None:
            raise not_found(f"Backup vault {name} does not exist in {region}")
        return found

    def _point(self, region: str, params: Values) -> tuple[Vault, RecoveryPoint]:
        vault = self._vault(region, params)
        found = vault.points.get(params["RecoveryPointArn"])
        if found is None:
            raise not_found(f"Backup vault {vault.name} holds no {params['RecoveryPointArn']}")
        return vault, found

    def _refuse_locked(self, vault: Vault, rule: str) -> None:
        if vault.lock is None:
            return
        mode = "governance" if vault.lock.immutable_from_s is None else "compliance"
        raise refused(f"Backup vault {vault.name} is locked ({mode} mode): a recovery point {rule}")
