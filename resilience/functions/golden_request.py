"""A golden request, asked as any client asks it, and its answer judged by the release's own.

While another release is deployed Region by Region, answers may rightly differ: they are compared
only under the same release.
"""

from __future__ import annotations

import http.client
import json
import math
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resilience.functions.client_credential import Credential

# A lost Region's load balancers may accept a connection and never answer on it. A client that
# waits longer than this has gone elsewhere.
TIMEOUT_S: Final = 3.0

_PORT: Final = 443
_PATH: Final = "/v1/predict"
_OK: Final = 200
_TOLERANCE: Final = 1e-12  # as in the deep check: another machine's last place is no other model

Case = dict[str, Any]
"""A golden request and its response."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back. `problem` is empty for a right answer, or one of another release."""

    took_ms: float
    release: str = ""
    region: str = ""
    status: int = 0
    wrong: bool = False
    problem: str = ""


def golden_cases() -> list[Case]:
    """Return the release's golden requests, which are packed beside this file."""
    text = Path(__file__).with_name("golden.json").read_text(encoding="utf-8")
    found: list[Case] = json.loads(text)["golden"]
    return found


def connect(name: str, credential: Credential) -> http.client.HTTPSConnection:
    """Make a connection, which opens when it is first asked."""
    return http.client.HTTPSConnection(name, _PORT, timeout=TIMEOUT_S, context=credential.context)


def ask(
    connection: http.client.HTTPSConnection,
    case: Case,
    headers: Mapping[str, str],
    *,
    own_release: str,
    who: str,
    request_id: str = "",
) -> Answer:
    """Ask once.

    Args:
        connection: To the Region that is asked.
        case: What is asked, and the right answer.
        headers: What shows who asks.
        own_release: The release that the right answer is of.
        who: What request ids begin with, so that the other Region's log tells who asked.
        request_id: The whole id, where records are looked for by it afterwards.

    Raises:
        OSError: no answer.
        http.client.HTTPException: no answer in HTTP.
    """
    request_id = request_id or f"{who}-{uuid.uuid4()}"
    sent = {"content-type": "application/json", "x-request-id": request_id, **headers}
    began_s = time.perf_counter()
    connection.request("POST", _PATH, body=json.dumps(case["request"]), headers=sent)
    answer = connection.getresponse()
    body = answer.read()
    took_ms = round((time.perf_counter() - began_s) * 1000, 3)
    if answer.status != _OK:
        problem = f"status {answer.status} for request {request_id}"
        return Answer(took_ms=took_ms, status=answer.status, problem=problem)
    release = answer.headers.get("x-understudy-release", "")
    region = answer.headers.get("x-understudy-region", "")
    if release == own_release and not _same(case["response"], _parsed(body)):
        problem = f"wrong answer to request {request_id}"
        return Answer(
            took_ms=took_ms,
            release=release,
            region=region,
            status=_OK,
            wrong=True,
            problem=problem,
        )
    return Answer(took_ms=took_ms, release=release, region=region, status=_OK)


def _parsed(body: bytes) -> object:
    """The answer without its envelope's release, which is compared by its header."""
    try:
        found = json.loads(body)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    return {"predictions": found.get("predictions")}


def _same(expected: object, found: object) -> bool:
    """Equal in shape and words, numbers to within 1e-12."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(
            _same(expected[key], found[key]) for key in expected
        )
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(_same, expected, found))
    if isinstance(expected, float) and isinstance(found, float):
        return math.isclose(expected, found, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    return type(expected) is type(found) and expected == found
