"""The table: what each role does, and what no role of the stack may do.

Every allowed call is made twice: in the role's own Region, where it must pass, and on the
neighbour's things of the same name, where it must not (unless the role `reaches` there).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.contract.roles.role_ground import Ground

Parameters = Callable[[Ground], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One API call.

    Attributes:
        actions: The IAM actions that it needs.
        reaches: The role is meant to do the same to the neighbour's things.
    """

    service: str
    operation: str
    parameters: Parameters
    actions: tuple[str, ...] = ()
    reaches: bool = False

    def __str__(self) -> str:
        return f"{self.service}.{self.operation}"


def call(
    service: str, operation: str, parameters: Parameters, *actions: str, reaches: bool = False
) -> Call:
    return Call(
        service=service,
        operation=operation,
        parameters=parameters,
        actions=actions,
        reaches=reaches,
    )


KEY: Final = "table/object"
FLAG: Final = "evacuation/table"
RESTORED_TABLE: Final = "awsbackup-restore-test-table"
ITEM: Final = {"pk": {"S": "table"}, "sk": {"S": "-"}}


def logs(function: str) -> tuple[Call, ...]:
    """A function writes its own lines."""

    def stream(on: Ground) -> dict[str, Any]:
        return {"logGroupName": on.log_group(function), "logStreamName": "table"}

    events = [{"timestamp": 1_800_000_000_000, "message": "from the table"}]
    return (
        call("logs", "create_log_stream", stream, "logs:CreateLogStream"),
        call(
            "logs",
            "put_log_events",
            lambda on: stream(on) | {"logEvents": events},
            "logs:PutLogEvents",
        ),
    )


def bucket_call(operation: str, kind: str, *actions: str, **more: Any) -> Call:
    """A call on a bucket of the Region."""
    return call("s3", operation, lambda on: {"Bucket": on.bucket(kind), **more}, *actions)


DEAD_LETTER: Final = call(
    "sqs",
    "send_message",
    lambda on: {
        "QueueUrl": f"https://sqs.{on.region}.amazonaws.com/123456789012/{on.name('dead-letters')}",
        "MessageBody": "from the table",
    },
    "sqs:SendMessage",
)


def restored(operation: str, *actions: str, **more: Any) -> Call:
    """A call on a bucket that a restore test makes; its name tells no Region apart."""

    def parameters(on: Ground) -> dict[str, Any]:
        made = {"Bucket": f"awsbackup-restore-test-{on.region}"} | more
        if operation == "create_bucket" and on.region != "us-east-1":
            made["CreateBucketConfiguration"] = {"LocationConstraint": on.region}
        return made

    return call("s3", operation, parameters, *actions, reaches=True)


def table_call(operation: str, *actions: str, of: str = "", **more: Any) -> Call:
    """A call on the table, or on one that a restore test makes, by the end of its name."""

    def parameters(on: Ground) -> dict[str, Any]:
        name = of or on.prefix
        return {"TableName": on.arn("dynamodb", f"table/{name}")} | more

    return call("dynamodb", operation, parameters, *actions)


