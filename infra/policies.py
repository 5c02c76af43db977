"""IAM policy documents, as plain functions returning JSON text.

No action is a wildcard, and every statement names what it is about.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

_VERSION: Final = "2012-10-17"
_S3_REPLICATION: Final = "s3.amazonaws.com"

Condition = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What a role may do to what.

    Attributes:
        actions: Names of actions, none of them a wildcard.
        resources: ARNs; a wildcard only within one, after what names the bucket or log group.
    """

    actions: Sequence[str]
    resources: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Who may take a role.

    Attributes:
        service: The AWS service that takes it.
        condition: On whose behalf; without one, a service that is tricked into acting for another
            account could take it (the confused deputy).
    """

    service: str
    condition: Condition = field(default_factory=dict[str, Mapping[str, str]])


def policy(*statements: Statement) -> str:
    """Return the policy that allows these statements."""
    return _document(
        {"Effect": "Allow", "Action": sorted(each.actions), "Resource": list(each.resources)}
        for each in statements
    )


def trust_policy(trust: Trust) -> str:
    """Return the policy that lets a service take a role."""
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Principal": {"Service": trust.service},
        "Action": "sts:AssumeRole",
    }
    if trust.condition:
        statement["Condition"] = trust.condition
    return _document([statement])


def lambda_trust() -> Trust:
    """Let Lambda run functions under a role."""
    return Trust(service="lambda.amazonaws.com")


def logs_trust(region: str, account_id: str) -> Trust:
    """Let a Region's log groups of this account send to a subscription's destination.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
    """
    source = f"arn:aws:logs:{region}:{account_id}:*"
    condition = {"StringLike": {"aws:SourceArn": source}}
    return Trust(service="logs.amazonaws.com", condition=condition)


def firehose_trust(account_id: str) -> Trust:
    """Let this account's delivery streams write.

    Source: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
    """
    condition = {"StringEquals": {"sts:ExternalId": account_id}}
    return Trust(service="firehose.amazonaws.com", condition=condition)


def replication_trust(source_bucket_arn: str, account_id: str) -> Trust:
    """Let S3 replicate from one bucket of this account."""
    condition = {
        "StringEquals": {"aws:SourceAccount": account_id},
        "ArnLike": {"aws:SourceArn": source_bucket_arn},
    }
    return Trust(service=_S3_REPLICATION, condition=condition)


def write_logs(log_group_arn: str) -> Statement:
    """Write to the streams of one log group, which exists already."""
    return Statement(
        actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[f"{log_group_arn}:*"]
    )


def read_flags(bucket_arn: str, prefix: str) -> tuple[Statement, Statement]:
    """Read objects under a prefix, and be told of a missing one that it is missing.

    S3 answers 403 instead of 404 for a missing object to whoever may not list the bucket; a
    condition on the prefix would not help, as a read carries no prefix to hold against it.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    return (
        Statement(actions=["s3:GetObject"], resources=[f"{bucket_arn}/{prefix}*"]),
        Statement(actions=["s3:ListBucket"], resources=[bucket_arn]),
    )


def send_to_stream(stream_arn: str) -> Statement:
    """Put records into one delivery stream."""
    return Statement(
        actions=["firehose:PutRecord", "firehose:PutRecordBatch"], resources=[stream_arn]
    )


def deliver_to_bucket(bucket_arn: str) -> tuple[Statement, Statement]:
    """Write objects into one bucket, in parts when they are large, as Firehose does.

    Source: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
    """
    return (
        Statement(
            actions=["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
            resources=[f"{bucket_arn}/*"],
        ),
        Statement(
            actions=["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
            resources=[bucket_arn],
        ),
    )


def replicate(source_bucket_arn: str, destination_bucket_arns: Sequence[str]) -> str:
    """Return the policy of a role that replicates one bucket into others.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
    """
    return policy(
        Statement(
            actions=["s3:GetReplicationConfiguration", "s3:ListBucket"],
            resources=[source_bucket_arn],
        ),
        Statement(
            actions=[
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionTagging",
            ],
            resources=[f"{source_bucket_arn}/*"],
        ),
        Statement(
            actions=["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
            resources=[f"{arn}/*" for arn in destination_bucket_arns],
        ),
    )


def tls_only(bucket_arn: str) -> str:
    """Return the policy of a bucket that answers nobody over plain HTTP.

    A deny is the one place where every action and principal is meant.
    """
    return _document(
        [
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [bucket_arn, f"{bucket_arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ]
    )


def _document(statements: object) -> str:
    body = {"Version": _VERSION, "Statement": list(statements)}  # pyright: ignore[reportArgumentType]
    return json.dumps(body, separators=(",", ":"))
