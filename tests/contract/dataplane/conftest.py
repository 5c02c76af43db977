from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from moto.moto_api._internal.models import moto_api_backend
from moto.server import ThreadedMotoServer

from emulator.clock import Clock
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.store import Store
from tests.contract.dataplane.cloud import Cloud
from tests.contract.dataplane.loop import LoopThread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def aws_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
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
