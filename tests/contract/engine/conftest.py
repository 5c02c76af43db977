"""One moto server for the session, emptied and mended for each test; engines on top of it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from emulator import moto_environment
from emulator.door.dispatch import Dispatcher
from emulator.engine.aws import Aws
from tests.contract.engine.cloud import Cloud, NoHooks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

moto_environment.apply()


@pytest.fixture(scope="session")
def engine_endpoint() -> Iterator[str]:
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *_: Any) -> None:
            """Say nothing: a line for each call would be all one sees."""

    server = make_server(
        "127.0.0.1",
        0,
        Dispatcher(),
        threaded=True,
        request_handler=Quiet,
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=5)
    server.server_close()


@pytest.fixture(scope="session")
def shared_aws(engine_endpoint: str) -> Aws:
    """Clients are slow to make, so the session shares them."""
    return Aws(engine_endpoint)


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
