"""Backups of a stack: in every Region a vault, a plan, and tests of what the others copy into it.

Replication is no backup: it copies what goes wrong as faithfully as what goes right.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.backup_plan import BackupPlan, BackupPlanArgs
from infra.backup_vault import BackupVault, BackupVaultArgs
from infra.region import Region
from infra.restore_tests import RestoreTests, RestoreTestsArgs
from infra.ring import next_region
from infra.settings import Settings
from infra.table import Table


@dataclass(frozen=True, kw_only=True)
class BackupsArgs:
    """What backups need to know.

    Attributes:
        settings: The stack's settings.
        regions: What is to be backed up, Region by Region.
        table: What is to be backed up of every Region's.
        key_arns: The stack's KMS key in each Region.
    """

    settings: Settings
    regions: Mapping[str, Region]
    table: Table
    key_arns: Mapping[str, pulumi.Input[str]]


class Backups(pulumi.ComponentResource):
    """Each Region backs up what it keeps and copies it to the next, which restores it as a test."""

    vaults: Mapping[str, BackupVault]

    def __init__(
        self, name: str, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:Backups", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        enabled = args.settings.backup.enabled
        self.vaults = {
            region: BackupVault(
                f"{name}-{region}-vault",
                BackupVaultArgs(
                    names=found.names,
                    settings=args.settings.backup,
                    key_arn=args.key_arns[region],
                ),
                opts=child,
            )
            for region, found in args.regions.items()
            if enabled
        }
        for region, vault in self.vaults.items():
            source, refuge = args.regions[region], next_region(region, args.settings.regions)
            BackupPlan(
                f"{name}-{region}",
                BackupPlanArgs(
                    names=source.names,
                    settings=args.settings.backup,
                    buckets=(source.releases, source.predictions),
                    table_arn=args.table.arns[region],
                    vault=vault,
                    copy_vault=self.vaults[refuge],
                ),
                opts=child,
            )
            twin = args.regions[refuge]
            RestoreTests(
                f"{name}-{refuge}-tests",
                RestoreTestsArgs(
                    names=twin.names,
                    settings=args.settings,
                    vault=self.vaults[refuge],
                    source=source.names,
                    sources=(source.releases, source.predictions),
                    twins=(twin.releases, twin.predictions),
                    dead_letters=twin.dead_letters,
                ),
                opts=child,
            )
        self.register_outputs({})
