"""Mistakes in who may do what."""

from tests.mutations.mutation import Mutation, edit

POLICIES = "infra/policies.py"

MUTATIONS: tuple[Mutation, ...] = (
    edit(
        "a role may do everything with its bucket",
        POLICIES,
        'actions=["s3:GetObject"], resources=[f"{bucket.bucket_arn}/{prefix}*"]',
        'actions=["s3:*"], resources=[f"{bucket.bucket_arn}/{prefix}*"]',
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
        "    if service not in _SILENT:\n",
        "    if service in _SILENT:\n",
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
        ',\n        "Condition": {"Bool": {"aws:SecureTransport": "false"}},',
        ',\n        "Condition": {"Bool": {"aws:SecureTransport": "true"}},',
        "rule:buckets-answer-over-tls-only",
        "answers over plain HTTP",
    ),
    edit(
        "every function may read the releases",
        "infra/function.py",
        "policies.policy(policies.write_logs(log_group_arn), *permissions, *sends)",
        "policies.policy(policies.write_logs(log_group_arn), *permissions, *sends,"
        ' policies.Statement(actions=["s3:GetObject"], resources=["arn:aws:s3:::releases/*"]))',
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
        '        Statement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn]),\n',
        "",
        "rule:evacuation-switches-tell-missing-from-forbidden",
        "cannot tell a flag that is not set",
    ),
    edit(
        "the key's policy lets the whole account use it",
        "infra/key_policy.py",
        '{"Condition": {"ArnLike": {"aws:PrincipalArn": list(roles)}}} if roles else {}',
        "{}",
        "rule:keys-let-in-only-whom-they-name",
        "without saying which roles",
    ),
    edit(
        "a replica of the key without a policy of its own",
        "infra/keys.py",
        "            primary_key_arn=primary.arn,\n            deletion_window_in_days="
        "args.settings.data.key_deletion_days,\n            policy=_policy(args, region),\n",
        "            primary_key_arn=primary.arn,\n            deletion_window_in_days="
        "args.settings.data.key_deletion_days,\n",
        "rule:keys-let-in-only-whom-they-name",
        "has the default policy, by which any role with a wide policy may use it",
    ),
    edit(
        "a key for one Region",
        "infra/keys.py",
        "multi_region=True",
        "multi_region=False",
        "rule:every-region-has-the-key-and-its-name",
        "where one multi-Region key is expected",
    ),
    edit(
        "replicas under the key of the Region they come from",
        "infra/replication.py",
        '{"replica_kms_key_id": destination.key_arn}',
        '{"replica_kms_key_id": source.key_arn}',
        "rule:replicas-are-readable-where-they-arrive",
        "puts replicas under arn:aws:kms:",
    ),
)
