"""One moto for the session, emptied and mended for each test; engines on top of it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from emulator import moto_environment
from emulator.api import _run
from emulator.door.dispatch import Dispatcher
from emulator.door.request import from_environ
from emulator.engine.aws import Aws
from tests.contract.engine.cloud import Cloud, NoHooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from emulator.door.refusals import Answer
    from emulator.door.request import ApiRequest

moto_environment.apply()


@pytest.fixture(scope="session")
def own_services() -> dict[str, Callable[[ApiRequest], Answer]]:
    """What answers services that moto does not have; empty until somebody fills it."""
    return {}


@pytest.fixture(scope="session")
def shared_aws(own_services: Mapping[str, Callable[[ApiRequest], Answer]]) -> Aws:
    """Clients are slow to make, so the session shares them; moto answers them in this process."""
    moto, one_at_a_time = Dispatcher(), threading.RLock()

    def answer(environ: dict[str, Any]) -> Answer:
        request = from_environ(environ)
        with one_at_a_time:
            if request.service in own_services:
                return own_services[request.service](request)
            return _run(moto, environ)

    return Aws("http://127.0.0.1:4566", answer)


@pytest.fixture
def hooks() -> NoHooks:
    return NoHooks()


@pytest.fixture
def cloud(shared_aws: Aws, tmp_path: Path, hooks: NoHooks) -> Iterator[Cloud]:
    """An empty, mended AWS and an engine whose work directory and project are this test's own."""
    import os

    from moto.moto_api._internal.models import moto_api_backend

    from emulator import patches

    os.environ[moto_environment.MANAGED_POLICIES] = "false"
    moto_api_backend.reset()
    put_back = patches.apply_all(hooks)
    shared_aws.read_only = False
    yield Cloud(shared_aws, tmp_path)
    put_back()
    moto_environment.apply()
