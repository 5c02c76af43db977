"""The contract between an Application Load Balancer and a Lambda function.

Events and replies are described in
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html.
With multi-value headers switched on for the target group, both carry
`multiValueHeaders` instead of `headers`; a reply has to be in the event's own form.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64
from json import dumps

from inference.serving.problems import malformed, too_large

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_BODY_BYTES = 1_000_000  # the load balancer itself stops at 1 MB
MAX_REQUEST_ID = 128
REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Request:
    """What the handler needs of an event.

    Attributes:
        method, path: as in the event.
        headers: lower-case name -> last value.
        request_id: the caller's `x-request-id` if it is a plain token, else Lambda's own.
        multi_value: the event carries multi-value headers, so the reply must.
        rows: how many rows were predicted for it; 0 until they are.
    """

    __slots__ = (
        "_body",
        "_is_base64",
        "headers",
        "method",
        "multi_value",
        "path",
        "request_id",
        "rows",
    )

    def __init__(self, event: object, context: object) -> None:
        facts: dict[str, Any] = event if isinstance(event, dict) else {}
        self.multi_value = isinstance(facts.get("multiValueHeaders"), dict)
        self.headers = _headers(facts, multi_value=self.multi_value)
        self.request_id = _request_id(self.headers, context)
        self.rows = 0
        self.method: object = facts.get("httpMethod")
        self.path: object = facts.get("path")
        self._body: object = facts.get("body")
        self._is_base64: object = facts.get("isBase64Encoded", False)

    def check(self) -> None:
        """Refuse an event that is not one of a load balancer.

        Raises:
            ProblemError: 400, names the missing member.
        """
        for field, value in (("httpMethod", self.method), ("path", self.path)):
            if not isinstance(value, str):
                raise malformed(
                    "The event is not one of an Application Load Balancer",
                    field=field,
                    expected="text, as a load balancer sends it",
                )

    def body(self) -> bytes:
        """The body's bytes, decoded from base64 where the event says so.

        Raises:
            ProblemError: 400 if it cannot be decoded, 413 if it is too large.
        """
        if self._body is None:
            return b""
        if not isinstance(self._body, str):
            raise malformed("The event's body is not text", expected="text or null")
        data = self._body.encode("utf-8", "surrogatepass")
        if self._is_base64:
            try:
                data = a2b_base64(data, strict_mode=True)
            except Base64Error as error:
                detail = f"The body is marked as base64 and is not: {error}"
                raise malformed(detail, expected="base64") from error
        if len(data) > MAX_BODY_BYTES:
            raise too_large(
                f"The body has {len(data)} bytes; send the rows in several requests",
                field="body",
                expected=f"at most {MAX_BODY_BYTES} bytes",
            )
        return data


def _headers(event: dict[str, Any], *, multi_value: bool) -> dict[str, str]:
    """Lower-case name -> value; the last one where there are several."""
    raw = event.get("multiValueHeaders" if multi_value else "headers")
    if not isinstance(raw, dict):
        return {}
    headers: dict[str, str] = {}
    for name, value in raw.items():
        last = value[-1] if isinstance(value, list) and value else value
        if isinstance(last, str):
            headers[str(name).lower()] = last
    return headers


def _request_id(headers: dict[str, str], context: object) -> str:
    """Echo nothing that could not stand in a header or in a log line."""
    given = headers.get("x-request-id", "")
    plain = given.isascii() and given.isprintable() and " " not in given
    if given and plain and len(given) <= MAX_REQUEST_ID:
        return given
    return str(getattr(context, "aws_request_id", None) or "none")


def compact(value: object) -> str:
    """JSON without spaces, ASCII only; never NaN or Infinity."""
    return dumps(value, separators=(",", ":"), allow_nan=False)


class Reply:
    """A status, a JSON body and headers, to be put into the event's form."""

    __slots__ = ("body", "content_type", "headers", "status")

    def __init__(
        self,
        status: int,
        body: object,
        *,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        self.status = status
        self.body = compact(body)
        self.content_type = content_type
        self.headers = headers or {}

    def to_event(self, common: dict[str, str], *, multi_value: bool) -> dict[str, Any]:
        """The reply as the load balancer wants it, with the headers all replies share."""
        headers = {"content-type": self.content_type, **common, **self.headers}
        event: dict[str, Any] = {
            "statusCode": self.status,
            "statusDescription": f"{self.status} {REASONS[self.status]}",
            "isBase64Encoded": False,
            "body": self.body,
        }
        if multi_value:
            event["multiValueHeaders"] = {name: [value] for name, value in headers.items()}
        else:
            event["headers"] = headers
        return event
