"""A Lambda function as a load balancer's target: the event, the call, the response.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import json
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from emulator.dataplane import alb_client_certificates
from emulator.dataplane.alb_messages import Request, Response, phrase_of
from emulator.dataplane.alb_rules import query_pairs
from emulator.dataplane.lambda_invocation import parse_target

if TYPE_CHECKING:
    from emulator.dataplane.lambda_service import LambdaService
    from emulator.store import Function, Store, TargetGroup

BODY_LIMIT_BYTES: Final = 1024 * 1024
"""Of the request's body and of the response's JSON, each."""

HEALTH_CHECK_USER_AGENT: Final = "ELB-HealthChecker/2.0"
ELB_PRINCIPAL: Final = "elasticloadbalancing.amazonaws.com"

TEXT_TYPES: Final = ("application/json", "application/javascript", "application/xml")
"""Besides `text/*`: bodies of these types are passed on as text, all others in base64."""

DEFAULT_CONTENT_TYPE: Final = "application/octet-stream"

TRACE_HEADER: Final = "x-amzn-trace-id"

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_LOWEST_STATUS, _HIGHEST_STATUS = 200, 599


class TargetError(Exception):
    """The target gave no usable response; the client gets `status`.

    AWS documents 502 for a function that fails, times out, is throttled or answers more than
    1 MB. For a missing permission or function it documents nothing; 502 as well (unverified).
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-502-issues
    """

    def __init__(self, reason: str, detail: str = "", *, status: int = 502) -> None:
        self.reason = reason
        self.detail = detail
        self.status = status
        super().__init__(f"{reason}: {detail}" if detail else reason)


async def call(
    store: Store,
    functions: LambdaService,
    group: TargetGroup,
    target: str,
    event: dict[str, Any],
    *,
    trace_id: str = "",
) -> Response:
    """Invoke a target with an event and translate what it returns.

    Raises:
        TargetError: there is no usable response; `reason` is worded as in ALB access logs.
    """
    wanted = parse_target(target, None, group.region)
    function = store.function(wanted.region, wanted.name)
    if function is None:
        raise TargetError("LambdaResourceNotFound", target)
    if not permitted(function, target, group.arn):
        raise TargetError("LambdaAccessDenied", f"{group.arn} may not invoke {target}")
    result = await functions.invoke(
        target, None, json.dumps(event).encode(), region=group.region, trace_id=trace_id
    )
    if result.function_failed:
        raise TargetError("LambdaUnhandled", result.payload.decode("utf-8", "replace"))
    if not result.succeeded:
        throttled = result.error == "TooManyRequestsException"
        raise TargetError("LambdaThrottling" if throttled else f"Lambda{result.error}")
    return translate(result.payload, multi_value=group.multi_value_headers)


def permitted(function: Function, target: str, target_group_arn: str) -> bool:
    """Whether the function's policy lets load balancers invoke `target` for this target group.

    A statement for the function does not cover its aliases and versions, nor the other way round.
    """
    account = target_group_arn.split(":")[4]
    statements = [
        permission
        for permission in function.permissions
        if permission.resource == target
        and ELB_PRINCIPAL in permission.services
        and any(fnmatch.fnmatchcase("lambda:InvokeFunction", each) for each in permission.actions)
        and fnmatch.fnmatchcase(target_group_arn, permission.source_arn or "*")
        and permission.source_account in (None, account)
    ]
    effects = {permission.effect for permission in statements}
    return "Allow" in effects and "Deny" not in effects


def trace_id_for(request: Request) -> str:
    """The X-Amzn-Trace-Id that the load balancer sends on.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
    """
    fresh = f"1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"
    given = request.header(TRACE_HEADER)
    if not given:
        return f"Root={fresh}"
    fields = [field for field in given.split(";") if not field.strip().startswith("Self=")]
    return ";".join([f"Self={fresh}", *fields])


def request_event(group: TargetGroup, request: Request, trace_id: str) -> dict[str, Any]:
    """The event for a client's request."""
    body, encoded = _event_body(request)
    headers = _event_headers(request, trace_id)
    pairs = query_pairs(request.query)
    event: dict[str, Any] = {
        "requestContext": {"elb": {"targetGroupArn": group.arn}},
        "httpMethod": request.method,
        "path": request.path,
    }
    if group.multi_value_headers:
        event["multiValueQueryStringParameters"] = _collected(pairs)
        event["multiValueHeaders"] = _collected(headers)
    else:
        event["queryStringParameters"] = dict(pairs)
        event["headers"] = dict(headers)
    event["body"] = body
    event["isBase64Encoded"] = encoded
    return event


