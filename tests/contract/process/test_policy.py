"""The policy evaluator decides as IAM's documentation says, and refuses what it does not know."""

from __future__ import annotations

import json

import pytest

from emulator import policy
from emulator.policy import PolicyError, allows

ROLE = "arn:aws:iam::123456789012:role/worker"
OBJECT = "arn:aws:s3:::records/a/b.json"
CALLER = {
    "aws:PrincipalArn": ROLE,
    "aws:PrincipalAccount": "123456789012",
    "aws:SourceAccount": "123456789012",
    "s3:prefix": "a/b",
    "aws:SecureTransport": "true",
    "aws:SourceArn": "arn:aws:s3:::records",
}


def statement(**elements: object) -> dict[str, object]:
    base: dict[str, object] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    if "NotAction" in elements:
        del base["Action"]
    if "NotResource" in elements:
        del base["Resource"]
    return base | elements


def decide(*statements: dict[str, object], action: str = "s3:GetObject") -> bool:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    answers = {
        bool(allows([document], action, OBJECT, CALLER)),
        bool(allows([json.dumps(document)], action, OBJECT, CALLER)),
    }
    assert len(answers) == 1, "a document as text and as an object decides alike"
    return answers.pop()


CASES = [
    ("nothing said is a no", [], False),
    ("an allow is a yes", [statement()], True),
    ("an action is compared without case", [statement(Action="S3:getobject")], True),
    ("a wildcard action covers it", [statement(Action=["ec2:*", "s3:Get*"])], True),
    ("another action does not", [statement(Action="s3:GetObjectAcl")], False),
    ("? is exactly one character", [statement(Action="s3:GetObjec?")], True),
    ("NotAction excludes", [statement(NotAction="s3:Get*")], False),
    ("NotAction covers the rest", [statement(NotAction="s3:Put*")], True),
    ("a resource wildcard reaches over slashes", [statement(Resource="arn:aws:s3:::rec*")], True),
    ("a resource is compared with case", [statement(Resource="arn:aws:s3:::Records/*")], False),
    ("a bucket is not its objects", [statement(Resource="arn:aws:s3:::records")], False),
    ("NotResource excludes", [statement(NotResource="arn:aws:s3:::records/*")], False),
    ("NotResource covers the rest", [statement(NotResource="arn:aws:s3:::others/*")], True),
    ("a deny wins before", [statement(Effect="Deny"), statement()], False),
    ("a deny wins after", [statement(), statement(Effect="Deny")], False),
    (
        "a deny of something else does not",
        [statement(), statement(Effect="Deny", Action="x:y")],
        True,
    ),
    ("a resource policy naming the role allows", [statement(Principal={"AWS": ROLE})], True),
    (
        "a resource policy naming another does not",
        [statement(Principal={"AWS": ROLE + "x"})],
        False,
    ),
    ("everyone includes the caller", [statement(Principal="*")], True),
    ("everyone in AWS includes the caller", [statement(Principal={"AWS": "*"})], True),
    (
        "the account delegates, it does not give",
        [statement(Principal={"AWS": "123456789012"})],
        False,
    ),
    (
        "a deny of the account binds its roles",
        [
            statement(),
            statement(Effect="Deny", Principal={"AWS": "arn:aws:iam::123456789012:root"}),
        ],
        False,
    ),
    ("a service is not a role", [statement(Principal={"Service": "s3.amazonaws.com"})], False),
    (
        "a variable is filled in",
        [statement(Resource="arn:aws:s3:::records/${s3:prefix}.json")],
        True,
    ),
    ("a variable without value never matches", [statement(Resource="*${aws:username}")], False),
]


@pytest.mark.parametrize(("rule", "statements", "expected"), CASES, ids=[c[0] for c in CASES])
def test_statements_decide_as_documented(
    *, rule: str, statements: list[dict[str, object]], expected: bool
) -> None:
    assert decide(*statements) is expected, rule


