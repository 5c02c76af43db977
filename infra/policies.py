"""IAM policy documents, as plain functions returning JSON text.

No action is a wildcard, and every statement names what it is about.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

LAMBDA: Final = "lambda.amazonaws.com"
FIREHOSE: Final = "firehose.amazonaws.com"
LOGS: Final = "logs.amazonaws.com"
S3: Final = "s3.amazonaws.com"
LOG_DELIVERY: Final = "logdelivery.elasticloadbalancing.amazonaws.com"
SCHEDULER: Final = "scheduler.amazonaws.com"
BACKUP: Final = "backup.amazonaws.com"
STATES: Final = "states.amazonaws.com"
FIS: Final = "fis.amazonaws.com"

# Services that are not documented to say for whom they act when they take a role. A trust that asks
# them would let them in nowhere, which nobody notices before a backup is missing.
_SILENT: Final = frozenset({LAMBDA, BACKUP})

_VERSION: Final = "2012-10-17"
_ALGORITHM: Final = "s3:x-amz-server-side-encryption"
_KEY: Final = "s3:x-amz-server-side-encryption-aws-kms-key-id"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What a role may do to what.

    Attributes:
        actions: Names of actions, none of them a wildcard.
        resources: ARNs; a wildcard only within one, after what names the bucket or log group.
        condition: What must hold besides, as IAM spells it; empty for nothing.
    """

    actions: Sequence[str]
    resources: Sequence[str]
    condition: Mapping[str, Mapping[str, str | Sequence[str]]] = field(
        default_factory=dict[str, Mapping[str, str | Sequence[str]]]
    )


def policy(*statements: Statement) -> str:
    """Return the policy that allows these statements."""
    return document([_allow(each) for each in statements])


def _allow(statement: Statement) -> dict[str, object]:
    allowed: dict[str, object] = {
        "Effect": "Allow",
        "Action": sorted(statement.actions),
        "Resource": list(statement.resources),
    }
    return allowed | ({"Condition": statement.condition} if statement.condition else {})


def trust_policy(service: str, account_id: str) -> str:
    """Return the policy that lets a service take a role, on behalf of this account alone.

    Without the account, a service tricked into acting for somebody else could take it (the
    confused deputy). Lambda and AWS Backup are exceptions: the trust policies that AWS documents
    for them ask nothing of the kind.
    https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Subscriptions-confused-deputy.html
    """
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    if service not in _SILENT:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account_id}}
    return document([statement])


def write_logs(log_group_arn: str) -> Statement:
    """Write to the streams of one log group, which exists already."""
    return Statement(
        actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[f"{log_group_arn}:*"]
    )


def use_key(key_arn: str, *actions: str, service: str | None = None) -> Statement:
    """Use a KMS key, where a service is named only through that service.

    Args:
        key_arn: The key.
        actions: What to do with it, without `kms:`; to read is `Decrypt`, to write is
            `GenerateDataKey` (and `Decrypt` for an upload in parts).
        service: The service's DNS name, such as `s3.us-west-2.amazonaws.com`.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """
    condition = {} if service is None else {"StringEquals": {"kms:ViaService": service}}
    return Statement(
        actions=[f"kms:{action}" for action in actions], resources=[key_arn], condition=condition
    )


@dataclass(frozen=True, kw_only=True)
class Encrypted:
    """A bucket under a KMS key, for policies.

    Attributes:
        bucket_arn: The bucket.
        key_arn: The key of its Region.
        region: Its Region.
    """

    bucket_arn: str
    key_arn: str
    region: str

    def use_key(self, *actions: str) -> Statement:
        """Let S3 in its Region use its key, for objects in it."""
        return use_key(self.key_arn, *actions, service=f"s3.{self.region}.amazonaws.com")


