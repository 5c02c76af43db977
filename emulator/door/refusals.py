"""Refusals in the shape of each AWS protocol, so that every SDK raises its own error."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import uuid4
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.door.request import ApiRequest

_JSON: Final = "application/x-amz-json-1.1"
_FORBIDDEN: Final = 403
_BAD_REQUEST: Final = 400


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer, whole."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class NoAnswerError(ConnectionError):
    """The connection is to be closed without an answer: what was asked for is lost."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An error code and its sentence; for S3 also the bucket's Region, which SDKs then turn to."""

    code: str
    message: str
    status: int = _FORBIDDEN
    bucket_region: str | None = None


def access_denied(caller: str, reason: str) -> Refusal:
    """The refusal of a call that the caller's policies do not allow."""
    return Refusal(code="AccessDenied", message=f"User: {caller} is not authorized: {reason}")


def render(refusal: Refusal, request: ApiRequest) -> Answer:
    """Spell a refusal in the protocol of the call."""
    text = escape(refusal.message)
    if request.protocol in ("json", "cbor", "rest-json"):
        return _as_json(refusal, request)
    headers = {"Content-Type": "text/xml"}
    if request.protocol == "s3":
        region = ""
        if refusal.bucket_region:
            headers["x-amz-bucket-region"] = refusal.bucket_region
            region = f"<Region>{refusal.bucket_region}</Region>"
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f"<Error><Code>{refusal.code}</Code><Message>{text}</Message>"
            f"{region}<RequestId>{uuid4()}</RequestId></Error>"
        )
    elif request.protocol == "ec2":
        code = "UnauthorizedOperation" if refusal.code == "AccessDenied" else refusal.code
        body = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error>"
            f"</Errors><RequestID>{uuid4()}</RequestID></Response>"
        )
    else:
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{refusal.code}</Code>"
            f"<Message>{text}</Message></Error><RequestId>{uuid4()}</RequestId></ErrorResponse>"
        )
    # A HEAD's answer has no body, so that SDKs see the status alone, as with AWS.
    sent = b"" if request.method == "HEAD" else body.encode()
    return _answer(refusal.status, sent, headers)


def _as_json(refusal: Refusal, request: ApiRequest) -> Answer:
    code = "AccessDeniedException" if refusal.code == "AccessDenied" else refusal.code
    rest = request.protocol == "rest-json"
    status = refusal.status if rest or refusal.status > _FORBIDDEN else _BAD_REQUEST
    body = json.dumps({"__type": code, "message": refusal.message}).encode()
    return _answer(status, body, {"Content-Type": _JSON, "x-amzn-ErrorType": code})


def _answer(status: int, body: bytes, headers: Mapping[str, str]) -> Answer:
    every = {**headers, "Content-Length": str(len(body)), "x-amzn-RequestId": str(uuid4())}
    return Answer(status=status, headers=tuple(every.items()), body=body)
