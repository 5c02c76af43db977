"""Policy documents: who may do what to what."""

import json
from typing import Any

import pytest

from infra import policies

BUCKET = "arn:aws:s3:::bucket"
KEY = "arn:aws:kms:us-east-1:123456789012:key/mrk-1"


def encrypted(bucket: str = BUCKET, *, region: str = "us-east-1") -> policies.Encrypted:
    key = f"arn:aws:kms:{region}:123456789012:key/mrk-1"
    return policies.Encrypted(bucket_arn=bucket, key_arn=key, region=region)


def statements(document: str) -> list[dict[str, Any]]:
    parsed = json.loads(document)
    assert parsed["Version"] == "2012-10-17", "an older version has no policy variables"
    found: list[dict[str, Any]] = parsed["Statement"]
    return found


def test_a_trust_policy_names_its_service_and_nothing_else() -> None:
    (statement,) = statements(policies.trust_policy(policies.LAMBDA, "123456789012"))
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }


@pytest.mark.parametrize("service", [policies.FIREHOSE, policies.LOGS, policies.S3])
def test_a_service_that_acts_for_others_is_bound_to_this_account(service: str) -> None:
    (statement,) = statements(policies.trust_policy(service, "123456789012"))
    bound = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert statement["Condition"] == bound, "no confused deputies"


def test_a_reader_of_flags_is_told_that_a_flag_is_missing() -> None:
    flags = policies.read_flags(encrypted(), "evacuation/")
    read, listing, key = statements(policies.policy(*flags))
    assert read == {
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": [f"{BUCKET}/evacuation/*"],
    }
    assert listing["Action"] == ["s3:ListBucket"], "without it S3 answers 403, not 404"
    assert listing["Resource"] == [BUCKET]
    assert key["Action"] == ["kms:Decrypt"], "and nothing it could seal"


def test_replication_reads_only_its_source_and_writes_only_its_destinations() -> None:
    source, destination = (
        encrypted("arn:aws:s3:::a"),
        encrypted("arn:aws:s3:::b", region="us-west-2"),
    )
    for statement in statements(policies.replicate(source, [destination])):
        writes = [
            action
            for action in statement["Action"]
            if ":Replicate" in action or action == "kms:Encrypt"
        ]
        at = destination if writes else source
        for arn in statement["Resource"]:
            assert arn.startswith((at.bucket_arn, at.key_arn)), statement
        assert not writes or writes == statement["Action"], "reading and writing are apart"
        if statement["Action"][0].startswith("kms:"):
            via = {"StringEquals": {"kms:ViaService": f"s3.{at.region}.amazonaws.com"}}
            assert statement["Condition"] == via, "the key is used for objects in S3 only"


def test_a_bucket_refuses_what_is_sealed_with_another_key() -> None:
    http, algorithm, key = statements(policies.own_key_only(BUCKET, KEY))
    assert http["Sid"] == "TlsOnly"
    for statement, differs, expected in (
        (algorithm, "StringNotEquals", "aws:kms"),
        (key, "ArnNotEquals", KEY),
    ):
        assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:PutObject")
        (named,) = statement["Condition"][differs].values()
        assert named == expected
        assert set(statement["Condition"]["Null"].values()) == {"false"}, (
            "a write that names no encryption gets the bucket's own"
        )


def test_nothing_is_served_over_plain_http() -> None:
    (statement,) = statements(policies.tls_only(BUCKET))
    assert statement["Effect"] == "Deny"
    assert statement["Resource"] == [BUCKET, f"{BUCKET}/*"], "the bucket and all that is in it"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_only_log_delivery_for_this_accounts_balancers_writes_access_logs() -> None:
    allow, deny = statements(
        policies.take_access_logs("arn:aws:s3:::logs", "us-east-1", "123456789012")
    )
    assert allow["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert allow["Action"] == "s3:PutObject"
    assert allow["Resource"] == "arn:aws:s3:::logs/AWSLogs/123456789012/*"
    assert allow["Condition"] == {
        "ArnLike": {
            "aws:SourceArn": ("arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/*")
        }
    }
    assert (deny["Effect"], deny["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )
