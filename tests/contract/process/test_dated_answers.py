"""Every answer is dated by AWS's clock, which here is the emulated one."""

from __future__ import annotations

import socket
import urllib.request
from typing import Any

from emulator.door.refusals import Answer
from emulator.door.server import ApiServer


def test_an_answer_is_dated_by_the_clock_that_was_handed_in() -> None:
    def answer(_environ: dict[str, Any]) -> Answer:
        return Answer(status=200, headers=(), body=b"")

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = ApiServer(listener, answer, now_s=lambda: 1_800_000_000.0)
    server.start()
    try:
        host, port = listener.getsockname()
        with urllib.request.urlopen(f"http://{host}:{port}/", timeout=10) as reply:
            assert reply.headers["Date"] == "Fri, 15 Jan 2027 08:00:00 GMT"
    finally:
        server.stop()
