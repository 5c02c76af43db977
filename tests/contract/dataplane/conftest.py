from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from moto.moto_api._internal.models import moto_api_backend

from emulator.api import _run
from emulator.clock import Clock
from emulator.dataplane.lambda_concurrency import ScalingRate
from emulator.dataplane.lambda_environment import Network
from emulator.dataplane.lambda_service import LambdaService
from emulator.dataplane.world import World
from emulator.door.dispatch import Dispatcher
from emulator.door.server import ApiServer
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.store import Store
from tests.contract.dataplane.cloud import Cloud
from tests.contract.dataplane.driver import Lambda
from tests.contract.dataplane.loop import LoopThread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def aws_endpoint() -> Iterator[str]:
    """Moto behind the emulator's own server: stock moto's closes each connection, and waits."""
    moto = Dispatcher()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    host, port = listener.getsockname()
    server = ApiServer(listener, lambda environ: _run(moto, environ))
    server.start()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def clients(aws_endpoint: str) -> Iterator[Cloud]:
    """One set of AWS clients a session: making them takes longer than what a test does."""
    cloud = Cloud(aws_endpoint)
    yield cloud
    cloud.close()


@pytest.fixture
def cloud(clients: Cloud) -> Cloud:
    """An empty account."""
    moto_api_backend.reset()
    return clients


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    loop = LoopThread()
    yield loop
    loop.close()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def faults() -> FaultBoard:
    return FaultBoard()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def events(clock: Clock) -> EventLog:
    return EventLog(clock)


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    return tmp_path / "work"


@pytest.fixture
def scaling_rate() -> ScalingRate:
    """AWS's own; a module that needs a smaller one overrides this."""
    return ScalingRate()


@pytest.fixture
def functions(  # noqa: PLR0913, PLR0917  # what the service is made of
    cloud: Cloud,
    loop: LoopThread,
    store: Store,
    clock: Clock,
    faults: FaultBoard,
    events: EventLog,
    work_dir: Path,
    scaling_rate: ScalingRate,
) -> Iterator[Lambda]:
    logs: list[Any] = []

    async def make() -> LambdaService:
        world = World(store=store, clock=clock, faults=faults, events=events)
        service = LambdaService(
            world,
            ship_logs=lambda *batch: logs.append(batch),
            aws_endpoint=cloud.endpoint,
            network=Network(dns=("127.0.0.1", 9), ca_file=work_dir / "ca.pem"),
            work_dir=work_dir,
            scaling_rate=scaling_rate,
        )
        await service.start()
        return service

    service = loop.call(make())
    yield Lambda(service, loop, logs)
    loop.call(service.stop())
