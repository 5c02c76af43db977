"""uvicorn as one part of the emulator's process among others."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import uvicorn

from emulator.door.server import listen

if TYPE_CHECKING:
    from collections.abc import Generator

    from emulator.addresses import Endpoint


class ControlServer(uvicorn.Server):
    """uvicorn in our loop, without its signal handlers: the process has its own."""

    def __init__(self, application: Any, endpoint: Endpoint) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                lifespan="off",
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._endpoint = endpoint
        self._task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the process."""
        yield

    async def start(self) -> None:
        """Serve from a task of the running loop; returns when it does.

        Raises:
            OSError: Somebody else listens on the endpoint.
        """
        listener = listen(self._endpoint)
        self._task = asyncio.create_task(self.serve(sockets=[listener]))
        while not self.started:
            if self._task.done():
                await self._task
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Finish what is being answered, within a second, and close."""
        self.should_exit = True
        if self._task is not None:
            await self._task
