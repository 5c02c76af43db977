"""Lambda's data plane, held to what AWS documents of invocations and environments."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.clock import Clock
from emulator.dataplane.lambda_results import InvokeResult
from emulator.dataplane.lambda_service import LambdaService
from emulator.dataplane.world import World
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.store import Store
from tests.contract.dataplane.cloud import Cloud
from tests.contract.dataplane.loop import LoopThread

REGION = "us-east-1"
WHO = """
import os
def handle(event, context):
    return {"pid": os.getpid(), "event": event}
"""


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

    def spawn(self, event: Any = None, name: str = "fn") -> Any:
        payload = json.dumps(event).encode()
        return self.loop.spawn(self.service.invoke(name, None, payload, region=REGION))

    def lines(self) -> list[str]:
        return [line for *_, lines in self.logs for _, line in lines]


@pytest.fixture
def functions(
    cloud: Cloud,
    loop: LoopThread,
    store: Store,
    clock: Clock,
    faults: FaultBoard,
    events: EventLog,
    work_dir: Path,
) -> Iterator[Lambda]:
    logs: list[Any] = []

    async def make() -> LambdaService:
        world = World(store=store, clock=clock, faults=faults, events=events)
        service = LambdaService(
            world,
            ship_logs=lambda *batch: logs.append(batch),
            aws_endpoint=cloud.endpoint,
            work_dir=work_dir,
        )
        await service.start()
        return service

    service = loop.call(make())
    yield Lambda(service, loop, logs)
    loop.call(service.stop())


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


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_first_invocation_is_a_cold_start_and_the_next_reuses_its_environment(
    cloud: Cloud, functions: Lambda, events: EventLog
) -> None:
    cloud.function(WHO)
    first, second = functions.answer({"n": 1}), functions.answer({"n": 2})
    assert first["event"] == {"n": 1}
    assert first["pid"] == second["pid"], "an idle environment is reused"
    starts = [event for event in events.since() if event.kind == "lambda.cold_start"]
    assert len(starts) == 1, "one environment was started"
    assert starts[0].facts["duration_ms"] > 0
