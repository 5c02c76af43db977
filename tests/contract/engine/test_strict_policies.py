"""Whoever puts a malformed policy is told at once, in the words of the service."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.contract.engine.cloud import Cloud

ACCOUNT = "123456789012"
TRUST: dict[str, Any] = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "lambda.amazonaws.com"},
}
IDENTITY: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def on(resource: str, action: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, "Principal": "*"}


def document(statement: dict[str, Any], **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]} | more)


# Service, operation, the member that takes the document, other parameters.
Call = tuple[str, str, str, dict[str, Any]]


def role(cloud: Cloud) -> tuple[Call, dict[str, Any]]:
    del cloud
    return ("iam", "CreateRole", "AssumeRolePolicyDocument", {"RoleName": "r"}), TRUST


def trust(cloud: Cloud) -> tuple[Call, dict[str, Any]]:
    cloud.role("r", "ec2.amazonaws.com")
    return ("iam", "UpdateAssumeRolePolicy", "PolicyDocument", {"RoleName": "r"}), TRUST


def inline(cloud: Cloud) -> tuple[Call, dict[str, Any]]:
    cloud.role("r", "ec2.amazonaws.com")
    which = {"RoleName": "r", "PolicyName": "p"}
    return ("iam", "PutRolePolicy", "PolicyDocument", which), IDENTITY


def managed(cloud: Cloud) -> tuple[Call, dict[str, Any]]:
    del cloud
    return ("iam", "CreatePolicy", "PolicyDocument", {"PolicyName": "p"}), IDENTITY


def version(cloud: Cloud) -> tuple[Call, dict[str, Any]]:
    first = document(IDENTITY)
    arn = cloud.call("iam", "CreatePolicy", PolicyName="p", PolicyDocument=first)["Policy"]["Arn"]
    return ("iam", "CreatePolicyVersion", "PolicyDocument", {"PolicyArn": arn}), IDENTITY


def bucket(cloud: Cloud) -> tuple[Call, dict[str, Any]]:
    cloud.bucket("records")
    statement = on("arn:aws:s3:::records/*", "s3:GetObject")
    return ("s3", "PutBucketPolicy", "Policy", {"Bucket": "records"}), statement


def topic(cloud: Cloud) -> tuple[Call, dict[str, Any]]:
    arn = cloud.call("sns", "CreateTopic", Name="t")["TopicArn"]
    which = {"TopicArn": arn, "AttributeName": "Policy"}
    return ("sns", "SetTopicAttributes", "AttributeValue", which), on(arn, "sns:Publish")


def key(cloud: Cloud) -> tuple[Call, dict[str, Any]]:
    key_id = cloud.call("kms", "CreateKey")["KeyMetadata"]["KeyId"]
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    statement = on("*", "kms:*") | {"Principal": root}
    return ("kms", "PutKeyPolicy", "Policy", {"KeyId": key_id, "PolicyName": "default"}), statement


def secret(cloud: Cloud) -> tuple[Call, dict[str, Any]]:
    cloud.call(
        "secretsmanager", "CreateSecret", Name="s", SecretString="x", ClientRequestToken="t" * 32
    )
    statement = on("*", "secretsmanager:GetSecretValue")
    return ("secretsmanager", "PutResourcePolicy", "ResourcePolicy", {"SecretId": "s"}), statement


Prepared = Callable[["Cloud"], tuple[Call, dict[str, Any]]]
SERVICES: tuple[tuple[Prepared, str], ...] = (
    (role, "MalformedPolicyDocument"),
    (trust, "MalformedPolicyDocument"),
    (inline, "MalformedPolicyDocument"),
    (managed, "MalformedPolicyDocument"),
    (version, "MalformedPolicyDocument"),
    (bucket, "MalformedPolicy:"),
    (topic, "InvalidParameter"),
    (key, "MalformedPolicyDocumentException"),
    (secret, "MalformedPolicyDocumentException"),
)


def broken(statement: dict[str, Any]) -> list[str]:
    """A sound statement's document, and what people make of it."""
    principal = "Principal" in statement
    texts = [
        document(statement)[:-1],
        document(statement, Version="2012-10-71"),
        document(statement | {"Resorce": "*"}),
        document({name: value for name, value in statement.items() if name != "Effect"}),
        document(statement | {"Action": "ec2"}),
        document(statement | {"Condition": {"StringEqual": {"aws:SourceAccount": ACCOUNT}}}),
    ]
    if principal:
        texts.append(document({k: v for k, v in statement.items() if k != "Principal"}))
        nobody = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/nobody"}
        texts.append(document(statement | {"Principal": nobody}))
    else:
        texts.append(document(statement | {"Principal": "*"}))
    if "Resource" in statement:
        texts.append(document(statement | {"Resource": "arn:aws-cn:s3:::records/*"}))
    return texts


