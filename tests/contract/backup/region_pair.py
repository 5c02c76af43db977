"""AWS Backup of one test, in this process, on a clock that is moved by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends

from emulator.administrator import ACCESS_KEY, SECRET_KEY
from emulator.clock import Clock

if TYPE_CHECKING:
    from emulator.backup import Backups
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.watch.watch import Watch

ACCOUNT = "123456789012"
EAST, WEST = "us-east-1", "us-west-2"
SOURCE = "predictions-east"
SOURCE_ARN = f"arn:aws:s3:::{SOURCE}"
DAY_S = 86_400
STEP_S = 30.0
BACKUP_ACTIONS = [
    "s3:GetBucketLocation",
    "s3:GetBucketNotification",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetInventoryConfiguration",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutBucketNotification",
    "s3:PutInventoryConfiguration",
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionTagging",
    "dynamodb:DescribeTable",
    "dynamodb:ListTagsOfResource",
    "dynamodb:StartAwsBackupJob",
]
COPY_ACTIONS = ["backup:CopyFromBackupVault", "backup:CopyIntoBackupVault"]
KEY_ACTIONS = ["kms:Decrypt", "kms:GenerateDataKey"]
RESTORE_ACTIONS = [
    "s3:CreateBucket",
    "s3:GetBucketLocation",
    "s3:GetBucketVersioning",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutBucketVersioning",
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAcl",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionAcl",
    "dynamodb:BatchWriteItem",
    "dynamodb:DescribeTable",
    "dynamodb:RestoreTableFromAwsBackup",
]


class HandClock(Clock):
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.at_s = 1_800_000_000.0

    def now_s(self) -> float:
        return self.at_s


@dataclass
class Cloud:
    """Two Regions with a vault each, a bucket in the first, and a role for each kind of job."""

    endpoint: str
    clock: HandClock
    faults: FaultBoard
    events: EventLog
    watch: Watch
    backups: Backups
    clients: dict[tuple[str, str], Any]

    def client(self, service: str, region: str = EAST) -> Any:
        if (service, region) not in self.clients:
            self.clients[service, region] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.endpoint,
                config=Config(retries={"total_max_attempts": 1}, read_timeout=5, connect_timeout=2),
                aws_access_key_id=ACCESS_KEY,
                aws_secret_access_key=SECRET_KEY,
            )
        return self.clients[service, region]

    def backup(self, region: str = EAST) -> Any:
        return self.client("backup", region)

    def furnish(self) -> None:
        """Put everything in place; past the API where that is quicker and nothing is lost."""
        self.role("backs-up", [*BACKUP_ACTIONS, *COPY_ACTIONS, *KEY_ACTIONS])
        self.role("restores", [*RESTORE_ACTIONS, *KEY_ACTIONS])
        for region in (EAST, WEST):
            self.backup(region).create_backup_vault(BackupVaultName="kept")
        s3 = s3_backends[ACCOUNT]["aws"]
        s3.create_bucket(SOURCE, EAST)
        s3.put_bucket_versioning(SOURCE, "Enabled")
        s3.put_object(SOURCE, "a", b"first").set_metadata({"x-amz-meta-made-by": "hand"})
        s3.put_object_tagging(s3.put_object(SOURCE, "b/c", b"second"), {"kind": "test"})

    def role(self, name: str, actions: list[str], *, service: str = "backup.amazonaws.com") -> None:
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
        iam_backends[ACCOUNT]["aws"].create_role(name, _document(trust), "/", None, "", [], "3600")
        self.allow(name, actions)

    def allow(self, name: str, actions: list[str]) -> None:
        allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        iam_backends[ACCOUNT]["aws"].put_role_policy(name, "permissions", _document(allowed))

    def key(self, region: str = EAST) -> str:
        """The ARN of a new key, whose policy lets the account's roles be given it."""
        return str(self.client("kms", region).create_key()["KeyMetadata"]["Arn"])

    def run(self, *, steps: int = 4) -> None:
        """Let time pass until jobs that can end have ended."""
        for _ in range(steps):
            self.pass_s(STEP_S)

    def pass_s(self, seconds: float) -> None:
        self.clock.at_s += seconds
        self.backups.tick()

    def start_backup(self, **more: Any) -> str:
        answer = self.backup().start_backup_job(
            **{
                "BackupVaultName": "kept",
                "ResourceArn": f"arn:aws:s3:::{SOURCE}",
                "IamRoleArn": role_arn("backs-up"),
                **more,
            }
        )
        return str(answer["BackupJobId"])

    def back_up(self, **more: Any) -> dict[str, Any]:
        """A backup job, run to its end."""
        job = self.start_backup(**more)
        self.run()
        return dict(self.backup().describe_backup_job(BackupJobId=job))

    def copy(self, point: str, **more: Any) -> dict[str, Any]:
        """A copy job into the other Region, run to its end."""
        job = self.backup().start_copy_job(
            RecoveryPointArn=point,
            SourceBackupVaultName="kept",
            DestinationBackupVaultArn=vault_arn(WEST),
            IamRoleArn=role_arn("backs-up"),
            **more,
        )["CopyJobId"]
        self.run()
        return dict(self.backup().describe_copy_job(CopyJobId=job)["CopyJob"])

    def restore(self, region: str, point: str, metadata: dict[str, str]) -> dict[str, Any]:
        """A restore job, run to its end."""
        job = self.backup(region).start_restore_job(
            RecoveryPointArn=point, IamRoleArn=role_arn("restores"), Metadata=metadata
        )["RestoreJobId"]
        self.run()
        return dict(self.backup(region).describe_restore_job(RestoreJobId=job))

    def told(self, detail_type: str) -> list[dict[str, Any]]:
        """Events of one type that were put on any bus since the last look."""
        return [each for each in self.watch.bus.take() if each["detail-type"] == detail_type]


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def vault_arn(region: str, name: str = "kept") -> str:
    return f"arn:aws:backup:{region}:{ACCOUNT}:backup-vault:{name}"


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def rule(**more: Any) -> dict[str, Any]:
    return {
        "RuleName": "hourly",
        "TargetBackupVaultName": "kept",
        "ScheduleExpression": "cron(0 * * * ? *)",
        "StartWindowMinutes": 60,
        "CompletionWindowMinutes": 120,
        "Lifecycle": {"DeleteAfterDays": 7},
        "CopyActions": [
            {"DestinationBackupVaultArn": vault_arn(WEST), "Lifecycle": {"DeleteAfterDays": 14}}
        ],
    } | more


