"""The backup plan of one Region: what it keeps is backed up there and copied to another Region."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra import backup_policies, policies
from infra.backup_names import VAULT
from infra.backup_vault import BackupVault
from infra.bucket import Bucket
from infra.naming import RegionNames
from infra.service_role import ServiceRole, ServiceRoleArgs
from infra.settings.backup import BackupSettings

# A backup that has not begun an hour after its time has expired, and an alarm says so; one that
# runs into the next day's is stopped. The shortest start window there is:
# https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRuleInput.html
_START_WINDOW_MINUTES: Final = 60
_COMPLETION_WINDOW_MINUTES: Final = 720


@dataclass(frozen=True, kw_only=True)
class BackupPlanArgs:
    """What a plan needs to know.

    Attributes:
        names: Names in its Region.
        settings: When, and for how long.
        buckets: Buckets that are backed up.
        table_arn: The Region's replica of the table, which is backed up too.
        vault: Where backups go.
        copy_vault: Where their copies go, in another Region.
    """

    names: RegionNames
    settings: BackupSettings
    buckets: Sequence[Bucket]
    table_arn: pulumi.Input[str]
    vault: BackupVault
    copy_vault: BackupVault


class BackupPlan(pulumi.ComponentResource):
    """A daily backup of everything the Region keeps, each copied at once out of the Region.

    Resources are named one by one: a selection by tag misses what somebody forgot to tag.
    """

    def __init__(
        self, name: str, args: BackupPlanArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:BackupPlan", name, None, opts)
        names, plan_name = args.names, args.names.name(VAULT)
        plan = aws.backup.Plan(
            f"{name}-plan",
            region=names.region,
            name=plan_name,
            rules=[_rule(args)],
            tags=names.tags(plan_name),
            # Locks first: a plan that they do not allow is noticed when it is made.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.vault, args.copy_vault]),
        )
        aws.backup.Selection(
            f"{name}-selection",
            region=names.region,
            name=plan_name,
            plan_id=plan.id,
            iam_role_arn=self._role(name, args).arn,
            resources=[*(bucket.arn for bucket in args.buckets), args.table_arn],
            # A backup of a bucket without versions fails.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=list(args.buckets), delete_before_replace=True
            ),
        )
        self.register_outputs({"planId": plan.id})

    def _role(self, name: str, args: BackupPlanArgs) -> ServiceRole:
        found = pulumi.Output.all(
            buckets=[bucket.arn for bucket in args.buckets],
            table=args.table_arn,
            key=args.vault.key_arn,
            vault=args.vault.arn,
            copy_vault=args.copy_vault.arn,
            copy_key=args.copy_vault.key_arn,
        )

        def allowed(arns: dict[str, object]) -> str:
            buckets = arns["buckets"]
            return backup_policies.back_up(
                backup_policies.Protected(
                    account_id=args.names.stack.account_id,
                    region=args.names.region,
                    bucket_arns=list(map(str, buckets)) if isinstance(buckets, list) else [],  # pyright: ignore[reportUnknownArgumentType] - a list of texts
                    table_arn=str(arns["table"]),
                    key_arn=str(arns["key"]),
                    vault_arn=str(arns["vault"]),
                    copy_vault_arn=str(arns["copy_vault"]),
                    copy_region=args.copy_vault.names.region,
                    copy_key_arn=str(arns["copy_key"]),
                )
            )

        return ServiceRole(
            f"{name}-takes",
            ServiceRoleArgs(
                names=args.names,
                what=VAULT,
                service=policies.BACKUP,
                policy=found.apply(allowed),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _rule(args: BackupPlanArgs) -> aws.backup.PlanRuleArgs:
    settings = args.settings
    return aws.backup.PlanRuleArgs(
        rule_name="daily",
        target_vault_name=args.vault.name,
        schedule=settings.schedule,
        start_window=_START_WINDOW_MINUTES,
        completion_window=_COMPLETION_WINDOW_MINUTES,
        lifecycle=aws.backup.PlanRuleLifecycleArgs(delete_after=settings.retention_days),
        copy_actions=[
            aws.backup.PlanRuleCopyActionArgs(
                destination_vault_arn=args.copy_vault.arn,
                lifecycle=aws.backup.PlanRuleCopyActionLifecycleArgs(
                    delete_after=settings.copy_retention_days
                ),
            )
        ],
    )
