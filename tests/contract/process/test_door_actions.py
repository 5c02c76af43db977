"""Which permissions a call needs, read from the call alone."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest
from moto.moto_api._internal.models import moto_api_backend

from emulator.door import actions, s3_actions
from emulator.door.request import ApiRequest
from emulator.tables import groups

ACCOUNT = "123456789012"


def request(
    service: str,
    method: str,
    path: str,
    *,
    query: str = "",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> ApiRequest:
    return ApiRequest(
        method=method,
        path=unquote(path),
        raw_path=path,
        query_string=query,
        headers=headers or {},
        body=body,
        access_key="AKIA",
        region="us-west-2",
        service=service,
    )


S3 = [
    ("GET", "/", "", ["s3:ListAllMyBuckets *"]),
    ("GET", "/b", "list-type=2&prefix=a/", ["s3:ListBucket arn:aws:s3:::b"]),
    ("HEAD", "/b", "", ["s3:ListBucket arn:aws:s3:::b"]),
    ("GET", "/b", "versions", ["s3:ListBucketVersions arn:aws:s3:::b"]),
    ("PUT", "/b", "", ["s3:CreateBucket arn:aws:s3:::b"]),
    ("DELETE", "/b", "", ["s3:DeleteBucket arn:aws:s3:::b"]),
    ("GET", "/b", "versioning", ["s3:GetBucketVersioning arn:aws:s3:::b"]),
    ("PUT", "/b", "replication", ["s3:PutReplicationConfiguration arn:aws:s3:::b"]),
    ("GET", "/b/k/x", "", ["s3:GetObject arn:aws:s3:::b/k/x"]),
    ("GET", "/b/k", "versionId=1", ["s3:GetObjectVersion arn:aws:s3:::b/k"]),
    ("PUT", "/b/k", "", ["s3:PutObject arn:aws:s3:::b/k"]),
    ("PUT", "/b/k", "uploadId=1&partNumber=1", ["s3:PutObject arn:aws:s3:::b/k"]),
    ("GET", "/b/k", "uploadId=1", ["s3:ListMultipartUploadParts arn:aws:s3:::b/k"]),
    ("DELETE", "/b/k", "uploadId=1", ["s3:AbortMultipartUpload arn:aws:s3:::b/k"]),
    ("DELETE", "/b/k", "", ["s3:DeleteObject arn:aws:s3:::b/k"]),
    ("DELETE", "/b/k", "tagging", ["s3:DeleteObjectTagging arn:aws:s3:::b/k"]),
    ("GET", "/b/k", "tagging&versionId=1", ["s3:GetObjectVersionTagging arn:aws:s3:::b/k"]),
]


@pytest.mark.parametrize(("method", "path", "query", "expected"), S3, ids=[str(c[:3]) for c in S3])
def test_s3_calls(method: str, path: str, query: str, expected: list[str]) -> None:
    needs = s3_actions.needs(request("s3", method, path, query=query))
    assert [f"{need.action} {need.resource}" for need in needs] == expected, "as S3 documents"


def test_a_tagged_copy_needs_all_three_permissions() -> None:
    headers = {"x-amz-copy-source": "/from/a%20b", "x-amz-tagging": "x=y"}
    needs = s3_actions.needs(request("s3", "PUT", "/to/k", headers=headers))
    assert [f"{need.action} {need.resource}" for need in needs] == [
        "s3:PutObject arn:aws:s3:::to/k",
        "s3:GetObject arn:aws:s3:::from/a b",
        "s3:PutObjectTagging arn:aws:s3:::to/k",
    ], "a copy reads its source and tags what it writes"


LOCKED = [
    ("PUT", "/b/k", "retention&versionId=1", {}, ["s3:PutObjectRetention"]),
    ("GET", "/b/k", "legal-hold&versionId=1", {}, ["s3:GetObjectLegalHold"]),
    (
        "PUT",
        "/b/k",
        "",
        {"x-amz-object-lock-mode": "COMPLIANCE"},
        ["s3:PutObject", "s3:PutObjectRetention"],
    ),
    (
        "DELETE",
        "/b/k",
        "versionId=1",
        {"x-amz-bypass-governance-retention": "true"},
        ["s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"],
    ),
]


@pytest.mark.parametrize(("method", "path", "query", "headers", "expected"), LOCKED)
def test_calls_on_what_is_locked(
    method: str, path: str, query: str, headers: dict[str, str], expected: list[str]
) -> None:
    needs = s3_actions.needs(request("s3", method, path, query=query, headers=headers))
    assert [need.action for need in needs] == expected, "as S3 documents"
    assert {need.resource for need in needs} == {"arn:aws:s3:::b/k"}


def test_an_experiment_needs_leave_for_its_template_and_for_itself() -> None:
    start = request("fis", "POST", "/experiments", body=b'{"experimentTemplateId":"EXT1"}')
    assert [(need.action, need.resource) for need in actions.needs(start, ACCOUNT)] == [
        ("fis:StartExperiment", ARN.format("fis", "experiment-template/EXT1")),
        ("fis:StartExperiment", ARN.format("fis", "experiment/*")),
    ]


def test_a_multi_delete_needs_each_key() -> None:
    body = b"<Delete><Object><Key>a</Key></Object><Object><Key>b&amp;c</Key></Object></Delete>"
    needs = s3_actions.needs(request("s3", "POST", "/b", query="delete", body=body))
    assert [need.resource for need in needs] == ["arn:aws:s3:::b/a", "arn:aws:s3:::b/b&c"], (
        "every key is asked for by itself"
    )


FORM = {"content-type": "application/x-www-form-urlencoded"}
ARN = "arn:aws:{}:us-west-2:123456789012:{}"
OTHERS = [
    (
        request(
            "ssm",
            "POST",
            "/",
            headers={"x-amz-target": "AmazonSSM.GetParameter"},
            body=b'{"Name":"/a/b"}',
        ),
        "ssm:GetParameter",
        ARN.format("ssm", "parameter/a/b"),
    ),
    (
        request(
            "logs",
            "POST",
            "/",
            headers={"x-amz-target": "Logs_20140328.PutLogEvents"},
            body=b'{"logGroupName":"/g","logStreamName":"s"}',
        ),
        "logs:PutLogEvents",
        ARN.format("logs", "log-group:/g:log-stream:s"),
    ),
    (
        request("fis", "DELETE", "/experiments/EXP1"),
        "fis:StopExperiment",
        ARN.format("fis", "experiment/EXP1"),
    ),
    (
        request("fis", "GET", "/experimentTemplates/EXT1"),
        "fis:GetExperimentTemplate",
        ARN.format("fis", "experiment-template/EXT1"),
    ),
    (
        request(
            "states",
            "POST",
            "/",
            headers={"x-amz-target": "AWSStepFunctions.StartExecution"},
            body=b'{"stateMachineArn":"arn:aws:states:us-west-2:1:stateMachine:m"}',
        ),
        "states:StartExecution",
        "arn:aws:states:us-west-2:1:stateMachine:m",
    ),
    (
        request("lambda", "POST", "/2015-03-31/functions/f/invocations"),
        "lambda:InvokeFunction",
        ARN.format("lambda", "function:f"),
    ),
    (
        request("lambda", "PUT", "/2017-10-31/functions/f/concurrency"),
        "lambda:PutFunctionConcurrency",
        ARN.format("lambda", "function:f"),
    ),
    (
        request(
            "arc-zonal-shift",
            "GET",
            "/managedresources/arn%3Aaws%3Aelasticloadbalancing%3Aus-west-2%3A123456789012%3A"
            "loadbalancer%2Fapp%2Flb%2F1",
        ),
        "arc-zonal-shift:GetManagedResource",
        ARN.format("elasticloadbalancing", "loadbalancer/app/lb/1"),
    ),
    (
        request("elasticloadbalancing", "POST", "/", headers=FORM, body=b"Action=DescribeTags"),
        "elasticloadbalancing:DescribeTags",
        None,
    ),
    (
        request(
            "monitoring",
            "POST",
            "/service/G/operation/PutMetricData",
            headers={"smithy-protocol": "rpc-v2-cbor"},
        ),
        "cloudwatch:PutMetricData",
        None,
    ),
    (
        request("route53", "GET", "/2013-04-01/healthcheck/abc/status"),
        "route53:GetHealthCheckStatus",
        None,
    ),
]


@pytest.mark.parametrize(("call", "action", "resource"), OTHERS, ids=[c[1] for c in OTHERS])
def test_other_calls(call: ApiRequest, action: str, resource: str | None) -> None:
    (need,) = actions.needs(call, ACCOUNT)
    assert (need.action, need.resource) == (action, resource), "named as IAM names it"


def test_everybody_may_ask_who_they_are() -> None:
    call = request("sts", "POST", "/", headers=FORM, body=b"Action=GetCallerIdentity")
    assert actions.needs(call, ACCOUNT) == [], "GetCallerIdentity needs no permission"


def leading_keys(operation: str, body: dict[str, object]) -> object:
    headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    call = request("dynamodb", "POST", "/", headers=headers, body=json.dumps(body).encode())
    (need,) = actions.needs(call, ACCOUNT)
    return need.context["dynamodb:LeadingKeys"]


def test_a_call_on_items_tells_their_partitions() -> None:
    table = {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}
    keys = [{"AttributeName": "pk", "KeyType": "HASH"}]
    moto_api_backend.reset()
    groups.backend_in("us-west-2").create_table(
        "agreed",
        schema=keys,
        attr=table["AttributeDefinitions"],
        throughput=None,
        indexes=None,
        global_indexes=None,
        streams=None,
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    one: dict[str, object] = {"TableName": "agreed", "Item": {"pk": {"S": "a"}, "n": {"N": "1"}}}
    asked: dict[str, object] = {
        "TableName": "agreed",
        "KeyConditionExpression": "#p = :p AND sk = :s",
        "ExpressionAttributeNames": {"#p": "pk"},
        "ExpressionAttributeValues": {":p": {"S": "b"}, ":s": {"S": "c"}},
    }
    many: dict[str, object] = {
        "RequestItems": {
            "agreed": [
                {"PutRequest": {"Item": {"pk": {"S": "d"}}}},
                {"DeleteRequest": {"Key": {"pk": {"S": "e"}}}},
            ]
        }
    }
    assert leading_keys("PutItem", one) == ("a",)
    assert leading_keys("Query", asked) == ("b",)
    assert leading_keys("BatchWriteItem", many) == ("d", "e")
    assert leading_keys("Scan", {"TableName": "agreed"}) == ()
