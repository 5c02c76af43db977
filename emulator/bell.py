"""Wakes a flow: rung from any thread when there is work, and by every change of the faults."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from emulator.faults import FaultBoard


class Bell:
    """A bell that is rung by threads and heard in one event loop; a ring is never missed."""

    def __init__(self, faults: FaultBoard) -> None:
        self._faults = faults
        self._rung = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def ring(self) -> None:
        """Wake the flow. Thread-safe; heard later when nobody listens yet."""
        if self._loop is None or self._loop.is_closed():
            self._rung.set()
        else:
            self._loop.call_soon_threadsafe(self._rung.set)

    async def wait(self, real_s: float | None) -> None:
        """Wait for a ring, `real_s` seconds at most (None: without end)."""
        try:
            await asyncio.wait_for(self._rung.wait(), real_s)
        except TimeoutError:
            return
        self._rung.clear()

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[None, None]:
        """While open, every change of the fault board rings too."""
        self._loop = asyncio.get_running_loop()
        watcher = asyncio.create_task(self._watch_faults())
        try:
            yield
        finally:
            watcher.cancel()

    async def _watch_faults(self) -> None:
        version = self._faults.version
        while True:
            version = await self._faults.wait_changed(since=version)
            self._rung.set()
