"""Hands the calls of a botocore session to the door itself, without a network in between.

The engine lives in the process whose door it calls. A call through sockets changes threads four
times, all of which wait for one interpreter: that takes longer than the call.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
    should_preserve_original_header_name,
)

from emulator.door.refusals import NoAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.awsrequest import AWSPreparedRequest

    from emulator.door.refusals import Answer

_BODILESS: Final = (204, 304)
_HOP_BY_HOP: Final = ("expect", "transfer-encoding")


def sender(
    answer: Callable[[dict[str, Any]], Answer],
) -> Callable[..., AWSResponse]:
    """A handler of botocore's `before-send` event: what it returns is taken for the answer.

    Raises (the handler):
        ConnectionClosedError: What was asked for is lost, as over a network.
    """

    def send(request: AWSPreparedRequest, **_event: object) -> AWSResponse:
        try:
            answered = answer(environ(request))
        except NoAnswerError as error:
            raise ConnectionClosedError(endpoint_url=request.url, request=request) from error
        headers = dict(answered.headers)
        bodiless = request.method == "HEAD" or answered.status in _BODILESS
        body = b"" if bodiless else answered.body
        return AWSResponse(request.url, answered.status, headers, _Raw(body))

    return send


class _Raw(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_kind: object) -> Iterator[bytes]:
        yield self.read()


def environ(request: AWSPreparedRequest) -> dict[str, Any]:
    """A request as WSGI has it, its whole body in memory, as `door.server` would read it."""
    url = urlsplit(str(request.url))
    body = _bytes(request.body)
    target = url.path + (f"?{url.query}" if url.query else "")
    made: dict[str, Any] = {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _on_the_wire(unquote(url.path)) or "/",
        "QUERY_STRING": _on_the_wire(url.query),
        "REQUEST_URI": _on_the_wire(target),
        "RAW_URI": _on_the_wire(target),
        "REMOTE_ADDR": url.hostname,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": url.netloc,
    }
    made |= _headers(request)
    made["CONTENT_LENGTH"] = str(len(body))
    return made


def _headers(request: AWSPreparedRequest) -> dict[str, Any]:
    """The headers under their WSGI names; S3's metadata may have underscores, and keeps them.

    A name with an underscore never stands in for the same name with a dash, as in moto's server.
    """
    given = {name: value for name, value in request.headers.items() if _is_for_the_service(name)}
    dashed = {environ_key_for_header(name): name for name in given if "_" not in name}
    scored = {
        environ_key_for_header(name): name
        for name in given
        if should_preserve_original_header_name(name)
    }
    named = scored | dashed
    preserved = {key: name for key, name in scored.items() if key not in dashed}
    headers: dict[str, Any] = {key: _text(given[name]) for key, name in named.items()}
    return headers | {PRESERVED_HEADER_NAMES_ENVIRON_KEY: preserved}


def _is_for_the_service(name: str) -> bool:
    return name.lower() not in _HOP_BY_HOP


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, bytes | bytearray) else bytes(body.read())


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _on_the_wire(text: str) -> str:
    """WSGI keeps bytes in texts: https://peps.python.org/pep-3333/#unicode-issues."""
    return text.encode().decode("latin-1")