BACKUP: Final = (
    bucket_call("list_objects_v2", "predictions", "s3:ListBucket"),
    bucket_call("list_object_versions", "predictions", "s3:ListBucketVersions"),
    bucket_call("get_object", "predictions", "s3:GetObject", Key=KEY),
    bucket_call("get_object_tagging", "predictions", "s3:GetObjectTagging", Key=KEY),
    bucket_call("get_object_acl", "predictions", "s3:GetObjectAcl", Key=KEY),
    bucket_call("get_bucket_acl", "predictions", "s3:GetBucketAcl"),
    bucket_call("get_bucket_location", "predictions", "s3:GetBucketLocation"),
    bucket_call("get_bucket_tagging", "predictions", "s3:GetBucketTagging"),
    bucket_call("get_bucket_versioning", "predictions", "s3:GetBucketVersioning"),
    bucket_call("get_bucket_notification_configuration", "predictions", "s3:GetBucketNotification"),
    table_call("describe_table", "dynamodb:DescribeTable"),
    call(
        "dynamodb",
        "list_tags_of_resource",
        lambda on: {"ResourceArn": on.arn("dynamodb", f"table/{on.prefix}")},
        "dynamodb:ListTagsOfResource",
    ),
    call("events", "list_rules", lambda _: {}, "events:ListRules", reaches=True),
    call("s3", "list_buckets", lambda _: {}, "s3:ListAllMyBuckets", reaches=True),
    call(
        "backup",
        "describe_backup_vault",
        lambda on: {"BackupVaultName": on.name("backup")},
        "backup:DescribeBackupVault",
    ),
)
RESTORE: Final = (
    restored("create_bucket", "s3:CreateBucket"),
    restored(
        "put_bucket_versioning",
        "s3:PutBucketVersioning",
        VersioningConfiguration={"Status": "Enabled"},
    ),
    restored("get_bucket_versioning", "s3:GetBucketVersioning"),
    restored("get_bucket_location", "s3:GetBucketLocation"),
    restored("put_object", "s3:PutObject", Key=KEY, Body=b"{}"),
    restored(
        "put_object_tagging",
        "s3:PutObjectTagging",
        Key=KEY,
        Tagging={"TagSet": [{"Key": "a", "Value": "b"}]},
    ),
    restored("get_object", "s3:GetObject", Key=KEY),
    restored("get_object_acl", "s3:GetObjectAcl", Key=KEY),
    restored("get_object_tagging", "s3:GetObjectTagging", Key=KEY),
    restored("list_objects_v2", "s3:ListBucket"),
    restored("list_object_versions", "s3:ListBucketVersions"),
    table_call("describe_table", "dynamodb:DescribeTable", of=RESTORED_TABLE),
    table_call("scan", "dynamodb:Scan", of=RESTORED_TABLE),
    table_call("put_item", "dynamodb:PutItem", of=RESTORED_TABLE, Item=ITEM),
    table_call("get_item", "dynamodb:GetItem", of=RESTORED_TABLE, Key=ITEM),
    table_call(
        "query",
        "dynamodb:Query",
        of=RESTORED_TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "table"}},
    ),
    table_call(
        "update_item",
        "dynamodb:UpdateItem",
        of=RESTORED_TABLE,
        Key=ITEM,
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues={":v": {"N": "1"}},
    ),
    table_call("delete_item", "dynamodb:DeleteItem", of=RESTORED_TABLE, Key=ITEM),
)
VALIDATION: Final = (
    *logs("restore-validation"),
    DEAD_LETTER,
    bucket_call("list_objects_v2", "predictions", "s3:ListBucket"),
    bucket_call("get_object", "predictions", "s3:GetObject", Key=KEY),
    table_call("describe_table", "dynamodb:DescribeTable"),
    table_call("scan", "dynamodb:Scan"),
    table_call("scan", "dynamodb:Scan", of=RESTORED_TABLE),
)

MACHINE: Final = "stateMachine"
DRILL_ITEM: Final = {"pk": {"S": "drill"}, "sk": {"S": "table"}}


def machine_arn(on: Ground) -> str:
    return on.arn("states", f"{MACHINE}:{on.name('drill')}")


def numbered_write(on: Ground) -> dict[str, Any]:
    return {"Bucket": on.across().bucket("predictions"), "Key": "drills/table/writes/0.json"}


DRILL: Final = (
    *logs("drill"),
    DEAD_LETTER,
    # It looks at every Region, and touches its own.
    call(
        "lambda",
        "get_function_concurrency",
        lambda on: {"FunctionName": on.name("predict")},
        "lambda:GetFunctionConcurrency",
        reaches=True,
    ),
    call(
        "lambda",
        "list_tags",
        lambda on: {"Resource": on.arn("lambda", f"function:{on.name('predict')}")},
        "lambda:ListTags",
        reaches=True,
    ),
    call(
        "cloudwatch",
        "describe_alarms",
        lambda on: {"AlarmNames": [on.name("region-impaired")], "AlarmTypes": ["CompositeAlarm"]},
        "cloudwatch:DescribeAlarms",
        reaches=True,
    ),
    call(
        "s3",
        "head_object",
        lambda on: {"Bucket": on.bucket("evacuation"), "Key": FLAG},
        "s3:GetObject",
        reaches=True,
    ),
    call(
        "s3",
        "list_objects_v2",
        lambda on: {"Bucket": on.bucket("evacuation"), "Prefix": FLAG},
        "s3:ListBucket",
        reaches=True,
    ),
    call(
        "ssm",
        "get_parameter",
        lambda on: {"Name": f"/{on.prefix.replace('-', '/', 1)}/drills"},
        "ssm:GetParameter",
    ),
    call(
        "secretsmanager",
        "get_secret_value",
        lambda on: {"SecretId": on.name("canary")},
        "secretsmanager:GetSecretValue",
    ),
    table_call("put_item", "dynamodb:PutItem", Item=DRILL_ITEM),
    table_call("get_item", "dynamodb:GetItem", Key=DRILL_ITEM),
    table_call(
        "query",
        "dynamodb:Query",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "drill"}},
    ),
    bucket_call(
        *("put_object", "journals", "s3:PutObject", "kms:GenerateDataKey"),
        Key="journals/table/journal.json",
        Body=b"{}",
        ChecksumAlgorithm="SHA256",
    ),
    bucket_call("list_objects_v2", "journals", "s3:ListBucket", Prefix="journals/"),
    # Numbered writes, in the Region that clients are led away from.
    call("s3", "put_object", numbered_write, "s3:PutObject", "kms:GenerateDataKey"),
    call("s3", "delete_object", numbered_write, "s3:DeleteObject"),
    call(
        "s3",
        "list_objects_v2",
        lambda on: {"Bucket": on.bucket("predictions"), "Prefix": "drills/table/"},
        "s3:ListBucket",
        reaches=True,
    ),
    call(
        "stepfunctions",
        "describe_state_machine",
        lambda on: {"stateMachineArn": machine_arn(on)},
        "states:DescribeStateMachine",
    ),
    call(
        "sns",
        "publish",
        lambda on: {"TopicArn": on.arn("sns", on.name("pager")), "Message": "{}"},
        "sns:Publish",
    ),
)

