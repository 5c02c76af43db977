"""The event a Lambda target gets and the responses it may give, as AWS documents them."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from emulator.dataplane.alb_lambda import (
    TargetError,
    health_check_event,
    permitted,
    request_event,
    trace_id_for,
    translate,
)
from emulator.dataplane.alb_messages import Request, Response
from emulator.dataplane.alb_rules import matching_rule, redirect
from emulator.store.balancing import TargetGroup, TargetGroupHealthCheck
from emulator.store.functions import Function, Permission
from emulator.store.listeners import Condition, FixedResponse, Listener, Redirect, Rule

GROUP = TargetGroup(
    arn="arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-target-group/6d0ecf831eec9f09",
    name="my-target-group",
    region="us-east-2",
    target_type="lambda",
    targets=(),
    multi_value_headers=False,
    health_check=TargetGroupHealthCheck(
        enabled=True,
        path="/",
        interval_s=35,
        timeout_s=30,
        healthy_threshold=5,
        unhealthy_threshold=2,
        matcher="200",
    ),
)
MULTI = replace(GROUP, multi_value_headers=True)
REQUEST = Request(
    method="GET",
    target="/",
    headers=(
        ("host", "lambda-846800462-us-east-2.elb.amazonaws.com"),
        ("accept", "text/html,application/xhtml+xml"),
        ("accept-language", "en-US,en;q=0.8"),
        ("content-type", "text/plain"),
        ("cookie", "cookies"),
        ("user-agent", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_6)"),
    ),
    body=b"request_body",
    client_ip="72.21.198.66",
    scheme="https",
    port=443,
)
TRACE = "Root=1-5bdb40ca-556d8b0c50dc66f0511bf520"


def test_the_event_is_the_documented_one_field_by_field() -> None:
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    documented = {
        "requestContext": {"elb": {"targetGroupArn": GROUP.arn}},
        "httpMethod": "GET",
        "path": "/",
        "queryStringParameters": {},
        "headers": {
            "accept": "text/html,application/xhtml+xml",
            "accept-language": "en-US,en;q=0.8",
            "content-type": "text/plain",
            "cookie": "cookies",
            "host": "lambda-846800462-us-east-2.elb.amazonaws.com",
            "user-agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_6)",
            "x-amzn-trace-id": "Root=1-5bdb40ca-556d8b0c50dc66f0511bf520",
            "x-forwarded-for": "72.21.198.66",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "isBase64Encoded": False,
        "body": "request_body",
    }
    assert request_event(GROUP, REQUEST, TRACE) == documented


def test_the_health_check_event_is_the_documented_one() -> None:
    documented = {
        "requestContext": {"elb": {"targetGroupArn": GROUP.arn}},
        "httpMethod": "GET",
        "path": "/",
        "queryStringParameters": {},
        "headers": {"user-agent": "ELB-HealthChecker/2.0"},
        "body": "",
        "isBase64Encoded": False,
    }
    assert health_check_event(GROUP) == documented


def test_of_repeated_values_the_default_format_keeps_the_last_and_multi_value_all() -> None:
    request = replace(
        REQUEST,
        target="/?&myKey=val1&myKey=val2",
        headers=(("cookie", "name1=value1"), ("cookie", "name2=value2")),
    )
    single = request_event(GROUP, request, TRACE)
    assert single["queryStringParameters"] == {"myKey": "val2"}
    assert single["headers"]["cookie"] == "name2=value2"
    multi = request_event(MULTI, request, TRACE)
    assert multi["multiValueQueryStringParameters"] == {"myKey": ["val1", "val2"]}
    assert multi["multiValueHeaders"]["cookie"] == ["name1=value1", "name2=value2"]
    assert multi["multiValueHeaders"]["x-forwarded-for"] == ["72.21.198.66"]
    assert not {"headers", "queryStringParameters"} & set(multi)


def test_path_and_query_are_passed_undecoded() -> None:
    request = replace(REQUEST, target="/a%20b/%C3%A9?q=a%20b&flag&empty=")
    event = request_event(GROUP, request, TRACE)
    assert event["path"] == "/a%20b/%C3%A9"
    assert event["queryStringParameters"] == {"q": "a%20b", "flag": "", "empty": ""}


@pytest.mark.parametrize(
    ("content_type", "encoding", "encoded"),
    [
        ("text/plain", None, False),
        ("text/html; charset=utf-8", None, False),
        ("application/json", None, False),
        ("application/javascript", None, False),
        ("application/xml", None, False),
        ("application/json", "gzip", True),
        ("application/octet-stream", None, True),
        ("application/x-www-form-urlencoded", None, True),
        ("image/png", None, True),
        (None, None, True),
    ],
)
def test_bodies_that_are_no_text_come_in_base64(
    content_type: str | None,
    encoding: str | None,
    encoded: bool,  # noqa: FBT001  # a row of the table
) -> None:
    given = (("content-type", content_type), ("content-encoding", encoding))
    request = replace(REQUEST, headers=tuple((name, value) for name, value in given if value))
    event = request_event(GROUP, request, TRACE)
    assert event["isBase64Encoded"] is encoded
    expected = base64.b64encode(b"request_body").decode() if encoded else "request_body"
    assert event["body"] == expected


def test_an_empty_body_is_empty_text() -> None:
    event = request_event(GROUP, replace(REQUEST, body=b"", headers=()), TRACE)
    assert (event["body"], event["isBase64Encoded"]) == ("", False)


def test_forwarding_headers_are_appended_to_or_replaced() -> None:
    given = (("x-forwarded-for", "10.0.0.1"), ("x-forwarded-proto", "ftp"))
    headers = request_event(GROUP, replace(REQUEST, headers=given), TRACE)["headers"]
    assert headers["x-forwarded-for"] == "10.0.0.1, 72.21.198.66"
    assert headers["x-forwarded-proto"] == "https", "a client cannot claim another protocol"


def test_a_trace_id_is_made_or_carried_on() -> None:
    fresh = trace_id_for(REQUEST)
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", fresh)
    given = (("x-amzn-trace-id", "Self=1-67891234-12456789abcdef012345678;Root=1-a-b;X=y"),)
    carried = trace_id_for(replace(REQUEST, headers=given))
    assert re.fullmatch(r"Self=1-[0-9a-f]{8}-[0-9a-f]{24};Root=1-a-b;X=y", carried)


def response(**answer: Any) -> Response:
    return translate(json.dumps(answer).encode(), multi_value=False)


def test_a_documented_response_is_sent_as_it_says() -> None:
    made = response(
        isBase64Encoded=False,
        statusCode=200,
        statusDescription="200 Fine",
        headers={"Set-cookie": "cookies", "Content-Type": "application/json"},
        body="Hello from Lambda (optional)",
    )
    assert made == Response(
        status=200,
        phrase="Fine",
        headers=(("Set-cookie", "cookies"), ("Content-Type", "application/json")),
        body=b"Hello from Lambda (optional)",
    )


def test_a_response_may_be_a_bare_status() -> None:
    made = response(statusCode=204)
    assert (made.status, made.phrase, made.body) == (204, "No Content", b"")


def test_a_base64_body_is_decoded() -> None:
    body = base64.b64encode(b"\x00\xff").decode()
    assert response(statusCode=200, body=body, isBase64Encoded=True).body == b"\x00\xff"


def test_hop_by_hop_headers_are_not_honoured() -> None:
    headers = {"Connection": "close", "Transfer-Encoding": "chunked", "Content-Length": "7"}
    names = {name for name, _ in response(statusCode=200, headers=headers).headers}
    assert names == {"Content-Type"}


def test_multi_value_responses_repeat_the_header() -> None:
    answer = {
        "statusCode": 200,
        "multiValueHeaders": {"Set-cookie": ["a=1", "b=2"], "Content-Type": ["text/plain"]},
        "headers": {"Ignored": "yes"},
    }
    made = translate(json.dumps(answer).encode(), multi_value=True)
    assert made.headers == (
        ("Set-cookie", "a=1"),
        ("Set-cookie", "b=2"),
        ("Content-Type", "text/plain"),
    )


@pytest.mark.parametrize(
    "payload",
    [
        b"null",
        b'"text"',
        b"[]",
        b"{}",
        b'{"statusCode": "200"}',
        b'{"statusCode": 99}',
        b'{"statusCode": 600}',
        b'{"statusCode": null}',
        b'{"statusCode": true}',
        b'{"statusCode": 200, "body": {"a": 1}}',
        b'{"statusCode": 200, "headers": []}',
        b'{"statusCode": 200, "headers": {"x": true}}',
        b'{"statusCode": 200, "headers": {"x": "a\\r\\nb: c"}}',
        b'{"statusCode": 200, "body": "%%%", "isBase64Encoded": true}',
    ],
)
def test_a_malformed_response_is_a_bad_gateway(payload: bytes) -> None:
    with pytest.raises(TargetError) as caught:
        translate(payload, multi_value=False)
    assert (caught.value.status, caught.value.reason) == (502, "LambdaInvalidResponse")


def test_a_response_over_one_megabyte_is_a_bad_gateway() -> None:
    frame = len(json.dumps({"statusCode": 200, "body": ""}))
    assert response(statusCode=200, body="x" * (1024 * 1024 - frame)).status == 200
    with pytest.raises(TargetError, match="LambdaResponseTooLarge") as caught:
        response(statusCode=200, body="x" * (1024 * 1024 - frame + 1))
    assert caught.value.status == 502


FUNCTION_ARN = "arn:aws:lambda:us-east-2:123456789012:function:fn"
ALLOWED = Permission(
    effect="Allow",
    services=("elasticloadbalancing.amazonaws.com",),
    actions=("lambda:InvokeFunction",),
    resource=f"{FUNCTION_ARN}:live",
    source_arn=GROUP.arn,
    source_account=None,
)


@pytest.mark.parametrize(
    ("statement", "target", "allowed"),
    [
        (ALLOWED, f"{FUNCTION_ARN}:live", True),
        (ALLOWED, FUNCTION_ARN, False),
        (ALLOWED, f"{FUNCTION_ARN}:1", False),
        (replace(ALLOWED, resource=FUNCTION_ARN), f"{FUNCTION_ARN}:live", False),
        (replace(ALLOWED, source_arn=None), f"{FUNCTION_ARN}:live", True),
        (replace(ALLOWED, source_arn=f"{GROUP.arn}0"), f"{FUNCTION_ARN}:live", False),
        (replace(ALLOWED, source_account="1"), f"{FUNCTION_ARN}:live", False),
        (replace(ALLOWED, services=("s3.amazonaws.com",)), f"{FUNCTION_ARN}:live", False),
        (replace(ALLOWED, actions=("lambda:GetFunction",)), f"{FUNCTION_ARN}:live", False),
        (replace(ALLOWED, actions=("lambda:*",)), f"{FUNCTION_ARN}:live", True),
        (replace(ALLOWED, effect="Deny"), f"{FUNCTION_ARN}:live", False),
    ],
)
def test_a_target_needs_a_statement_for_exactly_itself(
    statement: Permission,
    target: str,
    allowed: bool,  # noqa: FBT001  # a row of the table
) -> None:
    function = Function(
        arn=FUNCTION_ARN,
        name="fn",
        region="us-east-2",
        reserved_concurrency=None,
        versions=(),
        aliases=(),
        permissions=(statement,),
    )
    assert permitted(function, target, GROUP.arn) is allowed


def condition(field: str, *values: str, **more: Any) -> Condition:
    return Condition(field=field, values=values, **more)


@pytest.mark.parametrize(
    ("met", "target", "headers"),
    [
        (condition("path-pattern", "/evacuation/*"), "/evacuation/us-east-1?x=/", {}),
        (condition("path-pattern", "/a?c"), "/abc", {}),
        (condition("host-header", "*.Example.com"), "/", {"host": "www.example.com:8443"}),
        (condition("http-header", "*chrome*", header="User-Agent"), "/", {"user-agent": "Chrome"}),
        (condition("http-request-method", "GET", "PUT"), "/", {}),
        (condition("source-ip", "72.21.0.0/16"), "/", {}),
        (Condition(field="query-string", query=(("a", "b*"), ("", "z"))), "/?a=bcd", {}),
        (Condition(field="query-string", query=(("", "z"),)), "/?k=z", {}),
    ],
)
def test_a_rule_is_met_by_its_conditions_only(
    met: Condition, target: str, headers: dict[str, str]
) -> None:
    request = replace(REQUEST, target=target, headers=tuple(headers.items()))
    other = replace(REQUEST, target="/other", headers=(), method="POST", client_ip="10.0.0.1")
    answer = FixedResponse(status=200, content_type="text/plain", body="")
    rules = (
        Rule(arn="one", priority=1, conditions=(met,), action=answer),
        Rule(arn="default", priority=None, conditions=(), action=answer),
    )
    listener = Listener(arn="l", port=443, protocol="HTTPS", certificate_arns=(), rules=rules)
    chosen, fallen = matching_rule(listener, request), matching_rule(listener, other)
    assert chosen is not None
    assert chosen.arn == "one"
    assert fallen is not None
    assert fallen.arn == "default"


def test_path_patterns_heed_case_and_anchors() -> None:
    pattern = condition("path-pattern", "/img/*")
    answer = FixedResponse(status=200, content_type="text/plain", body="")
    rule = Rule(arn="r", priority=1, conditions=(pattern,), action=answer)
    listener = Listener(arn="l", port=80, protocol="HTTP", certificate_arns=(), rules=(rule,))
    for path in ("/IMG/a", "/x/img/a", "/img"):
        assert matching_rule(listener, replace(REQUEST, target=path)) is None, path


def test_a_redirect_fills_its_placeholders() -> None:
    action = Redirect(
        status=301,
        protocol="HTTPS",
        host="#{host}",
        port="443",
        path="/new/#{path}",
        query="#{query}",
    )
    request = replace(
        REQUEST, target="/a/b?c=d", scheme="http", port=80, headers=(("host", "x.example.com"),)
    )
    made = redirect(action, request)
    assert made.status == 301
    assert dict(made.headers)["Location"] == "https://x.example.com:443/new/a/b?c=d"
