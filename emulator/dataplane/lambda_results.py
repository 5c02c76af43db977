"""What an invocation answers: Lambda's own statuses and error shapes.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

PAYLOAD_LIMIT_BYTES: Final = 6 * 1024 * 1024
"""Synchronous request and response payload.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

ASYNC_PAYLOAD_LIMIT_BYTES: Final = 1024 * 1024
"""Asynchronous request payload, same source (256 KB until October 2025)."""

UNHANDLED: Final = "Unhandled"

OK: Final = 200
ACCEPTED: Final = 202
NO_CONTENT: Final = 204
BAD_REQUEST: Final = 400
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
TOO_LARGE: Final = 413
TOO_MANY: Final = 429
SERVICE_ERROR: Final = 500
BAD_GATEWAY: Final = 502


@dataclass(frozen=True, kw_only=True)
class InvokeResult:
    """The answer to one invocation.

    `error` is None for success; `Unhandled` when the function failed (status 200, the payload
    describes it); otherwise the name of the Lambda API error that refused the invocation.
    """

    status: int
    payload: bytes
    error: str | None = None
    log_tail: str = ""
    executed_version: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the function ran and returned."""
        return self.error is None

    @property
    def function_failed(self) -> bool:
        """Whether the function ran and failed."""
        return self.error == UNHANDLED


def refused(status: int, code: str, message: str, *, reason: str | None = None) -> InvokeResult:
    """Lambda refused the invocation: the function did not run."""
    body = {"Type": "User" if status < SERVICE_ERROR else "Service", "Message": message}
    if reason:
        body["Reason"] = reason
    return InvokeResult(status=status, payload=json.dumps(body).encode(), error=code)


def function_error(kind: str, message: str) -> bytes:
    """The payload of a failure that the function's own process could not report."""
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def check_request(payload: bytes, *, limit_bytes: int, kind: str) -> InvokeResult | None:
    """The refusal of a request payload that is too large or no JSON; None when it is fine."""
    if len(payload) > limit_bytes:
        message = (
            f"{len(payload)} byte payload is too large for the {kind} invocation type"
            f" (limit {limit_bytes} bytes)"
        )
        return refused(TOO_LARGE, "RequestTooLargeException", message)
    try:
        json.loads(payload)
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        return refused(BAD_REQUEST, "InvalidRequestContentException", message)
    return None


def throttled(reason: str) -> InvokeResult:
    """No environment may be used: the function's concurrency is used up."""
    return refused(TOO_MANY, "TooManyRequestsException", "Rate Exceeded.", reason=reason)


def unavailable(message: str) -> InvokeResult:
    """Lambda itself is not there: the function or its Region is lost."""
    return refused(SERVICE_ERROR, "ServiceException", message)
