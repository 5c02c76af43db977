"""Restore tests of one Region: another Region's copies are restored here, opened and judged.

A backup that nobody has restored is a hope. The newest copy of each resource is restored into a
place of its own; a function reads what came back, holds it against what is known independently
of AWS Backup, and reports its verdict; then AWS deletes the place.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra import backup_policies, policies
from infra.backup_names import VALIDATION
from infra.backup_vault import BackupVault
from infra.bucket import Bucket
from infra.dead_letters import DeadLetters
from infra.event_call import call_on
from infra.function import Function, FunctionArgs
from infra.naming import RegionNames
from infra.service_role import ServiceRole, ServiceRoleArgs
from infra.settings import Settings
from infra.table import arn_by_name

_FOLDER: Final = "resilience/functions"
_MODULES: Final = (
    *("restore_validation", "restored_bucket", "restored_table"),
    *("restored_items", "restore_findings", "restore_age"),
)
# The longest a function may run: it reads what it can in that time, and says how much it was.
_TIMEOUT_S: Final = 900
_MEMORY_MB: Final = 1024
_START_WINDOW_HOURS: Final = 1


@dataclass(frozen=True, kw_only=True)
class RestoreTestsArgs:
    """What restore tests need to know.

    Attributes:
        names: Names in the Region that holds the copies.
        settings: The stack's settings.
        vault: Where the copies are.
        source: Names in the Region that the copies are of.
        sources: That Region's buckets; its table is known by name.
        twins: The Region's own bucket for each of them, which S3 replicates into.
        dead_letters: Where ended tests go that could not be judged.
    """

    names: RegionNames
    settings: Settings
    vault: BackupVault
    source: RegionNames
    sources: Sequence[Bucket]
    twins: Sequence[Bucket]
    dead_letters: DeadLetters


class RestoreTests(pulumi.ComponentResource):
    """A restore testing plan, and the function that says whether what came back is right."""

    def __init__(
        self, name: str, args: RestoreTestsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:RestoreTests", name, None, opts)
        plan = self._plan(name, args)
        self._select(name, args, plan)
        self._judge(name, args, plan)
        self.register_outputs({"planArn": plan.arn})

    def _plan(self, name: str, args: RestoreTestsArgs) -> aws.backup.RestoreTestingPlan:
        names, settings = args.names, args.settings.backup
        return aws.backup.RestoreTestingPlan(
            f"{name}-plan",
            region=names.region,
            # Letters, digits and underscores only:
            # https://docs.aws.amazon.com/aws-backup/latest/devguide/API_RestoreTestingPlanForCreate.html
            name=_plan_name(names),
            schedule_expression=settings.test_schedule,
            start_window_hours=_START_WINDOW_HOURS,
            recovery_point_selection=aws.backup.RestoreTestingPlanRecoveryPointSelectionArgs(
                algorithm="LATEST_WITHIN_WINDOW",
                include_vaults=[args.vault.arn],
                recovery_point_types=["SNAPSHOT"],
                selection_window_days=settings.test_within_days,
            ),
            tags=names.tags(names.name("restores")),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _select(
        self, name: str, args: RestoreTestsArgs, plan: aws.backup.RestoreTestingPlan
    ) -> None:
        key_arn = args.vault.key_arn
        role = ServiceRole(
            f"{name}-restores",
            ServiceRoleArgs(
                names=args.names,
                what="restore",
                service=policies.BACKUP,
                policy=key_arn.apply(lambda arn: backup_policies.restore(args.names, arn)),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        # By name: what is restored here must not wait for the Region it came from.
        selected = {
            "buckets": ("S3", [_arn(bucket) for bucket in args.sources]),
            "tables": ("DynamoDB", [arn_by_name(args.source)]),
        }
        for what, (kind, arns) in selected.items():
            aws.backup.RestoreTestingSelection(
                f"{name}-{what}",
                region=args.names.region,
                restore_testing_plan_name=plan.name,
                name=what,
                protected_resource_type=kind,
                protected_resource_arns=arns,
                iam_role_arn=role.arn,
                validation_window_hours=args.settings.backup.test_validation_hours,
                opts=pulumi.ResourceOptions(parent=self),
            )

    def _judge(
        self, name: str, args: RestoreTestsArgs, plan: aws.backup.RestoreTestingPlan
    ) -> None:
        child = pulumi.ResourceOptions(parent=self)
        names = args.names
        function = Function(f"{name}-validation", _function_args(args), opts=child)
        ended = aws.cloudwatch.EventRule(
            f"{name}-ended",
            region=names.region,
            name=names.name(VALIDATION),
            description="A restore test has come to its end",
            event_pattern=plan.arn.apply(_ended),
            tags=names.tags(names.name(VALIDATION)),
            opts=child,
        )
        hourly = aws.cloudwatch.EventRule(
            f"{name}-hourly",
            region=names.region,
            name=names.name("restore-age"),
            description="Once an hour somebody asks when restores were last tested",
            schedule_expression="rate(1 hour)",
            tags=names.tags(names.name("restore-age")),
            opts=child,
        )
        call_on(name, ended, function, self, target_id=VALIDATION)
        call_on(f"{name}-hourly", hourly, function, self, target_id=VALIDATION)


def _ended(plan_arn: str) -> str:
    """Return the pattern of a restore test's end, good or bad.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-validation.html
    """
    return json.dumps(
        {
            "source": ["aws.backup"],
            "detail-type": ["Restore Job State Change"],
            "detail": {
                "restoreTestingPlanArn": [plan_arn],
                "status": ["COMPLETED", "FAILED", "ABORTED"],
            },
        }
    )


def _function_args(args: RestoreTestsArgs) -> FunctionArgs:
    names = args.names
    buckets = [twin.names.bucket(twin.kind) for twin in args.twins]
    table = names.stack.prefix
    twins = dict(zip(map(_arn, args.sources), buckets, strict=True))
    twins[arn_by_name(args.source)] = table
    return FunctionArgs(
        names=names,
        what=VALIDATION,
        handler=f"{_FOLDER}/{_MODULES[0]}.handle",
        package=pulumi.AssetArchive(
            {f"{_FOLDER}/{each}.py": pulumi.FileAsset(f"{_FOLDER}/{each}.py") for each in _MODULES}
        ),
        environment={
            "UNDERSTUDY_METRICS_NAMESPACE": names.stack.metrics_namespace,
            "UNDERSTUDY_RESTORE_TESTING_PLAN": _plan_name(names),
            "UNDERSTUDY_TWINS": json.dumps(twins),
        },
        memory_mb=_MEMORY_MB,
        timeout_s=_TIMEOUT_S,
        log_retention_days=args.settings.log_retention_days,
        key_arn=args.vault.key_arn,
        dead_letters=args.dead_letters,
        permissions=args.vault.key_arn.apply(
            lambda key_arn: (
                *backup_policies.validate(names, buckets, table, key_arn),
                *backup_policies.tell_age(names, _plan_name(names)),
            )
        ),
    )


def _plan_name(names: RegionNames) -> str:
    return names.name("restores").replace("-", "_")


def _arn(bucket: Bucket) -> str:
    return f"arn:aws:s3:::{bucket.names.bucket(bucket.kind)}"