CONDITIONS = [
    ({"StringEquals": {"s3:prefix": "a/b"}}, True),
    ({"StringEquals": {"S3:Prefix": "a/b"}}, True),
    ({"StringEquals": {"s3:prefix": ["x", "a/b"]}}, True),
    ({"StringEquals": {"s3:prefix": "A/B"}}, False),
    ({"StringEqualsIgnoreCase": {"s3:prefix": "A/B"}}, True),
    ({"StringNotEquals": {"s3:prefix": "a/b"}}, False),
    ({"StringNotEquals": {"s3:prefix": ["x", "a/b"]}}, False),
    ({"StringNotEquals": {"s3:nothing": "a/b"}}, True),
    ({"StringEquals": {"s3:nothing": "a/b"}}, False),
    ({"StringEqualsIfExists": {"s3:nothing": "a/b"}}, True),
    ({"StringEqualsIfExists": {"s3:prefix": "x"}}, False),
    ({"ForAllValues:StringEquals": {"s3:prefix": ["x", "a/b"]}}, True),
    ({"ForAllValues:StringEquals": {"s3:prefix": ["x"]}}, False),
    ({"ForAllValues:StringEquals": {"s3:nothing": ["x"]}}, True),
    ({"StringLike": {"s3:prefix": "a/*"}}, True),
    ({"StringNotLike": {"s3:prefix": "a/*"}}, False),
    ({"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::records"}}, True),
    ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:rec*"}}, True),
    ({"ArnLike": {"aws:SourceArn": "arn:*:records"}}, False),
    ({"ArnNotLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}, True),
    ({"Bool": {"aws:SecureTransport": True}}, True),
    ({"Bool": {"aws:SecureTransport": "false"}}, False),
    ({"StringEquals": {"s3:prefix": "a/b", "aws:SourceAccount": "1"}}, False),
    ({"StringEquals": {"s3:prefix": "a/b"}, "Bool": {"aws:SecureTransport": "false"}}, False),
]


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS, ids=[str(c[0]) for c in CONDITIONS])
def test_conditions_hold_as_documented(*, condition: dict[str, object], expected: bool) -> None:
    assert decide(statement(Condition=condition)) is expected, "all conditions must hold"


def test_a_trust_policy_is_decided_by_its_service_principal() -> None:
    trust = {
        "Statement": {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
    }

    def assumed_by(service: str) -> bool:
        context = {"aws:PrincipalServiceName": service}
        return bool(allows([trust], "sts:AssumeRole", ROLE, context))

    assert assumed_by("lambda.amazonaws.com"), "the named service may assume the role"
    assert not assumed_by("ec2.amazonaws.com"), "no other service may"


def test_the_decision_carries_the_statement_that_decided() -> None:
    deny = statement(Sid="NoReads", Effect="Deny")
    denied = allows([{"Statement": [statement(Sid="Reads"), deny]}], "s3:GetObject", OBJECT)
    assert denied.effect == "Deny", "an explicit deny is told from silence"
    assert denied.statement == deny, "the deny decided, not the allow before it"
    assert "NoReads" in denied.reason, "the reason names the statement"
    silent = allows([], "s3:GetObject", OBJECT)
    assert silent.effect == "none", "silence is not an explicit deny"
    assert "s3:GetObject" in silent.reason, "the reason names what nothing allows"


MALFORMED = [
    ({"Statement": statement(NotPrincipal={"AWS": "x"})}, "NotPrincipal"),
    ({"Statement": statement(Condition={"DateLessThan": {"a": "b"}})}, "DateLessThan"),
    ({"Statement": statement(Condition={"ForAnyValue:StringEquals": {"a": "b"}})}, "ForAnyValue"),
    ({"Statement": statement(Effect="allow")}, "'allow'"),
    ({"Statement": {"Effect": "Allow", "Resource": "*"}}, "Action"),
    ({"Statement": {"Effect": "Allow", "Action": "s3:*"}}, "Resource"),
    ({"Statement": ["s3:*"]}, "Statement"),
    ("[]", "JSON object"),
    ("{", "not JSON"),
]


@pytest.mark.parametrize(("document", "named"), MALFORMED, ids=[m[1] for m in MALFORMED])
def test_what_is_not_evaluated_is_refused_by_name(
    document: str | dict[str, object], named: str
) -> None:
    with pytest.raises(PolicyError, match=named):
        policy.check(document)
    with pytest.raises(PolicyError, match=named):
        allows([document], "s3:GetObject", OBJECT)
