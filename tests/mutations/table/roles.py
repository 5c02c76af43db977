"""Mistakes in who may do what."""

from tests.mutations.mutation import Mutation, edit

POLICIES = "infra/policies.py"

MUTATIONS: tuple[Mutation, ...] = (
    edit(
        "a role may do everything with its bucket",
        POLICIES,
        'actions=["s3:GetObject"], resources=[f"{bucket_arn}/{prefix}*"]',
        'actions=["s3:*"], resources=[f"{bucket_arn}/{prefix}*"]',
        "rule:roles-allow-no-wildcard-action",
        "us-east-1-evacuation-runs-policy: allows s3:*",
    ),
    edit(
        "a role may send to every stream",
        POLICIES,
        'actions=["firehose:PutRecord", "firehose:PutRecordBatch"], resources=[stream_arn]',
        'actions=["firehose:PutRecord", "firehose:PutRecordBatch"], resources=["*"]',
        "rule:roles-name-what-they-reach",
        "reaches *",
    ),
    edit(
        "every service role may be taken on behalf of any account",
        POLICIES,
        "    if service != LAMBDA:\n",
        "    if service == LAMBDA:\n",
        "rule:roles-trust-one-service-for-this-account",
        "is taken by firehose.amazonaws.com on behalf of any account",
    ),
    edit(
        "the whole account may take the roles",
        POLICIES,
        '"Principal": {"Service": service},',
        '"Principal": {"AWS": f"arn:aws:iam::{account_id}:root"},',
        "rule:roles-trust-one-service-for-this-account",
        "trusts {'AWS': 'arn:aws:iam::123456789012:root'}",
    ),
    edit(
        "buckets answer over plain HTTP",
        POLICIES,
        '"Condition": {"Bool": {"aws:SecureTransport": "false"}},',
        '"Condition": {"Bool": {"aws:SecureTransport": "true"}},',
        "rule:buckets-answer-over-tls-only",
        "answers over plain HTTP",
    ),
    edit(
        "every function may read the releases",
        "infra/function.py",
        "policies.policy(policies.write_logs(log_group_arn), *args.permissions)",
        "policies.policy(policies.write_logs(log_group_arn), *args.permissions,"
        ' *policies.read_flags("arn:aws:s3:::releases", "releases/"))',
        "rule:the-request-path-may-only-log",
        "may s3:GetObject by us-east-1-predict-runs-policy",
    ),
    edit(
        "an action that S3 does not have",
        POLICIES,
        '"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"',
        '"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObjects"',
        "rule:policies-name-what-exists",
        "s3:PutObjects",
    ),
    edit(
        "replication may read, and not write",
        POLICIES,
        '"s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"',
        '"s3:ReplicateDelete", "s3:ReplicateTags"',
        "emulator",
        "would replicate nothing from",
    ),
    edit(
        "the stream may not write its bucket",
        POLICIES,
        'actions=["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],\n',
        'actions=["s3:AbortMultipartUpload", "s3:GetObject"],\n',
        "emulator",
        "would deliver nothing to",
    ),
    edit(
        "the evacuation function may not be told that a flag is missing",
        POLICIES,
        '        Statement(actions=["s3:ListBucket"], resources=[bucket_arn]),\n',
        "",
        "nothing",
        "without a flag the function answers 503 instead of 200: neither has the words that"
        " evacuate, so no check changes. The table of roles (tests/contract/roles) notices it.",
    ),
)