ALLOWED: Final[Mapping[str, tuple[Call, ...]]] = {
    "drill": DRILL,
    "drill-steps": (
        call(
            "lambda",
            "invoke",
            lambda on: {
                "FunctionName": on.arn("lambda", f"function:{on.name('drill')}:live"),
                "InvocationType": "Event",
                "Payload": b'{"detail-type": "Scheduled Event"}',
            },
            "lambda:InvokeFunction",
        ),
        call(
            "sns",
            "publish",
            lambda on: {"TopicArn": on.arn("sns", on.name("pager")), "Message": "{}"},
            "sns:Publish",
        ),
    ),
    "drill-schedule": (
        call(
            "stepfunctions",
            "start_execution",
            lambda on: {"stateMachineArn": machine_arn(on), "input": "{}"},
            "states:StartExecution",
        ),
        DEAD_LETTER,
    ),
    "predict": logs("predict"),
    "evacuation": (
        *logs("evacuation"),
        bucket_call("get_object", "evacuation", "s3:GetObject", "kms:Decrypt", Key=FLAG),
        bucket_call("list_objects_v2", "evacuation", "s3:ListBucket", Prefix=FLAG),
    ),
    "subscription": (
        call(
            "firehose",
            "put_record",
            lambda on: {
                "DeliveryStreamName": on.name("predictions"),
                "Record": {"Data": b"{}\n"},
            },
            "firehose:PutRecord",
        ),
        call(
            "firehose",
            "put_record_batch",
            lambda on: {
                "DeliveryStreamName": on.name("predictions"),
                "Records": [{"Data": b"{}\n"}],
            },
            "firehose:PutRecordBatch",
        ),
    ),
    "delivery": (
        bucket_call(
            *("put_object", "predictions", "s3:PutObject", "kms:GenerateDataKey"),
            Key=KEY,
            Body=b"{}",
        ),
        bucket_call("get_object", "predictions", "s3:GetObject", "kms:Decrypt", Key=KEY),
        bucket_call("list_objects_v2", "predictions", "s3:ListBucket"),
        bucket_call("get_bucket_location", "predictions", "s3:GetBucketLocation"),
        bucket_call("list_multipart_uploads", "predictions", "s3:ListBucketMultipartUploads"),
    ),
    "canary": (
        *logs("canary"),
        DEAD_LETTER,
        call(
            "secretsmanager",
            "get_secret_value",
            lambda on: {"SecretId": on.name("canary")},
            "secretsmanager:GetSecretValue",
        ),
    ),
    "observer": (
        *logs("observer"),
        DEAD_LETTER,
        call(
            "dynamodb",
            "query",
            lambda on: {
                "TableName": on.prefix,
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": "intent"}},
            },
            "dynamodb:Query",
        ),
        call(
            "dynamodb",
            "put_item",
            lambda on: {
                "TableName": on.prefix,
                "Item": {"pk": {"S": "observer"}, "sk": {"S": "table"}},
            },
            "dynamodb:PutItem",
        ),
        bucket_call("get_object", "evacuation", "s3:GetObject", "kms:Decrypt", Key=FLAG),
        bucket_call("list_objects_v2", "evacuation", "s3:ListBucket", Prefix=FLAG),
        bucket_call(
            *("put_object", "evacuation", "s3:PutObject", "kms:GenerateDataKey"),
            Key=f"{FLAG}-of-the-observer",
            Body=b"{}",
        ),
        bucket_call(
            *("delete_object", "evacuation", "s3:DeleteObject"), Key=f"{FLAG}-of-the-observer"
        ),
        bucket_call("put_object", "predictions", "s3:PutObject", Key="markers/t/t/1", Body=b""),
        bucket_call("list_objects_v2", "predictions", "s3:ListBucket", Prefix="markers/t/t/"),
        call(
            "sns",
            "publish",
            lambda on: {"TopicArn": on.arn("sns", on.name("pager")), "Message": "{}"},
            "sns:Publish",
        ),
        call(
            "secretsmanager",
            "get_secret_value",
            lambda on: {"SecretId": on.name("canary")},
            "secretsmanager:GetSecretValue",
        ),
    ),
    "observer-schedule": (
        call(
            "lambda",
            "invoke",
            lambda on: {
                "FunctionName": on.arn("lambda", f"function:{on.name('observer')}:live"),
                "InvocationType": "Event",
            },
            "lambda:InvokeFunction",
        ),
        DEAD_LETTER,
    ),
    "canary-schedule": (
        call(
            "lambda",
            "invoke",
            lambda on: {
                "FunctionName": on.arn("lambda", f"function:{on.name('canary')}:live"),
                "InvocationType": "Event",
            },
            "lambda:InvokeFunction",
        ),
        DEAD_LETTER,
    ),
    "backup": BACKUP,
    "restore": RESTORE,
    "restore-validation": VALIDATION,
    **{
        f"replicate-{kind}": (
            bucket_call("get_bucket_replication", kind, "s3:GetReplicationConfiguration"),
            bucket_call("list_objects_v2", kind, "s3:ListBucket"),
        )
        for kind in ("releases", "predictions")
    },
}
"""Calls by what ends the role's name."""