def plan(cloud: Cloud, **more: Any) -> str:
    made = cloud.backup().create_backup_plan(
        BackupPlan={"BackupPlanName": "all", "Rules": [rule(**more)]}
    )
    return str(made["BackupPlanId"])


def select(cloud: Cloud, plan_id: str, role: str = "backs-up") -> str:
    selection = {"SelectionName": "it", "IamRoleArn": role_arn(role), "Resources": [SOURCE_ARN]}
    made = cloud.backup().create_backup_selection(BackupPlanId=plan_id, BackupSelection=selection)
    return str(made["SelectionId"])


def plan_restore_tests(cloud: Cloud, **more: Any) -> str:
    document = {
        "RestoreTestingPlanName": "weekly",
        "ScheduleExpression": "cron(30 * * * ? *)",
        "RecoveryPointSelection": {
            "Algorithm": "LATEST_WITHIN_WINDOW",
            "IncludeVaults": [vault_arn(WEST)],
            "RecoveryPointTypes": ["SNAPSHOT"],
        },
    } | more
    made = cloud.backup(WEST).create_restore_testing_plan(RestoreTestingPlan=document)
    return str(made["RestoreTestingPlanArn"])


def protect(cloud: Cloud, **more: Any) -> None:
    cloud.backup(WEST).create_restore_testing_selection(
        RestoreTestingPlanName="weekly",
        RestoreTestingSelection={
            "RestoreTestingSelectionName": "buckets",
            "ProtectedResourceType": "S3",
            "ProtectedResourceArns": [SOURCE_ARN],
            "IamRoleArn": role_arn("restores"),
            "ValidationWindowHours": 1,
        }
        | more,
    )