def health_check_event(group: TargetGroup) -> dict[str, Any]:
    """The event of a target group's health check."""
    request = Request(
        method="GET",
        target=group.health_check.path,
        headers=(("user-agent", HEALTH_CHECK_USER_AGENT),),
        body=b"",
        client_ip="",
        scheme="",
        port=0,
    )
    event = request_event(group, request, "")
    if group.multi_value_headers:
        event["multiValueHeaders"] = {"user-agent": [HEALTH_CHECK_USER_AGENT]}
    else:
        event["headers"] = {"user-agent": HEALTH_CHECK_USER_AGENT}
    return event


def translate(payload: bytes, *, multi_value: bool) -> Response:
    """The response that a function returned.

    Raises:
        TargetError: it is no response in AWS's format, or is too large.
    """
    if len(payload) > BODY_LIMIT_BYTES:
        raise TargetError("LambdaResponseTooLarge", f"{len(payload)} bytes")
    answer = json.loads(payload)
    if not isinstance(answer, dict):
        raise TargetError("LambdaInvalidResponse", "the response is no JSON object")
    status = answer.get("statusCode")
    if type(status) is not int or not _LOWEST_STATUS <= status <= _HIGHEST_STATUS:
        raise TargetError("LambdaInvalidResponse", f"statusCode is {status!r}, not 200 to 599")
    description = str(answer.get("statusDescription") or "").partition(" ")[2]
    headers = _response_headers(answer, multi_value=multi_value)
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", DEFAULT_CONTENT_TYPE))
    return Response(
        status=status,
        phrase=description or phrase_of(status),
        headers=tuple(headers),
        body=_response_body(answer),
    )


def _event_headers(request: Request, trace_id: str) -> list[tuple[str, str]]:
    """The client's headers and those that every load balancer adds, ordered by name."""
    added = {
        "x-forwarded-for": ", ".join(
            [*request.header_values("x-forwarded-for"), request.client_ip]
        ),
        "x-forwarded-port": str(request.port),
        "x-forwarded-proto": request.scheme,
        TRACE_HEADER: trace_id,
    }
    if request.client_certificate:
        added |= dict(alb_client_certificates.headers(request.client_certificate))
    own = [
        (name, value)
        for name, value in request.headers
        if name not in added and name != "transfer-encoding"
    ]
    return sorted([*own, *added.items()], key=lambda pair: pair[0])


def _event_body(request: Request) -> tuple[str, bool]:
    if not request.body:
        return "", False
    content_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
    text = content_type.startswith("text/") or content_type in TEXT_TYPES
    if text and not request.header("content-encoding"):
        return request.body.decode("utf-8", "replace"), False
    return base64.b64encode(request.body).decode(), True


def _response_headers(answer: dict[str, Any], *, multi_value: bool) -> list[tuple[str, str]]:
    """The function's headers, from the one field that the target group's setting names."""
    field = "multiValueHeaders" if multi_value else "headers"
    found = answer.get(field)
    if found is None:
        return []
    if not isinstance(found, dict):
        raise TargetError("LambdaInvalidResponse", f"{field} is no JSON object")
    headers: list[tuple[str, str]] = []
    for name, value in found.items():
        values = value if multi_value and isinstance(value, list) else [value]
        for each in values:
            if not isinstance(each, str) or "\n" in each or "\r" in each:
                raise TargetError("LambdaInvalidResponse", f"header {name!r} is {each!r}, no text")
            if name.lower() not in _HOP_BY_HOP:
                headers.append((str(name), each))
    return headers


def _response_body(answer: dict[str, Any]) -> bytes:
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise TargetError("LambdaInvalidResponse", f"body is a {type(body).__name__}, no text")
    if not answer.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise TargetError("LambdaInvalidResponse", f"body is no base64: {error}") from error


def _collected(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    collected: dict[str, list[str]] = {}
    for name, value in pairs:
        collected.setdefault(name, []).append(value)
    return collected