ELSEWHERE: Final[Mapping[str, str]] = {
    **{
        f"logs:{action}": "Step Functions makes the delivery of its own logs by it"
        for action in (
            *("CreateLogDelivery", "DeleteLogDelivery", "DescribeLogGroups"),
            *("DescribeResourcePolicies", "GetLogDelivery", "ListLogDeliveries"),
            *("PutResourcePolicy", "UpdateLogDelivery"),
        )
    },
    # SQS asks for it when it takes a dead letter; the emulated queue is in memory.
    "kms:GenerateDataKey": "tests/contract/storage/test_encryption.py",
    "s3:AbortMultipartUpload": "no upload of several parts is made by the emulated Firehose",
    "backup:CopyFromBackupVault": "tests/contract/backup/test_backups.py",
    "backup:CopyIntoBackupVault": "tests/contract/backup/test_backups.py",
    **{
        f"dynamodb:{action}": "tests/contract/backup/test_tables.py"
        for action in ("BatchWriteItem", "RestoreTableFromAwsBackup", "StartAwsBackupJob")
    },
    "backup:GetRestoreTestingPlan": "tests/contract/backup/test_the_program.py",
    "backup:ListRestoreJobs": "tests/contract/backup/test_the_program.py",
    "backup:DescribeRestoreJob": "tests/contract/backup/test_the_program.py",
    "backup:PutRestoreValidationResult": "tests/contract/backup/test_the_program.py",
    "cloudwatch:GetMetricData": "AWS Backup looks at the size of a bucket with it",
    **{
        f"events:{action}": "AWS Backup keeps a rule of its own that tells it of new objects"
        for action in (
            *("DeleteRule", "DescribeRule", "DisableRule", "EnableRule"),
            *("ListTargetsByRule", "PutRule", "PutTargets", "RemoveTargets"),
        )
    },
    **{
        f"kms:{action}": "KMS is asked inside the calls of S3 and AWS Backup"
        for action in ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptTo")
    },
    **{
        f"s3:{action}": "tests/contract/backup/test_backups.py"
        for action in (
            *("GetBucketOwnershipControls", "GetInventoryConfiguration", "GetObjectVersion"),
            *("ListMultipartUploadParts", "PutBucketNotification", "PutBucketOwnershipControls"),
            *("PutInventoryConfiguration", "PutObjectAcl", "PutObjectVersionAcl"),
        )
    },
    "s3:GetObjectVersionAcl": "tests/contract/storage/test_replication.py",
    "s3:GetObjectVersionForReplication": "tests/contract/storage/test_replication.py",
    "s3:GetObjectVersionTagging": "tests/contract/storage/test_replication.py",
    "s3:ReplicateDelete": "tests/contract/storage/test_replication.py",
    "s3:ReplicateObject": "tests/contract/storage/test_replication.py",
    "s3:ReplicateTags": "tests/contract/storage/test_replication.py",
    # Of the key's actions those that S3 asks for under a replication role.
    "kms:Decrypt": "tests/contract/storage/test_encryption.py",
    "kms:Encrypt": "tests/contract/storage/test_encryption.py",
}
"""Actions that no API call needs: S3 does them itself, under the role. Where they are executed."""

