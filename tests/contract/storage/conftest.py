"""One front door with storage behind it, at a hundred times the speed of the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.api import FrontDoor, prepare_moto
from emulator.clock import Clock
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.storage import Storage
from tests.contract.storage.aws import SPEED, Aws, Flows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.door.server import ApiServer


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
