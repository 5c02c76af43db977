"""The AWS endpoint that tests put a front door of their own behind."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from emulator.door.refusals import Answer, NoAnswerError
from emulator.door.server import ApiServer

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
