"""Keys that services are given: looked at when they are, or when the deployment is complete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.engine.test_strict_functions import REPLICAS, replicate, replicated

if TYPE_CHECKING:
    from tests.contract.engine.cloud import Cloud
    from tests.contract.engine.play import Play, Script

ACCOUNT = "123456789012"
EAST, WEST = "us-east-1", "us-west-2"
GHOST = f"arn:aws:kms:{EAST}:{ACCOUNT}:key/12345678-1234-1234-1234-123456789012"
ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
ADMINISTER = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:PutKeyPolicy",
    "Resource": "*",
}


def logs_statement(group: str = "stack-*") -> dict[str, Any]:
    like = {
        "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{EAST}:{ACCOUNT}:log-group:{group}"
    }
    return {
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{EAST}.amazonaws.com"},
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
        "Resource": "*",
        "Condition": {"ArnLike": like},
    }


def make_key(cloud: Cloud, *statements: dict[str, Any], region: str = EAST) -> str:
    policy = json.dumps({"Version": "2012-10-17", "Statement": [ADMINISTER, *statements]})
    made = cloud.call("kms", "CreateKey", region=region, Policy=policy)
    return str(made["KeyMetadata"]["Arn"])


def test_a_log_group_is_made_under_a_key_that_lets_logs_in_for_it(cloud: Cloud) -> None:
    key = make_key(cloud, logs_statement())
    cloud.call("logs", "CreateLogGroup", logGroupName="stack-a", kmsKeyId=key)
    for group, reference in (
        ("other", key),
        ("stack-b", GHOST),
        ("stack-c", make_key(cloud)),
        ("stack-d", make_key(cloud, logs_statement(), region=WEST)),
    ):
        refused = cloud.refused("logs", "CreateLogGroup", logGroupName=group, kmsKeyId=reference)
        assert "InvalidParameterException" in refused, group
        assert "does not exist or is not allowed to be used with LogGroup" in refused, group


def test_the_key_of_a_log_group_changes_in_place(cloud: Cloud) -> None:
    keys = [make_key(cloud, logs_statement()) for _ in range(2)]

    def group(**inputs: Any) -> Script:
        def script(play: Play) -> None:
            play.resource("aws:cloudwatch/logGroup:LogGroup", "g", {"name": "stack-a"} | inputs)

        return script

    for inputs in ({"kmsKeyId": keys[0]}, {"kmsKeyId": keys[1]}, {}):
        cloud.deploy(group(**inputs))
        found = cloud.call("logs", "DescribeLogGroups")["logGroups"][0]
        assert found.get("kmsKeyId") == inputs.get("kmsKeyId")
    assert cloud.steps() == [("update", "g")]


def test_a_stream_is_encrypted_under_a_key_that_can_be_used(cloud: Cloud) -> None:
    role = cloud.role("delivery", "firehose.amazonaws.com")
    destination = {"RoleARN": role, "BucketARN": f"arn:aws:s3:::{cloud.bucket('bucket-to')}"}
    cloud.call(
        "firehose",
        "CreateDeliveryStream",
        DeliveryStreamName="s",
        ExtendedS3DestinationConfiguration=destination,
    )

    def seal(key: str) -> dict[str, Any]:
        configuration = {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": key}
        return {
            "DeliveryStreamName": "s",
            "DeliveryStreamEncryptionConfigurationInput": configuration,
        }

    start = "StartDeliveryStreamEncryption"
    assert "InvalidKMSResourceException" in cloud.refused("firehose", start, **seal(GHOST))
    cloud.call("firehose", start, **seal(make_key(cloud)))


@pytest.mark.parametrize(
    ("criteria", "sealing", "says"),
    [
        ({"SseKmsEncryptedObjects": {"Status": "Enabled"}}, {}, "ReplicaKmsKeyID must be"),
        ({}, {"ReplicaKmsKeyID": GHOST}, "SseKmsEncryptedObjects must be"),
    ],
)
def test_a_rule_selects_encrypted_objects_and_names_a_key_or_neither(
    cloud: Cloud, criteria: dict[str, Any], sealing: dict[str, Any], says: str
) -> None:
    cloud.bucket("source")
    cloud.bucket("target", region=WEST)
    wanted = replicate("source", "target")
    rule = wanted["ReplicationConfiguration"]["Rules"][0]
    rule["SourceSelectionCriteria"] = criteria
    if sealing:
        rule["Destination"]["EncryptionConfiguration"] = sealing
    assert says in cloud.refused("s3", "PutBucketReplication", **wanted)


def under(key: str, bucket: str = "bucket-from") -> Script:
    def script(play: Play) -> None:
        default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}
        rules = [{"applyServerSideEncryptionByDefault": default, "bucketKeyEnabled": True}]
        play.resource(ENCRYPTION, "sealed", {"bucket": bucket, "rules": rules})

    return script


def test_a_bucket_under_a_key_that_does_not_exist_is_refused_at_the_end(cloud: Cloud) -> None:
    cloud.bucket("bucket-from")
    for key in (GHOST, make_key(cloud, region=WEST)):
        message = cloud.refusal(under(key))
        assert "every object put into bucket-from would be refused" in message


def test_a_rule_that_leaves_a_buckets_encrypted_objects_behind_is_refused(cloud: Cloud) -> None:
    key = make_key(cloud)

    def script(play: Play) -> None:
        replicated("s3.amazonaws.com", REPLICAS)(play)
        under(key)(play)

    message = cloud.refusal(script)
    assert "rule 'all' would replicate nothing from bucket-from to bucket-to" in message
    assert "does not select those" in message
