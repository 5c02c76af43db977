"""A backup vault and its lock."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.backup_names import VAULT
from infra.naming import RegionNames
from infra.settings.backup import COMPLIANCE, BackupSettings


@dataclass(frozen=True, kw_only=True)
class BackupVaultArgs:
    """What a vault needs to know.

    Attributes:
        names: Names in its Region.
        settings: How firmly it keeps what is in it.
        key_arn: The key it encrypts with.
    """

    names: RegionNames
    settings: BackupSettings
    key_arn: pulumi.Input[str]


class BackupVault(pulumi.ComponentResource):
    """A vault that, when locked, gives nothing up before its time.

    A locked vault stays when the stack goes, lock and all: AWS deletes none that holds recovery
    points, and nobody can delete those. Without a lock it goes with everything in it.
    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
    """

    names: RegionNames
    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    key_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: BackupVaultArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:BackupVault", name, None, opts)
        names, settings = args.names, args.settings
        vault_name = names.name(VAULT)
        stays = pulumi.ResourceOptions(parent=self, retain_on_delete=settings.locked)
        vault = aws.backup.Vault(
            f"{name}-vault",
            region=names.region,
            name=vault_name,
            kms_key_arn=args.key_arn,
            force_destroy=not settings.locked,
            tags=names.tags(vault_name),
            opts=stays,
        )
        if settings.locked:
            compliance = settings.lock == COMPLIANCE
            aws.backup.VaultLockConfiguration(
                f"{name}-lock",
                region=names.region,
                backup_vault_name=vault.name,
                min_retention_days=settings.lock_min_days,
                max_retention_days=settings.lock_max_days,
                # What makes it one that nobody can remove, from then on.
                changeable_for_days=settings.lock_changeable_days if compliance else None,
                opts=stays,
            )
        self.names = names
        self.name, self.arn = vault.name, vault.arn
        self.key_arn = pulumi.Output.from_input(args.key_arn)
        self.register_outputs({"name": self.name, "arn": self.arn})
