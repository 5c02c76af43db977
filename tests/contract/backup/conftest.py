"""One front door with AWS Backup behind it, on a clock that tests move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.api import FrontDoor, prepare_moto
from emulator.backup import Backups
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.storage import Storage
from emulator.watch.watch import Watch
from tests.contract.backup.region_pair import Cloud, HandClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.door.server import ApiServer


@pytest.fixture
def cloud(server: ApiServer, clients: dict[tuple[str, str], Any]) -> Iterator[Cloud]:
    yield from _cloud(server, clients)


@pytest.fixture(scope="module")
def standing_cloud(server: ApiServer, clients: dict[tuple[str, str], Any]) -> Iterator[Cloud]:
    """One cloud for the tests of a module that change nothing."""
    yield from _cloud(server, clients)


def _cloud(server: ApiServer, clients: dict[tuple[str, str], Any]) -> Iterator[Cloud]:
    prepare_moto()
    clock, faults = HandClock(), FaultBoard()
    events = EventLog(clock)
    watch = Watch(clock, faults, events)
    storage = Storage(clock, faults, events, metrics=watch.metrics, seed=1)
    backups = Backups(clock, faults, events, storage.objects, watch, seed=1)
    server.answer = FrontDoor(faults, storage.objects, storage.replicator).answer
    host, port = server.socket.getsockname()
    made = Cloud(f"http://{host}:{port}", clock, faults, events, watch, backups, clients)
    made.furnish()
    yield made
    backups.close()
    storage.close()
