"""An HTTP endpoint for health checkers to ask: answers, hangs, flips and counts as told."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


def response(status: int = 200, body: str = "fine", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join([*lines, "", ""]) + body).encode()


class FakeEndpoint:
    """Sends `reply` to each request; None hangs. `body_after_s` delays all after the headers."""

    def __init__(self, reply: bytes | None = None, *, body_after_s: float = 0.0) -> None:
        self.reply = response() if reply is None else reply
        self.hangs = False
        self.body_after_s = body_after_s
        self.requests: list[bytes] = []
        self.at_s: list[float] = []
        self.server_names: list[str | None] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        if tls is not None:
            tls.sni_callback = lambda _, name, __: self.server_names.append(name)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            self.at_s.append(time.monotonic())
            if self.hangs:
                await asyncio.sleep(3600)
            head, end, body = self.reply.partition(b"\r\n\r\n")
            writer.write(head + end)
            if self.body_after_s:
                await writer.drain()
                await asyncio.sleep(self.body_after_s)
            writer.write(body)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return  # the checker has hung up, or the test is over
        finally:
            writer.close()