@pytest.mark.parametrize(("prepare", "code"), SERVICES, ids=[each.__name__ for each, _ in SERVICES])
def test_a_malformed_policy_is_refused_when_it_is_put(
    cloud: Cloud, prepare: Prepared, code: str
) -> None:
    (service, operation, member, which), statement = prepare(cloud)
    for text in broken(statement):
        refused = cloud.refused(service, operation, **which, **{member: text})
        assert refused.startswith(code), (text, refused)
    cloud.call(service, operation, **which, **{member: document(statement)})


def test_a_queue_refuses_a_malformed_policy_new_or_changed(cloud: Cloud) -> None:
    url = cloud.call("sqs", "CreateQueue", QueueName="q")["QueueUrl"]
    statement = on(f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", "sqs:SendMessage")
    for text in broken(statement):
        refused = cloud.refused(
            "sqs", "SetQueueAttributes", QueueUrl=url, Attributes={"Policy": text}
        )
        assert "InvalidAttributeValue" in refused, (text, refused)
    refused = cloud.refused(
        "sqs", "CreateQueue", QueueName="other", Attributes={"Policy": document(IDENTITY)}
    )
    assert "no Principal" in refused or "out of scope" in refused
    sound = {"Policy": document(statement)}
    cloud.call("sqs", "SetQueueAttributes", QueueUrl=url, Attributes=sound)


def test_a_topic_refuses_a_malformed_policy_from_the_beginning(cloud: Cloud) -> None:
    refused = cloud.refused("sns", "CreateTopic", Name="t", Attributes={"Policy": "{"})
    assert "InvalidParameter" in refused


PERMISSION = {
    "StatementId": "s",
    "Action": "lambda:InvokeFunction",
    "Principal": "elasticloadbalancing.amazonaws.com",
}
UNFIT: tuple[tuple[dict[str, str], str], ...] = (
    ({"Principal": "loadbalancer"}, "principal was invalid"),
    ({"Principal": f"arn:aws:iam::{ACCOUNT}:role/nobody"}, "does not exist"),
    ({"Action": "s3:GetObject"}, "Action"),
    ({"SourceArn": "arn:aws-cn:s3:::records"}, "partition"),
)


@pytest.mark.parametrize(("change", "named"), UNFIT, ids=[each[1] for each in UNFIT])
def test_a_function_refuses_a_permission_that_says_nothing(
    cloud: Cloud, change: dict[str, str], named: str
) -> None:
    cloud.function("f", publish=False)
    unfit = PERMISSION | change
    assert named in cloud.refused("lambda", "AddPermission", FunctionName="f", **unfit)
    cloud.call("lambda", "AddPermission", FunctionName="f", **PERMISSION)


def test_a_statement_is_about_what_its_policy_is_put_on(cloud: Cloud) -> None:
    (service, operation, member, which), statement = bucket(cloud)
    elsewhere = document(statement | {"Resource": "arn:aws:s3:::other/*"})
    assert "invalid resource" in cloud.refused(service, operation, **which, **{member: elsewhere})
