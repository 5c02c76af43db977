"""Policy documents: who may do what to what."""

import json
from typing import Any

import pytest

from infra import policies

BUCKET = "arn:aws:s3:::bucket"


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
    read, listing = statements(policies.policy(*policies.read_flags(BUCKET, "evacuation/")))
    assert read == {
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": [f"{BUCKET}/evacuation/*"],
    }
    assert listing["Action"] == ["s3:ListBucket"], "without it S3 answers 403, not 404"
    assert listing["Resource"] == [BUCKET]


def test_replication_reads_only_its_source_and_writes_only_its_destinations() -> None:
    document = statements(policies.replicate("arn:aws:s3:::a", ["arn:aws:s3:::b"]))
    for statement in document:
        writes = [action for action in statement["Action"] if ":Replicate" in action]
        expected = "arn:aws:s3:::b" if writes else "arn:aws:s3:::a"
        assert all(arn.startswith(expected) for arn in statement["Resource"]), statement
        assert not writes or writes == statement["Action"], "reading and writing are apart"


def test_nothing_is_served_over_plain_http() -> None:
    (statement,) = statements(policies.tls_only(BUCKET))
    assert statement["Effect"] == "Deny"
    assert statement["Resource"] == [BUCKET, f"{BUCKET}/*"], "the bucket and all that is in it"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
