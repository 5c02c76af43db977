"""Lambda's data plane, driven from a test's thread."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.dataplane.lambda_results import InvokeResult
    from emulator.dataplane.lambda_service import LambdaService
    from emulator.events import EventLog
    from tests.contract.dataplane.loop import LoopThread

REGION = "us-east-1"


class Lambda:
    """The service under test, driven from the test's thread."""

    def __init__(self, service: LambdaService, loop: LoopThread, logs: list[Any]) -> None:
        self.service = service
        self.loop = loop
        self.logs = logs

    def invoke(
        self, event: Any = None, name: str = "fn", qualifier: str | None = None, **more: Any
    ) -> InvokeResult:
        payload = json.dumps(event).encode()
        work = self.service.invoke(name, qualifier, payload, region=REGION, **more)
        return self.loop.call(work)

    def answer(self, event: Any = None, **more: Any) -> Any:
        result = self.invoke(event, **more)
        assert result.succeeded, f"the invocation failed: {result}"
        return json.loads(result.payload)

    def spawn(self, event: Any = None, name: str = "fn", qualifier: str | None = None) -> Any:
        payload = json.dumps(event).encode()
        return self.loop.spawn(self.service.invoke(name, qualifier, payload, region=REGION))

    def lines(self) -> list[str]:
        return [line for *_, lines in self.logs for _, line in lines]


def kinds(events: EventLog) -> list[str]:
    return [event.kind for event in events.since()]


def failure(result: InvokeResult) -> dict[str, Any]:
    assert result.status == 200, "a failing function is still answered with status 200"
    assert result.error == "Unhandled", "a failing function is marked Unhandled"
    return dict(json.loads(result.payload))


def eventually(what: Callable[[], bool], rule: str, within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < deadline, rule
        time.sleep(0.02)
