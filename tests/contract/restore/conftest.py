"""One stack of buckets and a table a test, behind the session's front door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.api import FrontDoor, prepare_moto
from emulator.backup import Backups
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.patches import mending, s3
from emulator.storage import Storage
from emulator.tables import api
from emulator.watch.watch import Watch
from tests.contract.backup.region_pair import Cloud, HandClock
from tests.contract.restore.ground import Ground, made_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.door.server import ApiServer
    from resilience.aws import Aws


@pytest.fixture(scope="session")
def their_aws(server: ApiServer) -> Aws:
    """AWS as a restore reaches it; its clients are kept, as those of tests are."""
    host, port = server.socket.getsockname()
    return made_aws(f"http://{host}:{port}")


@pytest.fixture
def ground(
    server: ApiServer, clients: dict[tuple[str, str], Any], their_aws: Aws
) -> Iterator[Ground]:
    prepare_moto()
    for patch in (api, s3):
        patch.apply()
    clock, faults = HandClock(), FaultBoard()
    events = EventLog(clock)
    watch = Watch(clock, faults, events)
    storage = Storage(clock, faults, events, metrics=watch.metrics, seed=1)
    backups = Backups(clock, faults, events, storage.objects, watch, seed=1)
    door = FrontDoor(faults, storage.objects, storage.replicator, storage.tables)
    server.answer = door.answer
    host, port = server.socket.getsockname()
    cloud = Cloud(f"http://{host}:{port}", clock, faults, events, watch, backups, clients)
    made = Ground(cloud, storage, their_aws)
    made.furnish()
    yield made
    backups.close()
    storage.close()
    mending.put_back()
