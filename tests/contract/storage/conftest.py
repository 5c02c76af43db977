"""One front door with storage behind it, at a hundred times the speed of the clock."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from emulator.api import FrontDoor, prepare_moto
from emulator.clock import Clock
from emulator.door.refusals import Answer, NoAnswerError
from emulator.door.server import ApiServer
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.storage import Storage
from tests.contract.storage.aws import SPEED, Aws, Flows

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def server() -> Iterator[ApiServer]:
    """One server for the session, so that its clients (slow to make) can be kept."""

    def closed(_environ: dict[str, Any]) -> Answer:
        raise NoAnswerError("no test is running")

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    served = ApiServer(listener, closed)
    served.start()
    yield served
    served.stop()


@pytest.fixture(scope="session")
def clients() -> dict[tuple[str, str], Any]:
    """The administrator's clients by service and Region."""
    return {}


@pytest.fixture
def aws(server: ApiServer, clients: dict[tuple[str, str], Any]) -> Iterator[Aws]:
    prepare_moto()
    clock, faults = Clock(SPEED), FaultBoard()
    events = EventLog(clock)
    storage = Storage(clock, faults, events, seed=1)
    door = FrontDoor(faults, storage.objects, storage.replicator, storage.tables)
    server.answer = door.answer
    flows = Flows(storage.flows())
    host, port = server.socket.getsockname()
    endpoint = f"http://{host}:{port}"
    yield Aws(endpoint, clock, faults, events, storage, clients)
    flows.stop()
    storage.close()
