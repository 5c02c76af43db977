"""A policy document is taken as each service takes it, and refused with what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator import policy_documents
from emulator.policy_documents import BUCKET, IDENTITY, QUEUE, TOPIC, TRUST, Kind

BUCKET_ARN = "arn:aws:s3:::records"
ALLOWS_READING = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET_ARN}/*"}
TRUSTS_LAMBDA = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "lambda.amazonaws.com"},
}
ON_THE_BUCKET = ALLOWS_READING | {"Principal": "*"}


def text(statement: Any, **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statement} | more)


GOOD = [
    (IDENTITY, text([ALLOWS_READING])),
    (IDENTITY, text(ALLOWS_READING)),
    (IDENTITY, text([ALLOWS_READING | {"Action": "*", "Resource": "*"}])),
    (IDENTITY, text([ALLOWS_READING | {"Resource": "arn:*:s3:::records"}])),
    (TRUST, text([TRUSTS_LAMBDA])),
    (TRUST, text([TRUSTS_LAMBDA], Version="2008-10-17")),
    (BUCKET, text([ON_THE_BUCKET])),
    (BUCKET, text([ON_THE_BUCKET | {"Sid": "let them read", "Resource": "arn:aws:s3:::rec*"}])),
    (BUCKET, text([ON_THE_BUCKET | {"Principal": {"AWS": ["*"]}}], Id="one")),
    (QUEUE, text([ON_THE_BUCKET | {"Action": "SQS:SendMessage", "Resource": "*"}])),
]


@pytest.mark.parametrize(("kind", "document"), GOOD)
def test_a_sound_document_is_taken(kind: Kind, document: str) -> None:
    owner = BUCKET_ARN if kind is BUCKET else None
    assert policy_documents.problem(document, kind, owner=owner) is None


def without(statement: dict[str, Any], element: str) -> dict[str, Any]:
    return {name: value for name, value in statement.items() if name != element}


OTHER = "arn:aws-cn:s3:::records/*"
BAD = [
    (IDENTITY, "{", "not JSON"),
    (IDENTITY, "[]", "JSON object"),
    (IDENTITY, text([]), "no statement"),
    (IDENTITY, json.dumps({"Version": "2012-10-17"}), "Statement"),
    (IDENTITY, text([ALLOWS_READING], Statments=[]), "Statments"),
    (IDENTITY, text([ALLOWS_READING], Version="2012-10-18"), "2012-10-18"),
    (IDENTITY, text([ALLOWS_READING], Version="2008-10-17"), "2012-10-17 or greater"),
    (IDENTITY, text([ALLOWS_READING | {"Resources": "*"}]), "Resources"),
    (IDENTITY, text([ALLOWS_READING | {"Effect": "allow"}]), "Effect"),
    (IDENTITY, text([without(ALLOWS_READING, "Effect")]), "Effect"),
    (IDENTITY, text([without(ALLOWS_READING, "Action")]), "Action"),
    (IDENTITY, text([without(ALLOWS_READING, "Resource")]), "Resource"),
    (IDENTITY, text([ALLOWS_READING | {"Action": []}]), "must contain actions"),
    (IDENTITY, text([ALLOWS_READING | {"Action": "GetObject"}]), "'GetObject' is no action"),
    (IDENTITY, text([ALLOWS_READING | {"Resource": "records"}]), "must be in ARN format"),
    (IDENTITY, text([ALLOWS_READING | {"Resource": ["*", OTHER]}]), 'Partition "aws-cn"'),
    (IDENTITY, text([ALLOWS_READING | {"Principal": "*"}]), "should not specify a principal"),
    (IDENTITY, text([ALLOWS_READING | {"Condition": {"StringEqual": {"a": "b"}}}]), "StringEqual"),
    (IDENTITY, text([ALLOWS_READING | {"Sid": "a b"}]), "alpha-numeric"),
    (IDENTITY, text([ALLOWS_READING | {"Sid": "a"}] * 2), "must be unique"),
    (TRUST, text([without(TRUSTS_LAMBDA, "Principal") | {"Resource": "*"}]), "no Principal"),
    (TRUST, text([TRUSTS_LAMBDA | {"Resource": "*"}]), "prohibited field Resource"),
    (TRUST, text([TRUSTS_LAMBDA | {"Action": "s3:GetObject"}]), "out of scope"),
    (TRUST, text([TRUSTS_LAMBDA | {"Principal": {"Services": "x"}}]), "Services"),
    (TRUST, text([TRUSTS_LAMBDA | {"Principal": "lambda.amazonaws.com"}]), "Principal is"),
    (BUCKET, text([ALLOWS_READING]), "no Principal"),
    (BUCKET, text([without(ON_THE_BUCKET, "Resource")]), "no Resource"),
    (BUCKET, text([ON_THE_BUCKET | {"Action": "sqs:SendMessage"}]), "out of scope"),
    (BUCKET, text([ON_THE_BUCKET | {"Resource": "arn:aws:s3:::others/*"}]), "invalid resource"),
    (BUCKET, text([ON_THE_BUCKET | {"Resource": "arn:aws:s3:::records-2"}]), "invalid resource"),
    (TOPIC, text([ON_THE_BUCKET]), "out of scope"),
]


@pytest.mark.parametrize(("kind", "document", "named"), BAD, ids=[each[2] for each in BAD])
def test_a_malformed_document_is_refused_with_what_is_wrong(
    kind: Kind, document: str, named: str
) -> None:
    owner = BUCKET_ARN if kind is BUCKET else None
    said = policy_documents.problem(document, kind, owner=owner)
    assert said is not None, "AWS refuses it when it is put"
    assert named in said


def test_identities_are_found_among_the_principals() -> None:
    role, account = "arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:root"
    found = [
        {"Principal": {"AWS": [role, account, "*"]}},
        {"Principal": {"Service": "lambda.amazonaws.com"}},
        {"Principal": "*"},
        {},
    ]
    assert policy_documents.named_identities(found) == [role]