def read_flags(bucket: Encrypted, prefix: str) -> tuple[Statement, ...]:
    """Read objects under a prefix, and be told of a missing one that it is missing.

    S3 answers 403 instead of 404 for a missing object to whoever may not list the bucket; a
    condition on the prefix would not help, as a read carries no prefix to hold against it.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    return (
        Statement(actions=["s3:GetObject"], resources=[f"{bucket.bucket_arn}/{prefix}*"]),
        Statement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn]),
        bucket.use_key("Decrypt"),
    )


def send_to_stream(stream_arn: str) -> Statement:
    """Put records into one delivery stream."""
    return Statement(
        actions=["firehose:PutRecord", "firehose:PutRecordBatch"], resources=[stream_arn]
    )


def deliver_to_bucket(bucket: Encrypted) -> tuple[Statement, ...]:
    """Write objects into one bucket, in parts when they are large, as Firehose does.

    Source: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
    """
    return (
        Statement(
            actions=["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
            resources=[f"{bucket.bucket_arn}/*"],
        ),
        Statement(
            actions=["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
            resources=[bucket.bucket_arn],
        ),
        bucket.use_key("Decrypt", "GenerateDataKey"),
    )


def replicate(source: Encrypted, destinations: Sequence[Encrypted]) -> str:
    """Return the policy of a role that replicates one bucket into others.

    Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
    and https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
    """
    return policy(
        Statement(
            actions=["s3:GetReplicationConfiguration", "s3:ListBucket"],
            resources=[source.bucket_arn],
        ),
        Statement(
            actions=[
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionTagging",
            ],
            resources=[f"{source.bucket_arn}/*"],
        ),
        Statement(
            actions=["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
            resources=[f"{each.bucket_arn}/*" for each in destinations],
        ),
        source.use_key("Decrypt"),
        *(each.use_key("Encrypt") for each in destinations),
    )


def tls_only(bucket_arn: str) -> str:
    """Return the policy of a bucket that answers nobody over plain HTTP.

    A deny is the one place where every action and principal is meant.
    """
    return document([_refuse_http(bucket_arn)])


def own_key_only(bucket_arn: str, key_arn: str) -> str:
    """Return the policy of a bucket that is reached over TLS and written under one key.

    A write that names no encryption gets the bucket's own, which is this key; one that names
    another key or algorithm would hide what it writes from replication, backup and readers.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms
    """
    return document(
        [
            _refuse_http(bucket_arn),
            _refuse_writes(bucket_arn, "OwnAlgorithm", "StringNotEquals", _ALGORITHM, "aws:kms"),
            _refuse_writes(bucket_arn, "OwnKey", "ArnNotEquals", _KEY, key_arn),
        ]
    )


def _refuse_http(bucket_arn: str) -> dict[str, object]:
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _refuse_writes(
    bucket_arn: str, sid: str, differs: str, key: str, expected: str
) -> dict[str, object]:
    """Refuse a write that names something else; the negated operators match what names nothing."""
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": [f"{bucket_arn}/*"],
        "Condition": {"Null": {key: "false"}, differs: {key: expected}},
    }


def take_access_logs(bucket_arn: str, region: str, account_id: str) -> str:
    """Return the policy that lets load balancers of one account and Region deliver logs, by TLS.

    Without the source, log delivery tricked into acting for somebody else could write here.
    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    """
    balancers = f"arn:aws:elasticloadbalancing:{region}:{account_id}:loadbalancer/*"
    return document(
        [
            {
                "Sid": "LogDelivery",
                "Effect": "Allow",
                "Principal": {"Service": LOG_DELIVERY},
                "Action": "s3:PutObject",
                "Resource": f"{bucket_arn}/AWSLogs/{account_id}/*",
                "Condition": {"ArnLike": {"aws:SourceArn": balancers}},
            },
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [bucket_arn, f"{bucket_arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ]
    )


def document(statements: Sequence[Mapping[str, object]]) -> str:
    """Return a policy document as JSON text."""
    return json.dumps({"Version": _VERSION, "Statement": statements}, separators=(",", ":"))
