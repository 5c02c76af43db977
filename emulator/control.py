"""The control API: deploys, faults, events and state of one emulator, as JSON over HTTP.

Deploys stream one JSON object a line (ndjson). While nothing happens a line `{"event": "alive"}`
goes out every few seconds, so that a client tells a slow step from a dead emulator.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from emulator.engine.request import Outcome, Request
from emulator.faults import KINDS, UnknownFaultError
from emulator.outside import Outside, Page

if TYPE_CHECKING:
    from starlette.requests import Request as HttpRequest
    from starlette.responses import Response

    from emulator.events import EventLog
    from emulator.faults import FaultBoard

_ALIVE_EVERY_S: Final = 5.0
_BAD_REQUEST: Final = 400
_NOT_FOUND: Final = 404
_FIELDS: Final = frozenset({"project_dir", "stack", "config_file", "config"})

OnEvent = Callable[[dict[str, Any]], None]


class BadRequestError(ValueError):
    """What was sent cannot be done; the message names the value and what was expected."""

    def __init__(self, message: str, *, status: int = _BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Controls:
    """What the control API reaches of the emulator."""

    faults: FaultBoard
    events: EventLog
    outside: Outside
    run: Callable[[Request, OnEvent], Outcome]
    """Carries out a request in the calling thread; one at a time, others wait."""
    targets: Callable[[str], frozenset[str]]
    """What of a fault kind exists now."""
    status: Callable[[], Mapping[str, Any]]
    coverage: Callable[[], Mapping[str, Any]]
    metrics: Callable[[], Mapping[str, Any]]
    """What metrics exist (`emulator.watch.vended`)."""
    resources: Callable[[str], Mapping[str, Any] | None]
    """What `<project>.<stack>` has deployed; None if there is no such stack."""


def application(controls: Controls) -> Starlette:
    """The control API over `controls`."""
    api = _Api(controls)
    routes = [
        Route("/status", api.status, methods=["GET"]),
        Route("/coverage", api.coverage, methods=["GET"]),
        Route("/metrics/known", api.metrics, methods=["GET"]),
        Route("/stacks/{stack}/resources", api.resources, methods=["GET"]),
        Route("/events", api.events, methods=["GET"]),
        Route("/outside", api.publish, methods=["PUT"]),
        Route("/faults", api.faults, methods=["GET"]),
        Route("/faults", api.lose, methods=["POST"]),
        Route("/faults/{id}", api.restore, methods=["DELETE"]),
        *(
            Route(f"/{kind}", api.run, methods=["POST"], name=kind)
            for kind in ("deploy", "preview", "destroy")
        ),
    ]
    return Starlette(routes=routes, exception_handlers={BadRequestError: _refused})


async def _refused(_request: HttpRequest, error: Exception) -> Response:
    status = error.status if isinstance(error, BadRequestError) else _BAD_REQUEST
    return JSONResponse({"error": str(error)}, status)


class _Api:
    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    async def status(self, _request: HttpRequest) -> Response:
        return JSONResponse(dict(self._controls.status()))

    async def coverage(self, _request: HttpRequest) -> Response:
        return JSONResponse(dict(await asyncio.to_thread(self._controls.coverage)))

    async def resources(self, request: HttpRequest) -> Response:
        stack = request.path_params["stack"]
        found = await asyncio.to_thread(self._controls.resources, stack)
        if found is None:
            raise BadRequestError(
                f"nothing is deployed as {stack!r}; expected <project>.<stack>, deployed here",
                status=_NOT_FOUND,
            )
        return JSONResponse(dict(found))

    async def metrics(self, _request: HttpRequest) -> Response:
        return JSONResponse(dict(self._controls.metrics()))

    async def events(self, request: HttpRequest) -> Response:
        text = request.query_params.get("since", "0")
        if not text.isdecimal():
            raise BadRequestError(f"since is {text!r}; expected the sequence number of an event")
        found = self._controls.events.since(int(text))
        return JSONResponse({"events": [event.to_json() for event in found]})

    async def publish(self, request: HttpRequest) -> Response:
        """Let the world outside serve a page from now on."""
        body = await _json_object(request, frozenset({"url", "body", "content_type"}))
        url = _text(body, "url")
        if not url.startswith("https://"):
            raise BadRequestError(f"url is {url!r}; expected one that begins with https://")
        page = Page(body=_text(body, "body").encode(), content_type=_text(body, "content_type"))
        self._controls.outside.put(url, page)
        return JSONResponse({"url": url})

    async def faults(self, _request: HttpRequest) -> Response:
        return JSONResponse({"faults": [asdict(each) for each in self._controls.faults.active()]})

    async def lose(self, request: HttpRequest) -> Response:
        body = await _json_object(request, frozenset({"kind", "target", "by_s"}))
        kind, target = _text(body, "kind"), _text(body, "target")
        by_s = body.get("by_s", 0.0)
        if not isinstance(by_s, int | float) or isinstance(by_s, bool):
            raise BadRequestError(f"by_s is {by_s!r}; expected seconds")
        if (kind == "clock_skew") is not bool(by_s):
            raise BadRequestError(f"by_s is {by_s!r}; a clock_skew has one, and nothing else does")
        if kind not in KINDS:
            raise BadRequestError(f"kind is {kind!r}; expected one of {', '.join(KINDS)}")
        known = self._controls.targets(kind)
        if target not in known:
            raise BadRequestError(
                f"there is no {kind} {target!r} here; known: {', '.join(sorted(known)) or 'none'}"
            )
        fault = self._controls.faults.lose(kind, target, by_s=float(by_s))
        self._controls.events.record("fault.begun", fault=fault.id, target_kind=kind, target=target)
        return JSONResponse(asdict(fault), 201)

    async def restore(self, request: HttpRequest) -> Response:
        try:
            fault = self._controls.faults.restore(request.path_params["id"])
        except UnknownFaultError as error:
            raise BadRequestError(str(error), status=_NOT_FOUND) from error
        self._controls.events.record(
            "fault.ended", fault=fault.id, target_kind=fault.kind, target=fault.target
        )
        return JSONResponse(asdict(fault))

    async def run(self, http: HttpRequest) -> Response:
        body = await _json_object(http, _FIELDS)
        request = _engine_request(http.url.path.removeprefix("/"), body)
        return StreamingResponse(
            _stream(self._controls.run, request), media_type="application/x-ndjson"
        )


async def _stream(
    run: Callable[[Request, OnEvent], Outcome], request: Request
) -> AsyncGenerator[bytes, None]:
    """Run a request in a thread of its own; one line an event, the outcome last."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def put(event: dict[str, Any] | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(lines.put_nowait, event)

    def work() -> None:
        try:
            put(run(request, put).to_event())
        except Exception as error:  # noqa: BLE001  # the stream's last line must say what broke
            put({"event": "broken", "message": f"{type(error).__name__}: {error}"})
        put(None)

    # A daemon: a run that hangs must not keep a stopped emulator alive.
    threading.Thread(target=work, name=request.kind, daemon=True).start()
    yield _line({"event": "started"})
    while True:
        try:
            event = await asyncio.wait_for(lines.get(), _ALIVE_EVERY_S)
        except TimeoutError:
            event = {"event": "alive"}
        if event is None:
            return
        yield _line(event)


