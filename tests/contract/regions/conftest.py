"""A mended moto of this folder's own, kept over the tests of a module."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from emulator import zonal
from emulator.backup import Backups
from emulator.clock import Clock
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.storage.objects import Objects
from emulator.store import Store
from emulator.watch.watch import Watch
from emulator.zonal import ZonalShifts
from tests.contract.engine.cloud import NoHooks
from tests.contract.engine.conftest import own_services, shared_aws
from tests.contract.regions.changes import Stack
from tests.infra.conftest import release_zip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from emulator.door.refusals import Answer
    from emulator.door.request import ApiRequest
    from emulator.engine.aws import Aws

__all__ = ["Stacks", "own_services", "release_zip", "shared_aws"]

Stacks = Callable[[], Stack]


@pytest.fixture(scope="module")
def stacks(
    shared_aws: Aws,
    own_services: dict[str, Callable[[ApiRequest], Answer]],
    tmp_path_factory: pytest.TempPathFactory,
    release_zip: Path,
) -> Iterator[Stacks]:
    """Makes stacks, each in an empty account: the one before it is forgotten."""
    from moto.moto_api._internal.models import moto_api_backend

    from emulator import patches

    standing = ExitStack()

    def make() -> Stack:
        standing.close()
        moto_api_backend.reset()
        standing.callback(backups().close)
        own_services[zonal.SIGNED_AS] = zonal_shifts().answer
        return Stack(shared_aws, tmp_path_factory.mktemp("stack"), release_zip)

    put_back = patches.apply_all(NoHooks())
    shared_aws.read_only = False
    yield make
    standing.close()
    own_services.clear()
    put_back()


def zonal_shifts() -> ZonalShifts:
    """What answers for ARC zonal shift, which moto does not have."""
    clock = Clock(1.0)
    return ZonalShifts(Store(), clock, EventLog(clock))


def backups() -> Backups:
    """What answers for AWS Backup in moto's place; no job ever falls due."""
    clock, faults = Clock(1.0), FaultBoard()
    events = EventLog(clock)
    watch = Watch(clock, faults, events)
    return Backups(clock, faults, events, Objects(threading.RLock()), watch, seed=1)