MOVE_TRAFFIC: Final = (
    bucket_call("put_object", "evacuation", Key=FLAG, Body=b"{}"),
    bucket_call("delete_object", "evacuation", Key=FLAG),
)
"""What the observer is there for, in its own Region, and nobody else may."""

NOBODY: Final[tuple[Call, ...]] = (
    # Become somebody else, or more.
    call(
        "iam",
        "put_role_policy",
        lambda on: {
            "RoleName": on.role("predict"),
            "PolicyName": "more",
            "PolicyDocument": '{"Version":"2012-10-17","Statement":[]}',
        },
    ),
    call(
        "iam",
        "attach_role_policy",
        lambda on: {
            "RoleName": on.role("predict"),
            "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
        },
    ),
    call(
        "iam",
        "update_assume_role_policy",
        lambda on: {
            "RoleName": on.role("predict"),
            "PolicyDocument": '{"Version":"2012-10-17","Statement":[]}',
        },
    ),
    call("iam", "create_user", lambda _: {"UserName": "another"}),
    call(
        "sts",
        "assume_role",
        lambda on: {"RoleArn": on.role_arn("delivery"), "RoleSessionName": "table"},
    ),
    # Serve something else.
    bucket_call("put_object", "releases", Key="releases/other.zip", Body=b"other"),
    bucket_call("delete_object", "releases", Key="releases/other.zip"),
    call(
        "lambda",
        "update_function_code",
        lambda on: {
            "FunctionName": on.name("predict"),
            "S3Bucket": on.bucket("releases"),
            "S3Key": "releases/other.zip",
        },
    ),
    call(
        "lambda",
        "update_alias",
        lambda on: {
            "FunctionName": on.name("predict"),
            "Name": "live",
            "FunctionVersion": "$LATEST",
        },
    ),
    call(
        "lambda",
        "add_permission",
        lambda on: {
            "FunctionName": on.name("predict"),
            "StatementId": "anybody",
            "Action": "lambda:InvokeFunction",
            "Principal": "*",
        },
    ),
    # Move traffic, or stop it.
    *MOVE_TRAFFIC,
    call("route53", "list_hosted_zones", lambda _: {}),
    call(
        "lambda",
        "put_function_concurrency",
        lambda on: {"FunctionName": on.name("predict"), "ReservedConcurrentExecutions": 0},
    ),
    call("elbv2", "describe_load_balancers", lambda _: {}),
    call(
        "ssm",
        "put_parameter",
        lambda on: {
            "Name": f"/{on.prefix.replace('-', '/', 1)}/objectives",
            "Value": "{}",
            "Overwrite": True,
        },
    ),
    # Use the key for itself, past the services, or weaken it.
    *(
        call("kms", operation, lambda on, more=more: {"KeyId": f"alias/{on.prefix}"} | more)
        for operation, more in (
            ("encrypt", {"Plaintext": b"1"}),
            ("generate_data_key", {"KeySpec": "AES_256"}),
            ("disable_key", {}),
            ("schedule_key_deletion", {"PendingWindowInDays": 7}),
            ("put_key_policy", {"PolicyName": "default", "Policy": "{}"}),
            (
                "create_grant",
                {"GranteePrincipal": "arn:aws:iam::123456789012:root", "Operations": ["Decrypt"]},
            ),
        )
    ),
    # Lay hands on data and its guards.
    bucket_call("delete_bucket_policy", "predictions"),
    bucket_call("delete_object", "predictions", Key=KEY),
    bucket_call(
        "put_bucket_versioning", "predictions", VersioningConfiguration={"Status": "Suspended"}
    ),
    bucket_call("delete_bucket_replication", "predictions"),
    table_call("put_item", Item=ITEM),
    table_call("delete_item", Key=ITEM),
    table_call("delete_table"),
    call("logs", "delete_log_group", lambda on: {"logGroupName": on.log_group("predict")}),
    call(
        "logs",
        "filter_log_events",
        lambda on: {"logGroupName": on.log_group("evacuation")},
    ),
)
"""Calls that every role of the stack must be refused."""