def _line(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event, separators=(",", ":"), default=str).encode() + b"\n"


def _engine_request(kind: str, body: Mapping[str, Any]) -> Request:
    project_dir = Path(_text(body, "project_dir"))
    if not project_dir.is_absolute() or not project_dir.is_dir():
        raise BadRequestError(
            f"project_dir is {str(project_dir)!r}; expected the absolute path of a folder with a "
            "Pulumi.yaml"
        )
    config_file = body.get("config_file")
    if config_file is not None and not Path(str(config_file)).is_file():
        raise BadRequestError(f"config_file is {config_file!r}; expected a file that exists")
    config = body.get("config") or {}
    if not isinstance(config, dict):
        raise BadRequestError(f"config is {config!r}; expected an object of keys and values")
    return Request(
        kind=kind,  # pyright: ignore[reportArgumentType]  # the route is one of the three kinds
        project_dir=project_dir,
        stack=_text(body, "stack"),
        config_file=Path(str(config_file)) if config_file else None,
        config=cast("dict[str, Any]", config),
    )


async def _json_object(request: HttpRequest, fields: frozenset[str]) -> Mapping[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise BadRequestError(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadRequestError(f"the body is {body!r}; expected an object")
    found = cast("dict[str, Any]", body)
    if unknown := sorted(set(found) - fields):
        raise BadRequestError(
            f"field {unknown[0]!r} is not known; expected {', '.join(sorted(fields))}"
        )
    return found


def _text(body: Mapping[str, Any], field: str) -> str:
    value = body.get(field)
    if not isinstance(value, str) or not value:
        raise BadRequestError(f"{field} is {value!r}; expected a text")
    return value
